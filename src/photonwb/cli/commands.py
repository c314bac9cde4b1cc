"""What each subcommand does: results on standard output, everything else on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import photonwb

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["demo", "tree", "validate"]


def demo(options: Namespace) -> int:
    """Simulate a recording, write it, read it back, and show what the file holds."""
    from photonwb.cli.demo import run

    return run(options)


def tree(options: Namespace) -> int:
    """Show what a file holds."""
    from photonwb.tree import tree_lines

    with photonwb.open(options.path) as nwbfile:
        print(*tree_lines(nwbfile), sep="\n")
    return 0


def validate(options: Namespace) -> int:
    """Look for mistakes in files."""
    wrong = 0
    for path in options.paths:
        findings = photonwb.validate(path)
        for finding in findings:
            print(finding)
        wrong += bool(findings.errors)
    return 1 if wrong else 0
