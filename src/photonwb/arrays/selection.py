"""What an index of numpy asks for, in two steps: what to fetch of each axis, and what to pick out of that.

Only the first step knows of files and chunks, and it is kept simple: a range of positive step for each axis, and at most one
sorted list of positions. The second step is an index for numpy itself, so that every result is what numpy would have given,
whatever the index: negative steps, repeated and unsorted positions, masks, several index arrays, integers between them.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AxisIndex", "Selection", "counts", "fetch_key", "select", "simple_spans"]

# Positions along one axis, ascending and without repeats.
AxisIndex: TypeAlias = "range | NDArray[np.intp]"

FULL = slice(None)
# Types of the items of most indices, which need no second look.
SIMPLE = frozenset({int, slice})


class Selection(NamedTuple):
    """An index, taken apart.

    Parameters
    ----------
    fetch : tuple of range or index array
        What to fetch, for each axis. At most one index array; it is sorted and has no repeats.
    pick : tuple or None
        What numpy picks out of the fetched block; None for all of it.
    """

    fetch: tuple[AxisIndex, ...]
    pick: tuple[Any, ...] | None

    @property
    def axis_of_bands(self) -> int | None:
        """Axis of the result along which rows of the first axis follow each other, when they may be picked some at a time.

        None where there is no index array, which picks out of more than it leaves, or where the first axis is not a slice.
        """
        if self.pick is None or not isinstance(self.pick[0], slice) or self.pick[0] != FULL:
            return None
        arrays = [item for item in self.pick if isinstance(item, np.ndarray)]
        if not arrays:
            return None
        marks = [isinstance(item, (int, np.ndarray)) for item in self.pick]
        first, last = marks.index(True), len(marks) - marks[::-1].index(True)
        # numpy puts the axes of index arrays first when something lies between them.
        return 0 if all(marks[first:last]) else np.broadcast(*arrays).ndim


def select(key: Any, shape: tuple[int, ...]) -> Selection:
    """Take an index of numpy apart.

    Parameters
    ----------
    key : int, slice, Ellipsis, None, mask, index array, list, or a tuple of those
    shape : tuple of int
        Of the array that is indexed.

    Raises
    ------
    IndexError
        As numpy does: outside of the array, too many indices, an index of the wrong kind.
    """
    fetch: list[AxisIndex] = []
    pick: list[Any] = []
    has_array = False
    for item in _expanded(key, shape):
        if item is None:
            pick.append(None)
            continue
        axis = len(fetch)
        if isinstance(item, slice):
            positions, picked = _from_slice(item, shape[axis])
        elif isinstance(item, int):
            positions, picked = _from_integer(item, shape[axis], axis)
        else:
            positions, picked = _from_array(item, shape[axis], axis, spread=has_array)
            has_array = True
        fetch.append(positions)
        pick.append(picked)
    special = [place for place, item in enumerate(pick) if item is not FULL]
    whole = not special or (len(special) == 1 and _is_all(pick[special[0]], fetch, special[0]))
    return Selection(tuple(fetch), None if whole else tuple(pick))


def _is_all(item: Any, fetch: list[AxisIndex], axis: int) -> bool:
    """Whether the one item that is no full slice is an index array that picks all that was fetched, as it comes."""
    return isinstance(item, np.ndarray) and item.ndim == 1 and np.array_equal(item, np.arange(len(fetch[axis])))


def simple_spans(key: Any, shape: tuple[int, ...]) -> list[int | range] | None:
    """Position or positions along each axis, of an index of integers and slices of positive step that leads to some element.

    None for any other index. This is the short way for most of them: `select` takes several times as long.
    """
    items = cast("tuple[Any, ...]", key) if type(key) is tuple else (key,)
    if not 0 < len(items) <= len(shape):
        return None
    spans: list[int | range] = []
    for item, length in zip(items, shape, strict=False):
        if type(item) is slice:
            start, stop, step = item.indices(length)
            if step < 1 or stop <= start:
                return None
            spans.append(range(start, stop, step))
        elif type(item) is int or isinstance(item, np.integer):
            position = int(item) + length if item < 0 else int(item)
            if not 0 <= position < length:
                return None
            spans.append(position)
        else:
            return None
    spans += map(range, shape[len(items) :])
    return None if 0 in shape else spans


def counts(fetch: tuple[AxisIndex, ...]) -> tuple[int, ...]:
    """Shape of the block that is fetched."""
    return tuple(map(len, fetch))


def fetch_key(fetch: tuple[AxisIndex, ...]) -> tuple[Any, ...]:
    """The same as an index of slices and at most one index array."""
    return tuple(slice(axis.start, axis.stop, axis.step) if isinstance(axis, range) else axis for axis in fetch)


def _expanded(key: Any, shape: tuple[int, ...]) -> list[Any]:
    """One item for each axis, and None for each new one; masks become index arrays, as numpy defines them."""
    given = cast("tuple[Any, ...]", key if isinstance(key, tuple) else (key,))
    if len(given) <= len(shape) and SIMPLE.issuperset(map(type, given)):
        return [*given, *[FULL] * (len(shape) - len(given))]
    items: list[Any] = []
    used = 0
    for item in given:
        plain = _plain_items(item, shape, used)
        items += plain
        used += 0 if item is None or item is Ellipsis else len(plain)
    dots = [place for place, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if used > len(shape):
        raise IndexError(f"too many indices for array: array is {len(shape)}-dimensional, but {used} were indexed")
    place = dots[0] if dots else len(items)
    return [*items[:place], *[FULL] * (len(shape) - used), *items[place + 1 :]]


def _plain_items(item: Any, shape: tuple[int, ...], axis: int) -> list[Any]:
    if item is None or item is Ellipsis or isinstance(item, slice):
        return [item]
    if not isinstance(item, (bool, np.bool_)):
        try:
            return [operator.index(item)]
        except TypeError:
            pass
    array = np.asarray(item)
    if array.dtype == bool and array.ndim:
        return _mask_positions(array, shape)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype(np.intp)  # an empty list
    if array.dtype.kind not in "iu":
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid "
            f"indices, not {item!r} for axis {axis}"
        )
    return [array]


def _mask_positions(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> list[Any]:
    return [_Masked(positions, length) for positions, length in zip(np.nonzero(mask), mask.shape, strict=True)]


class _Masked(NamedTuple):
    """Positions along one axis of a mask, and the length that the axis must have."""

    positions: NDArray[np.intp]
    length: int


def _from_slice(item: slice, length: int) -> tuple[AxisIndex, Any]:
    positions = range(*item.indices(length))
    if not positions:
        return range(0), FULL
    if positions.step < 0:
        return positions[::-1], slice(None, None, -1)
    return range(positions.start, positions[-1] + 1, positions.step), FULL


def _from_integer(item: int, length: int, axis: int) -> tuple[AxisIndex, Any]:
    if not -length <= item < length:
        raise IndexError(f"index {item} is out of bounds for axis {axis} with size {length}")
    item %= length
    return range(item, item + 1), 0


def _from_array(item: Any, length: int, axis: int, *, spread: bool) -> tuple[AxisIndex, Any]:
    """Positions to fetch, and those of the index array in what was fetched; a second index array fetches all that it spans."""
    if isinstance(item, _Masked):
        if item.length != length:
            raise IndexError(
                f"boolean index did not match indexed array along axis {axis}; size of axis is {length} but size of "
                f"corresponding boolean axis is {item.length}"
            )
        index = item.positions
    else:
        index = _inside(item, length, axis)
    if not index.size:
        return range(0), index
    first, last = int(index.min()), int(index.max())
    if spread or index.size > last - first:
        return range(first, last + 1), index - first
    distinct, places = np.unique(index, return_inverse=True)
    return distinct, places.reshape(index.shape)


def _inside(index: NDArray[Any], length: int, axis: int) -> NDArray[np.intp]:
    outside = (index < -length) | (index >= length)
    if outside.any():
        raise IndexError(f"index {index[outside][0]} is out of bounds for axis {axis} with size {length}")
    index = index.astype(np.intp)
    return np.where(index < 0, index + length, index)
