"""Bytes of a local file, read at any place by many threads at a time."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["LocalFile"]


_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_READING = threading.Lock()


class LocalFile:
    """A file open for reading.

    Parameters
    ----------
    path : str
    threads : int, optional
        How many may read it at a time, see `pool.threads`.

    Attributes
    ----------
    size : int
        Bytes in the file.
    version : tuple
        Differs after the file was changed.
    changed : float
        When that was last, in seconds since 1970.
    """

    def __init__(self, path: str, threads: int | None = None) -> None:
        self.path = path
        self.threads = threads
        try:
            self._descriptor = os.open(path, _FLAGS)
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {error}") from error
        self.size = os.lseek(self._descriptor, 0, os.SEEK_END)

    @functools.cached_property
    def _status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    @property
    def version(self) -> tuple[Any, ...]:
        status = self._status
        return self.path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    @property
    def changed(self) -> float:
        return self._status.st_mtime

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        os.close(self._descriptor)

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

    def read_into(self, offset: int, target: memoryview) -> None:
        """As many bytes as the target, which is one of bytes, has room for."""
        missing = target.nbytes
        self.require(offset, missing)
        while missing:
            count = self._read_some(offset, target)
            if count == 0:
                raise DamagedFileError(f"{self.path} was cut short while it was read")
            missing -= count
            if missing:
                offset, target = offset + count, target[count:]

    if hasattr(os, "preadv"):

        def _read_some(self, offset: int, target: memoryview) -> int:
            return os.preadv(self._descriptor, [target], offset)

    else:

        def _read_some(self, offset: int, target: memoryview) -> int:
            with _READING:  # there is one place for all threads to read from
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                data = os.read(self._descriptor, target.nbytes)
            target[: len(data)] = data
            return len(data)
