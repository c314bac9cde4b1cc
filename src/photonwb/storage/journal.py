"""Changing a file so that it holds, whatever happens, what it held before or what it holds afterwards.

HDF5 writes through a `JournaledFile`. What goes beyond the old end of the file is written at once, since nothing of the old
state lies there. What would overwrite the old state stays in memory until the commit, which first puts the old bytes into a
journal beside the file, then overwrites, then removes the journal. A file whose journal is still there was interrupted: the old
bytes go back and the file is cut to its old length. So the file itself is in its old state except for the moment of a commit.

While a file is being changed it is locked as HDF5 locks it: a second writer gets an error, and a reader does, too.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from photonwb.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["JournaledFile", "journal_of", "roll_back"]

BLOCK = 4096
# So much of changed blocks is kept in memory; beyond that they go into the file, their old bytes being in the journal.
MOST_IN_MEMORY = 64 << 20

_MAGIC = b"photonwb journal 1\n"
_HEADER = struct.Struct("<QI")  # old length of the file, checksum of it
_RECORD = struct.Struct("<QII")  # offset and length of old bytes, their checksum


def journal_of(path: str | os.PathLike[str]) -> Path:
    """Where the journal of a file is, if it is being changed."""
    path = Path(path)
    return path.with_name(f"{path.name}.journal")


def roll_back(path: str | os.PathLike[str]) -> bool:
    """Bring a file whose change was interrupted back to what it was.

    Returns
    -------
    bool
        Whether there was anything to bring back.

    Raises
    ------
    StorageError
        The file is being changed right now, or may not be written.
    DamagedFileError
        The journal belongs to another file.
    """
    journal = journal_of(path)
    if not journal.exists():
        return False
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise StorageError(
            f"{path}: a change of this file was interrupted, and it cannot be brought back to what it was: {error.strerror}; "
            "open it once where it may be written"
        ) from error
    try:
        _lock(descriptor, path)
        _restore(descriptor, journal, path)
    finally:
        os.close(descriptor)
    return True


def _restore(descriptor: int, journal: Path, path: str | os.PathLike[str]) -> None:
    with journal.open("rb") as stream:
        old_length = _read_header(stream)
        if old_length is not None:
            if os.fstat(descriptor).st_size < old_length:
                raise DamagedFileError(
                    f"{path}: its journal {journal.name} tells of a longer file; remove the journal if it belongs to another one"
                )
            for offset, old in _read_records(stream):
                os.pwrite(descriptor, old, offset)
            os.ftruncate(descriptor, old_length)
            os.fsync(descriptor)
    _remove(journal)


def _read_header(stream: io.BufferedReader) -> int | None:
    """Old length of the file; None when the journal was not complete, so that nothing was changed yet."""
    head = stream.read(len(_MAGIC) + _HEADER.size)
    if len(head) < len(_MAGIC) + _HEADER.size or not head.startswith(_MAGIC):
        return None
    length, checksum = _HEADER.unpack(head[len(_MAGIC) :])
    return length if checksum == zlib.crc32(head[len(_MAGIC) : -4]) else None


def _read_records(stream: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Old bytes and where they belong; what is incomplete at the end was not overwritten yet."""
    while len(head := stream.read(_RECORD.size)) == _RECORD.size:
        offset, length, checksum = _RECORD.unpack(head)
        old = stream.read(length)
        if len(old) < length or zlib.crc32(old) != checksum:
            return
        yield offset, old


def _remove(journal: Path) -> None:
    journal.unlink()
    _sync_folder(journal.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(descriptor: int, path: str | os.PathLike[str]) -> None:
    """Lock an open file against other writers and readers, in the way of HDF5."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system, nor does HDF5 have any there
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(f"{path}: the file is open elsewhere; close it there, or wait until its writer is done") from None


class JournaledFile(io.RawIOBase):
    """An existing file, opened for changes that all happen at `commit` or not at all.

    Parameters
    ----------
    path : path

    Raises
    ------
    StorageError
        The file is open elsewhere, or may not be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.name = os.path.abspath(path)
        self._journal_path = journal_of(self.name)
        self._journal: Any = None
        try:
            self._descriptor = os.open(self.name, os.O_RDWR)
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be opened for changes: {error.strerror}") from error
        try:
            _lock(self._descriptor, self.name)
            if self._journal_path.exists():
                _restore(self._descriptor, self._journal_path, self.name)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._position = 0
        self._start_anew()

    def _start_anew(self) -> None:
        """Take the file as it is now for the state that a rollback leads to."""
        self._old_length = self._length = os.fstat(self._descriptor).st_size
        self._changed: dict[int, bytearray] = {}  # new content of old blocks that are not overwritten yet, by number
        self._kept: set[int] = set()  # old blocks that are in the journal and may be overwritten
        self._error: BaseException | None = None

    # ---- what HDF5 calls

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._length - self._position))
        view = view[:count]
        done = os.preadv(self._descriptor, [view], self._position) if count else 0
        if done < count:
            view[done:] = bytes(count - done)
        first, last = self._position // BLOCK, (self._position + count - 1) // BLOCK
        if self._changed and count:
            for number in range(first, last + 1) if last - first < len(self._changed) else sorted(self._changed):
                block = self._changed.get(number)
                if block is not None and first <= number <= last:
                    start = max(self._position, number * BLOCK)
                    stop = min(self._position + count, number * BLOCK + len(block))
                    view[start - self._position : stop - self._position] = block[start - number * BLOCK : stop - number * BLOCK]
        self._position += count
        return count

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if self._error is None:
            try:
                self._write(view, self._position)
            except BaseException as error:
                # It must not travel through HDF5: it comes out of `commit`, and until then nothing more is written.
                self._error = error
        self._position += len(view)
        self._length = max(self._length, self._position)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        self._length = self._position if size is None else size
        return self._length

    def flush(self) -> None:
        """Nothing: what is written becomes durable with the commit."""

    # ---- writing

    def _write(self, view: memoryview, offset: int) -> None:
        self._begin()
        # The last old block counts as old as a whole, so that blocks and new bytes never share one.
        boundary = -(-self._old_length // BLOCK) * BLOCK
        inside = max(0, min(len(view), boundary - offset))
        if inside:
            self._overwrite(view[:inside], offset)
        self._write_through(view[inside:], offset + inside)

    def _overwrite(self, view: memoryview, offset: int) -> None:
        while len(view):
            number, start = divmod(offset, BLOCK)
            count = min(len(view), BLOCK - start)
            if number in self._kept:
                self._write_through(view[:count], offset)
            else:
                block = self._changed.get(number)
                if block is None:
                    block = self._changed[number] = bytearray(os.pread(self._descriptor, BLOCK, number * BLOCK))
                    block.extend(bytes(BLOCK - len(block)))
                block[start : start + count] = view[:count]
            view, offset = view[count:], offset + count
        if len(self._changed) * BLOCK > MOST_IN_MEMORY:
            self._apply()

    def _write_through(self, view: memoryview, offset: int) -> None:
        while len(view):
            count = os.pwrite(self._descriptor, view, offset)
            view, offset = view[count:], offset + count

    def _begin(self) -> None:
        """Note the old length of the file before anything of it changes."""
        if self._journal is None:
            self._journal = self._journal_path.open("wb")
            length = struct.pack("<Q", self._old_length)
            self._journal.write(_MAGIC + length + struct.pack("<I", zlib.crc32(length)))
            self._sync_journal()
            _sync_folder(self._journal_path.parent)

    def _keep(self, numbers: Iterator[int] | list[int]) -> None:
        """Put the old bytes of blocks into the journal."""
        for number in numbers:
            if number not in self._kept:
                old = os.pread(self._descriptor, min(BLOCK, self._old_length - number * BLOCK), number * BLOCK)
                self._journal.write(_RECORD.pack(number * BLOCK, len(old), zlib.crc32(old)) + old)
                self._kept.add(number)
        self._sync_journal()

    def _sync_journal(self) -> None:
        self._journal.flush()
        os.fsync(self._journal.fileno())

    def _apply(self) -> None:
        """Overwrite the blocks that were changed, once their old bytes are in the journal."""
        self._keep(list(self._changed))
        for number, block in self._changed.items():
            self._write_through(memoryview(block), number * BLOCK)
        self._changed.clear()

    # ---- the two ends of a change

    def commit(self) -> None:
        """Make all changes durable.

        Raises
        ------
        StorageError
            Something could not be written; the file was brought back to what it was.
        """
        if self._error is not None:
            error = self._error
            self.roll_back()
            raise StorageError(f"{self.name}: the changes could not be written: {error}; the file is as it was") from error
        if self._journal is None and self._length == self._old_length:
            return
        try:
            self._begin()
            if self._length < self._old_length:
                self._keep(list(range(self._length // BLOCK, -(-self._old_length // BLOCK))))
            self._apply()
            os.ftruncate(self._descriptor, self._length)
            os.fsync(self._descriptor)
        except OSError as error:
            self.roll_back()
            raise StorageError(
                f"{self.name}: the changes could not be written: {error.strerror or error}; the file is as it was"
            ) from error
        self._end()

    def roll_back(self) -> None:
        """Forget all changes since the last commit."""
        if self._journal is not None:
            self._journal.flush()
            _restore(self._descriptor, self._journal_path, self.name)
            self._journal.close()
            self._journal = None
        self._start_anew()

    def _end(self) -> None:
        self._journal.close()
        self._journal = None
        _remove(self._journal_path)
        self._start_anew()

    def close(self) -> None:
        """Release the file; what was not committed is forgotten."""
        if not self.closed:
            try:
                self.roll_back()
            finally:
                os.close(self._descriptor)
                super().close()
