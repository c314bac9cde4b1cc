"""All regions of a segmentation at once, whatever kind of masks they came as.

A region is a few hundred pixels of a quarter of a million, so a set of regions is kept as what it is: the pixels of all regions
one after the other, and where each region ends. Images are made when they are asked for, one at a time. This is also the form in
which files keep pixel masks, so that reading and writing a set copies nothing.

Coordinates are those of the standard, see `masks`.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.growing import as_opaque, empty_array
from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidTypeError, InvalidValueError, OutOfRangeError
from photonwb.model.checks import describe_value
from photonwb.regions.masks import AXES, as_mask, axis_order, check_inside, fill, mask_dtype, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from photonwb.arrays.growing import GrowingArray
    from photonwb.typing import ArrayLike

    Array = NDArray[Any]

__all__ = ["Roi", "RoiSet", "joined"]

_BATCH = 16  # masks that are joined at once


class Roi(NamedTuple):
    """The pixels of one region.

    Attributes
    ----------
    coordinates : (n, 2) or (n, 3) integer array
        x, y (and z) of each pixel.
    weights : (n,) float array
    """

    coordinates: Array
    weights: Array


class RoiSet:
    """Regions of interest, sparse.

    Parameters
    ----------
    values : structured array
        The pixels of all regions, one region after the other; see `masks.mask_dtype`.
    ends : (n,) integers
        Where each region ends in `values`; it begins where the one before ends.
    image_shape : (x, y) or (x, y, z), optional
        Shape of the images that the pixels are of; needed to make images, labels and matrices.

    Raises
    ------
    InvalidValueError
        Ends that do not fit the values, or a pixel outside the image.
    """

    def __init__(self, values: ArrayLike, ends: ArrayLike, image_shape: Sequence[int] | None = None) -> None:
        import numpy as np

        names = getattr(getattr(values, "dtype", None), "names", None) or ()
        self._values = as_mask(values, 3 if "z" in names or (shape_of(values) or ())[1:] == (4,) else 2)
        self._ends = _checked_ends(np.asarray(ends), len(self._values))
        self._image_shape: tuple[int, ...] | None = None
        self.image_shape = image_shape

    @property
    def values(self) -> Array:
        """The pixels of all regions, one region after the other."""
        return self._values

    @property
    def ends(self) -> Array:
        """Where each region ends in `values`."""
        return self._ends

    @property
    def dimensions(self) -> int:
        """2 for regions of an image, 3 for regions of a volume."""
        return len(self.values.dtype.names or ()) - 1

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """Shape (x, y) or (x, y, z) of the images that the pixels are of; None where nothing tells it. May be set."""
        return self._image_shape

    @image_shape.setter
    def image_shape(self, shape: Sequence[int] | None) -> None:
        if shape is not None:
            self._check_shape(shape)
        self._image_shape = None if shape is None else tuple(int(length) for length in shape)

    def _check_shape(self, shape: Sequence[int]) -> None:
        if len(shape) != self.dimensions:
            raise InvalidValueError(f"{self!r}.image_shape: expected {self.dimensions} lengths, got {tuple(shape)}")
        check_inside(self.values, shape, "regions")

    # ---- from other forms

    @classmethod
    def from_masks(
        cls, masks: Iterable[ArrayLike], image_shape: Sequence[int] | None = None, dimensions: int = 2, place: str = "mask"
    ) -> RoiSet:
        """Set of one mask per region, each in any form that `masks.as_mask` takes; `place` is what messages call a mask."""
        growing, ends, _ = joined(masks, dimensions, place)
        return cls(growing.array, ends, image_shape)

    @classmethod
    def from_images(cls, images: ArrayLike) -> RoiSet:
        """Set of a stack of image masks (n, x, y) or (n, x, y, z); the weights get single precision."""
        import numpy as np

        stack = np.asarray(images)
        if stack.ndim not in (3, 4) or stack.dtype.kind not in "iufb":
            raise InvalidValueError(
                f"image masks: expected numbers of shape (n, x, y) or (n, x, y, z), got {describe_value(images)}"
            )
        (rows, *indices), weights = members(stack)
        return cls(_assembled(indices, weights), np.bincount(rows, minlength=len(stack)).cumsum(), stack.shape[1:])

    @classmethod
    def from_labels(cls, labels: ArrayLike) -> RoiSet:
        """Set of a label image (x, y) or (x, y, z): a region of weight 1 for each label, in rising order; 0 is no region.

        Raises
        ------
        InvalidValueError
            Labels that are negative or not whole numbers.
        """
        import numpy as np

        image = np.asarray(labels)
        if image.ndim not in (2, 3) or image.dtype.kind not in "iub":
            raise InvalidValueError(f"label image: expected whole numbers, 2-D or 3-D, got {image.dtype} of shape {image.shape}")
        indices, found = members(image)
        if image.dtype.kind == "i" and len(found) and found.min() < 0:
            raise InvalidValueError(f"label image: expected labels >= 0, got {found.min()}")
        order = np.argsort(found, kind="stable")
        counts = np.unique(found, return_counts=True)[1]
        return cls(_assembled([axis[order] for axis in indices], np.ones(len(order))), counts.cumsum(), image.shape)

    @classmethod
    def from_sparse(cls, matrix: Any, image_shape: Sequence[int], order: str = "C") -> RoiSet:
        """Set of a sparse matrix of (regions, pixels); undoes `sparse`.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array
            Entries of the same place count together, as everywhere in scipy.
        image_shape : (x, y) or (x, y, z)
            Shape of the images that the rows are.
        order : {"C", "F"}
            How an image became a row: "F" where the first axis runs fastest.
        """
        import numpy as np

        n_pixels = int(np.prod(image_shape))
        if len(matrix.shape) != 2 or matrix.shape[1] != n_pixels:
            hint = "; give the transposed matrix" if matrix.shape[0] == n_pixels else ""
            raise InvalidValueError(f"sparse masks: expected shape (regions, {n_pixels}), got {tuple(matrix.shape)}{hint}")
        rows: Any = matrix.tocsr()
        if not rows.has_canonical_format:
            rows = rows.copy()
            rows.sum_duplicates()
        (kept,), weights = members(rows.data)
        indices = np.unravel_index(rows.indices[kept], tuple(image_shape), order="F" if order == "F" else "C")
        return cls(_assembled(indices, weights), np.searchsorted(kept, rows.indptr[1:]), image_shape)

    # ---- one region, some regions

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[Roi]:
        return (_roi(values) for values in self.masks())

    def __getitem__(self, key: Any) -> Any:
        """One region (`Roi`) for a number; a smaller set for a slice, a list of numbers or an array of booleans."""
        import numpy as np

        if isinstance(key, (int, np.integer)):
            if not -len(self) <= key < len(self):
                raise OutOfRangeError(f"regions: there is no region {key}, of {len(self)}")
            return _roi(self._mask(range(len(self))[key]))
        rows = np.arange(len(self))[key]
        starts, counts = self._starts()[rows], self.areas()[rows]
        ends = counts.cumsum()
        picked = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
        return RoiSet(self.values[picked], ends, self.image_shape)

    def masks(self) -> list[Array]:
        """The pixel (or voxel) mask of each region, a structured array that shares the memory of `values`."""
        starts = self._starts()
        return [self.values[start:end] for start, end in zip(starts, self.ends, strict=True)]

    def _mask(self, row: int) -> Array:
        return self.values[self.ends[row - 1] if row else 0 : self.ends[row]]

    def _starts(self) -> Array:
        import numpy as np

        return np.concatenate((np.zeros(1, np.int64), self.ends[:-1])) if len(self) else np.empty(0, np.int64)

    def _rows(self) -> Array:
        """Number of the region of each pixel."""
        import numpy as np

        return np.repeat(np.arange(len(self)), self.areas())

    # ---- measures

    def areas(self) -> Array:
        """Number of pixels of each region."""
        import numpy as np

        return np.diff(self.ends, prepend=0)

    def centroids(self) -> Array:
        """Centre of each region, (n, 2) or (n, 3), pixels counting by their weight; NaN where the weights add up to nothing."""
        import numpy as np

        rows, weights = self._rows(), self.values["weight"].astype(float)
        sums = [np.bincount(rows, weights * self.values[axis], len(self)) for axis in AXES[: self.dimensions]]
        with np.errstate(invalid="ignore", divide="ignore"):
            centres: Array = np.stack(sums, axis=1) / np.bincount(rows, weights, len(self))[:, np.newaxis]
        centres[~np.isfinite(centres)] = np.nan
        return centres

    def bounding_boxes(self) -> Array:
        """Smallest box around each region, (n, 2, 2) or (n, 2, 3): first and one past the last x, y (and z); zeros for none."""
        import numpy as np

        boxes = np.zeros((len(self), 2, self.dimensions), np.int64)
        filled = self.areas() > 0
        starts = self._starts()[filled]
        for number, axis in enumerate(AXES[: self.dimensions] if len(starts) else ""):
            coordinate = self.values[axis].astype(np.int64)
            boxes[filled, 0, number] = np.minimum.reduceat(coordinate, starts)
            boxes[filled, 1, number] = np.maximum.reduceat(coordinate, starts) + 1
        return boxes

    # ---- to other forms

    def image(self, row: int, axes: str | None = None, dtype: DTypeLike = "float32") -> Array:
        """Image of one region.

        Parameters
        ----------
        row : int
        axes : str, optional
            Order of the axes: "xy" (or "xyz") as images are stored, unless given; "yx" for rows and columns.
        dtype
            Element type of the image.
        """
        import numpy as np

        shape = self._known_shape()
        order = axis_order(axes or AXES[: len(shape)], len(shape))
        mask = self._mask(range(len(self))[row])
        image = np.zeros(shape, dtype)
        image[tuple(mask[axis] for axis in AXES[: len(shape)])] = mask["weight"]
        return image.transpose(order)

    def sparse(self) -> Any:
        """All regions as a sparse matrix of (regions, pixels), the pixels in the order of `image.reshape(-1)`.

        Returns
        -------
        scipy.sparse.csr_array
            `matrix[[i]].toarray().reshape(image_shape)` is the image of region i.
        """
        import numpy as np
        from scipy.sparse import csr_array

        columns, rows, weights = self._flat(), self._rows(), self.values["weight"]
        ends = self.ends
        # Of a pixel that a region names twice the last weight counts, as in an image; scipy would add them up.
        key = rows * int(np.prod(self._known_shape())) + columns
        if not (np.diff(key) > 0).all():
            kept = len(key) - 1 - np.unique(key[::-1], return_index=True)[1]
            columns, weights = columns[kept], weights[kept]
            ends = np.bincount(rows[kept], minlength=len(self)).cumsum()
        starts = np.concatenate((np.zeros(1, np.int64), ends))
        return csr_array((weights, columns, starts), shape=(len(self), int(np.prod(self._known_shape()))))

    def labels(self) -> Array:
        """Label image: for each pixel the number of its region, counted from 1, and 0 for none.

        A pixel of several regions goes to the one that gives it most weight, to the first of those that give the same.
        """
        import numpy as np

        shape = self._known_shape()
        rows = self._rows()
        order = np.lexsort((-rows, self.values["weight"]))
        image = np.zeros(int(np.prod(shape)), np.int32)
        image[self._flat()[order]] = rows[order] + 1
        return image.reshape(shape)

    def _known_shape(self) -> tuple[int, ...]:
        if self.image_shape is None:
            raise InvalidValueError(f"{self!r}: nothing tells the shape of the images; set it: rois.image_shape = (x, y)")
        return self.image_shape

    def _flat(self) -> Array:
        """Place of each pixel in `image.reshape(-1)`."""
        import numpy as np

        shape = self._known_shape()
        return np.ravel_multi_index([self.values[axis].astype(np.int64) for axis in AXES[: len(shape)]], shape)

    def __repr__(self) -> str:
        shape = self._image_shape
        return f"<{type(self).__name__}: {len(self)} regions{'' if shape is None else f' of images {shape}'}>"


def _roi(mask: Array) -> Roi:
    import numpy as np

    return Roi(np.stack([mask[axis].astype(np.int64) for axis in mask.dtype.names[:-1]], axis=1), mask["weight"])  # type: ignore[index]


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


def _assembled(indices: Sequence[Array], weights: Array) -> Array:
    import numpy as np

    values = np.empty(len(weights), mask_dtype(len(indices)))
    for axis, index in zip(AXES, indices, strict=False):
        values[axis] = index
    values["weight"] = weights
    return values


def _checked_ends(ends: Array, length: int) -> Array:
    import numpy as np

    if ends.ndim != 1 or (ends.size and ends.dtype.kind not in "iu"):
        raise InvalidTypeError(f"regions: expected the ends of the regions, whole numbers, got {describe_value(ends)}")
    ends = ends.astype(np.int64, copy=False)
    last = int(ends[-1]) if len(ends) else 0
    if last != length or (np.diff(ends, prepend=0) < 0).any():
        raise InvalidValueError(f"regions: expected ends that rise from 0 to the {length} pixels, got ends up to {last}")
    return ends
