"""The view must give what numpy gives, and read no more than it must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from photonwb.arrays.swapped import SwappedAxes, swapped


class Stored:
    """An array that can only be indexed with a slice or an index array for each axis."""

    def __init__(self, values) -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype
        self.read = 0

    def __getitem__(self, key):
        assert len(key) == self.values.ndim
        found = self.values[key]
        self.read += found.size
        return found


def pair(shape=(2, 3, 4, 5)):
    values = np.arange(np.prod(shape)).reshape(shape)
    return SwappedAxes(Stored(values), 1, 2), values.swapaxes(1, 2)


@given(hnp.basic_indices((2, 4, 3, 5), allow_newaxis=False, allow_ellipsis=True))
def test_basic_indexing(key):
    view, expected = pair()
    steps = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in steps):
        return
    assert np.array_equal(view[key], expected[key])
    assert np.shape(view[key]) == expected[key].shape


@given(st.integers(0, 3), st.lists(st.integers(0, 1), min_size=1, max_size=4))
def test_one_index_array_picks_along_its_axis(axis, places):
    view, expected = pair()
    key = tuple(np.array(places) if each == axis else slice(None) for each in range(4))
    assert np.array_equal(view[key], expected[key])


def test_an_index_array_beside_integers_stays_in_place():
    view, expected = pair()
    assert np.array_equal(view[0, :, [1, 2], 3], expected[0][:, [1, 2], 3])


@pytest.mark.parametrize("key", [2, -3, (0, 4), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0, ...)])
def test_outside(key):
    view, expected = pair()
    with pytest.raises(IndexError):
        expected[key]
    with pytest.raises(IndexError):
        view[key]


def test_only_what_is_asked_for_is_read():
    stored = Stored(np.zeros((10, 20, 30)))
    view = swapped(stored, 1, 2)
    assert view[3].shape == (30, 20)
    assert stored.read == 600
    view[4, 0:2, 5]
    assert stored.read == 602


def test_like_an_array():
    view, expected = pair()
    assert (view.shape, view.dtype, view.ndim, len(view)) == (expected.shape, expected.dtype, 4, 2)
    assert np.array_equal(np.asarray(view), expected)
    assert np.asarray(view, dtype="f4").dtype == np.float32
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(view, expected, strict=True))
    assert "shape (2, 4, 3, 5)" in repr(view)


def test_arrays_that_can_do_it_themselves():
    values = np.zeros((2, 3, 4))
    assert np.shares_memory(swapped(values, 1, 2), values)
    assert swapped([[[1, 2]]], 1, 2).tolist() == [[[1], [2]]]
