"""How commands speak: results on standard output, progress on standard error, files that are there as a whole or not at all."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from photonwb.errors import (
    BrokenLinkError,
    ClosedFileError,
    DamagedFileError,
    MissingFileError,
    PhotonwbError,
    StorageError,
)

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Generator, Iterable

__all__ = ["OutputError", "Progress", "UsageError", "bytes_of", "paint", "show", "target_of", "written"]

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "grey": "90", "bold": "1"}


class UsageError(PhotonwbError, ValueError):
    """Arguments that do not go together."""


class OutputError(StorageError):
    """A result that cannot be written where it should go."""


# ---- results


def show(options: Namespace, facts: Any, lines: Iterable[str]) -> None:
    """Print facts as JSON where that was asked for, otherwise the lines."""
    if options.json:
        print(as_json(facts, indent=2))
    else:
        for line in lines:
            print(line)


def as_json(facts: Any, indent: int | None = None) -> str:
    """Facts as JSON, which knows neither numpy nor NaN."""
    return json.dumps(_plain(facts), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("list[Any]", value)]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Text in colour, where somebody sees it and did not say NO_COLOR."""
    stream = sys.stdout if stream is None else stream
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not (stream and stream.isatty()):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


# ---- files


def target_of(options: Namespace, source: str | None = None) -> Path:
    """The path to write to.

    Raises
    ------
    OutputError
        It cannot be written to, or something would be lost.
    UsageError
        What the name asks for cannot be made.
    """
    path = Path(options.output)
    if path.is_dir() and path.suffix.lower() != ".zarr":
        raise OutputError(f"{path} is a folder: give the path of a file in it")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist: make it first, or choose another path")
    if path.exists():
        if source is not None and Path(source).exists() and path.samefile(source):
            raise OutputError(f"{path} is the file that is read: choose another path")
        if not options.overwrite:
            raise OutputError(f"{path} exists already: choose another path, or say --overwrite")
    return path


def bytes_of(path: str | os.PathLike[str]) -> int:
    """Size of a file, or of all files of a store."""
    place = Path(path)
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) if place.is_dir() else place.stat().st_size


@contextmanager
def written(path: Path) -> Generator[Path]:
    """Give the path of a temporary file, which takes the place of `path` when all went well."""
    from photonwb.io.replacing import replacing

    with told(path), replacing(path) as temporary:
        yield temporary


@contextmanager
def told(path: Path) -> Generator[None]:
    """Say of errors that it was the writing that failed."""
    try:
        yield
    except (MissingFileError, DamagedFileError, ClosedFileError, BrokenLinkError):
        raise  # of what is read
    except OSError as error:
        # Stores say in their messages which file it is that fails: another one than the target is one that is read.
        is_of_source = isinstance(error, StorageError) and path.name not in str(error)
        if is_of_source or isinstance(error, (BrokenPipeError, OutputError)):
            raise
        reason = error.strerror if error.strerror and not isinstance(error, PhotonwbError) else error
        raise OutputError(f"{path} was not written: {reason}") from error


# ---- progress


class Progress:
    """How far a command has come, on standard error: a bar, a line of JSON now and then, or nothing.

    Call it with what is done and what there is to do; it says something ten times a second at most.

    Parameters
    ----------
    options : Namespace
        With `progress` and `quiet`.
    what : str
        What is done.
    unit : str
        What is counted.
    """

    _INTERVAL = 0.1

    def __init__(self, options: Namespace, what: str, unit: str = "frames") -> None:
        style: str = options.progress
        if style == "auto":
            style = "bar" if sys.stderr.isatty() and not options.quiet else "none"
        self._style = style
        self._what = what
        self._unit = unit
        self._begin: tuple[float, int] | None = None
        self._start = time.monotonic()
        self._said = -math.inf

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._style == "none" or (now - self._said < self._INTERVAL and done < total):
            return
        self._said = now
        seconds = now - self._start
        # What was done before is no measure of the rate.
        then, before = self._begin or (self._start, 0)
        self._begin = self._begin or (now, done)
        rate = (done - before) / (now - then) if now > then else 0.0
        remaining = (total - done) / rate if rate else None
        if self._style == "json":
            facts = {"task": self._what, "done": done, "total": total, "unit": self._unit}
            text = as_json({**facts, "seconds": round(seconds, 3), "rate": rate, "remaining": remaining}) + "\n"
        else:
            text = "\r" + self._bar(done, total, rate, remaining) + "\x1b[K"
        with suppress(OSError):  # nobody listens any more; that is no reason to stop
            sys.stderr.write(text)
            sys.stderr.flush()

    def _bar(self, done: int, total: int, rate: float, remaining: float | None) -> str:
        filled = round(24 * done / total) if total else 24
        left = "" if remaining is None or done >= total else f", {_duration(remaining)} left"
        size, unit = (1e6, "MB") if self._unit == "bytes" else (1, self._unit)
        counted = f"{done / size:.0f}/{total / size:.0f} {unit}, {rate / size:.3g}/s"
        return f"{self._what} {'█' * filled}{'░' * (24 - filled)} {counted}{left}"

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._style == "bar" and self._said > -math.inf:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
