"""Selections of numpy, taken apart into the plain blocks that a file library can read."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Box", "read_selection", "spans"]

# One range of positive step for each axis.
Box: TypeAlias = "tuple[range, ...]"

# Rows of an index array that lie closer than this are read in one go, with those between them.
NEAR = 16


class _Axis(NamedTuple):
    """What is wanted along one axis: a range, or scattered positions in any order."""

    wanted: range | NDArray[np.intp]
    dropped: bool = False


def read_selection(selection: Any, shape: tuple[int, ...], read_box: Callable[[Box], NDArray[Any]]) -> NDArray[Any]:
    """Values of a basic selection with at most one index array, as numpy gives them.

    Parameters
    ----------
    selection : int, slice, Ellipsis, index or boolean array, or a tuple of them
    shape : tuple of int
        Of the array that is read.
    read_box : callable
        Gives the array of a `Box`, all axes kept.

    Raises
    ------
    IndexError
        A position outside of the array, too many of them, or more than one index array.
    """
    parts = _expanded(selection, len(shape))
    axes = [_axis(part, length, number) for number, (part, length) in enumerate(zip(parts, shape, strict=True))]
    scattered = [number for number, axis in enumerate(axes) if not isinstance(axis.wanted, range)]
    if len(scattered) > 1:
        raise IndexError("at most one index array can be read at a time")
    values = _read_scattered(axes, scattered[0], read_box) if scattered else _read_ranges(axes, read_box)
    values = values.reshape([length for length, axis in zip(values.shape, axes, strict=True) if not axis.dropped])
    if scattered and _is_split([axis.dropped or number in scattered for number, axis in enumerate(axes)]):
        # numpy puts the axis of an index array first when slices lie between it and an integer.
        place = sum(not axis.dropped for axis in axes[: scattered[0]])
        values = np.moveaxis(values, place, 0)
    return values


def spans(selection: tuple[slice, ...], shape: tuple[int, ...]) -> Box:
    """The box that slices of positive step cut out of an array; axes that are not named count as whole."""
    if len(selection) > len(shape):
        raise IndexError(f"{len(selection)} slices for an array of {len(shape)} axes")
    slices = (*selection, *(slice(None) for _ in range(len(shape) - len(selection))))
    box = tuple(range(*part.indices(length)) for part, length in zip(slices, shape, strict=True))
    if any(part.step < 0 for part in box):
        raise IndexError("slices with a negative step cannot be written")
    return box


def _expanded(selection: Any, axes: int) -> list[Any]:
    parts: list[Any] = list(selection) if isinstance(selection, tuple) else [selection]
    dots = [number for number, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    missing = axes - (len(parts) - len(dots))
    if missing < 0:
        raise IndexError(f"too many indices: the array has {axes} axes, {len(parts) - len(dots)} were indexed")
    place = dots[0] if dots else len(parts)
    return [*parts[:place], *(slice(None) for _ in range(missing)), *parts[place + 1 :]]


def _axis(part: Any, length: int, number: int) -> _Axis:
    if isinstance(part, slice):
        return _Axis(range(*part.indices(length)))
    if isinstance(part, (np.ndarray, list, tuple)) and np.ndim(part) > 0:
        return _Axis(_positions(np.asarray(part), length, number))
    if isinstance(part, (bool, np.bool_)):
        raise IndexError("a boolean is not a position")
    try:
        position = operator.index(cast("Any", part))
    except TypeError:
        raise IndexError(f"only integers, slices, '...' and one index array are read, not {part!r}") from None
    if not -length <= position < length:
        raise IndexError(f"index {position} is out of bounds for axis {number} with size {length}")
    position %= length
    return _Axis(range(position, position + 1), dropped=True)


def _positions(index: NDArray[Any], length: int, number: int) -> NDArray[np.intp]:
    if index.ndim > 1:
        raise IndexError(f"an index array must have one axis, got {index.ndim}")
    if index.dtype == bool:
        if len(index) != length:
            raise IndexError(f"boolean index did not match axis {number}: its size is {length}, the index has {len(index)}")
        return np.flatnonzero(index)
    if index.size and index.dtype.kind not in "iu":
        raise IndexError(f"an index array must hold integers or booleans, got {index.dtype}")
    positions = index.astype(np.intp)
    outside = (positions < -length) | (positions >= length)
    if outside.any():
        raise IndexError(f"index {positions[outside][0]} is out of bounds for axis {number} with size {length}")
    return np.where(positions < 0, positions + length, positions)


def _read_ranges(axes: list[_Axis], read_box: Callable[[Box], NDArray[Any]]) -> NDArray[Any]:
    ranges = [axis.wanted for axis in axes if isinstance(axis.wanted, range)]
    values = read_box(tuple(wanted if wanted.step > 0 else wanted[::-1] for wanted in ranges))
    flips = tuple(slice(None, None, 1 if wanted.step > 0 else -1) for wanted in ranges)
    return values[flips]


def _read_scattered(axes: list[_Axis], number: int, read_box: Callable[[Box], NDArray[Any]]) -> NDArray[Any]:
    """Each run of near positions is read as one range; then the wanted ones are picked out."""
    wanted = np.asarray(axes[number].wanted)
    if not wanted.size:
        return _read_ranges([*axes[:number], _Axis(range(0)), *axes[number + 1 :]], read_box)
    distinct, inverse = np.unique(wanted, return_inverse=True)
    runs = np.split(distinct, np.flatnonzero(np.diff(distinct) > NEAR) + 1)
    pieces: list[NDArray[Any]] = []
    for run in runs:
        whole = _Axis(range(int(run[0]), int(run[-1]) + 1))
        piece = _read_ranges([*axes[:number], whole, *axes[number + 1 :]], read_box)
        pieces.append(piece.take(run - run[0], axis=number))
    return np.concatenate(pieces, axis=number).take(inverse, axis=number)


def _is_split(marks: list[bool]) -> bool:
    """Whether something unmarked lies between two marked axes."""
    first, last = marks.index(True), len(marks) - marks[::-1].index(True)
    return not all(marks[first:last])
