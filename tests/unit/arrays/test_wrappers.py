from __future__ import annotations

import copy
import pickle

import h5py
import numpy as np
import pytest

from h5py_source import H5pySource
from photonwb.arrays import DataChunkIterator, DataIO, H5DataIO, LazyArray
from photonwb.errors import InvalidTypeError, InvalidValueError


def test_everything_but_the_storage_is_that_of_the_data():
    wrapped = H5DataIO(np.arange(6).reshape(3, 2), compression="gzip")
    assert (wrapped.shape, wrapped.dtype, wrapped.ndim, len(wrapped), bool(wrapped)) == ((3, 2), int, 2, 3, True)
    assert wrapped[1].tolist() == [2, 3]
    assert np.array_equal(np.asarray(wrapped), wrapped.data)
    assert [row.tolist() for row in wrapped] == [[0, 1], [2, 3], [4, 5]]
    assert wrapped.mean() == 2.5


def test_lists():
    wrapped = DataIO([[1, 2], [3, 4]])
    assert wrapped.shape == (2, 2)
    assert not hasattr(wrapped, "dtype")
    wrapped.append([5, 6])
    wrapped.extend([[7, 8], [9, 10]])
    assert len(wrapped) == 5
    assert np.asarray(wrapped, "f4").dtype == "f4"
    assert not DataIO([])


def test_iterators():
    wrapped = H5DataIO(DataChunkIterator(iter([1, 2, 3]), buffer_size=2))
    assert wrapped.maxshape == (None,)
    assert wrapped
    with pytest.raises(InvalidTypeError, match="length"):
        len(wrapped)
    with pytest.raises(InvalidTypeError, match="iterator"):
        np.asarray(wrapped)
    assert next(wrapped).data.tolist() == [1, 2]


def test_what_is_given_is_told():
    wrapped = H5DataIO(
        [1, 2], maxshape=(None,), chunks=(5,), compression="gzip", compression_opts=7, fillvalue=0, shuffle=True, fletcher32=False
    )
    expected = {
        "maxshape": (None,),
        "chunks": (5,),
        "compression": "gzip",
        "compression_opts": 7,
        "fillvalue": 0,
        "shuffle": True,
        "fletcher32": False,
    }
    assert wrapped.io_settings == expected
    assert wrapped.get_io_params() == {**expected, "link_data": False}
    assert wrapped.maxshape == (None,)
    assert H5DataIO([1, 2]).io_settings == {}
    assert H5DataIO([1, 2]).maxshape == (2,)


def test_true_is_gzip_and_false_is_nothing():
    assert H5DataIO([1], compression=True).io_settings["compression"] == "gzip"
    wrapped = H5DataIO([1], compression=False)
    assert wrapped.is_uncompressed
    assert wrapped.io_settings == {}
    with pytest.warns(UserWarning, match="compression_opts"):
        H5DataIO([1], compression=False, compression_opts=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compression": "zip"}, "compression: expected one of"),
        ({"compression": 32001}, "allow_plugin_filters"),
        ({"compression": "gzip", "compression_opts": 10}, "0 to 9"),
        ({"compression": "gzip", "compression_opts": (1, 2)}, "0 to 9"),
        ({"shape": (3,)}, "both dtype and shape"),
        ({"dtype": "f4"}, "both dtype and shape"),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(InvalidValueError, match=message):
        H5DataIO([1] if "compression" in options else None, **options)


@pytest.mark.parametrize(("name", "options"), [("lzf", 3), ("szip", ("xx", 8)), ("szip", ("nn", 7)), ("szip", 8)])
def test_options_of_other_compressions(name, options):
    with pytest.warns(UserWarning, match="gzip can"), pytest.raises(InvalidValueError, match=f"{name} takes"):
        H5DataIO([1], compression=name, compression_opts=options)


def test_filters_by_number():
    with pytest.warns(UserWarning, match="32001"):
        wrapped = H5DataIO([1], compression=32001, compression_opts=(0, 0), allow_plugin_filters=True)
    assert wrapped.io_settings == {"compression": 32001, "compression_opts": (0, 0)}


@pytest.mark.parametrize("argument", [{"chunks": 5}, {"maxshape": "ab"}])
def test_arguments_of_the_wrong_kind(argument):
    with pytest.raises(InvalidTypeError, match="tuple of integers"):
        H5DataIO([1], **argument)


def test_data_that_come_later():
    wrapped = H5DataIO(shape=(5, 2), dtype="f4")
    assert (wrapped.shape, wrapped.dtype, len(wrapped), wrapped.valid) == ((5, 2), "f4", 5, False)
    assert wrapped.io_settings == {"shape": (5, 2), "dtype": "f4"}
    wrapped.dataset = "written"
    assert wrapped.dataset == "written"
    with pytest.raises(InvalidValueError, match="set once"):
        wrapped.dataset = "again"
    with pytest.raises(InvalidValueError, match="filled after"):
        wrapped.data = [1]
    with pytest.raises(InvalidValueError, match="no data"):
        _ = wrapped[0]


def test_what_the_data_say_already():
    with pytest.warns(UserWarning, match="dtype is ignored"):
        assert not hasattr(DataIO([1], int), "dtype")
    with pytest.warns(UserWarning, match="shape is ignored"):
        assert DataIO([1], shape=(5,)).shape == (1,)


def test_links_are_for_stored_data(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = [1, 2]
        dataset = H5DataIO(file["data"], link_data=True)
        assert dataset.link_data
        assert dataset.valid
    assert not dataset.valid
    assert H5DataIO(LazyArray(H5pySource(tmp_path / "a.h5")), link_data=True).link_data
    with pytest.warns(UserWarning, match="link_data is ignored"):
        assert not H5DataIO([1, 2], link_data=True).link_data


def test_copies():
    wrapped = H5DataIO([[1], [2]], compression="gzip")
    for again in (copy.copy(wrapped), copy.deepcopy(wrapped), pickle.loads(pickle.dumps(wrapped))):
        assert again.data == wrapped.data
        assert again.io_settings == wrapped.io_settings
    assert copy.deepcopy(wrapped).data[0] is not wrapped.data[0]


def test_the_repr_shows_no_values():
    assert repr(H5DataIO([1, 2], chunks=True)) == "<H5DataIO of list, {'chunks': True, 'link_data': False}>"
