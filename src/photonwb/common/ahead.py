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
    """

    __slots__ = ("_expected", "_length", "_strays", "_stretch", "array", "target")

    def __init__(self, target: VectorData, array: Any) -> None:
        self.target = target
        self.array = array
        self._expected = -1
        self._strays = 0
        self._stretch = _Stretch(0, 0, None)
        dtype = getattr(array, "dtype", None)
        row_bytes = dtype.itemsize if dtype is not None else 0
        row_bytes += _OBJECT if dtype is not None and dtype.hasobject else 0
        for length in getattr(array, "shape", ())[1:]:
            row_bytes *= length
        # An array in memory needs no copy of a part of it.
        in_memory = dtype is None or type(array).__module__ == "numpy" or is_wrapper(array)
        self._length = 0 if in_memory else max(1, _STRETCH // max(1, row_bytes))

    def kept(self, array: Any, start: int, end: int) -> Any:
        """The values between two places of the array, None unless they are in memory."""
        stretch = self._stretch
        if array is not self.array or not stretch.first <= start < end <= stretch.last:
            return None
        self._expected = end
        return stretch.part(start, end)

    def read(self, start: int, end: int) -> Any:
        """The values between two places."""
        if not self._length or start == end:
            return self.array[start:end]
        stretch = self._stretch
        if not stretch.first <= start <= end <= stretch.last:
            in_order = start == self._expected
            self._expected = end
            self._strays += not in_order
            if self._strays > _PATIENCE and len(self.array) * _STRETCH <= self._length * _WHOLE:
                stretch = _Stretch(0, len(self.array), self.array[:])
            elif in_order and end - start < self._length:
                values = self.array[start : start + self._length]
                stretch = _Stretch(start, start + len(values), values)
            else:
                return self.array[start:end]
            self._stretch = stretch
        self._expected = end
        return stretch.part(start, end)


class _Stretch:
    """Values between two places of an array, in memory."""

    __slots__ = ("_array", "_bytes", "_itemsize", "_shape", "_values", "first", "last")

    def __init__(self, first: int, last: int, values: Any) -> None:
        self.first, self.last = first, last
        self._values = values
        self._bytes: Any = None
        if values is not None and not values.dtype.hasobject:
            import numpy as np

            values = np.ascontiguousarray(values)
            self._array: Any = np.ndarray
            self._bytes, self._shape = values.reshape(-1).view(np.uint8).data, values.shape[1:]
            self._itemsize = values.nbytes // max(1, len(values))

    def part(self, start: int, end: int) -> Any:
        """A copy of some of them, so that a row that is kept or changed has nothing to do with the others."""
        values, first = self._values, self.first
        if self._bytes is None:
            return values[start - first : end - first].copy()
        # An array made of bytes: numpy would copy records member by member.
        size = self._itemsize
        copied = bytearray(self._bytes[(start - first) * size : (end - first) * size])
        return self._array((end - start, *self._shape), values.dtype, copied)
