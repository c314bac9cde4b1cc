"""An array of a file with more behind its end that the file does not have yet.

A recording that goes on is far too large to be read for the sake of what is added. So the two parts stay apart: what is in the
file is read where it is indexed, and only what is new is written.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, InvalidValueError

from .growing import GrowingArray, is_array, loaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from .lazy import LazyArray

__all__ = ["AppendedArray"]


class AppendedArray:
    """An array that is longer than the one in the file; the first axis is the one that grows.

    Parameters
    ----------
    base : LazyArray
        What is in the file.
    """

    def __init__(self, base: LazyArray) -> None:
        self.base = base
        self.base_length = len(base)
        self._parts: list[Any] = []
        self._tail: GrowingArray | None = None  # has room behind the last part

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.base.dtype

    @property
    def ndim(self) -> int:
        return self.base.ndim

    @property
    def chunks(self) -> tuple[int, ...] | None:
        return self.base.chunks

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.base_length + sum(map(len, self._parts)), *self.base.shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def new_parts(self) -> Iterator[tuple[int, Any]]:
        """What is not in the file, as places along the first axis and arrays."""
        starts = accumulate(map(len, self._parts), initial=self.base_length)
        yield from zip(starts, self._parts, strict=False)

    def extended(self, values: Any) -> AppendedArray:
        """The same with more along the first axis; an array of another file stays there until it is written.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The array in the file cannot hold the values.
        """
        import numpy as np

        longer = AppendedArray(self.base)
        longer.base_length = self.base_length
        if is_array(values) and not isinstance(values, np.ndarray):
            self._check(tuple(values.shape), values.dtype)
            longer._parts = [*self._parts, values]
            return longer
        new = GrowingArray(np.empty((0, *self.base.shape[1:]), self.dtype))
        new.extend(values)
        self._check(new.array.shape, new.array.dtype)
        if self._tail is not None and self._parts and self._tail.array is self._parts[-1]:
            longer._tail, longer._parts = self._tail, [*self._parts[:-1], self._tail.extend(new.array)]
        else:
            longer._tail, longer._parts = new, [*self._parts, new.array]
        return longer

    def _check(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        import numpy as np

        if shape[1:] != self.base.shape[1:]:
            raise InvalidValueError(f"expected values of shape {('n', *self.base.shape[1:])}, got {shape}")
        if not np.can_cast(dtype, self.dtype, "safe"):
            raise InvalidTypeError(f"the array in the file holds {self.dtype}; it cannot take {dtype} values without a loss")

    def __getitem__(self, key: Any) -> Any:
        import numpy as np

        first, *rest = key if isinstance(key, tuple) and key else (key,)
        length = len(self)
        if isinstance(first, (int, np.integer)) and all(isinstance(each, (int, slice)) for each in rest):
            row = int(first) + length if first < 0 else int(first)
            if not 0 <= row < length:
                raise IndexError(f"index {first} is out of bounds for an array of length {length}")
            return self._stretch(row, row + 1)[(0, *rest)]
        if isinstance(first, slice) and all(isinstance(each, (int, slice)) for each in rest):
            rows = range(*first.indices(length))
            low, high = (min(rows[0], rows[-1]), max(rows[0], rows[-1]) + 1) if len(rows) else (0, 0)
            stretch = self._stretch(low, high)
            return stretch[(slice(None) if rows.step == 1 else np.arange(rows.start, rows.stop, rows.step) - low, *rest)]
        return self._stretch(0, length)[key]

    def _stretch(self, start: int, stop: int) -> NDArray[Any]:
        """What lies between two places."""
        import numpy as np

        pieces = [loaded(self.base[start : min(stop, self.base_length)])] if start < self.base_length or start == stop else []
        for place, array in self.new_parts():
            if place < stop and place + len(array) > start:
                pieces.append(loaded(array[max(0, start - place) : stop - place]))
        return np.concatenate(pieces).astype(self.dtype, copy=False) if len(pieces) != 1 else pieces[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self._stretch(0, len(self))
        return whole if dtype is None else whole.astype(dtype)

    def __repr__(self) -> str:
        return f"<AppendedArray of shape {self.shape}, {self.dtype}, {len(self) - self.base_length} more than {self.base!r}>"
