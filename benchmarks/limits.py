"""What the machine takes for the bare operations that the slowest rows of the README consist of: `python -m benchmarks.limits`.

Where photonwb is not far ahead, the figures here say why: they are the time of the system, of memory and of numpy alone, beside
that of photonwb and plain h5py for the whole task. Each is the median of several rounds in turn; the tables go to docs/speed.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

import photonwb
from benchmarks.movies import photons
from benchmarks.report import shown_value, write_table
from benchmarks.running import ROOT
from benchmarks.session import new_file, new_plane, new_segmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 7
PIECE = 8 << 20
LIBRARY: Any = photonwb

Tasks = dict[str, "Callable[[], object]"]


def seconds_of(tasks: Tasks, rounds: int = ROUNDS, before: Callable[[], object] = lambda: None) -> dict[str, float]:
    """Median time of each task; they take turns, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            before()
            start = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def movie_session(movie: Any) -> Any:
    nwbfile = new_file(LIBRARY)
    plane = new_plane(LIBRARY, nwbfile)
    nwbfile.add_acquisition(LIBRARY.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=movie, unit="n.a.", rate=30.0))
    return nwbfile


# ---- a plain movie, written and read


def written(path: Path, movie: Any, sync: str = "") -> None:
    """The bytes alone: not synced, synced at the end, or beside the copying."""
    data = memoryview(movie.reshape(-1).view(np.uint8))
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(data), PIECE):
            file.write(data[start : start + PIECE])
            if sync == "beside" and hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), start, PIECE, os.POSIX_FADV_DONTNEED)
        if sync:
            os.fsync(file.fileno())


def h5py_written(path: Path, movie: Any, *, sync: bool) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = movie
    if sync:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def writing(folder: Path, movie: Any) -> dict[str, float]:
    nwbfile, path, ours = movie_session(movie), folder / "written", folder / "movie.nwb"

    def clear() -> None:
        """No old file is to be removed, nor the bytes of another one to be waited for."""
        path.unlink(missing_ok=True)
        ours.unlink(missing_ok=True)
        os.sync()

    return seconds_of(
        {
            "copy the bytes into the cache of the system": lambda: written(path, movie),
            "the same, then wait for the disk": lambda: written(path, movie, "after"),
            "the same, the disk working beside": lambda: written(path, movie, "beside"),
            "h5py": lambda: h5py_written(path, movie, sync=False),
            "h5py, then wait for the disk": lambda: h5py_written(path, movie, sync=True),
            "photonwb": lambda: photonwb.write(nwbfile, ours, compression="none"),
        },
        before=clear,
    )


def in_two_threads(action: Callable[[int, int], object], size: int) -> None:
    half = size // 2 // PIECE * PIECE
    other = threading.Thread(target=action, args=(half, size))
    other.start()
    action(0, half)
    other.join()


def reading(folder: Path, movie: Any) -> dict[str, float]:
    path, size = folder / "movie.nwb", movie.nbytes
    written(folder / "plain", movie)
    descriptor = os.open(folder / "plain", os.O_RDONLY)
    warm = np.empty(size, np.uint8)
    warm[:] = 0

    def into(target: Any, start: int, stop: int) -> None:
        for place in range(start, stop, PIECE):
            os.preadv(descriptor, [target[place : min(place + PIECE, stop)].data], place)

    def touch(target: Any, start: int, stop: int) -> None:
        target[start:stop:4096] = 0

    def by_two(action: Any) -> None:
        target = np.empty(size, np.uint8)
        in_two_threads(lambda start, stop: action(target, start, stop), size)

    with photonwb.open(path) as nwbfile, h5py.File(path) as file:
        ours: Any = nwbfile.acquisition["movie"].data
        theirs: Any = file["acquisition/movie/data"]
        found = seconds_of(
            {
                "be given the memory": lambda: touch(np.empty(size, np.uint8), 0, size),
                "be given the memory, two threads": lambda: by_two(touch),
                "copy the bytes into memory that is there": lambda: into(warm, 0, size),
                "copy them into new memory": lambda: into(np.empty(size, np.uint8), 0, size),
                "copy them into new memory, two threads": lambda: by_two(into),
                "h5py": lambda: theirs[...],
                "photonwb": lambda: ours[...],
            }
        )
    os.close(descriptor)
    return found


# ---- traces: one region over time, a window over all regions


def traces_layouts(folder: Path) -> Iterator[tuple[str, float, float]]:
    """For layouts from one row at a time to one region at a time: how long a region takes, and a window of 200 samples."""
    samples, regions = 20_000, 10_000
    path = folder / "traces.h5"
    one_row = np.zeros((1, regions), np.float32)
    for width in (regions, 1024, 256, 128, 64, 32, 1):
        rows = min(samples, max(1, (1 << 20) // (4 * width)))
        with h5py.File(path, "w") as file:
            data = file.create_dataset("data", (samples, regions), "f4", chunks=(rows, width))
            for start in range(0, samples, 2000):
                data[start : start + 2000] = np.broadcast_to(one_row, (min(2000, samples - start), regions))
        yield f"{rows:,} × {width:,}", *_region_and_window(path)


def _region_and_window(path: Path) -> tuple[float, float]:
    from photonwb.arrays import LazyArray
    from photonwb.storage.hdf5 import HDF5Store

    regions, windows = iter(range(17, 10_000, 601)), iter(range(100, 19_000, 1111))

    def region() -> None:
        LazyArray(source)[:, next(regions)]

    def window() -> None:
        start = next(windows)
        LazyArray(source)[start : start + 200]

    with HDF5Store(path) as store:
        dataset: Any = store.root["data"]
        source = dataset.source()
        region()
        window()
        found = seconds_of({"region": region, "window": window}, 15)
    return found["region"], found["window"]


# ---- regions that are added one by one


def adding() -> dict[str, float]:
    generator = np.random.default_rng(1)
    masks = [np.column_stack([generator.integers(0, 512, (120, 2)), generator.random(120)]) for _ in range(10_000)]
    xy, weight = np.empty((120, 2), np.uint32), np.empty(120, np.float32)

    def nothing(pixel_mask: Any = None, voxel_mask: Any = None, image_mask: Any = None, id: Any = None, **columns: Any) -> None:
        pass

    def convert(mask: Any) -> bool:
        """Coordinates and weights in the form of the file, and whether they are what they were."""
        xy[...] = mask[:, :2]
        weight[...] = mask[:, 2]
        return bool((xy == mask[:, :2]).all()) and bool(np.isfinite(weight).all())

    def one_by_one() -> None:
        table = new_table()
        for mask in masks:
            table.add_roi(pixel_mask=mask)

    def new_table() -> Any:
        nwbfile = new_file(LIBRARY)
        return new_segmentation(LIBRARY, nwbfile, new_plane(LIBRARY, nwbfile))

    found = seconds_of(
        {
            "call a method that does nothing": lambda: [nothing(pixel_mask=mask) for mask in masks],
            "have numpy convert and compare the mask": lambda: [convert(mask) for mask in masks],
            "photonwb, `add_roi`": one_by_one,
            "photonwb, `add_rois`": lambda: new_table().add_rois(pixel_mask=masks),
        }
    )
    return {name: taken / len(masks) for name, taken in found.items()}


def tables(folder: Path) -> Iterator[str]:
    """The lines of all tables."""
    movie = photons(400)
    for title, found in (
        ("a plain movie of 210 MB: write", writing(folder, movie)),
        ("a plain movie of 210 MB: read all", reading(folder, movie)),
        ("a mask of 120 pixels: add", adding()),
    ):
        yield from (f"| {title} | |", "|---|--:|")
        yield from (f"| {what} | {shown_value(taken, 's')} |" for what, taken in found.items())
        yield ""
    yield from ("| chunks of plain traces, 20,000 × 10,000 | one region | 200 samples of all |", "|---|--:|--:|")
    for chunks, region, window in traces_layouts(folder):
        yield f"| {chunks} | {shown_value(region, 's')} | {shown_value(window, 's')} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description="The bare operations, beside whole tasks.")
    parser.add_argument("--docs", action="store_true", help="put the tables into docs/speed.md")
    arguments = parser.parse_args()
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        for line in tables(Path(name)):
            print(line, flush=True)
            lines.append(line)
    if arguments.docs:
        write_table(ROOT / "docs" / "speed.md", "\n".join(lines), "limits")


if __name__ == "__main__":
    main()
