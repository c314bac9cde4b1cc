"""How long it takes to make an object, without a file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workload import Task


def _recipes(library: Any) -> dict[str, Callable[[], Any]]:
    """How an object of each class is made."""
    ophys = library.ophys
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    device = nwbfile.devices["microscope"]
    movie, traces = np.zeros((10, 8, 8), np.uint16), np.zeros((10, 4))
    table = ophys.PlaneSegmentation(name="rois", description="somata", imaging_plane=plane)
    table.add_roi(pixel_mask=[(1, 2, 1.0)])
    region = table.create_roi_table_region(region=[0], description="all of them")

    def series(cls: Any) -> Any:
        return cls(name="movie", imaging_plane=plane, data=movie, unit="n.a.", rate=30.0)

    def stack() -> Any:
        corrected = library.image.ImageSeries(name="corrected", data=movie, unit="n.a.", rate=30.0)
        shifts = library.TimeSeries(name="xy_translation", data=traces[:, :2], unit="pixels", rate=30.0)
        return ophys.CorrectedImageStack(corrected=corrected, original=original, xy_translation=shifts)

    original = series(ophys.TwoPhotonSeries)
    return {
        "TwoPhotonSeries": lambda: series(ophys.TwoPhotonSeries),
        "OnePhotonSeries": lambda: series(ophys.OnePhotonSeries),
        "OpticalChannel": lambda: ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
        "ImagingPlane": lambda: ophys.ImagingPlane(
            name="plane",
            optical_channel=ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
            description="layer 2/3",
            device=device,
            excitation_lambda=920.0,
            indicator="GCaMP6f",
            location="V1",
        ),
        "CorrectedImageStack": stack,
        "MotionCorrection": lambda: ophys.MotionCorrection(),
        "PlaneSegmentation": lambda: ophys.PlaneSegmentation(name="rois", description="somata", imaging_plane=plane),
        "ImageSegmentation": lambda: ophys.ImageSegmentation(),
        "RoiResponseSeries": lambda: ophys.RoiResponseSeries(name="f", data=traces, unit="n.a.", rois=region, rate=30.0),
        "Fluorescence": lambda: ophys.Fluorescence(),
        "DfOverF": lambda: ophys.DfOverF(),
        "Device": lambda: library.device.Device(name="microscope"),
        "TimeSeries": lambda: library.TimeSeries(name="wheel", data=traces, unit="m/s", rate=30.0),
        "ImageSeries": lambda: library.image.ImageSeries(name="video", data=movie, unit="n.a.", rate=30.0),
        "NWBFile": lambda: new_file(library),
    }


def construct(task: Task) -> None:
    recipes = _recipes(task.library)
    for name, make in recipes.items():
        make()
        times: list[float] = []
        for _ in range(9):
            start = time.perf_counter()
            for _ in range(200):
                make()
            times.append((time.perf_counter() - start) / 200)
        task.record(name, min(times), "s")


WORKLOADS = [Workload("construct", (Step("one", construct),), shown={"one: TwoPhotonSeries": "construct a TwoPhotonSeries"})]
