"""Columns, and lone datasets, whose values are rows of another table."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import is_array, is_wrapper
from photonwb.common.columns import VectorData
from photonwb.common.rows import as_rows, is_one_row, one_row, pair
from photonwb.errors import InvalidValueError, OutOfRangeError
from photonwb.model.fields import attribute, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from photonwb.common.dynamic import DynamicTable
    from photonwb.typing import Array, ArrayLike

__all__ = ["DynamicTableRegion"]


class DynamicTableRegion(VectorData, neurodata_type="DynamicTableRegion"):
    """Rows of another table.

    Parameters
    ----------
    name : str
    data : array_like of int, shape (n,)
        Row numbers, from 0 (not identifiers).
    description : str
        What the rows are for.
    table : DynamicTable, optional
        The table whose rows are meant; it can be set later.
    validate_data : bool
        Whether to refuse rows that the table does not have. A table without any rows is taken to be filled later.

    Raises
    ------
    OutOfRangeError
        The table has no such row.
    """

    data: Array = content("Row numbers, from 0.", dtype="int", shape=(None,))
    table: DynamicTable = attribute("The table whose rows are meant.", dtype="reference")

    _validate_data: bool = True

    def __init__(
        self, name: str, data: ArrayLike, description: str, table: DynamicTable | None = None, validate_data: bool = True
    ) -> None:
        given = {"name": name, "data": data, "description": description, "table": table}
        self.__dict__["_validate_data"] = validate_data
        self._init({key: value for key, value in given.items() if key != "table" or value is not None})

    def _init(self, arguments: Mapping[str, Any]) -> None:
        super()._init(arguments)
        if "table" in self.__dict__:
            self._check_all()

    def _set(self, field: Any, value: Any) -> None:
        before = self.__dict__.get(field.name)
        super()._set(field, value)
        if field.name in ("table", "data") and self._stored is None and self.__dict__.get("table") is not None:
            try:
                self._check_all()
            except OutOfRangeError:
                self.__dict__[field.name] = before
                raise

    @property
    def validate_data(self) -> bool:
        """Whether rows that the table does not have are refused."""
        return self._validate_data

    @validate_data.setter
    def validate_data(self, validate: bool) -> None:
        self.__dict__["_validate_data"] = validate

    # ---- checks

    def _check_all(self) -> None:
        try:
            self._check_rows(self.data)
        except OutOfRangeError as error:
            if not self._in_construct_mode:
                raise
            warnings.warn(str(error), stacklevel=4)

    def _check_rows(self, rows: Any) -> None:
        """Refuse rows that the table does not have."""
        table: DynamicTable | None = self.table
        if table is None or not self._validate_data:  # pyright: ignore[reportUnnecessaryComparison] - until it is set
            return
        count = len(table)
        if is_wrapper(rows):
            rows = rows.data
        if not count or not hasattr(rows, "__len__") or not len(rows):
            return
        values = rows[...] if is_array(rows) else rows
        low, high = (values.min(), values.max()) if hasattr(values, "min") else (min(values), max(values))
        for row in (low, high):
            if not 0 <= row < count:
                raise self._no_row(int(row), table)

    def _no_row(self, row: int, table: DynamicTable) -> OutOfRangeError:
        return OutOfRangeError(
            f"{self._label()}: row {row} is not in {table._label()}, which has {len(table)} rows (numbers 0 to {len(table) - 1})"
        )

    def append(self, arg: int) -> None:
        """Add one row number."""
        self._check_rows((arg,))
        super().append(arg)

    def extend(self, arg: Iterable[int]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - established
        """Add several row numbers."""
        values = arg if hasattr(arg, "__len__") else list(arg)
        self._check_rows(values)
        self._extend(values)

    def _validate_on_set_parent(self) -> None:
        table: Any = self.table
        if table is None or self._stored is not None:
            return
        above = [table, *table.get_ancestors()]
        if any(item.container_source is not None for item in above):
            return
        if not {id(item) for item in above[1:]} & {id(item) for item in self.get_ancestors()}:
            warnings.warn(
                f"The linked table for DynamicTableRegion '{self.name}' does not share an ancestor with the DynamicTableRegion.",
                stacklevel=2,
            )

    # ---- reading

    def __iter__(self) -> Iterator[Any]:
        return (self.get(row) for row in range(len(self)))

    def get(  # pyright: ignore[reportIncompatibleMethodOverride] - the established signature
        self, arg: Any, index: bool = False, df: bool = True, **kwargs: Any
    ) -> Any:
        """What the table holds in the rows of this region.

        Parameters
        ----------
        arg : int, slice, list, array, str, or a tuple of rows and a name
            Which of the rows of the region; the name of a column of the table; or both.
        index : bool
            Give the row numbers in place of the rows.
        df : bool
            Give a data frame. Without one only `index=True` is possible.
        **kwargs
            Passed on to `get` of the table.

        Raises
        ------
        OutOfRangeError
            The region is shorter, or a row number is not one of the table.
        """
        if not df and not index:
            raise InvalidValueError(f"{self._label()}.get: df=False needs index=True")
        if isinstance(arg, str):
            return self._known_table()[arg]
        if isinstance(arg, tuple):
            row, column = pair(arg, self._label())
            if not is_one_row(row):
                return self._known_table()[column].get(self._rows_at(row))
            return self._known_table()[self._row_at(row), column]
        if is_one_row(arg):
            row = self._row_at(arg)
            return row if index else self._known_table().get(row, df=df, index=index, **kwargs)
        data: Any = self.data
        if index and isinstance(arg, slice):
            return data[arg]
        rows = self._rows_at(arg)
        return rows if index else self._frame(rows, **kwargs)

    def _known_table(self) -> DynamicTable:
        table: Any = self.table
        if table is None:
            raise InvalidValueError(f"{self._label()}.table: it is not set, so there is nothing to look up; set it first")
        return table

    def _row_at(self, place: Any) -> int:
        """The row number at one place, which must be a row of the table."""
        data: Any = self.data
        row = data[one_row(place, len(data), self._label())]
        table: Any = self.table
        if table is not None and not 0 <= row < len(table):
            raise self._no_row(int(row), table)
        return row

    def _rows_at(self, places: Any) -> Any:
        data: Any = self.data
        if isinstance(places, slice):
            return data[places]
        wanted = as_rows(places, len(data), self._label())
        values = data[...] if is_array(data) else data
        rows = [values[place] for place in wanted]
        if is_array(data):
            import numpy as np

            return np.asarray(rows, dtype=data.dtype)
        return rows

    def _frame(self, rows: Any, **kwargs: Any) -> pd.DataFrame:
        """The rows of the table, each read once however often it occurs, in the order of the region."""
        import numpy as np

        table = self._known_table()
        wanted = np.asarray(rows, dtype=np.int64)
        for row in wanted[(wanted < 0) | (wanted >= len(table))]:
            raise self._no_row(int(row), table)
        unique, places = np.unique(wanted, return_inverse=True)
        return table.get(unique, df=True, index=False, **kwargs).iloc[places.reshape(-1)]

    def to_dataframe(self, **kwargs: Any) -> pd.DataFrame:
        """All rows of the region as a data frame; the arguments are those of `DynamicTable.to_dataframe`."""
        import numpy as np

        rows: Any = self.data
        table = self._known_table()
        wanted = np.asarray(rows[:], dtype=np.int64)
        for row in wanted[(wanted < 0) | (wanted >= len(table))]:
            raise self._no_row(int(row), table)
        return table.to_dataframe(**kwargs).iloc[wanted]

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """Number of rows of the region and of columns of its table."""
        table: Any = self.table
        return (len(self), len(table.columns)) if table is not None else super().shape

    def __repr__(self) -> str:
        table: Any = self.table
        target = (
            f"{table.name} {type(table).__module__}.{type(table).__name__} at 0x{id(table):x}" if table is not None else "None"
        )
        return f"{self.name} {type(self).__module__}.{type(self).__name__} at 0x{id(self):x}\n    Target table: {target}\n"


def is_region(column: Any) -> bool:
    """Whether the values of a column, ragged or not, are rows of another table."""
    while hasattr(column, "target"):
        column = column.target
    return isinstance(column, DynamicTableRegion)


def require_region(column: Any, label: str) -> DynamicTableRegion:
    """The region of a column, below its indices.

    Raises
    ------
    InvalidValueError
        The column holds something else.
    """
    while hasattr(column, "target"):
        column = column.target
    if not isinstance(column, DynamicTableRegion):
        raise InvalidValueError(f"{label}: expected a DynamicTableRegion, got {type(column).__name__}")
    return column
