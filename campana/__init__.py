"""Campana, a real-time notification centre: the product, without HTTP."""

VERSION = "0.1.0"
