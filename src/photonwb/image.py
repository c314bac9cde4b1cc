"""Images over time, and the kinds of single images.

The frames of an `ImageSeries` are in the file itself or in external files. In the second case the data stay empty and the number
of frames is told by `num_samples` or by the timestamps.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.shapes import shape_of
from photonwb.base import Image, Images, TimeSeries
from photonwb.errors import InvalidValueError
from photonwb.model.fields import Field, Kind, attribute, content, dataset, link, shared_dataset
from photonwb.timeseries import EmptyArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.device import Device
    from photonwb.layouts.axis_order import AxisOrder
    from photonwb.model.container import AbstractContainer
    from photonwb.typing import Array, ArrayLike

__all__ = [
    "GrayscaleImage",
    "Image",
    "ImageMaskSeries",
    "ImageSeries",
    "Images",
    "IndexSeries",
    "OpticalSeries",
    "RGBAImage",
    "RGBImage",
]


class FrameCountField(Field):
    """The number of frames: as stored where it is stored, as data or timestamps tell it otherwise.

    What follows from others is never kept, so that it is neither stale nor written.
    """

    def __get__(self, instance: AbstractContainer | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        series = cast("ImageSeries", instance)
        return series._sample_count_or_warning() if series.external_file is None else series._sample_count()

    def __set__(self, instance: AbstractContainer, value: Any) -> None:
        instance._set(self, value)


def frame_count(doc: str) -> Any:
    """Declare the number of frames of a series whose frames may be in external files."""
    return FrameCountField(Kind.DATASET, doc, dtype="uint32")


class ImageSeries(TimeSeries, neurodata_type="ImageSeries"):
    """Images taken over time, in the file or in external files.

    Parameters
    ----------
    name : str
    data : array-like, shape (time, x, y) or (time, x, y, z), or TimeSeries, optional
        The frames. Another series shares its data with this one. Left out when the frames are in `external_file`.
    unit : str, optional
        Unit of the values; must come with `data`.
    format : str, optional
        "external" (filled in), "raw", or the format of the image files.
    external_file : sequence of str, optional
        Paths or URLs of the files that hold the frames, relative to the NWB file.
    starting_frame : sequence of int, optional
        For each external file the number of its first frame in the whole series; [0] is filled in for a single file.
    num_samples : int, optional
        Number of frames in all external files; must be given for those when timing is by rate.
    bits_per_pixel : None
        No longer in the standard, refused.
    dimension : sequence of int, optional
        Number of pixels along x, y (and z).
    resolution, conversion, timestamps, starting_time, rate, comments, description, control, control_description, offset
        See `TimeSeries`.
    device : Device, optional
        The camera or microscope.

    Raises
    ------
    InvalidValueError
        Both or none of `data` and `external_file` are given, what belongs to them is missing, or `TimeSeries` would refuse.
    """

    DEFAULT_DATA = EmptyArray(0, 0, 0)

    data: Array = shared_dataset("The frames, time first.", dtype="numeric", shape=((None,) * 3, (None,) * 4))
    format: str | None = dataset("Format of the images: raw, external, or that of the image files.")
    external_file: tuple[str, ...] | None = dataset("Files that hold the frames.", dtype="text", shape=(None,))
    starting_frame: Array | None = attribute(
        "Number of the first frame of each external file.", of="external_file", dtype="int32", shape=(None,)
    )
    dimension: Array | None = dataset("Number of pixels along each axis.", dtype="int32", shape=(None,))
    device: Device | None = link("What the images were taken with.")
    num_samples: int | None = frame_count("Number of frames in all external files.")  # pyright: ignore[reportIncompatibleMethodOverride] - stored here, worked out there

    def __init__(
        self,
        name: str,
        data: ArrayLike | TimeSeries | None = None,
        unit: str | None = None,
        format: str | None = None,
        external_file: ArrayLike | None = None,
        starting_frame: ArrayLike | None = None,
        num_samples: int | None = None,
        bits_per_pixel: int | None = None,
        dimension: ArrayLike | None = None,
        resolution: float = -1.0,
        conversion: float = 1.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        offset: float = 0.0,
        device: Device | None = None,
    ) -> None:
        self._init(locals())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        data, files = arguments.get("data"), arguments.get("external_file")
        if arguments.get("bits_per_pixel") is not None and not self._in_construct_mode:
            raise InvalidValueError(f"{_place(self, arguments)}.bits_per_pixel: no longer in the standard, leave it out")
        if data is None and files is None:
            raise InvalidValueError(f"{_place(self, arguments)}: expected data or external_file, got neither")
        if data is not None and arguments.get("unit") is None:
            raise InvalidValueError(f"{_place(self, arguments)}.unit: a value is required with data, got None")
        super()._init(arguments if files is None else self._filled_in(arguments))

    def _filled_in(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Arguments of a series with external files, and what follows from those."""
        given = dict(arguments)
        data, files = given.get("data"), given["external_file"]
        if data is None:
            given.pop("data", None)  # which leaves the empty default
        if given.get("unit") is None:
            given["unit"] = self.DEFAULT_UNIT
        if given.get("starting_frame") is None and (isinstance(files, str) or len(files) == 1):
            given["starting_frame"] = [0]
        if given.get("format") is None and _is_empty(data):
            given["format"] = "external"
        return given

    def _contradictions(self) -> list[str]:
        found, given = super()._contradictions(), self.__dict__
        files = given.get("external_file")
        if files is None:
            return found
        if not _is_empty(self.data):
            found.append("expected either data or external_file, got both: leave one out")
        if self.format != "external":
            found.append(f"expected format 'external' with external_file, got {self.format!r}")
        starts = self.starting_frame
        if shape_of(starts) != (len(files),):
            found.append(f"expected a starting_frame for each of the {len(files)} external files, got {starts!r}")
        if given.get("rate") is not None and given.get("num_samples") is None and not self._in_construct_mode:
            found.append(
                "expected num_samples with external_file and rate, got None: the data are empty and cannot tell "
                "the number of frames"
            )
        return found

    def _length_mismatch(self) -> list[str]:
        return [] if self.external_file is not None else super()._length_mismatch()

    def _sample_count(self) -> int | None:
        stored = self.fields.get("num_samples")
        if stored is not None:
            return int(stored)
        if self.external_file is not None:
            shape = shape_of(self.timestamps)
            return shape[0] if shape else None
        return super()._sample_count()

    def append(self, data: ArrayLike, timestamps: ArrayLike | None = None, control: ArrayLike | None = None) -> None:
        """Add frames at the end; see `TimeSeries.append`. Not for a series whose frames are in external files."""
        if self.external_file is not None:
            raise InvalidValueError(
                f"{self._label()}.append: the frames are in external files; set external_file, starting_frame and num_samples"
            )
        super().append(data, timestamps, control)

    @property
    def bits_per_pixel(self) -> int | None:
        """No longer in the standard: always None."""
        return None

    @property
    def frames(self) -> Any:
        """The frames as (time, row, column), with any further axis behind, read when indexed.

        The standard stores images as (time, x, y): the first axis of an image is horizontal, while image libraries (and
        `imshow`) want rows first. Files of some programs have rows first already: `axis_order` tells what was taken for true,
        and a warning tells once where that is not the standard. Frames in external files (TIFF, and videos where there is a
        codec) are read from there.

        Raises
        ------
        MissingFileError, DamagedFileError, InvalidValueError, ImportError
            The frames are in external files that cannot be read; see `photonwb.external`.
        """
        from photonwb.layouts.axis_order import frames_of

        return frames_of(self)

    _axes = ("x", "y", "z")

    def _stored_data(self) -> Any:
        from photonwb.layouts.axis_order import data_of

        return data_of(self)

    @property
    def axis_order(self) -> AxisOrder:
        """Which axis of the frames is horizontal, and how that is known. Can be set: `series.axis_order = "yx"`."""
        known = self.__dict__.get("_axis_order")
        if known is None:
            from photonwb.layouts.axis_order import axis_order_of_series

            known = axis_order_of_series(self)
            if self._stored is not None:
                self.__dict__["_axis_order"] = known
        return known

    @axis_order.setter
    def axis_order(self, order: str) -> None:
        from photonwb.layouts.axis_order import said

        self.__dict__["_axis_order"] = said(order)


class IndexSeries(TimeSeries, neurodata_type="IndexSeries"):
    """Which image of a collection was shown, or seen, when.

    Parameters
    ----------
    name : str
    data : array-like of int, shape (time,), or TimeSeries
        Places in the order of the images, from 0.
    unit : {"N/A"}
        Places have no unit.
    indexed_timeseries : None
        Deprecated in the standard, refused: pass an `Images` as `indexed_images`.
    indexed_images : Images
        The images, with their `order_of_images`.
    resolution, conversion, offset : float
        Places are never converted; a value other than the default gives a warning.
    timestamps, starting_time, rate, comments, description, control, control_description
        See `TimeSeries`.
    """

    data: Array = shared_dataset("Places in the order of the images.", dtype="uint32", shape=(None,))
    unit: str = attribute("Places have no unit.", of="data", fixed="N/A")
    indexed_timeseries: ImageSeries | None = link("Images over time that are counted; deprecated.")
    indexed_images: Images | None = link("The images that are counted.")

    def __init__(
        self,
        name: str,
        data: ArrayLike | TimeSeries,
        unit: str,
        indexed_timeseries: TimeSeries | None = None,
        indexed_images: Images | None = None,
        resolution: float = -1.0,
        conversion: float = 1.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        offset: float = 0.0,
    ) -> None:
        if indexed_timeseries is None and indexed_images is None:
            raise InvalidValueError(f"IndexSeries {name!r}: expected indexed_images, got nothing that could be counted")
        if indexed_timeseries is not None:
            self._error_on_new_pass_on_construct(
                f"IndexSeries {name!r}.indexed_timeseries: deprecated, put the images into an Images object "
                "and pass that as indexed_images"
            )
        self._init(locals())
        for field in ("resolution", "conversion", "offset"):
            if getattr(self, field) != self.__defaults__[field]:
                warnings.warn(f"{self._label()}.{field}: not used, places are never converted", stacklevel=2)


class ImageMaskSeries(ImageSeries, neurodata_type="ImageMaskSeries"):
    """Masks over the images of another series; deprecated in the standard: files that have it are read, new ones are refused."""

    masked_imageseries: ImageSeries = link("The images under the masks.")

    def __init__(
        self,
        name: str,
        masked_imageseries: ImageSeries,
        data: ArrayLike | TimeSeries | None = None,
        unit: str | None = None,
        format: str | None = None,
        external_file: ArrayLike | None = None,
        starting_frame: ArrayLike | None = None,
        bits_per_pixel: int | None = None,
        dimension: ArrayLike | None = None,
        resolution: float = -1.0,
        conversion: float = 1.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        offset: float = 0.0,
        device: Device | None = None,
    ) -> None:
        self._error_on_new_pass_on_construct(
            f"ImageMaskSeries {name!r}: deprecated in the standard, use an ImageSeries for the masks"
        )
        self._init(locals())


class OpticalSeries(ImageSeries, neurodata_type="OpticalSeries"):
    """Images that were shown to the subject or taken of it, with their optical geometry.

    Parameters
    ----------
    name : str
    distance : float, optional
        From camera or screen to the subject, in meters.
    field_of_view : array-like, shape (2,) or (3,), optional
        Width, height (and depth) of the image or the imaged area, in meters.
    orientation : str, optional
        Which way is up, and in which frame of reference.
    data : array-like, shape (time, x, y) or (time, x, y, 3), optional
        Grey or RGB frames.
    unit, format, external_file, starting_frame, num_samples, bits_per_pixel, dimension, device
        See `ImageSeries`.
    resolution, conversion, timestamps, starting_time, rate, comments, description, control, control_description, offset
        See `TimeSeries`.
    """

    distance: float | None = dataset("From camera or screen to the subject.")
    field_of_view: Array | None = dataset(
        "Width, height (and depth) of the image or the imaged area, in meters.", dtype="float32", shape=((2,), (3,))
    )
    orientation: str | None = dataset("Which way is up, and in which frame of reference.")
    _axes = ("x", "y", "color")
    data: Array = shared_dataset("Grey or RGB frames.", dtype="numeric", shape=((None,) * 3, (None, None, None, 3)))

    def __init__(
        self,
        name: str,
        distance: float | None = None,
        field_of_view: ArrayLike | None = None,
        orientation: str | None = None,
        data: ArrayLike | None = None,
        unit: str | None = None,
        format: str | None = None,
        external_file: ArrayLike | None = None,
        starting_frame: ArrayLike | None = None,
        num_samples: int | None = None,
        bits_per_pixel: int | None = None,
        dimension: ArrayLike | None = None,
        resolution: float = -1.0,
        conversion: float = 1.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        device: Device | None = None,
        offset: float = 0.0,
    ) -> None:
        self._init(locals())


class GrayscaleImage(Image, neurodata_type="GrayscaleImage"):
    """A grey image, shape (x, y)."""

    data: Array = content("The pixels.", dtype="numeric", shape=(None, None))

    def __init__(self, name: str, data: ArrayLike, resolution: float | None = None, description: str | None = None) -> None:
        self._init(locals())


class RGBImage(Image, neurodata_type="RGBImage"):
    """A colour image, shape (x, y, 3)."""

    data: Array = content("The pixels.", dtype="numeric", shape=(None, None, 3))

    def __init__(self, name: str, data: ArrayLike, resolution: float | None = None, description: str | None = None) -> None:
        self._init(locals())


class RGBAImage(Image, neurodata_type="RGBAImage"):
    """A colour image with transparency, shape (x, y, 4)."""

    data: Array = content("The pixels.", dtype="numeric", shape=(None, None, 4))

    def __init__(self, name: str, data: ArrayLike, resolution: float | None = None, description: str | None = None) -> None:
        self._init(locals())


def _is_empty(data: Any) -> bool:
    shape = shape_of(data)
    return data is None or (shape is not None and shape[:1] == (0,))


def _place(series: ImageSeries, arguments: Mapping[str, Any]) -> str:
    """What to call a series whose name was not looked at yet."""
    return f"{type(series).__name__} {arguments['name']!r}"
