"""Blocks of values on their way into chunks.

Blocks come in any shape and order, chunks leave whole, filtered by several threads, in the order in which they became complete.
What waits is bounded: a chunk that is complete in part waits for the rest until too many do; then the one that waits longest is
stored as it is and read back should more of it come.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from photonwb.errors import InvalidValueError

from .codecs import Pipeline, is_known
from .grid import chunk_parts, covers
from .pool import submit, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from .streams import Buffer

    Block: TypeAlias = tuple[tuple[slice, ...], NDArray[Any]]

__all__ = ["ChunkTarget", "EncodedChunk", "can_encode", "encode_blocks", "is_all"]

# Bytes of chunks that wait for the rest of their values.
WAITING = 128 << 20
# Bytes of chunks that are being filtered, or have been and wait for those before them.
AHEAD = 64 << 20
# Chunks are handed to threads in groups of about so many bytes, lest handing them over takes longer than filtering; those of
# less than the other number stay here, for that would take longer even so.
GROUP = 256 << 10
TINY = 32 << 10


class EncodedChunk(NamedTuple):
    """A chunk as it is stored.

    Parameters
    ----------
    chunk : tuple of int
        Coordinates, in chunks.
    skipped_filters : int
        Bit i: filter i was left out.
    data : buffer or None
        None for a chunk that is not stored.
    """

    chunk: tuple[int, ...]
    skipped_filters: int
    data: Buffer | None


class ChunkTarget(NamedTuple):
    """What blocks are written to.

    Parameters
    ----------
    shape : tuple of int or None
        Length of each axis, None where it is not known. Only tells how soon chunks at the end of an axis are complete.
    dtype : numpy.dtype
        As stored, byte order included.
    chunks : tuple of int
    filters : tuple of (str, dict)
        In the order of encoding; those that `can_encode` accepts.
    fill : scalar, optional
        Value of elements that are never written.
    threads : int, optional
        How many may work at a time, see `pool.threads`.
    may_skip : bool
        Whether a chunk can say that a filter, which would not have helped, was left out.
    leaves_out_empty : bool
        Whether chunks that hold nothing but the fill value are not stored.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    filters: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    fill: Any = None
    threads: int | None = None
    may_skip: bool = True
    leaves_out_empty: bool = False


def can_encode(dtype: np.dtype[Any], filters: tuple[tuple[str, Mapping[str, Any]], ...]) -> bool:
    """Whether chunks of these values can be made here."""
    return not dtype.hasobject and dtype.itemsize > 0 and is_known(filters)


def encode_blocks(
    target: ChunkTarget, blocks: Iterable[Block], stored: Callable[[tuple[int, ...]], NDArray[Any] | None] | None = None
) -> Iterator[EncodedChunk]:
    """Make chunks of blocks.

    Parameters
    ----------
    target : ChunkTarget
    blocks : iterable of (tuple of slice, array)
        Places and values, as many axes as the target. Later ones overwrite earlier ones. An array must not be changed after it
        was given.
    stored : callable, optional
        Gives the values of a chunk, by its coordinates, as far as it was stored already, else None. Needed where blocks add to
        chunks that hold values, and where chunks are many and come in pieces from all sides.

    Yields
    ------
    EncodedChunk
        To be stored before the next one is asked for. The same chunk may come again, with more values.

    Raises
    ------
    InvalidValueError
        A block that does not fit its place, or one that adds to a chunk that left already, when `stored` is not given.
    """
    encoder = _Encoder(target)
    partial = _PartialChunks(target, stored)
    for place, values in blocks:
        values = _fitting(values, place, target)
        for part in chunk_parts(tuple(range(one.start, one.stop) for one in place), target.chunks):
            if covers(part.inside, target.chunks) and part.chunk not in partial:
                partial.sent.add(part.chunk)
                yield from encoder.add(part.chunk, values[part.target])
                continue
            if partial.must_load(part.chunk):
                yield from encoder.finish()
            complete = partial.add(part.chunk, part.inside, values[part.target])
            for chunk, content in complete:
                yield from encoder.add(chunk, content)
    for chunk, content in partial.rest():
        yield from encoder.add(chunk, content)
    yield from encoder.finish()


def _fitting(values: NDArray[Any], place: tuple[slice, ...], target: ChunkTarget) -> NDArray[Any]:
    values = np.asarray(values)
    fits = len(place) == len(target.shape) and values.shape == tuple(one.stop - one.start for one in place)
    if not fits or any(length is not None and one.stop > length for one, length in zip(place, target.shape, strict=True)):
        raise InvalidValueError(f"values of shape {values.shape} do not fit {place} of an array of shape {target.shape}")
    return values if values.dtype == target.dtype else values.astype(target.dtype)


class _PartialChunks:
    """Chunks of which values are still to come."""

    def __init__(self, target: ChunkTarget, stored: Callable[[tuple[int, ...]], NDArray[Any] | None] | None) -> None:
        self.target = target
        self.stored = stored
        self.most = max(2, WAITING // max(1, math.prod(target.chunks) * target.dtype.itemsize))
        # Chunks that left, complete or not.
        self.sent: set[tuple[int, ...]] = set()
        self._waiting: OrderedDict[tuple[int, ...], _Partial] = OrderedDict()

    def __contains__(self, chunk: tuple[int, ...]) -> bool:
        return chunk in self._waiting

    def must_load(self, chunk: tuple[int, ...]) -> bool:
        """Whether what was sent of a chunk must be stored before more of it is added."""
        return chunk in self.sent and chunk not in self._waiting

    def add(
        self, chunk: tuple[int, ...], inside: tuple[Any, ...], values: NDArray[Any]
    ) -> list[tuple[tuple[int, ...], NDArray[Any]]]:
        """Add values to a chunk; returns the chunks that are to be sent now."""
        if chunk not in self._waiting:
            self._waiting[chunk] = _Partial(self._begin(chunk), self._elements(chunk))
        partial = self._waiting[chunk]
        partial.content[inside] = values
        partial.missing -= values.size
        ready = [chunk] if partial.missing <= 0 else []
        if len(self._waiting) > self.most:
            ready += [next(iter(self._waiting))]
        return [(one, self._send(one)) for one in dict.fromkeys(ready)]

    def rest(self) -> Iterator[tuple[tuple[int, ...], NDArray[Any]]]:
        while self._waiting:
            chunk = next(iter(self._waiting))
            yield chunk, self._send(chunk)

    def _send(self, chunk: tuple[int, ...]) -> NDArray[Any]:
        self.sent.add(chunk)
        return self._waiting.pop(chunk).content

    def _begin(self, chunk: tuple[int, ...]) -> NDArray[Any]:
        known = self.stored(chunk) if self.stored else None
        if known is None and chunk in self.sent:
            raise InvalidValueError(f"values were added to chunk {chunk} after it was written")
        content = np.empty(self.target.chunks, self.target.dtype)
        content[...] = np.zeros((), self.target.dtype) if self.target.fill is None else self.target.fill
        if known is not None:
            content[tuple(slice(0, length) for length in known.shape)] = known
        return content

    def _elements(self, chunk: tuple[int, ...]) -> int:
        """How many elements of a chunk lie inside of the array."""
        lengths = (
            size if length is None else min(size, length - position * size)
            for position, size, length in zip(chunk, self.target.chunks, self.target.shape, strict=True)
        )
        return math.prod(lengths)


class _Partial:
    """Content of a chunk, and how many of its elements have not come."""

    __slots__ = ("content", "missing")

    def __init__(self, content: NDArray[Any], missing: int) -> None:
        self.content = content
        self.missing = missing


class _Encoder:
    """Filters chunks in the pool and gives them back in order."""

    def __init__(self, target: ChunkTarget) -> None:
        self.nbytes = max(1, math.prod(target.chunks) * target.dtype.itemsize)
        self.pipeline = Pipeline(target.filters, target.dtype.itemsize, self.nbytes, may_skip=target.may_skip)
        self.fill = np.asarray(target.fill or 0, target.dtype) if target.leaves_out_empty and target.dtype.kind != "V" else None
        self.size = max(1, GROUP // self.nbytes)
        # Without filters there is nothing for other threads to do, of tiny chunks too little.
        self.threads = threads(target.threads)
        self.is_alone = self.threads == 1 or not target.filters or self.nbytes < TINY
        self.window = max(2 * self.threads, min(8 * self.threads, AHEAD // (self.nbytes * self.size)))
        self._group: list[tuple[tuple[int, ...], NDArray[Any]]] = []
        self._running: deque[Future[list[EncodedChunk]]] = deque()

    def add(self, chunk: tuple[int, ...], values: NDArray[Any]) -> Iterator[EncodedChunk]:
        """Take a chunk; gives those that are ready, after waiting for some when too many are under way."""
        self._group.append((chunk, values))
        if len(self._group) >= self.size:
            yield from self._start()

    def finish(self) -> Iterator[EncodedChunk]:
        """All that is under way."""
        yield from self._start()
        while self._running:
            yield from self._running.popleft().result()

    def _start(self) -> Iterator[EncodedChunk]:
        group, self._group = self._group, []
        if self.is_alone:
            yield from self._encoded(group)
            return
        if group:
            try:
                self._running.append(submit(self._encoded, group, most=self.threads))
            except RuntimeError:  # the interpreter is about to end and starts no more threads
                while self._running:
                    yield from self._running.popleft().result()
                yield from self._encoded(group)
        while len(self._running) > self.window or (self._running and self._running[0].done()):
            yield from self._running.popleft().result()

    def _encoded(self, group: list[tuple[tuple[int, ...], NDArray[Any]]]) -> list[EncodedChunk]:
        found: list[EncodedChunk] = []
        for chunk, values in group:
            if self.fill is not None and is_all(values, self.fill):
                found.append(EncodedChunk(chunk, 0, None))
                continue
            data, skipped = self.pipeline.encode(values)
            found.append(EncodedChunk(chunk, skipped, data))
        return found


def is_all(values: NDArray[Any], fill: NDArray[Any]) -> bool:
    """Whether all elements are that one, to the bit: the zero of a number may have a sign, and NaN is not itself."""
    corner = values[(slice(0, 1),) * values.ndim]
    if corner.tobytes() != fill.tobytes():
        return not values.size
    if values.dtype.kind in "fc":
        return np.ascontiguousarray(values).tobytes() == fill.tobytes() * values.size
    return bool((values == fill).all())
