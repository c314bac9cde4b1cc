"""How much is read for requests that follow each other, and what they must not share."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from photonwb.arrays import LazyArray, cache, near
from photonwb.arrays.codecs import Pipeline
from photonwb.arrays.local import LocalFile
from photonwb.errors import ClosedFileError, DamagedFileError
from photonwb.storage.hdf5 import HDF5Store

TRACES = np.random.default_rng(0).normal(size=(3000, 40)).astype("f4")


class Reads:
    """How often the file was read, how many bytes of it, and how many chunks were decoded."""

    def __init__(self, monkeypatch):
        self.count = self.nbytes = self.decoded = 0
        read_some, decode = LocalFile._read_some, Pipeline.decode

        def counting_read(file, offset, target):
            self.count += 1
            self.nbytes += target.nbytes
            return read_some(file, offset, target)

        def counting_decode(pipeline, *arguments):
            self.decoded += 1
            decode(pipeline, *arguments)

        monkeypatch.setattr(LocalFile, "_read_some", counting_read)
        monkeypatch.setattr(Pipeline, "decode", counting_decode)


@pytest.fixture
def reads(monkeypatch):
    monkeypatch.setenv("PHOTONWB_THREADS", "1")
    return Reads(monkeypatch)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["whole"] = TRACES
        file.create_dataset("rows", data=TRACES, chunks=(700, 40))
        file.create_dataset("narrow", data=TRACES, chunks=(1000, 8))
        file.create_dataset("packed", data=TRACES, chunks=(1000, 8), compression="gzip", shuffle=True)
        file.create_dataset("text", data=["a", "b"])
    return path


@pytest.fixture
def store(path):
    with HDF5Store(path) as store:
        yield store


@pytest.mark.parametrize("name", ["whole", "rows", "narrow", "packed"])
def test_a_loop_over_rows_reads_nothing_twice(store, reads, name):
    traces = LazyArray(store.root[name])
    for row in range(3000):
        assert np.array_equal(traces[row], TRACES[row])
    # The first requests are read by themselves, before it shows that more of them come.
    assert reads.nbytes < TRACES.nbytes + 10 * TRACES[0].nbytes + (1000 * 40 * 4 if name == "packed" else 0)
    assert reads.decoded == (15 + 5 if name == "packed" else 0)


@pytest.mark.parametrize("name", ["narrow", "packed"])
def test_a_loop_over_regions_reads_the_chunks_of_each_twice_at_most(store, reads, name):
    traces = LazyArray(store.root[name])
    for region in range(40):
        assert np.array_equal(traces[:, region], TRACES[:, region])
    assert reads.nbytes <= (2 * 5 + 1) * 3000 * 8 * 4  # the first request is by itself
    assert reads.decoded == (15 + 3 if name == "packed" else 0)


@pytest.mark.parametrize("name", ["whole", "rows", "narrow"])
def test_scattered_elements_are_read_one_by_one(store, reads, name, monkeypatch):
    monkeypatch.setattr(near, "ROWS", 4096)
    traces = LazyArray(store.root[name])
    rows = [7, 2800, 1400, 30, 2100, 900]
    assert [traces[row, 3] for row in rows] == TRACES[rows, 3].tolist()
    assert reads.nbytes == len(rows) * 4


def test_plain_chunks_one_behind_the_other_are_read_at_a_stroke(store, reads):
    assert np.array_equal(LazyArray(store.root["rows"])[600:2500], TRACES[600:2500])
    assert reads.count == 1


def test_a_list_of_rows_is_so_many_requests(store, reads, monkeypatch):
    monkeypatch.setattr(near, "ROWS", 4096)
    traces = LazyArray(store.root["whole"])
    assert np.array_equal(traces[:2], TRACES[:2])
    assert np.array_equal(traces[1:3], TRACES[1:3])
    before = reads.nbytes
    assert np.array_equal(traces[[105, -1, 2000, 105]], TRACES[[105, -1, 2000, 105]])
    assert reads.nbytes - before == 4 * TRACES[0].nbytes


@pytest.mark.parametrize("name", ["whole", "narrow", "packed"])
def test_each_result_is_in_memory_of_its_own(store, name):
    traces = LazyArray(store.root[name])
    for row in (3, 4, 5, 4, 5, 3):
        found = traces[row]
        assert np.array_equal(found, TRACES[row])
        found[:] = 0


def test_what_does_not_fit_into_the_cache_is_not_kept(store, reads, monkeypatch):
    monkeypatch.setattr(near, "chunk_cache", cache.ChunkCache(1000))
    traces = LazyArray(store.root["narrow"])
    for row in range(20):
        assert np.array_equal(traces[row], TRACES[row])
    assert reads.nbytes == 20 * TRACES[0].nbytes


def test_conversion_and_numbers_of_numpy(store):
    traces = LazyArray(store.root["packed"], "f8")
    for row in np.arange(5):
        assert traces[row].dtype == traces[row, np.int32(2)].dtype == "f8"
        assert np.array_equal(traces[row], TRACES[row].astype("f8"))


def test_after_closing_nothing_is_at_hand_and_nobody_holds_the_file(path):
    store = HDF5Store(path)
    arrays = [LazyArray(store.root[name]) for name in ("whole", "narrow", "packed")]
    for traces in arrays:
        for row in range(4):
            traces[row]
    store.close()
    for traces in arrays:
        with pytest.raises(ClosedFileError, match="open it again"):
            traces[2]
    assert path not in [link.resolve() for link in Path("/proc/self/fd").iterdir()]
    with h5py.File(path, "r+") as file:  # which no lock prevents
        file["more"] = 1


def test_the_open_file_is_read_whatever_has_its_name(store, path):
    narrow, whole = LazyArray(store.root["narrow"]), LazyArray(store.root["whole"])
    assert np.array_equal(narrow[0], TRACES[0])
    path.unlink()
    path.write_bytes(b"something else")
    for row in (7, 8, 9, 2000):
        assert np.array_equal(narrow[row], TRACES[row])
        assert np.array_equal(whole[row], TRACES[row])


def test_pickled_arrays_start_anew(store):
    traces = LazyArray(store.root["narrow"])
    for row in range(4):
        traces[row]
    again = pickle.loads(pickle.dumps(traces))
    assert np.array_equal(again[5], TRACES[5])
    again.source.store.close()


def test_many_threads_may_ask(store):
    arrays = [LazyArray(store.root[name]) for name in ("whole", "rows", "narrow", "packed")]

    def loop(start):
        return all(np.array_equal(traces[row], TRACES[row]) for row in range(start, start + 300) for traces in arrays)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(loop, range(0, 2400, 300)))


def test_a_file_that_was_cut_short(store, path):
    traces = LazyArray(store.root["whole"])
    traces[0]
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(4096)
    assert size > 4096
    for row in (2999, 2998, 2997):
        with pytest.raises(DamagedFileError, match="cut short"):
            traces[row]


def test_texts_go_their_own_way(store):
    texts = LazyArray(store.root["text"])
    assert [texts[0], texts[1], texts[-1]] == ["a", "b", "b"]
