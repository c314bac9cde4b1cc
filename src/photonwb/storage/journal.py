"""The journal of a file: what is going to be overwritten in it, on disk before the first byte of it is.

A change of a file is a number of new blocks and a new length. It is committed once all of them lie in the journal beside the
file, with a seal behind them. Only then are they copied into the file, and the journal is emptied. So an interrupted writer
leaves a file in its old state and, perhaps, a sealed change; to copy that is all there is to do, and to do it twice does no harm.
What is not sealed never happened.

Whoever writes a file keeps its journal locked, which tells a writer at work from one that died.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Journal", "Sealed", "journal_of", "lock", "open_elsewhere", "settle", "sync_folder", "write_at"]

_MAGIC = b"photonwb journal 2\n"
_HEADER = struct.Struct("<QII")  # old length of the file, checksum of how it began, checksum of both
_RECORD = struct.Struct("<QII")  # offset in the file, number of bytes, checksum of all records so far
_SEAL = 2**64 - 1  # in place of an offset: behind it is the new length of the file
_LENGTH = struct.Struct("<Q")
_BEGINNING = 64  # what is looked at to tell whether the file is still the one of the journal; it tells where an HDF5 file ends


def journal_of(path: str | os.PathLike[str]) -> Path:
    """Where the journal of a file is, while it is being changed."""
    return Path(f"{os.fspath(path)}.journal")


class Sealed(NamedTuple):
    """What a journal says.

    Parameters
    ----------
    old_length : int
        Of the file before the change.
    beginnings : set of int
        Checksums of how the file may begin, depending on how much of the change was copied.
    blocks : dict
        By the offset in the file, where the new bytes lie in the journal and how many they are.
    length : int or None
        Of the file after the change; None when nothing is sealed.
    """

    old_length: int
    beginnings: set[int]
    blocks: dict[int, tuple[int, int]]
    length: int | None


class Journal:
    """The journal of a file, open and locked.

    Parameters
    ----------
    path : path
        Of the file.
    create : bool
        Whether to make a journal where there is none.

    Raises
    ------
    FileNotFoundError
        There is none, and none is to be made.
    BlockingIOError
        It is in use: somebody writes the file.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool) -> None:
        self.path = journal_of(path)
        self._descriptor = self._opened(create)
        try:
            lock(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._end = os.fstat(self._descriptor).st_size
        self._sealed_end = 0
        self._checksum = self._sealed_checksum = 0

    def _opened(self, create: bool) -> int:
        try:
            return os.open(self.path, os.O_RDWR | (os.O_CREAT if create else 0), 0o666)
        except PermissionError:
            if create:
                raise
            return os.open(self.path, os.O_RDONLY)  # what it says can be read nevertheless

    @property
    def is_empty(self) -> bool:
        return self._end == 0

    @property
    def is_current(self) -> bool:
        """Whether this is still the file that is found at the path of the journal."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        own = os.fstat(self._descriptor)
        return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)

    # ---- writing

    def begin(self, file: int) -> None:
        """Note how an open file is, before anything of it changes."""
        head = struct.pack("<QI", os.fstat(file).st_size, _beginning(file))
        self._append(_MAGIC + head + struct.pack("<I", zlib.crc32(head)))
        self._checksum = self._sealed_checksum = 0
        self._sealed_end = self._end
        self._sync()
        sync_folder(self.path.parent)

    def add(self, offset: int, data: bytes | bytearray) -> int:
        """Put bytes of the file into the journal; returns where they are."""
        start = struct.pack("<QI", offset, len(data))
        self._checksum = zlib.crc32(data, zlib.crc32(start, self._checksum))
        self._append(start + struct.pack("<I", self._checksum) + data)
        return self._end - len(data)

    def seal(self, length: int) -> None:
        """Make what was added last, and the new length of the file, durable."""
        self.add(_SEAL, _LENGTH.pack(length))
        self._sync()
        self._sealed_end, self._sealed_checksum = self._end, self._checksum

    def forget_unsealed(self) -> None:
        """Go back to the last seal."""
        os.ftruncate(self._descriptor, self._sealed_end)
        self._end, self._checksum = self._sealed_end, self._sealed_checksum

    def clear(self) -> None:
        """Forget everything: the file is as it should be."""
        os.ftruncate(self._descriptor, 0)
        self._sync()
        self._end = self._sealed_end = 0

    def close(self, *, remove: bool) -> None:
        if remove and self.is_current:
            self.path.unlink()
            sync_folder(self.path.parent)
        os.close(self._descriptor)

    def _append(self, data: bytes) -> None:
        write_at(self._descriptor, memoryview(data), self._end)
        self._end += len(data)

    def _sync(self) -> None:
        os.fsync(self._descriptor)

    # ---- reading

    def block(self, position: int, count: int) -> bytes:
        """Bytes of the journal."""
        return os.pread(self._descriptor, count, position)

    def sealed(self) -> Sealed | None:
        """What the journal says; None when not even its first lines were complete, so that nothing was changed."""
        head = self.block(0, len(_MAGIC) + _HEADER.size)
        if len(head) < len(_MAGIC) + _HEADER.size or not head.startswith(_MAGIC):
            return None
        old_length, beginning, checksum = _HEADER.unpack(head[len(_MAGIC) :])
        if checksum != zlib.crc32(head[len(_MAGIC) : -4]):
            return None
        found = Sealed(old_length, {beginning}, {}, None)
        added: dict[int, tuple[int, int]] = {}
        for offset, position, data in self._records(len(head)):
            if offset != _SEAL:
                added[offset] = position, len(data)
                continue
            found.blocks.update(added)
            if 0 in added:
                found.beginnings.add(zlib.crc32(self.block(added[0][0], min(_BEGINNING, added[0][1]))))
            added.clear()
            found = found._replace(length=_LENGTH.unpack(data)[0])
        return found

    def _records(self, position: int) -> Iterator[tuple[int, int, bytes]]:
        """Offset in the file, position in the journal and bytes of all that is complete."""
        checksum = 0
        while len(head := self.block(position, _RECORD.size)) == _RECORD.size:
            offset, count, expected = _RECORD.unpack(head)
            if count > self._end - position:
                return
            data = self.block(position + _RECORD.size, count)
            checksum = zlib.crc32(data, zlib.crc32(head[:-4], checksum))
            if len(data) < count or checksum != expected:
                return
            yield offset, position + _RECORD.size, data
            position += _RECORD.size + count

    def copy_into(self, file: int, blocks: dict[int, tuple[int, int]], length: int) -> None:
        """Overwrite blocks of an open file by those of the journal, and give it its new length."""
        for offset, (position, count) in blocks.items():
            write_at(file, memoryview(self.block(position, count)), offset)
        os.ftruncate(file, length)

    def check_file(self, file: int, sealed: Sealed) -> None:
        """Refuse a file that the journal does not belong to, or that something else has changed meanwhile.

        Raises
        ------
        DamagedFileError
        """
        is_shorter = os.fstat(file).st_size < min(sealed.old_length, sealed.length or sealed.old_length)
        if is_shorter or _beginning(file) not in sealed.beginnings:
            raise DamagedFileError(
                f"{self.path}: this journal of an interrupted change is of another file, or another program has changed the file "
                "since; remove the journal to use the file as it is"
            )


def settle(path: str | os.PathLike[str]) -> bool:
    """Complete what the last writer of a file committed and forget what it did not, if it was interrupted.

    Returns
    -------
    bool
        Whether there was anything to do.

    Raises
    ------
    BlockingIOError
        Somebody is writing the file right now.
    StorageError
        The file is open elsewhere, or may not be written.
    DamagedFileError
        The journal belongs to another file.
    """
    if not os.path.lexists(journal_of(path)):  # nearly always
        return False
    try:
        journal = Journal(path, create=False)
    except FileNotFoundError:
        return False
    is_settled = False
    try:
        descriptor = _opened_alone(path)
        try:
            is_settled = journal.is_current
            return is_settled and _settle(journal, descriptor)
        finally:
            os.close(descriptor)
    finally:
        journal.close(remove=is_settled)


def _opened_alone(path: str | os.PathLike[str]) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError as error:
        raise StorageError(
            f"{path}: the last writer of this file was interrupted, and what it committed cannot be completed: {error.strerror}; "
            "open it once where it may be written"
        ) from error
    try:
        lock(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        raise open_elsewhere(path) from None
    return descriptor


def _settle(journal: Journal, descriptor: int) -> bool:
    sealed = journal.sealed()
    if sealed is None:
        return False
    journal.check_file(descriptor, sealed)
    length = sealed.old_length if sealed.length is None else sealed.length
    if not sealed.blocks and os.fstat(descriptor).st_size == length:
        return False
    journal.copy_into(descriptor, sealed.blocks, length)
    os.fsync(descriptor)
    return True


def _beginning(file: int) -> int:
    return zlib.crc32(os.pread(file, _BEGINNING, 0))


def write_at(file: int, data: memoryview, offset: int) -> None:
    """Write all of the bytes."""
    while len(data):
        count = os.pwrite(file, data, offset)
        data, offset = data[count:], offset + count


def sync_folder(folder: Path) -> None:
    """Make it durable which files a folder has."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# ---- locks, as HDF5 sets them: a writer is alone, readers are not


def open_elsewhere(path: str | os.PathLike[str]) -> StorageError:
    """The error for a file that cannot be locked."""
    return StorageError(f"{path}: the file is open elsewhere; close it there, or wait until its writer is done")


def lock(descriptor: int, *, shared: bool = False) -> None:
    """Lock an open file; a lock that it has already is given up first.

    Raises
    ------
    BlockingIOError
        Somebody else has it locked.
    """
    fcntl = _locks()
    if fcntl is not None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _locks() -> Any:
    try:
        import fcntl
    except ImportError:  # no such locks on this system, nor does HDF5 have any there
        return None
    return fcntl
