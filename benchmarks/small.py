"""Requests for little, of which programs make many: elements here and there, rows and regions in turn. All by one thread.

All contenders open the same file, in which the arrays are stored as h5py does by itself: in one piece, in chunks, compressed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from benchmarks.workload import Task

SAMPLES, REGIONS = 20_000, 500
ELEMENTS, ROWS, COLUMNS = 500, 1000, 64
STORED: dict[str, dict[str, Any]] = {
    "one piece": {},
    "chunks": {"chunks": True},
    "gzip": {"chunks": True, "compression": "gzip", "shuffle": True},
}


def prepare(task: Task) -> None:
    library = task.library
    traces = np.random.default_rng(1).integers(0, 4000, (SAMPLES, REGIONS)).astype(np.float32)
    nwbfile = new_file(library)
    for name in STORED:
        nwbfile.add_acquisition(library.TimeSeries(name=name, data=np.zeros((1, 1)), unit="n.a.", rate=30.0))
    write(library, nwbfile, task.inputs / "file.nwb")
    with task.h5py.File(task.inputs / "file.nwb", "r+") as file:
        for name, options in STORED.items():
            group: Any = file["acquisition"][name]
            attributes = dict(group["data"].attrs)
            del group["data"]
            group.create_dataset("data", data=traces, **options).attrs.update(attributes)


def read_with_library(task: Task) -> None:
    os.environ["PHOTONWB_THREADS"] = "1"
    with task.library.NWBHDF5IO(str(task.inputs / "file.nwb"), "r") as io:
        acquisition = io.read().acquisition
        _read(task, {name: acquisition[name].data for name in STORED})


def read_with_h5py(task: Task) -> None:
    with task.h5py.File(task.inputs / "file.nwb") as file:
        _read(task, {name: file["acquisition"][name]["data"] for name in STORED})


def _read(task: Task, arrays: dict[str, Any]) -> None:
    generator = np.random.default_rng(2)
    places = np.column_stack([generator.integers(0, SAMPLES, ELEMENTS), generator.integers(0, REGIONS, ELEMENTS)]).tolist()
    for name, traces in arrays.items():
        with task.time(f"{name}: an element at random", ELEMENTS):
            for row, column in places:
                _ = traces[row, column]
        with task.time(f"{name}: a row after the other", ROWS):
            for row in range(ROWS):
                _ = traces[row]
        with task.time(f"{name}: a region after the other", COLUMNS):
            for column in range(COLUMNS):
                _ = traces[:, column]


WORKLOADS = [
    Workload(
        "small requests",
        (Step("one thread", read_with_library, read_with_h5py),),
        {},
        prepare,
        shown={
            f"one thread: {name}: {what}": f"{title}, one thread: {what}"
            for name, title in (("chunks", "traces in chunks"), ("gzip", "compressed traces"))
            for what in ("an element at random", "a row after the other", "a region after the other")
        },
    )
]
