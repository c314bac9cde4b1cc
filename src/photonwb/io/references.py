"""Objects of the model as the references that stand for them in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.io.values import ResolvingArray
from photonwb.storage.contract import REFERENCE

if TYPE_CHECKING:
    import numpy as np

    from photonwb.io.writing import Writer
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field
    from photonwb.storage.contract import ElementType

__all__ = ["reference_array"]


def reference_array(
    writer: Writer, container: AbstractContainer, field: Field, value: Any
) -> tuple[np.ndarray[Any, Any], ElementType] | None:
    """Values that are objects, or rows with objects in them, with references in their place; None for other values."""
    import numpy as np

    if isinstance(value, ResolvingArray):
        value = value[...]
    # The dtype of a wrapper without data is whatever its user wrote.
    rows = list(value) if isinstance(value, (list, tuple)) or getattr(getattr(value, "dtype", None), "hasobject", False) else []
    first = next((row for row in cast("list[Any]", rows) if row is not None), None)
    if hasattr(first, "neurodata_type"):
        values = np.empty(len(rows), dtype=object)
        for index, target in enumerate(rows):
            values[index] = writer.reference_to(container, field, target)
        return values, REFERENCE
    if isinstance(first, (tuple, np.void)) and any(hasattr(member, "neurodata_type") for member in cast("Any", first)):
        return _compound(writer, container, field, rows)
    return None


def _compound(
    writer: Writer, container: AbstractContainer, field: Field, rows: list[Any]
) -> tuple[np.ndarray[Any, Any], ElementType]:
    import numpy as np

    first = rows[0]
    names = getattr(first, "_fields", None) or getattr(getattr(first, "dtype", None), "names", None)
    if names is None:
        names = tuple(f"member_{index}" for index in range(len(first)))
    members: list[tuple[str, Any]] = []
    for name, member in zip(names, first, strict=True):
        members.append((name, REFERENCE if hasattr(member, "neurodata_type") else np.dtype("i4")))
    values = np.empty(len(rows), dtype=[(name, object if element == REFERENCE else element) for name, element in members])
    for index, row in enumerate(rows):
        values[index] = tuple(
            writer.reference_to(container, field, member) if hasattr(member, "neurodata_type") else member for member in row
        )
    return values, tuple(members)
