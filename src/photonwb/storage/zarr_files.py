"""Files of a store, read and written where they belong and nowhere else.

A store is a folder that somebody may have sent. A name in it, or a symbolic link of the file system, must not lead a program that
does not trust the sender out of the folder that the store is in.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import DamagedFileError, StorageError, UntrustedLinkError

from .links import is_in_folder_of

if TYPE_CHECKING:
    from photonwb.arrays.streams import Buffer

__all__ = ["DOCUMENTS", "Folder", "is_safe_name", "is_store", "sync_folder"]

# What the folder of a store has, in format 3 or 2.
DOCUMENTS = ("zarr.json", ".zgroup")


def is_safe_name(name: str) -> bool:
    """Whether a name is that of something in a folder, and leads nowhere else."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name and (os.sep == "/" or os.sep not in name)


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether a folder is that of a store of Zarr."""
    return any(os.path.isfile(os.path.join(path, name)) for name in DOCUMENTS)


class Folder:
    """The folder of a store.

    Parameters
    ----------
    path : str
        Absolute.
    trusted : bool
        Whether symbolic links may lead out of the folder in which the store is.
    """

    def __init__(self, path: str, *, trusted: bool) -> None:
        self.path = path
        self.trusted = trusted
        self._inside: set[str] = set()
        self._identity = self._found()

    def _found(self) -> tuple[int, int] | None:
        """Which folder is at the path."""
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def require_in_place(self) -> None:
        """Refuse to read on in another folder, whose files are not what the metadata say that were read.

        Raises
        ------
        StorageError
            The store was removed or replaced.
        """
        if self._found() != self._identity:
            raise StorageError(f"{self.path}: the store was replaced or removed since it was opened; open it again")

    def file(self, *parts: str) -> str:
        """Path of a file in the store."""
        return "/".join((self.path, *parts)) if os.sep == "/" else os.path.join(self.path, *parts)

    def status(self, path: str) -> os.stat_result | None:
        """Size and kind of a plain file, None where there is none.

        Raises
        ------
        UntrustedLinkError
            It lies outside of the folder of the store, which is not trusted.
        DamagedFileError
            It is no plain file.
        """
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                self._check(path)
                status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(status.st_mode):
            if stat.S_ISDIR(status.st_mode):
                return None
            raise DamagedFileError(f"{path}: expected a plain file, found something that is none")
        self._check_folder(os.path.dirname(path))
        return status

    def _check_folder(self, folder: str) -> None:
        if not self.trusted and folder not in self._inside:
            self._check(folder)
            self._inside.add(folder)

    def _check(self, path: str) -> None:
        if not self.trusted and not is_in_folder_of(self.path, path):
            raise UntrustedLinkError(
                f"{self.path}: {os.path.relpath(path, self.path)} leads to {os.path.realpath(path)}, outside of the folder of "
                "this store, and is not read; open the store with trusted=True if you know who made it"
            )

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where there is none."""
        if self.status(path) is None:
            return None
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror}") from error

    def document(self, path: str) -> dict[str, Any] | None:
        """The object of JSON that a file holds, None where there is no such file.

        Raises
        ------
        DamagedFileError
            It holds something else.
        """
        data = self.read(path)
        if data is None:
            return None
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise DamagedFileError(
                f"{path}: expected the metadata of Zarr as JSON: {error}; get the store again, or remove what was written in part"
            ) from error
        if not isinstance(found, dict):
            raise DamagedFileError(f"{path}: expected an object of JSON with the metadata of Zarr, got {type(found).__name__}")
        return cast("dict[str, Any]", found)

    def names(self, path: str, *, is_linked: bool = False) -> list[tuple[str, bool]]:
        """Names of the folders in a folder, and whether each was reached by a symbolic link.

        Such links may go round in circles: those that lead back into the store, and those behind another one, are passed over.
        """
        try:
            self._check_folder(path)
            with os.scandir(path) as entries:
                found = [(entry.name, is_linked or entry.is_symlink(), entry.is_symlink()) for entry in entries if entry.is_dir()]
            return [(name, linked) for name, linked, is_link in found if not is_link or self._may_follow(path, name, is_linked)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror}") from error

    def _may_follow(self, path: str, name: str, is_linked: bool) -> bool:
        target = os.path.realpath(os.path.join(path, name))
        return not is_linked and not f"{target}/".startswith(f"{os.path.realpath(self.path)}/")

    def write(self, path: str, data: Buffer) -> None:
        """Make a file; one that is there is replaced, not changed, for other stores may have it too.

        Raises
        ------
        StorageError
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            try:
                descriptor = os.open(path, flags, 0o666)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                descriptor = os.open(path, flags, 0o666)
            except FileExistsError:
                os.unlink(path)
                descriptor = os.open(path, flags, 0o666)
            try:
                view = memoryview(data).cast("B")
                while len(view):
                    view = view[os.write(descriptor, view) :]
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written: {error.strerror}; make room, or choose another place") from error


def sync_folder(path: str) -> None:
    """Have all that is in a folder on the disk, by several threads: most of the time each waits for it."""
    from photonwb.arrays.pool import run_all

    paths: list[str] = []
    for folder, _, files in os.walk(path):
        paths += [folder, *(os.path.join(folder, name) for name in files)]
    run_all(_sync, paths)


def _sync(path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # of a folder, where these cannot be opened
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror}; make room, or choose another place") from error
    finally:
        os.close(descriptor)
