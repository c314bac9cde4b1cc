"""References from the data to the terms of ontologies and other resources on the web."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.model.checks import mismatch
from photonwb.model.generated import Additions, Recipe, offered

if TYPE_CHECKING:
    import pandas as pd

    from photonwb.model.container import AbstractContainer, Container
    from photonwb.model.generated import FromSchema

    # ruff: noqa: D101 - the descriptions come from the standard
    class HERD(FromSchema, Container): ...


__all__ = ["HERD"]

# The six tables, with the members of their rows.
_TABLES = {
    "keys": ("key",),
    "files": ("file_object_id",),
    "entities": ("entity_id", "entity_uri"),
    "objects": ("files_idx", "object_id", "object_type", "relative_path", "field"),
    "object_keys": ("objects_idx", "keys_idx"),
    "entity_keys": ("entities_idx", "keys_idx"),
}
# The columns of all of them in one data frame, by table.
_COLUMNS = {
    "files": ["file_object_id"],
    "objects": ["objects_idx", "object_id", "files_idx", "object_type", "relative_path", "field"],
    "keys": ["keys_idx", "key"],
    "entities": ["entities_idx", "entity_id", "entity_uri"],
}


class _HERD(Additions):
    """Terms (keys), the objects that use them, and the entities that they stand for."""

    def _before(self, given: dict[str, Any]) -> None:
        for table in _TABLES:
            if given[table] is None:
                given[table] = _table(table)

    def add_ref(
        self: Any,
        entity_id: str,
        container: AbstractContainer | None = None,
        attribute: str | None = None,
        field: str = "",
        key: str | None = None,
        entity_uri: str | None = None,
    ) -> None:
        """Say that a term, where an object uses it, stands for an entity of an ontology.

        Parameters
        ----------
        entity_id : str
            Compact identifier, for example ``"NCBI_TAXON:10090"``.
        container : AbstractContainer
            The object, which must be part of a file.
        attribute : str, optional
            The field of the object that holds the term, or the column of a table.
        field : str
            The member, where values are compound.
        key : str, optional
            The term. Default is the text that the attribute holds.
        entity_uri : str, optional
            Address of the entity; needed once for each.

        Raises
        ------
        InvalidValueError
            If the object is in no file, there is no text to take the term from, or the entity is new and has no address.
        """
        file = None if container is None else (container, *container.get_ancestors())[-1]
        if container is None or file is None or file.neurodata_type != "NWBFile":
            raise InvalidValueError(mismatch("add_ref(): container", "an object that is part of a file: add it first", container))
        if key is None and isinstance(value := getattr(container, attribute or "name"), str) and attribute:
            key = value
        if key is None:
            raise InvalidValueError(f"add_ref(): expected a key, as {attribute!r} of {container._label()} is not a single text")
        target, path = _place(container, attribute)
        entity = self._entity(entity_id, entity_uri)
        row = (self._row("files", (file.object_id,)), target.object_id, target.neurodata_type, path, field)
        used = self._row("objects", row)
        known = [number for each, number in _rows(self.object_keys) if each == used and _rows(self.keys)[number] == (key,)]
        number = known[0] if known else self._append("keys", (key,))
        self._row("object_keys", (used, number))
        self._row("entity_keys", (entity, number))

    def _entity(self: Any, entity_id: str, entity_uri: str | None) -> int:
        for row, (known, uri) in enumerate(_rows(self.entities)):
            if known == entity_id:
                if entity_uri not in (None, uri):
                    text = f"add_ref(): {entity_id} has the address {uri} already; {entity_uri} is not used"
                    warnings.warn(text, stacklevel=4)
                return row
        if entity_uri is None:
            raise InvalidValueError(f"add_ref(): expected an entity_uri, as {entity_id} is a new entity, got None")
        return self._append("entities", (entity_id, entity_uri))

    def _row(self: Any, table: str, row: tuple[Any, ...]) -> int:
        """Number of a row of a table, added if it is not there yet."""
        rows = _rows(getattr(self, table))
        return rows.index(row) if row in rows else self._append(table, row)

    def _append(self: Any, table: str, row: tuple[Any, ...]) -> int:
        held = getattr(self, table)
        rows = [*_rows(held), row]
        held.data = _table(table, rows).data
        return len(rows) - 1

    def to_dataframe(self: Any, use_categories: bool = False) -> pd.DataFrame:
        """All references, one in each row; with `use_categories` under the names of the tables."""
        import pandas as pd

        tables = {name: _rows(getattr(self, name)) for name in _TABLES}
        found: list[dict[str, Any]] = []
        for used, number in tables["object_keys"]:
            for entity, other in tables["entity_keys"]:
                if other == number:
                    row = dict(zip(_TABLES["objects"], tables["objects"][used], strict=True))
                    row |= dict(zip(_TABLES["entities"], tables["entities"][entity], strict=True))
                    row |= {"objects_idx": used, "keys_idx": number, "key": tables["keys"][number][0], "entities_idx": entity}
                    found.append(row | {"file_object_id": tables["files"][row["files_idx"]][0]})
        columns = [(table, name) for table, names in _COLUMNS.items() for name in names]
        frame = pd.DataFrame(found, columns=[name for _, name in columns])
        if use_categories:
            frame.columns = pd.MultiIndex.from_tuples(columns)
        return frame


def _table(name: str, rows: list[tuple[Any, ...]] | None = None) -> Any:
    import numpy as np

    from photonwb.model.container import Data

    dtype = [(member, "u4" if member.endswith("_idx") else "O") for member in _TABLES[name]]
    return Data(name, np.array(rows or [], dtype=dtype))


def _rows(table: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in table.data[:].tolist()]


def _place(container: Any, attribute: str | None) -> tuple[Any, str]:
    """The object that an attribute belongs to, and its path from there: a column is an object of its own."""
    if attribute is None or (attribute == "data" and hasattr(container, "shape")):
        return container, ""
    if attribute in getattr(container, "colnames", ()):
        return container._members[attribute], ""
    field = type(container).__fields__.get(attribute)
    if field is None:
        raise InvalidValueError(f"add_ref(): {container._label()} has no field or column {attribute!r}")
    return (getattr(container, attribute), "") if field.is_object else (container, field.path)


RECIPES = {
    "HERD": Recipe("keys files entities objects object_keys entity_keys", given={"name": "external_resources"}, methods=_HERD,
                   defaults=dict.fromkeys(_TABLES))
}  # fmt: skip


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
