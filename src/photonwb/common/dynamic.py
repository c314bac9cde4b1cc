"""Tables: columns of equal length, each an object of its own.

What `DynamicTable` offers is spread over three modules: which columns there are (`arrangement`), how they are added to
(`filling`), and here what is read from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.common import building, selection
from photonwb.common.columns import ElementIdentifiers, VectorData
from photonwb.common.filling import FilledColumns
from photonwb.common.regions import DynamicTableRegion
from photonwb.common.rows import pair
from photonwb.errors import ClosedFileError, InvalidValueError, NotFoundError, OutOfRangeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from photonwb.common.meanings import MeaningsTable
    from photonwb.common.ragged import VectorIndex
    from photonwb.typing import ArrayLike

__all__ = ["DynamicTable", "DynamicTableLink"]


class DynamicTableLink(NamedTuple):
    """A column of one table whose values are rows of another."""

    source_table: DynamicTable
    source_column: DynamicTableRegion | VectorIndex
    target_table: DynamicTable


class DynamicTable(FilledColumns, neurodata_type="DynamicTable"):
    """A table of columns that are chosen freely.

    Parameters
    ----------
    name : str
    description : str
        What is in the table.
    id : array_like of int or ElementIdentifiers, optional
        An identifier for each row; by default the numbers from 0.
    columns : list of VectorData, or of dict, optional
        The columns with their indices, or for each (empty) column a dict with `name`, `description` and what else `add_column`
        knows.
    colnames : list of str, optional
        Order of the columns.
    target_tables : dict, optional
        For the columns whose values are rows of a table, that table.
    meanings_tables : list of MeaningsTable, optional

    Notes
    -----
    `table["name"]` is a column, of a ragged one its `VectorIndex`; `table.name` the values of all rows, one after the other.
    `table[3]`, `table[2:5]` and `table[[0, 4]]` are data frames, `table[3, "name"]` is a cell.
    """

    def __init__(
        self,
        name: str,
        description: str,
        id: ArrayLike | ElementIdentifiers | None = None,
        columns: Sequence[VectorData] | Sequence[Mapping[str, Any]] | None = None,
        colnames: Sequence[str] | None = None,
        target_tables: Mapping[str, DynamicTable] | None = None,
        meanings_tables: Sequence[MeaningsTable] | None = None,
    ) -> None:
        self._init(locals())

    # ---- reading

    def __len__(self) -> int:
        return len(self.id)

    def __contains__(self, val: object) -> bool:
        return isinstance(val, str) and (val in self.colnames or val in self._members)

    def __getitem__(self, key: Any) -> Any:
        found = self.get(key)
        if found is None and isinstance(key, str):
            raise NotFoundError(f"{self._label()}: there is no column {key!r}, only {list(self.colnames)}")
        return found

    def get(self, key: Any, default: Any = None, df: bool = True, index: bool = True, **kwargs: Any) -> Any:
        """A column, rows or a cell.

        Parameters
        ----------
        key : str, int, slice, list, array or (row, column)
            The name of a column ("id" for the identifiers); one row, or several by number or by a mask; or a row (or several)
            and a column.
        default
            What to give when there is no such column.
        df : bool
            Give rows as a data frame; else as a list with the identifiers and the values of each column.
        index : bool
            Of a column whose values are rows of a table, give the numbers of these rows; else the rows as a data frame.
        **kwargs
            Passed on to `get` of the columns; `exclude` is a set of columns to leave out.

        Raises
        ------
        OutOfRangeError
            There is no such row.
        """
        if not df and not index:
            raise InvalidValueError(f"{self._label()}.get: df=False needs index=True")
        if isinstance(key, str):
            if key == "id":
                return self.id
            if key in self.colnames:
                return self._top(key)
            found = self._member(key)
            return default if found is None else found
        if isinstance(key, tuple):
            return selection.cell_at(self, *pair(key, self._label()))
        return selection.rows_at(self, key, df=df, index=index, **kwargs)

    def to_dataframe(self, exclude: Collection[str] | None = None, index: bool = False) -> pd.DataFrame:
        """The whole table as a data frame, with the identifiers as its index.

        Parameters
        ----------
        exclude : set of str, optional
            Columns to leave out.
        index : bool
            Of a column whose values are rows of a table, give the numbers of these rows; else each cell is a data frame.
        """
        return selection.rows_at(self, slice(None), df=True, index=index, exclude=exclude)

    @classmethod
    def from_dataframe(
        cls,
        df: pd.DataFrame,
        name: str,
        index_column: str | None = None,
        table_description: str = "",
        columns: Sequence[Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """A table with the columns of a data frame.

        Parameters
        ----------
        df : pandas.DataFrame
            Columns whose cells are lists of different lengths become ragged ones.
        name : str
        index_column : str, optional
            The column with the identifiers; by default they are the index of the data frame.
        table_description : str
        columns : list of dict, optional
            More on some columns: `name`, `description`, `index`, `enum`, `table`, `class`.
        **kwargs
            More arguments for the class of the table; `column_descriptions` is a dict of descriptions by column.
        """
        descriptions = kwargs.pop("column_descriptions", {})
        entries = {entry["name"]: entry for entry in columns or ()}
        missing = [column.name for column in cls.__predefined__.values() if column.required and column.name not in df.columns]
        missing += [each for each in entries if each not in df.columns]
        if missing:
            raise InvalidValueError(
                f"{cls.__name__} {name!r}: expected columns {missing} in the data frame, got {list(df.columns)}"
            )
        entries |= {column.name: column.as_mapping() for column in cls.__predefined__.values()}
        source = df.index if index_column is None else df[index_column]
        identifiers = ElementIdentifiers(index_column or str(df.index.name or "id"), source.to_numpy().tolist())
        made = building.columns_of_frame(df, entries, descriptions)
        return cls(name=name, id=identifiers, columns=made, description=table_description, **kwargs)

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if not isinstance(other, DynamicTable) or self.name != other.name or self.description != other.description:
            return False
        return self.to_dataframe().equals(other.to_dataframe())

    __hash__ = FilledColumns.__hash__  # objects of a file are told apart by identity

    def create_region(self, name: str, region: slice | Sequence[int], description: str) -> DynamicTableRegion:
        """Some rows of this table, to be used elsewhere.

        Parameters
        ----------
        name : str
        region : slice, list or tuple of int
            Which rows.
        description : str
            What the rows are for.

        Raises
        ------
        OutOfRangeError
            The table has no such row.
        """
        if isinstance(region, slice):
            count = len(self)
            if (region.start or 0) < 0 or (region.stop is not None and region.stop > count):
                raise OutOfRangeError(f"{self._label()}.create_region: {region} goes beyond the {count} rows of the table")
            region = list(range(count)[region])
        return DynamicTableRegion(name, region, description, self)

    def copy(self, name: str | None = None) -> Any:
        """A table with the same columns, which stay where they are: the copy links to them.

        Parameters
        ----------
        name : str, optional
            Name of the copy; by default that of the table.
        """
        made = type(self).__new__(type(self))
        for field in type(self).__fields__.values():
            if field.name != "meanings_tables":
                made.__dict__[field.name] = getattr(self, field.name)
        made.__dict__.update(_name=self.name if name is None else self._check_name(name), _held=dict(self._members))
        return made

    # ---- links to other tables

    def has_foreign_columns(self) -> bool:
        """Whether the values of some column are rows of another table."""
        return bool(DynamicTable.get_foreign_columns(self))

    def get_foreign_columns(self) -> list[Any]:
        """Names of the columns whose values are rows of another table."""
        return [column.name for column in self.columns if isinstance(column, DynamicTableRegion)]

    def get_linked_tables(self, other_tables: Collection[DynamicTable] | None = None) -> list[DynamicTableLink]:
        """All columns that lead to another table, from here or from any table that is reached in this way.

        Parameters
        ----------
        other_tables : list of DynamicTable, optional
            More tables to begin with.
        """
        tables: list[DynamicTable] = [self, *(other_tables or ())]
        links: list[DynamicTableLink] = []
        for table in tables:  # grows on the way
            for column in table.columns:
                if isinstance(column, DynamicTableRegion):
                    links.append(DynamicTableLink(table, column, column.table))
                    if not any(column.table is known for known in tables):
                        tables.append(column.table)
        return links

    # ---- meanings

    def get_meanings_table(self, name: str) -> MeaningsTable:
        """The table of meanings of that name."""
        if name not in self.meanings_tables:
            raise NotFoundError(f"{self._label()}: there is no MeaningsTable {name!r}, only {list(self.meanings_tables)}")
        return self.meanings_tables[name]

    def get_meanings_for_column(self, col_name: str) -> MeaningsTable | None:
        """The table of meanings of a column; None when it has none."""
        if col_name not in self:
            raise NotFoundError(f"{self._label()}: there is no column {col_name!r}, only {list(self.colnames)}")
        return self.meanings_tables.get(f"{col_name}_meanings")

    # ---- storage, showing

    def set_data_io(self, dataset_name: str, *args: Any, **kwargs: Any) -> None:
        """Say how the values of a column (or of the identifiers) are to be stored; see `Container.set_data_io`."""
        column = self.id if dataset_name == "id" else self._member(dataset_name)
        if column is None:
            super().set_data_io(dataset_name, *args, **kwargs)
        else:
            column.set_data_io(*args, **kwargs)

    def generate_html_repr(self, level: int = 0, access_code: str = "", nrows: int = 4) -> str:
        """The first rows as HTML.

        Parameters
        ----------
        level : int
            How deep inside of others the table is shown.
        access_code : str
            The Python expression that leads to the table, shown when the mouse rests on it.
        nrows : int
            How many rows.
        """
        from html import escape

        count = len(self)
        more = f"<p>... and {count - nrows} more row(s).</p>" if count > nrows else ""
        title = escape(f"{self.name} ({type(self).__name__})")
        return (
            f'<div style="margin-left: {level * 20}px" title="{escape(access_code)}"><b>{title}</b>: {escape(self.description)}'
            f"{self[: min(nrows, count)].to_html()}{more}</div>"
        )

    def __repr__(self) -> str:
        lines = [f"{self.name} {type(self).__module__}.{type(self).__name__} at 0x{id(self):x}", "Fields:"]
        try:
            lines.append(f"  description: {self.description}")
            lines.append(f"  rows: {self.id._row_count()}")
            lines.append("  columns:")
            lines.extend(f"    {name}: {type(self._member(name)).__name__}" for name in self.colnames)
        except ClosedFileError as error:
            lines.append(f"  (not all can be read: {error})")
        return "\n".join(lines) + "\n"
