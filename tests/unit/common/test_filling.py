"""Rows and columns come into a table as a whole or not at all."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonwb.arrays import H5DataIO
from photonwb.common import DynamicTable, DynamicTableRegion, EnumData, Ragged, VectorData, VectorIndex, column
from photonwb.errors import InvalidTypeError, InvalidValueError
from stored import CountedArray, stored_column, stored_index, stored_table

PIXELS = np.dtype([("x", "u4"), ("y", "u4"), ("weight", "f4")])


class Intervals(DynamicTable, neurodata_type="IntervalsOfTheTests", namespace="tests"):
    """A table whose columns are declared."""

    start: VectorData = column("When it starts.", required=True)
    tags: VectorData | None = column("Words.", index=1)
    waves: VectorData | None = column("Lists of lists.", index=2)
    kind: VectorData | None = column("A word of a set.", enum=True)
    cell: VectorData | None = column("A row.", table=True)


def state(table):
    """All that a failed change must leave alone."""
    columns = {name: (type(each.data), plain(each.data)) for name, each in table._members.items()}
    return plain(table.id.data), table.colnames, tuple(each.name for each in table.columns), columns


def plain(values):
    values = getattr(values, "data", values) if isinstance(values, H5DataIO) else values
    return (
        np.asarray(values).tolist() if not isinstance(values, list) else [plain(v) if isinstance(v, list) else v for v in values]
    )


def mixed():
    table = DynamicTable("t", "d")
    table.add_column("listed", "d", data=[1])
    table.add_column("array", "d", data=np.array([1.5]))
    table.add_column("image", "d", data=np.zeros((1, 2, 2)))
    table.add_column("ragged", "d", data=[[1, 2]], index=True)
    table.add_column("pixels", "d", data=[np.ones(2, PIXELS)], index=True)
    table.add_column("nested", "d", data=[[[1], [2, 3]]], index=2)
    table.add_column("kind", "d", data=[0], enum=["a"])
    table.add_column("wrapped", "d", data=H5DataIO(data=[1], compression="gzip"))
    table.add_column("wrapped_array", "d", data=H5DataIO(data=np.array([1]), compression="gzip"))
    return table


ROW = {
    "listed": 2,
    "array": 2.5,
    "image": np.ones((2, 2)),
    "ragged": [3],
    "pixels": np.zeros(1, PIXELS),
    "nested": [[4], []],
    "kind": "b",
    "wrapped": 2,
    "wrapped_array": 2,
}


# ---- rows


def test_rows_are_added():
    table = mixed()
    table.add_row(**ROW)
    table.add_row(ROW, id=7)
    table.add_row({**ROW, "id": 9}, listed=5)
    assert plain(table.id.data) == [0, 1, 7, 9]
    assert table.listed.data == [1, 2, 2, 5]
    assert table.array.data.tolist() == [1.5, 2.5, 2.5, 2.5]
    assert table.image.data.shape == (4, 2, 2)
    assert table["ragged"][:] == [[1, 2], [3], [3], [3]]
    assert [len(row) for row in table["pixels"][:]] == [2, 1, 1, 1]
    assert table["nested"][1:3] == [[[4], []], [[4], []]]
    assert list(table["kind"][:]) == ["a", "b", "b", "b"]
    assert table.wrapped.data.data == [1, 2, 2, 2]
    assert table.pixels.data.dtype == PIXELS


def test_the_caller_keeps_his_row():
    table, row = mixed(), {**ROW, "id": 4}
    table.add_row(row)
    assert row == {**ROW, "id": 4}


@pytest.mark.parametrize("name", sorted(ROW))
def test_a_missing_column(name):
    table = mixed()
    before = state(table)
    with pytest.raises(InvalidValueError, match=rf"'t'.*{name}.*missing"):
        table.add_row({key: value for key, value in ROW.items() if key != name})
    assert state(table) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"id": "x"},
        {"id": 1.5},
        {"array": "x"},
        {"array": [1, 2]},
        {"image": np.zeros((3, 2))},
        {"ragged": 3},
        {"ragged": "words"},
        {"ragged": None},
        {"pixels": [(1, 2)]},
        {"pixels": [(1.5, 2, 1.0)]},
        {"pixels": np.zeros(1, [("x", "u4")])},
        {"nested": [[1], 2]},
        {"nested": 4},
        {"wrapped_array": "x"},
    ],
    ids=str,
)
def test_a_row_that_fails_leaves_everything_alone(wrong):
    table = mixed()
    before = state(table)
    for _ in range(2):
        with pytest.raises((InvalidValueError, InvalidTypeError), match=next(iter(wrong))):
            table.add_row({**ROW, **wrong})
        assert state(table) == before
    table.add_row(ROW)
    assert len(table) == 2
    assert all(table._top(name)._row_count() == 2 for name in table.colnames)


class Failing(VectorData):
    """A column that fails at its second value, after having taken it."""

    def add_row(self, val):
        super().add_row(val)
        if len(self) > 1:
            raise KeyboardInterrupt


def test_an_interruption_leaves_everything_alone():
    table = mixed()
    table.add_column("failing", "d", data=[1], col_cls=Failing)
    before = state(table)
    with pytest.raises(KeyboardInterrupt):
        table.add_row(ROW, failing=2)
    assert state(table) == before
    with pytest.raises(KeyboardInterrupt):
        table.add_rows({name: [value] for name, value in ROW.items()}, failing=[2])
    assert state(table) == before


def test_identifiers_may_be_required_to_differ():
    table = DynamicTable("t", "d", columns=[VectorData("a", "d")])
    for identifier in (3, np.int64(5), None):
        table.add_row(a=1, id=identifier, enforce_unique_id=True)
    assert table.id.data == [3, 5, 2]
    for identifier in (3, 5, 2):
        with pytest.raises(InvalidValueError, match=f"id {identifier} already in the table"):
            table.add_row(a=1, id=identifier, enforce_unique_id=True)
    table.id.data.append(8)  # behind the back of the table
    table.a.data.append(8)
    with pytest.raises(InvalidValueError, match="id 8"):
        table.add_row(a=1, id=8, enforce_unique_id=True)
    table.add_row(a=1, id=8)
    assert table.id.data == [3, 5, 2, 8, 8]


def test_rows_that_differ_in_length_are_warned_about_once():
    table = DynamicTable("t", "d", columns=[VectorData("a", "d")])
    table.add_row(a=[1, 2])
    table.add_row(a=[1])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        table = DynamicTable("t", "d", columns=[VectorData("a", "d")])
        for row in ([1, 2], [1, 2], [1], [1, 2, 3]):
            table.add_row(a=row)
        table.add_rows(a=[[1], [2]])
    assert len(seen) == 1
    assert "different lengths" in str(seen[0].message)
    assert seen[0].filename == __file__


test_rows_that_differ_in_length_are_warned_about_once = pytest.mark.filterwarnings("ignore:Data has elements")(
    test_rows_that_differ_in_length_are_warned_about_once
)


def test_the_check_can_be_left_out():
    table = DynamicTable("t", "d", columns=[VectorData("a", "d")])
    table.add_row(a=[1, 2])
    table.add_row(a=[1], check_ragged=False)
    assert len(table) == 2


# ---- many rows


def test_many_rows_at_once():
    table = mixed()
    table.add_rows({name: [value, value] for name, value in ROW.items()}, id=[5, 6])
    single = mixed()
    single.add_row(ROW, id=5)
    single.add_row(ROW, id=6)
    assert state(table) == state(single)


def test_arrays_and_stored_rows():
    table = DynamicTable("t", "d")
    table.add_column("number", "d")
    table.add_column("pixels", "d", index=True)
    values = np.ones(5, PIXELS)
    table.add_rows(number=np.arange(2, dtype="u2"), pixels=Ragged(values, [2, 5]))
    table.add_rows(number=np.arange(2, dtype="u2"), pixels=[values[:1], values[:0]])
    assert table.number.data.dtype == np.dtype("u2")
    assert table.pixels_index.data == [2, 5, 6, 6]
    assert table.id.data == [0, 1, 2, 3]
    values["x"] = 9
    assert table.pixels.data["x"].max() == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"listed": [1]}, "as many values for each column"),
        ({"id": [1]}, "as many values for each column"),
        ({"id": [1.5, 2.5]}, "whole numbers"),
        ({"id": [4, 4], "enforce_unique_id": True}, "each once"),
        ({"id": [0, 4], "enforce_unique_id": True}, "not in the table yet"),
        ({"unknown": [1, 2]}, "unknown"),
        ({"listed": 3}, "list or array"),
        ({"pixels": Ragged(np.ones(3, PIXELS), [1, 2])}, "pixels_index"),
        ({"pixels": Ragged(np.ones(3, PIXELS), [4, 3])}, "pixels_index"),
        ({"ragged": [[1], 2]}, "ragged_index"),
        ({"image": np.zeros((2, 3, 3))}, "image"),
        ({"wrapped_array": ["a", "b"]}, "wrapped_array"),
    ],
    ids=str,
)
def test_many_rows_that_fail_leave_everything_alone(wrong, message):
    table = mixed()
    before = state(table)
    with pytest.raises((InvalidValueError, InvalidTypeError), match=message):
        table.add_rows(**{**{name: [value, value] for name, value in ROW.items()}, **wrong})
    assert state(table) == before


def test_rows_of_nothing():
    table = mixed()
    with pytest.raises(InvalidValueError, match="none"):
        table.add_rows()
    with pytest.raises(InvalidValueError, match="missing"):
        table.add_rows(id=[1, 2])
    empty = DynamicTable("t", "d")
    empty.add_rows(id=[4, 5])
    assert empty.id.data == [4, 5]


CELLS = st.lists(st.tuples(st.integers(), st.lists(st.floats(allow_nan=False), max_size=3)), max_size=6)


@given(st.lists(CELLS, max_size=4))
def test_at_once_is_as_row_by_row(batches):
    single, bulk = (DynamicTable("t", "d", columns=[{"name": "a"}, {"name": "b", "index": True}]) for _ in range(2))
    for batch in batches:
        for a, b in batch:
            single.add_row(a=a, b=b)
        bulk.add_rows(a=[a for a, _ in batch], b=[b for _, b in batch])
    assert state(single) == state(bulk)


# ---- columns


def test_columns_of_all_kinds():
    table = mixed()
    kinds = {name: type(table[name]).__name__ for name in table.colnames}
    assert kinds["ragged"] == kinds["nested"] == "VectorIndex"
    assert kinds["kind"] == "EnumData"
    assert kinds["listed"] == "VectorData"
    assert [each.name for each in table.columns if "nested" in each.name] == ["nested_index_index", "nested_index", "nested"]
    assert table.nested_index_index.target is table.nested_index
    assert all(each.parent is table for each in table.columns)


def test_an_index_can_be_given_as_ends():
    table = DynamicTable("t", "d", id=[0, 1])
    table.add_column("a", "d", data=np.arange(3), index=[1, 3])
    assert [list(row) for row in table["a"][:]] == [[0], [1, 2]]
    with pytest.raises(InvalidValueError, match="b_index"):
        table.add_column("b", "d", data=np.arange(3), index=[1, 2])
    with pytest.raises(InvalidValueError, match="VectorIndex"):
        table.add_column("b", "d", data=np.arange(3), index=table.a_index)
    assert table.colnames == ("a",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "listed", "data": [1]}, "already is a column named 'listed'"),
        ({"name": "ragged_index", "data": [1]}, "already is a column named 'ragged_index'"),
        ({"name": "new"}, r"'new': expected a value for each of the 1 rows, got 0"),
        ({"name": "new", "data": [1, 2]}, r"'new': expected a value for each of the 1 rows, got 2"),
        ({"name": "new", "data": [1], "index": True}, "list of values for each row"),
        ({"name": "new", "data": [[[1], [2, 3]]], "index": 1}, "larger index"),
        ({"name": "new", "data": [[1]], "index": -1}, "0 or more levels"),
        ({"name": "new", "data": [0], "table": True, "enum": True}, "at once"),
        ({"name": "a/b", "data": [1]}, "a/b"),
    ],
    ids=str,
)
def test_a_column_that_fails_leaves_everything_alone(arguments, message):
    table = mixed()
    before = state(table)
    with pytest.raises((InvalidValueError, InvalidTypeError), match=message):
        table.add_column(description="d", **arguments)
    assert state(table) == before


def test_the_first_column_brings_the_rows():
    table = DynamicTable("t", "d")
    table.add_column("a", "d", data=[5, 6, 7])
    assert table.id.data == [0, 1, 2]


def test_data_of_different_lengths_are_warned_about():
    table = DynamicTable("t", "d", id=[0, 1])
    with pytest.warns(UserWarning, match="'index' argument when adding a column") as seen:
        table.add_column("a", "d", data=[[1], [1, 2]])
    assert seen[0].filename == __file__
    table.add_column("b", "d", data=[[1], [1, 2]], check_ragged=False)


@pytest.mark.parametrize("name", ["get", "columns", "description"])
def test_a_column_that_is_hidden_by_an_attribute(name):
    table = DynamicTable("t", "d", id=[0])
    with pytest.warns(UserWarning, match=f"table.{name} is something else"):
        table.add_column(name, "d", data=[3])
    assert table[name].data == [3]
    assert table.to_dataframe()[name].tolist() == [3]


# ---- declared columns


def test_declared_columns_come_with_the_first_row_that_has_them():
    table = Intervals("t", "d")
    assert table.colnames == ("start",)
    assert (table.tags, table.tags_index, table.waves_index_index, table.kind_elements) == (None, None, None, None)
    table.add_row(start=1.0, tags=["a"], waves=None, kind="x")
    assert table.colnames == ("start", "tags", "kind")
    assert type(table.kind) is EnumData
    assert table.tags.description == "Words."
    assert table["tags"] is table.tags_index
    with pytest.raises(InvalidValueError, match=r"'waves': expected a value for each of the 1 rows"):
        table.add_row(start=1.0, tags=["a"], waves=[[1]], kind="x")
    assert table.colnames == ("start", "tags", "kind")


def test_a_failed_row_takes_its_columns_back():
    table = Intervals("t", "d")
    for _ in range(2):
        with pytest.raises(InvalidTypeError, match="tags"):
            table.add_row(start=1.0, kind="x", tags=3)
        assert (table.colnames, len(table.columns), table.kind, len(table.start)) == (("start",), 1, None, 0)
    table.add_row(start=1.0, tags=["a"])
    assert table["tags"][0] == ["a"]


def test_a_declared_column_is_not_assigned():
    table = Intervals("t", "d")
    with pytest.raises(InvalidTypeError, match=r"'t'.tags.*add_column"):
        table.tags = [["a"]]


@pytest.mark.parametrize(
    "arguments", [{}, {"index": True, "table": True}, {"index": True, "col_cls": Failing}], ids=["index", "table", "class"]
)
def test_a_contradiction_to_the_declaration_is_warned_about(arguments):
    class Other(Intervals):
        """One with a column of a class."""

        tags: VectorData | None = column("Words.", index=1, kind="TimeSeriesReferenceVectorData")

    table = Other("t", "d")
    with pytest.warns(UserWarning, match="Other declares its column 'tags'") as seen:
        table.add_column("tags", "d", **arguments)
    assert seen[0].filename == __file__


def test_declarations_are_shown_as_dicts():
    assert Intervals.__columns__[:2] == (
        {"name": "start", "description": "When it starts.", "required": True},
        {"name": "tags", "description": "Words.", "index": True},
    )
    assert Intervals.__columns__[2]["index"] == 2
    assert repr(Intervals.tags) == "<column 'tags': Words.>"


def test_declarations_as_dicts():
    class Declared(Intervals):
        """One that adds columns the old way."""

        __columns__ = (
            {"name": "more", "description": "d", "index": True},
            {"name": "always", "description": "d", "required": True, "class": Failing},
        )

    assert list(Declared.__predefined__) == ["start", "tags", "waves", "kind", "cell", "more", "always"]
    table = Declared("t", "d")
    assert table.colnames == ("start", "always")
    assert (type(table.always), table.more, table.more_index) == (Failing, None, None)
    table.add_row(start=1, always=2, more=[3])
    assert table["more"][0] == [3]


def test_a_region_is_declared_with_its_table_given_later():
    cells = DynamicTable("cells", "d", columns=[VectorData("a", "d", data=[1])])
    table = Intervals("t", "d", target_tables={"cell": cells})
    assert type(table.cell) is DynamicTableRegion
    table.add_row(start=1.0, cell=0)
    assert table.cell[0]["a"].tolist() == [1]


# ---- tables of a file


def read_table():
    values = stored_column("ragged", CountedArray(np.arange(3)))
    index = stored_index("ragged_index", CountedArray(np.array([1, 3], "u1")), values)
    number = stored_column("number", CountedArray(np.array([0.5, 1.5])))
    return stored_table(number, values, index, colnames=("number", "ragged"), identifiers=CountedArray(np.array([4, 5])))


def test_rows_are_added_to_a_table_of_a_file():
    table = read_table()
    assert not table.modified
    table.add_row(number=2.5, ragged=[7, 8])
    table.add_rows(number=[3.5], ragged=[[9]])
    assert plain(table.id.data) == [4, 5, 2, 3]
    assert plain(table.number.data) == [0.5, 1.5, 2.5, 3.5]
    assert [list(row) for row in table["ragged"][:]] == [[0], [1, 2], [7, 8], [9]]
    assert table.modified
    assert all("data" in part._changed for part in (table.id, table.number, table.ragged, table.ragged_index))


def test_a_row_that_fails_leaves_a_table_of_a_file_alone():
    table = read_table()
    with pytest.raises(InvalidTypeError, match="ragged"):
        table.add_row(number=2.5, ragged=3)
    assert isinstance(table.number.data, CountedArray)
    assert isinstance(table.ragged_index.data, CountedArray)
    assert len(table) == 2
    table.add_row(number=2.5, ragged=[3])
    assert len(table.number) == 3


def test_columns_are_added_to_a_table_of_a_file():
    table = read_table()
    table.add_column("more", "d", data=[[1], []], index=True)
    assert table.colnames == ("number", "ragged", "more")
    assert {"columns", "colnames"} <= table._changed
    assert [each.name for each in table.columns][-2:] == ["more_index", "more"]
    assert isinstance(table["more"], VectorIndex)


def test_columns_that_have_grown_apart_are_told():
    table = read_table()
    assert table._problems() == []
    table.number.append(1.0)
    (problem,) = table._problems()
    assert "'number' has 3 rows, but there are 2 identifiers" in problem
    assert table.number._problems() == [problem]
