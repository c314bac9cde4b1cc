"""Bytes of a file, read at any place by many threads at a time: of any file, and of a local one."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from photonwb.errors import ClosedFileError, DamagedFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

__all__ = ["ByteFile", "FileKeeper", "LocalFile", "bytes_of"]

Item = TypeVar("Item")

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_READING = threading.Lock()


class ByteFile:
    """A file open for reading.

    Parameters
    ----------
    path : str
        Or an address; for messages.
    size : int
        Bytes in the file.
    threads : int, optional
        How many may read it at a time, see `pool.threads`.

    Attributes
    ----------
    version : hashable
        Differs after the file was changed.
    state : hashable
        The same for other processes, and on other machines that see the file under the same path.
    changed : float
        When that was last, in seconds since 1970.
    descriptor : int or None
        By which the file can be mapped into memory; None for one that cannot.
    """

    version: Hashable
    state: Hashable
    changed: float
    descriptor: int | None = None

    def __init__(self, path: str, size: int, threads: int | None = None) -> None:
        self.path = path
        self.size = size
        self.threads = threads

    def batches(
        self, items: Sequence[Item], places_of: Callable[[Item], Iterable[tuple[int, int]]]
    ) -> Iterator[tuple[Sequence[Item], ByteFile]]:
        """What is to be read, as many things at a time as are fetched together, and what to read them from.

        Parameters
        ----------
        items : sequence
        places_of : callable
            Offset and size of each stretch of bytes that an item is going to be read from.
        """
        yield items, self

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
            offset, target = offset + count, bytes_of(target)[count:]

    def _read_some(self, offset: int, target: Any) -> int:
        """Read at least a byte, at most as many as the target has room for; tells how many."""
        raise NotImplementedError


class LocalFile(ByteFile):
    """A local file open for reading, for as long as somebody uses it.

    Parameters
    ----------
    path : str
    threads : int, optional
        How many may read it at a time, see `pool.threads`.
    descriptor : int, optional
        Of the file, which is open already, and from now on belongs to this object.
    """

    _descriptor = -1  # until it is open

    def __init__(self, path: str, threads: int | None = None, descriptor: int | None = None) -> None:
        try:
            self._descriptor = os.open(path, _FLAGS) if descriptor is None else descriptor
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {error}") from error
        super().__init__(path, os.fstat(self._descriptor).st_size, threads)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def version(self) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] - nobody sets it
        status = os.fstat(self._descriptor)
        return self.path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    @property
    def state(self) -> tuple[int, int]:  # pyright: ignore[reportIncompatibleVariableOverride] - nobody sets it
        status = os.fstat(self._descriptor)
        return status.st_mtime_ns, status.st_size

    @property
    def changed(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] - nobody sets it
        return os.fstat(self._descriptor).st_mtime

    @property
    def descriptor(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride] - nobody sets it
        return self._descriptor

    if hasattr(os, "preadv"):

        def _read_some(self, offset: int, target: Any) -> int:
            return os.preadv(self._descriptor, [target], offset)

    else:

        def _read_some(self, offset: int, target: Any) -> int:
            target = bytes_of(target)
            with _READING:  # there is one place for all threads to read from
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                data = os.read(self._descriptor, target.nbytes)
            target[: len(data)] = data
            return len(data)


def bytes_of(target: Any) -> memoryview:
    """The bytes of an array, which lies in one piece, or of what is one of bytes already."""
    return target if isinstance(target, memoryview) else target.reshape(-1).view("u1").data


class FileKeeper:
    """A file that is kept open from one read to the next, for as long as its store is open.

    Parameters
    ----------
    file : ByteFile
    """

    __slots__ = ("_path", "kept")

    def __init__(self, file: ByteFile) -> None:
        self._path = file.path
        self.kept: ByteFile | None = file

    @property
    def file(self) -> ByteFile:
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
