"""Campana, a real-time notification centre: the product, without HTTP."""
