"""`photonwb convert`: a file written anew, in the current version of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.cli.options import add_file, add_overwrite

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    parser.add_argument("output", metavar="OUT")
    add_overwrite(parser)


def run(options: Namespace) -> int:
    """Read the file, and write what it holds."""
    import photonwb
    from photonwb.cli.output import Progress, bytes_of, show, target_of
    from photonwb.cli.overview import size
    from photonwb.cli.resuming import resuming
    from photonwb.io.resuming import write_resumably

    target = target_of(options, options.file)
    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:
        old = nwbfile.get_read_io().nwb_version[0]
        nwbfile.nwb_version = type(nwbfile).__fields__["nwb_version"].fixed
        with Progress(options, "convert", "bytes") as progress, resuming(options, target, [options.file]) as part:
            write_resumably(nwbfile, target, part, progress)
    with photonwb.open(target) as written:
        new = written.get_read_io().nwb_version[0]
    nbytes = bytes_of(target)
    facts = {"file": str(target), "bytes": nbytes, "nwb_version": new, "source_nwb_version": old}
    show(options, facts, [f"{target}: {size(nbytes)}, NWB {new}, was {old}"])
    return 0
