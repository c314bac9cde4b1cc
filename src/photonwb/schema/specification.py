"""What a specification says of one type, as small immutable values.

The standard, and every extension cached in a file, describes its types in JSON that leaves out whatever is default, and
that has changed its spelling over the years (``neurodata_type_def`` or ``data_type_def``, one shape or a list of them).
Here each description becomes one plain tuple with a fixed set of fields, so that nobody else has to know the spellings.
Nothing is looked up in other types: that is the work of the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, cast

from photonwb.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "AttributeSpec",
    "DType",
    "DatasetSpec",
    "GroupSpec",
    "LinkSpec",
    "MemberSpec",
    "Quantity",
    "ReferenceSpec",
    "TypedSpec",
    "Value",
    "parse_dataset",
    "parse_group",
    "type_defined",
    "type_included",
]

Quantity: TypeAlias = "int | str"
"""A number, or ``"?"`` (none or one), ``"*"`` (any number), ``"+"`` (one or more)."""

Value: TypeAlias = "str | float | tuple[str | float, ...]"
"""A fixed or default value; numbers may be integers, and truth values."""


class ReferenceSpec(NamedTuple):
    """The dtype of a reference to another object."""

    target_type: str
    reftype: str = "object"


class MemberSpec(NamedTuple):
    """One member of a compound dtype."""

    name: str
    dtype: str | ReferenceSpec
    doc: str = ""


DType: TypeAlias = "str | ReferenceSpec | tuple[MemberSpec, ...]"


class AttributeSpec(NamedTuple):
    """An attribute of a group or dataset.

    `shape` holds the alternatives that are allowed, each a tuple of lengths with ``None`` for any length; it is ``None``
    for a scalar. `dims` names the axes of each alternative. `value` is fixed, `default` is meant where none is stored.
    """

    name: str
    doc: str = ""
    dtype: DType | None = None
    dims: tuple[tuple[str, ...], ...] | None = None
    shape: tuple[tuple[int | None, ...], ...] | None = None
    required: bool = True
    default: Value | None = None
    value: Value | None = None


class LinkSpec(NamedTuple):
    """A link to an object of `target_type` or of a type derived from it."""

    name: str | None
    target_type: str
    doc: str = ""
    quantity: Quantity = 1

    @property
    def required(self) -> bool:
        """Whether at least one must be present."""
        return self.quantity not in ("?", "*")


class DatasetSpec(NamedTuple):
    """A dataset: a type of its own (`type_def`), an object of a type (`type_inc`), or plain data.

    Fields mean what they mean in `AttributeSpec`; `shape` of ``None`` allows a scalar or any array.
    """

    name: str | None = None
    default_name: str | None = None
    doc: str = ""
    quantity: Quantity = 1
    type_def: str | None = None
    type_inc: str | None = None
    linkable: bool = True
    dtype: DType | None = None
    dims: tuple[tuple[str, ...], ...] | None = None
    shape: tuple[tuple[int | None, ...], ...] | None = None
    default: Value | None = None
    value: Value | None = None
    attributes: tuple[AttributeSpec, ...] = ()

    @property
    def type_name(self) -> str | None:
        """The type that an object of this specification has at least."""
        return self.type_def or self.type_inc

    @property
    def required(self) -> bool:
        """Whether at least one must be present."""
        return self.quantity not in ("?", "*")

    def attribute(self, name: str) -> AttributeSpec | None:
        """Attribute called `name`, if specified."""
        return _named(self.attributes, name)


class GroupSpec(NamedTuple):
    """A group: a type of its own (`type_def`), an object of a type (`type_inc`), or a plain folder."""

    name: str | None = None
    default_name: str | None = None
    doc: str = ""
    quantity: Quantity = 1
    type_def: str | None = None
    type_inc: str | None = None
    linkable: bool = True
    attributes: tuple[AttributeSpec, ...] = ()
    datasets: tuple[DatasetSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    links: tuple[LinkSpec, ...] = ()

    @property
    def type_name(self) -> str | None:
        """The type that an object of this specification has at least."""
        return self.type_def or self.type_inc

    @property
    def required(self) -> bool:
        """Whether at least one must be present."""
        return self.quantity not in ("?", "*")

    def attribute(self, name: str) -> AttributeSpec | None:
        """Attribute called `name`, if specified."""
        return _named(self.attributes, name)

    def dataset(self, name: str) -> DatasetSpec | None:
        """Dataset called `name`, if specified."""
        return _named(self.datasets, name)

    def group(self, name: str) -> GroupSpec | None:
        """Group called `name`, if specified."""
        return _named(self.groups, name)

    def link(self, name: str) -> LinkSpec | None:
        """Link called `name`, if specified."""
        return _named(self.links, name)


TypedSpec: TypeAlias = "GroupSpec | DatasetSpec"
"""What can be of a type: attributes and links never are."""

_Named = TypeVar("_Named", AttributeSpec, DatasetSpec, GroupSpec, LinkSpec)


def _named(specs: Iterable[_Named], name: str) -> _Named | None:
    return next((spec for spec in specs if spec.name == name), None)


def type_defined(raw: Mapping[str, Any]) -> str | None:
    """Name of the type that a group or dataset in JSON form defines, if it does."""
    return _text(raw, "neurodata_type_def") or _text(raw, "data_type_def")


def type_included(raw: Mapping[str, Any]) -> str | None:
    """Name of the type that a group or dataset in JSON form includes or extends, if it does."""
    return _text(raw, "neurodata_type_inc") or _text(raw, "data_type_inc")


_DEEPEST = 50


def parse_group(raw: object, depth: int = 0) -> GroupSpec:
    """Specification of a group from its JSON form. `depth` counts the groups around it.

    Raises
    ------
    SchemaError
        If `raw` does not describe a group, or has groups in groups without an end in sight.
    """
    raw = _mapping(raw, "group")
    if depth > _DEEPEST:
        raise SchemaError(f"Groups are nested more than {_DEEPEST} deep.")
    return GroupSpec(
        **_identity(raw, "group"),
        attributes=tuple(map(_parse_attribute, _list(raw, "attributes"))),
        datasets=tuple(map(parse_dataset, _list(raw, "datasets"))),
        groups=tuple(parse_group(group, depth + 1) for group in _list(raw, "groups")),
        links=tuple(map(_parse_link, _list(raw, "links"))),
    )


def parse_dataset(raw: object) -> DatasetSpec:
    """Specification of a dataset from its JSON form.

    Raises
    ------
    SchemaError
        If `raw` does not describe a dataset.
    """
    raw = _mapping(raw, "dataset")
    return DatasetSpec(
        **_identity(raw, "dataset"),
        **_data(raw),
        attributes=tuple(map(_parse_attribute, _list(raw, "attributes"))),
    )


def _parse_attribute(raw: object) -> AttributeSpec:
    raw = _mapping(raw, "attribute")
    data = _data(raw)
    # Who gives a default says that the attribute may be left out.
    required = bool(raw.get("required", True)) and data["default"] is None
    return AttributeSpec(name=_needed(raw, "name", "attribute"), doc=_doc(raw), required=required, **data)


def _parse_link(raw: object) -> LinkSpec:
    raw = _mapping(raw, "link")
    target = _needed(raw, "target_type", "link")
    return LinkSpec(name=_text(raw, "name"), target_type=target, doc=_doc(raw), quantity=_quantity(raw))


def _identity(raw: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Fields that groups and datasets share."""
    name, defined, included = _text(raw, "name"), type_defined(raw), type_included(raw)
    if not (name or defined or included):
        raise SchemaError(f"A {kind} needs a name or a type, got neither: {_shown(raw)}")
    return {
        "name": name,
        "default_name": _text(raw, "default_name"),
        "doc": _doc(raw),
        "quantity": _quantity(raw),
        "type_def": defined,
        "type_inc": included,
        "linkable": bool(raw.get("linkable", True)),
    }


def _data(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that datasets and attributes share."""
    dtype = raw.get("dtype")
    if isinstance(dtype, list):
        dtype = tuple(map(_parse_member, cast("list[object]", dtype)))
    elif dtype is not None:
        dtype = _simple_dtype(dtype)
    return {
        "dtype": dtype,
        "dims": _alternatives(raw, "dims", str),
        "shape": _alternatives(raw, "shape", int),
        "default": _frozen(raw.get("default_value")),
        "value": _frozen(raw.get("value")),
    }


def _parse_member(raw: object) -> MemberSpec:
    raw = _mapping(raw, "member of a compound dtype")
    return MemberSpec(_needed(raw, "name", "member"), _simple_dtype(raw.get("dtype")), _doc(raw))


def _simple_dtype(raw: object) -> str | ReferenceSpec:
    if isinstance(raw, str):
        return raw
    raw = _mapping(raw, "dtype")
    return ReferenceSpec(_needed(raw, "target_type", "reference"), _text(raw, "reftype") or "object")


def _alternatives(raw: Mapping[str, Any], key: str, kind: type[int] | type[str]) -> tuple[tuple[Any, ...], ...] | None:
    """Allowed shapes, or the names of their axes: always a tuple of alternatives, though one may be written bare."""
    value = raw.get(key)
    if value is None:
        return None
    items = cast("list[Any]", value if isinstance(value, list) else [value])
    alternatives = items if any(isinstance(item, list) for item in items) else [items]
    found = tuple(tuple(item) if isinstance(item, list) else (item,) for item in alternatives)
    if any(length is not None and not isinstance(length, kind) for item in found for length in item):
        raise SchemaError(f"Expected {key} as a list of {kind.__name__} or null, got {_shown(value)}")
    return found


_SPELLED_OUT = {"zero_or_one": "?", "zero_or_many": "*", "one_or_many": "+"}


def _quantity(raw: Mapping[str, Any]) -> Quantity:
    value: object = raw.get("quantity", 1)
    if isinstance(value, str):
        value = _SPELLED_OUT.get(value, value)
        if value in ("?", "*", "+"):
            return value
        value = int(value) if value.isdecimal() and len(value) < 10 else value
    if isinstance(value, int) and value >= 1:
        return value
    raise SchemaError(f"Expected a quantity of '?', '*', '+' or a positive integer, got {_shown(value)}")


def _frozen(value: object) -> Value | None:
    if isinstance(value, list):
        return tuple(_scalar(item) for item in cast("list[object]", value))
    return None if value is None else _scalar(value)


def _scalar(value: object) -> str | float:
    if isinstance(value, (str, int, float)):
        return value
    raise SchemaError(f"Expected a scalar or a list of scalars as value, got {_shown(value)}")


def _mapping(raw: object, kind: str) -> Mapping[str, Any]:
    if isinstance(raw, dict):
        return cast("dict[str, Any]", raw)
    raise SchemaError(f"Expected an object that describes a {kind}, got {_shown(raw)}")


def _list(raw: Mapping[str, Any], key: str) -> list[object]:
    value = raw.get(key)
    if value is None:
        return []
    if isinstance(value, list):
        return cast("list[object]", value)
    raise SchemaError(f"Expected a list of {key}, got {_shown(value)}")


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is None or isinstance(value, str):
        return value
    raise SchemaError(f"Expected text as {key}, got {_shown(value)}")


def _needed(raw: Mapping[str, Any], key: str, kind: str) -> str:
    value = _text(raw, key)
    if not value:
        raise SchemaError(f"This {kind} has no {key}: {_shown(raw)}")
    return value


def _doc(raw: Mapping[str, Any]) -> str:
    return str(raw.get("doc") or "")


def _shown(value: object) -> str:
    """What a message says of a value, whatever its size and depth."""
    if isinstance(value, dict):
        return f"an object of {', '.join(map(str, list(cast('dict[object, object]', value))[:10])) or 'nothing'}"
    return "a list" if isinstance(value, list) else repr(value)[:80]
