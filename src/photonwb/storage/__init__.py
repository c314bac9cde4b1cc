"""Groups, datasets, attributes and links in files, whatever the format."""
