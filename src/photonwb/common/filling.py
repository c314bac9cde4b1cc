"""How rows and columns come into a table.

All changes are made as a whole or not at all: whatever goes wrong in the middle of a row leaves the table as it was, and the
error says what was expected. Rows are added one at a time, or many at once, which is as fast as the arrays they come in.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.common import building
from photonwb.common.arrangement import ArrangedColumns, parts_of
from photonwb.common.columns import is_whole
from photonwb.common.ragged import Ragged, VectorIndex
from photonwb.common.regions import require_region
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.checks import mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from photonwb.common.columns import GrowingData, VectorData
    from photonwb.common.dynamic import DynamicTable
    from photonwb.common.meanings import MeaningsTable
    from photonwb.common.predefined import Column
    from photonwb.typing import ArrayLike

    # The attributes of a table, and of each part of its columns the data and their length.
    Snapshot = tuple[dict[str, Any], list[tuple[Any, int | None]]]

__all__ = ["FilledColumns"]

_SCALARS = frozenset((int, float, bool, str))  # values that cannot make a column ragged


class FilledColumns(ArrangedColumns):
    """The part of a table that rows and columns are added to; the whole is `DynamicTable`."""

    def _init(self, arguments: Mapping[str, Any]) -> None:
        super()._init(arguments)
        for column in self.__predefined__.values():
            if column.required and column.name not in self.colnames:
                self._add_predefined(column)
        for name, table in (arguments.get("target_tables") or {}).items():
            self._set_target_table(name, table)
        for table in arguments.get("meanings_tables") or ():
            self.add_meanings_table(table)

    def add_meanings_table(self, meanings_table: MeaningsTable) -> None:
        """Add a table that says what the values of a column mean."""
        target = meanings_table.target.name
        if target not in self.colnames:
            raise InvalidValueError(f"{self._label()}: there is no column {target!r} for {meanings_table._label()}")
        self._add("meanings_tables", meanings_table)

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
        self._warn_of_hidden(parts, stacklevel=4)
        colnames, columns = self.colnames, self.columns
        self.__dict__.update(
            _held={**self._members, **{part.name: part for part in parts}}, colnames=(*colnames, name), columns=(*columns, *parts)
        )
        self._forget_arrangement()
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
        identifier = id if data is None or id is not None else values.pop("id", None)
        self._add_row(values, identifier, enforce_unique_id, check_ragged)

    def _add_row(
        self, values: Mapping[str, Any], identifier: int | None, enforce_unique_id: bool = False, check_ragged: bool = True
    ) -> None:
        identifiers = self.id
        if identifier is None:
            identifier = len(identifiers)
        elif type(identifier) is not int and not is_whole(identifier):
            raise InvalidTypeError(mismatch(f"{self._label()}.id", "a whole number", identifier))
        if enforce_unique_id and identifiers._holds(identifier):
            raise InvalidValueError(f"{self._label()}: id {identifier} already in the table")
        before = self._snapshot()
        try:
            tops = self._columns_for(values)
            for name, column in tops.items():
                if type(column) is VectorIndex:
                    column.add_vector(values[name])
                else:
                    column.add_row(values[name])
            identifiers.append(identifier)
        except BaseException:
            self._revert(before)
            raise
        if check_ragged:
            for name, column in tops.items():
                if type(column) is not VectorIndex and type(values[name]) not in _SCALARS and type(column.data) is list:
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
        self._add_rows(columns if data is None else {**data, **columns}, id, enforce_unique_id)

    def _add_rows(self, values: Mapping[str, Any], id: Sequence[int] | None, enforce_unique_id: bool = False) -> None:
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
            if type(column.data) is list and type(column) is not VectorIndex:
                self._warn_if_ragged(name, column)

    def _snapshot(self) -> Snapshot:
        """What `_revert` needs to undo the addition of rows, and of the columns that came with them."""
        held = self.__dict__
        parts: Sequence[GrowingData] = held.get("_row_parts", ())
        if not parts:
            parts = held["_row_parts"] = [self.id, *(part for top in self._tops().values() for part in parts_of(top))]
        return held.copy(), [part._state() for part in parts]

    def _revert(self, snapshot: Snapshot) -> None:
        held, states = snapshot
        self.__dict__.clear()
        self.__dict__.update(held)
        for part, state in zip(held["_row_parts"], states, strict=True):
            part._restore(*state)

    def _columns_for(self, values: Mapping[str, Any]) -> dict[str, VectorData]:
        """The columns of a row with these values; declared columns that are new with it are added."""
        tops = self._tops()
        if values.keys() == tops.keys():
            return tops
        for name in [name for name in values if name not in tops]:
            column = self.__predefined__.get(name)
            if column is None:
                raise InvalidValueError(
                    f"{self._label()}: row data keys don't match available columns: there is no column {name!r}, "
                    f"only {list(tops)}; add_column makes one"
                )
            if values[name] is not None:
                self._add_predefined(column)
        tops = self._tops()
        missing = [name for name in tops if name not in values]
        if missing:
            raise InvalidValueError(f"{self._label()}: column {missing[0]!r} missing: expected values for {list(tops)}")
        return tops

    def _warn_if_ragged(self, name: str, column: VectorData) -> None:
        data: Any = column.data
        seen: set[str] = self.__dict__.setdefault("_ragged_columns", set())
        if data and name not in seen and building.is_ragged((data[0], data[-1])):
            seen.add(name)  # a ragged column never becomes even again: one warning is enough
            warnings.warn(building.RAGGED_WARNING.format(doing="creating a column to add rows"), stacklevel=4)


def _count_of_rows(values: Any) -> int:
    if isinstance(values, Ragged):
        values = values.ends
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InvalidTypeError(mismatch("add_rows", "a list or array with the values of all new rows", values))
    return len(values)
