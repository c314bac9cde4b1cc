"""Movies of 512 x 512 pixels with the noise of photons, plain and compressed, from an array, a generator and a TIFF file.

Compressed means gzip 4 with shuffle for pynwb and plain h5py, what people choose; for photonwb it is what it does of its own
accord, and once the same wrapper as for pynwb. Each contender reads what it wrote; plain h5py, chunks of whole frames.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.workload import Task

FRAME = (512, 512)


def _frames(task: Task) -> int:
    return max(100, round(task["frames"] * task["scale"]))


def prepare(task: Task) -> None:
    movie = photons(_frames(task))
    np.save(task.inputs / "movie.npy", movie)
    if task["source"] == "TIFF":
        import tifffile

        tifffile.imwrite(task.inputs / "movie.tif", movie)


def photons(frames: int) -> Any:
    """A movie of cells that flicker, with noise of photons and of a camera; some frames come again, shifted."""
    generator = np.random.default_rng(1)
    brightness = generator.gamma(2, 60, FRAME)
    different = min(frames, 64)
    base = np.stack([generator.poisson(brightness) + generator.normal(100, 3, FRAME) for _ in range(different)])
    base = base.clip(0).astype(np.uint16)
    return np.concatenate([np.roll(base, shift, axis=2) for shift in range(-(-frames // different))])[:frames]


def _source(task: Task) -> Any:
    """The movie as the task has it: all in memory, frame by frame, or in a file."""
    if task["source"] == "TIFF":
        import tifffile

        return tifffile.memmap(task.inputs / "movie.tif", mode="r")
    if task["source"] == "generator":
        return iter(np.load(task.inputs / "movie.npy", mmap_mode="r"))
    return np.load(task.inputs / "movie.npy")


def _wrapped(task: Task, data: Any) -> Any:
    """The data with the options that a user of the library would give."""
    library, is_pynwb = task.library, task.contender == "pynwb"
    if task["source"] == "generator" and is_pynwb:
        from hdmf.data_utils import DataChunkIterator

        data = DataChunkIterator(data=data)
    if task["compressed"] == "same wrapper" or (task["compressed"] and is_pynwb):
        return library.H5DataIO(data, compression="gzip", compression_opts=4, shuffle=True)
    return data if task["compressed"] or is_pynwb else library.H5DataIO(data, compression=False)


def write_series(task: Task) -> None:
    library, data = task.library, _source(task)
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    with task.time("write"):
        movie = _wrapped(task, data)
        nwbfile.add_acquisition(
            library.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=movie, unit="n.a.", rate=30.0)
        )
        write(library, nwbfile, task.path)
    task.record_size()


def write_dataset(task: Task) -> None:
    data, shape = _source(task), (_frames(task), *FRAME)
    options: dict[str, Any] = {}
    if task["compressed"]:
        options = {"chunks": (2, *FRAME), "compression": "gzip", "compression_opts": 4, "shuffle": True}
    with task.time("write"), task.h5py.File(task.path, "w") as file:
        dataset = file.create_dataset("movie", shape, np.uint16, **options)
        if task["source"] == "generator":
            for number, frame in enumerate(data):
                dataset[number] = frame
        else:
            dataset[...] = data
    task.record_size()


def read_series(pattern: str, task: Task) -> None:
    with task.library.NWBHDF5IO(str(task.path), "r") as io:
        _read(task, pattern, io.read().acquisition["movie"].data)


def read_dataset(pattern: str, task: Task) -> None:
    with task.h5py.File(task.path) as file:
        _read(task, pattern, file["movie"])


def _read(task: Task, pattern: str, data: Any) -> None:
    frames = len(data)
    numbers = np.random.default_rng(2).integers(0, frames, 100).tolist()
    with task.time(pattern):
        match pattern:
            case "all":
                shape = data[:].shape
            case "100 random frames":
                shape = (frames, *[data[number] for number in numbers][-1].shape)
            case "one pixel over time":
                shape = data[:, 100, 200].shape
            case _:
                shape = data[:, 100:164, 200:264].shape
    assert shape[0] == frames


PATTERNS = ("all", "100 random frames", "one pixel over time", "crop of 64 x 64 over time")


def _workload(name: str, source: str, compressed: bool | str, shown: Mapping[str, str] | None = None) -> Workload:
    # Each way to read gets a process of its own, lest it find what another one left in memory.
    patterns = PATTERNS if source == "array" else ()
    reads = (Step(f"read {each}", partial(read_series, each), partial(read_dataset, each)) for each in patterns)
    return Workload(
        name,
        (Step("write", write_series, write_dataset), *reads),
        {"source": source, "compressed": compressed, "frames": 400},
        prepare,
        most_rounds=3 if compressed else 100,
        shown={figure: f"{name}: {title}" for figure, title in (shown or {}).items()},
    )


_READS = {f"read {each}: {each}": each if each != "all" else "read all" for each in PATTERNS}
_WRITE = {"write: write": "write"}

WORKLOADS = [
    _workload("plain movie", "array", False, shown=_WRITE | _READS),
    _workload("plain movie from a generator", "generator", False, shown=_WRITE),
    _workload("plain movie from a TIFF file", "TIFF", False),
    _workload("compressed movie", "array", True, shown=_WRITE | {"write: file": "file"} | _READS),
    _workload("compressed movie, gzip 4 asked for", "array", "same wrapper", shown=_WRITE),
    _workload("compressed movie from a generator", "generator", True),
    _workload("compressed movie from a TIFF file", "TIFF", True),
]
