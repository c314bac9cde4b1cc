"""The forms of a mask, and the ways from one to another.

The standard knows three: a list of pixels `(x, y, weight)`, a list of voxels `(x, y, z, weight)`, and an image with a weight per
pixel. Each way takes the shape of the image from the caller rather than guessing it, and back again gives what was there before.
Masks of many regions at once, label images and sparse matrices are in `rois`.

Which axis is which is said once, here, in the words of the standard: an image is stored as (x, y), x being horizontal and the
*first* axis, and so is the x of a pixel mask. `axes="yx"` is for images in rows and columns, as plotting libraries show them.
What belongs to a region is what is finite and not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import empty_array
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.checks import describe_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from photonwb.arrays.growing import GrowingArray
    from photonwb.typing import ArrayLike

    Array = NDArray[Any]

__all__ = [
    "AXES",
    "DIMENSIONS",
    "as_mask",
    "axis_order",
    "check_inside",
    "check_weights",
    "fill",
    "finite_mask",
    "image_to_pixel",
    "image_to_voxel",
    "mask_dtype",
    "members",
    "pixel_to_image",
    "voxel_to_image",
]

AXES = "xyz"
DIMENSIONS = {"pixel_mask": 2, "voxel_mask": 3}
_NUMBERS = ("<u4", "<i4", "<f4")  # what the memory of a mask can be taken for
_SQUARE_OF_LIMIT = 2.0**62
_PIECE = 3072  # pixels that are looked at together: what is made of them on the way stays in the cache of the processor
_dtypes: dict[int, Any] = {}


def mask_dtype(dimensions: int) -> np.dtype[Any]:
    """Element type of a pixel mask (2 dimensions) or a voxel mask (3), as files hold it."""
    if dimensions not in _dtypes:
        import numpy as np

        _dtypes[dimensions] = np.dtype([*((axis, "<u4") for axis in AXES[:dimensions]), ("weight", "<f4")])
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
        Not a list of pixels, or a coordinate that is negative or not whole.
    """
    table = _as_array(mask, dimensions, place)
    if table.dtype.names is None:
        growing = empty_array(mask_dtype(dimensions))
        made = growing.room(len(table))
        fill(growing, table, place)
        return made
    return _of_records(table, dimensions, place)


def finite_mask(mask: ArrayLike, dimensions: int, place: str, growing: GrowingArray | None) -> Array:
    """The same with every weight a finite number; what has another form is made in the room of an array, if one is given."""
    table = _as_array(mask, dimensions, place)
    if table.dtype.names is None:
        growing = empty_array(mask_dtype(dimensions)) if growing is None else growing
        made = growing.room(len(table))
        if fill(growing, table, place):
            return made
    else:
        made = _of_records(table, dimensions, place)
    check_weights(made["weight"], place)
    return made


def _of_records(records: Array, dimensions: int, place: str) -> Array:
    """A mask from records; those of the right type are one already."""
    import numpy as np

    dtype = mask_dtype(dimensions)
    if records.dtype == dtype and records.ndim == 1:
        return records
    made = np.empty(records.size, dtype)
    for name in dtype.names or ():
        column = records[name].reshape(-1)
        with np.errstate(invalid="ignore"):
            made[name] = column
        if name != "weight":
            _check_whole(made[name], column, name, place)
    return made


def _as_array(mask: ArrayLike, dimensions: int, place: str) -> Array:
    """A mask as it came: as records with coordinates and weight, or as a table with a column for each."""
    import numpy as np

    try:
        table = np.asarray(mask)
    except ValueError:
        raise InvalidValueError(f"{place}: expected rows of {_row(dimensions)}, got rows of different lengths") from None
    if table.dtype.names is not None:
        names = [*AXES[:dimensions], "weight"]
        if not set(names) <= set(table.dtype.names):
            raise InvalidTypeError(f"{place}: expected the fields {names}, got {list(table.dtype.names)}")
        return table
    if table.size == 0:
        return np.empty((0, dimensions + 1), np.float32)
    if table.ndim != 2 or table.shape[1] != dimensions + 1 or table.dtype.kind not in "iufb":
        raise InvalidValueError(
            f"{place}: expected rows of {_row(dimensions)}, an array of shape (any, {dimensions + 1}), got {describe_value(mask)}"
        )
    return table


def fill(growing: GrowingArray, table: Array, place: str, first: int = 0) -> bool:
    """Fill the room of an array with a mask, all columns in one go: masks come by the ten thousand, and each is small.

    Parameters
    ----------
    growing : GrowingArray
    table : (n, dimensions + 1) array of numbers
    place : str
        What messages call the mask.
    first : int
        Where in the room it begins.

    Returns
    -------
    bool
        Whether all numbers are ordinary ones, below 2**31. Other weights are looked at by nobody here.
    """
    import numpy as np

    if len(table) > _PIECE:
        pieces = range(0, len(table), _PIECE)
        return all([fill(growing, table[at : at + _PIECE], place, first + at) for at in pieces])  # noqa: C419 - fills all
    whole, signed, single = growing.as_tables(_NUMBERS)  # the same memory
    start = len(growing.array) + first
    stop = start + len(table)
    exact = np.ascontiguousarray(table, np.float64)
    flat, weights = exact.ravel(), exact[:, -1]
    # The sum of squares tells at once that nothing is too large, infinite or not a number: no cast warns of anything then.
    if flat.dot(flat) < _SQUARE_OF_LIMIT and table.dtype.itemsize <= 8:
        signed[start:stop] = exact
        found = whole[start:stop].astype(np.float64)
        found[:, -1] = weights
        if found.tobytes() == exact.tobytes():
            single[start:stop, -1] = weights
            return True
    with np.errstate(invalid="ignore"):
        whole[start:stop] = table
    for number, axis in enumerate(AXES[: table.shape[1] - 1]):
        _check_whole(whole[start:stop, number], table[:, number], axis, place)
    single[start:stop, -1] = table[:, -1]
    return False


def _check_whole(made: Array, given: Array, axis: str, place: str) -> None:
    """Refuse coordinates that are negative, not whole, too large or not a number: they came out as something else."""
    wrong = given[made != given]
    if len(wrong):
        raise InvalidValueError(f"{place}: expected whole coordinates >= 0, got {axis} = {wrong[0]}")


def _weights(mask: ArrayLike, dimensions: int, place: str) -> Array:
    """The weights of a mask in the precision that they came in."""
    table = _as_array(mask, dimensions, place)
    return table[:, dimensions] if table.dtype.names is None else table["weight"].reshape(-1)


def _row(dimensions: int) -> str:
    return f"({', '.join(AXES[:dimensions])}, weight)"


def check_weights(weights: Array, place: str = "mask") -> None:
    """Check that every weight is a finite number."""
    import numpy as np

    if np.count_nonzero(np.isfinite(weights)) != len(weights):
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
    for axis, length in zip(AXES, image_shape, strict=False):
        if axis in (masks.dtype.names or ()) and (largest := masks[axis].max()) >= length:
            error = _outside(place, axis, largest, AXES[: len(image_shape)], image_shape)
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

    axis_order(axes, dimensions)
    if len(image_shape) != dimensions:
        raise InvalidValueError(f"{place}: expected an image shape of {dimensions} lengths, got {tuple(image_shape)}")
    pixels, weights = as_mask(mask, dimensions, place), _weights(mask, dimensions, place)
    for axis, length in zip(axes, image_shape, strict=True):
        largest = pixels[axis].max(initial=0)
        if largest >= length and len(pixels):
            raise InvalidValueError(_outside(place, axis, largest, axes, image_shape))
    image = np.zeros(tuple(image_shape), dtype)
    image[tuple(pixels[axis] for axis in axes)] = weights
    return image


def _from_image(image_mask: ArrayLike, axes: str, place: str, dimensions: int) -> Array:
    import numpy as np

    order = axis_order(axes, dimensions)
    image = np.asarray(image_mask)
    if image.ndim != dimensions:
        raise InvalidValueError(f"{place}: expected an image of {dimensions} dimensions, got {describe_value(image)}")
    indices, weights = members(image)
    made = np.empty((len(weights), dimensions + 1))
    for axis, position in enumerate(order):
        made[:, position] = indices[axis]
    made[:, dimensions] = weights
    return made


def axis_order(axes: str, dimensions: int) -> list[int]:
    """For each axis of the image, which coordinate runs along it."""
    if sorted(axes) != list(AXES[:dimensions]):
        raise InvalidValueError(f"axes: expected the letters {AXES[:dimensions]!r} in the order of the image, got {axes!r}")
    return [AXES.index(axis) for axis in axes]


def members(image: Array) -> tuple[tuple[Array, ...], Array]:
    """Where an array is finite and not zero, and its values there."""
    import numpy as np

    indices = np.nonzero(image != 0)  # three times as fast as nonzero of the numbers
    values = image[indices]
    if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
        return tuple(axis[finite] for axis in indices), values[finite]
    return indices, values
