"""`photonwb info`: what a file holds, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.cli.options import add_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

__all__ = ["add_arguments", "lines_of", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)


def run(options: Namespace) -> int:
    """Print the facts of the file."""
    import photonwb
    from photonwb.cli.output import show
    from photonwb.cli.overview import overview

    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:
        facts = overview(nwbfile)
    show(options, facts, lines_of(facts))
    return 0


def lines_of(facts: dict[str, Any]) -> Iterator[str]:
    """The facts of `overview` for people."""
    from photonwb.cli.overview import size
    from photonwb.tree import plain

    def line(label: str, *parts: object) -> str:
        return plain(f"{label:<14}{'  '.join(str(part) for part in parts if part not in (None, ''))}".rstrip())

    yield line("file", facts["file"], size(facts["bytes"]), f"NWB {facts['nwb_version']}")
    yield line("session", facts["session_start_time"], " ".join(facts["session_description"].split()))
    if facts["subject"]:
        yield line("subject", *facts["subject"].values())
    for plane in facts["planes"]:
        channels = ", ".join(f"{channel['name']} {channel['emission_lambda']:g} nm" for channel in plane["channels"])
        excitation = f"{plane['excitation_lambda']:g} nm →" if plane["excitation_lambda"] else ""
        yield line("plane", plane["path"], plane["indicator"], plane["location"], f"{excitation} {channels}".strip())
    for movie in facts["movies"]:
        where = f"in {len(movie['external_file'])} external files" if movie["external_file"] else ""
        yield line("movie", movie["path"], *_series(movie), where)
    for table in facts["segmentations"]:
        yield line("regions", table["path"], f"{table['rois']} with {', '.join(table['masks']) or 'no mask'}")
    for trace in facts["traces"]:
        yield line("traces", trace["path"], *_series(trace))
    for item in facts["unreadable"]:
        yield line("unreadable", item["name"], item["error"])


def _series(facts: dict[str, Any]) -> Iterator[str]:
    if facts["shape"] and 0 not in facts["shape"]:
        yield " × ".join(map(str, facts["shape"]))
        yield str(facts["dtype"])
    if facts["rate"]:
        yield f"{facts['rate']:g} Hz"
    if facts["duration"]:
        yield f"{facts['duration']:.4g} s"
