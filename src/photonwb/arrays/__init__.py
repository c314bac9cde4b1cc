"""Arrays larger than memory: indexing, chunk grids, codecs, parallel reading and writing; no file format in sight."""
