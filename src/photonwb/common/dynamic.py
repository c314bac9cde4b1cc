"""Tables: columns of equal length, each an object of its own.

All changes are made as a whole or not at all: whatever goes wrong in the middle of a row leaves the table as it was, and the error
says what was expected. Rows are added one at a time, or many at once, which is as fast as the arrays they come in.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.checks import mismatch
from photonwb.common import building, selection
from photonwb.common.arrangement import ArrangedColumns, parts_of
from photonwb.common.columns import ElementIdentifiers, VectorData, is_whole
from photonwb.common.predefined import Column
from photonwb.common.ragged import Ragged, VectorIndex
from photonwb.common.regions import DynamicTableRegion, require_region
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError, OutOfRangeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from photonwb.common.columns import GrowingData
    from photonwb.common.meanings import MeaningsTable
    from photonwb.typing import ArrayLike

__all__ = ["DynamicTable", "DynamicTableLink"]


class DynamicTableLink(NamedTuple):
    """A column of one table whose values are rows of another."""

    source_table: DynamicTable
    source_column: DynamicTableRegion | VectorIndex
    target_table: DynamicTable


class DynamicTable(ArrangedColumns, neurodata_type="DynamicTable"):
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

    def _init(self, arguments: Mapping[str, Any]) -> None:
        super()._init(arguments)
        for column in self.__predefined__.values():
            if column.required and column.name not in self.colnames:
                self._add_predefined(column)
        for name, table in (arguments.get("target_tables") or {}).items():
            self._set_target_table(name, table)
        for table in arguments.get("meanings_tables") or ():
            self.add_meanings_table(table)

    def _set_target_table(self, name: str, table: DynamicTable) -> None:
        if name not in self.colnames:
            column = self.__predefined__.get(name)
            if column is None or not column.table:
                raise InvalidValueError(f"{self._label()}.target_tables: {name!r} is no column whose values are rows of a table")
            self._add_predefined(column)
        region = require_region(self._top(name), f"{self._label()}.target_tables[{name!r}]")
        current: Any = region.table
        if current is not None and current is not table:
            raise InvalidValueError(f"{region._label()} already has rows of {current._label()}, not of {table._label()}")
        if current is None:
            region.table = table

    # ---- adding columns

    def add_column(
        self,
        name: str,
        description: str,
        data: ArrayLike = (),
        table: bool | DynamicTable = False,
        index: ArrayLike | bool | VectorIndex | int = False,
        enum: ArrayLike | bool = False,
        col_cls: type[VectorData] | None = None,
        check_ragged: bool = True,
        **extra: Any,
    ) -> None:
        """Add a column.

        Parameters
        ----------
        name : str
        description : str
            What the values are.
        data : array_like, optional
            A value for each row of the table.
        table : bool or DynamicTable
            Whether the values are rows of a table, or of which one.
        index : bool, int or array_like of int
            True for a list of values per row, 2 for a list of lists; or where each row ends in `data`.
        enum : bool or array_like
            Whether the values come from a fixed set, or from which; the data are then places in it.
        col_cls : type, optional
            Class of the column.
        check_ragged : bool
            Whether to warn of rows of different lengths without an index.
        **extra
            More arguments for the class of the column.

        Raises
        ------
        InvalidValueError
            There is such a column, or the data are not as many as the rows.
        """
        if name in self.colnames:
            raise InvalidValueError(f"{self._label()}: there already is a column named {name!r}")
        options: dict[str, Any] = {"table": table, "index": index, "enum": enum, "col_cls": col_cls}
        declared = self.__predefined__.get(name)
        if declared is not None:
            options = building.with_predefined(declared, owner=type(self).__name__, **options)
        label = f"{self._label()}: column {name!r}"
        parts = building.new_column(name, description, data, **options, check_ragged=check_ragged, extra=extra, label=label)
        self._check_new_column(name, parts)
        self._join(name, parts)

    def _add_predefined(self, column: Column) -> None:
        self.add_column(
            column.name,
            column.description,
            index=column.index if column.index > 1 else bool(column.index),
            table=column.table,
            enum=column.enum,
            col_cls=building.column_class(column.kind) if column.kind else None,
            **column.extra,
        )

    def _check_new_column(self, name: str, parts: list[VectorData]) -> None:
        for part in parts:
            if part.name in self._members:
                raise InvalidValueError(f"{self._label()}: there already is a column named {part.name!r}")
        rows = parts[0]._row_count()
        count = len(self.id)
        if rows is None or rows == count:
            return
        if count or self.colnames:
            raise InvalidValueError(
                f"{self._label()}: column {name!r}: expected a value for each of the {count} rows, got {rows}"
                + ("; give it `data` for the rows that are there" if not rows else "")
            )
        self.id.extend(range(rows))  # the first column brings the rows

    def _join(self, name: str, parts: list[VectorData]) -> None:
        if any(_hides_attribute(type(self), part.name) for part in parts):
            warnings.warn(
                f"An attribute '{name}' already exists on {type(self).__name__} '{self.name}' so this column cannot be accessed as "
                f"an attribute, e.g., table.{name}; it can only be accessed using other methods, e.g., table['{name}'].",
                stacklevel=3,
            )
        colnames, columns = self.colnames, self.columns
        self.__dict__.update(
            _held={**self._members, **{part.name: part for part in parts}}, colnames=(*colnames, name), columns=(*columns, *parts)
        )
        self.__dict__.pop("_top_columns", None)
        for part in parts:
            self._adopt(part)
        self._note_columns()

    # ---- adding rows

    def add_row(
        self,
        data: Mapping[str, Any] | None = None,
        id: int | None = None,
        enforce_unique_id: bool = False,
        check_ragged: bool = True,
        **columns: Any,
    ) -> None:
        """Add a row.

        Parameters
        ----------
        data : dict, optional
            The values by column; they can also be given as arguments.
        id : int, optional
            Identifier of the row; by default its number.
        enforce_unique_id : bool
            Whether to refuse an identifier that is there already.
        check_ragged : bool
            Whether to warn when a column without an index gets values of different lengths.
        **columns
            The value for each column; for a ragged column the list of its values.

        Raises
        ------
        InvalidValueError
            A column is missing or unknown, a value does not fit, or the identifier is not unique; the table is as it was before.
        """
        values = columns if data is None else {**data, **columns}
        if id is None and "id" in values:
            values = dict(values)
            id = values.pop("id")
        identifiers = self.id
        if id is None:
            id = len(identifiers)
        elif type(id) is not int and not is_whole(id):
            raise InvalidTypeError(mismatch(f"{self._label()}.id", "a whole number", id))
        if enforce_unique_id and identifiers._holds(id):
            raise InvalidValueError(f"{self._label()}: id {id} already in the table")
        before = self._snapshot()
        try:
            tops = self._columns_for(values)
            for name, column in tops.items():
                column.add_row(values[name])
            identifiers.append(id)
        except BaseException:
            self._revert(before)
            raise
        if check_ragged:
            for name, column in tops.items():
                self._warn_if_ragged(name, column)

    def add_rows(
        self,
        data: Mapping[str, Any] | None = None,
        /,
        *,
        id: Sequence[int] | None = None,
        enforce_unique_id: bool = False,
        **columns: Any,
    ) -> None:
        """Add many rows at once.

        Parameters
        ----------
        data : dict, optional
            The values by column; they can also be given as arguments.
        id : array_like of int, optional
            Identifiers of the rows; by default their numbers.
        enforce_unique_id : bool
            Whether to refuse identifiers that are there already.
        **columns
            For each column the values of all new rows; of a ragged column a list with the values of each row, or a `Ragged`.

        Raises
        ------
        InvalidValueError
            As `add_row` does, or the columns differ in length; the table is as it was before.
        """
        values = columns if data is None else {**data, **columns}
        counts = {name: _count_of_rows(value) for name, value in values.items() if value is not None}
        if id is not None:
            counts["id"] = len(id)
        if len(set(counts.values())) != 1:
            raise InvalidValueError(f"{self._label()}: expected as many values for each column, got {counts or 'none'}")
        count = counts.popitem()[1]
        start = len(self.id)
        wanted = range(start, start + count) if id is None else id
        if enforce_unique_id and (len(set(wanted)) < count or any(self.id._holds(each) for each in wanted)):
            raise InvalidValueError(f"{self._label()}: expected identifiers that are not in the table yet, each once")
        before = self._snapshot()
        try:
            for name, column in self._columns_for(values).items():
                if isinstance(column, VectorIndex):
                    column.extend_rows(values[name])
                else:
                    column.extend(values[name])
            self.id.extend(wanted)
        except BaseException:
            self._revert(before)
            raise
        for name, column in self._tops().items():
            self._warn_if_ragged(name, column)

    def _snapshot(self) -> tuple[dict[str, Any], list[tuple[GrowingData, Any]]]:
        """What `_revert` needs to undo the addition of rows, and of the columns that came with them."""
        held = self.__dict__
        parts = held.get("_row_parts")
        if parts is None or held.get("_top_columns") is None:
            tops = self._tops()
            parts = held["_row_parts"] = [self.id, *(part for top in tops.values() for part in parts_of(top))]
        return (
            {key: held.get(key) for key in ("_held", "_top_columns", "_row_parts", "colnames", "columns")},
            [(part, part._state()) for part in parts],
        )

    def _revert(self, snapshot: tuple[dict[str, Any], list[tuple[GrowingData, Any]]]) -> None:
        arranged, states = snapshot
        self.__dict__.update((key, value) for key, value in arranged.items() if value is not None)
        for part, state in states:
            part._restore(state)

    def _columns_for(self, values: Mapping[str, Any]) -> dict[str, VectorData]:
        """The columns of a row with these values; declared columns that are new with it are added."""
        tops = self._tops()
        if values.keys() == tops.keys():
            return tops
        for name in [name for name in values if name not in tops]:
            column = self.__predefined__.get(name)
            if column is None:
                raise InvalidValueError(
                    f"{self._label()}: row data keys don't match available columns: there is no column {name!r}, only {list(tops)}; "
                    "add_column makes one"
                )
            if values[name] is not None:
                self._add_predefined(column)
        tops = self._tops()
        missing = [name for name in tops if name not in values]
        if missing:
            raise InvalidValueError(f"{self._label()}: column {missing[0]!r} missing: expected values for {list(tops)}")
        return tops

    def _warn_if_ragged(self, name: str, column: VectorData) -> None:
        data = column.data
        if type(data) is not list or not data:
            return
        seen: set[str] = self.__dict__.setdefault("_ragged_columns", set())
        if name not in seen and building.is_ragged((data[0], data[-1])):
            seen.add(name)  # a ragged column never becomes even again: one warning is enough
            warnings.warn(building.RAGGED_WARNING.format(doing="creating a column to add rows"), stacklevel=3)

    # ---- reading

    def __len__(self) -> int:
        return len(self.id)

    def __bool__(self) -> bool:
        return True

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
            return selection.cell_at(self, *key)
        return selection.rows_at(self, key, df=df, index=index, options=kwargs)

    def to_dataframe(self, exclude: Collection[str] | None = None, index: bool = False) -> pd.DataFrame:
        """The whole table as a data frame, with the identifiers as its index.

        Parameters
        ----------
        exclude : set of str, optional
            Columns to leave out.
        index : bool
            Of a column whose values are rows of a table, give the numbers of these rows; else each cell is a data frame.
        """
        return selection.rows_at(self, slice(None), df=True, index=index, options={"exclude": exclude})

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

    __hash__ = ArrangedColumns.__hash__  # objects of a file are told apart by identity

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

    def copy(self) -> Any:
        """A table with the same columns, which stay where they are: the copy links to them."""
        made = type(self).__new__(type(self))
        for field in type(self).__fields__.values():
            if field.name != "meanings_tables":
                made.__dict__[field.name] = getattr(self, field.name)
        made.__dict__.update(_name=self.name, _held=dict(self._members))
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

    def add_meanings_table(self, meanings_table: MeaningsTable) -> None:
        """Add a table that says what the values of a column mean."""
        target = meanings_table.target.name
        if target not in self:
            raise InvalidValueError(f"{self._label()}: there is no column {target!r} for {meanings_table._label()}")
        self._add("meanings_tables", meanings_table)

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

    def __repr__(self) -> str:
        lines = [f"{self.name} {type(self).__module__}.{type(self).__name__} at 0x{id(self):x}", "Fields:"]
        lines.append(f"  description: {self.description}")
        lines.append(f"  rows: {self.id._row_count()}")
        lines.append("  columns:")
        lines.extend(f"    {name}: {type(self._member(name)).__name__}" for name in self.colnames)
        return "\n".join(lines) + "\n"


def _count_of_rows(values: Any) -> int:
    if isinstance(values, Ragged):
        values = values.ends
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InvalidTypeError(mismatch("add_rows", "a list or array with the values of all new rows", values))
    return len(values)


def _hides_attribute(cls: type, name: str) -> bool:
    """Whether an attribute of the class stands in the way of a column of that name."""
    return not isinstance(getattr(cls, name, None), (Column, type(None)))
