"""Bytes that lie in a file as they do in memory: no more of them is read than it takes to get at those that are wanted.

What is wanted of a chunk, or of an array in one piece, are runs of bytes. One run is read at a stroke, and so is each of several
long ones. Short runs that lie close together are read with what is between them; others are picked from a memory map, or row by
row from a file that has none.
"""

from __future__ import annotations

import functools
import itertools
import math
import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from .pool import run_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .local import ByteFile

__all__ = ["PIECE", "PlainPart", "Room"]

# Shorter runs than this are not read one by one.
SHORT_RUN = 32 << 10
# Runs that lie no farther apart than this are read together: of a map, they touch as many pages, and most lines of the cache.
NEAR = 192
# So much is read at a time of runs that lie close together: it stays in the cache of a processor until it is used.
BAND = 512 << 10
# So much of a file is mapped at a time: what is mapped counts as memory of the process.
MAPPED = 32 << 20
# What is longer than this is read by several threads, in pieces of this size: handing over less takes longer than it saves.
PIECE = 8 << 20


class Room:
    """Memory that is used again for one array after the other: the system need not give, and clear, it each time."""

    def __init__(self) -> None:
        self._bytes: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._last: tuple[NDArray[Any], memoryview] | None = None

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[NDArray[Any], memoryview]:
        """An array of any values in the place of the one before, and its bytes."""
        if self._last is not None and self._last[0].shape == shape and self._last[0].dtype == dtype:
            return self._last
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes > self._bytes.nbytes:
            self._bytes = np.empty(nbytes, np.uint8)
        self._last = np.ndarray(shape, dtype, self._bytes), self._bytes[:nbytes].data
        return self._last


class PlainPart:
    """The same part of any number of chunks.

    Parameters
    ----------
    shape : tuple of int
        Of a chunk, or of an array in one piece.
    inside : tuple of slice or index array
        What is wanted of it: slices of positive step within the shape, and sorted positions.
    dtype : numpy.dtype

    Attributes
    ----------
    span : int
        Bytes from the first to the last that is wanted.
    """

    def __init__(self, shape: tuple[int, ...], inside: tuple[Any, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.inside = inside
        self.dtype = dtype
        positions = [range(part.start, part.stop, part.step) if isinstance(part, slice) else part for part in inside]
        self._positions, self._strides, self._length = _runs(shape, positions, dtype.itemsize)
        self.span, gap = _extent(self._positions, self._strides, self._length)
        # How many axes there are before the first that tells runs apart.
        self._lead = next((axis for axis, part in enumerate(self._positions) if len(part) > 1), len(self._positions))
        self._is_one_run = self._lead == len(self._positions)
        self._is_short = self._length < SHORT_RUN
        self._is_near = gap <= NEAR
        lead = zip(self._positions[: self._lead], self._strides, strict=False)
        self._start = sum(int(part[0]) * stride for part, stride in lead)

    def read(self, file: ByteFile, offset: int, target: NDArray[Any], room: Room) -> None:
        """Read the part of the chunk that lies at an offset.

        Parameters
        ----------
        file : ByteFile
        offset : int
        target : array
            Where it goes.
        room : Room
            For what cannot go there at once.

        Raises
        ------
        DamagedFileError
            The file is cut short.
        """
        if self._is_short and not self._is_one_run:
            self._pick(file, offset, target, room)
            return
        if target.flags.c_contiguous:
            straight, data = target, target.reshape(-1).view(np.uint8).data
        else:
            straight, data = room.array(target.shape, self.dtype)
        if self._is_one_run and self._length <= PIECE:
            file.read_into(offset + self._start, data)
        else:
            for some, source in file.batches(self._pieces(offset), _place_of_piece):
                run_all(functools.partial(_read_piece, source, data), some, file.threads)
        if straight is not target:
            target[...] = straight

    def stretch(self, offset: int) -> tuple[int, int]:
        """Where the first byte lies that is wanted of the chunk at an offset, and how many there are up to the last."""
        firsts = zip(self._positions, self._strides, strict=True)
        return offset + sum(int(part[0]) * stride for part, stride in firsts), self.span

    def _pieces(self, offset: int) -> list[tuple[int, int, int]]:
        """Place in the file, place among the bytes that are wanted, and length, of what is read at a stroke."""
        starts = [
            [int(position) * stride for position in part] for part, stride in zip(self._positions, self._strides, strict=True)
        ]
        return [
            (offset + sum(corner) + done, number * self._length + done, min(PIECE, self._length - done))
            for number, corner in enumerate(itertools.product(*starts))
            for done in range(0, self._length, PIECE)
        ]

    def _pick(self, file: ByteFile, offset: int, target: NDArray[Any], room: Room) -> None:
        """Pick short runs out of what is between them, some rows at a time."""
        shape, (rows, *rest) = self.shape[self._lead :], self.inside[self._lead :]
        offset, target = offset + self._start, target[(0,) * self._lead]
        row = self._strides[self._lead]
        is_read = isinstance(rows, slice) and self._is_near and row <= BAND
        if not is_read and file.descriptor is None:
            self._pick_rows(file, offset, target, room)
            return
        if not isinstance(rows, slice):
            target[...] = _mapped(file, offset, shape, self.dtype)[(rows, *rest)]
            return
        wanted = range(shape[0])[rows]
        step = max(1, (BAND if is_read else MAPPED) // (row * wanted.step))
        bands = [(start, wanted[start : start + step]) for start in range(0, len(wanted), step)]
        for some, source in file.batches(bands, lambda band: [(offset + band[1][0] * row, (band[1][-1] + 1 - band[1][0]) * row)]):
            for start, band in some:
                place, extent = offset + band[0] * row, (band[-1] + 1 - band[0], *shape[1:])
                if is_read:
                    values, data = room.array(extent, self.dtype)
                    source.read_into(place, data)
                else:
                    values = _mapped(source, place, extent, self.dtype)
                target[start : start + step] = values[(slice(None, None, band.step), *rest)]

    def _pick_rows(self, file: ByteFile, offset: int, target: NDArray[Any], room: Room) -> None:
        """Pick short runs out of rows, of which no more is fetched than lies between the first run and the last."""
        row, positions = self._strides[self._lead], self._positions[self._lead]
        inner = PlainPart(self.shape[self._lead + 1 :], self.inside[self._lead + 1 :], self.dtype)
        rows = [(number, offset + int(position) * row) for number, position in enumerate(positions)]

        def places_of(each: tuple[int, int]) -> list[tuple[int, int]]:
            # What is far apart in a row as well is fetched bit by bit when that row is read.
            return [inner.stretch(each[1])] if inner.span <= BAND else []

        for some, source in file.batches(rows, places_of):
            for number, place in some:
                inner.read(source, place, target[number, ...], room)


def _place_of_piece(piece: tuple[int, int, int]) -> list[tuple[int, int]]:
    place, _, length = piece
    return [(place, length)]


def _read_piece(file: ByteFile, data: memoryview, piece: tuple[int, int, int]) -> None:
    place, start, length = piece
    file.read_into(place, data[start : start + length])


def _runs(shape: tuple[int, ...], positions: list[Any], itemsize: int) -> tuple[list[Any], list[int], int]:
    """Positions of runs along the axes that tell them apart, bytes from one position to the next, and bytes of a run."""
    axis = len(shape)
    length = itemsize
    while axis and isinstance(positions[axis - 1], range) and positions[axis - 1] == range(shape[axis - 1]):
        axis -= 1
        length *= shape[axis]
    strides = [length]
    for size in reversed(shape[1:axis]):
        strides.insert(0, strides[0] * size)
    before = positions[:axis]
    if before and isinstance(before[-1], range) and before[-1].step == 1:
        # Neighbours along the last of these axes lie one after another.
        length *= len(before[-1])
        before[-1] = before[-1][:1]
    return before, strides[: len(before)], length


def _extent(positions: list[Any], strides: list[int], length: int) -> tuple[int, int]:
    """Bytes from the first to the last that is wanted, and the most that are left out in one place."""
    span, gap = length, 0
    for part, stride in zip(reversed(positions), reversed(strides), strict=True):
        if len(part) > 1:
            farthest = part.step if isinstance(part, range) else int(np.diff(part).max())
            gap = max(gap, farthest * stride - span)
            span += int(part[-1] - part[0]) * stride
    return span, gap


def _mapped(file: ByteFile, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    assert file.descriptor is not None
    file.require(offset, math.prod(shape) * dtype.itemsize)
    before = offset % mmap.ALLOCATIONGRANULARITY
    length = before + math.prod(shape) * dtype.itemsize
    mapped = mmap.mmap(file.descriptor, length, access=mmap.ACCESS_READ, offset=offset - before)
    return np.ndarray(shape, dtype, mapped, before)
