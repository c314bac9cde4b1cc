"""Selections, cut into the plain blocks that a file library can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from photonwb.arrays.selection import select
from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from photonwb.arrays.selection import AxisIndex

    from .contract import Block, Dataset

__all__ = ["Box", "grown", "read_selection", "spans"]

# One range of positive step for each axis.
Box: TypeAlias = "tuple[range, ...]"

# Rows of an index array that lie closer than this are read in one go, with those between them.
NEAR = 16


def read_selection(selection: Any, shape: tuple[int, ...], read_box: Callable[[Box], NDArray[Any]]) -> NDArray[Any]:
    """Values of a selection, as numpy gives them.

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
        As numpy does.
    """
    fetch, pick = select(selection, shape)
    values = _fetched(fetch, read_box)
    # The dots keep a single value an array.
    return values if pick is None else values[(*pick, ...)]


def spans(selection: tuple[slice, ...], shape: tuple[int, ...]) -> Box:
    """The box that slices of positive step cut out of an array; axes that are not named count as whole."""
    fetch, pick = select(selection, shape)
    if pick is not None:
        raise IndexError(f"only slices of positive step can be written, not {selection!r}")
    return tuple(axis for axis in fetch if isinstance(axis, range))


def grown(dataset: Dataset, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with a start and an end for each axis; the dataset is made larger for those that reach beyond it."""
    shape = dataset.shape
    for place, values in blocks:
        if len(place) != len(shape) or any(axis.step not in (None, 1) for axis in place):
            raise InvalidValueError(f"{place} is no block of an array of {len(shape)} axes: give each a slice without a step")
        ends = tuple(length if axis.stop is None else axis.stop for axis, length in zip(place, shape, strict=True))
        needed = tuple(map(max, ends, shape))
        if needed != shape:
            dataset.resize(needed)
            shape = needed
        yield tuple(slice(axis.start or 0, end) for axis, end in zip(place, ends, strict=True)), values


def _fetched(fetch: tuple[AxisIndex, ...], read_box: Callable[[Box], NDArray[Any]]) -> NDArray[Any]:
    scattered = next((number for number, axis in enumerate(fetch) if not isinstance(axis, range)), None)
    box = [axis if isinstance(axis, range) else range(0) for axis in fetch]
    if scattered is None:
        return read_box(tuple(box))
    positions = np.asarray(fetch[scattered])
    pieces: list[NDArray[Any]] = []
    for run in np.split(positions, np.flatnonzero(np.diff(positions) > NEAR) + 1):
        box[scattered] = range(int(run[0]), int(run[-1]) + 1)
        pieces.append(read_box(tuple(box)).take(run - run[0], axis=scattered))
    return np.concatenate(pieces, axis=scattered, dtype=pieces[0].dtype)  # which would lose the order of bytes by itself
