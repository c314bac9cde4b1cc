"""Figures as lines for people, as JSON, and as the table of the README."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.running import Figure, Options


def shown_value(value: float | None, unit: str) -> str:
    """A value in the unit that suits its size."""
    if value is None:
        return "–"
    steps = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")] if unit == "B" else [(1, "s"), (1e-3, "ms"), (1e-6, "µs")]
    size, name = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    number = value / size
    return f"{number:.0f} {name}" if abs(number) >= 100 else f"{number:.3g} {name}"


def shown_ratio(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 3 else f"{ratio:.2f}"


def line(figure: Figure) -> str:
    """One figure, for the terminal."""
    values, ratios = _cells(figure)
    shown = "  ".join(value.rjust(8) for value in values)
    return f"  {_what(figure):<44}{shown}   {figure.rival}/photonwb {ratios[0]:>6}   photonwb/raw {ratios[1]:>5}"


def _cells(figure: Figure) -> tuple[list[str], list[str]]:
    """What was measured, and the ratios."""
    values = [shown_value(figure.median(contender), figure.unit) for contender in (figure.rival, "photonwb", "raw")]
    return values, [shown_ratio(figure.ratio(figure.rival, "photonwb")), shown_ratio(figure.ratio("photonwb", "raw"))]


def _what(figure: Figure) -> str:
    """The step and the figure, in one where the one says the other."""
    if figure.name in figure.step:
        return figure.step
    return figure.name if figure.step in figure.name else f"{figure.step}: {figure.name}"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    versions = {name: version(name) for name in ("photonwb", "pynwb", "hdmf", "h5py", "numpy")}
    processors = os.cpu_count()
    return {"python": platform.python_version(), "system": platform.platform(), "processors": processors, **versions}


def write_json(path: Path, figures: Iterable[Figure], skipped: list[str], options: Options) -> None:
    """Keep everything, each single measurement included."""
    content = {
        "machine": machine(),
        "rounds": options.rounds,
        "scale": options.scale,
        "figures": [figure.as_json() for figure in figures],
        "skipped": skipped,
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def table(figures: Iterable[Figure], options: Options) -> str:
    """The figures for the README, as Markdown."""
    facts = machine()
    rows = [
        "| what | pynwb | photonwb | plain h5py | pynwb / photonwb | photonwb / h5py |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for figure in figures:
        if figure.title:
            values, ratios = _cells(figure)
            rows.append(f"| {figure.title} | {' | '.join([*values, *ratios])} |")
    note = (
        f"Medians of up to {options.rounds} rounds; {facts['processors']} processors, Python {facts['python']}, "
        f"pynwb {facts['pynwb']}, h5py {facts['h5py']}, numpy {facts['numpy']}. "
        "Plain h5py does the least that the format allows."
    )
    return "\n".join([*rows, "", note])


def write_table(path: Path, content: str, name: str = "benchmarks") -> None:
    """Put the table between the markers of that name."""
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, _, rest = path.read_text("utf-8").partition(start)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{start}\n{content}\n{end}{after}", "utf-8")
