"""Datasets of h5py as sources of arrays, without a store between."""

from __future__ import annotations

import os
from typing import Any

import h5py
import numpy as np

from photonwb.arrays.source import ByteLayout, ChunkPlace

CODES = {1: "gzip", 2: "shuffle", 3: "fletcher32"}


class H5pySource:
    """A dataset of a file that is closed again after each use."""

    def __init__(self, path: Any, name: str = "data") -> None:
        self.path = os.fspath(path)
        self.name = name
        with h5py.File(self.path) as file:
            dataset = file[name]
            self.shape = dataset.shape
            self.dtype = dataset.dtype
            self.chunks = dataset.chunks
            self.filters = _filters(dataset)
            self.layout = None
            self._layout = _byte_layout(dataset, self.path, self.filters)
        self.description = f"{self.path}: /{name}"
        self.reads = 0

    def read(self, selection: Any = ()) -> Any:
        self.reads += 1
        with h5py.File(self.path) as file:
            return file[self.name][selection]

    def byte_layout(self) -> ByteLayout | None:
        return self._layout


def let_settle(path: Any) -> None:
    """Let a file look as if it had been written long ago, so that its chunks are kept."""
    os.utime(path, (1, 1))


def _filters(dataset: Any) -> tuple[tuple[str, dict[str, Any]], ...]:
    properties = dataset.id.get_create_plist()
    codes = [properties.get_filter(number) for number in range(properties.get_nfilters())]
    return tuple((CODES.get(code, str(code)), {"level": values[0]} if code == 1 else {}) for code, _, values, _ in codes)


def _byte_layout(dataset: Any, path: str, filters: Any) -> ByteLayout | None:
    places: dict[tuple[int, ...], ChunkPlace] = {}
    if dataset.chunks is None:
        if dataset.id.get_offset() is not None:
            places[()] = ChunkPlace(dataset.id.get_offset(), dataset.id.get_storage_size())
    else:
        for number in range(dataset.id.get_num_chunks()):
            chunk = dataset.id.get_chunk_info(number)
            coordinates = tuple(start // size for start, size in zip(chunk.chunk_offset, dataset.chunks, strict=True))
            places[coordinates] = ChunkPlace(chunk.byte_offset, chunk.size, chunk.filter_mask)
    return ByteLayout(path, dataset.shape, dataset.dtype, dataset.chunks, filters, np.asarray(dataset.fillvalue), places)
