"""Work that an interruption does not undo: the same command, given again, goes on.

What is begun lies in a partial file beside the target. Its name says which command it is of, with which options, and what the
sources were like: size and time of each file. So what was begun with anything else is never taken up.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from photonwb.cli.output import told

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Generator, Iterable, Iterator

__all__ = ["resuming"]

# Options that make no difference to what is written.
_OF_NO_MATTER = ("output", "overwrite", "json", "progress", "quiet", "debug")


@contextmanager
def resuming(options: Namespace, target: Path, sources: Iterable[str]) -> Generator[Path]:
    """Give the path of the partial file of a command, and tell of it when it is taken up and when it is left.

    Parameters
    ----------
    options : Namespace
    target : path
        What the command writes.
    sources : iterable of str
        Files and folders that it reads.
    """
    sources = list(sources)
    part = target.with_name(f".{target.name}.{_key(options, target, sources)}.part")
    if part.exists() and not options.quiet:
        _tell(options, f"goes on with {part}, where an earlier one was interrupted")
    try:
        with told(target):
            yield part
    except BaseException:
        if any("://" in source for source in sources):  # nothing tells whether it is the same next time
            part.unlink(missing_ok=True)
        if part.exists():
            _tell(options, f"{part} holds what was done: the same command goes on from there; remove it if nothing is to")
        raise


def _tell(options: Namespace, what: str) -> None:
    print(f"photonwb {options.command}: {what}", file=sys.stderr)


def _key(options: Namespace, target: Path, sources: Iterable[str]) -> str:
    import hashlib

    from photonwb import __version__

    said = sorted((name, repr(value)) for name, value in vars(options).items() if name not in _OF_NO_MATTER)
    facts = [__version__, said, *(fact for source in sources for fact in _facts(source, target.name))]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def _facts(source: str, ours: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of a file, or of all files in a folder but those that the command itself writes there."""
    path = Path(source).absolute()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        is_ours = file.name == ours or file.name.startswith(f".{ours}.")
        if file.is_file() and not (is_ours and path.is_dir()):
            status = file.stat()
            yield str(file), status.st_size, status.st_mtime_ns
