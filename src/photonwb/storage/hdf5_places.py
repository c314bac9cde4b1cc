"""Where the chunks of a dataset lie.

To list all of them takes HDF5 ten milliseconds for twenty thousand, much for someone who wants one frame; to look up one takes
it up to a tenth of that. So the first few are looked up one by one, and all are listed when it turns out that many are wanted.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from photonwb.arrays.source import ChunkPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .hdf5_nodes import HDF5Dataset

__all__ = ["ChunkPlaces"]

# So many chunks are looked up one by one.
FEW = 8
# So many are listed, in a fraction of a millisecond, to see whether they lie one behind the other.
SEVERAL = 512


class ChunkPlaces(Mapping[tuple[int, ...], ChunkPlace]):
    """Place of each stored chunk, by its coordinates.

    Parameters
    ----------
    dataset : HDF5Dataset
    chunks : tuple of int
        Shape of a chunk.
    """

    def __init__(self, dataset: HDF5Dataset, chunks: tuple[int, ...]) -> None:
        self._dataset = dataset
        self._chunks = chunks
        # Those that were asked for, None for one that was never written.
        self._known: dict[tuple[int, ...], ChunkPlace | None] = {}
        # What HDF5 tells of each stored chunk, by its first element.
        self._all: dict[tuple[int, ...], Any] | None = None

    def __getitem__(self, chunk: tuple[int, ...]) -> ChunkPlace:
        found = self.get(chunk)
        if found is None:
            raise KeyError(chunk)
        return found

    def get(self, chunk: tuple[int, ...], default: Any = None) -> Any:
        """Place of a chunk, `default` for one that was never written."""
        if chunk in self._known:
            return self._known[chunk] or default
        start = tuple(map(operator.mul, chunk, self._chunks))
        if self._all is None and len(self._known) < FEW:
            with self._dataset.store.reading(self._dataset.path):
                info = self._dataset.object_id.get_chunk_info_by_coord(start)
            found = self._known[chunk] = None if not info.size else _place(info)
            return found or default
        info = self._listed().get(start)
        if info is None:
            return default
        found = self._known[chunk] = _place(info)
        return found

    def among(self, numbers: Sequence[Sequence[int]]) -> Iterable[object]:
        """For each chunk with these numbers along each axis, in C order, something that is true if it is stored.

        Of masks most chunks are not, and they are many.
        """
        if self._all is None and math.prod(map(len, numbers)) <= FEW - len(self._known):
            return map(self.get, itertools.product(*numbers))
        starts = [[number * length for number in axis] for axis, length in zip(numbers, self._chunks, strict=True)]
        return map(self._listed().get, itertools.product(*starts))

    def in_one_piece(self, shape: tuple[int, ...], itemsize: int) -> ChunkPlace | None:
        """Place of the whole array, if its chunks are whole rows without filters and lie as those of one in one piece."""
        rows = self._chunks[0]
        count = -(-shape[0] // rows)
        if self._chunks[1:] != shape[1:] or not 0 < count <= SEVERAL:
            return None
        corner, size = (0,) * (len(shape) - 1), math.prod(self._chunks) * itemsize
        found = [self._listed().get((number * rows, *corner)) for number in range(count)]
        first = found[0].byte_offset if found[0] is not None else 0
        for number, info in enumerate(found):
            if info is None or info.byte_offset != first + number * size or info.size != size:
                return None
        return ChunkPlace(first, math.prod(shape) * itemsize)

    def __contains__(self, chunk: object) -> bool:
        return self.get(chunk) is not None  # type: ignore[arg-type] - of anything else there is no chunk

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (tuple(map(operator.floordiv, start, self._chunks)) for start in self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def _listed(self) -> dict[tuple[int, ...], Any]:
        if self._all is None:
            infos: list[Any] = []
            with self._dataset.store.reading(self._dataset.path):
                opened = self._dataset.object_id
                if hasattr(opened, "chunk_iter"):
                    opened.chunk_iter(infos.append)
                else:  # HDF5 before 1.10.10
                    infos = [opened.get_chunk_info(number) for number in range(opened.get_num_chunks())]
            self._all = {info.chunk_offset: info for info in infos}
        return self._all


def _place(info: Any) -> ChunkPlace:
    return ChunkPlace(info.byte_offset, info.size, info.filter_mask)
