"""What a tenant's administrators decide: people, roles, settings, and the record of it all.

A change and its audit row are one transaction. No HTTP here; the pages are `handlers/admin/`.
"""
