"""Recommendations for tables, by the names and levels of nwbinspector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.validation.findings import Severity
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import beginning, known_shape, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from photonwb.common import DynamicTable, DynamicTableRegion
    from photonwb.epoch import TimeIntervals

__all__ = [
    "Beginnings",
    "binary_column",
    "columns_are_numbers",
    "empty_table",
    "ids_unique",
    "intervals_ascend",
    "intervals_duration",
    "intervals_start_differs",
    "intervals_stop_after_start",
    "region_rows",
    "single_row",
    "table_times",
    "values_are_plain",
]

rule = enter_in("practice")

_CRITICAL = Severity.CRITICAL
_VIOLATION = Severity.BEST_PRACTICE_VIOLATION
_SUGGESTION = Severity.BEST_PRACTICE_SUGGESTION
_YEAR = 365.25 * 24 * 3600
_YES_AND_NO = ({"0", "1"}, {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"hit", "miss"})
# What a longer column looks like, its beginning tells.
_ENOUGH = 10_000


@rule("check_dynamic_table_region_data_validity", _CRITICAL, "DynamicTableRegion")
def region_rows(region: DynamicTableRegion) -> Iterator[Problem]:
    """A row number is not one of a row of the table."""
    rows = numbers(region.data, 1 << 24)
    if rows is None or not len(rows):
        return
    count = len(region.table)
    low, high = int(rows.min()), int(rows.max())
    if low < 0 or high >= count:
        found = str(low if low < 0 else high)
        yield Problem(
            f"a row that {region.table.name!r} does not have", "", f"rows from 0 to {count - 1}", found, "correct the row numbers"
        )


@rule("check_empty_table", _VIOLATION, "DynamicTable")
def empty_table(table: DynamicTable) -> Iterator[Problem]:
    """A table has no rows."""
    if not len(table):
        yield Problem("a table without rows", "id", "at least one row", "none", "leave the table out")


@rule("check_single_row", _SUGGESTION, "DynamicTable")
def single_row(table: DynamicTable) -> Iterator[Problem]:
    """A table has a single row, which another type may hold better."""
    # One region, one interval or one electrode have no other type to go to.
    if len(table) == 1 and table.neurodata_type == "DynamicTable":
        yield Problem("a table of one row", "id", "several rows", "1", "consider a type for single values")


@rule("check_ids_unique", _CRITICAL, "DynamicTable")
def ids_unique(table: DynamicTable) -> Iterator[Problem]:
    """Two rows have the same id."""
    ids = numbers(table.id.data, 1 << 24)
    if ids is not None and len(ids) > 1:
        import numpy as np

        values = np.sort(ids)
        twice = values[1:][values[1:] == values[:-1]]
        if len(twice):
            yield Problem(
                f"{len(np.unique(twice))} ids are there more than once",
                "id",
                "an id for each row",
                f"{twice[0]} twice",
                "number the rows anew",
            )


class Beginnings:
    """The beginning of each simple column of a table, read once for all rules."""

    def __init__(self, table: DynamicTable) -> None:
        self.table = table
        self._known: dict[str, NDArray[Any]] = {}

    def __iter__(self) -> Iterator[tuple[str, NDArray[Any]]]:
        table: Any = self.table
        for name in table.colnames:
            column: Any = table._member(name)
            if column is None or hasattr(column, "table"):
                continue
            shape = known_shape(column.data)
            if shape is not None and len(shape) == 1 and shape[0]:
                if name not in self._known:
                    self._known[name] = beginning(column.data, _ENOUGH)
                yield name, self._known[name]


def _texts(values: NDArray[Any]) -> list[str]:
    items: list[Any] = values.tolist() if values.dtype.kind in "OUT" else []
    return [value for value in items if isinstance(value, str)]


@rule("check_column_binary_capability", _SUGGESTION, "DynamicTable", Beginnings)
def binary_column(beginnings: Beginnings) -> Iterator[Problem]:
    """A column says yes and no in other words than true and false."""
    predefined: set[str] = set(getattr(type(beginnings.table), "__predefined__", ()))
    for name, values in beginnings:
        if name in predefined or len(values) < 3 or values.dtype.kind not in "iufOUT":
            continue
        distinct: set[str] = set()
        for value in dict.fromkeys(values.tolist()):
            distinct.add(str(value).lower().removesuffix(".0"))
            if len(distinct) > 2:
                break
        if distinct in _YES_AND_NO:
            yield Problem(
                f"column {name!r} has two values: {', '.join(sorted(distinct))}",
                name,
                "true and false",
                fix=f"store booleans, named is_{name}",
            )


@rule("check_table_values_for_dict", _VIOLATION, "DynamicTable", Beginnings)
def values_are_plain(beginnings: Beginnings) -> Iterator[Problem]:
    """A column has texts that are whole dicts."""
    for name, values in beginnings:
        text = next((text for text in _texts(values) if text.startswith("{") and text.endswith("}") and ":" in text), None)
        if text is not None:
            yield Problem(f"column {name!r} has values that are dicts", name, "a column for each key", f"{text:.60}")


@rule("check_col_not_nan", _SUGGESTION, "DynamicTable", Beginnings)
def columns_are_numbers(beginnings: Beginnings) -> Iterator[Problem]:
    """A column has no values but NaN."""
    for name, values in beginnings:
        if values.dtype.kind == "f" and (values != values).all():
            yield Problem(f"column {name!r} is NaN throughout", name, "values", "NaN", "leave the column out")


@rule("check_table_time_columns_are_not_negative", _SUGGESTION, "DynamicTable", Beginnings)
def table_times(beginnings: Beginnings) -> Iterator[Problem]:
    """A column of times begins before the session."""
    for name, values in beginnings:
        if name.endswith("_time") and values.dtype.kind in "if" and values[0] < 0:
            yield Problem(f"column {name!r} begins before the session", name, "seconds >= 0", str(values[0]))


# ---- intervals


def _interval_times(table: Any) -> tuple[NDArray[Any], NDArray[Any]] | None:
    columns: list[Any] = [table._member(name) for name in ("start_time", "stop_time")]
    starts, stops = (None if column is None else numbers(column.data) for column in columns)
    if starts is None or stops is None or len(starts) != len(stops) or not len(starts):
        return None
    return starts, stops


@rule("check_time_intervals_start_time_not_constant", _CRITICAL, "TimeIntervals")
def intervals_start_differs(table: TimeIntervals) -> Iterator[Problem]:
    """All intervals start at the same time."""
    times = _interval_times(table)
    if times is not None and len(times[0]) > 1 and (times[0] == times[0][0]).all():
        yield Problem("all intervals start at the same time", "start_time", "times in the session", str(times[0][0]))


@rule("check_time_interval_time_columns", _VIOLATION, "TimeIntervals")
def intervals_ascend(table: TimeIntervals) -> Iterator[Problem]:
    """An interval starts before the one of the row before."""
    times = _interval_times(table)
    if times is None:
        return
    falls = (times[0][1:] < times[0][:-1]).nonzero()[0]
    if len(falls):
        yield Problem(f"start times do not ascend, first in row {falls[0] + 1}", "start_time", fix="sort the rows by start_time")


@rule("check_time_intervals_stop_after_start", _VIOLATION, "TimeIntervals")
def intervals_stop_after_start(table: TimeIntervals) -> Iterator[Problem]:
    """An interval stops before it starts."""
    times = _interval_times(table)
    if times is None:
        return
    wrong = (times[1] < times[0]).nonzero()[0]
    if len(wrong):
        yield Problem(
            f"{len(wrong)} intervals stop before they start, the first in row {wrong[0]}", "stop_time", "times after start_time"
        )


@rule("check_time_intervals_duration", _CRITICAL, "TimeIntervals")
def intervals_duration(table: TimeIntervals) -> Iterator[Problem]:
    """The intervals span more than a year."""
    times = _interval_times(table)
    if times is not None:
        span = float(times[1].max() - times[0].min())
        if span > _YEAR:
            yield Problem(
                "longer than a year", "stop_time", "seconds", f"{span / _YEAR:.3g} years", "check the unit of the times"
            )
