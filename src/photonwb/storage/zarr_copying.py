"""Chunks as they are, from whatever store has them into files of a Zarr store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.local import LocalFile
from photonwb.arrays.reading import can_read

from .zarr_nodes import ZarrDataset
from .zarr_writing import ChunkStore

if TYPE_CHECKING:
    from photonwb.arrays.source import ByteLayout

    from .contract import Dataset

__all__ = ["copy_chunks"]


def copy_chunks(source: Dataset, made: Dataset) -> bool:
    """Copy the stored bytes of all chunks into a new array, if they are the same there.

    Returns
    -------
    bool
        False when the array is stored in another way: its values are to be written.
    """
    if not isinstance(made, ZarrDataset):
        return False
    layout = source.source().byte_layout()
    if layout is None or not can_read(layout) or not _is_same(layout, made):
        return False
    chunks = ChunkStore(made)
    for chunk, place in layout.places.items():
        if not place.skipped_filters:
            file = LocalFile(place.path) if layout.in_files else layout.file()
            chunks.folder.write(chunks.places.file(chunk), file.read(place.offset, place.size))
            continue
        # HDF5 says of each chunk which of its filters would not have helped.
        box = tuple(
            slice(number * step, min((number + 1) * step, length))
            for number, step, length in zip(chunk, layout.chunks or (), layout.shape, strict=True)
        )
        made.write(box, source.read(box))
    return True


def _is_same(layout: ByteLayout, made: ZarrDataset) -> bool:
    metadata: Any = made.metadata
    return (
        layout.chunks == metadata.chunks
        and layout.filters == metadata.filters
        and layout.dtype == metadata.dtype
        and layout.axes is None
        and _bytes_of(layout.fill) == _bytes_of(metadata.fill)
    )


def _bytes_of(fill: Any) -> bytes:
    import numpy as np

    return np.asarray(fill).tobytes()
