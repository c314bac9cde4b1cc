"""Many blocks on their way into an HDF5 dataset.

Chunks with ordinary filters are encoded by `photonwb.arrays`, several at a time, and handed to HDF5 ready made; HDF5 itself
would encode one after the other. What `photonwb.arrays` cannot encode goes the ordinary way, with the same result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.encoding import ChunkTarget, can_encode, encode_blocks

from .checks import values_for
from .hdf5_types import has_plain_bytes
from .selections import grown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from .contract import Block, Layout
    from .hdf5_nodes import HDF5Dataset

__all__ = ["write_blocks"]


def write_blocks(dataset: HDF5Dataset, blocks: Iterable[Block]) -> None:
    """What `Dataset.write_blocks` does."""
    layout = dataset.layout
    blocks = grown(dataset, blocks)
    target = _chunk_target(dataset, layout)
    if target is None:
        for place, values in blocks:
            dataset.write(place, values)
        return

    def stored(chunk: tuple[int, ...]) -> NDArray[Any] | None:
        start = _corner(chunk, target.chunks)
        with dataset.store.reading(dataset.path):
            if dataset.object_id.get_chunk_info_by_coord(start).byte_offset is None:
                return None
        return dataset.read(tuple(slice(at, at + length) for at, length in zip(start, target.chunks, strict=True)))

    fitting = (
        (place, values_for(values, layout.element, tuple(axis.stop - axis.start for axis in place), dataset.description))
        for place, values in blocks
    )
    # Only what HDF5 does is guarded: errors of whoever makes the blocks are theirs.
    task = dataset.store.writing(dataset.path)
    for chunk, skipped, data in encode_blocks(target, fitting, stored):
        with task:
            dataset.object_id.write_direct_chunk(_corner(chunk, target.chunks), data, skipped)
            if skipped:
                # An open dataset takes the chunk that was written last for one of which no filter was skipped.
                dataset.store.forget(dataset.path)


def _chunk_target(dataset: HDF5Dataset, layout: Layout) -> ChunkTarget | None:
    """What to encode chunks for, None where HDF5 has to do it."""
    with dataset.store.writing(dataset.path):
        type_id = dataset.object_id.get_type()
        if layout.chunks is None or not has_plain_bytes(type_id, layout.element) or not can_encode(type_id.dtype, layout.filters):
            return None
        ends = layout.maximum or layout.shape
        shape = tuple(length if end == length else None for length, end in zip(layout.shape, ends, strict=True))
        return ChunkTarget(shape, type_id.dtype, layout.chunks, layout.filters, layout.fill, dataset.store.threads)


def _corner(chunk: tuple[int, ...], chunks: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(position * length for position, length in zip(chunk, chunks, strict=True))
