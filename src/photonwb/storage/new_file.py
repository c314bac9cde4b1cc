"""A new HDF5 file whose writing may fail, for want of space above all, without harm to the process.

HDF5 does not survive an error of its file driver: it comes back when the file is closed and can take the interpreter down. So it
writes through a file object that keeps the first error to itself, writes nothing more, and lets the store raise it at the end.

A new file takes its name when it is safe on the disk. So that this is not waited for at the end, the disk is set to work while
the rest is still being written.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from photonwb.errors import StorageError

from .descriptor_file import DescriptorFile
from .hdf5 import HDF5Store

if TYPE_CHECKING:
    from photonwb.typing import Path

__all__ = ["NewFile", "NewStore"]

# So many bytes are written before the disk is set to work on them.
SETTLING = 8 << 20
# What follows each other in less than this is gathered: HDF5 writes one small chunk, one piece of an index at a time.
GATHERED = 64 << 10


class NewFile(DescriptorFile):
    """A file that is created, or emptied, for HDF5 to write.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name = os.path.abspath(path)
        self.error: OSError | None = None
        self._position = self._length = self._settling = 0
        self._gathered = bytearray()
        self._gathered_at = 0
        try:
            self._descriptor = os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be created: {error.strerror}") from error

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        self.flush()
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._length - self._position))
        done = os.preadv(self._descriptor, [view[:count]], self._position) if count else 0
        view[done:count] = bytes(count - done)  # what could not be written reads as zeros until the error is raised
        self._position += count
        return count

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        follows = self._position == self._gathered_at + len(self._gathered)
        if not follows or len(self._gathered) + len(view) > GATHERED:
            self.flush()
            self._gathered_at = self._position
        if len(view) < GATHERED:
            self._gathered += view
        else:
            self._store(view, self._position)
            self._gathered_at += len(view)
        self._position += len(view)
        self._length = max(self._length, self._position)
        return len(view)

    def flush(self) -> None:
        """Hand to the system what was gathered; closing the file does so too."""
        if self._gathered:
            self._store(memoryview(self._gathered), self._gathered_at)
            self._gathered_at += len(self._gathered)
            self._gathered = bytearray()

    def _store(self, view: memoryview, start: int) -> None:
        offset, end = start, start + len(view)
        while self.error is None and offset < end:
            try:
                offset += os.pwrite(self._descriptor, view[offset - start :], offset)
            except OSError as error:
                self.error = error
        if end - self._settling >= SETTLING:
            self._settle(end)

    def _settle(self, end: int) -> None:
        """Have the system bring to the disk what it has, up to there, without waiting for it."""
        start, self._settling = self._settling, end
        if hasattr(os, "posix_fadvise"):
            # What nobody needs in memory is written; it stays there as well, for it could only go once it has been written.
            with contextlib.suppress(OSError):  # a file system that does not take advice
                os.posix_fadvise(self._descriptor, start, end - start, os.POSIX_FADV_DONTNEED)

    def truncate(self, size: int | None = None) -> int:
        self.flush()
        self._length = self._position if size is None else size
        if self.error is None:
            try:
                os.ftruncate(self._descriptor, self._length)
            except OSError as error:
                self.error = error
        return self._length


class NewStore(HDF5Store):
    """A new HDF5 file, open for writing.

    Parameters
    ----------
    path : path
        What is there is replaced.
    location : str, optional
        What messages call the file, if it is going to have another name.
    threads : int, optional
        How many may work at a time; see `photonwb.arrays.pool.threads`.

    Raises
    ------
    StorageError
        The file cannot be created.
    """

    def __init__(self, path: Path, location: str | None = None, threads: int | None = None) -> None:
        self._new_file = NewFile(path)
        try:
            super().__init__(self._new_file, "w", threads=threads)
            self.location = location or self.location
        except BaseException:
            self._new_file.close()
            raise

    def close(self) -> None:
        """Close the file.

        Raises
        ------
        StorageError
            Something could not be written, so that the file is not complete.
        """
        try:
            super().close()
        finally:
            self._new_file.close()
        error = self._new_file.error
        if error is not None:
            raise StorageError(
                f"{self.location}: cannot be written: {error.strerror}; make room, or choose another place"
            ) from error
