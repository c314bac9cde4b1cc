"""Decoded chunks that may be wanted again, within a bound that all arrays of a process share.

A chunk is known by the version of its file and by its place there, so that one that was changed is not found. A file that was
changed a moment ago may change again without its time telling; its chunks are not kept.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from .local import ByteFile

__all__ = ["ChunkCache", "chunk_cache", "may_keep"]

# The time of a change is known to a few milliseconds on most file systems, and to a second on some.
SETTLED = 1.0
DEFAULT_MIB = 64


def may_keep(file: ByteFile) -> bool:
    """Whether a later change of the file is sure to be noticed."""
    return time.time() - file.changed > SETTLED


class ChunkCache:
    """Arrays by key; those not asked for the longest go first.

    Parameters
    ----------
    limit : int, optional
        Bytes; by default what `PHOTONWB_CACHE` says in MiB, or 64 MiB.
    """

    def __init__(self, limit: int | None = None) -> None:
        if limit is None:
            wanted = os.environ.get("PHOTONWB_CACHE", "")
            limit = (int(wanted) if wanted.isdecimal() else DEFAULT_MIB) << 20
        self.limit = limit
        self.reset()

    def reset(self) -> None:
        """Forget all."""
        self.nbytes = 0
        self._lock = threading.Lock()
        self._arrays: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._coming: dict[Hashable, Future[None]] = {}

    def get(self, key: Hashable) -> NDArray[Any] | None:
        """The array of that key; one that is being made is waited for."""
        if self._coming:
            with self._lock:
                coming = self._coming.pop(key, None)
            if coming is not None and not coming.cancel():
                coming.exception()  # whoever needs the chunk meets the error, if there is one, by reading it
        with self._lock:
            array = self._arrays.get(key)
            if array is not None:
                self._arrays.move_to_end(key)
            return array

    def put(self, key: Hashable, array: NDArray[Any]) -> None:
        """Keep an array; it must not be changed any more."""
        array.flags.writeable = False
        with self._lock:
            if key in self._arrays or array.nbytes > self.limit:
                return
            self._arrays[key] = array
            self.nbytes += array.nbytes
            while self.nbytes > self.limit:
                self.nbytes -= self._arrays.popitem(last=False)[1].nbytes

    def expect(self, key: Hashable, start: Callable[[], Future[None]]) -> None:
        """Have an array made, unless it is there or being made already; `start` gives the future of a call of `put`."""
        with self._lock:
            if key in self._arrays or key in self._coming:
                return
            self._coming[key] = future = start()
        future.add_done_callback(lambda _: self._coming.pop(key, None))


chunk_cache = ChunkCache()
if hasattr(os, "register_at_fork"):
    # The lock may be held, and what is being made is made in the parent.
    os.register_at_fork(after_in_child=chunk_cache.reset)
