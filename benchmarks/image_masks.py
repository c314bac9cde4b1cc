"""Regions of interest as images of 512 x 512 weights, nearly all of which are 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.session import new_file, new_plane, new_segmentation, segmentation_of, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from benchmarks.workload import Task

SHAPE = (512, 512)


def prepare(task: Task) -> None:
    generator = np.random.default_rng(1)
    masks = np.zeros((task["rois"], *SHAPE), np.float32)
    for mask in masks:
        x, y = generator.integers(0, 500, 2)
        mask[x : x + 11, y : y + 11] = generator.random((11, 11))
    np.save(task.inputs / "masks.npy", masks)


def add(task: Task) -> None:
    library, masks = task.library, np.load(task.inputs / "masks.npy")
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    with task.time("add and write"):
        table = new_segmentation(library, nwbfile, plane)
        for mask in masks:
            table.add_roi(image_mask=mask)
        write(library, nwbfile, task.path)
    task.record_size()


def write_stack(task: Task) -> None:
    masks = np.load(task.inputs / "masks.npy")
    with task.time("add and write"), task.h5py.File(task.path, "w") as file:
        file["image_mask"] = masks
    task.record_size()


def read(task: Task) -> None:
    io = task.library.NWBHDF5IO(str(task.path), "r")
    with task.time("read one by one"):
        column = segmentation_of(io.read())["image_mask"]
        for row in range(task["rois"]):
            assert column[row].shape == SHAPE
    io.close()


def read_stack(task: Task) -> None:
    with task.h5py.File(task.path) as file, task.time("read one by one"):
        column = file["image_mask"]
        for row in range(task["rois"]):
            assert column[row].shape == SHAPE


WORKLOADS = [
    Workload(
        "1,000 image masks",
        (Step("write", add, write_stack), Step("read", read, read_stack)),
        {"rois": 1_000},
        prepare,
        most_rounds=3,
        shown={
            "write: add and write": "1,000 image masks of 512 × 512: add and write",
            "write: memory": "the same: memory",
            "write: file": "the same: file",
            "read: read one by one": "1,000 image masks: read one by one",
        },
    )
]
