"""The fields that a specification describes, for classes that nobody wrote.

A class is made over one that exists, so only what its specification adds or changes becomes a field of its own. Names follow the
established rule: a member has its own name, one without a name that of its type, and what lies deeper the names on the way to it,
joined by two underscores.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.model.checks import fail
from photonwb.model.fields import Field, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from photonwb.schema.specification import AttributeSpec, DatasetSpec, DType, GroupSpec

__all__ = ["CompoundField", "Member", "attribute_member", "fields_for", "members_of", "snake_case"]

_TYPES_OF_DTYPE = {
    "text": "str", "ascii": "str", "utf": "str", "utf8": "str", "utf-8": "str", "bytes": "str",
    "float": "float", "float32": "float", "float64": "float", "double": "float",
    "int": "int", "int8": "int", "int16": "int", "int32": "int", "int64": "int", "long": "int", "short": "int",
    "uint": "int", "uint8": "int", "uint16": "int", "uint32": "int", "uint64": "int",
    "bool": "bool", "isodatetime": "datetime | date", "datetime": "datetime | date",
}  # fmt: skip


class Member(NamedTuple):
    """Something inside an object, at one place in the file."""

    kind: str
    where: str
    key: str | None
    type: str = ""  # of the object, or of the one that a reference points to
    dtype: str | None = None
    parts: tuple[tuple[str, str], ...] = ()  # names and dtypes of a compound
    shape: tuple[tuple[int | None, ...], ...] = ()
    fixed: Any = None
    required: bool = True
    always: bool = False
    doc: str = ""

    def says_more_than(self, other: Member | None) -> bool:
        """Whether anything but the description differs from what another specification says of this place."""
        return other is None or self._replace(doc="") != other._replace(doc="")

    @property
    def place(self) -> tuple[str, str, str]:
        """What makes members of two classes the same one."""
        return ("@" if self.kind == Kind.ATTRIBUTE else "/", self.where, self.key or f"<{self.type}>")

    @property
    def path(self) -> str:
        """Place as a table of names has it: names, or the type where there is no name."""
        return "/".join(part for part in (self.where, self.key or self.type) if part)

    @property
    def usual_name(self) -> str:
        """Name in Python, unless it is taken or known by another."""
        if self.key:
            return "__".join(part for part in (*self.where.split("/"), self.key) if part)
        plural = self.kind == Kind.CHILDREN and not self.type.endswith("s")
        name = snake_case(self.type) + ("s" if plural else "")
        return "__".join(part for part in (*self.where.split("/"), name) if part)

    @property
    def annotation(self) -> str:
        """The type as a written class would declare it."""
        if self.kind == Kind.CHILDREN:
            return f"LabelledDict[{self.type}]"
        if self.type:
            declared = self.type
        elif self.shape:
            declared = "Array"
        else:
            declared = _TYPES_OF_DTYPE.get(self.dtype or "", "Any")
        return declared if self.required or declared == "Any" else f"{declared} | None"


class CompoundField(Field):
    """A field whose values are rows of named members, such as x, y and z; tuples are taken for such rows."""

    parts: tuple[tuple[str, str], ...] = ()

    def check(self, instance: Any, value: Any) -> Any:
        if getattr(getattr(value, "dtype", None), "names", None) or hasattr(value, "neurodata_type"):
            return value
        import numpy as np

        if not all(dtype in _TYPES_OF_DTYPE and _TYPES_OF_DTYPE[dtype] in ("float", "int") for _, dtype in self.parts):
            return value
        dtype = np.dtype([(name, {"float": "f4", "int": "i4", "uint": "u4"}.get(kind, kind)) for name, kind in self.parts])
        rows = list(value)
        scalar = bool(rows) and not hasattr(rows[0], "__len__")
        if any(len(row) != len(self.parts) for row in ([rows] if scalar else rows)):
            names = ", ".join(name for name, _ in self.parts)
            raise fail(instance, self, f"{len(self.parts)} values, for {names}", value)
        return np.array(tuple(rows) if scalar else [tuple(row) for row in rows], dtype=dtype)


def snake_case(name: str) -> str:
    """`TwoPhotonSeries` as `two_photon_series`."""
    words: list[str] = []
    for index, letter in enumerate(name):
        before, after = name[index - 1 : index], name[index + 1 : index + 2]
        starts = letter.isupper() and bool(before) and (not before.isupper() or after.islower()) and before != "_"
        words.append(("_" if starts else "") + letter.lower())
    return "".join(words)


# ---- members of a specification


def members_of(spec: GroupSpec | DatasetSpec) -> Iterator[Member]:
    """Everything that an object of a resolved type may hold."""
    if hasattr(spec, "groups"):
        yield from _members_of_group(spec, "", True)  # type: ignore[arg-type]
    else:
        content = _data_member(spec, Kind.CONTENT, "", "data", True)  # type: ignore[arg-type]
        yield content._replace(type="")
        for attribute in spec.attributes:
            yield attribute_member(attribute, "", True)


def _members_of_group(spec: GroupSpec, where: str, required: bool) -> Iterator[Member]:
    for attribute in spec.attributes:
        yield attribute_member(attribute, where, required)
    for dataset in spec.datasets:
        yield from _members_of_dataset(dataset, where, required)
    for group in spec.groups:
        needed = required and group.required
        if group.type_name:
            many = group.name is None and group.quantity in ("*", "+")
            kind = Kind.CHILDREN if many else Kind.CHILD
            always = many and bool(where) and required
            yield Member(kind, where, group.name, group.type_name, required=needed, always=always, doc=group.doc)
        elif group.name:
            yield from _members_of_group(group, f"{where}/{group.name}".lstrip("/"), needed)
    for link in spec.links:
        many = link.name is None and link.quantity in ("*", "+")
        kind = Kind.CHILDREN if many else Kind.LINK
        yield Member(kind, where, link.name, link.target_type, required=required and link.required, doc=link.doc)


def _members_of_dataset(spec: DatasetSpec, where: str, required: bool) -> Iterator[Member]:
    needed = required and spec.required
    if spec.type_name:
        many = spec.name is None and spec.quantity in ("*", "+")
        kind = Kind.CHILDREN if many else Kind.CHILD
        yield Member(kind, where, spec.name, spec.type_name, required=needed, doc=spec.doc)
    elif spec.name:
        yield _data_member(spec, Kind.DATASET, where, spec.name, needed)
        for attribute in spec.attributes:
            yield attribute_member(attribute, f"{where}/{spec.name}".lstrip("/"), needed)


def attribute_member(spec: AttributeSpec, where: str, required: bool) -> Member:
    """An attribute of the object, or of what lies at `where` in it."""
    return _data_member(spec, Kind.ATTRIBUTE, where, spec.name, required and spec.required)


def _data_member(spec: AttributeSpec | DatasetSpec, kind: str, where: str, key: str, required: bool) -> Member:
    word, parts, target = _dtype_words(spec.dtype)
    shape = spec.shape or (tuple((None,) * len(axes) for axes in spec.dims) if spec.dims else ())
    fixed = spec.value
    member = Member(kind, where, key, "", word, parts, shape, fixed, required and fixed is None, doc=spec.doc)
    return member._replace(type=target) if kind == Kind.ATTRIBUTE and not shape else member


def _dtype_words(dtype: DType | None) -> tuple[str | None, tuple[tuple[str, str], ...], str]:
    """A dtype as one word, the members of a compound, and the type that a reference points to."""
    if dtype is None or isinstance(dtype, str):
        return dtype, (), ""
    if hasattr(dtype, "target_type"):
        return "reference", (), dtype.target_type  # type: ignore[union-attr]
    parts = tuple((part.name, part.dtype if isinstance(part.dtype, str) else "reference") for part in dtype)  # type: ignore[union-attr]
    return "compound", parts, ""


# ---- fields of a class


def fields_for(
    members: Mapping[tuple[str, str, str], Member],
    inherited: Mapping[tuple[str, str, str], Member],
    base: type[Any],
    names: Mapping[str, str],
) -> dict[str, Field]:
    """The fields that a type has beyond those of the class that its own is made over.

    Parameters
    ----------
    members, inherited : mapping
        What the specifications of the type, and of the type of `base`, say; by place.
    base : type
    names : mapping
        Established names that the rule does not give, by `Member.path`.
    """
    known = {_place_of(field): field for field in base.__fields__.values()}
    fields: dict[str, Field] = {}
    for place, member in members.items():
        if not member.says_more_than(inherited.get(place)):
            continue
        earlier = known.get(place)
        if earlier is not None:
            fields[earlier.name] = _changed(earlier, inherited.get(place), member)
        else:
            name = names.get(member.path) or _free_name(member.usual_name, base, fields)
            fields[name] = _new(member)
    return fields


def _place_of(field: Field) -> tuple[str, str, str]:
    key = field.key or f"<{'|'.join(field.element_names)}>"
    return ("@" if field.kind == Kind.ATTRIBUTE else "/", field.where, key)


def _free_name(name: str, base: type[Any], fields: Mapping[str, Field]) -> str:
    """A name that hides nothing that all objects have."""
    from keyword import iskeyword

    name = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in name)
    if iskeyword(name) or not name.isidentifier():
        name = f"{name}_" if name[:1].isalpha() or name[:1] == "_" else f"_{name}"
    while name in fields or hasattr(base, name):
        name += "_"
    return name


def _new(member: Member) -> Field:
    cls = CompoundField if member.parts else Field
    field = cls(
        member.kind,
        member.doc,
        where=member.where,
        key=member.key,
        named_by_key=member.key is not None,
        dtype=member.dtype,
        shape=member.shape,
        fixed=member.fixed,
        annotation=member.annotation,
        required=member.required,
        always=member.always,
    )
    if isinstance(field, CompoundField):
        field.parts = member.parts
    return field


def _changed(earlier: Field, before: Member | None, member: Member) -> Field:
    """A field of a base as a type refines it: only what its specification changes, changes."""
    field = copy.copy(earlier)
    field.known_check = None
    field._element_names = None
    field.known_classes = set()
    if before is None or before.dtype != member.dtype:
        field.dtype = member.dtype
    if before is None or before.shape != member.shape:
        field.shapes = member.shape or earlier.shapes
    if before is None or before.required != member.required:
        field.required = field._required = member.required
    field.fixed = member.fixed
    if before is None or before.type != member.type:
        field.annotation = member.annotation
    return field
