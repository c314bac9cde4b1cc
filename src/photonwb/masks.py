"""The forms of a mask, and the ways from one to another.

The standard knows three: a list of pixels `(x, y, weight)`, a list of voxels `(x, y, z, weight)`, and an image with a weight per
pixel. Programs also hold label images and sparse matrices. Each way goes through coordinates and weights, takes the shape of
the image from the caller rather than guessing it, and back again gives what was there before.

Which axis is which is said once, here, in the words of the standard: an image is stored as (x, y), x being horizontal and the
*first* axis, and so is the x of a pixel mask. `axes="yx"` is for images in rows and columns, as plotting libraries show them.
What belongs to a region is what is finite and not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.checks import describe_value
from photonwb.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    Array = NDArray[Any]

__all__ = [
    "RaggedMasks",
    "as_mask",
    "as_ragged",
    "check_inside",
    "image_to_pixel",
    "image_to_voxel",
    "images_to_masks",
    "labels_to_masks",
    "mask_dtype",
    "masks_to_sparse",
    "pixel_to_image",
    "sparse_to_masks",
    "voxel_to_image",
]

_AXES = "xyz"
_dtypes: dict[int, Any] = {}


class RaggedMasks(NamedTuple):
    """Pixel or voxel masks of many regions, one after the other.

    Attributes
    ----------
    values : structured array
        The pixels of all regions, of `mask_dtype`.
    ends : (n,) integer array
        Where each region ends in `values`; it begins where the one before ends.
    """

    values: Array
    ends: Array

    def __len__(self) -> int:
        """Return the number of regions."""
        return len(self.ends)


def mask_dtype(dimensions: int) -> np.dtype[Any]:
    """Element type of a pixel mask (2 dimensions) or a voxel mask (3), as files hold it."""
    if dimensions not in _dtypes:
        import numpy as np

        _dtypes[dimensions] = np.dtype([*((axis, "<u4") for axis in _AXES[:dimensions]), ("weight", "<f4")])
    return _dtypes[dimensions]


# ---- one mask


def as_mask(mask: ArrayLike, dimensions: int = 2, place: str = "mask") -> Array:
    """Pixels or voxels in the form that files hold.

    Parameters
    ----------
    mask
        Structured array with the coordinates and the weight, (n, dimensions + 1) array, or list of such rows.
    dimensions : int
        2 for pixels, 3 for voxels.
    place : str
        What messages call the mask.

    Returns
    -------
    (n,) structured array
        The same array where it has the right form already.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Not a list of pixels, a coordinate that is negative or not whole, a weight that is not finite.
    """
    import numpy as np

    dtype = mask_dtype(dimensions)
    if type(mask) is np.ndarray and mask.dtype == dtype and mask.ndim == 1:
        _check_weights(mask["weight"], place)
        return mask
    coordinates, weights = _columns(mask, dimensions, place)
    made = np.empty(len(weights), dtype)
    for axis, column in zip(_AXES, coordinates, strict=False):
        made[axis] = column
    made["weight"] = weights
    if weights.dtype.kind == "f":
        _check_weights(made["weight"], place)
    return made


def _columns(mask: ArrayLike, dimensions: int, place: str) -> tuple[Array, Array]:
    """Coordinates, an array of (dimensions, n), and weights in whatever precision they came."""
    import numpy as np

    try:
        table = np.asarray(mask)
    except ValueError:
        raise InvalidValueError(f"{place}: expected rows of {_row(dimensions)}, got rows of different lengths") from None
    if table.dtype.names is not None:
        names = [*_AXES[:dimensions], "weight"]
        if not set(names) <= set(table.dtype.names):
            raise InvalidTypeError(f"{place}: expected the fields {names}, got {list(table.dtype.names)}")
        table = table.reshape(-1)
        return _whole(np.array([table[name] for name in names[:-1]]), place), table["weight"]
    if table.size == 0:
        return np.empty((dimensions, 0), np.uint32), np.empty(0, np.float32)
    if table.ndim != 2 or table.shape[1] != dimensions + 1 or table.dtype.kind not in "iufb":
        raise InvalidValueError(
            f"{place}: expected rows of {_row(dimensions)}, an array of shape (any, {dimensions + 1}), got {describe_value(mask)}"
        )
    columns = table.T
    return _whole(columns[:dimensions], place), columns[dimensions]


def _row(dimensions: int) -> str:
    return f"({', '.join(_AXES[:dimensions])}, weight)"


def _whole(given: Array, place: str) -> Array:
    """Coordinates as unsigned integers, none of them changed by that."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        whole = given.astype(np.uint32)
    # One comparison sees what is negative, not whole, too large or not a number.
    if not (whole == given).all():
        wrong = given[:, (whole != given).any(axis=0)][:, 0]
        raise InvalidValueError(f"{place}: expected whole coordinates >= 0, got ({', '.join(str(value) for value in wrong)})")
    return whole


def _check_weights(weights: Array, place: str) -> None:
    import numpy as np

    if not np.isfinite(weights).all():
        wrong = int(np.flatnonzero(~np.isfinite(weights))[0])
        raise InvalidValueError(f"{place}: expected finite weights, got {weights[wrong]} at pixel {wrong}; leave such pixels out")


def check_inside(masks: Array, image_shape: Sequence[int], place: str = "mask") -> None:
    """Check that every pixel of a structured mask lies inside an image.

    Raises
    ------
    InvalidValueError
        A coordinate is not below the length of its axis.
    """
    if not len(masks):
        return
    for axis, length in zip(_AXES, image_shape, strict=False):
        if axis in (masks.dtype.names or ()) and (largest := masks[axis].max()) >= length:
            error = _outside(place, axis, largest, _AXES[: len(image_shape)], image_shape)
            raise InvalidValueError(error + _swapped(masks, image_shape))


def _outside(place: str, axis: str, largest: int, axes: str, image_shape: Sequence[int]) -> str:
    return f"{place}: {axis} = {largest} lies outside the image of shape ({', '.join(axes)}) = {tuple(image_shape)}"


def _swapped(masks: Array, image_shape: Sequence[int]) -> str:
    """A hint where exchanging x and y would put all pixels inside."""
    inside = masks["y"].max() < image_shape[0] and masks["x"].max() < image_shape[1]
    return "; x and y look exchanged: x is the first axis of the image" if inside else ""


# ---- images


def pixel_to_image(pixel_mask: ArrayLike, image_shape: Sequence[int], axes: str = "xy", dtype: DTypeLike = float) -> Array:
    """Image of one pixel mask; exactly undone by `image_to_pixel`.

    Parameters
    ----------
    pixel_mask
        Rows of (x, y, weight), or a structured array with these fields. Of a pixel named twice, the last weight counts.
    image_shape : (int, int)
        Shape of the image to make, in the order of `axes`.
    axes : {"xy", "yx"}
        "xy": x is the first axis, as images are stored. "yx": y is, as images are shown.
    dtype
        Element type of the image.

    Raises
    ------
    InvalidValueError
        A pixel lies outside the image.
    """
    return _to_image(pixel_mask, image_shape, axes, dtype, "pixel_mask", 2)


def voxel_to_image(voxel_mask: ArrayLike, image_shape: Sequence[int], axes: str = "xyz", dtype: DTypeLike = float) -> Array:
    """Volume of one voxel mask, as `pixel_to_image` in three dimensions; exactly undone by `image_to_voxel`."""
    return _to_image(voxel_mask, image_shape, axes, dtype, "voxel_mask", 3)


def image_to_pixel(image_mask: ArrayLike, axes: str = "xy") -> Array:
    """Pixel mask of one image: the pixels that are finite and not zero, in the order of the image.

    Parameters
    ----------
    image_mask : 2-D array
    axes : {"xy", "yx"}
        "xy": x is the first axis, as images are stored. "yx": y is, as images are shown.

    Returns
    -------
    (n, 3) float array
        Rows of (x, y, weight); the weights keep their precision.
    """
    return _from_image(image_mask, axes, "image_mask", 2)


def image_to_voxel(image_mask: ArrayLike, axes: str = "xyz") -> Array:
    """Voxel mask of one volume, (n, 4), as `image_to_pixel` in three dimensions."""
    return _from_image(image_mask, axes, "image_mask", 3)


def _to_image(mask: ArrayLike, image_shape: Sequence[int], axes: str, dtype: DTypeLike, place: str, dimensions: int) -> Array:
    import numpy as np

    order = _axis_order(axes, dimensions)
    if len(image_shape) != dimensions:
        raise InvalidValueError(f"{place}: expected an image shape of {dimensions} lengths, got {tuple(image_shape)}")
    coordinates, weights = _columns(mask, dimensions, place)
    for length, position in zip(image_shape, order, strict=True):
        largest = coordinates[position].max(initial=0)
        if largest >= length and len(weights):
            raise InvalidValueError(_outside(place, _AXES[position], largest, axes, image_shape))
    image = np.zeros(tuple(image_shape), dtype)
    image[tuple(coordinates[position] for position in order)] = weights
    return image


def _from_image(image_mask: ArrayLike, axes: str, place: str, dimensions: int) -> Array:
    import numpy as np

    order = _axis_order(axes, dimensions)
    image = np.asarray(image_mask)
    if image.ndim != dimensions:
        raise InvalidValueError(f"{place}: expected an image of {dimensions} dimensions, got {describe_value(image)}")
    indices, weights = _members(image)
    made = np.empty((len(weights), dimensions + 1))
    for axis, position in enumerate(order):
        made[:, position] = indices[axis]
    made[:, dimensions] = weights
    return made


def _axis_order(axes: str, dimensions: int) -> list[int]:
    """For each axis of the image, which coordinate runs along it."""
    if sorted(axes) != list(_AXES[:dimensions]):
        raise InvalidValueError(f"axes: expected the letters {_AXES[:dimensions]!r} in the order of the image, got {axes!r}")
    return [_AXES.index(axis) for axis in axes]


def _members(image: Array) -> tuple[tuple[Array, ...], Array]:
    """Where an array is finite and not zero, and its values there."""
    import numpy as np

    indices = np.nonzero(image != 0)  # three times as fast as nonzero of the numbers
    values = image[indices]
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        return tuple(axis[finite] for axis in indices), values[finite]
    return indices, values


# ---- many masks at once


def as_ragged(masks: RaggedMasks | Iterable[ArrayLike], dimensions: int = 2, place: str = "mask") -> RaggedMasks:
    """Masks of many regions, one after the other.

    Parameters
    ----------
    masks
        `RaggedMasks`, a pair of (values, ends), or one mask per region in any form that `as_mask` takes.
    dimensions : int
        2 for pixels, 3 for voxels.
    place : str
        What messages call the masks.
    """
    import numpy as np

    if isinstance(masks, RaggedMasks):
        values, ends = as_mask(masks.values, dimensions, place), np.asarray(masks.ends)
        _check_ends(ends, len(values), place)
        return RaggedMasks(values, ends)
    each = masks if isinstance(masks, (list, tuple)) else list(masks)
    dtype = mask_dtype(dimensions)
    if not all(isinstance(mask, np.ndarray) and mask.dtype == dtype for mask in each):
        each = [as_mask(mask, dimensions, f"{place} {number}") for number, mask in enumerate(each)]
    lengths = np.fromiter(map(len, each), np.int64, len(each))  # type: ignore[arg-type]
    values = np.concatenate(each) if each else np.empty(0, dtype)
    _check_weights(values["weight"], place)
    return RaggedMasks(values, lengths.cumsum())


def _check_ends(ends: Array, length: int, place: str) -> None:
    import numpy as np

    if ends.ndim != 1 or (ends.size and ends.dtype.kind not in "iu"):
        raise InvalidTypeError(f"{place}: expected the ends of the regions, whole numbers, got {describe_value(ends)}")
    last = int(ends[-1]) if len(ends) else 0
    if last != length or (np.diff(ends.astype(np.int64), prepend=0) < 0).any():
        raise InvalidValueError(f"{place}: expected ends that rise from 0 to the {length} pixels, got ends up to {last}")


def images_to_masks(images: Array) -> RaggedMasks:
    """Pixel masks of a stack (n, x, y), voxel masks of a stack (n, x, y, z); weights in single precision."""
    import numpy as np

    (rows, *indices), weights = _members(images)
    return RaggedMasks(_assembled(indices, weights), np.bincount(rows, minlength=len(images)).cumsum())


def labels_to_masks(labels: ArrayLike) -> RaggedMasks:
    """Masks of a label image (x, y) or volume (x, y, z): one region of weight 1 for each label, in rising order, 0 being none.

    Raises
    ------
    InvalidValueError
        Labels that are negative or not whole numbers.
    """
    import numpy as np

    image = np.asarray(labels)
    if image.ndim not in (2, 3) or image.dtype.kind not in "iub":
        raise InvalidValueError(f"label image: expected whole numbers, 2-D or 3-D, got {image.dtype} of shape {image.shape}")
    indices = np.nonzero(image)
    found = image[indices]
    if image.dtype.kind == "i" and len(found) and found.min() < 0:
        raise InvalidValueError(f"label image: expected labels >= 0, got {found.min()}")
    order = np.argsort(found, kind="stable")
    counts = np.unique(found, return_counts=True)[1]
    return RaggedMasks(_assembled([axis[order] for axis in indices], np.ones(len(order))), counts.cumsum())


def masks_to_sparse(masks: RaggedMasks, image_shape: Sequence[int]) -> Any:
    """Masks as a sparse matrix of (regions, pixels), the pixels in the order of `image.reshape(-1)`.

    Returns
    -------
    scipy.sparse.csr_array
        `matrix[[i]].toarray().reshape(image_shape)` is the image of region i.
    """
    import numpy as np
    from scipy.sparse import csr_array

    values, ends = masks
    check_inside(values, image_shape)
    columns = np.ravel_multi_index([values[axis].astype(np.intp) for axis in _AXES[: len(image_shape)]], tuple(image_shape))
    starts = np.concatenate(([0], ends)).astype(np.int64)
    matrix = csr_array((values["weight"], columns, starts), shape=(len(ends), int(np.prod(image_shape))))
    if not _increases_within_rows(columns, starts):
        # Of a pixel that a region names twice the last weight counts, as in an image; scipy would add them up.
        rows = np.repeat(np.arange(len(ends)), np.diff(starts))
        key = rows * matrix.shape[1] + columns
        _, last = np.unique(key[::-1], return_index=True)
        kept = len(key) - 1 - last
        starts = np.concatenate(([0], np.bincount(rows[kept], minlength=len(ends)).cumsum()))
        matrix = csr_array((values["weight"][kept], columns[kept], starts), shape=matrix.shape)
    return matrix


def _increases_within_rows(columns: Array, starts: Array) -> bool:
    import numpy as np

    rises = np.diff(columns) > 0
    boundaries = starts[1:-1] - 1
    rises[boundaries[(boundaries >= 0) & (boundaries < len(rises))]] = True
    return bool(rises.all())


def sparse_to_masks(matrix: Any, image_shape: Sequence[int], order: str = "C") -> RaggedMasks:
    """Masks of a sparse matrix of (regions, pixels); undoes `masks_to_sparse`.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array
    image_shape : (x, y) or (x, y, z)
        Shape of the images that the rows are.
    order : {"C", "F"}
        How an image became a row: "F" where the first axis runs fastest (CaImAn).
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
    (members,), weights = _members(rows.data)
    indices = np.unravel_index(rows.indices[members], tuple(image_shape), order="F" if order == "F" else "C")
    return RaggedMasks(_assembled(indices, weights), np.searchsorted(members, rows.indptr[1:]))


def _assembled(indices: Sequence[Array], weights: Array) -> Array:
    import numpy as np

    values = np.empty(len(weights), mask_dtype(len(indices)))
    for axis, index in zip(_AXES, indices, strict=False):
        values[axis] = index
    values["weight"] = weights
    return values
