"""Arrays larger than memory: indexing, chunk grids, codecs, parallel reading and writing; no file format in sight."""

from __future__ import annotations

from photonwb.arrays.incoming import Incoming, incoming
from photonwb.arrays.iterators import AbstractDataChunkIterator, DataChunk, DataChunkIterator, GenericDataChunkIterator
from photonwb.arrays.layouts import ArrayLayout, layout_for
from photonwb.arrays.lazy import LazyArray
from photonwb.arrays.wrappers import DataIO, H5DataIO
from photonwb.arrays.zarr_wrapper import ZarrDataIO

__all__ = [
    "AbstractDataChunkIterator",
    "ArrayLayout",
    "DataChunk",
    "DataChunkIterator",
    "DataIO",
    "GenericDataChunkIterator",
    "H5DataIO",
    "Incoming",
    "LazyArray",
    "ZarrDataIO",
    "incoming",
    "layout_for",
]
