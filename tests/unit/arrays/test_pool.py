from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from helpers import run_fresh
from photonwb.arrays.cache import ChunkCache
from photonwb.arrays.pool import run_all, submit, threads
from photonwb.errors import InvalidValueError


def test_the_number_of_threads(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "3")
    assert threads() == 3
    for nonsense in ("0", "many", ""):
        monkeypatch.setenv("PHOTONWB_THREADS", nonsense)
        assert 1 <= threads() <= (os.cpu_count() or 1)


def test_the_number_of_threads_that_somebody_asks_for(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "3")
    assert [threads(most) for most in (None, 1, 2, 5)] == [3, 1, 2, 3]
    for nonsense in (0, -1, 1.5, "two"):
        with pytest.raises(InvalidValueError, match="threads: expected a number from 1 on"):
            threads(nonsense)


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_threads_than_asked_for(monkeypatch, most):
    monkeypatch.setenv("PHOTONWB_THREADS", "8")
    seen: set[int] = set()

    def work(item):
        seen.add(threading.get_ident())
        time.sleep(0.001)

    run_all(work, range(50), most)
    for one in [submit(work, item, most=most) for item in range(50)]:
        one.result()
    run_all(work, range(50), most)
    assert most <= len(seen) <= most + 1  # this one takes part


@pytest.mark.parametrize("count", ["1", "4"])
def test_all_items_are_done_once(monkeypatch, count):
    monkeypatch.setenv("PHOTONWB_THREADS", count)
    done: list[int] = []
    run_all(done.append, range(100))
    assert sorted(done) == list(range(100))


def test_one_thread_stays_where_it_is(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "1")
    seen = set()
    run_all(lambda _: seen.add(threading.get_ident()), range(10))
    assert seen == {threading.get_ident()}


@pytest.mark.parametrize("count", ["1", "4"])
def test_an_error_stops_the_rest_and_comes_out(monkeypatch, count):
    monkeypatch.setenv("PHOTONWB_THREADS", count)
    done: list[int] = []

    def fail(item):
        if item == 3:
            raise ValueError("three")
        time.sleep(0.001)
        done.append(item)

    with pytest.raises(ValueError, match="three"):
        run_all(fail, range(1000))
    assert len(done) < 500
    count_then = len(done)
    time.sleep(0.01)
    assert len(done) == count_then


def test_work_that_asks_for_work_does_not_wait_for_itself(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "2")
    total: list[int] = []
    run_all(lambda item: run_all(lambda inner: total.append(item * inner), range(5)), range(20))
    assert len(total) == 100


def test_a_forked_child_has_a_pool_of_its_own():
    code = """
import os, warnings
warnings.simplefilter("ignore")
from photonwb.arrays.pool import submit
assert submit(int, "1").result() == 1
child = os.fork()
if not child:
    os._exit(submit(int, "7").result(timeout=20))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run_fresh(code).split() == ["7"]


def test_nothing_is_started_by_importing():
    assert run_fresh("import threading, photonwb.arrays, photonwb.arrays.reading; print(threading.active_count())").split() == [
        "1"
    ]


def test_the_cache_keeps_within_its_limit():
    cache = ChunkCache(limit=100)
    for number in range(5):
        cache.put(number, np.zeros(30, "u1"))
    assert cache.nbytes == 90
    assert [number for number in range(5) if cache.get(number) is not None] == [2, 3, 4]
    assert cache.get(2) is not None
    cache.put(5, np.zeros(30, "u1"))
    assert [number for number in range(6) if cache.get(number) is not None] == [2, 4, 5]
    cache.put("large", np.zeros(101, "u1"))
    assert cache.get("large") is None


def test_the_cache_takes_its_limit_from_the_environment(monkeypatch):
    monkeypatch.setenv("PHOTONWB_CACHE", "5")
    assert ChunkCache().limit == 5 << 20
    monkeypatch.setenv("PHOTONWB_CACHE", "no")
    assert ChunkCache().limit == 64 << 20


def test_what_is_kept_cannot_be_changed():
    cache = ChunkCache(limit=100)
    cache.put(1, np.zeros(10, "u1"))
    with pytest.raises(ValueError, match="read-only"):
        cache.get(1)[0] = 1  # type: ignore[index]


def test_what_is_on_its_way_is_waited_for():
    cache = ChunkCache(limit=100)
    go = threading.Event()

    def make():
        go.wait(20)
        cache.put("key", np.ones(3, "u1"))

    begun = submit(make)
    while not begun.running():
        time.sleep(0.001)
    cache.expect("key", lambda: begun)
    cache.expect("key", lambda: pytest.fail("it is on its way already"))
    threading.Timer(0.05, go.set).start()
    assert cache.get("key") is not None
