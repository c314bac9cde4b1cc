"""Columns of one value per row, identifiers, and columns of a fixed set of values."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.arrays import H5DataIO
from photonwb.common import DynamicTable, ElementIdentifiers, EnumData, MeaningsTable, VectorData
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from stored import CountedArray, stored_column


def test_a_column_begins_empty_and_alone():
    first, second = VectorData("a", "d"), VectorData("a", "d")
    first.add_row(1)
    assert first.data == [1]
    assert second.data == []
    assert (first.neurodata_type, first.namespace) == ("VectorData", "hdmf-common")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "a"}, TypeError, "description"),
        ({"name": "a", "description": None}, InvalidTypeError, "description"),
        ({"name": "a", "description": 3}, InvalidTypeError, r"'a'.description: expected text, got int 3"),
        ({"name": "a", "description": "d", "data": "text"}, InvalidTypeError, r"'a'.data: expected an array"),
        ({"name": "a", "description": "d", "data": np.zeros((1,) * 5)}, InvalidValueError, r"'a'.data: expected shape"),
        ({"name": "a/b", "description": "d"}, InvalidValueError, "a/b"),
    ],
    ids=str,
)
def test_what_makes_no_column(arguments, error, message):
    with pytest.raises(error, match=message):
        VectorData(**arguments)


def test_values_are_added_one_by_one_or_together():
    column = VectorData("a", "d", data=[1])
    column.append(2)
    column.add_row(3)
    column.extend([4, 5])
    assert column.data == [1, 2, 3, 4, 5]
    assert (column[0], column[-1], column[1:3], column[[0, 4]], len(column)) == (1, 5, [2, 3], [1, 5], 5)


def test_an_empty_column_takes_the_type_of_the_first_array():
    column = VectorData("a", "d")
    column.extend(np.array([1, 2], "u2"))
    column.append(3)
    assert column.data.dtype == np.dtype("u2")
    assert column.data.tolist() == [1, 2, 3]


def test_an_error_names_the_column():
    column = VectorData("a", "d", data=np.arange(3))
    with pytest.raises(InvalidTypeError, match="VectorData 'a'"):
        column.append("text")
    assert column.data.tolist() == [0, 1, 2]


def test_a_wrapper_stays_around_the_values():
    column = VectorData("a", "d", data=H5DataIO(data=[1], compression="gzip"))
    column.append(2)
    assert isinstance(column.data, H5DataIO)
    assert column.data.data == [1, 2]


def test_a_column_of_a_file_is_read_when_it_is_changed():
    stored = CountedArray(np.arange(3))
    column = stored_column("a", stored)
    assert column[1] == 1
    column.append(7)
    assert column.data.tolist() == [0, 1, 2, 7]
    assert column.modified
    assert column._changed == {"data"}


class Doubled(VectorData):
    """A column that makes something of each value."""

    def add_row(self, val):
        super().add_row(2 * val)


def test_a_subclass_sees_each_value():
    column = Doubled("a", "d")
    column.extend([1, 2])
    assert column.data == [2, 4]
    table = DynamicTable("t", "d")
    table.add_column("a", "d", col_cls=Doubled)
    table.add_row(a=1)
    table.add_rows(a=[2, 3])
    assert table.a.data == [2, 4, 6]


# ---- identifiers


@pytest.mark.parametrize("data", [["a"], [1.5], [True], np.array([1.5])], ids=repr)
def test_identifiers_are_whole_numbers(data):
    with pytest.raises(InvalidValueError, match=r"'id'.*whole numbers"):
        ElementIdentifiers("id", data)
    identifiers = ElementIdentifiers("id", [1])
    with pytest.raises(InvalidValueError, match=r"'id'.*whole numbers"):
        identifiers.extend(data)
    with pytest.raises(InvalidValueError, match=r"'id'.*whole numbers"):
        identifiers.append(data[0])
    assert identifiers.data == [1]


@pytest.mark.parametrize(
    ("wanted", "places"), [(2, [1]), ([3, 1, 5], [0, 2]), (np.array([9]), []), (ElementIdentifiers("x", [2, 3]), [1, 2])]
)
@pytest.mark.parametrize("kind", [list, np.array])
def test_identifiers_are_found_by_comparison(kind, wanted, places):
    assert (ElementIdentifiers("id", kind([1, 2, 3])) == wanted).tolist() == places


def test_identifiers_are_told_apart_as_objects():
    one, other = ElementIdentifiers("id", [1]), ElementIdentifiers("id", [1])
    assert len({one, other}) == 2


# ---- a fixed set of values


def test_new_values_become_elements():
    column = EnumData("side", "d")
    for value in ("left", "right", "left"):
        column.add_row(value)
    column.add_row(1, index=True)
    column.extend(["up", "left"])
    assert column.data == [0, 1, 0, 1, 2, 0]
    assert column.elements.data == ["left", "right", "up"]
    assert column.elements.name == "side_elements"
    assert column.namespace == "hdmf-experimental"


@pytest.mark.parametrize("kind", [list, np.array])
def test_elements_are_looked_up(kind):
    column = EnumData("side", "d", data=kind([1, 0, 1]), elements=kind(["l", "r"]))
    assert column[0] == "r"
    assert list(column[1:]) == ["l", "r"]
    assert list(column[[2, 1]]) == ["r", "l"]
    assert list(column.get(slice(None), index=True)) == [1, 0, 1]
    assert column.get(slice(None), join=True) == "rlr"


def test_a_table_keeps_the_elements():
    table = DynamicTable("t", "d")
    table.add_column("side", "d", enum=["l", "r"], data=[1, 1])
    table.add_row(side="l")
    assert table.colnames == ("side",)
    assert [column.name for column in table.columns] == ["side", "side_elements"]
    assert table.to_dataframe()["side"].tolist() == ["r", "r", "l"]
    assert table.side_elements is table.side.elements


def test_a_failed_row_takes_its_element_back():
    table = DynamicTable("t", "d")
    table.add_column("side", "d", enum=True)
    table.add_column("pair", "d", data=np.zeros((0, 2)))
    with pytest.raises(InvalidValueError, match="shape"):
        table.add_row(side="l", pair=[1, 2, 3])
    assert table.side.elements.data == []
    table.add_row(side="r", pair=[1, 2])
    assert table.to_dataframe()["side"].tolist() == ["r"]


# ---- meanings


def with_meanings():
    table = DynamicTable("t", "d", columns=[VectorData("kind", "d", data=[1, 2])])
    meanings = MeaningsTable(table.kind)
    meanings.add_row(1, "cell")
    meanings.add_row(value=2, meaning="process")
    table.add_meanings_table(meanings)
    return table, meanings


def test_meanings_are_found_from_the_column():
    table, meanings = with_meanings()
    assert (meanings.name, meanings.parent) == ("kind_meanings", table)
    assert meanings.colnames == ("value", "meaning")
    assert table.kind.get_meanings() is meanings
    assert table.get_meanings_for_column("kind") is meanings
    assert table.get_meanings_table("kind_meanings") is meanings
    assert table.meanings_tables["kind_meanings"] is meanings
    assert meanings.to_dataframe()["meaning"].tolist() == ["cell", "process"]


def test_meanings_that_are_not_there():
    table, _ = with_meanings()
    table.add_column("other", "d", data=[1, 2])
    assert table.other.get_meanings() is None
    assert VectorData("alone", "d").get_meanings() is None
    for ask in (table.get_meanings_table, table.get_meanings_for_column):
        with pytest.raises(NotFoundError, match="none"):
            ask("none")


def test_meanings_need_a_column():
    table, meanings = with_meanings()
    with pytest.raises(InvalidValueError, match="kind_meanings"):
        table.add_meanings_table(MeaningsTable(table.kind))
    with pytest.raises(InvalidValueError, match="kind"):
        DynamicTable("u", "d", meanings_tables=[meanings])
