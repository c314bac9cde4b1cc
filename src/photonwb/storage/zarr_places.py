"""Where the chunks of an array lie: in files of their own, or several in one behind an index."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.codecs import Pipeline
from photonwb.arrays.source import ChunkPlace
from photonwb.errors import DamagedFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .zarr_codecs import Shard
    from .zarr_files import Folder
    from .zarr_metadata import ArrayMetadata

__all__ = ["ChunkFiles", "ShardFiles", "places_of"]

MISSING = 2**64 - 1
# So many indices of shards are kept.
KEPT = 64


def places_of(folder: Folder, path: str, array: ArrayMetadata) -> ChunkFiles:
    """Places of the chunks of the array in a folder."""
    return ChunkFiles(folder, path, array) if array.encoding.shard is None else ShardFiles(folder, path, array)


class ChunkFiles(Mapping[tuple[int, ...], ChunkPlace]):
    """Places of chunks that have files of their own; each is looked for when it is asked for.

    Parameters
    ----------
    folder : Folder
    path : str
        The folder of the array.
    array : ArrayMetadata
    """

    def __init__(self, folder: Folder, path: str, array: ArrayMetadata) -> None:
        self.folder, self.path, self.array = folder, path, array
        self._prefix = path + "/"

    def file(self, chunk: tuple[int, ...]) -> str:
        """Path of the file of a chunk, be it there or not."""
        return self._prefix + self.array.keys.key(chunk)

    def find(self, chunk: tuple[int, ...]) -> ChunkPlace | None:
        """The place of a chunk, None for one that is not stored."""
        # A scalar is read as an array of one element.
        path = self.file(chunk if self.array.shape else ())
        status = self.folder.status(path)
        return None if status is None else ChunkPlace(0, status.st_size, 0, path)

    # Errors that a link leads nowhere are those of keys: to `Mapping.get` a chunk that may not be read would not be there.
    def get(self, key: tuple[int, ...], default: Any = None) -> Any:
        place = self.find(key)
        return default if place is None else place

    def __getitem__(self, chunk: tuple[int, ...]) -> ChunkPlace:
        place = self.find(chunk)
        if place is None:
            raise DamagedFileError(f"{self.file(chunk)}: a chunk was removed while the store was read")
        return place

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        ends = [-(-length // step) for length, step in zip(self.array.shape, self.array.grid, strict=True)]
        for found in self._files():
            chunk = self.array.keys.chunk(found, len(self.array.shape))
            if chunk is not None and all(number < end for number, end in zip(chunk, ends, strict=True)):
                yield chunk

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _files(self) -> Iterator[str]:
        """Paths of all files in the folder of the array, from there on."""
        for place, folders, files in os.walk(self.path):
            folders.sort()
            inner = os.path.relpath(place, self.path).replace(os.sep, "/")
            yield from (name if inner == "." else f"{inner}/{name}" for name in sorted(files))


class ShardFiles(ChunkFiles):
    """Places of chunks that share files, each of which begins or ends with an index."""

    def __init__(self, folder: Folder, path: str, array: ArrayMetadata) -> None:
        super().__init__(folder, path, array)
        assert array.encoding.shard is not None
        self.shard: Shard = array.encoding.shard
        self.counts = tuple(whole // part for whole, part in zip(array.grid, array.chunks, strict=True))
        self._indices: dict[str, tuple[Any, NDArray[np.uint64]]] = {}

    def find(self, chunk: tuple[int, ...]) -> ChunkPlace | None:
        parts = [divmod(place, count) for place, count in zip(chunk, self.counts, strict=False)]
        path = self.file(tuple([number for number, _ in parts]))
        index = self._index(path)
        if index is None:
            return None
        offset, size = index[tuple([inner for _, inner in parts])].tolist()
        if offset == size == MISSING:
            return None
        return ChunkPlace(offset, size, 0, path)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        for number in super().__iter__():
            index = self._index(self.file(number))
            if index is not None:
                for inner in np.argwhere(index[..., 0] != MISSING).tolist():
                    yield tuple(part * count + place for part, count, place in zip(number, self.counts, inner, strict=True))

    def _index(self, path: str) -> NDArray[np.uint64] | None:
        """Offset and size of each chunk in a file, None where there is no file."""
        status = self.folder.status(path)
        if status is None:
            return None
        version = status.st_mtime_ns, status.st_size, status.st_ino
        known = self._indices.get(path)
        if known is not None and known[0] == version:
            return known[1]
        encoding = self.shard.index_encoding
        nbytes = 16 * math.prod(self.counts)
        stored = nbytes + 4 * len(encoding.filters)
        if stored > status.st_size:
            raise DamagedFileError(f"{path}: a shard of {status.st_size} bytes has no room for its index of {stored}")
        with open(path, "rb") as file:
            file.seek(0 if self.shard.is_index_first else -stored, os.SEEK_SET if self.shard.is_index_first else os.SEEK_END)
            data = file.read(stored)
        decoded = np.empty(nbytes, np.uint8)
        try:
            Pipeline(encoding.filters, 8, nbytes).decode(data, decoded)
        except DamagedFileError as error:
            error.add_note(f"in the index of {path}")
            raise
        index = decoded.view(">u8" if encoding.is_big_endian else "<u8").reshape(*self.counts, 2)
        if len(self._indices) >= KEPT:
            self._indices.clear()
        self._indices[path] = version, index
        return index
