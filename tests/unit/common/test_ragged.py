"""Ragged columns: filled row by row or at once, read by row or as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonwb.common import DynamicTable, Ragged, VectorData, VectorIndex
from photonwb.errors import BrokenLinkError, InvalidTypeError, InvalidValueError, OutOfRangeError
from stored import CountedArray, stored_column, stored_index, stored_table

ROWS = [[1, 2], [], [3], [4, 5, 6]]


def ragged(values=(), ends=(), levels=1):
    column = VectorData("a", "d", data=values)
    for _ in range(levels):
        column = VectorIndex(f"{column.name}_index", ends, column)
        ends = ()
    return column


def filled(rows=ROWS):
    index = ragged([], [])
    for row in rows:
        index.add_vector(row)
    return index


def plain(value):
    return [plain(each) for each in value] if isinstance(value, (list, np.ndarray)) else getattr(value, "item", lambda: value)()


def test_an_index_describes_itself():
    assert ragged().description == "Index for VectorData 'a'"
    assert ragged().neurodata_type == "VectorIndex"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (0, [1, 2]),
        (1, []),
        (-1, [4, 5, 6]),
        (-4, [1, 2]),
        (np.int64(2), [3]),
        (slice(None), ROWS),
        (slice(1, 3), [[], [3]]),
        (slice(None, None, -2), [[4, 5, 6], []]),
        (slice(9, 12), []),
        ([3, 0], [[4, 5, 6], [1, 2]]),
        ([-1], [[4, 5, 6]]),
        (np.array([2, 2]), [[3], [3]]),
        ([True, False, True, False], [[1, 2], [3]]),
        (np.array([False, False, False, True]), [[4, 5, 6]]),
        ([], []),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [list, np.array, CountedArray])
def test_rows(kind, key, expected):
    values, ends = np.arange(1, 7), [2, 2, 3, 6]
    index = ragged(list(values) if kind is list else kind(values), ends if kind is list else np.array(ends, "u1"))
    assert plain(index[key]) == expected


@pytest.mark.parametrize("key", [4, -5, [0, 4], np.array([-5])], ids=str)
def test_a_row_that_does_not_exist(key):
    with pytest.raises(OutOfRangeError, match=r"a_index.*4"):
        filled()[key]
    with pytest.raises(IndexError):
        filled()[key]


@pytest.mark.parametrize("key", [np.zeros((1, 1), int), [True], "a", 1.5], ids=repr)
def test_a_key_that_means_no_rows(key):
    with pytest.raises((InvalidValueError, InvalidTypeError), match="a_index"):
        filled()[key]


def test_iteration_gives_the_rows():
    assert list(filled()) == ROWS


def test_small_ends_do_not_overflow():
    index = ragged(np.zeros(300), np.array([100, 200, 255], "u1"))
    assert len(index[2]) == 55
    index.add_vector(np.zeros(100))
    assert len(index[3]) == 145  # the 45 values that had no row, too


def test_two_levels():
    index = ragged(levels=2)
    index.add_row([[1, 2], [3]])
    index.add_row([])
    index.add_row([[], [4]])
    assert index[:] == [[[1, 2], [3]], [], [[], [4]]]
    assert index.target.data == [2, 3, 3, 4]
    assert index.data == [2, 2, 4]
    assert index.get_target_data().data == [1, 2, 3, 4]


@pytest.mark.parametrize("row", ["abc", b"abc", 3, None], ids=repr)
def test_a_row_must_be_a_list(row):
    index = filled()
    with pytest.raises(InvalidTypeError, match=r"'a'.*list of values"):
        index.add_vector(row)
    assert index[:] == ROWS


def test_an_iterator_is_a_row_too():
    index = ragged()
    index.add_vector(value for value in (1, 2))
    assert index[0] == [1, 2]


# ---- many rows at once


def test_rows_as_they_are_stored():
    index = filled([[7]])
    index.extend_rows([1, 2, 3], [2, 2, 3])
    assert index[:] == [[7], [1, 2], [], [3]]
    index.extend_rows(Ragged(np.array([8, 9]), np.array([0, 2], "u1")))
    assert plain(index[4:]) == [[], [8, 9]]


def test_rows_of_two_levels_at_once():
    index = ragged(levels=2)
    index.extend_rows(Ragged(Ragged([1, 2, 3], [2, 3]), [1, 2]))
    index.extend_rows([[[4], [5]], []])
    assert index[:] == [[[1, 2]], [[3]], [[4], [5]], []]


@pytest.mark.parametrize("ends", [[1], [2, 1, 3], [-1, 3], [4], []], ids=str)
def test_ends_that_are_none(ends):
    index = filled()
    with pytest.raises(InvalidValueError, match="a_index"):
        index.extend_rows([1, 2, 3], ends)
    assert index[:] == ROWS


def test_the_element_type_of_arrays_is_kept():
    dtype = np.dtype([("x", "u4"), ("weight", "f4")])
    index = ragged()
    index.extend_rows([np.ones(2, dtype), np.zeros(1, dtype)])
    index.add_vector(np.ones(1, dtype))
    assert index.target.data.dtype == dtype
    assert index.data == [2, 3, 4]


def test_rows_are_copies_of_what_was_given():
    index, row = ragged(), np.array([1, 2])
    index.add_vector(row)
    row[:] = 9
    index.add_vector(row)
    assert plain(index[:]) == [[1, 2], [9, 9]]


CELLS = st.lists(st.lists(st.integers(-5, 300), max_size=5), max_size=12)


@given(CELLS, CELLS, st.booleans())
def test_at_once_is_as_row_by_row(first, second, as_arrays):
    rows = [np.array(row, "i8") for row in (*first, *second)] if as_arrays else [*first, *second]
    single, bulk = ragged(), ragged()
    for row in rows:
        single.add_vector(row)
    bulk.extend_rows(rows[: len(first)])
    bulk.extend_rows(rows[len(first) :])
    assert single.data == bulk.data
    assert plain(list(single.target.data)) == plain(list(bulk.target.data))
    assert plain(single[:]) == plain(bulk[:]) == [*first, *second]
    assert [plain(single[row]) for row in range(len(rows))] == [*first, *second]


# ---- in a file


def test_a_loop_over_the_rows_reads_the_values_in_few_pieces():
    values = CountedArray(np.arange(3000))
    index = ragged(values, np.arange(3, 3001, 3))
    for row, cell in enumerate(index):
        assert cell.tolist() == [3 * row, 3 * row + 1, 3 * row + 2]
    assert values.reads <= 3


def test_rows_here_and_there_end_in_reading_all():
    values = CountedArray(np.arange(3000))
    index = ragged(values, np.arange(3, 3001, 3))
    for row in np.random.default_rng(0).permutation(1000):
        assert index[row].tolist() == [3 * row, 3 * row + 1, 3 * row + 2]
    assert values.reads <= 20


def test_a_row_that_is_changed_does_not_change_the_others():
    index = ragged(CountedArray(np.arange(10)), np.arange(1, 11))
    rows = [index[row] for row in range(10)]
    for row in rows:
        row[:] = -1
    assert plain(index[:]) == [[value] for value in range(10)]


RECORDS = np.array([(number, number / 2) for number in range(10)], [("x", "<u4"), ("weight", "<f4")])


@pytest.mark.parametrize(
    "values",
    [RECORDS, np.arange(30.0).reshape(10, 3), np.arange(10).astype(">i2"), np.array(list("abcdefghij"), object)],
    ids=["records", "rows", "big-endian", "texts"],
)
def test_rows_read_in_a_loop_are_those_read_alone(values):
    index = ragged(CountedArray(values), [1, 4, 4, 7, 10])
    for row, (start, end) in enumerate([(0, 1), (1, 4), (4, 4), (4, 7), (7, 10)]):
        for found in (index[row], index.get(row), index[row]):
            assert found.dtype == values.dtype
            np.testing.assert_array_equal(found, values[start:end])
            found[...] = found[::-1].copy()  # nobody else has it


def test_a_class_with_rows_of_its_own_gives_these():
    class Sums(VectorIndex):
        def get(self, arg, **kwargs):
            return super().get(arg, **kwargs).sum()

    index = Sums("a_index", CountedArray(np.array([1, 3, 6])), VectorData("a", "d", data=CountedArray(np.arange(6))))
    assert [index[row] for row in (0, 1, 2, 1, 2)] == [0, 3, 12, 3, 12]


def test_rows_are_those_of_the_data_as_they_are_now():
    index = ragged(CountedArray(np.arange(10)), CountedArray(np.arange(1, 11)))
    assert [plain(index[row]) for row in range(1, 4)] == [[1], [2], [3]]
    index.target.data = CountedArray(np.arange(10) + 100)
    assert plain(index[3]) == [103]  # which was in memory before
    assert [plain(index[row]) for row in range(1, 4)] == [[101], [102], [103]]
    index.data = CountedArray(np.array([0, 2, 4, 10]))
    assert [plain(index[row]) for row in range(1, 4)] == [[100, 101], [102, 103], list(range(104, 110))]
    with pytest.raises(OutOfRangeError):
        index[4]
    index.target = VectorData("b", "d", data=CountedArray(np.arange(10) + 200))
    assert plain(index[2]) == [202, 203]
    assert plain(index[1]) == [200, 201]


def test_few_rows_far_apart_are_read_alone():
    values = CountedArray(np.arange(3000))
    assert plain(ragged(values, np.arange(3, 3001, 3))[[0, 999]]) == [[0, 1, 2], [2997, 2998, 2999]]
    assert values.reads == 2


@pytest.mark.parametrize("ends", [[3, 2, 6], [2, 9, 10]], ids=str)
def test_a_damaged_index_spoils_only_its_rows(ends):
    index = ragged(CountedArray(np.arange(6)), np.array(ends))
    with pytest.raises(InvalidValueError, match="damaged"):
        index[1]
    with pytest.raises(InvalidValueError, match="damaged"):
        index[:]
    assert plain(index[0]) == list(range(ends[0]))


def test_a_read_index_is_changed_in_memory():
    target = stored_column("a", CountedArray(np.arange(4)))
    index = stored_index("a_index", CountedArray(np.array([1, 4], "u1")), target)
    table = stored_table(target, index, colnames=("a",), identifiers=[0, 1])
    index.add_vector([9])
    assert plain(table["a"][:]) == [[0], [1, 2, 3], [9]]
    assert "data" in index._changed
    assert "data" in target._changed
    assert table.modified


def test_a_target_that_is_lost_is_found_by_its_name():
    target = stored_column("a", np.arange(2))
    index = stored_index("a_index", np.array([2]), BrokenLinkError("gone"))
    table = stored_table(target, index, colnames=("a",), identifiers=[0])
    assert plain(table["a"][0]) == [0, 1]


def test_a_target_that_is_nowhere_is_an_error():
    index = stored_index("b_index", np.array([2]), BrokenLinkError("gone"))
    stored_table(stored_column("a", np.arange(2)), index, identifiers=[0])
    with pytest.raises(BrokenLinkError, match="b_index"):
        index[0]


def test_columns_of_wrong_ends_are_refused():
    target = VectorData("a", "d", data=[1, 2, 3])
    with pytest.raises(InvalidValueError, match=r"a_index.*3"):
        DynamicTable("t", "d", columns=[VectorIndex("a_index", [1, 2], target), target])


def test_rows_beyond_the_values_are_told_however_they_are_come_to():
    def damaged():
        return ragged(CountedArray(np.arange(100)), np.array([*range(2, 92, 2), 200]))

    for rows in ([45], range(46), [*range(0, 44, 3), 45, 45, 45, 45, 45], [3, 1, 2] * 10 + [45]):
        index = damaged()
        with pytest.raises(InvalidValueError, match=r"a row ends at 200, beyond the 100 values .* the index is damaged"):
            for row in rows:
                index[row]
