"""A movie of 8 GB, more than one wants in memory, written as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.movies import FRAME, photons
from benchmarks.session import new_file, new_plane, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workload import Task


def prepare(task: Task) -> None:
    np.save(task.inputs / "frames.npy", photons(32))


def _stream(task: Task) -> Iterator[Any]:
    frames = np.load(task.inputs / "frames.npy")
    return (frames[number % len(frames)] for number in range(_count(task)))


def _count(task: Task) -> int:
    return max(100, round(task["frames"] * task["scale"]))


def write_series(task: Task) -> None:
    library, data = task.library, _stream(task)
    if task.contender == "pynwb":
        from hdmf.data_utils import DataChunkIterator

        data = DataChunkIterator(data=data)
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    with task.time("write"):
        movie = library.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=data, unit="n.a.", rate=30.0)
        nwbfile.add_acquisition(movie)
        write(library, nwbfile, task.path)
    task.record_size()


def write_frames(task: Task) -> None:
    data = _stream(task)
    with task.time("write"), task.h5py.File(task.path, "w") as file:
        dataset = file.create_dataset("movie", (_count(task), *FRAME), np.uint16)
        for number, frame in enumerate(data):
            dataset[number] = frame
    task.record_size()


WORKLOADS = [
    Workload(
        "stream of 16,000 frames",
        (Step("stream", write_series, write_frames),),
        {"frames": 16_000},
        prepare,
        most_rounds=1,
        shown={
            "stream: write": "movie of 8 GB as it comes, by default: write",
            "stream: memory": "the same: memory",
            "stream: file": "the same: file",
        },
    )
]
