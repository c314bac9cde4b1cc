"""Tables with categories."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.common import AlignedDynamicTable, DynamicTable, VectorData
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from stored import Members, stored_column, stored_table


def part(name, *columns, rows=2):
    return DynamicTable(
        name, "d", columns=[VectorData(each, "d", data=[f"{name}{each}{row}" for row in range(rows)]) for each in columns]
    )


def aligned(**more):
    return AlignedDynamicTable(
        "main", "d", columns=part("main", "a").columns, category_tables=[part("x", "b"), part("y", "b", "c")], **more
    )


def test_categories_in_order():
    assert aligned().categories == ["x", "y"]
    assert aligned(categories=["y", "x"]).categories == ["y", "x"]
    table = aligned()
    table.add_category(part("w", "a"))
    assert table.categories == ["x", "y", "w"]
    assert table.fields["categories"] == ["x", "y", "w"]
    assert table.get_category("w").parent is table
    assert table.get_category() is table.get_category("main") is table


def test_categories_bring_the_rows():
    table = AlignedDynamicTable("main", "d", category_tables=[part("x", "b", rows=3)])
    assert table.id.data == [0, 1, 2]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"categories": ["x"]}, "one table for each"),
        ({"categories": ["x", "z"]}, "one table for each"),
        ({"category_tables": [part("x", "b"), part("x", "b")]}, "one table for each"),
        ({"category_tables": [part("x", "b", rows=1)]}, "expected 2 rows in a category"),
        ({"category_tables": [AlignedDynamicTable("x", "d")]}, "cannot have categories itself"),
        ({"category_tables": [3]}, "category_tables"),
        ({"category_tables": None, "categories": ["x"]}, "one table for each"),
    ],
)
def test_what_makes_no_table(more, message):
    arguments = {"columns": part("main", "a").columns, "category_tables": [part("x", "b"), part("y", "b")], **more}
    with pytest.raises((InvalidValueError, InvalidTypeError), match=message):
        AlignedDynamicTable("main", "d", **arguments)


def test_rows_are_added_to_all_parts():
    table = aligned()
    table.add_row(a=1, x={"b": 2}, y={"b": 3, "c": 4}, id=7)
    assert (table.a[2], table.get_category("y").c[2], table.id[2]) == (1, 4, 7)


@pytest.mark.parametrize(
    "row",
    [
        {"a": 1, "x": {"b": 1}},
        {"x": {"b": 1}, "y": {"b": 1, "c": 1}},
        {"a": 1, "x": {"b": 1}, "y": {"b": 1}},
        {"a": 1, "x": 3, "y": {}},
    ],
)
def test_a_row_that_fails_leaves_all_parts_alone(row):
    table = aligned()
    with pytest.raises((NotFoundError, InvalidValueError, TypeError)):
        table.add_row(row)
    assert [len(each) for each in (table, *table.category_tables.values())] == [2, 2, 2]
    assert [len(each.columns[0]) for each in (table, *table.category_tables.values())] == [2, 2, 2]


def test_columns_are_added_to_a_part():
    table = aligned()
    table.add_column("n", "d", data=[1, 2])
    table.add_column("n", "d", data=[3, 4], category="x")
    assert table.colnames == ("a", "n")
    assert table.get_category("x").colnames == ("b", "n")
    with pytest.raises(NotFoundError, match="'z'"):
        table.add_column("n", "d", data=[3, 4], category="z")


def test_names():
    table = aligned()
    assert table.get_colnames() == ("a",)
    assert table.get_colnames(include_category_tables=True, ignore_category_ids=True) == [
        ("main", "a"),
        ("x", "b"),
        ("y", "b"),
        ("y", "c"),
    ]
    assert table.get_colnames(include_category_tables=True)[1] == ("x", "id")
    assert "x" in table
    assert "a" in table
    assert ("y", "c") in table
    assert ("x", "c") not in table
    assert "b" not in table
    with pytest.raises(InvalidValueError, match="category, column"):
        table.__contains__(("a", "b", "c"))


def test_as_a_frame():
    frame = aligned().to_dataframe()
    assert list(frame) == [("main", "a"), ("x", "id"), ("x", "b"), ("y", "id"), ("y", "b"), ("y", "c")]
    assert frame.index.name == ("main", "id")
    assert frame["y", "c"].tolist() == ["yc0", "yc1"]
    assert list(aligned().to_dataframe(ignore_category_ids=True)) == [("main", "a"), ("x", "b"), ("y", "b"), ("y", "c")]


def test_identifiers_of_the_parts_may_differ():
    table = AlignedDynamicTable("main", "d", id=[5, 6], category_tables=[part("x", "b")])
    frame = table.to_dataframe(ignore_category_ids=True)
    assert frame.index.tolist() == [5, 6]
    assert frame["x", "b"].tolist() == ["xb0", "xb1"]


def test_parts_and_cells():
    table = aligned()
    assert table["a"] is table.a
    assert table["x"]["b"].tolist() == ["xb0", "xb1"]
    assert table["y", "c"] is table.get_category("y")["c"]
    assert table["main", "a"] is table[None, "a"] is table.a
    for cell in (table[1, ("y", "c")], table[1, "y", "c"], table["y", "c", 1]):
        assert cell == "yc1"
    assert table[0, ("main", "a")] == table[0, None, "a"] == "maina0"
    assert table[1, "y"]["c"].tolist() == ["yc1"]
    assert table["y", 1]["c"].tolist() == ["yc1"]
    assert table[1]["y", "c"].tolist() == ["yc1"]
    assert table[[1, 0]]["y", "c"].tolist() == ["yc1", "yc0"]
    assert table[:1]["main", "a"].tolist() == ["maina0"]
    for wrong in ("none", ("none", "b")):
        with pytest.raises(NotFoundError, match="none"):
            table[wrong]
    with pytest.raises(InvalidValueError, match="category, column"):
        table[1, 2, 3, 4]


def test_links_to_other_tables():
    table, target = aligned(), part("target", "z")
    assert not table.has_foreign_columns()
    table.add_column("r", "d", data=[0, 1], table=target, category="x")
    assert table.has_foreign_columns()
    assert not table.has_foreign_columns(ignore_category_tables=True)
    assert table.get_foreign_columns() == [("x", "r")]
    assert [link.target_table for link in table.get_linked_tables()] == [target]
    assert table.get_linked_tables(ignore_category_tables=True) == []


def test_categories_of_a_file():
    held = {"x": part("x", "b"), "y": part("y", "b")}
    table = stored_table(
        stored_column("a", np.arange(2)),
        cls=AlignedDynamicTable,
        colnames=("a",),
        identifiers=[0, 1],
        categories=("y", "lost", "x"),
        category_tables=Members(held),
    )
    assert table.categories == ["y", "x"]
    table.add_category(part("w", "b"))
    assert table.categories == ["y", "x", "w"]
