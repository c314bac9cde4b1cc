"""Values on their way into the chunk files of a Zarr store.

Numbers are encoded by `photonwb.arrays`, several chunks at a time. Text, references and compounds with such are encoded as they
come. A chunk of which nothing was set is not stored.
"""

from __future__ import annotations

import contextlib
import math
import os
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from photonwb.arrays.codecs import Pipeline
from photonwb.arrays.encoding import ChunkTarget, encode_blocks, is_all
from photonwb.arrays.grid import block_shape, chunk_parts
from photonwb.arrays.local import LocalFile
from photonwb.errors import PhotonwbError, StorageError

from .checks import values_for
from .contract import REFERENCE, Layout, Reference
from .elements import dtype_of, objects
from .selections import grown, spans
from .zarr_codecs import Encoding, codec_documents
from .zarr_metadata import ArrayMetadata, KeyStyle, whole_chunk
from .zarr_objects import decode_objects, encode_texts, to_stored
from .zarr_places import places_of
from .zarr_types import LEAST_CHARACTERS, fill_from, stored_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from photonwb.arrays.streams import Buffer

    from .contract import Block, ElementType
    from .zarr_nodes import ZarrDataset
    from .zarr_records import Record

__all__ = ["ChunkStore", "new_metadata", "resize", "write_blocks", "write_selection", "write_values"]

# An array that nobody wants in chunks lies in one file up to this size.
PIECE = 16 << 20
CHUNK = 4 << 20
# Text, of which nobody says how it is to be stored.
TEXT_FILTERS = (("zstd", {"level": 0}),)


def new_metadata(layout: Layout, values: NDArray[Any] | None) -> ArrayMetadata:
    """How an array of that layout is stored.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Elements or filters that Zarr does not have.
    """
    shape, element = layout.shape, layout.element
    dtype = stored_dtype(element, _characters(element, values))
    filters = layout.filters
    if dtype_of(element).hasobject:
        filters = TEXT_FILTERS
    codec_documents(filters, dtype)
    chunks = whole_chunk(shape)
    if layout.chunks is not None:
        ends = layout.maximum or shape
        chunks = tuple(min(chunk, end or chunk) for chunk, end in zip(layout.chunks, ends, strict=True))
        if dtype.names is not None and dtype_of(element).hasobject:  # where each text takes room for the longest
            chunks = block_shape(chunks, None, dtype.itemsize, CHUNK)
    elif math.prod(shape) * dtype.itemsize > PIECE:
        chunks = block_shape(shape, None, dtype.itemsize, CHUNK)
    fill = fill_from(None, dtype)
    if layout.fill is not None and not dtype.hasobject and dtype.names is None:
        fill = np.asarray(layout.fill, dtype)[()]
    encoding = Encoding(filters, "vlen-utf8" if dtype.hasobject else "bytes")
    made = ArrayMetadata(shape, element, dtype, chunks, encoding, fill, KeyStyle())
    if layout.chunks is not None and (made.layout.chunks, made.layout.maximum) != (chunks, layout.maximum):
        made = made._replace(maximum=layout.maximum, is_noted=True)
    return made


def _characters(element: ElementType, values: NDArray[Any] | None) -> int:
    """Room for the texts of a compound."""
    longest = LEAST_CHARACTERS
    if isinstance(element, tuple) and values is not None:
        for name, member in element:
            if isinstance(member, str):
                longest = max(longest, *(_length(value) for value in values[name].ravel().tolist()), 0)
            else:
                longest = max(longest, _characters(member, values[name]))
    return longest


def _length(value: Any) -> int:
    return len(value.path) if isinstance(value, Reference) else len(value or "")


class ChunkStore:
    """The chunks of one array, as arrays of what is stored: numbers, text with paths for references, or compounds of such.

    Parameters
    ----------
    dataset : ZarrDataset
    """

    def __init__(self, dataset: ZarrDataset) -> None:
        self.dataset = dataset
        self.metadata = metadata = dataset.metadata
        self.folder = dataset.store.folder
        self.places = places_of(self.folder, dataset.folder, metadata)
        encoding = metadata.encoding if metadata.encoding.shard is None else metadata.encoding.shard.encoding
        self.serializer, self.axes = encoding.serializer, encoding.axes
        self.has_objects = metadata.dtype.hasobject
        itemsize = 1 if self.has_objects else metadata.dtype.itemsize
        self.pipeline = Pipeline(encoding.filters, itemsize, math.prod(metadata.chunks) * itemsize, may_skip=False)

    def stored(self, chunk: tuple[int, ...]) -> NDArray[Any] | None:
        """The values of a chunk, None where it is not stored."""
        place = self.places.get(chunk)
        if place is None:
            return None
        try:
            return self._decoded(LocalFile(place.path).read(place.offset, place.size))
        except PhotonwbError as error:
            error.add_note(f"in chunk {chunk} of {self.dataset.description}")
            raise

    def _decoded(self, data: Buffer) -> NDArray[Any]:
        if self.has_objects:
            return decode_objects(memoryview(self.pipeline.decode_all(data)), self.serializer, self.metadata.chunks)
        values = np.empty(self.metadata.chunks, self.metadata.dtype)
        self.pipeline.decode(data, values.reshape(-1).view(np.uint8))
        return values

    def begun(self, chunk: tuple[int, ...]) -> NDArray[Any]:
        """The values of a chunk, to be changed."""
        found = self.stored(chunk)
        return np.full(self.metadata.chunks, self.metadata.fill, self.metadata.dtype) if found is None else found

    def save(self, chunk: tuple[int, ...], values: NDArray[Any]) -> None:
        """Store a whole chunk."""
        if self._is_empty(values):
            self.drop(chunk)
            return
        if self.has_objects:
            data, _ = self.pipeline.encode(np.frombuffer(encode_texts(values), np.uint8))
        else:
            data, _ = self.pipeline.encode(values.reshape(values.shape or (1,)))
        self.folder.write(self.places.file(chunk), data)

    def _is_empty(self, values: NDArray[Any]) -> bool:
        """Whether there is nothing in a chunk but what is assumed of those that are not stored."""
        if self.has_objects:
            return not any(values.ravel().tolist())
        if values.dtype.names is not None:
            return not any(values.tobytes())
        return is_all(values, np.asarray(self.metadata.fill, values.dtype))

    def drop(self, chunk: tuple[int, ...]) -> None:
        """Have a chunk not stored."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.places.file(chunk))


def write_values(dataset: ZarrDataset, values: NDArray[Any]) -> None:
    """Store the values of a whole array that is new."""
    if values.ndim and values.size:
        write_blocks(dataset, [(tuple(map(slice, (0,) * values.ndim, values.shape)), values)])
    elif values.size:
        write_selection(dataset, (), values)


def write_selection(dataset: ZarrDataset, selection: tuple[slice, ...], values: Any) -> None:
    """What `Dataset.write` does."""
    metadata = _writable(dataset)
    box = spans(selection, metadata.shape)
    array = values_for(values, metadata.element, tuple(map(len, box)), dataset.description)
    stored = _stored_form(dataset, array)
    chunks = ChunkStore(dataset)
    for part in chunk_parts(box, chunks.metadata.chunks):
        chunk = chunks.begun(part.chunk)
        chunk[part.inside] = stored[part.target]
        chunks.save(part.chunk, chunk)


def write_blocks(dataset: ZarrDataset, blocks: Iterable[Block]) -> None:
    """What `Dataset.write_blocks` does."""
    _writable(dataset)
    if dtype_of(dataset.metadata.element).hasobject:
        for place, values in grown(dataset, blocks):
            write_selection(dataset, place, values)
        return
    metadata, layout = dataset.metadata, dataset.layout
    ends = layout.maximum or layout.shape
    shape = tuple(length if end == length else None for length, end in zip(layout.shape, ends, strict=True))
    target = ChunkTarget(
        shape,
        metadata.dtype,
        metadata.chunks,
        metadata.filters,
        metadata.fill,
        dataset.store.threads,
        may_skip=False,
        leaves_out_empty=True,
    )
    chunks = ChunkStore(dataset)
    for chunk, _, data in encode_blocks(target, _fitting(dataset, metadata, blocks), chunks.begun):
        if data is None:
            chunks.drop(chunk)
        else:
            chunks.folder.write(chunks.places.file(chunk), data)


def _fitting(dataset: ZarrDataset, metadata: ArrayMetadata, blocks: Iterable[Block]) -> Iterator[Block]:
    for place, values in grown(dataset, blocks):
        array = values_for(values, metadata.element, tuple(axis.stop - axis.start for axis in place), dataset.description)
        yield place, to_stored(array, metadata.dtype)


def _writable(dataset: ZarrDataset) -> ArrayMetadata:
    metadata = dataset.metadata
    encoding = metadata.encoding
    if encoding.shard is not None or encoding.axes is not None or not encoding.is_known:
        raise StorageError(f"{dataset.description}: arrays with such codecs are not changed; export the store, with other chunks")
    return metadata


def _stored_form(dataset: ZarrDataset, values: NDArray[Any]) -> NDArray[Any]:
    """Values as they are stored; the array is given more room where its texts need it."""
    metadata = dataset.metadata
    bound = _bound(values, metadata.element, dataset)
    if metadata.dtype.names is not None:
        dtype = stored_dtype(metadata.element, _characters(metadata.element, bound))
        if dtype.itemsize > metadata.dtype.itemsize:
            _widen(dataset, dtype)
            return to_stored(bound, dtype)
    return to_stored(bound, metadata.dtype)


def _bound(values: NDArray[Any], element: ElementType, dataset: ZarrDataset) -> NDArray[Any]:
    """Values with the paths of what their references lead to in the place of these."""
    if isinstance(element, tuple):
        if not dtype_of(element).hasobject:
            return values
        result = values.copy()
        for name, member in element:
            result[name] = _bound(values[name], member, dataset)
        return result
    if not isinstance(element, str) or element != REFERENCE:
        return values
    paths = [None if value is None else dataset.store.target_of(cast("Reference", value)) for value in values.ravel().tolist()]
    return objects(paths, values.shape)


def _widen(dataset: ZarrDataset, dtype: np.dtype[Any]) -> None:
    """Give the texts of a compound more room; its chunks are stored again."""
    old = ChunkStore(dataset)
    record = dataset.record
    record.array = old.metadata._replace(dtype=dtype, fill=fill_from(None, dtype))
    new = ChunkStore(dataset)
    for chunk in list(old.places):
        values = old.stored(chunk)
        if values is not None:
            new.save(chunk, values.astype(dtype))


def resize(dataset: ZarrDataset, record: Record, shape: tuple[int, ...]) -> None:
    """What `Dataset.resize` does: what is cut off does not come back."""
    metadata = record.array
    chunks = ChunkStore(dataset)
    if any(new < old for new, old in zip(shape, metadata.shape, strict=True)):
        _writable(dataset)
        for chunk in list(chunks.places):
            ends = tuple(length - number * step for length, number, step in zip(shape, chunk, metadata.chunks, strict=True))
            if min(ends) <= 0:
                chunks.drop(chunk)
            elif any(end < step for end, step in zip(ends, metadata.chunks, strict=True)):
                values = chunks.begun(chunk)
                kept = values[tuple(map(slice, ends))].copy()
                values[...] = metadata.fill
                values[tuple(map(slice, ends))] = kept
                chunks.save(chunk, values)
    made, maximum = metadata._replace(shape=shape), metadata.layout.maximum
    if made.layout.maximum != maximum:
        made = made._replace(maximum=maximum, is_noted=True)
    record.array = made
