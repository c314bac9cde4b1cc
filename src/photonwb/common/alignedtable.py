"""Tables whose columns come in categories, each a table of its own with the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.common.dynamic import DynamicTable
from photonwb.common.rows import is_one_row
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.model.checks import describe_value
from photonwb.model.fields import Field, Kind, children

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from photonwb.common.columns import ElementIdentifiers, VectorData
    from photonwb.common.dynamic import DynamicTableLink
    from photonwb.common.meanings import MeaningsTable
    from photonwb.common.ragged import VectorIndex
    from photonwb.model.container import AbstractContainer
    from photonwb.model.labelled import LabelledDict
    from photonwb.typing import ArrayLike, Several

__all__ = ["AlignedDynamicTable"]


class _Categories(Field):
    """Names of the categories: in the order of the file, and then those that were added."""

    def load(self, instance: AbstractContainer) -> Any:
        held: Any = instance.category_tables  # type: ignore[attr-defined] - a field of tables with categories
        listed = [name for name in super().load(instance) or () if name in held]
        return [*listed, *(name for name in held if name not in listed)]


class AlignedDynamicTable(DynamicTable, neurodata_type="AlignedDynamicTable"):
    """A table with columns of its own and columns in categories.

    Parameters
    ----------
    name, description, id, columns, colnames, target_tables, meanings_tables
        As of `DynamicTable`, for the columns that are in no category.
    category_tables : list of DynamicTable, optional
        A table for each category, with as many rows as this one.
    categories : list of str, optional
        Order of the categories.
    """

    categories: list[str] = _Categories(  # type: ignore[assignment]
        Kind.ATTRIBUTE, "Names of the categories, in order.", dtype="text", shape=(None,)
    )
    category_tables: LabelledDict[DynamicTable] = children("The categories, by name.")

    def __init__(
        self,
        name: str,
        description: str,
        id: ArrayLike | ElementIdentifiers | None = None,
        columns: Sequence[VectorData] | Sequence[Mapping[str, Any]] | None = None,
        colnames: Sequence[str] | None = None,
        target_tables: Mapping[str, DynamicTable] | None = None,
        meanings_tables: Sequence[MeaningsTable] | None = None,
        category_tables: Several[DynamicTable] | None = None,
        categories: Sequence[str] | None = None,
    ) -> None:
        self._init({key: value for key, value in locals().items() if key not in ("category_tables", "categories")})
        field = type(self).__fields__["category_tables"]
        tables: list[DynamicTable] = field.check(self, category_tables) if category_tables is not None else []
        by_name = {table.name: table for table in tables}
        names = list(by_name) if categories is None else list(categories)
        if len(by_name) != len(tables) or sorted(names) != sorted(by_name):
            raise InvalidValueError(
                f"{self._label()}.categories: expected one table for each of {names}, got {[table.name for table in tables]}"
            )
        if tables and not len(self.id):
            self.id.extend(range(len(tables[0])))
        for each in names:
            self.add_category(by_name[each])

    def __contains__(self, val: object) -> bool:
        if isinstance(val, tuple):
            if len(val) != 2:
                raise InvalidValueError(f"{self._label()}: expected (category, column), got {val!r}")
            return val[1] in self.get_category(val[0])
        return isinstance(val, str) and (val in self.category_tables or val in self.colnames)

    def _adopt(self, item: AbstractContainer) -> None:
        super()._adopt(item)
        self.__dict__.pop("categories", None)

    def _release(self, item: AbstractContainer) -> None:
        super()._release(item)
        self.__dict__.pop("categories", None)

    # ---- adding

    def add_category(self, category: DynamicTable) -> None:
        """Add a category: a table with as many rows as this one.

        Raises
        ------
        InvalidValueError
            The table has another number of rows, there is such a category, or it has categories itself.
        """
        if isinstance(category, AlignedDynamicTable):
            raise InvalidValueError(f"{self._label()}: a category cannot have categories itself, as {category._label()} does")
        if len(category) != len(self):
            raise InvalidValueError(
                f"{self._label()}: expected {len(self)} rows in a category, {category._label()} has {len(category)}"
            )
        self._add("category_tables", category)

    def get_category(self, name: str | None = None) -> DynamicTable:
        """The table of a category; without a name, or with that of this table, this table."""
        if name is None or (name == self.name and name not in self.category_tables):
            return self
        if name not in self.category_tables:
            raise NotFoundError(f"{self._label()}: there is no category {name!r}, only {self.categories}")
        return self.category_tables[name]

    def add_column(  # type: ignore[override] - the established signature
        self,
        name: str,
        description: str,
        data: ArrayLike = (),
        table: bool | DynamicTable = False,
        index: ArrayLike | bool | VectorIndex | int = False,
        enum: ArrayLike | bool = False,
        col_cls: type[VectorData] | None = None,
        check_ragged: bool = True,
        category: str | None = None,
        **extra: Any,
    ) -> None:
        """Add a column, to a category or to none; the other arguments are those of `DynamicTable.add_column`."""
        add = super().add_column if category is None else self.get_category(category).add_column
        add(name, description, data, table, index, enum, col_cls, check_ragged, **extra)

    def add_row(
        self,
        data: Mapping[str, Any] | None = None,
        id: int | None = None,
        enforce_unique_id: bool = False,
        check_ragged: bool = True,
        **columns: Any,
    ) -> None:
        """Add a row: for each column its value, for each category a dict with the values of its columns.

        Raises
        ------
        NotFoundError
            The values of a category are missing.
        InvalidValueError
            As in `DynamicTable.add_row`; the tables are as they were before.
        """
        values = {**(data or {}), **columns}
        missing = [name for name in self.categories if name not in values]
        if missing:
            raise NotFoundError(f"{self._label()}: row data keys do not match available categories: nothing for {missing}")
        rows = {name: values.pop(name) for name in self.categories}
        tables = [self, *(self.category_tables[name] for name in rows)]
        before = [table._snapshot() for table in tables]
        try:
            super().add_row(values, id=id, enforce_unique_id=enforce_unique_id, check_ragged=check_ragged)
            for name, row in rows.items():
                self.category_tables[name].add_row(**row)
        except BaseException:
            for table, snapshot in zip(tables, before, strict=True):
                table._revert(snapshot)
            raise

    # ---- reading

    def get_colnames(self, include_category_tables: bool = False, ignore_category_ids: bool = False) -> Any:
        """Names of the columns; with the categories as a list of (table, column).

        Parameters
        ----------
        include_category_tables : bool
        ignore_category_ids : bool
            Leave out the identifiers of the categories.
        """
        if not include_category_tables:
            return self.colnames
        names = [(self.name, name) for name in self.colnames]
        for category in self._category_list():
            names += [] if ignore_category_ids else [(category.name, "id")]
            names += [(category.name, name) for name in category.colnames]
        return names

    def _category_list(self) -> list[DynamicTable]:
        return [self.category_tables[name] for name in self.categories]

    def to_dataframe(self, ignore_category_ids: bool = False) -> Any:  # type: ignore[override] - the established signature
        """The whole table as a data frame, with the categories as the upper level of its columns.

        Parameters
        ----------
        ignore_category_ids : bool
            Leave out the identifiers of the categories.
        """
        frames = [super().to_dataframe().reset_index()]
        for category in self._category_list():
            frame = category.to_dataframe()
            frames.append(frame if ignore_category_ids else frame.reset_index())
        return self._side_by_side(frames, ignore_category_ids)

    def _side_by_side(self, frames: list[Any], ignore_category_ids: bool = False) -> Any:
        import pandas as pd

        if ignore_category_ids:
            frames = [frame.reset_index(drop=True) if place else frame for place, frame in enumerate(frames)]
        joined = pd.concat(frames, axis=1, keys=[self.name, *self.categories])
        return joined.set_index((self.name, self.id.name), drop=True)

    def get(self, item: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - established
        """Rows, columns, categories or cells.

        Parameters
        ----------
        item
            A row, or several (int, slice, list, array): a data frame of all categories.
            The name of a column, or of a category: the column, or the category as a data frame.
            (category, column), (row, category) or (category, row), where None or the name of this table stands for the
            columns in no category; (row, (category, column)), (row, category, column) or (category, column, row): a cell.
        **kwargs
            As of `DynamicTable.get`.
        """
        if isinstance(item, tuple):
            return self._get_by_tuple(item)
        if isinstance(item, str) or item is None:
            if item in self.colnames or item == "id":
                return super().get(item, **kwargs)
            return self.get_category(item).to_dataframe()
        rows = super().get(item, **kwargs)
        if not kwargs.get("df", True):
            return rows
        return self._side_by_side([rows.reset_index(), *(table[item].reset_index() for table in self._category_list())])

    def _get_by_tuple(self, key: tuple[Any, ...]) -> Any:
        if len(key) == 2 and is_one_row(key[0]) and isinstance(key[1], tuple):
            key = (key[0], *key[1])
        if len(key) == 2:
            first, second = key
            if is_one_row(first):
                return self.get(first)[self.get_category(second).name]
            return self._own_get(first, second)
        if len(key) == 3:
            row, category, column = key if is_one_row(key[0]) else (key[2], key[0], key[1])
            return self._own_get(category, (row, column))
        raise InvalidValueError(
            f"{self._label()}: expected [category, column], [row, category], [row, (category, column)], "
            f"[category, column, row] or [row, category, column], got {describe_value(key)}"
        )

    def _own_get(self, category: str | None, key: Any) -> Any:
        table = self.get_category(category)
        return DynamicTable.get(table, key) if table is self else table[key]

    # ---- links to other tables

    def has_foreign_columns(self, ignore_category_tables: bool = False) -> bool:
        """Whether the values of some column, of a category too, are rows of another table."""
        return bool(self.get_foreign_columns(ignore_category_tables))

    def get_foreign_columns(self, ignore_category_tables: bool = False) -> list[Any]:
        """The columns whose values are rows of another table, as (category or None, column)."""
        names: list[Any] = [(None, name) for name in super().get_foreign_columns()]
        if not ignore_category_tables:
            names += [(table.name, name) for table in self._category_list() for name in table.get_foreign_columns()]
        return names

    def get_linked_tables(
        self, other_tables: Collection[DynamicTable] | None = None, ignore_category_tables: bool = False
    ) -> list[DynamicTableLink]:
        """All columns that lead to another table; see `DynamicTable.get_linked_tables`."""
        tables = [*(other_tables or ()), *(() if ignore_category_tables else self._category_list())]
        return super().get_linked_tables(tables)

    def get_meanings_for_column(self, col_name: str, category: str | None = None) -> MeaningsTable | None:
        """The table of meanings of a column, of a category or of none; None when it has none."""
        table = self.get_category(category)
        return super().get_meanings_for_column(col_name) if table is self else table.get_meanings_for_column(col_name)
