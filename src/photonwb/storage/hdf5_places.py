"""Where the chunks of a dataset lie.

To list all of them takes HDF5 a tenth of a second for twenty thousand, much for someone who wants one frame. So the first
few are looked up one by one, and all are listed when it turns out that many are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from photonwb.arrays.source import ChunkPlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from .hdf5_nodes import HDF5Dataset

__all__ = ["ChunkPlaces"]

# So many chunks are looked up one by one.
FEW = 32


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
        self._looked_up: dict[tuple[int, ...], ChunkPlace | None] = {}
        self._all: dict[tuple[int, ...], ChunkPlace] | None = None

    def __getitem__(self, chunk: tuple[int, ...]) -> ChunkPlace:
        found = self.get(chunk)
        if found is None:
            raise KeyError(chunk)
        return found

    @property
    def get(self) -> Callable[..., Any]:  # pyright: ignore[reportIncompatibleMethodOverride] - it is called as the method is
        """Place of a chunk, or a default for one that was never written; once all are listed, as fast as a dictionary."""
        return self._get if self._all is None else self._all.get

    def _get(self, chunk: tuple[int, ...], default: Any = None) -> Any:
        if self._all is not None:
            return self._all.get(chunk, default)
        if chunk not in self._looked_up:
            if len(self._looked_up) == FEW:
                return self._listed().get(chunk, default)
            self._looked_up[chunk] = self._look_up(chunk)
        return self._looked_up[chunk] or default

    def __contains__(self, chunk: object) -> bool:
        return self.get(chunk) is not None  # type: ignore[arg-type] - of anything else there is no chunk

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return iter(self._listed())

    def __len__(self) -> int:
        return len(self._listed())

    def _look_up(self, chunk: tuple[int, ...]) -> ChunkPlace | None:
        start = tuple(at * step for at, step in zip(chunk, self._chunks, strict=True))
        with self._dataset.store.reading(self._dataset.path):
            info = self._dataset.object_id.get_chunk_info_by_coord(start)
        return None if not info.size else ChunkPlace(info.byte_offset, info.size, info.filter_mask)

    def _listed(self) -> dict[tuple[int, ...], ChunkPlace]:
        if self._all is None:
            places: dict[tuple[int, ...], ChunkPlace] = {}

            def note(info: Any) -> None:
                start, skipped, offset, size = info
                places[tuple(at // step for at, step in zip(start, self._chunks, strict=True))] = ChunkPlace(
                    offset, size, skipped
                )

            with self._dataset.store.reading(self._dataset.path):
                opened = self._dataset.object_id
                if hasattr(opened, "chunk_iter"):
                    opened.chunk_iter(note)
                else:  # HDF5 before 1.10.10
                    for number in range(opened.get_num_chunks()):
                        note(opened.get_chunk_info(number))
            self._all = places
        return self._all
