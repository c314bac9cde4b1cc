"""Tables of regions of interest.

Each row is a region with a mask of at least one kind, the same kinds in every row. What cannot be added leaves the table as it
was.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.common import DynamicTable, column
from photonwb.common.rows import as_rows
from photonwb.core import LabelledDict, MultiContainerInterface
from photonwb.errors import InvalidValueError, PhotonwbError
from photonwb.model.fields import children, link
from photonwb.model.labelled import adder, creator, getter
from photonwb.regions.adding import MaskAdder
from photonwb.regions.arguments import ImageShapes, image_of, images_of, pixels_of_many
from photonwb.regions.masks import (
    DIMENSIONS,
    as_mask,
    finite_mask,
    image_to_pixel,
    image_to_voxel,
    mask_dtype,
    pixel_to_image,
    voxel_to_image,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.arrays.growing import GrowingArray
    from photonwb.common import DynamicTableRegion, ElementIdentifiers, MeaningsTable, VectorData
    from photonwb.image import ImageSeries
    from photonwb.layouts.axis_order import AxisOrder
    from photonwb.layouts.traces import Accepted, Traces
    from photonwb.ophys import ImagingPlane
    from photonwb.regions.images import MaskImages
    from photonwb.regions.rois import RoiSet
    from photonwb.typing import ArrayLike, Several

__all__ = ["ImageSegmentation", "PlaneSegmentation"]

_MASKS = ("pixel_mask", "voxel_mask", "image_mask")


class PlaneSegmentation(DynamicTable, neurodata_type="PlaneSegmentation", namespace="core"):
    """Regions of interest of one imaging plane, a row for each.

    Parameters
    ----------
    description : str
    imaging_plane : ImagingPlane
    name : str, optional
        The name of the imaging plane unless given.
    reference_images : ImageSeries, or list, tuple or dict of ImageSeries, optional
        What the masks were drawn on. Masks must lie inside these images.
    id, columns, colnames, target_tables, meanings_tables
        See `DynamicTable`.

    Raises
    ------
    InvalidValueError
        Rows without a mask of any kind.
    """

    imaging_plane: ImagingPlane = link("The plane that the regions lie in.")
    reference_images: tuple[ImageSeries, ...] | None = children(
        "What the masks were drawn on.", within="reference_images", always=True
    )

    image_mask: VectorData | None = column("Image masks for each ROI")
    pixel_mask: VectorData | None = column("Pixel masks for each ROI", index=1)
    voxel_mask: VectorData | None = column("Voxel masks for each ROI", index=1)

    def __init__(
        self,
        description: str,
        imaging_plane: ImagingPlane,
        name: str | None = None,
        reference_images: Several[ImageSeries] | None = None,
        id: ArrayLike | ElementIdentifiers | None = None,
        columns: Sequence[VectorData] | None = None,
        colnames: ArrayLike | None = None,
        target_tables: dict[str, DynamicTable] | None = None,
        meanings_tables: Sequence[MeaningsTable] | None = None,
    ) -> None:
        arguments = locals()
        if name is None:
            arguments["name"] = getattr(imaging_plane, "name", None)
        self._init(arguments)
        if len(self) and not self._mask_names():
            raise InvalidValueError(
                f"{self._label()}: {len(self)} rows without a mask: give a column named {' or '.join(_MASKS)}"
            )

    def _mask_names(self) -> list[str]:
        """Which kinds of masks the rows have."""
        colnames = self.colnames
        return [name for name in _MASKS if name in colnames]

    @property
    def _mask_columns(self) -> dict[str, VectorData | None]:
        """The columns of these kinds."""
        found = self.__dict__.get("_columns_of_masks")
        if found is None:
            found = self.__dict__["_columns_of_masks"] = {name: self._member(name) for name in self._mask_names()}
        return found

    # ---- adding regions

    def add_roi(
        self,
        pixel_mask: ArrayLike | None = None,
        voxel_mask: ArrayLike | None = None,
        image_mask: ArrayLike | None = None,
        id: int | None = None,
        **columns: Any,
    ) -> None:
        """Add one region. See `add_rois` for many.

        Parameters
        ----------
        pixel_mask : (n, 3) array, list of rows (x, y, weight), or structured array, optional
        voxel_mask : (n, 4) array, list of rows (x, y, z, weight), or structured array, optional
        image_mask : (x, y) or (x, y, z) array, optional
            Weight of every pixel of the plane, 0 outside of the region.
        id : int, optional
            The number of the row unless given.
        **columns
            Values for the other columns.

        Raises
        ------
        InvalidValueError
            No mask, other kinds of masks than the rows before, a mask that is none or does not lie in the image, or columns that
            are missing or unknown. The table stays as it was.
        """
        is_alone = id is None and image_mask is None and not columns
        adder: MaskAdder | None = self.__dict__.get("_mask_adder") if is_alone else None
        if adder is not None and adder.add(self, pixel_mask, voxel_mask):
            return
        masks: dict[str, Any] = {}
        for name, mask in (("pixel_mask", pixel_mask), ("voxel_mask", voxel_mask)):
            if mask is not None:
                column = self._mask_columns.get(name)
                growing = None if column is None else column._growing_of(mask_dtype(DIMENSIONS[name]))
                masks[name] = self._pixels_of(mask, name, growing)
        if image_mask is not None:
            masks["image_mask"] = image_of(image_mask, self._image_shapes(), self._label())
        self._insert(self._add_row, masks, columns, id)
        if is_alone:
            self.__dict__["_mask_adder"] = MaskAdder.of(self)

    def add_rois(
        self,
        pixel_mask: Any = None,
        voxel_mask: Any = None,
        image_mask: ArrayLike | None = None,
        id: Sequence[int] | None = None,
        *,
        ends: ArrayLike | None = None,
        label_image: ArrayLike | None = None,
        image_shape: Sequence[int] | None = None,
        **columns: Any,
    ) -> None:
        """Add many regions at once.

        Parameters
        ----------
        pixel_mask, voxel_mask : optional
            One of: a list with a mask for each region, in any form that `add_roi` takes; the pixels of all regions in one array,
            with `ends`; a scipy.sparse matrix of (regions, pixels), with `image_shape`; a `RoiSet`.
        image_mask : (n, x, y) or (n, x, y, z) array, optional
            A stack of images, which keeps its element type.
        id : (n,) integers, optional
        ends : (n,) integers, optional
            Where each region ends in an array with the pixels of all.
        label_image : (x, y) or (x, y, z) integer array, optional
            The number of the region at each pixel, 0 for none; a region for each number, in rising order.
        image_shape : (x, y) or (x, y, z), optional
            Shape of the images that the rows of a sparse matrix are (in C order).
        **columns
            n values for each of the other columns.

        Raises
        ------
        InvalidValueError
            As in `add_roi`, or columns of unequal length. The table stays as it was.
        """
        from photonwb.regions.rois import RoiSet

        if label_image is not None:
            regions = RoiSet.from_labels(label_image)
            if (pixel_mask if regions.dimensions == 2 else voxel_mask) is not None:
                raise InvalidValueError(f"{self._label()}: expected a label_image or masks of the same kind, got both")
            pixel_mask, voxel_mask = (regions, voxel_mask) if regions.dimensions == 2 else (pixel_mask, regions)
        masks: dict[str, Any] = {}
        shapes, label = self._image_shapes(), self._label()
        for name, given in (("pixel_mask", pixel_mask), ("voxel_mask", voxel_mask)):
            if given is not None:
                masks[name] = pixels_of_many(given, name, ends, image_shape, shapes, label)
        if image_mask is not None:
            masks["image_mask"] = images_of(image_mask, shapes, label)
        self._insert(self._add_rows, masks, columns, id)

    def _pixels_of(self, mask: ArrayLike, name: str, growing: GrowingArray | None) -> NDArray[Any]:
        """The pixel or voxel mask of a region, in the room of the array that it goes to, if that is known."""
        try:
            pixels = finite_mask(mask, DIMENSIONS[name], name, growing)
        except PhotonwbError as error:
            raise type(error)(f"{self._label()}.{error}") from None
        if self.reference_images or "image_mask" in self.colnames:
            self._image_shapes().check_pixels(pixels, f"{self._label()}.{name}")
        return pixels

    def _insert(self, add: Callable[..., None], masks: dict[str, Any], columns: dict[str, Any], id: Any) -> None:
        """Add rows that have a mask, and masks of the same kinds as the rows before."""
        before = self._mask_columns
        if before.keys() == masks.keys() and masks:
            add({**masks, **columns} if columns else masks, id)
            return
        if not masks:
            raise InvalidValueError(f"{self._label()}: a region needs a mask: give {' or '.join(_MASKS)}")
        if len(self):
            raise InvalidValueError(f"{self._label()}: the rows before have {' and '.join(before)}, got {' and '.join(masks)}")
        snapshot = self._snapshot()
        try:
            self._remove_columns([name for name in before if name not in masks])
            if "image_mask" in masks and "image_mask" not in before and len(masks["image_mask"]):
                self._begin_images(masks["image_mask"] if add == self._add_row else masks["image_mask"][0])
            add({**masks, **columns}, id)
        except BaseException:
            self._revert(snapshot)
            raise

    def _begin_images(self, image: NDArray[Any]) -> None:
        """Add the column of images, which keeps of each only the part that is not zero."""
        from photonwb.arrays.sparse import SparseStack

        column = self.__predefined__["image_mask"]
        self.add_column(column.name, column.description, SparseStack(image.shape, image.dtype))

    def _problems(self) -> list[str]:
        found = super()._problems()
        if len(self) and not self._mask_names():
            found.append(f"{self._label()}: {len(self)} rows without a mask: a column named {' or '.join(_MASKS)} is needed")
        return found

    def _before_writing(self) -> None:
        # A table without any mask column would be written, but no reader could open the file again.
        if not len(self) and not self._mask_names():
            import numpy as np

            shape = self._image_shapes().reference or (0, 0)
            column = self.__predefined__["image_mask"]
            self.add_column(column.name, column.description, np.empty((0, *shape), np.uint8))

    def _image_shapes(self) -> ImageShapes:
        images = self.image_mask if "image_mask" in self.colnames else None
        shape = shape_of(images.data) if images is not None else None
        masks = shape[1:] if shape is not None and len(shape) > 2 and shape[0] else None
        for series in self.reference_images or ():
            shape = shape_of(series.data)
            if shape is not None and len(shape) in (3, 4) and all(shape[1:]):
                return ImageShapes(shape[1:], masks)  # type: ignore[arg-type] - all lengths are known
        return ImageShapes(None, masks)  # type: ignore[arg-type] - images that are there have a shape

    # ---- all regions

    @property
    def rois(self) -> RoiSet:
        """All regions, sparse, whatever kind of masks they have.

        Pixel masks are taken before voxel masks, and these before images. The set is made anew each time and is not changed by
        regions that are added later; of a table in a file it reads one mask for `rois[i]`, and all when all are needed.

        Raises
        ------
        InvalidValueError
            There are rows, but what is stored as their masks is none.
        """
        from photonwb.regions.table_rois import rois_of

        return rois_of(self)

    @property
    def masks(self) -> MaskImages:
        """All masks as (region, row, column), made when indexed; see `axis_order`.

        Masks that the file has in another order than the standard's are turned, which a warning tells once.
        """
        from photonwb.layouts.axis_order import masks_of

        return masks_of(self)

    @property
    def axis_order(self) -> AxisOrder:
        """Which coordinate of the masks is horizontal, and how that is known. Can be set: `table.axis_order = "yx"`.

        Looks at the size of the frames, at who wrote the file, and last at some frames and signals; `rois` is as stored.
        """
        known = self.__dict__.get("_axis_order")
        if known is None:
            from photonwb.layouts.axis_order import axis_order_of_masks

            known = axis_order_of_masks(self)
            if self._stored is not None:
                self.__dict__["_axis_order"] = known
        return known

    @axis_order.setter
    def axis_order(self, order: str) -> None:
        from photonwb.layouts.axis_order import said

        self.__dict__["_axis_order"] = said(order)

    # ---- what other programs call what

    @property
    def accepted(self) -> Accepted | None:
        """Which regions whoever made or looked at them took for real, by the column that says so; None where no column does.

        Raises
        ------
        InvalidValueError
            Several columns say so and contradict each other.
        """
        from photonwb.layouts.traces import accepted_of

        return accepted_of(self)

    def _warn_of_hidden(self, columns: Iterable[VectorData], stacklevel: int) -> None:
        # `accepted` stands for the column of that name: it has its values, and says that they are from there.
        super()._warn_of_hidden((column for column in columns if column.name != "accepted"), stacklevel + 1)

    def traces(self, kind: str, where: Any = None, *, channel: int | None = None) -> Traces:
        """The signals of these regions of a kind, whatever they are called; as `NWBFile.traces`."""
        from photonwb.layouts.traces import only_traces, traces_of

        return only_traces(traces_of(self), kind, where, channel, self._label())

    def create_roi_table_region(
        self, description: str, region: slice | Sequence[int] | NDArray[np.integer | np.bool_] = slice(None), name: str = "rois"
    ) -> DynamicTableRegion:
        """Rows of this table, for a `RoiResponseSeries`.

        Parameters
        ----------
        description : str
            What the regions are.
        region : slice, list of int, array of int or bool
            Which rows; all of them unless given.
        name : str
            Must stay "rois" for a `RoiResponseSeries`.

        Raises
        ------
        OutOfRangeError
            There is no such row.
        """
        if isinstance(region, slice):
            return self.create_region(name, region, description)
        import numpy as np

        rows = np.asarray(region)
        if rows.dtype == bool:
            return self.create_region(name, list(as_rows(rows, len(self), self._label())), description)
        return self.create_region(name, rows.tolist(), description)

    # ---- one mask in another form

    @staticmethod
    def pixel_to_image(pixel_mask: ArrayLike, image_shape: Sequence[int] | None = None, axes: str | None = None) -> NDArray[Any]:
        """Image of a pixel mask.

        Parameters
        ----------
        pixel_mask
            Rows of (x, y, weight), or a structured array.
        image_shape : (int, int), optional
            Shape of the image, in the order of `axes`.
        axes : {"xy", "yx"}, optional
            "xy", the default with an image_shape: x is the first axis, as the standard has it for the images in a file, and
            `image_to_pixel` is the exact inverse. "yx": y is the first axis, as images are shown.

        Returns
        -------
        (x, y) float array

        Notes
        -----
        Without an image_shape the image is the smallest square that holds the mask, and `axes` is "yx": what pynwb makes of it.
        """
        if image_shape is None:
            mask = as_mask(pixel_mask, 2, "pixel_mask")
            side = int(max(mask["x"].max(), mask["y"].max())) + 1 if len(mask) else 0
            if axes is None:
                warnings.warn(
                    "pixel_to_image() without image_shape makes an image [y, x] just large enough; pass image_shape=(x, y) for "
                    "one as it is stored, or axes='yx' for one as it is shown",
                    stacklevel=2,
                )
            return pixel_to_image(pixel_mask, (side, side), axes or "yx")
        return pixel_to_image(pixel_mask, image_shape, axes or "xy")

    image_to_pixel = staticmethod(image_to_pixel)
    voxel_to_image = staticmethod(voxel_to_image)
    image_to_voxel = staticmethod(image_to_voxel)


class ImageSegmentation(MultiContainerInterface, neurodata_type="ImageSegmentation"):
    """Tables of regions of interest, by name."""

    plane_segmentations: LabelledDict[PlaneSegmentation] = children("The tables.", required=True)

    def __init__(self, plane_segmentations: Several[PlaneSegmentation] = (), name: str = "ImageSegmentation") -> None:
        self._init(locals())

    add_plane_segmentation = adder(PlaneSegmentation, "plane_segmentations")
    get_plane_segmentation = getter(PlaneSegmentation, "plane_segmentations")
    create_plane_segmentation = creator(PlaneSegmentation, "plane_segmentations")

    def __getitem__(self, name: str | None = None) -> PlaneSegmentation:
        return self._get("plane_segmentations", name)

    def add_segmentation(
        self, imaging_plane: ImagingPlane, description: str | None = None, name: str | None = None
    ) -> PlaneSegmentation:
        """Create an empty table of regions for a plane and add it; without a description it takes that of the plane."""
        description = imaging_plane.description if description is None else description
        if description is None:
            raise InvalidValueError(f"{self._label()}.add_segmentation: give a description, {imaging_plane._label()} has none")
        return self.create_plane_segmentation(description=description, imaging_plane=imaging_plane, name=name)
