"""Rows of another table."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.common import DynamicTable, DynamicTableRegion, VectorData
from photonwb.errors import InvalidTypeError, InvalidValueError, OutOfRangeError
from stored import CountedArray, stored_column


def cells(count=4):
    columns = [
        VectorData("area", "d", data=[10 * row for row in range(count)]),
        VectorData("label", "d", data=list("abcd")[:count]),
    ]
    return DynamicTable("cells", "d", columns=columns, id=range(100, 100 + count))


def region(rows=(3, 1), **more):
    return DynamicTableRegion("rois", list(rows), "d", cells(), **more)


@pytest.mark.parametrize("row", [4, -1, 2**40], ids=str)
def test_a_row_that_the_table_does_not_have(row):
    message = rf"'rois'.*row {row} .*'cells'.*4 rows"
    with pytest.raises(OutOfRangeError, match=message):
        region([0, row])
    with pytest.raises(IndexError, match=message):
        DynamicTableRegion("rois", np.array([0, row]), "d", cells())
    made = region()
    for add in (made.append, made.add_row, lambda row: made.extend([0, row])):
        with pytest.raises(OutOfRangeError, match=message):
            add(row)
    assert made.data == [3, 1]


def test_the_check_can_be_left_out():
    made = region([9], validate_data=False)
    made.append(-1)
    assert made.data == [9, -1]
    assert made.validate_data is False
    made.validate_data = True
    with pytest.raises(OutOfRangeError):
        made.append(9)


@pytest.mark.parametrize("row", [9, -1])
def test_a_row_that_is_not_there_is_never_another_one(row):
    made = region([0, row], validate_data=False)
    for ask in (lambda: made[1], lambda: made[:], lambda: made[[1]], lambda: made[1, "area"], made.to_dataframe):
        with pytest.raises(OutOfRangeError, match=rf"row {row} .*'cells'.*4 rows"):
            ask()


def test_a_table_can_be_filled_after_its_region():
    table = DynamicTable("cells", "d", columns=[VectorData("area", "d")])
    made = DynamicTableRegion("rois", [1], "d", table)
    table.add_rows(area=[1, 2])
    assert made[0]["area"].tolist() == [2]


def test_a_table_can_be_set_later():
    made = DynamicTableRegion("rois", [3], "d")
    assert made.table is None
    with pytest.raises(OutOfRangeError):
        made.table = cells(2)
    assert made.table is None
    made.table = cells()
    assert made[0]["label"].tolist() == ["d"]
    with pytest.raises(InvalidTypeError, match=r"'rois'.table: expected a DynamicTable"):
        made.table = "cells"


def test_one_place():
    frame = region()[0]
    assert frame.index.tolist() == [103]
    assert frame["label"].tolist() == ["d"]
    assert region()[-1]["label"].tolist() == ["b"]
    assert region().get(0, index=True) == 3


@pytest.mark.parametrize(
    ("key", "labels"),
    [(slice(None), "dbd"), ([2, 1], "db"), (np.array([0]), "d"), ([False, True, True], "bd"), (slice(0, 0), ""), ([], "")],
    ids=str,
)
@pytest.mark.parametrize("kind", [list, np.array, lambda rows: CountedArray(np.array(rows))], ids=["list", "array", "file"])
def test_several_places(key, labels, kind):
    made = DynamicTableRegion("rois", kind([3, 1, 3]), "d", cells())
    assert made[key]["label"].tolist() == list(labels)
    assert [made.table["label"][row] for row in made.get(key, index=True)] == list(labels)


def test_a_column_or_a_cell_of_the_table():
    made = region()
    assert made["area"] is made.table["area"]
    assert made[0, "label"] == "d"
    with pytest.raises(OutOfRangeError, match="rois"):
        made[2]
    with pytest.raises(InvalidValueError, match="index=True"):
        made.get(0, df=False)


def test_as_a_frame():
    made = region()
    assert made.to_dataframe()["label"].tolist() == ["d", "b"]
    assert list(made.to_dataframe(exclude={"area"})) == ["label"]
    assert made.shape == (2, 2)
    assert len(made) == 2
    assert "cells" in repr(made)


def test_a_region_made_by_the_table():
    table = cells()
    assert table.create_region("rois", slice(1, 3), "d").data == [1, 2]
    assert table.create_region("rois", [0], "d").table is table
    for wrong in (slice(0, 5), slice(-1, None), [4]):
        with pytest.raises(OutOfRangeError, match="cells"):
            table.create_region("rois", wrong, "d")


def test_a_wrong_row_of_a_file_is_an_error_when_it_is_used():
    made = stored_column("rois", np.array([0, 7]), DynamicTableRegion, table=cells())
    assert made[0]["label"].tolist() == ["a"]
    with pytest.raises(OutOfRangeError, match="7"):
        made[1]


def test_a_column_of_rows():
    table, target = DynamicTable("t", "d"), cells()
    table.add_column("cell", "d", table=target)
    table.add_column("group", "d", table=target, index=True)
    table.add_row(cell=3, group=[0, 1])
    table.add_row(cell=0, group=[])
    frame = table.to_dataframe()
    assert frame["cell"][0]["label"].tolist() == ["d"]
    assert [part["label"].tolist() for part in frame["group"]] == [["a", "b"], []]
    numbers = table.to_dataframe(index=True)
    assert numbers["cell"].tolist() == [3, 0]
    assert [list(each) for each in numbers["group"]] == [[0, 1], []]
    assert [list(each) if isinstance(each, list) else each for each in table.get(0, df=False)] == [0, 3, [0, 1]]
    with pytest.raises(OutOfRangeError, match="cell"):
        table.add_row(cell=4, group=[])
    assert len(table) == len(table.cell) == 2


def test_links_between_tables():
    first, second, third = cells(), DynamicTable("second", "d"), DynamicTable("third", "d")
    second.add_column("cell", "d", table=first)
    third.add_column("other", "d", table=second, index=True)
    assert third.has_foreign_columns()
    assert not first.has_foreign_columns()
    assert third.get_foreign_columns() == ["other"]
    links = third.get_linked_tables()
    assert [(link.source_table.name, link.source_column.name, link.target_table.name) for link in links] == [
        ("third", "other", "second"),
        ("second", "cell", "cells"),
    ]


class Pairs(DynamicTable):
    """A table with a column of rows that may be absent."""

    __columns__ = ({"name": "cell", "description": "d", "table": True}, {"name": "plain", "description": "d"})


def test_target_tables():
    table = Pairs("p", "d", target_tables={"cell": cells()})
    assert table.cell.table.name == "cells"
    with pytest.raises(InvalidValueError, match="'plain'"):
        Pairs("p", "d", target_tables={"plain": cells()})
    with pytest.raises(InvalidValueError, match="cells"):
        Pairs("p", "d", columns=[DynamicTableRegion("cell", [], "d", cells())], target_tables={"cell": cells()})


def test_a_region_whose_table_lies_elsewhere_is_warned_about():
    table = DynamicTable("t", "d", columns=[DynamicTableRegion("cell", [0], "d", cells())])
    with pytest.warns(UserWarning, match="does not share an ancestor"):
        table.parent = DynamicTable("holder", "d")
