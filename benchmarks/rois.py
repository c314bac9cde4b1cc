"""Regions of interest as pixel masks of about 120 pixels.

Each contender reads the file that it wrote.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane, new_segmentation, segmentation_of, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.workload import Task

PIXEL = np.dtype([("x", "<u4"), ("y", "<u4"), ("weight", "<f4")])


def prepare(task: Task) -> None:
    """The pixels of all regions, and where each region ends."""
    generator = np.random.default_rng(1)
    ends = generator.integers(80, 161, task["rois"]).cumsum()
    pixels = np.empty((ends[-1], 3))
    start = 0
    for end in ends.tolist():
        # The pixels of a square of 13 x 13 that lie in the region, row by row, as segmentation gives them.
        chosen = np.sort(generator.choice(169, end - start, replace=False))
        pixels[start:end, 0] = generator.integers(0, 500) + chosen % 13
        pixels[start:end, 1] = generator.integers(0, 500) + chosen // 13
        start = end
    pixels[:, 2] = generator.random(len(pixels), np.float32)
    np.save(task.inputs / "pixels.npy", pixels)
    np.save(task.inputs / "ends.npy", ends)


def masks_of(task: Task) -> list[NDArray[Any]]:
    return np.split(np.load(task.inputs / "pixels.npy"), np.load(task.inputs / "ends.npy")[:-1])


def _columns(masks: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The masks as the format keeps them."""
    joined = np.concatenate(masks)
    pixels = np.empty(len(joined), PIXEL)
    for place, name in enumerate(("x", "y", "weight")):
        pixels[name] = joined[:, place]
    return pixels, np.cumsum([len(mask) for mask in masks])


def add_one_by_one(task: Task) -> None:
    library, masks = task.library, masks_of(task)
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    with task.time("add and write, one by one"):
        table = new_segmentation(library, nwbfile, plane)
        for mask in masks:
            table.add_roi(pixel_mask=mask)
        write(library, nwbfile, task.path)
    task.record_size()


def add_at_once(task: Task) -> None:
    """pynwb has no such method: the columns are made by hand, which is the best that its users can do."""
    library, masks = task.library, masks_of(task)
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    with task.time("add and write, at once"):
        if task.contender == "pynwb":
            from pynwb.core import VectorData, VectorIndex

            pixels, ends = _columns(masks)
            column = VectorData(name="pixel_mask", description="pixels", data=pixels)
            index = VectorIndex(name="pixel_mask_index", data=ends, target=column)
            new_segmentation(library, nwbfile, plane, columns=[column, index], id=list(range(len(masks))))
        else:
            new_segmentation(library, nwbfile, plane).add_rois(pixel_mask=masks)
        write(library, nwbfile, task.path)
    task.record_size()


def write_columns(figure: str, task: Task) -> None:
    masks = masks_of(task)
    with task.time(figure):
        pixels, ends = _columns(masks)
        with task.h5py.File(task.path, "w") as file:
            file["pixel_mask"] = pixels
            file["pixel_mask_index"] = ends.astype(np.uint32)
            file["id"] = np.arange(len(masks))
    task.record_size()


def read_one_by_one(task: Task) -> None:
    io = task.library.NWBHDF5IO(str(task.path), "r")
    with task.time("read one by one"):
        column = segmentation_of(io.read())["pixel_mask"]
        pixels = sum(len(column[row]) for row in range(task["rois"]))
    _check(task, pixels)
    io.close()


def read_at_once(task: Task) -> None:
    io = task.library.NWBHDF5IO(str(task.path), "r")
    with task.time("read all at once"):
        pixels = len(segmentation_of(io.read()).pixel_mask.data[:])
    _check(task, pixels)
    io.close()


def read_slices(task: Task) -> None:
    with task.h5py.File(task.path) as file, task.time("read one by one"):
        ends = file["pixel_mask_index"][:].tolist()
        column = file["pixel_mask"]
        starts = [0, *ends[:-1]]
        pixels = sum(len(column[start:end]) for start, end in zip(starts, ends, strict=True))
    _check(task, pixels)


def read_column(task: Task) -> None:
    with task.h5py.File(task.path) as file, task.time("read all at once"):
        pixels = len(file["pixel_mask"][:])
    _check(task, pixels)


def _check(task: Task, pixels: int) -> None:
    assert pixels == np.load(task.inputs / "ends.npy")[-1]


def _workload(rois: int, most_rounds: int = 100) -> Workload:
    steps = (
        Step("one by one", add_one_by_one, partial(write_columns, "add and write, one by one")),
        Step("at once", add_at_once, partial(write_columns, "add and write, at once")),
        Step("read", read_one_by_one, read_slices),
        Step("read all", read_at_once, read_column),
    )
    figures = (
        "one by one: add and write, one by one",
        "at once: add and write, at once",
        "at once: memory",
        "read: read one by one",
        "read all: read all at once",
    )
    wanted = {10_000: figures, 100_000: figures[1:3]}.get(rois, ())
    shown = {figure: f"{rois:,} pixel masks: {figure.partition(': ')[2]}" for figure in wanted}
    return Workload(f"{rois:,} ROIs", steps, {"rois": rois}, prepare, most_rounds, shown)


WORKLOADS = [_workload(1_000), _workload(10_000), _workload(100_000, most_rounds=1)]
