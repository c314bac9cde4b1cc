"""Masks of many regions, each in a form of its own, made into one array."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import as_opaque, empty_array
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.regions.masks import as_mask, fill, mask_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from photonwb.arrays.growing import GrowingArray
    from photonwb.typing import ArrayLike

    Array = NDArray[Any]

__all__ = ["joined"]

_BATCH = 16  # masks that are joined at once


def joined(masks: Iterable[ArrayLike], dimensions: int, place: str) -> tuple[GrowingArray, Array, bool]:
    """Masks one after the other, where each of them ends, and whether all of their numbers were found to be ordinary ones.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        As `masks.as_mask`, with the number of the mask.
    """
    import numpy as np

    each: list[Any] = list(masks)
    try:
        growing, are_ordinary = _joined(each, dimensions, place)
    except (InvalidValueError, InvalidTypeError):
        for number, mask in enumerate(each):
            as_mask(mask, dimensions, f"{place} {number}")  # says which one it is
        raise
    return growing, np.fromiter(map(len, each), np.int64, len(each)).cumsum(), are_ordinary


def _joined(masks: list[Any], dimensions: int, place: str) -> tuple[GrowingArray, bool]:
    growing = empty_array(mask_dtype(dimensions))
    values = growing.room(sum(map(len, masks)))
    stop, are_ordinary = 0, True
    for first in range(0, len(masks), _BATCH):
        for part in _batch(masks[first : first + _BATCH], dimensions, place):
            start, stop = stop, stop + len(part)
            if stop > len(values):
                raise InvalidValueError(f"{place}: expected pixels along the first axis of each mask")
            if part.dtype.names is None:
                are_ordinary &= fill(growing, part, place, start)
            else:
                as_opaque(values)[start:stop] = as_opaque(part)
                are_ordinary = False
    growing.extend(values)
    return growing, are_ordinary


def _batch(masks: list[Any], dimensions: int, place: str) -> list[Array]:
    """Masks as tables of numbers or as records, looked at one by one only where they differ in kind."""
    import numpy as np

    kinds = set(map(type, masks))
    if kinds == {list}:
        return [as_mask(list(chain.from_iterable(masks)), dimensions, place)]
    if kinds == {np.ndarray}:
        with suppress(ValueError, TypeError):
            table = np.concatenate(masks)
            if table.ndim == 2 and table.shape[1] == dimensions + 1 and table.dtype.kind in "iufb":
                return [table]
    return [as_mask(mask, dimensions, place) for mask in masks]
