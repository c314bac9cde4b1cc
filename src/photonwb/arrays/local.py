"""Bytes of a local file, read at any place by many threads at a time."""

from __future__ import annotations

import os
import threading
from typing import Any

from photonwb.errors import ClosedFileError, DamagedFileError, StorageError

__all__ = ["FileKeeper", "LocalFile"]


_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_READING = threading.Lock()


class LocalFile:
    """A file open for reading, for as long as somebody uses it.

    Parameters
    ----------
    path : str
    threads : int, optional
        How many may read it at a time, see `pool.threads`.
    descriptor : int, optional
        Of the file, which is open already, and from now on belongs to this object.

    Attributes
    ----------
    size : int
        Bytes in the file.
    version : tuple
        Differs after the file was changed.
    changed : float
        When that was last, in seconds since 1970.
    """

    _descriptor = -1  # until it is open

    def __init__(self, path: str, threads: int | None = None, descriptor: int | None = None) -> None:
        self.path = path
        self.threads = threads
        try:
            self._descriptor = os.open(path, _FLAGS) if descriptor is None else descriptor
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {error}") from error
        self.size = os.fstat(self._descriptor).st_size

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def version(self) -> tuple[Any, ...]:
        status = os.fstat(self._descriptor)
        return self.path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    @property
    def changed(self) -> float:
        return os.fstat(self._descriptor).st_mtime

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def require(self, offset: int, size: int) -> None:
        """Check that so many bytes lie there.

        Raises
        ------
        DamagedFileError
            The file ends before.
        """
        if offset < 0 or offset + size > self.size:
            raise DamagedFileError(
                f"{self.path} is cut short: {size} bytes of an array should lie at {offset}, the file has {self.size} bytes"
            )

    def read(self, offset: int, size: int) -> bytearray:
        """That many bytes from there."""
        self.require(offset, size)
        data = bytearray(size)
        self.read_into(offset, memoryview(data))
        return data

    def read_into(self, offset: int, target: Any) -> None:
        """As many bytes as the target, an array in one piece or a memoryview of bytes, has room for."""
        missing = target.nbytes
        if offset < 0 or offset + missing > self.size:
            self.require(offset, missing)
        while (count := self._read_some(offset, target)) < missing:
            if count == 0:
                raise DamagedFileError(f"{self.path} was cut short while it was read")
            missing -= count
            offset, target = offset + count, _bytes_of(target)[count:]

    if hasattr(os, "preadv"):

        def _read_some(self, offset: int, target: Any) -> int:
            return os.preadv(self._descriptor, [target], offset)

    else:

        def _read_some(self, offset: int, target: Any) -> int:
            target = _bytes_of(target)
            with _READING:  # there is one place for all threads to read from
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                data = os.read(self._descriptor, target.nbytes)
            target[: len(data)] = data
            return len(data)


def _bytes_of(target: Any) -> memoryview:
    return target if isinstance(target, memoryview) else target.reshape(-1).view("u1").data


class FileKeeper:
    """A file that is kept open from one read to the next, for as long as its store is open.

    Parameters
    ----------
    file : LocalFile
    """

    __slots__ = ("_path", "kept")

    def __init__(self, file: LocalFile) -> None:
        self._path = file.path
        self.kept: LocalFile | None = file

    @property
    def file(self) -> LocalFile:
        """The file.

        Raises
        ------
        ClosedFileError
        """
        kept = self.kept
        if kept is None:
            raise ClosedFileError(f"{self._path}: the file was closed; open it again")
        return kept

    def close(self) -> None:
        """Let go of the file, which is closed when the reads that are under way have ended."""
        self.kept = None
