"""A file that holds, whatever happens, what it held before a change or what it holds afterwards.

HDF5 writes through a `JournaledFile`. What goes beyond the end of the file is written at once, since nothing of its state lies
there. What would overwrite that state stays in memory, or in the journal, until the commit; see `journal` for what happens then.
So the file itself is in its old state except for the moment in which a sealed change is copied.

A file that is changed is locked as HDF5 locks it. Either it is nobody else's for the whole time; or it is shared with readers,
which see the state of the last commit: then it is locked against them for that moment only, and as long as one of them
has it open the change stays in the journal, sealed and safe, and the next is sealed behind it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from photonwb.errors import StorageError

from .descriptor_file import DescriptorFile
from .journal import Journal, lock, open_elsewhere, settle, write_at

__all__ = ["JournaledFile"]

BLOCK = 4096
# So much of changed blocks is kept in memory; beyond that they wait in the journal.
MOST_IN_MEMORY = 64 << 20
# How often a lock is tried, in seconds.
INTERVAL = 0.01


class JournaledFile(DescriptorFile):
    """An existing file, opened for changes that all happen at `commit` or not at all.

    Parameters
    ----------
    path : path
    shared : bool
        Whether others may read the file meanwhile.

    Raises
    ------
    StorageError
        The file is open elsewhere, or may not be written.
    """

    def __init__(self, path: str | os.PathLike[str], *, shared: bool = False) -> None:
        super().__init__()
        self.name = os.path.abspath(path)
        self.shared = shared
        try:
            self._open()
        except BaseException:
            super().close()  # there is nothing to roll back
            raise
        # HDF5 calls from any thread, and not while a commit is under way.
        self._lock = threading.RLock()
        self._position = 0
        self._start_anew()

    def _open(self) -> None:
        try:
            settle(self.name)
            self._descriptor = os.open(self.name, os.O_RDWR)
        except BlockingIOError:
            raise open_elsewhere(self.name) from None
        except StorageError:
            raise
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be opened for changes: {error.strerror}") from error
        try:
            lock(self._descriptor)
            self._journal = Journal(self.name, create=True)
            if self.shared:
                lock(self._descriptor, shared=True)
        except BlockingIOError:
            raise open_elsewhere(self.name) from None
        except OSError as error:
            raise StorageError(f"{self.name}: cannot be opened for changes: {error}") from error

    def _start_anew(self) -> None:
        """Take the file as it is now for the state that is kept until the next commit."""
        self._sealed_length = self._length = os.fstat(self._descriptor).st_size
        # New content of old blocks, by number; those that the journal has by their place in it.
        self._blocks: dict[int, bytearray | int] = {}
        self._in_memory: set[int] = set()
        self._is_changed = False
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
        with self._lock:
            start = self._position
            count = max(0, min(len(view), self._length - start))
            view = view[:count]
            done = os.preadv(self._descriptor, [view], start) if count else 0
            if done < count:
                view[done:] = bytes(count - done)
            for number in self._changed_between(start, start + count):
                first, last = max(start, number * BLOCK), min(start + count, (number + 1) * BLOCK)
                view[first - start : last - start] = self._content(number)[first - number * BLOCK : last - number * BLOCK]
            self._position += count
        return count

    def _changed_between(self, start: int, stop: int) -> list[int]:
        """Numbers of the changed blocks in a range of bytes."""
        numbers = range(start // BLOCK, -(-stop // BLOCK))
        if stop <= start or not self._blocks:
            return []
        fewer, more = (numbers, self._blocks) if len(numbers) < len(self._blocks) else (self._blocks, numbers)
        return [number for number in fewer if number in more]

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        with self._lock:
            if self._error is None:
                try:
                    self._write(view, self._position)
                except BaseException as error:  # noqa: BLE001 - it must not travel through HDF5
                    # It comes out of `commit`, and until then nothing more is written.
                    self._error = error
            self._position += len(view)
            self._length = max(self._length, self._position)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        with self._lock:
            length = self._position if size is None else size
            self._is_changed |= length != self._length
            self._length = length
        return length

    def flush(self) -> None:
        """Nothing: what is written becomes durable with the commit."""

    # ---- writing

    def _write(self, view: memoryview, offset: int) -> None:
        self._begin()
        # The last old block counts as old as a whole, so that blocks and new bytes never share one.
        boundary = -(-self._sealed_length // BLOCK) * BLOCK
        inside = max(0, min(len(view), boundary - offset))
        if inside:
            self._overwrite(view[:inside], offset)
        write_at(self._descriptor, view[inside:], offset + inside)

    def _begin(self) -> None:
        self._is_changed = True
        if self._journal.is_empty:
            self._journal.begin(self._descriptor)

    def _overwrite(self, view: memoryview, offset: int) -> None:
        while len(view):
            number, start = divmod(offset, BLOCK)
            count = min(len(view), BLOCK - start)
            block = self._content(number)
            block[start : start + count] = view[:count]
            self._blocks[number] = block
            self._in_memory.add(number)
            view, offset = view[count:], offset + count
        if len(self._in_memory) * BLOCK > MOST_IN_MEMORY:
            self._put_into_journal()

    def _content(self, number: int) -> bytearray:
        """A block as HDF5 sees it."""
        block = self._blocks.get(number)
        if isinstance(block, bytearray):
            return block
        if block is None:
            block = bytearray(os.pread(self._descriptor, BLOCK, number * BLOCK))
            block.extend(bytes(BLOCK - len(block)))
            return block
        return bytearray(self._journal.block(block, BLOCK))

    def _put_into_journal(self) -> None:
        for number in sorted(self._in_memory):
            self._blocks[number] = self._journal.add(number * BLOCK, self._content(number))
        self._in_memory.clear()

    # ---- the two ends of a change

    @property
    def is_settled(self) -> bool:
        """Whether the file holds all that was committed, so that the journal is not needed."""
        return self._journal.is_empty

    def commit(self, patience: float = 0.0) -> bool:
        """Make all changes durable.

        Parameters
        ----------
        patience : float
            Seconds to wait for readers to close the file.

        Returns
        -------
        bool
            Whether the file itself has the changes; False when the journal keeps them, because a reader has the file open.

        Raises
        ------
        StorageError
            Something could not be written; the file is what it was at the last commit.
        """
        with self._lock:
            if self._error is None and not self._is_changed:
                return self.is_settled or self._apply(patience)
            try:
                if self._error is not None:
                    raise self._error
                self._begin()
                if os.fstat(self._descriptor).st_size < self._length:
                    os.ftruncate(self._descriptor, self._length)
                os.fsync(self._descriptor)
                self._put_into_journal()
                self._journal.seal(self._length)
            except Exception as error:
                self.roll_back()
                reason = getattr(error, "strerror", None) or error
                raise StorageError(
                    f"{self.name}: the changes could not be written: {reason}; the file is as it was after the last commit"
                ) from error
            self._is_changed = False
            self._sealed_length = self._length
            return self._apply(patience)

    def _apply(self, patience: float) -> bool:
        """Copy what is sealed into the file."""
        if not self._lock_alone(patience):
            return False
        try:
            self._copy_sealed()
        except OSError as error:
            raise StorageError(
                f"{self.name}: {error.strerror or error}; the changes are safe in {self._journal.path}, from where they get into "
                "the file when it is opened next"
            ) from error
        self._start_anew()
        return True

    def _copy_sealed(self) -> None:
        try:
            blocks = {number * BLOCK: (place, BLOCK) for number, place in self._blocks.items() if isinstance(place, int)}
            self._journal.copy_into(self._descriptor, blocks, self._length)
        finally:
            if self.shared:
                lock(self._descriptor, shared=True)
        os.fsync(self._descriptor)
        self._journal.clear()

    def _lock_alone(self, patience: float) -> bool:
        """Keep readers out, once there are none."""
        if not self.shared:
            return True
        until = time.monotonic() + patience
        while True:
            try:
                lock(self._descriptor)
            except BlockingIOError:
                self._share_again()
                if time.monotonic() >= until:
                    return False
                time.sleep(INTERVAL)
            else:
                return True

    def _share_again(self) -> None:
        """Trying to get the file alone gave up the lock that kept other writers out."""
        try:
            lock(self._descriptor, shared=True)
        except BlockingIOError:
            raise StorageError(f"{self.name}: another program has opened the file for writing; close it there") from None

    def roll_back(self) -> None:
        """Forget all changes since the last commit."""
        with self._lock:
            if not self._journal.is_empty:
                self._journal.forget_unsealed()
                sealed = self._journal.sealed()
                if sealed is not None and sealed.length is not None:
                    self._go_back_to(sealed.blocks, sealed.length)
                    return
                os.ftruncate(self._descriptor, self._sealed_length)
                self._journal.clear()
            self._start_anew()

    def _go_back_to(self, blocks: dict[int, tuple[int, int]], length: int) -> None:
        """Let what is sealed but not copied be the state of the file."""
        os.ftruncate(self._descriptor, length)
        self._start_anew()
        self._blocks.update({offset // BLOCK: position for offset, (position, _) in blocks.items()})

    def close(self) -> None:
        """Release the file; what was not committed is forgotten."""
        if not self.closed:
            with self._lock:
                try:
                    self.roll_back()
                finally:
                    self._journal.close(remove=self.is_settled)
                    super().close()
