"""The bytes of a file on their way into HDF5, looked at before it sees them.

HDF5 trusts the collections in which texts are kept (global heaps): a block of zeros in one, as a download that broke off leaves
it, has the library loop for ever inside of a call that nothing can end, and a length that leads out of one has it read memory
that is not its own. So files are read by us, at little cost, and such a collection loses its signature on the way: then HDF5 says
by itself that it is damaged.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from typing import Any

from .descriptor_file import DescriptorFile

__all__ = ["CheckedFile", "LocalInput"]

HEAP = b"GCOL"
# Header of a collection, and of each object in it: number, count of references, size. Sizes fill up to 8 bytes.
HEADER = 16
OBJECT = struct.Struct("<HxxxxxxQ")

_preadv: Any = getattr(os, "preadv", None)  # not on every system


class CheckedFile:
    """A file object for HDF5 that lets through no heap which HDF5 would not survive.

    Parameters
    ----------
    file : binary file object
        Does everything else.

    Attributes
    ----------
    length_size : int
        Bytes in which the file counts bytes.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        # HDF5 makes many small reads: nothing is looked up twice.
        self.seek = file.seek
        self._read_into = getattr(file, "readinto", self._copy_into)
        self.length_size = 8

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def readinto(self, buffer: Any) -> int:
        count = self._read_into(buffer)
        if count and buffer[0] == HEAP[0]:
            view = memoryview(buffer)
            if bytes(view[:4]) == HEAP and not is_sound_heap(self._whole_heap(bytes(view[:count])), self.length_size):
                view[:4] = bytes(4)
        return count

    def _whole_heap(self, start: bytes) -> bytes:
        """A heap of which HDF5 has read the start, and is going to read the rest."""
        size = int.from_bytes(start[8 : 8 + self.length_size], "little")
        place = self._file.tell()
        rest = min(size - len(start), self._file.seek(0, os.SEEK_END) - place)
        self._file.seek(place)
        data = self._file.read(rest) if rest > 0 else b""
        self._file.seek(place)
        return start + data

    def _copy_into(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)


def is_sound_heap(data: bytes, length_size: int = 8) -> bool:
    """Whether the objects of a heap follow each other to its end."""
    mask = (1 << 8 * length_size) - 1
    size = int.from_bytes(data[8 : 8 + length_size], "little")
    place = HEADER
    if size > len(data):
        return False
    while place + OBJECT.size <= size:
        number, length = OBJECT.unpack_from(data, place)
        length &= mask
        # Number 0 is the free space, which counts its own header and is not filled up.
        length = OBJECT.size + (length + 7 & ~7) if number else length
        if not 0 < length <= size - place:
            return False
        place += length
    return True


class LocalInput(DescriptorFile):
    """A local file to be read, locked against writers as HDF5 does it.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        As the system says it; also for what is no file: a pipe would be waited for without end.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.name = path
        self._position = 0
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - asks the system once, as Path.is_file would not tell why
            raise OSError(errno.EINVAL, "not a file", path)
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            _lock(self._descriptor)
            status = os.fstat(self._descriptor)
        except BaseException:
            self.close()
            raise
        self.size = status.st_size
        self.identity = status.st_dev, status.st_ino

    @property
    def is_in_place(self) -> bool:
        """Whether the path still leads to this file."""
        try:
            status = os.stat(self.name)  # noqa: PTH116 - as often as an array is read
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self.identity

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence != os.SEEK_SET:
            offset += self._position if whence == os.SEEK_CUR else self.size
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        done = _read_at(self._descriptor, buffer, self._position)
        view = memoryview(buffer)
        while 0 < done < len(view):  # one call reads no more than 2 GiB
            count = _read_at(self._descriptor, view[done:], self._position + done)
            if not count:
                break
            done += count
        self._position += done
        return done


def _read_at(descriptor: int, buffer: Any, start: int) -> int:
    if _preadv is not None:
        return _preadv(descriptor, (buffer,), start)
    os.lseek(descriptor, start, os.SEEK_SET)  # HDF5 reads one thing at a time
    data = os.read(descriptor, len(buffer))
    memoryview(buffer)[: len(data)] = data
    return len(data)


def _lock(descriptor: int) -> None:
    if os.environ.get("HDF5_USE_FILE_LOCKING", "").upper() in ("FALSE", "0"):
        return
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(error.errno, "unable to lock file") from error
    except OSError:
        return  # a file system without locks, which reading can do without
