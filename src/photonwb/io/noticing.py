"""Changes that nobody told the objects of: lists and arrays that came from a file and were changed themselves.

They are small, since large arrays stay in the file; so what they hold is compared with what the file holds.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from photonwb.model.container import AbstractContainer

__all__ = ["note_silent_changes"]


def note_silent_changes(item: AbstractContainer) -> None:
    """Note the fields of an object whose list or array has another content than the file."""
    stored = cast("Any", item._stored)
    for field in type(item).__fields__.values():
        value = item.__dict__.get(field.name)
        if field.name in item._changed or not _can_change(value):
            continue
        with suppress(PhotonwbError):
            if not _same(value, stored.load(item, field)):
                item._note_change(field)


def _can_change(value: Any) -> bool:
    """Whether a value is a list or a numpy array."""
    return isinstance(value, list) or (hasattr(value, "flags") and value.ndim > 0)


def _same(value: Any, stored: Any) -> bool:
    import numpy as np

    if isinstance(value, list) and any(hasattr(each, "neurodata_type") for each in cast("list[Any]", value)):
        others: Any = list(stored)
        return len(value) == len(others) and all(one is other for one, other in zip(value, others, strict=True))
    one, other = np.asarray(value), np.asarray(stored)
    if one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f" and other.dtype.kind == "f"))
