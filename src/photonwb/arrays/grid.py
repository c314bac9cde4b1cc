"""Chunk grids: which chunks a selection touches, and where each meets it."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from .selection import AxisIndex

    # Number of a chunk along an axis, what is wanted of it, and where that goes.
    AxisPart: TypeAlias = tuple[int, Any, slice]
    AxisBox: TypeAlias = tuple[range, Any, slice]

__all__ = ["ChunkBox", "ChunkPart", "axis_parts", "block_shape", "chunk_boxes", "chunk_parts", "covers", "joined_parts", "steps"]


class ChunkPart(NamedTuple):
    """What a selection takes of one chunk.

    Parameters
    ----------
    chunk : tuple of int
        Coordinates of the chunk, in chunks.
    inside : tuple of slice or index array
        The wanted elements in the chunk.
    target : tuple of slice
        Their place in the block that is fetched.
    """

    chunk: tuple[int, ...]
    inside: tuple[Any, ...]
    target: tuple[slice, ...]


class ChunkBox(NamedTuple):
    """Chunks side by side, of which a selection takes the same part.

    Parameters
    ----------
    chunks : tuple of range
        Coordinates of the chunks, along each axis.
    inside, target
        As of a `ChunkPart`: the wanted elements in each chunk, the place of all of them in the block that is fetched.
    """

    chunks: tuple[range, ...]
    inside: tuple[Any, ...]
    target: tuple[slice, ...]

    def cells(self, block: NDArray[Any]) -> NDArray[Any]:
        """What goes where in the block, as a view: an array of chunks, each of which is an array of elements."""
        target = block[self.target]
        counts = tuple(map(len, self.chunks))
        split = [size for count, length in zip(counts, target.shape, strict=True) for size in (count, length // count)]
        axes = range(2 * len(counts))
        return target.reshape(split).transpose(*axes[::2], *axes[1::2])


def chunk_boxes(fetch: tuple[AxisIndex, ...], chunks: tuple[int, ...]) -> Iterator[ChunkBox]:
    """The chunks that a selection touches, those together that are taken whole along an axis."""
    axes = [list(_axis_boxes(index, length)) for index, length in zip(fetch, chunks, strict=True)]
    for boxes in itertools.product(*axes):
        yield ChunkBox(tuple([box[0] for box in boxes]), tuple([box[1] for box in boxes]), tuple([box[2] for box in boxes]))


def chunk_parts(fetch: tuple[AxisIndex, ...], chunks: tuple[int, ...]) -> Iterator[ChunkPart]:
    """The chunks that a selection touches, and only those, in C order."""
    return joined_parts(axis_parts(fetch, chunks))


def axis_parts(fetch: tuple[AxisIndex, ...], chunks: tuple[int, ...]) -> list[list[AxisPart]]:
    """For each axis the chunks that a selection touches along it."""
    return [
        list(_range_parts(index, length) if isinstance(index, range) else _list_parts(index, length))
        for index, length in zip(fetch, chunks, strict=True)
    ]


def joined_parts(
    axes: list[list[AxisPart]], among: Callable[[Sequence[Sequence[int]]], Iterable[object]] | None = None
) -> Iterator[ChunkPart]:
    """The chunks of all axes together, in C order; only those of which `among` says something true, if given.

    It is asked once, by the numbers of the chunks along each axis: of masks most chunks are passed over.
    """
    numbers = [[part[0] for part in parts] for parts in axes]
    joined = zip(itertools.product(*numbers), itertools.product(*axes), strict=True)
    if among is not None:
        joined = itertools.compress(joined, among(numbers))
    for chunk, parts in joined:
        yield ChunkPart(chunk, tuple([part[1] for part in parts]), tuple([part[2] for part in parts]))


def covers(inside: tuple[Any, ...], chunks: tuple[int, ...]) -> bool:
    """Whether a part of a chunk is all of it."""
    return all(isinstance(part, slice) and part == slice(0, length, 1) for part, length in zip(inside, chunks, strict=True))


def block_shape(shape: tuple[int, ...], chunks: tuple[int, ...] | None, itemsize: int, nbytes: int) -> tuple[int, ...]:
    """Shape of blocks of about so many bytes, made of whole chunks; they fill the last axes first."""
    chunks = chunks or (1,) * len(shape)
    block = [max(1, min(length, chunk)) for length, chunk in zip(shape, chunks, strict=True)]
    size = math.prod(block) * itemsize
    for axis in reversed(range(len(shape))):
        times = max(1, nbytes // size)
        size //= block[axis]
        block[axis] = max(1, min(shape[axis], chunks[axis] * times))
        size *= block[axis]
    return tuple(block)


def steps(shape: tuple[int, ...], block: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Blocks that tile an array, in C order."""
    axes = [range(0, length, step) for length, step in zip(shape, block, strict=True)]
    for corner in itertools.product(*axes):
        yield tuple(slice(start, min(start + step, length)) for start, step, length in zip(corner, block, shape, strict=True))


def _axis_boxes(index: AxisIndex, length: int) -> Iterator[AxisBox]:
    """Chunks along an axis of which the same is wanted: the whole ones of a range, each other by itself."""
    if not isinstance(index, range) or index.step > 1:
        yield from _single(_range_parts(index, length) if isinstance(index, range) else _list_parts(index, length))
        return
    begin = min(len(index), -index.start % length)
    count = (len(index) - begin) // length
    end = begin + count * length
    yield from _single(_range_parts(index[:begin], length))
    if count:
        first = index[begin] // length
        yield range(first, first + count), slice(0, length, 1), slice(begin, end)
    yield from _single(_range_parts(index[end:], length), end)


def _single(parts: Iterator[AxisPart], origin: int = 0) -> Iterator[AxisBox]:
    for chunk, inside, target in parts:
        yield range(chunk, chunk + 1), inside, slice(target.start + origin, target.stop + origin)


def _range_parts(index: range, length: int) -> Iterator[AxisPart]:
    step, count, done = index.step, len(index), 0
    while done < count:
        chunk, first = divmod(index.start + done * step, length)
        after = min(count, done - (first - length) // step)
        yield chunk, slice(first, first + (after - done - 1) * step + 1, step), slice(done, after)
        done = after


def _list_parts(index: Any, length: int) -> Iterator[AxisPart]:
    import numpy as np

    owners = index // length
    bounds = [0, *(np.flatnonzero(np.diff(owners)) + 1).tolist(), len(index)] if len(index) else [0]
    for done, after in itertools.pairwise(bounds):
        chunk = int(owners[done])
        yield chunk, index[done:after] - chunk * length, slice(done, after)
