"""Optical physiology: imaging planes, the movies recorded from them, and their correction for motion.

All of optical physiology can be imported from here; the tables of regions of interest are in `segmentation`, their signals in
`responses`, and what can be done with masks in `masks` and `rois`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from photonwb.core import LabelledDict, MultiContainerInterface, NWBContainer, NWBDataInterface
from photonwb.device import Device  # noqa: TC001 - programs for pynwb import it from here
from photonwb.errors import InvalidValueError
from photonwb.image import ImageSeries
from photonwb.model.fields import attribute, child, children, dataset, link
from photonwb.model.labelled import adder, creator, getter
from photonwb.responses import DfOverF, Fluorescence, RoiResponseSeries
from photonwb.segmentation import ImageSegmentation, PlaneSegmentation
from photonwb.timeseries import TimeSeries  # noqa: TC001 - the same

if TYPE_CHECKING:
    from photonwb.typing import Array, ArrayLike, Several

__all__ = [
    "CorrectedImageStack",
    "DfOverF",
    "Fluorescence",
    "ImageSegmentation",
    "ImagingPlane",
    "MotionCorrection",
    "OnePhotonSeries",
    "OpticalChannel",
    "PlaneSegmentation",
    "RoiResponseSeries",
    "TwoPhotonSeries",
]

_COORDINATES = ((2,), (3,))
# Of a plane, though the established order of arguments has an optional one before them.
_REQUIRED = ("device", "excitation_lambda", "indicator", "location")


class OpticalChannel(NWBContainer, neurodata_type="OpticalChannel"):
    """A band of light that is collected from an imaging plane.

    Parameters
    ----------
    name : str
    description : str
        Free text on the channel.
    emission_lambda : float
        Wavelength of the collected light, in nanometers.
    """

    description: str = dataset("Free text on the channel.")
    emission_lambda: float = dataset("Wavelength of the collected light, in nanometers.")

    def __init__(self, name: str, description: str, emission_lambda: float) -> None:
        self._init(locals())


class ImagingPlane(NWBContainer, neurodata_type="ImagingPlane"):
    """A plane or volume of tissue, and how it is imaged.

    Parameters
    ----------
    name : str
    optical_channel : OpticalChannel or list of OpticalChannel
        The channels in which light is collected, at least one.
    description : str, optional
    device : Device
        The microscope.
    excitation_lambda : float
        Wavelength of the exciting light, in nanometers.
    indicator : str
        What fluoresces, for example "GCaMP6f".
    location : str
        Where the plane lies in the brain, in the words of an atlas.
    imaging_rate : float, optional
        Frames per second, where no series says it.
    manifold, conversion, unit
        Deprecated: say where the pixels are by `origin_coords` and `grid_spacing`. The position of each pixel, (x, y, 3) or
        (x, y, z, 3), the factor that turns it into `unit`, and the unit.
    reference_frame : str, optional
        What the coordinates are relative to, for example bregma.
    origin_coords : (x, y) or (x, y, z), optional
        Position of the first pixel.
    origin_coords_unit : str
    grid_spacing : (x, y) or (x, y, z), optional
        Distance between neighbouring pixels.
    grid_spacing_unit : str

    Raises
    ------
    InvalidValueError
        No optical channel, device, excitation_lambda, indicator or location.
    """

    optical_channel: list[OpticalChannel] = children("The channels in which light is collected.", required=True)
    description: str | None = dataset("Free text on the plane.")
    device: Device = link("The microscope.")
    excitation_lambda: float = dataset("Wavelength of the exciting light, in nanometers.")
    indicator: str = dataset("What fluoresces.")
    location: str = dataset("Where the plane lies in the brain.")
    imaging_rate: float | None = dataset("Frames per second.")
    manifold: Array | None = dataset(
        "Position of each pixel; deprecated.", dtype="float32", shape=((None, None, 3), (None, None, None, 3))
    )
    conversion: float = attribute("Factor that turns the manifold into `unit`; deprecated.", of="manifold")
    unit: str = attribute("Unit of the manifold; deprecated.", of="manifold")
    reference_frame: str | None = dataset("What the coordinates are relative to.")
    origin_coords: Array | None = dataset("Position of the first pixel.", dtype="float32", shape=_COORDINATES)
    origin_coords_unit: str = attribute("Unit of the position.", of="origin_coords", key="unit")
    grid_spacing: Array | None = dataset("Distance between pixels.", dtype="float32", shape=_COORDINATES)
    grid_spacing_unit: str = attribute("Unit of the distance.", of="grid_spacing", key="unit")

    def __init__(
        self,
        name: str,
        optical_channel: OpticalChannel | list[OpticalChannel],
        description: str | None = None,
        device: Device | None = None,
        excitation_lambda: float | None = None,
        indicator: str | None = None,
        location: str | None = None,
        imaging_rate: float | None = None,
        manifold: ArrayLike | None = None,
        conversion: float = 1.0,
        unit: str = "meters",
        reference_frame: str | None = None,
        origin_coords: ArrayLike | None = None,
        origin_coords_unit: str = "meters",
        grid_spacing: ArrayLike | None = None,
        grid_spacing_unit: str = "meters",
    ) -> None:
        arguments = locals()
        missing = [field for field in _REQUIRED if arguments[field] is None]
        for field in missing:
            del arguments[field]
        self._init(arguments)
        if missing:
            raise InvalidValueError(f"{self._label()}.{missing[0]}: a value is required, got None")
        if not self.optical_channel:
            raise InvalidValueError(f"{self._label()}.optical_channel: expected at least one OpticalChannel, got none")
        if self._in_construct_mode:
            return
        if manifold is not None or conversion != 1.0:
            argument = "manifold" if manifold is not None else "conversion"
            _deprecated(argument, "origin_coords and grid_spacing")
        if unit != "meters":
            _deprecated("unit", "origin_coords_unit and grid_spacing_unit")


def _deprecated(argument: str, replacement: str) -> None:
    warnings.warn(f"{argument!r} of an ImagingPlane is deprecated: use {replacement}", DeprecationWarning, stacklevel=3)


class _MicroscopySeries(ImageSeries):
    """What movies have in common that show an imaging plane."""

    imaging_plane: ImagingPlane = link("The plane that was recorded.")
    pmt_gain: float | None = attribute("Gain of the photomultiplier.")
    scan_line_rate: float | None = attribute("Lines scanned per second.")


class OnePhotonSeries(_MicroscopySeries, neurodata_type="OnePhotonSeries"):
    """Movie recorded with a one-photon microscope.

    Parameters
    ----------
    name : str
    imaging_plane : ImagingPlane
        The plane that was recorded.
    data : array-like, shape (time, x, y) or (time, x, y, z), or TimeSeries, optional
        The frames, x being horizontal; left out when they are in `external_file`.
    unit, format
        See `ImageSeries`.
    pmt_gain : float, optional
        Gain of the photomultiplier.
    scan_line_rate : float, optional
        Lines scanned per second.
    exposure_time : float, optional
        How long each frame was exposed, in seconds.
    binning : int, optional
        How many pixels were combined into one.
    power, intensity : float, optional
        Power of the exciting light in mW, and per area in mW/mm².
    external_file, starting_frame, num_samples, bits_per_pixel, dimension, resolution, conversion, timestamps, starting_time, \
rate, comments, description, control, control_description, device, offset
        See `ImageSeries`.

    Raises
    ------
    InvalidValueError
        A negative binning, or what `ImageSeries` refuses.
    """

    exposure_time: float | None = attribute("How long each frame was exposed, in seconds.")
    binning: int | None = attribute("How many pixels were combined into one.", dtype="uint8")
    power: float | None = attribute("Power of the exciting light, in mW.")
    intensity: float | None = attribute("Power of the exciting light per area, in mW/mm².")

    def __init__(
        self,
        name: str,
        imaging_plane: ImagingPlane,
        data: ArrayLike | TimeSeries | None = None,
        unit: str | None = None,
        format: str | None = None,
        pmt_gain: float | None = None,
        scan_line_rate: float | None = None,
        exposure_time: float | None = None,
        binning: int | None = None,
        power: float | None = None,
        intensity: float | None = None,
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


class TwoPhotonSeries(_MicroscopySeries, neurodata_type="TwoPhotonSeries"):
    """Movie recorded with a two-photon microscope.

    Parameters
    ----------
    name : str
    imaging_plane : ImagingPlane
        The plane that was recorded.
    data : array-like, shape (time, x, y) or (time, x, y, z), or TimeSeries, optional
        The frames, x being horizontal; left out when they are in `external_file`.
    unit, format
        See `ImageSeries`.
    field_of_view : (width, height) or (width, height, depth), optional
        Size of what was imaged, in meters.
    pmt_gain : float, optional
        Gain of the photomultiplier.
    scan_line_rate : float, optional
        Lines scanned per second.
    external_file, starting_frame, num_samples, bits_per_pixel, dimension, resolution, conversion, timestamps, starting_time, \
rate, comments, description, control, control_description, device, offset
        See `ImageSeries`.
    """

    field_of_view: Array | None = dataset(
        "Width, height (and depth) of what was imaged, in meters.", dtype="float32", shape=_COORDINATES
    )

    def __init__(
        self,
        name: str,
        imaging_plane: ImagingPlane,
        data: ArrayLike | TimeSeries | None = None,
        unit: str | None = None,
        format: str | None = None,
        field_of_view: ArrayLike | None = None,
        pmt_gain: float | None = None,
        scan_line_rate: float | None = None,
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


class CorrectedImageStack(NWBDataInterface, neurodata_type="CorrectedImageStack"):
    """A movie whose frames were shifted onto each other.

    Parameters
    ----------
    corrected : ImageSeries
        The movie after correction; must be named "corrected".
    original : ImageSeries
        The movie before; is linked to, and belongs to the file elsewhere.
    xy_translation : TimeSeries
        The shift of each frame along x and y; must be named "xy_translation".
    name : str
    """

    corrected: ImageSeries = child("The movie after correction.")
    xy_translation: TimeSeries = child("The shift of each frame along x and y.")
    original: ImageSeries = link("The movie before correction.")

    def __init__(
        self, corrected: ImageSeries, original: ImageSeries, xy_translation: TimeSeries, name: str = "CorrectedImageStack"
    ) -> None:
        self._init(locals())


class MotionCorrection(MultiContainerInterface, neurodata_type="MotionCorrection"):
    """Movies that were corrected for the motion of the tissue, by name."""

    corrected_image_stacks: LabelledDict[CorrectedImageStack] = children("The corrected movies.", required=True)

    def __init__(self, corrected_image_stacks: Several[CorrectedImageStack] = (), name: str = "MotionCorrection") -> None:
        self._init(locals())

    add_corrected_image_stack = adder(CorrectedImageStack, "corrected_image_stacks")
    get_corrected_image_stack = getter(CorrectedImageStack, "corrected_image_stacks")
    create_corrected_image_stack = creator(CorrectedImageStack, "corrected_image_stacks")

    def __getitem__(self, name: str | None = None) -> CorrectedImageStack:
        return self._get("corrected_image_stacks", name)
