"""Rules on the masks of regions of interest."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.validation.findings import Severity
from photonwb.validation.planes import frame_shape, movies_of, root_of
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import BLOCK_BYTES, blocks, finite_length, known_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from photonwb.segmentation import PlaneSegmentation

    Array = NDArray[Any]

__all__ = [
    "Masks",
    "duplicate_pixels",
    "empty_roi",
    "mask_dimensions",
    "mask_outside_image",
    "mask_shape",
    "negative_weights",
    "not_a_number_weights",
    "swapped_axes",
]

rule = enter_in("ophys")

_DIMENSIONS = {"pixel_mask": 2, "voxel_mask": 3}
# Stacks of image masks can be larger than any memory: of those a selection is looked at.
_MOST_IMAGE_BYTES = 8 * BLOCK_BYTES
# Pixels are looked at in blocks of so many bytes, which stay in the cache of a processor while several rules need them.
_PIXEL_BYTES = 2 << 20
# Finding duplicates means sorting, so that many pixels are enough.
_MOST_SORTED = 100_000


class Image(NamedTuple):
    """An image that masks must fit into."""

    name: str
    shape: tuple[int, ...]


class Regions(NamedTuple):
    """What rules need to know of each region, for one kind of mask; `rows` are the numbers of the regions."""

    name: str
    rows: Array
    positive: Array  # whether any weight is not zero
    negative: Array
    not_numbers: Array
    highest: Array  # (n, dimensions), largest coordinate of each region, -1 where it has none


class Masks:
    """The masks of a table, gone through once for all rules."""

    def __init__(self, table: PlaneSegmentation) -> None:
        self.table = table

    @cached_property
    def images(self) -> list[Image]:
        """The images that the masks were made for: the reference images, or else the movies of the plane."""
        table = self.table
        candidates: list[Any] = list(table.reference_images or ()) or list(movies_of(table.imaging_plane, root_of(table)))
        shapes = [(series.name, frame_shape(series)) for series in candidates]
        return [Image(name, shape) for name, shape in shapes if shape is not None]

    @property
    def alternatives(self) -> list[list[Image]]:
        """Images that the pixels must fit into: into one of each list."""
        own = [] if self.image_mask_shape is None else [[Image("image_mask", self.image_mask_shape)]]
        # Of one plane there may be movies of several sizes, while all reference images show the regions.
        return ([[image] for image in self.images] if self.table.reference_images else [self.images]) + own

    @cached_property
    def image_mask_shape(self) -> tuple[int, ...] | None:
        """Shape of one image mask."""
        column: Any = self._member("image_mask")
        shape = None if column is None else known_shape(column.data)
        return shape[1:] if shape is not None and len(shape) in (3, 4) and shape[0] else None

    def _member(self, name: str) -> Any:
        table: Any = self.table
        return table._member(name)

    @cached_property
    def listed(self) -> list[Regions]:
        """The regions as lists of pixels or voxels."""
        return [self._listed(name, pixels, ends) for name, (pixels, ends) in self.pixels.items()]

    def _listed(self, name: str, pixels: Any, ends: Array) -> Regions:
        import numpy as np

        dimensions = _DIMENSIONS[name]
        axes = "xyz"[:dimensions]
        counts = np.diff(ends, prepend=0)
        result = _no_regions(name, np.arange(len(ends)), dimensions)
        itemsize = 4 * (dimensions + 1)
        for first, last in _row_blocks(ends, itemsize):
            start = int(ends[first - 1]) if first else 0
            block = np.asarray(pixels[start : int(ends[last - 1])])
            filled = np.flatnonzero(counts[first:last] > 0)
            if not len(filled):
                continue
            starts = (ends[first:last] - counts[first:last] - start)[filled]
            weight = np.ascontiguousarray(block["weight"])
            _note_weights(result, first + filled, weight, partial(np.logical_or.reduceat, indices=starts))
            for number, axis in enumerate(axes):
                result.highest[first + filled, number] = np.maximum.reduceat(block[axis], starts)
        return result

    @cached_property
    def pixels(self) -> dict[str, tuple[Any, Array]]:
        """The pixels of all regions in one array, and where each region ends; for kinds of masks that have valid ends."""
        import numpy as np

        found: dict[str, tuple[Any, Array]] = {}
        for name, dimensions in _DIMENSIONS.items():
            pixels: Any = self._member(name)
            index: Any = self._member(f"{name}_index")
            if pixels is None or index is None:
                continue
            dtype: Any = getattr(pixels.data, "dtype", None)
            if dtype is None or not {"weight", *"xyz"[:dimensions]}.issubset(dtype.names or ()):
                continue
            ends = np.asarray(index.data[:]).astype(np.int64)
            if len(ends) and (np.diff(ends, prepend=0) >= 0).all() and ends[-1] <= (finite_length(pixels.data) or 0):
                found[name] = pixels.data, ends  # of other ends the layer "schema" tells
        return found

    @cached_property
    def drawn(self) -> Regions | None:
        """The regions as images, as many of them as are looked at."""
        column: Any = self._member("image_mask")
        if column is None or self.image_mask_shape is None:
            return None
        shape = (finite_length(column.data) or 0, *self.image_mask_shape)
        import numpy as np

        row_bytes = int(np.prod(shape[1:])) * getattr(getattr(column.data, "dtype", None), "itemsize", 8)
        step = max(1, -(-shape[0] * row_bytes // _MOST_IMAGE_BYTES))
        rows = np.arange(0, shape[0], step)
        result = _no_regions("image_mask", rows, 0)
        for first, block in blocks(column.data, row_bytes) if step == 1 else _single_rows(column.data, rows):
            flat = block.reshape(len(block), -1)
            _note_weights(result, slice(first, first + len(flat)), flat, partial(np.any, axis=1))
        return result

    @property
    def all(self) -> list[Regions]:
        """The regions in every form."""
        return self.listed + ([self.drawn] if self.drawn is not None else [])


def _no_regions(name: str, rows: Array, dimensions: int) -> Regions:
    import numpy as np

    count = len(rows)
    flags = [np.zeros(count, bool) for _ in range(3)]
    return Regions(name, rows, *flags, highest=np.full((count, dimensions), -1, np.int64))


def _note_weights(result: Regions, rows: Any, weights: Array, any_of: Any) -> None:
    """Keep, for some regions, what their weights are; `any_of` tells for each region whether any of its values is true."""
    import numpy as np

    result.positive[rows] = any_of(weights != 0)
    if weights.dtype.kind in "fi":
        result.negative[rows] = any_of(weights < 0)
    if weights.dtype.kind == "f":
        result.not_numbers[rows] = any_of(~np.isfinite(weights))


def _row_blocks(ends: Array, itemsize: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose pixels make a block."""
    import numpy as np

    first = 0
    while first < len(ends):
        start = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, start + _PIXEL_BYTES // itemsize, side="right")))
        yield first, last
        first = last


def _single_rows(images: Any, rows: Array) -> Iterator[tuple[int, Array]]:
    import numpy as np

    for number, row in enumerate(rows):
        yield number, np.asarray(images[int(row) : int(row) + 1])


def _some(rows: Sequence[int] | Array) -> str:
    """The numbers of some regions, as a message names them."""
    shown = ", ".join(str(int(row)) for row in rows[:5])
    what = "1 region" if len(rows) == 1 else f"{len(rows)} regions"
    return f"{what} (row{'s' if len(rows) > 1 else ''} {shown}{', ...' if len(rows) > 5 else ''})"


def _flagged(masks: Masks, member: str) -> Iterator[tuple[Regions, Array]]:
    for regions in masks.all:
        rows = regions.rows[getattr(regions, member)]
        if len(rows):
            yield regions, rows


@rule("mask_outside_image", Severity.WARNING, "PlaneSegmentation", Masks)
def mask_outside_image(masks: Masks) -> Iterator[Problem]:
    """Pixels of a region lie outside of the images that it was drawn on."""
    for regions, image, outside in _misfits(masks):
        if not _fits_swapped(regions, image.shape):
            highest = tuple(int(value) for value in regions.highest.max(axis=0))
            expected = f"coordinates below {image.shape[: len(highest)]}, the shape of {image.name!r}"
            fix = "check the order of x and y, and which images the regions belong to"
            yield Problem(f"{_some(outside)} outside of the image", regions.name, expected, f"coordinates up to {highest}", fix)


@rule("swapped_axes", Severity.WARNING, "PlaneSegmentation", Masks)
def swapped_axes(masks: Masks) -> Iterator[Problem]:
    """Regions fit into their images only when x and y are exchanged."""
    for regions, image, _ in _misfits(masks):
        if _fits_swapped(regions, image.shape):
            highest = tuple(int(value) for value in regions.highest.max(axis=0))
            fix = "exchange x and y of the masks: x counts along the first axis of an image, as stored"
            yield Problem(
                "x and y seem to be exchanged",
                regions.name,
                f"coordinates below {image.shape}, as {image.name!r}",
                str(highest),
                fix,
            )
    shape = masks.image_mask_shape
    for image in masks.images if shape is not None else ():
        if shape != image.shape and shape == (image.shape[1], image.shape[0], *image.shape[2:]):  # type: ignore[comparison-overlap]
            yield Problem(
                "the axes of the masks seem to be exchanged",
                "image_mask",
                f"{image.shape}, as {image.name!r}",
                str(shape),
                "transpose the masks",
            )


def _misfits(masks: Masks) -> Iterator[tuple[Regions, Image, Array]]:
    """Lists of pixels that do not fit into an image, with the rows that do not."""
    for regions in masks.listed:
        for alternatives in masks.alternatives:
            misfits = [(image, _outside(regions, image)) for image in alternatives]
            if misfits and all(len(rows) for _, rows in misfits):
                yield regions, *misfits[0]
                break


def _outside(regions: Regions, image: Image) -> Array:
    dimensions = min(len(image.shape), regions.highest.shape[1])
    return regions.rows[(regions.highest[:, :dimensions] >= image.shape[:dimensions]).any(axis=1)]


def _fits_swapped(regions: Regions, shape: tuple[int, ...]) -> bool:
    swapped = regions.highest[:, :2][:, ::-1]
    return bool((swapped < shape[:2]).all())


@rule("mask_dimensions", Severity.WARNING, "PlaneSegmentation", Masks)
def mask_dimensions(masks: Masks) -> Iterator[Problem]:
    """Masks are flat where the images are volumes, or the other way round."""
    kinds = [(regions.name, regions.highest.shape[1]) for regions in masks.listed]
    if masks.image_mask_shape is not None:
        kinds.append(("image_mask", len(masks.image_mask_shape)))
    for name, dimensions in kinds:
        if masks.images and all(len(image.shape) != dimensions for image in masks.images):
            image = masks.images[0]
            yield Problem(
                f"masks of {dimensions} dimensions on images of {len(image.shape)}",
                name,
                f"masks as {image.name!r}, {image.shape}",
                fix="use voxel_mask for volumes and pixel_mask for planes",
            )


@rule("mask_shape", Severity.WARNING, "PlaneSegmentation", Masks)
def mask_shape(masks: Masks) -> Iterator[Problem]:
    """Image masks have another shape than the movie of their plane."""
    shape = masks.image_mask_shape
    if shape is None or masks.table.reference_images or any(image.shape == shape for image in masks.images):
        return
    for image in masks.images[:1]:
        if len(image.shape) == len(shape) and sorted(image.shape) != sorted(shape):
            yield Problem(
                "image masks do not have the shape of the frames", "image_mask", f"{image.shape}, as {image.name!r}", str(shape)
            )


@rule("empty_roi", Severity.WARNING, "PlaneSegmentation", Masks)
def empty_roi(masks: Masks) -> Iterator[Problem]:
    """A region has no pixels, or none with a weight."""
    for regions in masks.all:
        nothing = regions.rows[~regions.positive]
        if len(nothing):
            yield Problem(f"{_some(nothing)} without any pixel of a weight", regions.name, fix="remove them, with their traces")


@rule("negative_weights", Severity.WARNING, "PlaneSegmentation", Masks)
def negative_weights(masks: Masks) -> Iterator[Problem]:
    """A mask has negative weights."""
    for regions, rows in _flagged(masks, "negative"):
        yield Problem(f"{_some(rows)} with negative weights", regions.name, "weights >= 0")


@rule("not_a_number_weights", Severity.WARNING, "PlaneSegmentation", Masks)
def not_a_number_weights(masks: Masks) -> Iterator[Problem]:
    """A mask has weights that are infinite or not a number."""
    for regions, rows in _flagged(masks, "not_numbers"):
        yield Problem(
            f"{_some(rows)} with weights that are no numbers", regions.name, "finite weights", fix="leave these pixels out"
        )


@rule("duplicate_pixels", Severity.WARNING, "PlaneSegmentation", Masks)
def duplicate_pixels(masks: Masks) -> Iterator[Problem]:
    """A region names a pixel twice."""
    import numpy as np

    for name, (pixels, ends) in masks.pixels.items():
        # Of very many regions, those at the beginning.
        ends = ends[: max(1, int(np.searchsorted(ends, _MOST_SORTED, side="right")))]
        block = np.asarray(pixels[: int(ends[-1])])
        keys = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        count = 1
        for axis in "xyz"[: _DIMENSIONS[name]]:
            length = int(block[axis].max(initial=0)) + 1
            keys, count = keys * length + block[axis], count * length
        if len(ends) * count > np.iinfo(np.int64).max:
            continue  # coordinates that no image has, as another rule tells
        keys.sort()
        twice = keys[1:][keys[1:] == keys[:-1]] // count
        duplicated = twice[np.diff(twice, prepend=-1) > 0]
        if len(duplicated):
            yield Problem(f"{_some(duplicated)} with the same pixel twice", name, "each pixel once", fix="add their weights up")
