"""Adding to arrays, lists and wrappers: nothing is lost, nothing of anybody else is changed."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonwb.arrays import DataChunkIterator, H5DataIO
from photonwb.arrays.growing import GrowingArray, empty_array, extended
from photonwb.errors import InvalidTypeError, InvalidValueError

RECORD = np.dtype([("x", "u4"), ("y", "u4"), ("weight", "f4")])


def test_a_list_is_extended_in_place():
    data = [1, 2]
    assert extended(data, (3,)) is data
    assert data == [1, 2, 3]


def test_a_tuple_becomes_a_list():
    assert extended((1,), [2]) == [1, 2]


def test_what_a_wrapper_holds_is_extended():
    wrapper = H5DataIO(data=[1], compression="gzip")
    assert extended(wrapper, [2]) is wrapper
    assert wrapper.data == [1, 2]
    assert wrapper.io_settings["compression"] == "gzip"


def test_an_iterator_has_no_end():
    with pytest.raises(InvalidTypeError, match="block by block"):
        extended(DataChunkIterator(data=iter([1]), dtype=np.dtype("i8")), [2])


def test_a_value_alone_has_no_end():
    with pytest.raises(InvalidValueError, match="value alone"):
        extended(1, [2])


def test_the_array_that_was_given_is_never_written_to():
    given = np.arange(10)[:4]
    grown = GrowingArray(given)
    grown.extend([7, 8, 9])
    assert given.tolist() == [0, 1, 2, 3]
    assert grown.array.tolist() == [0, 1, 2, 3, 7, 8, 9]


def test_earlier_arrays_stay_as_they_were():
    grown = GrowingArray(np.zeros(0))
    first = grown.extend([1.0])
    second = grown.extend([2.0])
    assert first.tolist() == [1.0]
    assert second.tolist() == [1.0, 2.0]


def test_values_may_be_made_where_they_will_lie():
    grown = GrowingArray(np.array([(1, 2, 0.5)], RECORD))
    room = grown.room(2)
    (numbers,) = grown.as_tables(("<u4",))
    numbers[1:3, 0] = 7, 8
    room["y"], room["weight"] = 9, 1
    assert grown.array["x"].tolist() == [1]
    assert grown.extend(room)["x"].tolist() == [1, 7, 8]
    assert np.shares_memory(grown.array, room)


def test_room_that_is_not_given_back_belongs_to_others():
    grown = GrowingArray(np.zeros(0, RECORD))
    room = grown.room(1)
    grown.extend(np.array([(1, 2, 0.5)], RECORD))
    room = room.copy()
    room["x"] = 5
    assert grown.extend(room)["x"].tolist() == [1, 5]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda grown: pickle.loads(pickle.dumps(grown))])
def test_copies_grow_on_their_own(copied):
    grown = empty_array(RECORD)
    grown.extend(np.array([(1, 2, 0.5)], RECORD))
    other = copied(grown)
    assert other.extend(np.array([(3, 4, 1.0)], RECORD)).tolist() == [(1, 2, 0.5), (3, 4, 1.0)]
    assert grown.extend(np.array([(5, 6, 1.0)], RECORD)).tolist() == [(1, 2, 0.5), (5, 6, 1.0)]
    assert other.array.tolist() == [(1, 2, 0.5), (3, 4, 1.0)]


def test_additions_share_the_room_made_before():
    grown = GrowingArray(np.zeros(0))
    rooms = {id(grown.extend([1.0]).base) for _ in range(1000)}
    assert len(rooms) <= 10  # doubled each time


@pytest.mark.parametrize(
    ("array", "values", "expected"),
    [
        (np.array([1], "u1"), [255], np.array([1, 255], "u1")),
        (np.array([1], "u1"), [256], np.array([1, 256], "i8")),
        (np.array([1], "u8"), [2], np.array([1, 2], "u8")),
        (np.array([1], "i4"), [1.0], np.array([1, 1], "i4")),
        (np.array([1], "i4"), [1.5], np.array([1, 1.5], "f8")),
        (np.array([1], "i4"), (2, 2.5), np.array([1, 2, 2.5], "f8")),
        (np.array([1], "u1"), [0, 2**63 + 1], np.array([1, 0, 2**63 + 1], "u8")),
        (np.array([0.5], "f4"), [0.25], np.array([0.5, 0.25], "f4")),
        (np.array([0.5], "f4"), [0.1], np.array([0.5, 0.1], "f8")),
        (np.array([0.5], "f4"), [np.nan], np.array([0.5, np.nan], "f4")),
        (np.array(["a"]), ["bcd"], np.array(["a", "bcd"])),
        (np.array(["a"], object), ["bcd"], np.array(["a", "bcd"], object)),
        (np.zeros(0), ["text"], np.array(["text"])),
        (np.zeros(0, "u1"), [1], np.array([1], "u1")),
        (np.zeros((0, 2)), np.array([["a", "b"]]), np.array([["a", "b"]])),
        (np.zeros((1, 2)), [[1, 2]], np.array([[0.0, 0], [1, 2]])),
        (np.array([True]), [False], np.array([True, False])),
        (np.array([(1, 2, 0.5)], RECORD), [(3, 4, 0.25)], np.array([(1, 2, 0.5), (3, 4, 0.25)], RECORD)),
    ],
    ids=str,
)
def test_values_are_held_exactly(array, values, expected):
    found = extended(array, values)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("array", "values", "error"),
    [
        (np.array([2**63 + 1], "u8"), [-1], InvalidTypeError),
        (np.array([2**60 + 1]), [0.5], InvalidTypeError),
        (np.array([1]), ["a"], InvalidTypeError),
        (np.array(["a"]), [1], InvalidTypeError),
        (np.array([True]), [2], InvalidTypeError),
        (np.zeros((1, 2)), [[1, 2, 3]], InvalidValueError),
        (np.zeros((1, 2)), [[1, 2], [3]], InvalidValueError),
        (np.array([(1, 2, 0.5)], RECORD), [(3, 4.5, 1)], InvalidValueError),
        (np.array([(1, 2, 0.5)], RECORD), [(-3, 4, 1)], InvalidValueError),
        (np.array([(1, 2, 0.5)], RECORD), [(3, 4)], InvalidValueError),
        (np.zeros(0, RECORD), np.zeros(1, [("a", "u4"), ("b", "u4"), ("c", "f4")]), InvalidTypeError),
        (np.array([(1, 2, 0.5)], RECORD), np.zeros(1, [("a", "u4"), ("b", "u4"), ("c", "f4")]), InvalidTypeError),
    ],
    ids=str,
)
def test_what_cannot_be_held_exactly_is_refused(array, values, error):
    grown = GrowingArray(array)
    with pytest.raises(error):
        grown.extend(values)
    assert grown.array is array


NUMBERS = st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False))


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1), st.lists(st.lists(NUMBERS, max_size=3), max_size=4))
def test_numbers_come_back_as_they_went_in(first, additions):
    grown = GrowingArray(np.array(first))
    expected = list(first)
    for values in additions:
        try:
            grown.extend(values)
        except (InvalidTypeError, InvalidValueError):
            continue
        expected += values
    assert grown.array.tolist() == expected
