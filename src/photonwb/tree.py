"""A file as a tree of lines: what is in it, of what shape and in which unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.container import AbstractContainer

__all__ = ["tree_lines"]


def tree_lines(container: AbstractContainer, prefix: str = "") -> Iterator[str]:
    """Lines of a tree of an object and all that is below it; reads no bulk data."""
    if not prefix:
        yield _line(container)
    items = list(container.children)
    for number, item in enumerate(items, 1):
        last = number == len(items)
        yield f"{prefix}{'└── ' if last else '├── '}{_line(item)}"
        yield from tree_lines(item, prefix + ("    " if last else "│   ")) if item.children else ()


def _line(container: AbstractContainer) -> str:
    """Name, type, and the shape, kind and unit of the data."""
    parts = [f"{container.name} ({container.neurodata_type})"]
    data: Any = container.fields.get("data")
    if data is not None and not hasattr(data, "neurodata_type"):
        shape = shape_of(data)
        if shape:
            parts.append(" × ".join("?" if length is None else str(length) for length in shape))
        dtype = getattr(data, "dtype", None)
        if dtype is not None and shape:
            parts.append(_kind(dtype))
    unit = container.fields.get("unit")
    if isinstance(unit, str):
        parts.append(f"[{unit}]")
    rate = container.fields.get("rate")
    if rate is not None:
        parts.append(f"{rate:g} Hz")
    if hasattr(container, "colnames"):
        parts.append(f"{len(container)} rows: {', '.join(container.colnames)}")  # type: ignore[arg-type]
    return "  ".join(parts)


def _kind(dtype: Any) -> str:
    if dtype.names:
        return f"({', '.join(dtype.names)})"
    return "text" if dtype.kind in "OSU" else str(dtype)


