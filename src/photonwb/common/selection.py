"""What `table[...]` gives: rows, columns and cells of a table, as data frames or lists."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.common.regions import is_region
from photonwb.common.rows import as_rows, is_one_row, one_row
from photonwb.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from photonwb.common.dynamic import DynamicTable

__all__ = ["cell_at", "frame_of_rows", "rows_at"]


def cell_at(table: DynamicTable, rows: Any, column: str | int) -> Any:
    """What one column has in a row, or in several rows."""
    if isinstance(column, str):
        chosen: Any = table.id if column == "id" else table._top(column)
    else:
        chosen = [table.id, *table._tops().values()][column]
    return chosen[one_row(rows, len(chosen), chosen._label()) if is_one_row(rows) else rows]


def rows_at(
    table: DynamicTable, key: Any, *, df: bool, index: bool, exclude: Collection[str] | None = None, **options: Any
) -> Any:
    """Whole rows: a data frame, or without `df` a list with the identifiers and then the values of each column."""
    count = len(table.id)
    single = is_one_row(key)
    if single:
        key = one_row(key, count, table._label())
    elif not isinstance(key, slice):
        key = _as_index(as_rows(key, count, table._label()))
    values = {"id": table.id.get(key)}
    for name in table.colnames:
        if exclude and name in exclude:
            continue
        try:
            column = table._top(name)
        except NotFoundError as error:
            warnings.warn(str(error), stacklevel=4)
            continue
        if column._row_count() not in (None, count):
            raise InvalidValueError(f"{table._label()}: column {name!r} has {column._row_count()} rows, the table has {count}")
        if is_region(column):
            values[name] = column.get(key, df=df and not index, index=index, **options)
        else:
            values[name] = column.get(key, **options)
    if not df:
        return list(values.values())
    return _frame_of_one_row(table, values) if single else frame_of_rows(table, values)


def _as_index(rows: Any) -> Any:
    import numpy as np

    return np.asarray(rows, dtype=np.int64)


def _frame_of_one_row(table: DynamicTable, values: dict[str, Any]) -> pd.DataFrame:
    """A data frame of one row, each cell as it is."""
    import pandas as pd

    row = values.pop("id")
    cells = {name: [value] if _is_many(value) else value for name, value in values.items()}
    return _named(pd.DataFrame(cells, index=_index(table, [row])), table)


def _is_many(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or hasattr(value, "iloc") or bool(getattr(value, "shape", ())) or _is_record(value)


def _is_record(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "names", None) is not None


def frame_of_rows(table: DynamicTable, values: dict[str, Any]) -> pd.DataFrame:
    """A data frame of several rows, each cell of a column with more than one value as one object."""
    import pandas as pd

    rows = values.pop("id")
    return _named(pd.DataFrame({name: _cells(value) for name, value in values.items()}, index=_index(table, rows)), table)


def _cells(values: Any) -> Any:
    if hasattr(values, "iloc"):
        return [values.iloc[[row]] for row in range(len(values))]
    if len(getattr(values, "shape", ())) > 1 or _is_record(values):
        return list(values)
    if isinstance(values, list) and values and _is_many(values[0]):
        return _objects(values)
    return values


def _objects(cells: list[Any]) -> Any:
    """Cells as an array of objects, which pandas takes without looking into each."""
    import numpy as np

    objects = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):
        objects[row] = cell
    return objects


def _index(table: DynamicTable, identifiers: Any) -> Any:
    import numpy as np
    import pandas as pd

    return pd.Index(name=table.id.name, data=identifiers, dtype=np.int64)


def _named(frame: pd.DataFrame, table: DynamicTable) -> pd.DataFrame:
    if "name" not in frame.columns:
        object.__setattr__(frame, "name", table.name)  # the plain way would make or change a column
    return frame
