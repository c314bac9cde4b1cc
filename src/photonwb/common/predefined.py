"""Columns that a class of tables declares in its body.

A declared column may be absent from a table: it comes into being with the first row or the `add_column` that names it, unless it
is required. What the standard says of it is said once, here, and is what `add_row`, `add_column`, the writer and the checks use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.common.columns import VectorData
    from photonwb.common.dynamic import DynamicTable

__all__ = ["Column", "column"]

_KNOWN_KEYS = frozenset(("name", "description", "index", "required", "table", "enum", "class"))


class Column:
    """A column that every table of a class has or may have.

    As an attribute of a table it gives the column (of a ragged column the flat values; its index is `<name>_index`), None when
    the table does not have it.

    Attributes
    ----------
    name : str
    description : str
        What the values are; stored with the column.
    index : int
        How many levels of ragged rows: 0 for one value per row, 1 for a list per row, 2 for a list of lists.
    required : bool
    table : bool
        Whether the values are rows of another table.
    enum : bool
        Whether the values come from a fixed set.
    kind : str or type
        The class of the column, by name where its module need not be loaded yet; "" for the usual one.
    dtype : str or None
        Element type in the words of the standard.
    extra : dict
        More arguments for the class of the column.
    """

    def __init__(
        self,
        description: str,
        *,
        index: int = 0,
        required: bool = False,
        table: bool = False,
        enum: bool = False,
        kind: str | type[VectorData] = "",
        dtype: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = ""
        self.description = self.__doc__ = description
        self.index = int(index)
        self.required = required
        self.table = table
        self.enum = enum
        self.kind = kind
        self.dtype = dtype
        self.extra = dict(extra or {})

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: DynamicTable | None, owner: type | None = None) -> Any:
        return self if instance is None else instance._member(self.name)

    def __set__(self, instance: DynamicTable, value: Any) -> None:
        raise InvalidTypeError(
            f"{instance._label()}.{self.name}: a column cannot be assigned; use add_column({self.name!r}, ...)"
        )

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of everything that is stored for this column: itself, its indices, its elements."""
        indices = [self.name + "_index" * level for level in range(1, self.index + 1)]
        return (self.name, *indices, *([f"{self.name}_elements"] if self.enum else ()))

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> Column:
        """The column that an entry of `__columns__` declares."""
        made = cls(
            declared["description"],
            index=int(declared.get("index", 0)),
            required=bool(declared.get("required", False)),
            table=bool(declared.get("table", False)),
            enum=bool(declared.get("enum", False)),
            kind=declared.get("class", ""),
            extra={key: value for key, value in declared.items() if key not in _KNOWN_KEYS},
        )
        made.name = declared["name"]
        return made

    def as_mapping(self) -> dict[str, Any]:
        """The same as an entry of `__columns__`."""
        entry: dict[str, Any] = {"name": self.name, "description": self.description}
        if self.index:
            entry["index"] = True if self.index == 1 else self.index
        for key in ("required", "table", "enum"):
            if getattr(self, key):
                entry[key] = True
        if self.kind:
            entry["class"] = self.kind
        return entry | self.extra

    def __repr__(self) -> str:
        return f"<column {self.name!r}: {self.description}>"


def column(
    description: str,
    *,
    index: int = 0,
    required: bool = False,
    table: bool = False,
    enum: bool = False,
    kind: str = "",
    dtype: str | None = None,
) -> Any:
    """Declare a column of a table class.

    Parameters
    ----------
    description : str
        What the values are.
    index : int
        Levels of ragged rows: 0, 1 or 2.
    required : bool
        Whether every table has it from the start.
    table : bool
        Whether the values are rows of another table.
    enum : bool
        Whether the values come from a fixed set.
    kind : str
        Name of the class of the column, where it is not the usual one.
    dtype : str, optional
        Element type in the words of the standard.
    """
    return Column(description, index=index, required=required, table=table, enum=enum, kind=kind, dtype=dtype)
