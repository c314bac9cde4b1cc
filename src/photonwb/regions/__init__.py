"""Regions of interest: the forms of their masks, one by one and many at once."""
