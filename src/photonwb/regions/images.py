"""The masks of a table as images in rows and columns, whatever kind they are and in whatever order the file has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError, OutOfRangeError
from photonwb.regions.masks import check_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from photonwb.layouts.axis_order import AxisOrder
    from photonwb.regions.rois import RoiSet

    Array = NDArray[Any]

__all__ = ["MaskImages"]


class MaskImages:
    """Masks as (region, row, column), made when they are asked for; of a table in a file one region is read for one image.

    Attributes
    ----------
    axis_order : AxisOrder
        Which coordinate of the stored masks is horizontal, and how that is known.

    Examples
    --------
    >>> masks = plane_segmentation.masks  # doctest: +SKIP
    >>> masks[7], masks.axis_order.how  # doctest: +SKIP
    """

    def __init__(self, stored: RoiSet, axis_order: AxisOrder, image_shape: tuple[int, ...] | None, label: str) -> None:
        self._stored, self.axis_order, self._image_shape, self._label = stored, axis_order, image_shape, label

    @property
    def rois(self) -> RoiSet:
        """All regions, sparse, `x` being horizontal and `y` vertical."""
        from photonwb.regions.rois import RoiSet

        return RoiSet(self._turned(self._stored.values), self._stored.ends, self._image_shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """(regions, rows, columns), for volumes with a depth behind."""
        width, height, *depth = self._size()
        return len(self), height, width, *depth

    @property
    def ndim(self) -> int:
        return self._stored.dimensions + 1

    @property
    def dtype(self) -> Any:
        import numpy as np

        return np.dtype("f4")

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, key: Any) -> Array:
        """The image of one region for a number, a stack for a slice or a list; further indices are those of pixels."""
        import numpy as np

        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, (int, np.integer)):
            if not -len(self) <= first < len(self):
                raise OutOfRangeError(f"{self._label}.masks: there is no region {first}, of {len(self)}")
            image = self._image(range(len(self))[first])
            return image[tuple(rest)] if rest else image
        if first is Ellipsis:
            return self[:][key]
        rows = np.arange(len(self))[first]
        stack = np.zeros((len(rows), *self.shape[1:]), np.float32)
        for place, row in enumerate(rows):
            stack[place] = self._image(int(row))
        return stack[(slice(None), *rest)]

    def __iter__(self) -> Iterator[Array]:
        return (self._image(row) for row in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        import numpy as np

        return np.asarray(self[:], dtype=dtype)

    def _image(self, row: int) -> Array:
        import numpy as np

        mask = self._turned(self._stored._mask(row))
        check_inside(mask, self._size(), f"{self._label}, region {row}")
        image = np.zeros(self.shape[1:], np.float32)
        image[tuple(mask[axis] for axis in "yxz"[: self._stored.dimensions])] = mask["weight"]
        return image

    def _size(self) -> tuple[int, ...]:
        if self._image_shape is None:
            raise InvalidValueError(
                f"{self._label}.masks: nothing tells the shape of the images; use .rois, whose image_shape can be set"
            )
        return self._image_shape

    def _turned(self, mask: Array) -> Array:
        """Pixels with the horizontal coordinate in x, counted from 0."""
        if self.axis_order.is_standard:
            return mask
        turned = mask.copy()
        if self.axis_order.one_based:
            for axis in "xyz"[: self._stored.dimensions]:
                turned[axis] -= 1
        x, y = turned["x"].astype("i8"), turned["y"].astype("i8")
        if self.axis_order.column_major:
            width, height, *_ = self._size()
            # The lengths of the axes as they are stored: the places of pixels were counted along the first one.
            first, second = (width, height) if self.axis_order.order == "xy" else (height, width)
            y, x = divmod(x * second + y, first)
        turned["x"], turned["y"] = (x, y) if self.axis_order.order == "xy" else (y, x)
        return turned

    def __repr__(self) -> str:
        return f"<MaskImages of {self._label}: {len(self)} regions, {self.axis_order.order} by {self.axis_order.how}>"
