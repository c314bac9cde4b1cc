"""The command `photonwb`. Each subcommand imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from photonwb import __version__
from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="photonwb", description="Optical physiology in NWB files.")
    parser.add_argument("--version", action="version", version=f"photonwb {__version__}")
    parser.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="simulate a recording, write it, read it back and show it")
    demo.add_argument(
        "--output", "-o", default="demo.nwb", help="file to write; its picture goes beside it (default: %(default)s)"
    )
    demo.add_argument("--frames", type=_count, default=300, help="length of the movie (default: %(default)s)")
    demo.add_argument("--seed", type=int, default=1, help="seed of the simulation (default: %(default)s)")

    tree = commands.add_parser("tree", help="show what a file holds, with shapes and units")
    tree.add_argument("path")

    validate = commands.add_parser("validate", help="look for mistakes in files, and say how to mend them")
    validate.add_argument("paths", nargs="+", metavar="path")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {count}")
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows `photonwb` on the command line; default is `sys.argv`.

    Returns
    -------
    int
        0: done; 1: a file has errors; 2: wrong use; 3: something could not be read or written; 130: interrupted.
    """
    options = _parser().parse_args(arguments)
    from photonwb.cli import commands

    try:
        code = int(getattr(commands, options.command)(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`). What is still buffered must not fail when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (PhotonwbError, OSError) as error:
        if options.debug:
            raise
        print(f"photonwb {options.command}: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return code
