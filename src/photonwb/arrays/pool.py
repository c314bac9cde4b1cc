"""The threads of the package: one pool for all, and one for each other number of threads that somebody asks for; and those that
wait for servers.

The work that goes there (inflating, deflating, copying, reading a file) lets other threads run. The thread that asks for work
takes part in it, so that nothing waits for a pool that is busy, nor for itself when work asks for more work.
"""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

__all__ = ["run_all", "submit", "submit_waiting", "threads"]

# So many requests to servers are under way at a time.
WAITING = 16

Item = TypeVar("Item")
Result = TypeVar("Result")


def threads(most: int | None = None) -> int:
    """How many threads work at a time: `PHOTONWB_THREADS`, or one for each processor that this process may use.

    Parameters
    ----------
    most : int, optional
        What the caller was told: never more than these.

    Raises
    ------
    InvalidValueError
        That is no number of threads.
    """
    if most is None:
        return _available()
    if type(most) is not int or most < 1:
        raise InvalidValueError(f"threads: expected a number from 1 on, or None for one of each processor, got {most!r}")
    return min(most, _available())


def _available() -> int:
    wanted = os.environ.get("PHOTONWB_THREADS", "")
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Pools:
    """Executors by their number of threads, each made when it is first needed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._executors: dict[int, ThreadPoolExecutor] = {}

    def executor(self, count: int) -> ThreadPoolExecutor:
        with self._lock:
            if count not in self._executors:
                self._executors[count] = ThreadPoolExecutor(count, thread_name_prefix="photonwb")
            return self._executors[count]


_pools = _Pools()
_waiting = _Pools()
if hasattr(os, "register_at_fork"):
    # A child inherits the executors without their threads: work given to them would never be done.
    os.register_at_fork(after_in_child=_pools.reset)
    os.register_at_fork(after_in_child=_waiting.reset)


def submit(function: Callable[..., Result], *arguments: Any, most: int | None = None) -> Future[Result]:
    """Have a function called by one of so many threads at most."""
    return _pools.executor(threads(most)).submit(function, *arguments)


def submit_waiting(function: Callable[..., Result], *arguments: Any) -> Future[Result]:
    """Have a function called that does nothing but wait, for a server, and has no use for a processor."""
    return _waiting.executor(WAITING).submit(function, *arguments)


def run_all(function: Callable[[Item], object], items: Iterable[Item], most: int | None = None) -> None:
    """Call a function with each of the items, in no order, by so many threads at most.

    The first error is raised after all work has stopped.
    """
    todo = list(items)
    if len(todo) == 1:
        function(todo[0])
        return
    remaining = iter(todo)

    def work() -> None:
        try:
            for item in remaining:
                function(item)
        except BaseException:
            list(remaining)  # nothing is left for the others
            raise

    futures: list[Future[None]] = []
    with contextlib.suppress(RuntimeError):  # the interpreter is about to end and starts no more threads
        futures = [submit(work, most=most) for _ in range(min(threads(most), len(todo)) - 1)]
    try:
        work()
    finally:
        # Helpers that have not begun are called off; those that have use what our caller owns, and are waited for.
        begun = [future for future in futures if not future.cancel()]
        errors = [future.exception() for future in begun]
    for error in errors:
        if error is not None:
            raise error
