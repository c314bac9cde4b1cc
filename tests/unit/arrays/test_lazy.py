from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest

from h5py_source import H5pySource
from photonwb.arrays import LazyArray
from photonwb.errors import ClosedFileError

VALUES = np.arange(20 * 6 * 4, dtype="u2").reshape(20, 6, 4)


@pytest.fixture
def lazy(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=VALUES, chunks=(4, 6, 4), compression="gzip", compression_opts=3, shuffle=True)
    return LazyArray(H5pySource(tmp_path / "a.h5"))


def test_what_it_says_of_itself(lazy):
    assert (lazy.shape, lazy.ndim, lazy.size, lazy.nbytes, len(lazy)) == ((20, 6, 4), 3, 480, 960, 20)
    assert lazy.dtype == "u2"
    assert (lazy.chunks, lazy.compression, lazy.compression_opts) == ((4, 6, 4), "gzip", 3)
    assert (lazy.shuffle, lazy.fletcher32, lazy.maxshape) == (True, False, (20, 6, 4))


def test_the_repr_reads_nothing(lazy, monkeypatch):
    monkeypatch.setattr(LazyArray, "__getitem__", None)
    assert repr(lazy) == f"<LazyArray of shape (20, 6, 4), uint16, chunks (4, 6, 4), gzip, in {lazy.source.path}: /data>"


def test_the_repr_of_an_array_whose_file_was_closed():
    class Closed:
        @property
        def chunks(self):
            raise ClosedFileError("a.h5 was closed")

    assert repr(LazyArray(Closed())) == "<LazyArray that cannot be read: a.h5 was closed>"  # pyright: ignore[reportArgumentType]


def test_numpy_takes_it_as_an_array(lazy):
    assert np.mean(lazy) == VALUES.mean()
    assert np.array_equal(np.asarray(lazy), VALUES)
    assert np.asarray(lazy, "f4").dtype == "f4"
    assert np.array_equal(np.stack(list(lazy)), VALUES)
    assert np.array_equal(lazy[:] + 1, VALUES + 1)
    with pytest.raises(ValueError, match="without copying"):
        np.asarray(lazy, copy=False)


def test_the_result_is_ours_to_change(lazy):
    first = lazy[0]
    first[:] = 0
    assert np.array_equal(lazy[0], VALUES[0])


def test_conversion_happens_when_it_is_read(lazy):
    converted = lazy.astype("f8")
    assert isinstance(converted, LazyArray)
    assert converted.dtype == "f8"
    assert converted.nbytes == 4 * lazy.nbytes
    assert converted[3, 2].dtype == "f8"


def test_it_survives_pickling(lazy):
    again = pickle.loads(pickle.dumps(lazy))
    assert np.array_equal(again[5:7], VALUES[5:7])


def test_members_of_a_compound(tmp_path):
    table = np.array([(1, 2.5), (3, 4.5)], [("x", "i4"), ("weight", "f8")])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = table
    lazy = LazyArray(H5pySource(tmp_path / "a.h5"))
    assert lazy["weight"].tolist() == [2.5, 4.5]
    assert lazy[["x"]].dtype.names == ("x",)
    assert lazy[1] == table[1]


def test_text_comes_through_the_source(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = ["one", "two", "three"]

    class Decoding(H5pySource):
        def read(self, selection=()):
            return np.asarray(super().read(selection)).astype(str).astype(object)

    lazy = LazyArray(Decoding(tmp_path / "a.h5"))
    assert lazy[::-2].tolist() == ["three", "one"]
    assert lazy[[2, 0, 2]].tolist() == ["three", "one", "three"]
    assert lazy[1] == "two"
    assert list(lazy) == ["one", "two", "three"]
    assert lazy[5:].shape == (0,)


def test_a_scalar(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = np.float32(2.5)
    lazy = LazyArray(H5pySource(tmp_path / "a.h5"))
    assert lazy[()] == 2.5
    assert type(lazy[()]) is np.float32
    assert lazy[...].shape == ()
    with pytest.raises(TypeError):
        len(lazy)
    with pytest.raises(TypeError):
        iter(lazy).__next__()
