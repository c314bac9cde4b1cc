"""Which stored elements are what the words of the standard ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.schema import ReferenceSpec
from photonwb.storage.contract import ASCII, REFERENCE, TEXT, Reference

if TYPE_CHECKING:
    from photonwb.schema import DType
    from photonwb.storage.contract import ElementType

__all__ = ["DATES", "describe_dtype", "describe_element", "element_of_value", "is_accepted", "is_compound"]

# A word stands for a least precision: more of the same kind is fine, another kind never is.
_SIGNED, _UNSIGNED = ("int8", "int16", "int32", "int64"), ("uint8", "uint16", "uint32", "uint64")
_FLOATS = ("float32", "float64")
_ACCEPTED: dict[str, tuple[str, ...]] = {
    **{name: _SIGNED[at:] for at, name in enumerate(_SIGNED)},
    **{name: _UNSIGNED[at:] for at, name in enumerate(_UNSIGNED)},
    **{name: _FLOATS[at:] for at, name in enumerate(_FLOATS)},
    "numeric": _SIGNED + _UNSIGNED + _FLOATS,
    "bool": ("bool",),
    "text": (TEXT, ASCII),
    "ascii": (ASCII,),
}
DATES = ("isodatetime", "datetime", "date")
_SPELLINGS = {
    "float": "float32",
    "double": "float64",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "uint": "uint32",
    "utf": "text",
    "utf8": "text",
    "utf-8": "text",
    "bytes": "ascii",
    "object": REFERENCE,
    "region": REFERENCE,
} | dict.fromkeys(DATES, "text")


def is_compound(dtype: DType | None) -> bool:
    """Whether elements are made of named members."""
    return isinstance(dtype, tuple) and not isinstance(dtype, ReferenceSpec)


def is_accepted(dtype: DType | None, element: ElementType) -> bool:
    """Whether elements of a kind may stand where the specification asks for `dtype`. Compounds are compared member by member."""
    if dtype is None:
        return True
    if isinstance(dtype, ReferenceSpec):
        return element == REFERENCE
    if isinstance(dtype, tuple):
        return isinstance(element, tuple)
    word = _SPELLINGS.get(dtype, dtype)
    # A word that is unknown, in an extension, asks for nothing that could be checked.
    return _name(element) in _ACCEPTED.get(word, (word if word == REFERENCE else _name(element),))


def element_of_value(value: Any) -> ElementType | None:
    """What the elements of a value are; None where an empty array does not tell."""
    if isinstance(value, str):
        return ASCII if value.isascii() else TEXT
    if isinstance(value, Reference):
        return REFERENCE
    if isinstance(value, bool):
        import numpy as np

        return np.dtype(bool)
    if not getattr(value, "size", 1):
        return None
    dtype = value.dtype
    if dtype.kind == "O" and not dtype.metadata:
        first = next((item for item in value.flat if item is not None), None)
        return element_of_value(first) if isinstance(first, (str, Reference)) else None if first is None else dtype
    if dtype.names:
        return tuple((name, element_of_value(value[name]) or dtype[name]) for name in dtype.names)
    return dtype


def _name(element: ElementType) -> str:
    return element if isinstance(element, str) else "compound" if isinstance(element, tuple) else element.name


def describe_element(element: ElementType) -> str:
    """Elements in the words of the standard."""
    if isinstance(element, tuple):
        return f"members {', '.join(f'{name} {describe_element(member)}' for name, member in element)}"
    if isinstance(element, str):
        return {TEXT: "text", ASCII: "ASCII text", REFERENCE: "object reference"}[element]
    return "arrays of variable length" if element.kind == "O" else element.name


def describe_dtype(dtype: DType) -> str:
    """A dtype of the specification in words."""
    if isinstance(dtype, ReferenceSpec):
        return f"reference to {dtype.target_type}"
    if isinstance(dtype, tuple):
        return f"members {', '.join(f'{member.name} {describe_dtype(member.dtype)}' for member in dtype)}"
    accepted = _ACCEPTED.get(_SPELLINGS.get(dtype, dtype), ())
    more = [name for name in accepted if name not in (dtype, _SPELLINGS.get(dtype, dtype), ASCII)]
    return f"{dtype} (or {', '.join(more)})" if more and dtype not in ("numeric", *DATES) else dtype
