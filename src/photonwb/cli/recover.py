"""`photonwb recover`: what can be saved of a broken file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.cli.options import add_output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file")
    add_output(parser, "the new file (default: the name of the old one with .recovered before its ending)")


def run(options: Namespace) -> int:
    """Save what can be saved, and tell what cannot."""
    from pathlib import Path

    from photonwb.cli.output import show, target_of, written
    from photonwb.recovery import recover
    from photonwb.tree import plain

    if not options.output:
        path = Path(options.file)
        options.output = str(path.with_name(f"{path.stem}.recovered{path.suffix}"))
    target = target_of(options, options.file)
    with written(target) as temporary:
        report = recover(options.file, temporary)
    report.output = str(target)
    losses = [loss._asdict() for loss in report.losses]
    facts = {"source": report.source, "output": report.output, "saved": report.saved, "losses": losses}
    show(options, facts, (plain(line) for line in str(report).splitlines()))
    return int(not report.is_complete)
