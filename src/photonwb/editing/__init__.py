"""Renaming, moving and removing objects, and cutting a session, with all that depends on them."""
