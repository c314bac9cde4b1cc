"""Selections of an array whose bytes lie in a file, read and decoded by several threads.

Bytes go straight to where they are wanted wherever that can be: plain ones from the file into the result, whole chunks from the
last filter into the result. Only of chunks that are wanted in part a decoded copy is made, and kept for the next request.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from photonwb.errors import DamagedFileError, StorageError

from .cache import chunk_cache, may_keep
from .codecs import Pipeline, is_known, most_compressed
from .grid import ChunkPart, axis_parts, chunk_boxes, covers, joined_parts
from .local import LocalFile
from .plain import PIECE, PlainPart, Room
from .pool import run_all, submit, threads
from .selection import counts, fetch_key
from .streams import MOST_INFLATED

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from .grid import ChunkBox
    from .local import ByteFile
    from .selection import AxisIndex
    from .source import ByteLayout, ChunkPlace

__all__ = ["can_read", "check_size", "read", "read_ahead"]

# So many bytes are read without asking where they could come from; beyond that, deflate makes no more of a byte than this.
CERTAINLY_FITS = 2**30
MOST_COMPRESSED = MOST_INFLATED

# Chunks are handed to threads in groups of about so many bytes, lest handing them over takes longer than the work.
GROUP = 256 << 10
# Images that are cut into more tiles than this are not decoded ahead: they are masks, and there is little in them.
MOST_AHEAD = 16


def check_size(nbytes: int, size: int, description: str, most: int = MOST_COMPRESSED) -> None:
    """Refuse to read what no file of that size can hold: a damaged shape must not fill the memory.

    Raises
    ------
    StorageError
    """
    if nbytes > CERTAINLY_FITS and nbytes > most * size:
        raise StorageError(
            f"{description}: {nbytes / 1e9:.1f} GB are asked for, of a file of {size / 1e9:.3f} GB; the shape is damaged, or "
            "most of it was never written: read a part"
        )


def can_read(layout: ByteLayout | None) -> bool:
    """Whether `read` understands how the bytes lie."""
    return layout is not None and not layout.dtype.hasobject and layout.dtype.itemsize > 0 and is_known(layout.filters)


def read(layout: ByteLayout, fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
    """The block of an array that lies at some positions of each axis.

    Parameters
    ----------
    layout : ByteLayout
        One that `can_read` accepts.
    fetch : tuple of range or index array
        See `Selection`.

    Raises
    ------
    DamagedFileError
        The file is cut short, or its bytes are not what the filters make.
    StorageError
        So much cannot be in the file.
    """
    nbytes = math.prod(counts(fetch)) * layout.dtype.itemsize
    if nbytes > CERTAINLY_FITS:
        check_size(nbytes, _stored_size(layout), layout.path, most_compressed(layout.filters))
    if not nbytes:
        return np.empty(counts(fetch), layout.dtype)
    if layout.chunks is not None:
        read_chunks = _read_chunks if layout.filters or layout.in_files else _read_plain_chunks
        return read_chunks(layout, layout.chunks, fetch)
    place = layout.places.get(())
    if place is None:
        return _filled(layout, fetch)
    block = np.empty(counts(fetch), layout.dtype)
    file = layout.file()
    _require_size(layout, file, place, math.prod(layout.shape) * layout.dtype.itemsize)
    PlainPart(layout.shape, fetch_key(fetch), layout.dtype).read(file, place.offset, block, Room())
    return block


def _stored_size(layout: ByteLayout) -> int:
    """Bytes of the file, or of all files, in which an array lies."""
    return sum(place.size for place in layout.places.values()) if layout.in_files else layout.file().size


def _read_chunks(layout: ByteLayout, chunks: tuple[int, ...], fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
    axes = axis_parts(fetch, chunks)
    parts = list(joined_parts(axes, layout.stored))
    # Of masks most chunks are not there; and memory that nobody has touched yet is zero for nothing.
    is_whole = len(parts) == math.prod(map(len, axes))
    block = np.empty(counts(fetch), layout.dtype) if is_whole else _filled(layout, fetch)
    reader = _ChunkReader(layout, block)
    file = reader.file
    for some, source in [(parts, None)] if file is None else file.batches(parts, reader.places_of):
        reader.file = source
        run_all(reader.read_parts, _groups(some, reader.pipeline.nbytes), layout.threads)
    return block


def _read_plain_chunks(layout: ByteLayout, chunks: tuple[int, ...], fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
    boxes = [_PlainBox(layout, chunks, box) for box in chunk_boxes(fetch, chunks)]
    block = np.empty(counts(fetch), layout.dtype) if all(box.is_whole for box in boxes) else _filled(layout, fetch)
    # Handing over less to threads takes longer than it saves.
    most = layout.threads if block.nbytes > PIECE else 1
    reads = [read for box in boxes for read in box.reads(block)]
    for some, file in layout.file().batches(reads, _PlainRead.places):
        run_all(functools.partial(_PlainRead.run, file=file), some, most)
    return block


class _PlainRead(NamedTuple):
    """Chunks that are read one after the other, and where what is wanted of them goes."""

    box: _PlainBox
    cells: NDArray[Any]
    group: list[tuple[Any, Any, ChunkPlace]]

    def places(self) -> Iterator[tuple[int, int]]:
        """Where the bytes lie."""
        return (self.box.part.stretch(place.offset) for _, _, place in self.group)

    def run(self, file: ByteFile) -> None:
        """Read them."""
        self.box.read(self.cells, self.group, file)


class _PlainBox:
    """Chunks of which the same part is wanted, as they lie in the file."""

    def __init__(self, layout: ByteLayout, chunks: tuple[int, ...], box: ChunkBox) -> None:
        self.layout = layout
        self.box = box
        self.part = PlainPart(chunks, box.inside, layout.dtype)
        self.nbytes = math.prod(chunks) * layout.dtype.itemsize
        counts = tuple(map(len, box.chunks))
        every = zip(itertools.product(*box.chunks), itertools.product(*map(range, counts)), strict=True)
        place_of = layout.places.get
        self.stored = [(chunk, cell, place) for chunk, cell in every if (place := place_of(chunk)) is not None]
        self.is_whole = len(self.stored) == math.prod(counts)

    def reads(self, block: NDArray[Any]) -> list[_PlainRead]:
        """What is to be done to read the chunks, some at a time, into their place in a block."""
        cells = self.box.cells(block)
        size = max(1, PIECE // self.part.span)
        groups = [self.stored[start : start + size] for start in range(0, len(self.stored), size)]
        return [_PlainRead(self, cells, group) for group in groups]

    def read(self, cells: NDArray[Any], group: list[tuple[Any, Any, ChunkPlace]], file: ByteFile) -> None:
        """Read some of the chunks."""
        room = Room()
        for chunk, cell, place in group:
            try:
                _require_size(self.layout, file, place, self.nbytes)
                self.part.read(file, place.offset, cells[cell], room)
            except DamagedFileError as error:
                error.add_note(f"in chunk {chunk} of an array of {self.layout.path}")
                raise


def _filled(layout: ByteLayout, fetch: tuple[AxisIndex, ...]) -> NDArray[Any]:
    """What there is where nothing was written."""
    fill = np.asarray(layout.fill, layout.dtype)
    return np.full(counts(fetch), fill) if any(fill.tobytes()) else np.zeros(counts(fetch), layout.dtype)


def read_ahead(layout: ByteLayout, fetch: tuple[AxisIndex, ...]) -> None:
    """Decode in the background what is likely to be asked for next, after a request that went on where another had ended."""
    first = fetch[0] if fetch else None
    if layout.chunks is None or not layout.filters or not isinstance(first, range) or not first:
        return
    if math.prod(len(axis) // length for axis, length in zip(fetch[1:], layout.chunks[1:], strict=True)) > MOST_AHEAD:
        return
    rest = [[number for number, _, _ in parts] for parts in axis_parts(fetch[1:], layout.chunks[1:])]
    nbytes = math.prod(layout.chunks) * layout.dtype.itemsize
    row = first[-1] // layout.chunks[0] + 1
    coming = itertools.product(range(row, row + 2 * threads(layout.threads)), *rest)
    reader = _ChunkReader(layout, np.empty(0, layout.dtype))
    for chunk in itertools.islice(coming, chunk_cache.limit // 4 // nbytes):
        place = layout.places.get(chunk)
        if place is None:
            continue
        _, version = reader.opened(place)
        if version is None:
            return
        decode = functools.partial(submit, _decode_ahead, layout, place, most=layout.threads)
        chunk_cache.expect(_cache_key(layout, version, place), decode)


def _decode_ahead(layout: ByteLayout, place: ChunkPlace) -> None:
    reader = _ChunkReader(layout, np.empty(0, layout.dtype))
    reader.decoded(place, *reader.opened(place))


def _cache_key(layout: ByteLayout, version: Hashable, place: ChunkPlace) -> Hashable:
    # Two arrays have the same bytes in a damaged file only; even then they must not get each other's shape.
    return version, place, layout.chunks, layout.dtype, layout.axes


def _groups(parts: Sequence[ChunkPart], nbytes: int) -> list[Sequence[ChunkPart]]:
    size = max(1, GROUP // nbytes)
    return [parts[start : start + size] for start in range(0, len(parts), size)]


def _require_size(layout: ByteLayout, file: ByteFile, place: ChunkPlace, expected: int) -> None:
    if place.size != expected:
        raise DamagedFileError(
            f"{layout.path}: {expected} bytes of an array are expected at {place.offset}, there are {place.size}"
        )
    file.require(place.offset, place.size)


class _ChunkReader:
    """Reads chunks of one array into a block."""

    def __init__(self, layout: ByteLayout, block: NDArray[Any]) -> None:
        assert layout.chunks is not None
        self.layout = layout
        # The file that all chunks lie in, if they do, and its version if they can be kept.
        self.file: ByteFile | None = None if layout.in_files else layout.file()
        self.version = _kept_version(self.file) if self.file is not None else None
        self.block = block
        self.chunks = layout.chunks
        self.pipeline = Pipeline(layout.filters, layout.dtype.itemsize, math.prod(layout.chunks) * layout.dtype.itemsize)
        self.plain_mask = (1 << len(layout.filters)) - 1

    def places_of(self, part: ChunkPart) -> list[tuple[int, int]]:
        """Where the bytes of a chunk lie that nobody has kept."""
        place = self.layout.places[part.chunk]
        is_known = self.version is not None and chunk_cache.get(_cache_key(self.layout, self.version, place)) is not None
        return [] if is_known else [(place.offset, place.size)]

    def read_parts(self, parts: Iterable[ChunkPart]) -> None:
        for part in parts:
            try:
                self._read_part(part)
            except DamagedFileError as error:
                error.add_note(f"in chunk {part.chunk} of an array of {self.layout.path}")
                raise

    def opened(self, place: ChunkPlace) -> tuple[ByteFile, Hashable]:
        """The file that a chunk lies in, and its version if the chunk can be kept, else None."""
        if self.file is not None:
            return self.file, self.version
        file = LocalFile(place.path)
        return file, _kept_version(file)

    def _read_part(self, part: ChunkPart) -> None:
        place = self.layout.places[part.chunk]
        file, version = self.opened(place)
        target = self.block[part.target]
        if place.skipped_filters & self.plain_mask == self.plain_mask and self.layout.axes is None:
            _require_size(self.layout, file, place, self.pipeline.nbytes)
            PlainPart(self.chunks, part.inside, self.layout.dtype).read(file, place.offset, target, Room())
            return
        known = None if version is None else chunk_cache.get(_cache_key(self.layout, version, place))
        if known is not None:
            target[...] = known[part.inside]
        elif not covers(part.inside, self.chunks):
            target[...] = self.decoded(place, file, version)[part.inside]
        elif target.flags.c_contiguous:
            self._decode(place, file, target)
        else:
            target[...] = self._whole(place, file)

    def decoded(self, place: ChunkPlace, file: ByteFile, version: Hashable) -> NDArray[Any]:
        """A whole chunk, to be kept."""
        chunk = self._whole(place, file)
        if version is not None:
            chunk_cache.put(_cache_key(self.layout, version, place), chunk)
        return chunk

    def _whole(self, place: ChunkPlace, file: ByteFile) -> NDArray[Any]:
        if place.path:  # of HDF5 a chunk is no larger than 4 GiB
            check_size(self.pipeline.nbytes, place.size, place.path, most_compressed(self.layout.filters))
        chunk = np.empty(self.chunks, self.layout.dtype)
        self._decode(place, file, chunk)
        return chunk

    def _decode(self, place: ChunkPlace, file: ByteFile, target: NDArray[Any]) -> None:
        data = file.read(place.offset, place.size)
        axes = self.layout.axes
        if axes is None:
            self.pipeline.decode(data, target.reshape(-1).view(np.uint8), place.skipped_filters)
            return
        stored = np.empty([self.chunks[axis] for axis in axes], self.layout.dtype)
        self.pipeline.decode(data, stored.reshape(-1).view(np.uint8), place.skipped_filters)
        target[...] = stored.transpose(np.argsort(axes))


def _kept_version(file: ByteFile) -> Hashable:
    """The version of a file by which its chunks are known again, None while it may still be changing."""
    return file.version if may_keep(file) else None
