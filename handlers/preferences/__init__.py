"""Preferences of the person who asks: the page and its forms, and the API."""
