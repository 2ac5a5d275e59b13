"""Businesses: each one's tables, verbs and events. They publish; nothing here reads an inbox."""
