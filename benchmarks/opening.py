"""How long it takes from a path to one value.

All contenders open the same file. The first time in a process, and again: what is read of the standard once is read then.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workload import Task


def prepare(task: Task) -> None:
    library = task.library
    nwbfile = new_file(library)
    planes = [new_plane(library, nwbfile, f"plane_{number}") for number in range(task["planes"])]
    for number in range(task["series"]):
        movie = np.full((4, 8, 8), number, np.uint16)
        plane = planes[number % len(planes)]
        series = library.ophys.TwoPhotonSeries(name=f"movie_{number:05}", imaging_plane=plane, data=movie, unit="n.a.", rate=30.0)
        nwbfile.add_acquisition(series)
    write(library, nwbfile, task.inputs / "file.nwb")


def open_with_library(task: Task) -> None:
    library, path = task.library, str(task.inputs / "file.nwb")

    def value() -> Any:
        with library.NWBHDF5IO(path, "r") as io:
            return io.read().acquisition[f"movie_{task['series'] - 1:05}"].data[3, 0, 0]

    _take_times(task, value)


def open_with_h5py(task: Task) -> None:
    path = task.inputs / "file.nwb"

    def value() -> Any:
        with task.h5py.File(path) as file:
            return file[f"acquisition/movie_{task['series'] - 1:05}/data"][3, 0, 0]

    _take_times(task, value)


def _take_times(task: Task, value: Callable[[], Any]) -> None:
    with task.time("open, one value"):
        assert value() == task["series"] - 1
    times: list[float] = []
    while len(times) < 5 and sum(times) < 10:
        start = time.perf_counter()
        value()
        times.append(time.perf_counter() - start)
    task.record("open, one value, again", statistics.median(times), "s")


def _workload(series: int, planes: int, most_rounds: int = 100) -> Workload:
    name = f"{series:,} series, {planes} plane{'s' if planes > 1 else ''}"
    shown = {
        "open: open, one value": f"open a file of {series:,} series and {planes} planes, one value",
        "open: open, one value, again": "the same, again in the same process",
    }
    return Workload(
        name,
        (Step("open", open_with_library, open_with_h5py),),
        {"series": series, "planes": planes},
        prepare,
        most_rounds,
        shown if (series, planes) in ((500, 8), (10_000, 1)) else {},
    )


WORKLOADS = [
    _workload(10, 1),
    _workload(10, 8),
    _workload(500, 1),
    _workload(500, 8),
    _workload(10_000, 1, most_rounds=2),
    _workload(10_000, 8, most_rounds=1),
]
