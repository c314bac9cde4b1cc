"""Wrappers and iterators of data: those of hdmf have the same arguments, and are taken as well as ours."""

from __future__ import annotations

import inspect
from typing import Any

import hdmf.backends.hdf5
import hdmf.data_utils
import numpy as np
import pytest

from photonwb import arrays
from photonwb.arrays import incoming, layout_for

# Their signatures are hidden from type checkers.
HdmfH5DataIO: Any = hdmf.backends.hdf5.H5DataIO
HdmfDataChunkIterator: Any = hdmf.data_utils.DataChunkIterator

MOVIE = np.arange(10 * 4 * 3, dtype="u2").reshape(10, 4, 3)


def declared(function):
    """Names and defaults of the arguments of hdmf."""
    return [(each["name"], each.get("default", inspect.Parameter.empty)) for each in function.__docval__["args"]]


def written(function):
    return [(name, each.default) for name, each in inspect.signature(function).parameters.items() if name != "self"]


@pytest.mark.parametrize("name", ["DataIO", "DataChunk", "DataChunkIterator", "GenericDataChunkIterator"])
def test_arguments(name):
    assert written(getattr(arrays, name).__init__) == declared(getattr(hdmf.data_utils, name).__init__)


def test_arguments_of_the_wrapper_of_hdf5():
    assert written(arrays.H5DataIO.__init__) == declared(HdmfH5DataIO.__init__)
    assert list(inspect.signature(arrays.H5DataIO.filter_available).parameters) == ["filter", "allow_plugin_filters"]


@pytest.mark.parametrize(
    "name", ["DataIO", "DataChunk", "AbstractDataChunkIterator", "DataChunkIterator", "GenericDataChunkIterator", "H5DataIO"]
)
def test_public_names(name):
    theirs = HdmfH5DataIO if name == "H5DataIO" else getattr(hdmf.data_utils, name)
    missing = {each for each in dir(theirs) if not each.startswith("_")} - set(dir(getattr(arrays, name)))
    assert not missing


class _TheirNumbers(hdmf.data_utils.GenericDataChunkIterator):
    def _get_data(self, selection):
        return MOVIE[selection]

    def _get_maxshape(self):
        return MOVIE.shape

    def _get_dtype(self):
        return MOVIE.dtype


TheirNumbers: Any = _TheirNumbers


@pytest.mark.parametrize(
    "make",
    [
        lambda: HdmfH5DataIO(MOVIE, compression="gzip", compression_opts=2, chunks=(2, 4, 3), shuffle=True),
        lambda: HdmfH5DataIO(MOVIE.tolist(), maxshape=(None, 4, 3), fillvalue=1),
        lambda: HdmfDataChunkIterator(iter(MOVIE), buffer_size=3),
        lambda: HdmfH5DataIO(HdmfDataChunkIterator(MOVIE, buffer_size=3), compression="gzip"),
        lambda: TheirNumbers(chunk_shape=(2, 4, 3), buffer_shape=(4, 4, 3)),
        lambda: HdmfH5DataIO(TheirNumbers(chunk_shape=(2, 4, 3)), compression=False),
    ],
)
def test_those_of_hdmf_are_taken(make):
    data = make()
    options = dict(getattr(data, "io_settings", {}))
    found = incoming(data)
    assert {name: found.options[name] for name in options} == options
    layout = layout_for(found, found.dtype, "movie")
    array = np.zeros(MOVIE.shape, found.dtype)
    for place, values in found.blocks(layout.chunks):
        array[place] = values
    assert np.array_equal(array, MOVIE)
    if "chunks" in options:
        assert layout.chunks == options["chunks"]


@pytest.mark.parametrize("buffer_size", [1, 3, 4])
@pytest.mark.parametrize("axis", [0, 1])
def test_iterators_give_the_same_chunks(buffer_size, axis):
    elements = [None if number in (0, 4) else frame for number, frame in enumerate(np.moveaxis(MOVIE, axis, 0))]
    ours, theirs = (
        each.DataChunkIterator(iter(elements), buffer_size=buffer_size, iter_axis=axis) for each in (arrays, hdmf.data_utils)
    )
    assert (ours.maxshape, ours.dtype) == (theirs.maxshape, theirs.dtype)
    found, expected = list(ours), list(theirs)
    assert [chunk.selection for chunk in found] == [chunk.selection for chunk in expected]
    assert all(np.array_equal(one.data, other.data) for one, other in zip(found, expected, strict=True))
