"""A file as it should be, read without touching the file as it is.

A change that is sealed in the journal is seen as if it had been copied, and bytes that the file should have and has not are
zeros. Whoever reads can ask whether such bytes were touched.
"""

from __future__ import annotations

import os
from typing import Any

from photonwb.errors import StorageError

from .descriptor_file import DescriptorFile
from .journal import Journal, lock, open_elsewhere

__all__ = ["PatchedFile"]


class PatchedFile(DescriptorFile):
    """An existing file and its journal, opened for reading.

    Parameters
    ----------
    path : path
    length : int, optional
        How long the file should be at least.

    Attributes
    ----------
    present : int
        Where the file ends.
    missing : int
        How many bytes it is too short.
    missing_was_read : bool
        Whether bytes beyond the end of the file were asked for; may be set back.

    Raises
    ------
    StorageError
        The file cannot be read, or somebody is changing it.
    """

    def __init__(self, path: str | os.PathLike[str], length: int = 0) -> None:
        super().__init__()
        self.name = os.path.abspath(path)
        self.missing_was_read = False
        self._blocks: list[tuple[int, bytes]] = []
        self._patches: list[tuple[int, bytes]] = []
        self._position = 0
        try:
            self._descriptor = os.open(self.name, os.O_RDONLY)
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be read: {error.strerror}") from error
        try:
            lock(self._descriptor, shared=True)
            self.present = os.fstat(self._descriptor).st_size
            self._take_journal()
        except BlockingIOError:
            self.close()
            raise open_elsewhere(self.name) from None
        except BaseException:
            self.close()
            raise
        self._length = max(length, self.present)

    def _take_journal(self) -> None:
        try:
            journal = Journal(self.name, create=False)
        except (FileNotFoundError, BlockingIOError):  # of a writer at work nothing is to be taken
            return
        try:
            sealed = journal.sealed()
            if sealed is not None:
                journal.check_file(self._descriptor, sealed)
                self.present = sealed.old_length if sealed.length is None else sealed.length
                self._blocks = [(offset, journal.block(*place)) for offset, place in sorted(sealed.blocks.items())]
        finally:
            journal.close(remove=False)

    @property
    def is_patched(self) -> bool:
        """Whether this is anything else than the file as it is."""
        return bool(self._blocks) or self._length > self.present

    @property
    def missing(self) -> int:
        return self._length - self.present

    def patch(self, offset: int, data: bytes) -> None:
        """Let the file have other bytes there, for whoever reads from now on."""
        self._patches.append((offset, data))

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Bytes of the file, as many as there are."""
        buffer = bytearray(max(0, min(count, self.present - offset)))
        before = self._position
        self.seek(offset)
        self.readinto(buffer)
        self.seek(before)
        return bytes(buffer)

    def readable(self) -> bool:
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
        start = self._position
        view = memoryview(buffer).cast("B")
        view = view[: max(0, min(len(view), self._length - start))]
        there = max(0, min(len(view), self.present - start))
        done = os.preadv(self._descriptor, [view[:there]], start) if there else 0
        view[done:] = bytes(len(view) - done)
        for offset, block in self._blocks:
            first, last = max(start, offset), min(start + len(view), offset + len(block), self.present)
            if first < last:
                view[first - start : last - start] = block[first - offset : last - offset]
        for offset, block in self._patches:
            first, last = max(start, offset), min(start + len(view), offset + len(block))
            if first < last:
                view[first - start : last - start] = block[first - offset : last - offset]
                there = max(there, last - start)
        self.missing_was_read |= there < len(view)
        self._position += len(view)
        return len(view)
