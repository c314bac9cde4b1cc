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
from typing import TYPE_CHECKING, Any

from photonwb.arrays.local import FileKeeper, LocalFile

from .descriptor_file import DescriptorFile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CheckedFile", "LocalInput"]

HEAP = b"GCOL"
# Header of a collection, and of each object in it: number, count of references, size. Sizes fill up to 8 bytes.
HEADER = 16
OBJECT = struct.Struct("<HxxxxxxQ")


def _seek_and_read(descriptor: int, buffers: tuple[Any], start: int) -> int:
    os.lseek(descriptor, start, os.SEEK_SET)  # HDF5 reads one thing at a time
    data = os.read(descriptor, len(buffers[0]))
    memoryview(buffers[0])[: len(data)] = data
    return len(data)


_preadv: Any = getattr(os, "preadv", _seek_and_read)


class CheckedFile:
    """A file object for HDF5 that lets through no heap which HDF5 would not survive.

    Parameters
    ----------
    file : binary file object
        Does everything else.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        # HDF5 makes many small reads: nothing is looked up twice.
        self.seek = file.seek
        self._read_into = getattr(file, "readinto", self._copy_into)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = self._read_into(view)
        if count and view[0] == HEAP[0]:
            hide_unsound_heap(view, count, self._read_behind)
        return count

    def _read_behind(self, count: int) -> bytes:
        """What follows what was just read."""
        place = self._file.tell()
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(place)
        data = self._file.read(min(count, size - place)) if size > place else b""
        self._file.seek(place)
        return data

    def _copy_into(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)


def hide_unsound_heap(view: memoryview, count: int, read_behind: Callable[[int], bytes], length_size: int = 8) -> None:
    """Take the signature from a heap that HDF5 would not survive.

    Parameters
    ----------
    view : memoryview
        What HDF5 asked for: anything, or a heap, or the start of one of which it is going to read the rest.
    count : int
        So many bytes of it are there.
    read_behind : callable
        Reads up to so many bytes behind it, as far as the file goes.
    length_size : int
        Bytes in which the file counts bytes.
    """
    if bytes(view[:4]) != HEAP:
        return
    data = bytes(view[:count])
    missing = int.from_bytes(data[8 : 8 + length_size], "little") - count
    if not is_sound_heap(data + read_behind(missing) if missing > 0 else data, length_size):
        view[:4] = bytes(4)


def is_sound_heap(data: bytes, length_size: int = 8) -> bool:
    """Whether the objects of a heap follow each other to its end."""
    size = int.from_bytes(data[8 : 8 + length_size], "little")
    if size > len(data):
        return False
    mask = (1 << 8 * length_size) - 1
    place, last, unpack = HEADER, size - OBJECT.size, OBJECT.unpack_from
    while place <= last:
        number, length = unpack(data, place)
        length &= mask
        # Number 0 is the free space, which counts its own header and is not filled up.
        if number:
            place += OBJECT.size + (length + 7 & ~7)
        elif length:
            place += length
        else:
            return False
    return place <= max(size, HEADER)


class LocalInput(DescriptorFile):
    """A local file to be read, locked against writers as HDF5 does it, and looked at as a `CheckedFile` is.

    Parameters
    ----------
    path : str

    Attributes
    ----------
    length_size : int
        Bytes in which the file counts bytes.

    Raises
    ------
    OSError
        As the system says it; also for what is no file: a pipe would be waited for without end.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.name = path
        self._position = 0
        self.length_size = 8
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

    def keeper(self, threads: int | None) -> FileKeeper | None:
        """The same file for those who read arrays, so many threads at a time; None where they would move our position in it."""
        if not hasattr(os, "preadv"):
            return None
        return FileKeeper(LocalFile(self.name, threads, os.dup(self._descriptor)))

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
        if whence:
            offset += self._position if whence == os.SEEK_CUR else self.size
        self._position = offset
        return offset

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        done = _preadv(self._descriptor, (view,), self._position)
        if done < len(view):  # one call reads no more than 2 GiB
            done += self._read_on(view, done)
        self._position += done
        if done and view[0] == HEAP[0]:
            hide_unsound_heap(view, done, self._read_behind, self.length_size)
        return done

    def _read_on(self, view: memoryview, start: int) -> int:
        done = start
        while done and (count := _preadv(self._descriptor, (view[done:],), self._position + done)):
            done += count
        return done - start

    def _read_behind(self, count: int) -> bytes:
        data = bytearray(max(min(count, self.size - self._position), 0))
        return bytes(data[: _preadv(self._descriptor, (data,), self._position)])


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
