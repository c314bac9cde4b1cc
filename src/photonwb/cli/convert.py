"""`photonwb convert`: a file written anew, in the current version of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.cli.options import add_overwrite

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file")
    parser.add_argument("output", metavar="OUT")
    add_overwrite(parser)


def run(options: Namespace) -> int:
    """Read the file, and write what it holds."""
    import photonwb
    from photonwb.cli.output import show, target_of, told
    from photonwb.cli.overview import size

    target = target_of(options, options.file)
    with photonwb.open(options.file) as nwbfile:
        old = nwbfile.get_read_io().nwb_version[0]
        nwbfile.nwb_version = type(nwbfile).__fields__["nwb_version"].fixed
        with told(target):
            photonwb.write(nwbfile, target)
    with photonwb.open(target) as written:
        new = written.get_read_io().nwb_version[0]
    nbytes = target.stat().st_size
    facts = {"file": str(target), "bytes": nbytes, "nwb_version": new, "source_nwb_version": old}
    show(options, facts, [f"{target}: {size(nbytes)}, NWB {new}, was {old}"])
    return 0
