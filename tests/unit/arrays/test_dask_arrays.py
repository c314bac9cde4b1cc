"""Arrays of files in the hands of dask."""

from __future__ import annotations

import os
import pickle
import sys

import dask.array as da
import dask.config
import fsspec
import h5py
import numpy as np
import pytest
from dask.base import tokenize

from photonwb.arrays import LazyArray, dask_arrays
from photonwb.arrays.appended import AppendedArray
from photonwb.arrays.swapped import SwappedAxes
from photonwb.errors import InvalidTypeError, MissingLibraryError, StorageError
from photonwb.storage.contract import Layout
from photonwb.storage.hdf5 import HDF5Store
from photonwb.storage.zarr_store import ZarrStore

VALUES = np.random.default_rng(0).integers(0, 1000, (40, 30, 20)).astype("u2")


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.create_dataset("g/chunked", data=VALUES, chunks=(4, 30, 20), compression="gzip")
        file["g/plain"] = VALUES
        file["g/scalar"] = 3.0
    return tmp_path / "a.nwb"


@pytest.fixture
def arrays(path):
    with HDF5Store(path) as store:
        yield {name: LazyArray(store.root[f"g/{name}"]) for name in ("chunked", "plain", "scalar")}


@pytest.fixture(autouse=True)
def _nothing_open():
    yield
    dask_arrays._opened.cache_clear()


@pytest.mark.parametrize("name", ["chunked", "plain"])
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_values(arrays, name, scheduler):
    array = arrays[name].to_dask(chunks=(8, 15, 20))
    assert array.chunksize == (8, 15, 20)
    with dask.config.set(scheduler=scheduler):
        assert (array.compute() == VALUES).all()
        assert (array[5].compute() == VALUES[5]).all()
        assert (array[:, ::3, [1, 7]].compute() == VALUES[:, ::3, [1, 7]]).all()
        assert (array[3:30, 4].mean(axis=0).compute() == VALUES[3:30, 4].mean(axis=0)).all()


def test_blocks_are_whole_chunks_of_the_size_that_dask_is_set_to(arrays):
    with dask.config.set({"array.chunk-size": "12kiB"}):
        assert arrays["chunked"].to_dask().chunksize == (8, 30, 20)
        assert arrays["plain"].to_dask().chunksize == (10, 30, 20)
    with dask.config.set({"array.chunk-size": "1kiB"}):
        assert arrays["chunked"].to_dask().chunksize == (4, 30, 20)
    assert arrays["chunked"].to_dask().chunksize == VALUES.shape
    assert arrays["scalar"].to_dask().compute() == 3.0


def test_only_what_is_wanted_is_read(arrays, monkeypatch):
    read = []
    getitem = LazyArray.__getitem__
    monkeypatch.setattr(LazyArray, "__getitem__", lambda array, key: read.append(key) or getitem(array, key))
    array = arrays["plain"].to_dask(chunks=(20, 30, 20))
    assert read == []
    array[3, 5:7].compute(scheduler="synchronous")
    assert read == [np.s_[3, 5:7, 0:20]]


def test_converted_arrays(arrays):
    array = arrays["chunked"].astype("f4").to_dask()
    assert array.dtype == array.compute().dtype == "f4"
    assert array.name != arrays["chunked"].to_dask().name


def test_processes_open_the_file_for_themselves(arrays):
    array = arrays["chunked"].to_dask(chunks=(10, 30, 20))
    pids = array.map_blocks(lambda block: np.full((1, 1, 1), os.getpid()), chunks=(1, 1, 1), dtype="i8")
    with dask.config.set(scheduler="processes", num_workers=2):
        assert (array + 1).sum().compute() == (VALUES + 1).sum()
        assert os.getpid() not in pids.compute()


def test_the_file_stays_open_from_one_block_to_the_next(arrays, monkeypatch):
    task = pickle.dumps(arrays["chunked"].to_dask(chunks=(10, 30, 20)))
    opened = []
    init = HDF5Store.__init__
    monkeypatch.setattr(HDF5Store, "__init__", lambda *arguments, **more: opened.append(arguments[1]) or init(*arguments, **more))
    for _ in range(3):
        assert (pickle.loads(task).compute() == VALUES).all()
    assert len(opened) == 1


def test_names_tell_what_is_equal(path):
    def name(**options):
        with HDF5Store(path) as store:
            return LazyArray(store.root["g/chunked"]).to_dask(**options).name

    with HDF5Store(path) as store:
        other = LazyArray(store.root["g/plain"])
        assert len({name(), name(), other.to_dask().name}) == 2
        assert tokenize(other) == tokenize(LazyArray(store.root["g/plain"]))
    assert name() != name(chunks=(1, 30, 20))
    before = name()
    with h5py.File(path, "r+") as file:
        file["g/chunked"][0, 0, 0] = 7
    os.utime(path, ns=(1, 1))
    assert name() != before


def test_a_file_that_was_changed_meanwhile_is_refused(path):
    with HDF5Store(path) as store:
        task = pickle.dumps(LazyArray(store.root["g/chunked"]).to_dask())
    os.utime(path, ns=(1, 1))
    with pytest.raises(StorageError, match=r"a\.nwb: /g/chunked: the file was changed after"):
        pickle.loads(task)


def test_a_file_without_a_path_is_for_threads_only(path):
    with path.open("rb") as file, HDF5Store(file) as store:
        array = LazyArray(store.root["g/chunked"])
        assert (array.to_dask().compute(scheduler="threads") == VALUES).all()
        assert array.to_dask().name != array.to_dask().name
        with pytest.raises(TypeError, match="opened by its path"):
            pickle.dumps(array.to_dask())


def test_files_at_addresses(path):
    fsspec.filesystem("memory").pipe_file("/dask.nwb", path.read_bytes())
    with HDF5Store("memory://dask.nwb") as store:
        array = LazyArray(store.root["g/chunked"]).to_dask(chunks=(7, 30, 20))
        task = pickle.dumps(array)
        assert (array.compute(scheduler="threads") == VALUES).all()
    copy = pickle.loads(task)
    assert copy.name == array.name
    assert (copy.compute(scheduler="synchronous") == VALUES).all()


def test_other_arrays(arrays):
    exchanged = SwappedAxes(arrays["chunked"], 1, 2).to_dask(chunks=(5, 20, 30))
    assert (exchanged.compute() == VALUES.swapaxes(1, 2)).all()
    assert exchanged.chunksize == (5, 20, 30)
    longer = AppendedArray(arrays["chunked"]).extended(VALUES[:3])
    assert (dask_arrays.dask_array(longer).compute() == np.concatenate([VALUES, VALUES[:3]])).all()
    assert (dask_arrays.dask_array(VALUES).compute() == VALUES).all()
    already = da.from_array(VALUES, chunks=(10, 30, 20))
    assert dask_arrays.dask_array(already) is already
    assert dask_arrays.dask_array(already, (5, 30, 20)).chunksize == (5, 30, 20)
    with pytest.raises(InvalidTypeError, match="expected an array"):
        dask_arrays.dask_array(iter(VALUES))


def test_what_to_install(arrays, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'photonwb\[lazy\]'"):
        arrays["chunked"].to_dask()


def test_stores_of_zarr(tmp_path):
    with ZarrStore(tmp_path / "a.nwb.zarr", "w") as store:
        store.root.create_dataset("values", Layout(VALUES.shape, VALUES.dtype, chunks=(4, 30, 20)), VALUES)
        store.commit()
    with ZarrStore(tmp_path / "a.nwb.zarr") as store:
        array = LazyArray(store.root["values"].source()).to_dask(chunks=(8, 30, 20))
        assert (array.compute(scheduler="threads") == VALUES).all()
        task = pickle.dumps(array)
    assert (pickle.loads(task).compute(scheduler="synchronous") == VALUES).all()
