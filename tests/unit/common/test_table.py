"""What a table is made of, what it gives, and the tables of files that do not say all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from photonwb.arrays import DataChunkIterator
from photonwb.common import DynamicTable, ElementIdentifiers, EnumData, VectorData, VectorIndex, column
from photonwb.errors import (
    InvalidKeyError,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
    OutOfRangeError,
    UnreadableObjectError,
)
from stored import CountedArray, stored_column, stored_index, stored_table


def cells(kind: Any = list):
    values = VectorData("pixels", "d", data=kind([1, 2, 3, 4, 5, 6]))
    columns = [
        VectorData("area", "d", data=kind([1.5, 2.5, 3.5])),
        VectorIndex("pixels_index", kind([2, 2, 6]), values),
        values,
        VectorData("centre", "d", data=kind([[0, 1], [2, 3], [4, 5]])),
        VectorData("label", "d", data=list("abc")),
    ]
    return DynamicTable("cells", "d", id=[10, 11, 12], columns=columns)


# ---- making


def test_an_empty_table():
    table = DynamicTable("t", "d")
    assert (table.name, table.description, table.colnames, table.columns, len(table)) == ("t", "d", (), (), 0)
    assert (table.neurodata_type, table.namespace) == ("DynamicTable", "hdmf-common")
    assert table.to_dataframe().shape == (0, 0)


def test_columns_as_dicts():
    entries = [
        {"name": "a"},
        {"name": "b", "description": "of b", "index": True},
        {"name": "c", "table": True},
        {"name": "e", "enum": True},
    ]
    table = DynamicTable("t", "d", columns=entries)
    assert table.colnames == ("a", "b", "c", "e")
    assert [type(table[name]).__name__ for name in table.colnames] == [
        "VectorData",
        "VectorIndex",
        "DynamicTableRegion",
        "EnumData",
    ]
    assert (table.a.description, table.b.description) == ("no description", "of b")


def test_the_order_of_columns_can_be_told():
    table = cells()
    assert table.colnames == ("area", "pixels", "centre", "label")
    other = DynamicTable("t", "d", columns=table.columns, colnames=["label", "pixels", "area", "centre"])
    assert other.colnames == ("label", "pixels", "area", "centre")
    assert [each.name for each in other.columns] == ["label", "pixels_index", "pixels", "area", "centre"]
    assert all(each.parent is table for each in other.columns)
    table.colnames = ("centre", "label", "area", "pixels")
    assert [each.name for each in table.columns][:2] == ["centre", "label"]
    assert list(table.to_dataframe()) == ["centre", "label", "area", "pixels"]


def test_identifiers_are_made_unless_they_are_given():
    columns = [VectorData("a", "d", data=[1, 2])]
    assert DynamicTable("t", "d", columns=columns).id.data == [0, 1]
    assert DynamicTable("t", "d", columns=columns, id=[]).id.data == [0, 1]
    identifiers = ElementIdentifiers("number", [7, 8])
    table = DynamicTable("t", "d", columns=columns, id=identifiers)
    assert table.id is table["id"] is identifiers
    assert table.to_dataframe().index.name == "number"


def test_columns_that_tell_their_length_later():
    blocks = VectorData("a", "d", data=DataChunkIterator(data=iter([1]), dtype=np.dtype("i8")))
    assert len(DynamicTable("t", "d", columns=[blocks], id=[0])) == 1
    with pytest.raises(InvalidValueError, match="identifiers"):
        DynamicTable("t", "d", columns=[blocks])


A = VectorData("a", "d", data=[1, 2])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"columns": [A, VectorData("a", "d", data=[1, 2])]}, InvalidValueError, "two columns named 'a'"),
        ({"columns": [A, VectorData("b", "d", data=[1])]}, InvalidValueError, "same length.*'a': 2, 'b': 1"),
        ({"columns": [A], "id": [1]}, InvalidValueError, "expected 2 identifiers"),
        ({"columns": [A], "id": ["x", "y"]}, InvalidValueError, "whole numbers"),
        ({"columns": [VectorIndex("a_index", [2], A)]}, InvalidValueError, "not its target 'a'"),
        ({"columns": [A, VectorIndex("i", [2], A), VectorIndex("j", [2], A)]}, InvalidValueError, "target of two indices"),
        ({"columns": [3]}, InvalidTypeError, "VectorData objects"),
        ({"columns": [{"description": "d"}]}, InvalidValueError, "'name'"),
        ({"colnames": ["a"]}, InvalidValueError, "columns are needed"),
        ({"columns": [A], "colnames": ["b"]}, InvalidValueError, r"expected the columns \['a'\]"),
        ({"columns": [A], "colnames": ["a", "a"]}, InvalidValueError, r"expected the columns \['a'\]"),
        ({"description": None}, InvalidTypeError, "'t'.description"),
    ],
)
def test_what_makes_no_table(arguments, error, message):
    with pytest.raises(error, match=message):
        DynamicTable(**{"name": "t", "description": "d", **arguments})


def test_a_required_column_cannot_be_left_out_of_rows():
    class Required(DynamicTable):
        """One with a column."""

        start: VectorData = column("d", required=True)

    with pytest.raises(InvalidValueError, match=r"'start': expected a value for each of the 2 rows"):
        Required("t", "d", columns=[A])


# ---- columns by name


def test_columns_by_name():
    table = cells()
    assert table["pixels"] is table.pixels_index
    assert table.pixels is table.pixels_index.target
    assert table["pixels_index"] is table.pixels_index
    assert table.get("none") is None
    assert table.get("none", 3) == 3
    assert "pixels" in table
    assert "pixels_index" in table
    assert "none" not in table
    assert 3 not in table
    with pytest.raises(NotFoundError, match=r"'cells': there is no column 'none', only \['area'"):
        table["none"]
    with pytest.raises(AttributeError, match="'cells' has no attribute or column 'none'"):
        table.none  # noqa: B018 - the access is the test
    assert not hasattr(table, "__array__")


# ---- rows


@pytest.mark.parametrize("kind", [list, np.array, lambda values: CountedArray(np.array(values))], ids=["list", "array", "file"])
def test_a_row(kind):
    for key in (2, -1, np.int64(2)):
        frame = cells(kind)[key]
        assert frame.index.tolist() == [12]
        assert frame.index.name == "id"
        assert list(frame) == ["area", "pixels", "centre", "label"]
        assert frame["area"][12] == 3.5
        assert list(frame["pixels"][12]) == [3, 4, 5, 6]
        assert list(frame["centre"][12]) == [4, 5]
        assert frame.name == "cells"


@pytest.mark.parametrize(
    ("key", "labels"),
    [
        (slice(None), "abc"),
        (slice(1, None), "bc"),
        (slice(None, None, -1), "cba"),
        ([2, 0, 2], "cac"),
        ([-1], "c"),
        (np.array([1, 0]), "ba"),
        ([True, False, True], "ac"),
        (np.array([False, False, True]), "c"),
        (slice(3, 9), ""),
        ([], ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [list, np.array])
def test_several_rows(kind, key, labels):
    frame = cells(kind)[key]
    rows = ["abc".index(label) for label in labels]
    assert frame.index.tolist() == [10 + row for row in rows]
    assert frame["label"].tolist() == list(labels)
    assert frame["area"].tolist() == [1.5 + row for row in rows]
    assert [list(cell) for cell in frame["pixels"]] == [[[1, 2], [], [3, 4, 5, 6]][row] for row in rows]
    assert [list(cell) for cell in frame["centre"]] == [[2 * row, 2 * row + 1] for row in rows]


def test_cells():
    table = cells()
    assert table[0, "label"] == "a"
    assert table[-1, "pixels"] == [3, 4, 5, 6]
    assert table[1, "id"] == 11
    assert table[1, 0] == 11
    assert table[1, 1] == 2.5
    assert table[0:2, "label"] == ["a", "b"]
    assert table[[2, 0], "label"] == ["c", "a"]


@pytest.mark.parametrize("key", [3, -4, [0, 3], np.array([7]), (3, "label"), (-4, "id"), ([5], "pixels")], ids=str)
def test_a_row_that_does_not_exist(key):
    with pytest.raises(OutOfRangeError, match=r"3|cells"):
        cells()[key]


@pytest.mark.parametrize("key", [1.5, None, {1}, np.zeros((2, 2), int), [True], (0, "none")], ids=repr)
def test_a_key_that_means_nothing(key):
    with pytest.raises((InvalidTypeError, InvalidValueError, NotFoundError), match="cells"):
        cells()[key]


def test_rows_as_lists():
    assert cells().get(0, df=False) == [10, 1.5, [1, 2], [0, 1], "a"]
    assert cells().get([1], df=False) == [[11], [2.5], [[]], [[2, 3]], ["b"]]
    assert cells().get([1], df=False, exclude={"area", "pixels"}) == [[11], [[2, 3]], ["b"]]
    with pytest.raises(InvalidValueError, match="index=True"):
        cells().get(0, df=False, index=False)


def test_the_whole_table():
    table = cells()
    assert list(table.to_dataframe(exclude={"area", "pixels"})) == ["centre", "label"]
    pd.testing.assert_frame_equal(table.to_dataframe(), table[:])


def test_cells_of_several_members():
    records = np.array([(1, 0.5), (2, 1.5)], [("x", "u4"), ("weight", "f4")])
    table = DynamicTable("t", "d", columns=[VectorData("a", "d", data=records)])
    assert [cell.item() for cell in table.to_dataframe()["a"]] == records.tolist()
    assert table[1]["a"][1] == records[1]


def test_a_column_called_name():
    table = DynamicTable("t", "d")
    with pytest.warns(UserWarning, match="table.name is something else"):
        table.add_column("name", "d", data=["x"])
    assert table.to_dataframe()["name"].tolist() == ["x"]
    assert table[0]["name"].tolist() == ["x"]


def test_the_whole_table_is_read_at_once():
    table = cells(lambda values: CountedArray(np.array(values)))
    table.to_dataframe()
    assert table.pixels.data.reads == 1
    assert table.area.data.reads == 1


# ---- comparing, copying, showing


def test_tables_are_compared_by_what_they_hold():
    assert cells() == cells()
    other = cells()
    other.add_row(area=1.0, pixels=[], centre=[1, 1], label="d")
    assert cells() != other
    assert cells() != "cells"
    assert len({cells(), cells()}) == 2


def test_a_copy_links_to_the_columns():
    table = cells()
    made = table.copy()
    assert made == table
    assert made is not table
    assert made.columns == table.columns
    assert made.area.parent is table
    assert made.parent is None
    assert made.object_id != table.object_id


def test_showing_a_table():
    text = repr(cells())
    assert "cells" in text
    assert "rows: 3" in text
    assert "label: VectorData" in text
    html = cells().generate_html_repr(nrows=2)
    assert "<table" in html
    assert "1 more row" in html


def test_how_a_column_is_stored():
    from photonwb.arrays import H5DataIO

    table = cells()
    table.set_data_io("area", H5DataIO, {"compression": "gzip"})
    assert table.area.data.io_settings["compression"] == "gzip"
    table.set_data_io("id", H5DataIO, {"compression": "gzip"})
    assert table.id.data.data == [10, 11, 12]
    with pytest.raises(InvalidValueError, match="none"):
        table.set_data_io("none", H5DataIO, {})


# ---- data frames


def frame():
    return pd.DataFrame(
        {"a": [1, 2], "b": [[1], [2, 3]], "c": [[1, 2], [3, 4]], "d": ["x", "y"]}, index=pd.Index([5, 6], name="number")
    )


def test_a_table_from_a_frame():
    table = DynamicTable.from_dataframe(frame(), "t", table_description="of t", columns=[{"name": "d", "description": "words"}])
    assert (table.name, table.description, table.colnames) == ("t", "of t", ("a", "b", "c", "d"))
    assert [type(table[name]).__name__ for name in table.colnames] == ["VectorData", "VectorIndex", "VectorData", "VectorData"]
    assert (table.id.name, table.id.data) == ("number", [5, 6])
    assert (table.d.description, table.a.description) == ("words", "no description")
    pd.testing.assert_frame_equal(table.to_dataframe(), frame())


def test_a_table_from_a_frame_with_identifiers_in_a_column():
    table = DynamicTable.from_dataframe(frame(), "t", index_column="a", column_descriptions={"a": "numbers"})
    assert table.id.data == [1, 2]
    assert table.a.description == "numbers"


def test_a_table_from_a_frame_with_a_fixed_set():
    table = DynamicTable.from_dataframe(frame(), "t", columns=[{"name": "d", "enum": True, "description": "d"}])
    assert type(table.d) is EnumData
    assert table.to_dataframe()["d"].tolist() == ["x", "y"]


def test_a_frame_without_what_is_needed():
    class Required(DynamicTable):
        """One with a column."""

        start: VectorData = column("d", required=True)

    with pytest.raises(InvalidValueError, match="'start'"):
        Required.from_dataframe(frame(), "t")
    with pytest.raises(InvalidValueError, match="'none'"):
        DynamicTable.from_dataframe(frame(), "t", columns=[{"name": "none", "description": "d"}])


# ---- tables of a file


def test_only_the_column_that_is_asked_for_is_made():
    table = stored_table(
        stored_column("a", np.arange(2)), stored_column("b", np.arange(2)), colnames=("a", "b"), identifiers=[0, 1]
    )
    assert table["b"][1] == 1
    assert table._stored.values["columns"].made == ["b"]


def test_columns_in_the_order_of_colnames():
    values = stored_column("b", np.arange(2))
    middle = stored_index("b_index", np.array([1, 2]), values)
    top = stored_index("b_index_index", np.array([1, 2]), middle)
    table = stored_table(stored_column("a", np.arange(2)), values, middle, top, colnames=("b", "a"), identifiers=[0, 1])
    assert [each.name for each in table.columns] == ["b_index_index", "b_index", "b", "a"]
    assert table["b"] is top
    assert [[list(inner) for inner in row] for row in table["b"][:]] == [[[0]], [[1]]]


def test_an_index_of_an_unusual_name():
    values = stored_column("a", np.arange(3))
    table = stored_table(values, stored_index("ends", np.array([1, 3]), values), colnames=("a",), identifiers=[0, 1])
    assert [list(row) for row in table["a"][:]] == [[0], [1, 2]]


def test_a_column_that_only_looks_like_an_index():
    table = stored_table(
        stored_column("a", np.arange(2)), stored_column("a_index", np.arange(2)), colnames=("a", "a_index"), identifiers=[0, 1]
    )
    assert table["a"].name == "a"
    assert table.colnames == ("a", "a_index")


@pytest.mark.parametrize("colnames", [None, (), ("a", "a", "id", "b", "b_index")], ids=str)
def test_colnames_that_say_nothing_or_too_much(colnames):
    values = stored_column("b", np.arange(3))
    table = stored_table(
        stored_column("a", np.arange(2)), values, stored_index("b_index", np.array([1, 3]), values), colnames=colnames
    )
    assert table.colnames == ("a", "b")
    assert list(table.to_dataframe()) == ["a", "b"]


def test_a_column_that_is_not_listed_can_be_reached():
    table = stored_table(stored_column("a", np.arange(2)), stored_column("b", np.arange(2)), colnames=("a",), identifiers=[0, 1])
    assert table.colnames == ("a",)
    assert table["b"][1] == 1
    assert [each.name for each in table.columns] == ["a", "b"]


def test_a_column_that_is_listed_but_missing():
    table = stored_table(stored_column("a", np.arange(2)), colnames=("a", "lost"), identifiers=[0, 1])
    assert table["a"][1] == 1
    with pytest.raises(NotFoundError, match=r"'table': column 'lost' is listed but not stored"):
        table["lost"]
    with pytest.warns(UserWarning, match="'lost' is listed but not stored"):
        assert list(table.to_dataframe()) == ["a"]
    with pytest.raises(NotFoundError, match="'lost'"):
        table.add_row(a=1, lost=2)
    assert len(table) == 2
    assert "'lost'" in table._problems()[0]


def test_a_column_that_is_damaged_does_not_hide_the_others():
    table = stored_table(
        stored_column("a", np.arange(2)), ("bad", UnreadableObjectError("bad one")), colnames=("a", "bad"), identifiers=[0, 1]
    )
    assert table["a"][1] == 1
    with pytest.raises(UnreadableObjectError, match="bad one"):
        table["bad"]


def test_a_table_without_identifiers():
    table = stored_table(stored_column("a", np.arange(3)), colnames=("a",))
    assert list(table.id.data) == [0, 1, 2]
    assert table.id.parent is table
    assert len(stored_table(colnames=())) == 0


def test_a_column_of_another_length():
    table = stored_table(stored_column("a", np.arange(3)), colnames=("a",), identifiers=[0, 1])
    with pytest.raises(InvalidValueError, match="'a' has 3 rows, the table has 2"):
        table.to_dataframe()
    assert table["a"][2] == 2


def test_an_unusual_index_below_a_usual_one():
    values = VectorData("a", "d", data=[1, 2, 3])
    inner = VectorIndex("ends", [1, 3], values)
    outer = VectorIndex("ends_index", [2], inner)
    table = DynamicTable("t", "d", columns=[values, inner, outer])
    assert table.colnames == ("a",)
    assert table["a"][0] == [[1], [2, 3]]


def test_a_column_that_is_taken_out():
    table = cells()
    area = table.area
    area.reset_parent()
    assert area.parent is None
    assert table.colnames == ("pixels", "centre", "label")
    assert list(table.to_dataframe()) == ["pixels", "centre", "label"]
    assert "area" not in [each.name for each in table.columns]


def test_many_columns():
    table = DynamicTable("t", "d", columns=[VectorData(f"column {number}", "d", data=[number]) for number in range(1500)])
    assert table.to_dataframe().shape == (1, 1500)


@pytest.mark.parametrize("key", [1.5, None, b"area", True, ..., [0, "area"], [1.5]], ids=repr)
def test_what_means_neither_rows_nor_a_column(key):
    for ask in (lambda: cells()[key], lambda: cells().get(key)):
        with pytest.raises(InvalidKeyError, match=r"expected (a|the number of a) row") as caught:
            ask()
        assert isinstance(caught.value, KeyError)
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("key", [(), (0,), (0, "area", 1)], ids=repr)
def test_keys_of_which_there_are_more_or_fewer_than_two(key):
    with pytest.raises(IndexError, match=rf"expected \[row\] or \[row, column\], got {len(key)} keys"):
        cells()[key]
    with pytest.raises(IndexError, match=f"got {len(key)} keys"):
        cells().create_region("rows", [0, 1], "d")[key]


def test_a_region_whose_table_is_not_known_yet():
    table = DynamicTable("t", "d", columns=[{"name": "rows", "description": "d", "table": True}])
    table.add_row(rows=1)
    for ask in (lambda: table.get(0, index=False), table.to_dataframe, lambda: table["rows"]["area"], table["rows"].to_dataframe):
        with pytest.raises(InvalidValueError, match=r"'rows'.table: it is not set"):
            ask()
