"""Many damaged files, worked on by processes that may hang or die."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Case", "Verdict", "verdicts"]

TESTS = Path(__file__).resolve().parents[1]


class Case(NamedTuple):
    source: str
    seed: int


class Verdict(NamedTuple):
    """What became of one damaged file; `fate` is "" for a process that lived."""

    case: Case
    fate: str = ""
    ours: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()


def verdicts(cases: Sequence[Case], folder: Path, *, limit: float = 30, workers: int | None = None) -> list[Verdict]:
    """Examine files in a few processes.

    Parameters
    ----------
    cases : sequence of Case
    folder : Path
        For the damaged files; those that end a process stay there.
    limit : float
        Seconds after which a process that works on one file counts as hanging.
    workers : int, optional
    """
    count = workers or min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(count) as pool:
        parts = pool.map(lambda part: _examined(cases[part::count], folder, limit), range(count))
        return [verdict for part in parts for verdict in part]


def _examined(cases: Sequence[Case], folder: Path, limit: float) -> list[Verdict]:
    found: list[Verdict] = []
    while len(found) < len(cases):
        found += _one_process(cases[len(found) :], folder, limit)
    return found


def _one_process(cases: Sequence[Case], folder: Path, limit: float) -> list[Verdict]:
    """Verdicts of the files that one process works on before it has to be replaced."""
    found: list[Verdict] = []
    paths = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "faults.examining", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    answers, errors = _lines_of(process.stdout), _lines_of(process.stderr)
    assert process.stdin is not None
    for case in cases:
        try:
            process.stdin.write(json.dumps(case) + "\n")
            process.stdin.flush()
            answer = answers.get(timeout=limit)
        except queue.Empty:
            answer = "hangs"
        except BrokenPipeError:
            answer = None
        if answer is None or answer == "hangs":
            process.send_signal(signal.SIGABRT)  # it tells where it is, and ends
            traces = "".join(iter(errors.get, None))[-3000:]
            found.append(Verdict(case, f"{answer or f'ends the process ({process.wait()})'}\n{traces}"))
            break
        found.append(Verdict(case, "", *map(tuple, json.loads(answer).values())))
    process.stdin.close()
    process.wait()
    return found


def _lines_of(stream: Any) -> queue.Queue[Any]:
    """Lines of a stream as they come, None at its end."""
    lines: queue.Queue[Any] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)
        stream.close()

    threading.Thread(target=read, daemon=True).start()
    return lines
