"""Signals of 10,000 regions over time.

Plain h5py keeps them twice, in the layout that is best for one region and in the one that is best for a while, and each time the
better of the two is read: no single layout can be faster than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane, new_segmentation, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from benchmarks.workload import Task

WINDOW = 200
BLOCK = 500  # samples of the inputs that are made at a time
READS = 20


def _samples(task: Task) -> int:
    return max(WINDOW, round(task["samples"] * task["scale"]))


def prepare(task: Task) -> None:
    generator = np.random.default_rng(1)
    shape = (_samples(task), task["rois"])
    traces = np.lib.format.open_memmap(task.inputs / "traces.npy", "w+", np.float32, shape)
    for start in range(0, len(traces), BLOCK):
        traces[start : start + BLOCK] = generator.standard_normal(traces[start : start + BLOCK].shape, np.float32)
    traces.flush()


def write_series(task: Task) -> None:
    library, traces = task.library, np.load(task.inputs / "traces.npy")
    nwbfile = new_file(library)
    table = new_segmentation(library, nwbfile, new_plane(library, nwbfile))
    for _ in range(task["rois"]):
        table.add_roi(pixel_mask=[(1, 2, 1.0)])
    region = table.create_roi_table_region(region=list(range(task["rois"])), description="all")
    series = library.ophys.RoiResponseSeries(name="f", data=traces, unit="n.a.", rois=region, rate=30.0)
    nwbfile.processing["ophys"].add(library.ophys.Fluorescence(roi_response_series=series))
    with task.time("write"):
        write(library, nwbfile, task.path)
    task.record_size()


def write_both_layouts(task: Task) -> None:
    traces = np.load(task.inputs / "traces.npy")
    with task.h5py.File(task.path, "w") as file:
        file.create_dataset("by region", data=traces, chunks=(len(traces), 1))
        with task.time("write"):
            file["by time"] = traces
            file.flush()


def read_series(task: Task) -> None:
    io = task.library.NWBHDF5IO(str(task.path), "r")
    data = io.read().processing["ophys"]["Fluorescence"]["f"].data
    _read(task, data, data)
    io.close()


def read_better_layout(task: Task) -> None:
    with task.h5py.File(task.path) as file:
        _read(task, file["by region"], file["by time"])


def _read(task: Task, by_region: Any, by_time: Any) -> None:
    samples, rois = by_time.shape
    generator = np.random.default_rng(2)
    with task.time("one region over time", READS):
        for region in generator.integers(0, rois, READS).tolist():
            assert by_region[:, region].shape == (samples,)
    with task.time(f"{WINDOW} samples of all regions", READS):
        for start in generator.integers(0, samples - WINDOW, READS).tolist():
            assert by_time[start : start + WINDOW].shape == (WINDOW, rois)


WORKLOADS = [
    Workload(
        "traces of 10,000 ROIs",
        (Step("write", write_series, write_both_layouts), Step("read", read_series, read_better_layout)),
        {"rois": 10_000, "samples": 20_000},
        prepare,
        most_rounds=3,
        shown={
            "write: write": "traces of 10,000 regions: write",
            "read: one region over time": "one region over time (h5py: in a layout for that)",
            f"read: {WINDOW} samples of all regions": f"{WINDOW} samples of all regions (h5py: in a layout for that)",
        },
    )
]
