"""`photonwb tree`: all that a file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.cli.options import add_file

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    parser.add_argument("object", nargs="?", metavar="OBJECT", help="path or name of an object; default is the whole file")


def run(options: Namespace) -> int:
    """Print the tree."""
    import photonwb
    from photonwb.cli.objects import facts_of, find
    from photonwb.cli.output import show
    from photonwb.tree import tree_lines, walk

    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:
        item = find(nwbfile, options.object) if options.object else nwbfile
        facts = [facts_of(each) for each in walk(item)] if options.json else None
        show(options, facts, () if options.json else tree_lines(item))
    return 0
