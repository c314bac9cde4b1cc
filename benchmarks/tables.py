"""Tables as data frames, and the check of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.rois import masks_of, prepare
from benchmarks.session import new_file, new_plane, new_segmentation, segmentation_of, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from benchmarks.workload import Task


def write_table(task: Task) -> None:
    library, masks = task.library, masks_of(task)
    nwbfile = new_file(library)
    table = new_segmentation(library, nwbfile, new_plane(library, nwbfile))
    for mask in masks:
        table.add_roi(pixel_mask=mask)
    table.add_column("accepted", "whether it is a cell", data=np.arange(len(masks)) % 3 > 0)
    table.add_column("snr", "signal to noise", data=np.linspace(0, 5, len(masks)))
    write(library, nwbfile, task.path)


def to_dataframe(task: Task) -> None:
    import pandas as pd  # which takes longer to import than the frame to make

    io = task.library.NWBHDF5IO(str(task.path), "r")
    table = segmentation_of(io.read())
    with task.time("to_dataframe"):
        frame = table.to_dataframe()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == task["rois"]
    io.close()


def validate(task: Task) -> None:
    check = task.library.validate
    with task.time("validate"):
        check(path=str(task.path))


def validate_fully(task: Task) -> None:
    """All that photonwb looks at; pynwb knows the schema only."""
    check = task.library.validate
    if task.contender == "pynwb":
        from nwbinspector import inspect_nwbfile

        with task.time("validate and inspect"):
            list(inspect_nwbfile(nwbfile_path=str(task.path)))
            check(path=str(task.path))
    else:
        with task.time("validate and inspect"):
            check(str(task.path))


WORKLOADS = [
    Workload(
        "table of 10,000 ROIs",
        (
            Step("write", write_table),
            Step("frame", to_dataframe),
            Step("check", validate),
            Step("all checks", validate_fully),
        ),
        {"rois": 10_000},
        prepare,
        most_rounds=3,
        shown={
            "frame: to_dataframe": "table of 10,000 regions: to_dataframe",
            "check: validate": "table of 10,000 regions: validate",
        },
    )
]
