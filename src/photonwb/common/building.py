"""Columns made from what the methods of a table are given."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import is_array, is_wrapper
from photonwb.common.columns import VectorData
from photonwb.common.enumeration import EnumData
from photonwb.common.ragged import VectorIndex, flattened
from photonwb.common.regions import DynamicTableRegion
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError
from photonwb.model.checks import describe_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from photonwb.common.predefined import Column

__all__ = [
    "RAGGED_WARNING",
    "column_class",
    "columns_of_frame",
    "columns_of_mappings",
    "is_ragged",
    "new_column",
    "require_columns",
    "with_predefined",
]

RAGGED_WARNING = (
    "Data has elements with different lengths and therefore cannot be coerced into an N-dimensional array. "
    "Use the 'index' argument when {doing} with different lengths."
)


def column_class(kind: str | type[VectorData] | None) -> type[VectorData]:
    """The class of a column, given by itself or by its name.

    Raises
    ------
    NotFoundError
        There is no such class.
    """
    if not kind:
        return VectorData
    if not isinstance(kind, str):
        return kind
    from photonwb.model.registry import known_class, known_types

    found: Any = known_class(kind, "core")
    for (_, name), cls in known_types().items() if found is None else ():
        if name == kind:
            found = cls
    if found is None:
        raise NotFoundError(f"there is no class of columns named {kind!r}")
    return found


def new_column(
    name: str,
    description: str,
    data: Any = (),
    *,
    table: Any = False,
    index: Any = False,
    enum: Any = False,
    col_cls: type[VectorData] | None = None,
    check_ragged: bool = True,
    extra: Mapping[str, Any] | None = None,
    label: str = "",
) -> list[VectorData]:
    """A column with all that is stored for it.

    Parameters
    ----------
    name, description, data
    table : bool or DynamicTable
        Whether the values are rows of a table, or of which one.
    index : bool, int or array_like of int
        How many levels of ragged rows, or where each row ends in `data`.
    enum : bool or array_like
        Whether the values are from a fixed set, or from which one.
    col_cls : type, optional
    check_ragged : bool
        Whether to warn when the rows have different lengths and there is no index.
    extra : dict, optional
        More arguments for the class of the column.
    label : str
        How messages name the column.

    Returns
    -------
    list of VectorData
        The indices, the outermost one first, then the column, then its elements.
    """
    if isinstance(index, VectorIndex):
        raise InvalidValueError(
            f"{label}: expected where each row ends, or how many levels there are, as index; got a VectorIndex"
        )
    given_table, given_elements = not isinstance(table, bool), not isinstance(enum, bool)
    if (given_table or table) and (given_elements or enum):
        raise InvalidValueError(f"{label}: the values cannot be rows of a table and from a fixed set at once")
    arguments = {"name": name, "description": description, **(extra or {})}
    if given_table or table:
        col_cls = col_cls or DynamicTableRegion
    if given_elements or enum:
        col_cls = col_cls or EnumData
    if given_table:
        arguments["table"] = table
    if given_elements:
        arguments["elements"] = enum
    levels = int(index) if isinstance(index, int) else 0
    if levels < 0:
        raise InvalidValueError(f"{label}: expected 0 or more levels of ragged rows as index, got {index}")
    values, ends = data, [() for _ in range(levels)]
    if levels and _has_rows(data):
        values, ends = _flattened(data, levels, label)
    elif index is False and check_ragged and isinstance(data, (list, tuple)) and is_ragged(data):
        warnings.warn(RAGGED_WARNING.format(doing="adding a column of data"), stacklevel=3)
    if not isinstance(index, int):
        ends = [index]
    return _assembled((col_cls or VectorData)(**arguments, data=values), ends, label)


def _has_rows(data: Any) -> bool:
    return hasattr(data, "__len__") and len(data) > 0


def _flattened(data: Any, levels: int, label: str) -> tuple[Any, list[Any]]:
    """The values below some levels of lists, and the ends of each level, the innermost one first."""
    ends: list[Any] = []
    for _ in range(levels):
        data, level_ends = flattened(data, label)
        ends.insert(0, level_ends)
    if len(data) and isinstance(data[0], (list, tuple)) and is_ragged(data):
        raise InvalidValueError(f"{label}: the rows still differ in length below index={levels}; give a larger index")
    return data, ends


def _assembled(column: VectorData, ends: Iterable[Any], label: str) -> list[VectorData]:
    """A column with an index for each level of ends, the innermost one first."""
    parts: list[VectorData] = [column]
    if isinstance(column, EnumData):
        parts.append(column.elements)
    top = column
    for level_ends in ends:
        data = level_ends if is_array(level_ends) or is_wrapper(level_ends) else list(level_ends)
        top = VectorIndex(f"{top.name}_index", data, top)
        top._check()
        parts.insert(0, top)
    if not all(part._check_name(part.name) for part in parts):
        raise InvalidValueError(f"{label}: a column needs a name")
    return parts


def is_ragged(cells: Sequence[Any]) -> bool:
    """Whether lists of values, or arrays, differ in length at some depth."""
    if len({_size(cell) for cell in cells}) > 1:
        return True
    return any(is_ragged(cell) for cell in cells if isinstance(cell, (list, tuple)))


def _size(cell: Any) -> Any:
    if isinstance(cell, (list, tuple)):
        return len(cell)
    shape = getattr(cell, "shape", ())
    return shape[0] if shape else 1


def columns_of_mappings(declared: Iterable[Mapping[str, Any]]) -> list[VectorData]:
    """Empty columns from dicts such as `{"name": ..., "description": ..., "index": True}`."""
    columns: list[VectorData] = []
    for entry in declared:
        if "name" not in entry:
            raise InvalidValueError(f"columns: expected a dict with a 'name', got {dict(entry)!r}")
        columns.extend(
            new_column(
                entry["name"],
                entry.get("description", "no description"),
                table=entry.get("table", False),
                index=entry.get("index", False),
                enum=entry.get("enum", False),
                col_cls=column_class(entry.get("class")) if entry.get("class") else None,
                label=f"column {entry['name']!r}",
            )
        )
    return columns


def columns_of_frame(frame: Any, entries: Mapping[str, Mapping[str, Any]], descriptions: Mapping[str, str]) -> list[VectorData]:
    """The columns of a data frame; `entries` says more of some, as in `columns_of_mappings`."""
    columns: list[VectorData] = []
    for name in frame.columns:
        cells = list(frame[name])
        entry = entries.get(name, {})
        index = entry.get("index", False)
        if not entry:
            index = bool(cells) and isinstance(cells[0], (list, tuple)) | hasattr(cells[0], "shape") and _differ(cells)
        array = frame[name].to_numpy()
        values: Any = array if array.dtype.kind in "biuf" and not index else cells
        enum: Any = entry.get("enum", False)
        if enum is True:
            enum = sorted(set(values))
            places = {value: place for place, value in enumerate(enum)}
            values = [places[value] for value in values]
        columns.extend(
            new_column(
                name,
                entry.get("description") or descriptions.get(name, "no description"),
                values,
                table=entry.get("table", False),
                index=index,
                enum=enum,
                col_cls=column_class(entry.get("class")) if entry.get("class") else None,
                label=f"column {name!r}",
            )
        )
    return columns


def _differ(cells: list[Any]) -> bool:
    return len({_size(cell) for cell in cells}) > 1


def with_predefined(
    column: Column, table: Any, index: Any, enum: Any, col_cls: type[VectorData] | None, owner: str
) -> dict[str, Any]:
    """Arguments for `new_column` when a column is declared by the class of its table; warns of those that contradict it."""
    given = {"table": table is not False, "index": index is not False, "enum": enum is not False}
    said = {"table": column.table, "index": bool(column.index), "enum": column.enum}
    wanted = column_class(column.kind) if column.kind else None
    for key in ("table", "index"):
        if given[key] != said[key]:
            _warn_of_contradiction(column.name, owner, f"{key}={said[key]}", key)
    if wanted is not None and col_cls is not None and col_cls is not wanted:
        _warn_of_contradiction(column.name, owner, f"class={wanted}", "col_cls")
    return {"table": table, "index": index, "enum": enum, "col_cls": col_cls or wanted}


def _warn_of_contradiction(name: str, owner: str, said: str, argument: str) -> None:
    warnings.warn(
        f"{owner} declares its column {name!r} with {said}; {argument} says otherwise, so the file may not keep to the standard",
        stacklevel=4,
    )


def require_columns(columns: Any) -> list[VectorData]:
    """The `columns` argument of a table as column objects.

    Raises
    ------
    InvalidTypeError
        It is neither a list of columns nor of dicts that describe them.
    """
    columns = list(columns)
    if columns and isinstance(columns[0], dict):
        return columns_of_mappings(columns)
    for column in columns:
        if not isinstance(column, VectorData):
            raise InvalidTypeError(
                f"columns: expected VectorData objects, or dicts that describe columns, got {describe_value(column)}"
            )
    return columns
