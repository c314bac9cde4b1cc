"""The thread that writes a recording.

It owns the file. Others hand it arrays, up to a limit, ask it for a commit point, or let it pause while they look into the file.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from photonwb.errors import ClosedFileError, RecordingBehindError, StorageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from photonwb.io.appending import Addition
    from photonwb.io.growing import Tail
    from photonwb.storage.journaled import JournaledStore

__all__ = ["BackgroundWriter"]

# How often a file that a reader has open is tried, in seconds.
INTERVAL = 0.1


class BackgroundWriter:
    """Writes arrays to the ends of datasets, and makes commit points.

    Parameters
    ----------
    store : JournaledStore
    every_seconds, every_bytes : number or None
        When a commit point is due, counted from the first array after the last one.
    most_waiting : int
        Bytes that may be taken and not be written.
    when_full : {"block", "raise"}
        What happens to who wants to give more.
    """

    def __init__(
        self, store: JournaledStore, every_seconds: float | None, every_bytes: int | None, most_waiting: int, when_full: str
    ) -> None:
        self._store = store
        self._every_seconds = every_seconds
        self._every_bytes = every_bytes
        self._most_waiting = most_waiting
        self._raises = when_full == "raise"
        # Guards everything below; notified at every change of it.
        self._changed = threading.Condition()
        self._queue: list[Addition] = []
        self._waiting = 0  # bytes
        self._asked = self._done = 0  # commit points
        self._patience = 0.0
        self._is_closing = False
        self._error: BaseException | None = None
        # Of the thread alone.
        self._touched: dict[int, Tail] = {}
        self._uncommitted = 0
        self._due: float | None = None
        self._look_again: float | None = None  # when a reader may have closed the file
        self._file = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="photonwb-recording", daemon=True)
        self._thread.start()

    # ---- called by others

    def check(self) -> None:
        """Raise what stopped the writing, if anything did."""
        if self._error is not None:
            raise StorageError(
                f"{self._store.location}: the recording has stopped, and holds what was there at the last commit point: "
                f"{self._error}"
            ) from self._error
        if self._is_closing:
            raise ClosedFileError(f"{self._store.location}: the recording was closed")

    def check_room(self, nbytes: int) -> None:
        """Refuse more bytes than there is room for, if that is wanted."""
        with self._changed:
            if self._raises and self._waiting and self._waiting + nbytes > self._most_waiting:
                raise RecordingBehindError(
                    f"{self._store.location}: {self._waiting / 1e6:.1f} MB wait to be written, there is no room for "
                    f"{nbytes / 1e6:.1f} MB more; wait, drop data, or use a larger most_waiting"
                )

    def take(self, addition: Addition) -> None:
        """Have arrays written, as soon as there is room for them."""
        nbytes = sum(array.nbytes for _, array in addition)
        with self._changed:
            self._changed.wait_for(
                lambda: self._error is not None or not self._waiting or self._waiting + nbytes <= self._most_waiting
            )
            self.check()
            self._queue.append(addition)
            self._waiting += nbytes
            self._changed.notify_all()

    def commit(self, patience: float) -> None:
        """Have a commit point made, and wait for it."""
        with self._changed:
            self.check()
            self._asked += 1
            number, self._patience = self._asked, patience
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error is not None or self._done >= number)
            self.check()

    def pausing(self) -> AbstractContextManager[object]:
        """Context in which nothing is written, so that others may use the store."""
        return self._file

    def close(self, patience: float) -> None:
        """Make a last commit point and end."""
        try:
            self.commit(patience)
        finally:
            with self._changed:
                self._is_closing = True
                self._changed.notify_all()
            self._thread.join()

    # ---- the thread

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # noqa: BLE001 - it comes out wherever the recording is used next
            with self._changed:
                self._error = error
                self._queue.clear()
                self._changed.notify_all()

    def _step(self) -> bool:
        """Write what has come, commit when it is time; False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._asked > self._done or self._is_closing, self._time_left())
            if self._is_closing:
                return False
            additions, self._queue = self._queue, []
            asked, patience = self._asked, self._patience
        nbytes = self._write(additions)
        with self._changed:
            self._waiting -= nbytes
            self._changed.notify_all()
        if asked > self._done or self._is_due():
            self._commit(patience if asked > self._done else 0.0)
            with self._changed:
                self._done = asked
                self._changed.notify_all()
        return True

    def _write(self, additions: list[Addition]) -> int:
        nbytes = 0
        with self._file:
            for addition in additions:
                for tail, array in addition:
                    tail.add(array)
                    self._touched[id(tail)] = tail
                    nbytes += array.nbytes
            for tail in self._touched.values():
                tail.write(incomplete=False)
        if nbytes and self._due is None and self._every_seconds is not None:
            self._due = time.monotonic() + self._every_seconds
        self._uncommitted += nbytes
        return nbytes

    def _time_left(self) -> float | None:
        next_time = self._due if self._uncommitted else self._look_again
        return None if next_time is None else max(0.0, next_time - time.monotonic())

    def _is_due(self) -> bool:
        is_full = self._every_bytes is not None and self._uncommitted >= self._every_bytes
        return is_full or self._time_left() == 0.0

    def _commit(self, patience: float) -> None:
        with self._file:
            for tail in self._touched.values():
                tail.write(incomplete=True)
            self._touched.clear()
            self._store.commit(patience)
        self._uncommitted = 0
        self._due = None
        self._look_again = None if self._store.is_settled else time.monotonic() + INTERVAL
