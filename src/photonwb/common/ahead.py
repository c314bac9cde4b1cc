"""Rows that are read one by one out of a stretch of the file that is read at once.

So a loop over ten thousand rows does not ask the file ten thousand times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import is_wrapper

if TYPE_CHECKING:
    from photonwb.common.columns import VectorData

__all__ = ["ReadAhead"]

_STRETCH = 1 << 20  # bytes that are read at once in a loop over the rows
_OBJECT = 64  # and what an element counts for that is an object: a text, or a reference that must be followed
_WHOLE = 64 << 20  # a target of so many bytes is read as a whole ...
_PATIENCE = 16  # ... after so many reads here and there


class ReadAhead:
    """The stretch of an array that comes next, when it is read piece by piece in order.

    Of an array that is read here and there, and not too large, all is kept.

    Attributes
    ----------
    stretch : Stretch
        What is in memory.
    """

    __slots__ = ("_expected", "_length", "_strays", "array", "stretch", "target")

    def __init__(self, target: VectorData, array: Any) -> None:
        self.target = target
        self.array = array
        self._expected = -1
        self._strays = 0
        self.stretch = Stretch(0, 0, None)
        dtype = getattr(array, "dtype", None)
        row_bytes = dtype.itemsize if dtype is not None else 0
        row_bytes += _OBJECT if dtype is not None and dtype.hasobject else 0
        for length in getattr(array, "shape", ())[1:]:
            row_bytes *= length
        # An array in memory needs no copy of a part of it.
        in_memory = dtype is None or type(array).__module__ == "numpy" or is_wrapper(array)
        self._length = 0 if in_memory else max(1, _STRETCH // max(1, row_bytes))

    def read(self, start: int, end: int) -> Any:
        """The values between two places."""
        if not self._length or start == end:
            return self.array[start:end]
        stretch = self.stretch
        part = stretch.part(start, end)
        if part is not None:
            return part
        # Rows that follow those in memory may have been taken from there without asking here.
        in_order = start == self._expected or stretch.first < start <= stretch.last
        self._expected = end
        self._strays += not in_order
        if self._strays > _PATIENCE and len(self.array) * _STRETCH <= self._length * _WHOLE:
            self.stretch = Stretch(0, len(self.array), self.array[:])
        elif in_order and end - start < self._length:
            values = self.array[start : start + self._length]
            self.stretch = Stretch(start, start + len(values), values)
        else:
            return self.array[start:end]
        part = self.stretch.part(start, end)
        # Fewer values than there should be are there when an index leads beyond their end.
        return self.array[start:end] if part is None else part


class Stretch:
    """Values between two places of an array, in memory."""

    __slots__ = ("_array", "_bytes", "_dtype", "_itemsize", "_shape", "_values", "first", "last")

    def __init__(self, first: int, last: int, values: Any) -> None:
        self.first, self.last = first, last
        self._values: Any = None
        if values is None or values.dtype.hasobject:
            self._values = values
        else:
            import numpy as np

            # Parts of bytes are copied at once; of an array of records, member by member.
            self._bytes = bytearray(np.ascontiguousarray(values).reshape(-1).view(np.uint8))
            self._array, self._dtype, self._shape = np.ndarray, values.dtype, values.shape[1:]
            self._itemsize = values.nbytes // max(1, len(values))

    def part(self, start: int, end: int) -> Any:
        """A copy of some of them, so that a row that is kept or changed has nothing to do with the others.

        None unless they are here, and at least one.
        """
        first = self.first
        if not first <= start < end <= self.last:
            return None
        if self._values is not None:
            return self._values[start - first : end - first].copy()
        size = self._itemsize
        return self._array((end - start, *self._shape), self._dtype, self._bytes[(start - first) * size : (end - first) * size])
