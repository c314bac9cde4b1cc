"""What photonwb does not decode itself, read by zarr-python.

It is given the metadata that the store was opened with, and the bytes of the chunks that are wanted, in memory: what else is in
the folder, and where symbolic links in it lead, is none of its business.
"""

from __future__ import annotations

import json
import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.arrays.grid import chunk_parts
from photonwb.arrays.reading import check_size
from photonwb.errors import DamagedFileError, StorageError

from .zarr_places import ChunkFiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .selections import Box
    from .zarr_metadata import ArrayMetadata
    from .zarr_nodes import ZarrDataset

__all__ = ["read_box"]

# Of one stored byte no codec makes more than this.
MOST = 1 << 17


def read_box(dataset: ZarrDataset, metadata: ArrayMetadata, box: Box) -> NDArray[Any]:
    """The values of a box, as stored.

    Raises
    ------
    StorageError
        The library is missing.
    DamagedFileError
        It does not know the codecs either, or the bytes are not what they make.
    """
    document = dataset.record.foreign_document
    if '"pickle"' in json.dumps(document):
        raise StorageError(f"{dataset.description}: a pickle behind other codecs is not read, for it may run any program")
    try:
        import zarr
        from zarr.core.buffer import cpu
        from zarr.storage import MemoryStore
    except ImportError:
        raise StorageError(f"{dataset.description}: its codecs are those of zarr: pip install photonwb[zarr]") from None
    contents = {name: json.dumps(part).encode() for name, part in document.items()} | _chunks(dataset, metadata, box)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of codecs that are in no specification
            store = MemoryStore({name: cpu.Buffer.from_bytes(content) for name, content in contents.items()}, read_only=True)
            array: Any = zarr.open_array(store, mode="r")
            selection = tuple(slice(axis.start, axis.stop, axis.step) for axis in box)
            values = np.asarray(array[selection] if box else array[()])
    except Exception as error:  # of the library, of its codecs, of what they make of the bytes
        raise DamagedFileError(f"{dataset.description}: cannot be read by zarr: {type(error).__name__}: {error}") from error
    return values.astype(object) if metadata.dtype.hasobject else values


def _chunks(dataset: ZarrDataset, metadata: ArrayMetadata, box: Box) -> dict[str, bytes]:
    """The stored bytes of the chunks that a box touches, by the names of their files."""
    folder, files = dataset.store.folder, ChunkFiles(dataset.store.folder, dataset.folder, metadata)
    nbytes = math.prod(metadata.grid) * metadata.dtype.itemsize
    found: dict[str, bytes] = {}
    for part in chunk_parts(box, metadata.grid):
        content = folder.read(files.file(part.chunk))
        if content is not None:
            check_size(nbytes, len(content), dataset.description, MOST)
            found[metadata.keys.key(part.chunk)] = content
    check_size(math.prod(map(len, box)) * metadata.dtype.itemsize, sum(map(len, found.values())), dataset.description, MOST)
    return found
