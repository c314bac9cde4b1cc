"""What the methods of a PlaneSegmentation take for masks, made into what its columns hold.

A mask is checked when it is added, while the mistake can still be seen: that it is a mask at all, and that it lies inside of the
image.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.growing import is_array
from photonwb.common.ragged import Ragged
from photonwb.errors import InvalidValueError
from photonwb.model.checks import mismatch
from photonwb.regions.masks import DIMENSIONS, as_mask, check_inside, check_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from photonwb.typing import ArrayLike, Shape

__all__ = ["ImageShapes", "image_of", "images_of", "pixels_of_many"]


class ImageShapes(NamedTuple):
    """What a table tells of the shape of the images that its masks belong to.

    Attributes
    ----------
    reference : tuple of int or None
        Shape of the reference images.
    masks : tuple of int or None
        Shape of the image masks of the table.
    """

    reference: Shape | None
    masks: Shape | None

    def check_pixels(self, pixels: NDArray[Any], place: str) -> None:
        """Refuse pixels outside of the reference images; warn of those outside of the image masks only."""
        if self.reference is not None:
            check_inside(pixels, self.reference, place)
        elif self.masks is not None:
            try:
                check_inside(pixels, self.masks, place)
            except InvalidValueError as error:
                warnings.warn(f"{error} (the shape of image_mask)", stacklevel=4)

    def check_image(self, shape: Shape, place: str) -> None:
        """Refuse an image that is not of the shape of the others."""
        if self.masks is not None and shape != self.masks:
            raise InvalidValueError(f"{place}: expected shape {self.masks}, as the masks before, got {shape}")
        reference = self.reference
        # The masks of a volume may be planes, and a reference may have colours for its last axis.
        if reference is not None and shape[:2] != reference[:2]:
            hint = "; it looks transposed, the first axis of an image is x" if shape[:2] == reference[1::-1] else ""
            raise InvalidValueError(f"{place}: expected shape {reference}, as reference_images, got {shape}{hint}")


def pixels_of_many(
    given: Any, name: str, ends: ArrayLike | None, image_shape: Sequence[int] | None, shapes: ImageShapes, label: str
) -> Ragged:
    """The pixel or voxel masks of many regions, from any form that tells them."""
    from photonwb.regions.rois import RoiSet, joined

    dimensions, place = DIMENSIONS[name], f"{label}.{name}"
    if isinstance(given, Ragged):
        given, ends = given.values, given.ends
    if isinstance(given, RoiSet):
        regions = given
    elif hasattr(given, "tocsr"):
        if image_shape is None:
            raise InvalidValueError(f"{place}: a sparse matrix needs image_shape, the shape of the images that its rows are")
        regions = RoiSet.from_sparse(given, image_shape)
    elif ends is not None:
        regions = RoiSet(as_mask(given, dimensions, place), ends)
    else:
        growing, made_ends, are_ordinary = joined(given, dimensions, place)
        if not are_ordinary:
            check_weights(growing.array["weight"], place)
        shapes.check_pixels(growing.array, place)
        return Ragged(growing, made_ends)
    if regions.dimensions != dimensions:
        raise InvalidValueError(f"{place}: expected masks of {dimensions} dimensions, got {regions.dimensions}")
    check_weights(regions.values["weight"], place)
    shapes.check_pixels(regions.values, place)
    return Ragged(regions.values, regions.ends)


def image_of(mask: ArrayLike, shapes: ImageShapes, label: str) -> NDArray[Any]:
    """The image mask of one region."""
    import numpy as np

    place = f"{label}.image_mask"
    image = np.asarray(mask)
    if image.ndim not in (2, 3) or image.dtype.kind not in "iufb":
        raise InvalidValueError(mismatch(place, "numbers of shape (x, y) or (x, y, z)", mask))
    shapes.check_image(image.shape, place)
    return image


def images_of(masks: ArrayLike, shapes: ImageShapes, label: str) -> Any:
    """The image masks of many regions: a stack as it is, or a list of images."""
    place = f"{label}.image_mask"
    if not is_array(masks):
        images = [image_of(mask, shapes, label) for mask in masks]
        different = {image.shape for image in images}
        if len(different) > 1:
            raise InvalidValueError(f"{place}: expected images of one shape, got {sorted(different)}")
        return images
    stack: Any = masks
    if len(stack.shape) not in (3, 4) or stack.dtype.kind not in "iufb":
        raise InvalidValueError(mismatch(place, "numbers of shape (n, x, y) or (n, x, y, z)", masks))
    shapes.check_image(tuple(stack.shape[1:]), place)
    return stack
