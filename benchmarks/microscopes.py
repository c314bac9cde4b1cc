"""What microscopes and suite2p leave behind, made into NWB files: beside neuroconv, which does the same.

neuroconv needs other releases of some libraries than photonwb's tests do. So it runs by an interpreter of its own, that of the
environment variable PHOTONWB_NEUROCONV_PYTHON, from an environment with `neuroconv[tiff,suite2p]`; it writes what it writes by
default, but pixels in place of images of 10,000 regions, which would take many GB. Processor seconds are those of all threads.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.movies import photons
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workload import Task

START = datetime(2026, 1, 5, 14, tzinfo=UTC)
SAID = {
    "session_start_time": START,
    "session_description": "a benchmark",
    "device": "microscope",
    "location": "V1",
    "indicator": "GCaMP6f",
    "excitation_lambda": 920.0,
    "emission_lambda": 510.0,
}
SIZE = 512


def _frames(task: Task) -> int:
    return max(100, round(task["frames"] * task["scale"]))


def prepare_movie(task: Task) -> None:
    import tifffile

    few = photons(64)
    frames = (np.roll(few[number % 64], number // 64, axis=1) for number in range(_frames(task)))
    shape = (_frames(task), SIZE, SIZE)
    tifffile.imwrite(task.inputs / "movie.tif", frames, shape=shape, dtype=np.uint16, bigtiff=True, photometric="minisblack")


def prepare_suite2p(task: Task) -> None:
    """A folder of regions that are disks, with signals of noise."""
    folder = task.inputs / "suite2p" / "plane0"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(1)
    image = generator.random((SIZE, SIZE), dtype=np.float32)
    sizes = {"Ly": SIZE, "Lx": SIZE, "yrange": [0, SIZE], "xrange": [0, SIZE], "nframes": _frames(task)}
    images = {"meanImg": image, "max_proj": image, "Vcorr": image}
    options = {**sizes, **images, "fs": 30.0, "nplanes": 1, "nchannels": 1}
    regions = np.array([_region(generator) for _ in range(task["regions"])], dtype=object)
    for name, values in {"ops": options, "stat": regions}.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=True)  # type: ignore[arg-type] - as suite2p does
    np.save(folder / "iscell.npy", np.column_stack([generator.random(len(regions)) < 0.7, generator.random(len(regions))]))
    for name in ("F", "Fneu", "spks"):
        np.save(folder / f"{name}.npy", generator.gamma(2, 200, (len(regions), _frames(task))).astype(np.float32))


def _region(generator: np.random.Generator) -> dict[str, Any]:
    radius = int(generator.integers(4, 8))
    y, x = generator.integers(radius, SIZE - radius, 2)
    rows, columns = np.nonzero(np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius)
    pixels = {"ypix": rows + y - radius, "xpix": columns + x - radius, "lam": generator.random(len(rows), dtype=np.float32)}
    return {
        **pixels,
        "med": [int(y), int(x)],
        "npix": len(rows),
        "radius": float(radius),
        "skew": 1.0,
        "std": 2.0,
        "compact": 1.0,
    }


def convert(make: Callable[[Task], Callable[[], object]], task: Task) -> None:
    write = make(task)
    before = time.process_time()
    with task.time("import"):
        write()
    task.record("processor time", time.process_time() - before, "s")
    task.record_size()


def convert_movie(task: Task) -> Callable[[], object]:
    source = task.inputs / "movie.tif"
    if task.contender == "neuroconv":
        from neuroconv.datainterfaces import TiffImagingInterface  # pyright: ignore[reportMissingImports]

        return lambda: _run(TiffImagingInterface(file_paths=[source], sampling_frequency=30.0), task)
    return _by_photonwb(source, task, rate=30.0)


def convert_suite2p(task: Task) -> Callable[[], object]:
    source = task.inputs / "suite2p"
    if task.contender == "neuroconv":
        from neuroconv.datainterfaces import Suite2pSegmentationInterface  # pyright: ignore[reportMissingImports]

        return lambda: _run(Suite2pSegmentationInterface(folder_path=source), task, mask_type="pixel")
    return _by_photonwb(source, task)


def _run(interface: Any, task: Task, **options: Any) -> None:
    metadata = interface.get_metadata()
    metadata["NWBFile"]["session_start_time"] = START
    interface.run_conversion(nwbfile_path=task.path, metadata=metadata, **options)


def _by_photonwb(source: Any, task: Task, **options: Any) -> Callable[[], object]:
    for name in ("h5py", "tifffile", "photonwb.importers.assembly", "photonwb.importers.suite2p", "photonwb.importers.tiff"):
        import_module(name)  # before the clock is started, as those of the rival are
    from photonwb.importers import import_session

    return lambda: import_session(source, task.path, **SAID, **options)


def _workload(name: str, make: Callable[[Task], Callable[[], object]], prepare: Callable[[Task], None], **sizes: int) -> Workload:
    step = Step("import", partial(convert, make))
    return Workload(name, (step,), sizes, prepare, most_rounds=2, rival="neuroconv")


WORKLOADS = [
    _workload("TIFF movie to NWB", convert_movie, prepare_movie, frames=400),
    _workload("suite2p folder of 10,000 regions to NWB", convert_suite2p, prepare_suite2p, frames=500, regions=10_000),
]
