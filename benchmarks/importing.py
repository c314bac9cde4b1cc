"""How long a program takes to start."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from benchmarks.workload import Step, Workload

if TYPE_CHECKING:
    from benchmarks.workload import Task


def import_library(task: Task) -> None:
    with task.time("import"):
        library = import_module(task.contender)
        assert library.NWBFile
        import_module(f"{task.contender}.ophys")


def import_h5py(task: Task) -> None:
    with task.time("import"):
        import_module("h5py")


WORKLOADS = [
    Workload(
        "NWBFile and ophys", (Step("import", import_library, import_h5py),), shown={"import: import": "import NWBFile and ophys"}
    )
]
