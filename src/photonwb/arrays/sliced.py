"""Some of an array along one axis, read where it is indexed.

So a part of a file goes into another one without ever being in memory as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SlicedArray", "taken"]


def taken(data: Any, rows: NDArray[np.intp], axis: int = 0) -> Any:
    """Some of the values along an axis: of a list or an array in memory at once, of any other array when they are read.

    Parameters
    ----------
    data : list or array
    rows : array of int, ascending
    axis : int
    """
    import numpy as np

    if isinstance(data, (list, tuple)) and axis == 0:
        return [data[row] for row in rows]
    if isinstance(data, np.ndarray):
        return data.take(rows, axis)
    return SlicedArray(data, axis, rows)


class SlicedArray:
    """Some of an array along one axis.

    Parameters
    ----------
    base : array
    axis : int
    rows : array of int, ascending
        Which places along the axis.
    """

    def __init__(self, base: Any, axis: int, rows: NDArray[np.intp]) -> None:
        self.base = base
        self.axis = axis
        self.rows = rows

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.base.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(self.rows) if axis == self.axis else length for axis, length in enumerate(self.base.shape))

    @property
    def chunks(self) -> tuple[int, ...] | None:
        return getattr(self.base, "chunks", None)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        parts = list(key) if isinstance(key, tuple) else [key]
        if any(part is Ellipsis for part in parts):
            dots = next(place for place, part in enumerate(parts) if part is Ellipsis)
            parts[dots : dots + 1] = [slice(None)] * (self.ndim - len(parts) + 1)
        parts += [slice(None)] * (self.ndim - len(parts))
        parts[self.axis] = _stretch(self.rows[parts[self.axis]])
        return self.base[tuple(parts)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        whole = np.asarray(self[...])
        return whole if dtype is None else whole.astype(dtype)

    def __repr__(self) -> str:
        return f"<SlicedArray of shape {self.shape}, some of axis {self.axis} of {self.base!r}>"


def _stretch(rows: Any) -> Any:
    """Places as a slice where they follow each other, which is faster to read."""
    if rows.ndim != 1 or not rows.size:
        return slice(0, 0) if rows.ndim == 1 else int(rows)
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == rows.size and (rows[1:] > rows[:-1]).all() else rows
