"""The regions of a table, read when they are needed.

A table in a file may hold a terabyte of image masks. Asking for one region reads one mask; asking for all goes through the masks
in blocks and keeps what is not zero.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.growing import is_wrapper
from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError
from photonwb.regions.masks import DIMENSIONS, as_mask, check_inside, mask_dtype
from photonwb.regions.rois import RoiSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from photonwb.segmentation import PlaneSegmentation

    Array = NDArray[Any]

__all__ = ["TableRois", "rois_of"]

_BLOCK_BYTES = 32 << 20


def rois_of(table: PlaneSegmentation) -> TableRois:
    """The regions of a table, by the first of its kinds of masks that can be understood; see `PlaneSegmentation.rois`."""
    shapes, problems = table._image_shapes(), list[str]()
    known = shapes.reference or shapes.masks
    for name in table._mask_names():
        found = _problems(table, name)
        problems += found
        if found:
            continue
        column: Any = table._member(name)
        if name == "image_mask":
            if shapes.masks is not None:
                return TableRois(column.data, None, len(shapes.masks), shapes.masks)
            continue
        dimensions, index = DIMENSIONS[name], cast("Any", table._member(f"{name}_index"))
        shape = known[:dimensions] if known is not None and len(known) >= dimensions else None
        return TableRois(column.data, index.data, dimensions, shape)
    if problems and len(table):
        raise InvalidValueError("; ".join(problems))
    return TableRois([], [], 2, known and known[:2])


def _problems(table: PlaneSegmentation, name: str) -> list[str]:
    """What is wrong with the columns of one kind of masks."""
    if name == "image_mask":
        return _problem(table, name, "VectorData, an array (n, x, y) or (n, x, y, z)", _are_images)
    pixels = f"VectorData, an array (pixels, {DIMENSIONS[name] + 1}) or one of records"
    return [
        *_problem(table, name, pixels, lambda shape, dtype: _are_pixels(shape, dtype, DIMENSIONS[name])),
        *_problem(table, f"{name}_index", "VectorIndex, an array (n,) of whole numbers", _are_ends),
    ]


def _problem(table: PlaneSegmentation, name: str, wanted: str, fits: Callable[[Any, Any], bool]) -> list[str]:
    column, stored = table._member(name), table._stored
    got = "none"
    if column is not None:
        values = column.data
        shape = () if isinstance(values, (str, bytes, int, float)) else shape_of(values)
        dtype = getattr(values, "dtype", None)
        if shape is None or shape == (0,) or fits(shape, dtype):
            return []
        got = f"shape {shape} of {dtype or type(values).__name__}"
    place = table._label() if stored is None else f"{stored.location}: {stored.path}"
    return [f"{place}/{name}: expected {wanted}, got {got}"]


def _are_images(shape: Any, dtype: Any) -> bool:
    return len(shape) in (3, 4) or shape[:1] == (0,)


def _are_pixels(shape: Any, dtype: Any, dimensions: int) -> bool:
    if len(shape) == 1:
        return dtype is None or dtype.names is not None or dtype.hasobject
    return len(shape) == 2 and shape[1] == dimensions + 1


def _are_ends(shape: Any, dtype: Any) -> bool:
    return len(shape) == 1 and (dtype is None or dtype.kind in "iu")


class TableRois(RoiSet):
    """Regions of a table: one alone is read by itself, all of them for anything else.

    Parameters
    ----------
    data : array-like
        What the mask column holds: images (n, x, y) or (n, x, y, z), or the pixels of all regions.
    ends : array-like or None
        Where each region ends in `data`; None for images.
    dimensions : int
        2 for pixels, 3 for voxels.
    image_shape : tuple of int, optional
        What the table tells of the shape of the images; dropped with a warning where the masks contradict.
    """

    def __init__(self, data: Any, ends: Any, dimensions: int, image_shape: tuple[int, ...] | None) -> None:
        self._data = _as_it_is_now(data)
        self._ends_data = _as_it_is_now(ends)
        self._dimensions = dimensions
        self._image_shape = image_shape
        self._loaded: RoiSet | None = None

    @property
    def values(self) -> Array:
        return self._load().values

    @property
    def ends(self) -> Array:
        return self._load().ends

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def _check_shape(self, shape: Sequence[int]) -> None:
        if self._loaded is None:
            self._image_shape = None  # replaced anyway
        super()._check_shape(shape)

    def __len__(self) -> int:
        return len(self._data if self._ends_data is None else self._ends_data)

    def _load(self) -> RoiSet:
        if self._loaded is None:
            self._loaded = self._read_images() if self._ends_data is None else self._read_pixels()
            if self._image_shape is not None:
                try:
                    check_inside(self._loaded.values, self._image_shape, "regions")
                except InvalidValueError as error:
                    warnings.warn(f"{error}; the shape of the image is taken to be unknown", stacklevel=4)
                    self._image_shape = None
        return self._loaded

    def _read_pixels(self) -> RoiSet:
        import numpy as np

        ends = np.asarray(self._ends_data[:])
        used = int(ends[-1]) if len(ends) else 0
        return RoiSet(as_mask(self._data[:used], self._dimensions), ends)

    def _read_images(self) -> RoiSet:
        import numpy as np

        count = len(self)
        pixels = int(np.prod(self._image_shape or (1,)))
        step = max(1, _BLOCK_BYTES // (8 * max(pixels, 1)))
        parts = [RoiSet.from_images(np.asarray(self._data[start : start + step])) for start in range(0, count, step)]
        values = [part.values for part in parts] or [np.empty(0, mask_dtype(self._dimensions))]
        areas = [part.areas() for part in parts] or [np.empty(0, np.int64)]
        return RoiSet(np.concatenate(values), np.concatenate(areas).cumsum())

    def _mask(self, row: int) -> Array:
        import numpy as np

        if self._loaded is not None:
            return self._loaded._mask(row)
        if self._ends_data is None:
            return RoiSet.from_images(np.asarray(self._data[row])[np.newaxis]).values
        start = int(self._ends_data[row - 1]) if row else 0
        return as_mask(self._data[start : int(self._ends_data[row])], self._dimensions)


def _as_it_is_now(data: Any) -> Any:
    """What a column holds, without what will be added to it. (An array is replaced when it grows, a list is not.)"""
    data = data.data if is_wrapper(data) else data
    return list(data) if isinstance(data, list) else data
