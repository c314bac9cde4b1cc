"""Arrays larger than memory: indexing, chunk grids, codecs, parallel reading and writing; no file format in sight."""

from __future__ import annotations

from photonwb.arrays.lazy import LazyArray

__all__ = ["LazyArray"]
