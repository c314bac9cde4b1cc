"""Runs workloads, each step in a process of its own, and gathers the figures.

The contenders take turns within each round, so that whatever else the machine is doing meets all of them. The first round of all
is not counted: it compiles the modules, as they are for every user but at the first start after an installation.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from benchmarks.workload import Workload

THEMES = (
    "importing",
    "construction",
    "opening",
    "rois",
    "image_masks",
    "traces",
    "movies",
    "streaming",
    "small",
    "tables",
    "changing",
    "microscopes",
)
# Contenders that need an interpreter of their own, and the environment variables that say which.
INTERPRETERS = {"neuroconv": "PHOTONWB_NEUROCONV_PYTHON"}
ROOT = Path(__file__).resolve().parent.parent


class Options(NamedTuple):
    """How much is measured."""

    rounds: int
    scale: float
    folder: Path
    most_seconds: float


class Figure(NamedTuple):
    """What was measured of one thing, by contender in the order of the rounds."""

    workload: str
    step: str
    name: str
    unit: str
    values: dict[str, list[float]]
    title: str  # in the README; empty for what is not shown there
    rival: str = "pynwb"

    def median(self, contender: str) -> float | None:
        values = self.values.get(contender)
        return statistics.median(values) if values else None

    def ratio(self, of: str, to: str) -> float | None:
        """How many times as much the one takes as the other."""
        above, below = self.median(of), self.median(to)
        return above / below if above is not None and below else None

    def as_json(self) -> dict[str, Any]:
        medians = {contender: self.median(contender) for contender in self.values}
        minima = {contender: min(values) for contender, values in self.values.items()}
        ratios = {f"{self.rival}/photonwb": self.ratio(self.rival, "photonwb"), "photonwb/raw": self.ratio("photonwb", "raw")}
        facts = {"workload": self.workload, "step": self.step, "figure": self.name, "unit": self.unit}
        return {**facts, "median": medians, "minimum": minima, "all": self.values, "ratios": ratios}


def all_workloads() -> dict[str, list[Workload]]:
    """The workloads of each theme."""
    return {theme: import_module(f"benchmarks.{theme}").WORKLOADS for theme in THEMES}


def run(theme: str, workload: Workload, options: Options) -> tuple[list[Figure], list[str]]:
    """Run one workload; gives its figures, and what was skipped with the reason."""
    folder = options.folder / workload.name.replace(" ", "-").replace(",", "")
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    request: dict[str, Any] = {"theme": theme, "workload": workload.name, "scale": options.scale, "inputs": str(inputs)}
    figures: dict[tuple[str, str], Figure] = {}
    skipped: dict[str, str] = {}
    try:
        if workload.prepare is not None:
            _ask({**request, "contender": "photonwb", "folder": str(folder), "step": None}, None)
        for _ in range(min(options.rounds, workload.most_rounds)):
            for contender in (each for each in workload.contenders if each not in skipped):
                reason = _one_round(workload, {**request, "contender": contender}, folder / contender, figures, options)
                if reason:
                    skipped[contender] = reason
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return list(figures.values()), [f"{workload.name}: {contender}: {reason}" for contender, reason in skipped.items()]


def _one_round(
    workload: Workload, request: dict[str, Any], folder: Path, figures: dict[tuple[str, str], Figure], options: Options
) -> str | None:
    """All steps by one contender; gives the reason if that does not work."""
    interpreter = INTERPRETERS.get(request["contender"])
    if interpreter and not os.environ.get(interpreter):
        return f"say by {interpreter} which Python has it"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for step in workload.steps:
        if request["contender"] == "raw" and step.raw is None:
            continue
        try:
            answer = _ask({**request, "folder": str(folder), "step": step.name}, options.most_seconds)
        except subprocess.TimeoutExpired:
            return f"{step.name} takes more than {options.most_seconds:g} s"
        for name, (value, unit) in answer["figures"].items():
            title = workload.shown.get(f"{step.name}: {name}", "")
            new = Figure(workload.name, step.name, name, unit, {}, title, workload.rival)
            figure = figures.setdefault((step.name, name), new)
            figure.values.setdefault(request["contender"], []).append(value)
        if "skipped" in answer:
            return answer["skipped"]
    return None


def _ask(request: dict[str, Any], most_seconds: float | None) -> dict[str, Any]:
    """Have a fresh process do it."""
    python = os.environ[INTERPRETERS[request["contender"]]] if request["contender"] in INTERPRETERS else sys.executable
    done = subprocess.run(
        [python, "-m", "benchmarks.child"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        timeout=most_seconds,
    )
    if done.returncode:
        raise RuntimeError(f"{request['workload']}, {request['step']}, {request['contender']}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def warm_up(options: Options) -> None:
    """Have all modules compiled, and the libraries in the cache of the disk."""
    for theme, workloads in all_workloads().items():
        if theme in ("importing", "opening"):
            run(theme, workloads[0], options._replace(rounds=1))
