"""Mocks of `photonwb.ophys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from photonwb.errors import InvalidValueError
from photonwb.ophys import (
    DfOverF,
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    OnePhotonSeries,
    OpticalChannel,
    PlaneSegmentation,
    RoiResponseSeries,
    TwoPhotonSeries,
)
from photonwb.testing.mock.device import mock_Device
from photonwb.testing.mock.image import make_movie
from photonwb.testing.mock.utils import make, one_clock, ones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photonwb.common import DynamicTableRegion
    from photonwb.device import Device
    from photonwb.file import NWBFile
    from photonwb.image import ImageSeries
    from photonwb.typing import ArrayLike

T = TypeVar("T")

__all__ = [
    "mock_DfOverF",
    "mock_Fluorescence",
    "mock_ImageSegmentation",
    "mock_ImagingPlane",
    "mock_OnePhotonSeries",
    "mock_OpticalChannel",
    "mock_PlaneSegmentation",
    "mock_RoiResponseSeries",
    "mock_TwoPhotonSeries",
]

_IMAGE = (10, 10)  # shape of the images that the ROIs are drawn in


def mock_OpticalChannel(
    name: str | None = None,
    description: str = "description",
    emission_lambda: float = 500.0,
    nwbfile: NWBFile | None = None,
) -> OpticalChannel:
    """A green channel; in an imaging plane of the file, when one is given."""
    return make(OpticalChannel, dict(locals()), lambda file, made: mock_ImagingPlane(optical_channel=made, nwbfile=file))


def mock_ImagingPlane(
    name: str | None = None,
    optical_channel: OpticalChannel | list[OpticalChannel] | None = None,
    description: str = "description",
    device: Device | None = None,
    excitation_lambda: float = 500.0,
    indicator: str = "indicator",
    location: str = "unknown",
    imaging_rate: float = 30.0,
    manifold: ArrayLike | None = None,
    conversion: float = 1.0,
    unit: str = "meters",
    reference_frame: str | None = None,
    origin_coords: ArrayLike | None = None,
    origin_coords_unit: str = "meters",
    grid_spacing: ArrayLike | None = None,
    grid_spacing_unit: str = "meters",
    nwbfile: NWBFile | None = None,
) -> ImagingPlane:
    """A plane with one channel, and the device that imaged it."""
    return make(
        ImagingPlane,
        dict(locals()),
        lambda file, made: file.add_imaging_plane(made),
        optical_channel=mock_OpticalChannel,
        device=lambda: mock_Device(nwbfile=nwbfile),
    )


def mock_OnePhotonSeries(
    name: str | None = None,
    imaging_plane: ImagingPlane | None = None,
    data: ArrayLike | None = None,
    rate: float | None = 50.0,
    unit: str = "n.a.",
    exposure_time: float | None = None,
    binning: int | None = None,
    power: float | None = None,
    intensity: float | None = None,
    format: str | None = None,
    pmt_gain: float | None = None,
    scan_line_rate: float | None = None,
    external_file: ArrayLike | None = None,
    starting_frame: ArrayLike = (0,),
    bits_per_pixel: int | None = None,
    dimension: ArrayLike | None = None,
    resolution: float = -1.0,
    conversion: float = 1.0,
    offset: float = 0.0,
    timestamps: ArrayLike | None = None,
    starting_time: float | None = None,
    comments: str = "no comments",
    description: str = "no description",
    control: ArrayLike | None = None,
    control_description: ArrayLike | None = None,
    device: Device | None = None,
    nwbfile: NWBFile | None = None,
) -> OnePhotonSeries:
    """Twenty frames of 5 x 5 pixels (or the external files), recorded from one photon; acquired, when a file is given."""
    return make_movie(OnePhotonSeries, dict(locals()), imaging_plane=lambda: mock_ImagingPlane(nwbfile=nwbfile))


def mock_TwoPhotonSeries(
    name: str | None = None,
    imaging_plane: ImagingPlane | None = None,
    data: ArrayLike | None = None,
    rate: float | None = 50.0,
    unit: str = "n.a.",
    format: str | None = None,
    field_of_view: ArrayLike | None = None,
    pmt_gain: float | None = None,
    scan_line_rate: float | None = None,
    external_file: ArrayLike | None = None,
    starting_frame: ArrayLike = (0,),
    bits_per_pixel: int | None = None,
    dimension: ArrayLike | None = None,
    resolution: float = -1.0,
    conversion: float = 1.0,
    offset: float = 0.0,
    timestamps: ArrayLike | None = None,
    starting_time: float | None = None,
    comments: str = "no comments",
    description: str = "no description",
    control: ArrayLike | None = None,
    control_description: ArrayLike | None = None,
    device: Device | None = None,
    nwbfile: NWBFile | None = None,
) -> TwoPhotonSeries:
    """Twenty frames of 5 x 5 pixels (or the external files), recorded from two photons; acquired, when a file is given."""
    return make_movie(TwoPhotonSeries, dict(locals()), imaging_plane=lambda: mock_ImagingPlane(nwbfile=nwbfile))


def mock_PlaneSegmentation(
    description: str = "no description",
    imaging_plane: ImagingPlane | None = None,
    name: str | None = None,
    reference_images: ImageSeries | Sequence[ImageSeries] | None = None,
    n_rois: int = 5,
    mask_type: Literal["image_mask", "pixel_mask", "voxel_mask"] = "image_mask",
    nwbfile: NWBFile | None = None,
) -> PlaneSegmentation:
    """Regions of interest, each a line across the image; in the module `ophys` of the file, when one is given.

    Raises
    ------
    InvalidValueError
        `mask_type` is none of the three.
    """
    arguments = dict(locals())
    del arguments["n_rois"], arguments["mask_type"]
    masks = [{mask_type: _line_mask(mask_type, roi)} for roi in range(n_rois)]
    segmentation = make(PlaneSegmentation, arguments, _add_to_module, imaging_plane=lambda: mock_ImagingPlane(nwbfile=nwbfile))
    for mask in masks:
        segmentation.add_roi(**mask)
    return segmentation


def mock_ImageSegmentation(
    plane_segmentations: Sequence[PlaneSegmentation] | None = None,
    name: str | None = None,
    nwbfile: NWBFile | None = None,
) -> ImageSegmentation:
    """A segmentation of one plane; in the module `ophys` of the file, when one is given."""
    return make(
        ImageSegmentation,
        dict(locals()),
        _add_to_module,
        plane_segmentations=lambda: [mock_PlaneSegmentation(imaging_plane=mock_ImagingPlane(nwbfile=nwbfile))],
    )


def mock_RoiResponseSeries(
    name: str | None = None,
    data: ArrayLike | None = None,
    unit: str = "n.a.",
    rois: DynamicTableRegion | None = None,
    resolution: float = -1.0,
    conversion: float = 1.0,
    timestamps: ArrayLike | None = None,
    starting_time: float | None = None,
    rate: float | None = 50.0,
    comments: str = "no comments",
    description: str = "no description",
    control: ArrayLike | None = None,
    control_description: ArrayLike | None = None,
    n_rois: int | None = None,
    plane_segmentation: PlaneSegmentation | None = None,
    nwbfile: NWBFile | None = None,
) -> RoiResponseSeries:
    """Thirty samples of each ROI: of `rois`, of the plane, or of `n_rois` new ones; in the module `ophys` of the file."""
    arguments = one_clock(dict(locals()))
    del arguments["n_rois"], arguments["plane_segmentation"]
    if rois is None:
        count = n_rois or (len(plane_segmentation) if plane_segmentation is not None else 5)
        plane = plane_segmentation or mock_PlaneSegmentation(n_rois=count, nwbfile=nwbfile)
        arguments["rois"] = rois = plane.create_roi_table_region("rois", region=list(range(count)))
    return make(RoiResponseSeries, arguments, _add_to_module, data=lambda: ones((30, len(rois))))


def mock_DfOverF(
    roi_response_series: RoiResponseSeries | None = None,
    name: str | None = None,
    nwbfile: NWBFile | None = None,
) -> DfOverF:
    """Relative changes of fluorescence; in the module `ophys` of the file, when one is given."""
    return _holding_responses(DfOverF, dict(locals()))


def mock_Fluorescence(
    roi_response_series: Sequence[RoiResponseSeries] | None = None,
    name: str | None = None,
    nwbfile: NWBFile | None = None,
) -> Fluorescence:
    """Traces of fluorescence; in the module `ophys` of the file, when one is given."""
    return _holding_responses(Fluorescence, dict(locals()))


def _holding_responses(cls: Callable[..., T], arguments: dict[str, Any]) -> T:
    """Make a holder of series, then put the series in: by then the file has both them and the table that they refer to."""
    series = arguments.pop("roi_response_series")
    plane = mock_PlaneSegmentation(nwbfile=arguments["nwbfile"]) if series is None else None
    holder: Any = make(cls, arguments, _add_to_module)
    holder.add_roi_response_series(mock_RoiResponseSeries(plane_segmentation=plane) if series is None else series)
    return holder


def _add_to_module(nwbfile: NWBFile, made: Any) -> None:
    if "ophys" not in nwbfile.processing:
        nwbfile.create_processing_module(name="ophys", description="optical physiology")
    nwbfile.processing["ophys"].add(made)


def _line_mask(mask_type: str, roi: int) -> ArrayLike:
    """The pixels with y = `roi` (at the border of the image the lines begin again at the first), in the form asked for."""
    width, height = _IMAGE
    y = roi % height
    if mask_type == "pixel_mask":
        return [(x, y, 1.0) for x in range(width)]
    if mask_type == "voxel_mask":
        return [(x, y, 0, 1.0) for x in range(width)]
    if mask_type == "image_mask":
        import numpy as np

        mask = np.zeros(_IMAGE)
        mask[:, y] = 1.0
        return mask
    raise InvalidValueError(f"mask_type: expected 'image_mask', 'pixel_mask' or 'voxel_mask', got {mask_type!r}")
