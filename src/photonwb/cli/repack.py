"""`photonwb repack`: a file as it is, chunked and compressed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.cli.options import add_file, add_overwrite, count

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_file(parser)
    parser.add_argument("output", metavar="OUT")
    parser.add_argument(
        "--compression", choices=("fast", "small", "none"), default="fast", help="of large arrays (default: %(default)s)"
    )
    parser.add_argument("--frames", type=count, metavar="N", help="frames in a chunk of a movie (default: about 1 MiB of them)")
    add_overwrite(parser)


def run(options: Namespace) -> int:
    """Copy the file."""
    from pathlib import Path

    import photonwb
    from photonwb.cli.output import Progress, bytes_of, show, target_of
    from photonwb.cli.overview import size
    from photonwb.cli.resuming import resuming
    from photonwb.io.repacking import repack_file

    target = target_of(options, options.file)
    with photonwb.open(options.file, trusted=options.trusted) as nwbfile:  # tells what is wrong before anything is written
        size_at_address = getattr(nwbfile.get_read_io().store, "size", 0)
    with Progress(options, "repack", "bytes") as progress, resuming(options, target, [options.file]) as part:
        how = {"compression": options.compression, "frames": options.frames, "trusted": options.trusted}
        repack_file(options.file, target, **how, progress=progress, part=part)
    now = bytes_of(target)
    before = bytes_of(options.file) if Path(options.file).exists() else size_at_address
    facts = {"file": str(target), "bytes": now, "source_bytes": before}
    show(options, facts, [f"{target}: {size(now)}, was {size(before)}"])
    return 0
