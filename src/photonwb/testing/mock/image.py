"""Mocks of `photonwb.image`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.image import ImageSeries
from photonwb.testing.mock.utils import make, one_clock, ones

if TYPE_CHECKING:
    from photonwb.device import Device
    from photonwb.file import NWBFile
    from photonwb.typing import ArrayLike

__all__ = ["mock_ImageSeries"]


def mock_ImageSeries(
    name: str | None = None,
    data: ArrayLike | None = None,
    rate: float | None = 50.0,
    unit: str = "n.a.",
    format: str | None = None,
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
) -> ImageSeries:
    """Twenty frames of 5 x 5 pixels, or the external files; acquired, when a file is given."""
    return make_movie(ImageSeries, dict(locals()))


def make_movie(cls: Any, arguments: dict[str, Any], **choices: Any) -> Any:
    """Make a series of images, with frames or in external files."""
    if arguments["external_file"] is None:
        arguments["starting_frame"] = None  # only files have one
        choices["data"] = lambda: ones((20, 5, 5))
    else:
        choices["format"] = lambda: "external"
        arguments["num_samples"] = None if arguments["timestamps"] is not None else 20
    return make(cls, one_clock(arguments), lambda file, made: file.add_acquisition(made), **choices)
