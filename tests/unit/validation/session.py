"""A session that no rule has anything to say about, with a handle on everything in it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from photonwb import NWBFile, TimeSeries
from photonwb.base import ImageReferences, Images
from photonwb.common import DynamicTable, VectorData
from photonwb.device import Device
from photonwb.file import Subject
from photonwb.image import GrayscaleImage, ImageSeries, IndexSeries
from photonwb.ophys import (
    CorrectedImageStack,
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    MotionCorrection,
    OnePhotonSeries,
    OpticalChannel,
    RoiResponseSeries,
    TwoPhotonSeries,
)

FRAMES, WIDTH, HEIGHT = 30, 10, 8
SEGMENTATION = "/processing/ophys/ImageSegmentation"


def session() -> Any:
    """Build the session; `.file` is the NWBFile."""
    made = SimpleNamespace()
    made.subject = Subject(subject_id="m1", species="Mus musculus", sex="F", age="P90D", weight="0.02 kg", description="tame")
    made.file = nwbfile = NWBFile(
        "imaging of a plane",
        "1",
        datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        experimenter=["Lovelace, Ada"],
        lab="ours",
        experiment_description="gratings",
        institution="I",
        keywords=["calcium"],
        session_id="s1",
        related_publications=["doi:10.1000/182"],
        subject=made.subject,
    )
    device = nwbfile.add_device(Device("microscope", "two photons"))
    made.plane, made.other_plane = (_plane(nwbfile, device, name) for name in ("plane", "other_plane"))
    frames = np.ones((FRAMES, WIDTH, HEIGHT), "u2")
    made.movie = TwoPhotonSeries(
        "movie",
        made.plane,
        frames,
        "n.a.",
        rate=10.0,
        dimension=[WIDTH, HEIGHT],
        field_of_view=[1e-5, 8e-6],
        description="the movie",
    )
    wide_plane = _plane(nwbfile, device, "wide_plane", 470.0)
    made.wide = OnePhotonSeries("wide", wide_plane, frames, "n.a.", rate=10.0, description="the wide one")
    times = np.arange(FRAMES) / 10 + np.linspace(0, 0.01, FRAMES) ** 2
    made.series = TimeSeries("series", np.ones(FRAMES), "volts", timestamps=times, description="a wheel")
    made.table = DynamicTable(
        "table", "numbers", columns=[VectorData("number", "d", [1.5, 2.5, 4.0]), VectorData("word", "d", list("abc"))]
    )
    for item in (made.movie, made.wide, made.series, made.table):
        nwbfile.add_acquisition(item)
    _process(made, frames)
    for start in (0.0, 1.0, 2.0):
        nwbfile.add_trial(start_time=start, stop_time=start + 0.5)
    made.trials = nwbfile.trials
    image = GrayscaleImage("mean", np.ones((WIDTH, HEIGHT)), description="mean of all frames")
    made.images = Images("pictures", [image], "pictures", ImageReferences("order_of_images", [image]))
    nwbfile.add_stimulus_template(made.images)
    made.shown = IndexSeries("shown", [0, 0], "N/A", indexed_images=made.images, rate=1.0, description="what was shown")
    nwbfile.add_stimulus(made.shown)
    return made


def _plane(nwbfile: NWBFile, device: Device, name: str, excitation: float = 920.0) -> ImagingPlane:
    channel = OpticalChannel("green", "filter", 510.0)
    plane = ImagingPlane(
        name,
        channel,
        "layer 2/3",
        device,
        excitation,
        "GCaMP6f",
        "VISp",
        10.0,
        grid_spacing=[1e-6, 1e-6],
        origin_coords=[0.0, 0.0],
    )
    nwbfile.add_imaging_plane(plane)
    return plane


def _process(made: Any, frames: Any) -> None:
    made.module = module = made.file.create_processing_module("ophys", "signals")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    made.pixels = segmentation.create_plane_segmentation("cells", made.plane, "pixels", reference_images=made.movie)
    made.images_table = segmentation.create_plane_segmentation("cells", made.plane, "images")
    for x in range(3):
        made.pixels.add_roi(pixel_mask=[(x, 1, 1.0), (x + 1, 2, 0.5)])
        made.images_table.add_roi(image_mask=np.eye(WIDTH, HEIGHT, x))
    made.rois = made.pixels.create_roi_table_region("all", region=[0, 1, 2])
    made.traces = RoiResponseSeries("traces", np.ones((FRAMES, 3)), "n.a.", made.rois, rate=10.0, description="raw")
    fluorescence = Fluorescence()
    module.add(fluorescence)
    fluorescence.add_roi_response_series(made.traces)
    corrected = ImageSeries("corrected", frames, "n.a.", rate=10.0, description="shifted")
    shift = TimeSeries("xy_translation", np.ones((FRAMES, 2)), "pixels", rate=10.0, description="shifts")
    made.stack = CorrectedImageStack(corrected, made.movie, shift, "stack")
    module.add(MotionCorrection(made.stack))
