"""Arrays seen with two axes exchanged, read only where they are indexed.

The standard stores images with the horizontal axis first; every image library wants rows first.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SwappedAxes", "swapped"]


def swapped(data: Any, first: int, second: int) -> Any:
    """Exchange two axes without copying.

    Parameters
    ----------
    data : array-like
        What knows how to do it (numpy, dask) does it; anything else is wrapped.
    first, second : int
        The axes, counted from 0.
    """
    if isinstance(data, (list, tuple)):
        import numpy as np

        data = np.asarray(data)
    return data.swapaxes(first, second) if hasattr(data, "swapaxes") else SwappedAxes(data, first, second)


class SwappedAxes:
    """A view of an array with two axes exchanged.

    Takes integers, slices, an Ellipsis and at most one index array, each of which picks along its own axis.
    """

    def __init__(self, data: Any, first: int, second: int) -> None:
        self._data = data
        self._order = list(range(len(shape_of(data) or ())))
        self._order[first], self._order[second] = second, first

    @property
    def shape(self) -> tuple[int, ...]:
        shape: Any = shape_of(self._data)
        return tuple(shape[axis] for axis in self._order)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._data.dtype

    @property
    def ndim(self) -> int:
        return len(self._order)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        import numpy as np

        picks = self._pick_for_each_axis(key)
        # An integer becomes a slice of one, so that all axes are there to be exchanged; it is dropped from what was read.
        drop = tuple(slice(None) if isinstance(pick, slice) or hasattr(pick, "__len__") else 0 for pick in picks)
        wide = [pick if kept else slice(pick, pick + 1) for pick, kept in zip(picks, drop, strict=True)]
        values = np.asarray(self._data[tuple(wide[axis] for axis in self._order)])
        return values.transpose(self._order)[drop]

    def _pick_for_each_axis(self, key: Any) -> list[Any]:
        parts = list(key) if isinstance(key, tuple) else [key]
        dots = [place for place, part in enumerate(parts) if part is Ellipsis] or [len(parts)]
        missing = [slice(None)] * (self.ndim - len(parts) + (len(parts) > dots[0]))
        parts[dots[0] : dots[0] + 1] = missing
        if len(parts) != self.ndim:
            raise IndexError(f"an array of {self.ndim} axes cannot be indexed with {key!r}")
        return [
            part if isinstance(part, slice) or hasattr(part, "__len__") else _place(part, length)
            for part, length in zip(parts, self.shape, strict=True)
        ]

    def to_dask(self, chunks: Any = None) -> Any:
        """The same array as one of dask; see `LazyArray.to_dask`."""
        from .dask_arrays import dask_array

        exchanged = dask_array(self._data).transpose(self._order)
        return exchanged if chunks is None else exchanged.rechunk(chunks)

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy as np

        return np.asarray(self[...], dtype=dtype)

    def __repr__(self) -> str:
        return f"<SwappedAxes of {self._data!r}, shape {self.shape}>"


def _place(position: Any, length: int) -> int:
    """An index from the start for one that may count from the end."""
    place = index(position)
    if not -length <= place < length:
        raise IndexError(f"index {place} is outside an axis of length {length}")
    return place % length
