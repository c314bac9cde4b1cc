"""What is measured: a workload, its steps, and the figures that come out of a run.

A workload is done by up to three contenders: a rival, mostly pynwb, and photonwb by one and the same code, since their names are
the same, and "raw", which does with h5py no more than the format asks for: what nobody can be much faster than. Each step runs in
a fresh process. A later step finds in `Task.folder` what an earlier one of the same contender left there, and in `Task.inputs`
the data that all contenders get.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping


class SkippedError(Exception):
    """This cannot be measured here, and why."""


class Task:
    """One run of one step by one contender.

    Parameters
    ----------
    contender : {"pynwb", "neuroconv", "photonwb", "raw"}
    folder : path
        For the files of this contender.
    inputs : path
        Where the inputs lie.
    parameters : dict
        Those of the workload.
    """

    def __init__(self, contender: str, folder: Path, inputs: Path, parameters: Mapping[str, Any]) -> None:
        self.contender, self.folder, self.inputs, self.parameters = contender, folder, inputs, parameters
        self.figures: dict[str, tuple[float, str]] = {}
        self._memory_before: int | None = None

    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]

    @property
    def is_raw(self) -> bool:
        return self.contender == "raw"

    @property
    def path(self) -> Path:
        """The file that this contender writes and reads."""
        return self.folder / "file.nwb"

    @property
    def library(self) -> Any:
        """pynwb or photonwb, with all that its users import, and h5py, which each of them imports sooner or later."""
        for module in ("h5py", f"{self.contender}.ophys"):
            import_module(module)
        assert import_module(self.contender).NWBHDF5IO
        return import_module(self.contender)

    @property
    def h5py(self) -> Any:
        """The module h5py, without its types, which leave open what a name in a file stands for."""
        return import_module("h5py")

    @contextmanager
    def time(self, figure: str, count: int = 1) -> Generator[None]:
        """Take the time of a block, divided by how many things it does."""
        if self._memory_before is None:
            self._memory_before = peak_memory()
        start = time.perf_counter()
        yield
        self.record(figure, (time.perf_counter() - start) / count, "s")

    def record(self, figure: str, value: float, unit: str) -> None:
        self.figures[figure] = (value, unit)

    def record_size(self) -> None:
        """Take the size of the file."""
        self.record("file", self.path.stat().st_size, "B")

    def record_memory(self) -> None:
        """Take what memory rose to since the first clock was started."""
        if self._memory_before is not None:
            self.record("memory", max(0, peak_memory() - self._memory_before), "B")  # the system counts a few pages late


def peak_memory() -> int:
    """The most memory this process ever had, in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    # ru_maxrss begins with the memory of the process that started this one; this does not.
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


class Step(NamedTuple):
    """What one process does.

    Parameters
    ----------
    name : str
    nwb : callable
        By photonwb or its rival.
    raw : callable, optional
        With h5py. Left out where there is nothing to compare with.
    """

    name: str
    nwb: Callable[[Task], None]
    raw: Callable[[Task], None] | None = None


class Workload(NamedTuple):
    """Steps that are measured together.

    Parameters
    ----------
    name : str
    steps : tuple of Step
    parameters : dict
    prepare : callable, optional
        Makes the inputs: called once, with a task whose `inputs` they go to.
    most_rounds : int
        However many rounds are asked for; slow workloads are repeated less.
    shown : dict
        The figures that the README shows, as "step: figure", and what they are called there.
    rival : str
        Whom photonwb is compared with.
    """

    name: str
    steps: tuple[Step, ...]
    parameters: Mapping[str, Any] = {}
    prepare: Callable[[Task], None] | None = None
    most_rounds: int = 100
    shown: Mapping[str, str] = {}
    rival: str = "pynwb"

    @property
    def contenders(self) -> tuple[str, ...]:
        return (self.rival, "photonwb", "raw")
