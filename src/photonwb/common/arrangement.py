"""Which columns a table has, and how they belong together.

A table keeps its columns by name, with the indices of the ragged ones and whatever else is stored for them. `colnames` says
which of them are columns to the user, in their order. Of a table in a file only the names are known at first: a column becomes
an object when it is asked for, so that one that is damaged or missing does not stand in the way of the others.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from photonwb.common import building
from photonwb.common.columns import ElementIdentifiers, VectorData
from photonwb.common.enumeration import EnumData
from photonwb.common.predefined import Column
from photonwb.common.ragged import VectorIndex
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.model.container import Container
from photonwb.model.fields import Field, Kind, attribute, children
from photonwb.model.labelled import LabelledDict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from photonwb.common.meanings import MeaningsTable
    from photonwb.model.container import AbstractContainer

__all__ = ["ArrangedColumns", "parts_of"]


class _Columns(Field):
    """All columns with their indices: those of a file are known by name, and made when they are asked for."""

    def load(self, instance: AbstractContainer) -> Any:
        return instance._ordered_columns()  # type: ignore[attr-defined] - a field of tables

    def members(self, instance: AbstractContainer) -> Mapping[str, VectorData]:
        """The same by name."""
        return super().load(instance)


class _Colnames(Field):
    """Names of the columns; where a file does not say, all of them by name."""

    def load(self, instance: AbstractContainer) -> Any:
        return instance._readable_colnames(super().load(instance))  # type: ignore[attr-defined] - a field of tables


class _Identifiers(Field):
    """Identifiers of the rows; where a file has none, their numbers."""

    def load(self, instance: AbstractContainer) -> Any:
        found = super().load(instance)
        return found if found is not None else instance._numbered()  # type: ignore[attr-defined] - a field of tables


class ArrangedColumns(Container):
    """The part of a table that knows its columns; what is done with them is in `DynamicTable`."""

    description: str = attribute("What is in the table.")
    colnames: tuple[str, ...] = _Colnames(Kind.ATTRIBUTE, "Names of the columns, in order.", dtype="text", shape=(None,))  # type: ignore[assignment]
    id: ElementIdentifiers = _Identifiers(Kind.CHILD, "Identifiers of the rows.", key="id")  # type: ignore[assignment]
    columns: tuple[VectorData, ...] = _Columns(  # type: ignore[assignment]
        Kind.CHILDREN, "The columns, with their indices.", annotation="LabelledDict[VectorData]", named_by_key=False
    )
    meanings_tables: LabelledDict[MeaningsTable] = children("What the values of columns mean.", within="meanings_tables")

    __predefined__: ClassVar[Mapping[str, Column]] = {}
    __columns__: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    __hash__: ClassVar[Any] = Container.__hash__  # objects of a file are told apart by identity

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for declared in cls.__dict__.get("__columns__", ()):
            if declared["name"] not in cls.__dict__:
                setattr(cls, declared["name"], Column.from_mapping(declared))
        columns: dict[str, Column] = {}
        for base in reversed(cls.__bases__):
            columns.update(getattr(base, "__predefined__", {}))
        columns.update({name: value for name, value in cls.__dict__.items() if isinstance(value, Column)})
        cls.__predefined__ = columns
        cls.__columns__ = tuple(each.as_mapping() for each in columns.values())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        own = ("id", "columns", "colnames", "meanings_tables")
        super()._init({key: value for key, value in arguments.items() if key not in own})
        self._take_columns(arguments.get("columns"), arguments.get("colnames"))
        self._take_identifiers(arguments.get("id"))

    # ---- the columns

    def _warn_of_hidden(self, columns: Iterable[VectorData], stacklevel: int) -> None:
        """Warn of columns that an attribute of the table stands in the way of."""
        for name in (column.name for column in columns):
            if not isinstance(getattr(type(self), name, None), (Column, type(None))):
                text = f"{self._label()}: table.{name} is something else than the column, which is table[{name!r}]"
                warnings.warn(text, stacklevel=stacklevel)

    @property
    def _members(self) -> Mapping[str, VectorData]:
        """Everything that is stored for the columns, by name."""
        held = self.__dict__.get("_held")
        if held is None:
            field: Any = type(self).__fields__["columns"]
            held = self.__dict__["_held"] = field.members(self)
        return held

    def _loaded_objects(self, field: Field) -> list[AbstractContainer]:
        held = self.__dict__.get("_held")
        if field.name != "columns" or held is None:
            return super()._loaded_objects(field)
        return held.loaded() if isinstance(held, LabelledDict) else list(held.values())

    def _member(self, name: str) -> VectorData | None:
        return self._members.get(name)

    def _tops(self) -> dict[str, VectorData]:
        """What stands for each column: its outermost index, if it has any, or itself."""
        tops = self.__dict__.get("_top_columns")
        if tops is None or len(tops) != len(self.colnames):
            tops = self.__dict__["_top_columns"] = {name: self._top(name) for name in self.colnames}
        return tops

    def _top(self, name: str) -> VectorData:
        known: dict[str, VectorData] = self.__dict__.setdefault("_known_tops", {})
        if name in known:
            return known[name]
        column = self._members.get(name)
        if column is None:
            raise NotFoundError(
                f"{self._label()}: column {name!r} is {'listed but not stored' if name in self.colnames else 'not there'}"
            )
        index = self._index_of(column)
        while index is not None:
            column, index = index, self._index_of(index)
        known[name] = column
        return column

    def _index_of(self, column: VectorData) -> VectorIndex | None:
        usual = self._members.get(f"{column.name}_index")
        if isinstance(usual, VectorIndex) and usual.target is column:
            return usual
        return self._unusual_indices().get(id(column))

    def _unusual_indices(self) -> dict[int, VectorIndex]:
        """Indices that are not named after their target, by the identity of that."""
        found = self.__dict__.get("_unusual")
        if found is None:
            members, listed = self._members, set(self.colnames)
            usual = {f"{name}{suffix}" for name in members for suffix in ("_index", "_elements")}
            indices = [members[name] for name in members if name not in listed and name not in usual]
            found = self.__dict__["_unusual"] = {id(index.target): index for index in indices if isinstance(index, VectorIndex)}
        return found

    def _ordered_columns(self) -> tuple[VectorData, ...]:
        """All columns, in the order of `colnames`, each after its indices and before its elements; then what is not listed."""
        members = self._members
        found: dict[str, VectorData] = {}
        for name in self.colnames:
            if name in members:
                found.update((part.name, part) for part in parts_of(self._top(name)))
        found.update((name, members[name]) for name in members if name not in found)
        return tuple(found.values())

    def _readable_colnames(self, stored: Any) -> tuple[str, ...]:
        members = self._members
        if stored is None or not len(stored):
            elements = {f"{name}_elements" for name in members}
            return tuple(name for name in members if not isinstance(members[name], VectorIndex) and name not in elements)
        indices = {name for name in stored if name.endswith("_index") and isinstance(members.get(name), VectorIndex)}
        return tuple(dict.fromkeys(str(name) for name in stored if name != "id" and name not in indices))

    def _numbered(self) -> ElementIdentifiers:
        counts = [self._top(name)._row_count() for name in self.colnames if name in self._members]
        identifiers = ElementIdentifiers("id", list(range(counts[0] or 0)) if counts else [])
        identifiers.__dict__["_parent"] = self
        return identifiers

    def _problems(self) -> list[str]:
        return [problem for name in self.colnames for problem in self._problems_of(name)]

    def _problems_of(self, name: str) -> list[str]:
        """What is wrong with a column: it is missing, or has not as many rows as the table."""
        if name not in self.colnames:
            return []
        try:
            top = self._top(name)
            if isinstance(top, VectorIndex):
                top._check()
        except (InvalidValueError, NotFoundError) as error:
            return [str(error)]
        count, rows = self.id._row_count(), top._row_count()
        if None in (count, rows) or count == rows:
            return []
        return [
            f"{self._label()}: column {name!r} has {rows} rows, but there are {count} identifiers of rows; they must be as many"
        ]

    def _check_written(self, column: VectorData, count: int) -> None:
        """Refuse a column that came as an iterator and turned out to have more or fewer values than there is room for."""
        index = self._members.get(f"{column.name}_index")
        if isinstance(index, VectorIndex):
            ends: Any = index.data
            wanted = int(ends[-1]) if len(ends) else 0
        else:
            wanted = self.id._row_count() if column.name in self.colnames else None
        if wanted not in (None, count):
            raise InvalidValueError(
                f"{self._label()}: column {column.name!r} turned out to have {count} values, expected {wanted}; "
                "give as many identifiers of rows, or ends of them"
            )

    def _take_columns(self, columns: Any, colnames: Any) -> None:
        """Begin with these columns."""
        if columns is None and colnames is not None and len(colnames):
            raise InvalidValueError(f"{self._label()}.colnames: columns are needed to go with the names {list(colnames)}")
        given = building.require_columns(columns or ())
        held: dict[str, VectorData] = {}
        for column in given:
            if held.setdefault(column.name, column) is not column:
                raise InvalidValueError(f"{self._label()}.columns: there are two columns named {column.name!r}")
        for column in given:
            if isinstance(column, EnumData):
                held.setdefault(column.elements.name, column.elements)
        elements = {id(column.elements) for column in given if isinstance(column, EnumData)}
        names = tuple(name for name, column in held.items() if not isinstance(column, VectorIndex) and id(column) not in elements)
        if colnames is not None and len(colnames):
            names = self._checked_colnames(colnames, names)
        self._check_indices(held)
        self._warn_of_hidden(given, stacklevel=6)
        self._forget_arrangement()
        self.__dict__.update(_held=held, colnames=names)
        self.__dict__["columns"] = tuple(held.values()) if colnames is None else self._ordered_columns()
        for column in held.values():
            self._adopt(column)

    def _checked_colnames(self, colnames: Any, names: Collection[str]) -> tuple[str, ...]:
        order = tuple(name.decode() if isinstance(name, bytes) else str(name) for name in colnames)
        if len(set(order)) != len(order) or set(order) != set(names):
            raise InvalidValueError(
                f"{self._label()}.colnames: expected the columns {sorted(names)} in some order, got {list(order)}"
            )
        return order

    def _check_indices(self, held: Mapping[str, VectorData]) -> None:
        seen: set[int] = set()
        for column in held.values():
            if not isinstance(column, VectorIndex):
                continue
            if held.get(column.target.name) is not column.target:
                raise InvalidValueError(
                    f"{self._label()}.columns: {column.name!r} is there but not its target {column.target.name!r}"
                )
            if id(column.target) in seen:
                raise InvalidValueError(f"{self._label()}.columns: {column.target.name!r} is the target of two indices")
            seen.add(id(column.target))
            column._check()

    def _take_identifiers(self, identifiers: Any) -> None:
        """Begin with these identifiers, which must be as many as the columns have rows."""
        given = identifiers is not None
        if not isinstance(identifiers, ElementIdentifiers):
            identifiers = ElementIdentifiers("id", () if identifiers is None else identifiers)
        counts = {name: column._row_count() for name, column in self._tops().items()}
        known = {name: count for name, count in counts.items() if count is not None}
        if len(set(known.values())) > 1:
            raise InvalidValueError(f"{self._label()}.columns: expected columns of the same length, got {known}")
        if counts and not known and not given:
            raise InvalidValueError(
                f"{self._label()}.id: the columns do not tell how many rows they will have; give their identifiers"
            )
        rows = next(iter(known.values()), None)
        count = identifiers._row_count()
        if rows is not None and count is not None and rows != count:
            if count:
                raise InvalidValueError(f"{self._label()}.id: expected {rows} identifiers, one for each row, got {count}")
            identifiers.extend(range(rows))
        self.__dict__["id"] = identifiers
        self._adopt(identifiers)

    def _set(self, field: Field, value: Any) -> None:
        if field.name == "columns":
            self._take_columns(value, None)
            self._forget_arrangement()
            self._note_columns()
        elif field.name == "colnames":
            self.__dict__["colnames"] = self._checked_colnames(value, self.colnames)
            self._forget_arrangement()
            self.__dict__["columns"] = self._ordered_columns()
            self._note_columns()
        elif field.name == "id":
            self._take_identifiers(value)
            self._note_change(field)
        else:
            super()._set(field, value)

    def _release(self, item: AbstractContainer) -> None:
        super()._release(item)
        if self._members.get(item.name) is item:
            self.__dict__["colnames"] = tuple(name for name in self.colnames if name != item.name)
            self.__dict__["_held"] = {name: part for name, part in self._members.items() if part is not item}
            self._forget_arrangement()
            self.__dict__["columns"] = self._ordered_columns()
            self._note_columns()

    def _copied(self, copies: dict[int, AbstractContainer]) -> AbstractContainer:
        made = super()._copied(copies)
        made.__dict__["_held"] = {part.name: part for part in made.__dict__["columns"] or ()}
        return made

    # ---- changing them

    def remove_column(self, name: str) -> None:
        """Take out a column with its index, its elements and its meanings.

        Raises
        ------
        NotFoundError
            There is no such column.
        InvalidValueError
            A table of this type must have it.
        """
        column = self.__predefined__.get(name)
        if column is not None and column.required:
            raise InvalidValueError(f"{self._label()}: a {type(self).__name__} must have the column {name!r}")
        self._remove_columns([name])

    def _remove_columns(self, names: Collection[str]) -> None:
        parts = [part for name in names for part in parts_of(self._top(name))]
        gone = {part.name for part in parts}
        for name in names:
            if f"{name}_meanings" in self.meanings_tables:
                del self.meanings_tables[f"{name}_meanings"]
        self.__dict__.update(
            _held={name: part for name, part in self._members.items() if name not in gone},
            colnames=tuple(name for name in self.colnames if name not in names),
            columns=tuple(part for part in self.columns if part.name not in gone),
        )
        self._forget_arrangement()
        for part in parts:
            super()._release(part)
        self._note_columns()

    def rename_column(self, name: str, new_name: str) -> None:
        """Give a column another name, and its index, elements and meanings names that go with it.

        Raises
        ------
        NotFoundError
            There is no such column.
        InvalidValueError
            There is a column of the new name, or the type of the table gives the column its name.
        """
        column = self.__predefined__.get(name)
        if column is not None and column.required:
            raise InvalidValueError(f"{self._label()}: in a {type(self).__name__} the column is always named {name!r}")
        parts = {part.name: f"{new_name}{part.name.removeprefix(name)}" for part in parts_of(self._top(name))}
        for taken in (new_name, *parts.values()):
            if taken in self._members or taken == "id":
                raise InvalidValueError(f"{self._label()}: there already is a column named {taken!r}")
        held = {parts.get(each, each): part for each, part in self._members.items()}
        for each, part in held.items():
            part.__dict__["_name"] = part._check_name(each)
        if f"{name}_meanings" in self.meanings_tables:
            meanings = self.meanings_tables[f"{name}_meanings"]
            self.meanings_tables.rename(meanings.name, f"{new_name}_meanings")
            meanings.__dict__["_name"] = f"{new_name}_meanings"
        self.__dict__.update(_held=held, colnames=tuple(new_name if each == name else each for each in self.colnames))
        self._forget_arrangement()
        self.__dict__["columns"] = self._ordered_columns()
        self._note_columns()

    def _forget_arrangement(self) -> None:
        for derived in ("_top_columns", "_known_tops", "_row_parts", "_unusual", "_columns_of_masks", "_mask_adder"):
            self.__dict__.pop(derived, None)

    def _note_columns(self) -> None:
        for name in ("columns", "colnames"):
            self._note_change(type(self).__fields__[name])

    def __getattr__(self, name: str) -> Any:
        # Reached only for what is no attribute: a column that no class declares, or a part of one that does not exist yet.
        if not name.startswith("__"):
            column = self._member(name)
            if column is not None:
                return column
            if any(name in declared.part_names for declared in self.__predefined__.values()):
                return None
        raise AttributeError(f"{self._label()} has no attribute or column {name!r}")


def parts_of(top: VectorData) -> Iterator[VectorData]:
    """A column with all that is stored for it: indices first, then the values, then the elements."""
    yield top
    while isinstance(top, VectorIndex):
        top = top.target
        yield top
    if isinstance(top, EnumData):
        yield top.elements
