"""Trouble from outside: full disks, folders that may not be written, files that go away, other processes and threads."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photonwb
from photonwb.base import TimeSeries
from photonwb.errors import ClosedFileError, DamagedFileError, MissingFileError, PhotonwbError, StorageError
from photonwb.io.reading import walk

FRAMES = np.arange(200 * 30 * 40, dtype="u2").reshape(200, 30, 40)


def session(scale: int = 1) -> photonwb.NWBFile:
    nwbfile = photonwb.NWBFile("a session", "surroundings", datetime(2024, 5, 6, tzinfo=UTC))
    for number in range(8):
        nwbfile.add_acquisition(TimeSeries(f"series{number}", data=scale * (FRAMES + number), unit="V", rate=1.0))
    return nwbfile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "session.nwb"
    photonwb.write(session(), path)
    return path


class TestFilesThatGoAway:
    @pytest.mark.parametrize("chunked", [True, False])
    def test_a_file_that_was_removed_is_still_read(self, tmp_path: Path, chunked: bool) -> None:
        path = tmp_path / "gone.nwb"
        nwbfile = photonwb.NWBFile("a session", "gone", datetime(2024, 5, 6, tzinfo=UTC))
        nwbfile.add_acquisition(TimeSeries("series", data=photonwb.H5DataIO(FRAMES, chunks=chunked or None), unit="V", rate=1.0))
        photonwb.write(nwbfile, path)
        with photonwb.open(path) as nwbfile:
            data = nwbfile.acquisition["series"].data
            np.testing.assert_array_equal(data[3], FRAMES[3])
            path.unlink()
            np.testing.assert_array_equal(data[5:7], FRAMES[5:7])

    def test_a_file_that_was_replaced_gives_what_it_held(self, path: Path) -> None:
        with photonwb.open(path) as before:
            data = before.acquisition["series1"].data
            assert data[0, 0, 0] == 1
            photonwb.write(session(scale=2), path.with_name("new.nwb"))
            path.with_name("new.nwb").replace(path)
            np.testing.assert_array_equal(data[3], FRAMES[3] + 1)
            np.testing.assert_array_equal(before.acquisition["series2"].data[3], FRAMES[3] + 2)
        with photonwb.open(path) as after:
            np.testing.assert_array_equal(after.acquisition["series1"].data[3], 2 * (FRAMES[3] + 1))

    def test_a_file_that_is_cut_short_meanwhile(self, path: Path) -> None:
        with photonwb.open(path) as nwbfile:
            data = [nwbfile.acquisition[f"series{number}"].data for number in range(8)]
            os.truncate(path, 4096)
            for array in data:
                with pytest.raises(DamagedFileError, match=r"session\.nwb"):
                    array[:]

    def test_a_closed_file(self, path: Path) -> None:
        nwbfile = photonwb.open(path)
        touched, series = nwbfile.acquisition["series0"].data, nwbfile.acquisition["series1"]
        nwbfile.close()
        nwbfile.close()
        for use in (lambda: touched[0], lambda: series.data, lambda: touched.shape, lambda: list(touched), lambda: series.rate):
            with pytest.raises(ClosedFileError, match=r"session\.nwb: the file was closed"):
                use()
        assert "the file was closed" in repr(touched)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(MissingFileError):
            photonwb.open(tmp_path / "missing.nwb")


class TestDisks:
    """The file is what it was before, to the byte."""

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
    @pytest.mark.parametrize("calls", [0, 1, 3])
    def test_changes_that_do_not_fit(self, path: Path, monkeypatch: pytest.MonkeyPatch, code: int, calls: int) -> None:
        content, pwrite, count = path.read_bytes(), os.pwrite, 0

        def full(descriptor: int, data: Any, offset: int) -> int:
            nonlocal count
            count += 1
            if count > calls:
                raise OSError(code, os.strerror(code))
            return pwrite(descriptor, data, offset)

        io = photonwb.NWBHDF5IO(path, "r+")
        nwbfile = io.read()
        nwbfile.add_acquisition(TimeSeries("more", data=FRAMES, unit="V", rate=1.0))
        nwbfile.session_description = "changed"
        monkeypatch.setattr(os, "pwrite", full)
        with pytest.raises(StorageError, match=r"session\.nwb"):
            io.write(nwbfile)
        io.close()
        monkeypatch.undo()
        assert count > calls
        with photonwb.open(path) as nwbfile:
            assert nwbfile.session_description == "a session"
            assert "more" not in nwbfile.acquisition
            np.testing.assert_array_equal(nwbfile.acquisition["series3"].data[7], FRAMES[7] + 3)
        assert path.read_bytes() == content
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
    def test_a_folder_that_may_not_be_written(self, path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        content, real = path.read_bytes(), os.open

        def refuse(name: Any, flags: int, *more: Any, **named: Any) -> int:
            if flags & os.O_CREAT and Path(os.fspath(name)).parent == path.parent:
                raise OSError(code, os.strerror(code), os.fspath(name))
            return real(name, flags, *more, **named)

        monkeypatch.setattr(os, "open", refuse)
        with photonwb.open(path) as nwbfile:
            assert nwbfile.acquisition["series0"].data[0, 0, 1] == 1
        with pytest.raises(PhotonwbError, match=r"session\.nwb"), photonwb.NWBHDF5IO(path, "r+") as io:
            nwbfile = io.read()
            nwbfile.session_description = "changed"
            io.write(nwbfile)
        monkeypatch.undo()
        assert path.read_bytes() == content


def _sum(array: Any) -> int:
    return int(array[2:5].sum())


def _sums(arrays: list[Any]) -> list[int]:
    return [_sum(array) for array in arrays]


class TestOtherProcesses:
    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods()[:2])
    def test_workers_read_arrays_that_they_are_given(self, path: Path, method: str) -> None:
        context = multiprocessing.get_context(method)
        with photonwb.open(path) as nwbfile:
            arrays = [nwbfile.acquisition[f"series{number}"].data for number in range(8)]
            expected = _sums(arrays)
            with context.Pool(2) as pool:
                assert pool.map_async(_sum, arrays).get(60) == expected
            assert _sums(arrays) == expected

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
    def test_a_child_inherits_what_is_open(self, path: Path) -> None:
        context = multiprocessing.get_context("fork")
        with photonwb.open(path) as nwbfile:
            arrays = [nwbfile.acquisition[f"series{number}"].data for number in range(8)]
            expected = _sums(arrays)
            results = context.SimpleQueue()

            def work() -> None:
                results.put((_sums(arrays), len(list(walk(nwbfile)))))
                nwbfile.close()

            children = [context.Process(target=work) for _ in range(3)]
            for child in children:
                child.start()
            found = [results.get() for _ in children]
            for child in children:
                child.join(60)
                assert child.exitcode == 0
            assert found == [(expected, len(list(walk(nwbfile))))] * 3
            assert _sums(arrays) == expected

    def test_a_pickled_array_reads_for_itself(self, path: Path) -> None:
        with photonwb.open(path) as nwbfile:
            pickled = pickle.dumps(nwbfile.acquisition["series1"].data)
        array = pickle.loads(pickled)
        np.testing.assert_array_equal(array[3], FRAMES[3] + 1)
        array.source.store.close()
        path.unlink()
        with pytest.raises(MissingFileError, match=r"session\.nwb"):
            pickle.loads(pickled)

    def test_trust_survives_pickling(self, path: Path) -> None:
        for trusted in (True, False):
            with photonwb.open(path, trusted=trusted) as nwbfile:
                array = pickle.loads(pickle.dumps(nwbfile.acquisition["series1"].data))
            assert array.source.store.trusted is trusted
            array.source.store.close()

    @pytest.mark.parametrize("scheduler", ["threads", "processes"])
    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
    def test_dask(self, path: Path, scheduler: str) -> None:
        dask_array = pytest.importorskip("dask.array")
        with photonwb.open(path) as nwbfile:
            data = dask_array.from_array(nwbfile.acquisition["series1"].data, chunks=(50, 30, 40))
            assert int(data.sum().compute(scheduler=scheduler, num_workers=2)) == int((FRAMES + 1).sum())


def test_sixteen_threads_read_one_file(path: Path) -> None:
    """Arrays, fields, objects and references at once, each thread in an order of its own."""
    start = threading.Barrier(16)
    with photonwb.open(path) as nwbfile:

        def work(seed: int) -> int:
            chance = np.random.default_rng(seed)
            start.wait(30)
            for _ in range(40):
                number, first = int(chance.integers(8)), chance.integers(190)
                series = nwbfile.acquisition[f"series{number}"]
                np.testing.assert_array_equal(series.data[first : first + 5], FRAMES[first : first + 5] + number)
                assert (series.rate, series.unit, series.parent is nwbfile) == (1.0, "V", True)
            return len(list(walk(nwbfile)))

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(work, range(16))) == {9}


def test_threads_while_the_file_is_closed(path: Path) -> None:
    nwbfile = photonwb.open(path)
    arrays = [nwbfile.acquisition[f"series{number}"].data for number in range(8)]
    started, outcomes = threading.Barrier(9), []

    def work(array: Any) -> None:
        started.wait(30)
        try:
            while True:
                array[:20]
        except Exception as error:  # noqa: BLE001 - what it is, is what matters
            outcomes.append(type(error))

    threads = [threading.Thread(target=work, args=(array,)) for array in arrays]
    for thread in threads:
        thread.start()
    started.wait(30)
    nwbfile.close()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert set(outcomes) == {ClosedFileError}
