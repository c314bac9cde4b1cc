"""Which rows of a table are meant, and whether they exist."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

from photonwb.errors import InvalidKeyError, InvalidValueError, OutOfRangeError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Rows", "as_rows", "is_one_row", "one_row", "pair"]

# Several rows, by their numbers from 0.
Rows: TypeAlias = "range | Sequence[int]"


def is_one_row(key: Any) -> bool:
    """Whether a key is the number of one row."""
    if type(key) is int:
        return True
    return getattr(getattr(key, "dtype", None), "kind", "") in ("i", "u") and getattr(key, "shape", None) == ()


def one_row(key: Any, count: int, label: str) -> int:
    """The number of a row counted from the start.

    Raises
    ------
    OutOfRangeError
        There is no such row.
    InvalidKeyError
        The key is no whole number.
    """
    try:
        row = index(key)
    except TypeError:
        raise InvalidKeyError(f"{label}: expected the number of a row, got {type(key).__name__} {key!r:.50}") from None
    if not -count <= row < count:
        raise OutOfRangeError(f"row {row} is out of range for {label} (length {count})")
    return row + count if row < 0 else row


def as_rows(key: Any, count: int, label: str) -> Rows:
    """Row numbers, counted from the start, for a slice, a list of numbers or of truth values, or an array of such.

    Raises
    ------
    OutOfRangeError
        One of the rows does not exist.
    InvalidValueError
        A mask of another length, or an array of more than one axis.
    InvalidKeyError
        The key cannot mean rows.
    """
    if isinstance(key, slice):
        return range(count)[key]
    if hasattr(key, "tolist"):
        if len(key.shape) != 1:
            raise InvalidValueError(f"{label}: expected rows as an array of one axis, got shape {key.shape}")
        key = key.tolist()
    if not isinstance(key, (list, tuple, range)):
        raise InvalidKeyError(f"{label}: expected a row number, a slice or a list of rows, got {type(key).__name__}")
    if len(key) and type(key[0]).__name__ in ("bool", "bool_"):
        if len(key) != count:
            raise InvalidValueError(f"{label}: expected one truth value per row ({count}), got {len(key)}")
        return [row for row, wanted in enumerate(key) if wanted]
    return [one_row(row, count, label) for row in key]


def pair(key: tuple[Any, ...], label: str) -> tuple[Any, Any]:
    """Rows and a column, from `table[rows, column]`.

    Raises
    ------
    OutOfRangeError
        There are more or fewer of them.
    """
    if len(key) != 2:
        raise OutOfRangeError(f"{label}: expected [row] or [row, column], got {len(key)} keys")
    return key[0], key[1]
