"""Changes of a file that is there: a series added in place, and an export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.session import new_file, new_plane, write
from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.workload import Task


def prepare(task: Task) -> None:
    library = task.library
    nwbfile = new_file(library)
    plane = new_plane(library, nwbfile)
    movie = np.zeros((task["frames"], 512, 512), np.uint16)
    data = library.H5DataIO(movie, compression=False)
    series = library.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=data, unit="n.a.", rate=30.0)
    nwbfile.add_acquisition(series)
    write(library, nwbfile, task.inputs / "file.nwb")


def _copy(task: Task) -> Path:
    import shutil

    shutil.copyfile(task.inputs / "file.nwb", task.path)
    return task.path


def _add_series(library: Any, nwbfile: Any) -> None:
    nwbfile.add_acquisition(library.TimeSeries(name="wheel", data=np.arange(1000.0), unit="m/s", rate=100.0))


def edit(task: Task) -> None:
    library, path = task.library, _copy(task)
    with task.time("add a series in place"), library.NWBHDF5IO(str(path), "r+") as io:
        nwbfile = io.read()
        _add_series(library, nwbfile)
        io.write(nwbfile)


def edit_with_h5py(task: Task) -> None:
    path = _copy(task)
    with task.time("add a series in place"), task.h5py.File(path, "r+") as file:
        group = file.create_group("acquisition/wheel")
        group["data"] = np.arange(1000.0)
        group["starting_time"] = 0.0


def export(task: Task) -> None:
    library = task.library
    with task.time("export with a series added"), library.NWBHDF5IO(str(task.inputs / "file.nwb"), "r") as source:
        nwbfile = source.read()
        _add_series(library, nwbfile)
        with library.NWBHDF5IO(str(task.path), "w") as target:
            target.export(src_io=source, nwbfile=nwbfile)


WORKLOADS = [
    Workload(
        "file of 100 MB",
        (Step("edit", edit, edit_with_h5py), Step("export", export)),
        {"frames": 200},
        prepare,
        shown={
            "edit: add a series in place": "file of 100 MB: add a series in place",
            "export: export with a series added": "file of 100 MB: export it with a series added",
        },
    )
]
