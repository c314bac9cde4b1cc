"""A file, or the folder of a store, that takes the place of another one when it is complete."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from photonwb.errors import ExistingFileError, MissingFileError
from photonwb.storage.zarr_files import is_store, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["remove", "replacing", "restored"]

# A folder is not replaced in one step: for a moment the old one is aside, and the new one not there. So long is waited for it.
PATIENCE = 0.5
INTERVAL = 0.01


class replacing:  # noqa: N801 - a context manager, used like a function
    """Give the path of a temporary file that takes the place of `target` when the block ends without an error.

    It may be a folder too. Killed at any time, this leaves the old state or the new one: a folder that was moved aside, and has
    no other in its place, is put back by `restored`.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.temporary = target.with_name(f".{target.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        if not self.target.parent.is_dir():
            raise MissingFileError(f"{self.target}: the folder {self.target.parent} does not exist; make it first")
        if self.target.is_dir() and not _may_go(self.target):
            raise ExistingFileError(
                f"{self.target} is a folder with something else in it, and is not replaced; choose another path"
            )
        remove(self.temporary)  # of a process that was killed, and had the same number
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._replace()
        finally:
            remove(self.temporary)  # it is gone when all went well

    def _replace(self) -> None:
        if not self.temporary.is_dir():
            with self.temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if not self.target.is_dir():
                self.temporary.replace(self.target)
                return
        else:
            sync_folder(str(self.temporary))
        aside = _aside(self.target)
        if self.target.exists():
            remove(aside)  # which was left by another process of that number, and has been replaced since
            self.target.rename(aside)
        try:
            self.temporary.rename(self.target)
        except BaseException:
            if aside.exists():
                aside.rename(self.target)
            raise
        for old in _left_aside(self.target):
            remove(old)


def _may_go(folder: Path) -> bool:
    """Whether there is nothing in a folder but a store of Zarr, if that."""
    return is_store(folder) or not any(folder.iterdir())


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.old")


def _left_aside(target: Path) -> Iterator[Path]:
    start = f".{target.name}."
    for path in list(target.parent.iterdir()) if target.parent.is_dir() else ():
        if path.name.startswith(start) and path.name.endswith(".old") and path.name[len(start) : -len(".old")].isdecimal():
            yield path


def restored(target: Path) -> bool:
    """Put back the old state of a folder that was being replaced when the writer was interrupted.

    Returns
    -------
    bool
        Whether there was such a folder.
    """
    until = time.monotonic() + PATIENCE
    while not target.exists():
        old = next(_left_aside(target), None)
        if old is None:
            return False
        if time.monotonic() > until:
            with suppress(FileNotFoundError):  # somebody else was faster
                old.rename(target)
            return True
        time.sleep(INTERVAL)
    return False


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
