"""The fields of every class say what the standard says: where each lies, of what type and shape, whether it may be missing.

What a class says differently on purpose is listed, each with its reason; an exception that is no longer one fails too.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from photonwb.model.fields import Kind
from photonwb.model.generated_columns import columns_for
from photonwb.model.generated_fields import Member, members_of
from photonwb.model.registry import known_types
from photonwb.schema import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = ("behavior", "ecephys", "event", "icephys", "misc", "ogen", "resources", "retinotopy")

# (class, place): why it is not as the standard has it.
EXCEPTIONS = {
    ("EnumData", "data"): "places in the elements are of the shape of the column, whatever it is",
    ("Images", "<BaseImage>"): "may be written empty, as it may be read so",
    ("NWBFile", "stimulus/presentation/<TimeSeries>"): "a TimeSeries is an NWBDataInterface, which are all taken",
    ("SpatialSeries", "data"): "more than three columns are warned of, not refused: older files have them",
    ("TimeSeriesReferenceVectorData", "data"): "rows are TimeSeriesReference objects, which the writer stores as a compound",
}


def classes() -> dict[str, Any]:
    found = {cls.__name__: cls for (namespace, _), cls in known_types().items() if namespace in bundled().namespaces}
    for name in MODULES:
        module = importlib.import_module(f"photonwb.{name}")
        found |= {each: getattr(module, each) for each in module.RECIPES}
    return found


CLASSES = classes()


def members(cls: Any) -> dict[tuple[str, str, str], Member]:
    """What the standard says of a type, but for the columns of tables."""
    found = {member.place: member for member in members_of(bundled().resolve(cls.neurodata_type, cls.namespace))}
    if not hasattr(cls, "__predefined__"):
        return found
    return {place: member for place, member in found.items() if not is_column(cls, member)}


def is_column(cls: Any, member: Member) -> bool:
    kinds = ("VectorData", "DynamicTable") if hasattr(cls, "categories") else ("VectorData",)
    return member.kind == Kind.CHILD and any(bundled().is_a(member.type, kind, cls.namespace) for kind in kinds)


def differences(cls: Any) -> Iterator[tuple[str, str]]:
    """(place, difference) between the fields of a class and the standard."""
    said = members(cls)
    places = {}
    for field in cls.__fields__.values():
        names = field.element_names if field.key is None else ("",)
        for name in names:
            places["@" if field.kind == Kind.ATTRIBUTE else "/", field.where, field.key or f"<{name}>"] = field
    for place, member in said.items():
        where = "/".join(part for part in place[1:] if part)
        if place not in places:
            yield where, "missing"
        else:
            yield from ((where, each) for each in member_differences(cls, places[place], member))
    for place, field in places.items():
        if place not in said and not (hasattr(cls, "__predefined__") and field.where in cls.__predefined__):
            yield "/".join(part for part in place[1:] if part), "not in the standard"


# Words of the standard that mean the same.
SAME = {"int": "int32", "uint": "uint32", "float": "float32", "double": "float64", None: ""}


def member_differences(cls: Any, field: Any, member: Member) -> Iterator[str]:
    if field.kind != member.kind:
        yield f"{field.kind}, not {member.kind}"
    if member.type and member.type not in field.element_names:
        yield f"of type {field.element_names}, not {member.type}"
    if SAME.get(field.dtype, field.dtype) != SAME.get(member.dtype, member.dtype):
        yield f"dtype {field.dtype}, not {member.dtype}"
    if set(field.shapes) != set(member.shape):
        yield f"shapes {field.shapes}, not {member.shape}"
    if field.fixed != member.fixed:
        yield f"fixed {field.fixed!r}, not {member.fixed!r}"
    # What has a default is never without a value, and so may be declared required; what may be anything may be nothing.
    always_there = field.required and cls.__defaults__.get(field.name) is not None
    if field.required != member.required and not always_there and "Any" not in field.types:
        yield f"required {field.required}, not {member.required}"
    if member.always and not field.always:
        yield "its group is not always written"


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_the_fields_are_those_of_the_standard(name: str) -> None:
    found = {(name, where): difference for where, difference in differences(CLASSES[name])}
    expected = {key for key in EXCEPTIONS if key[0] == name}
    assert {key: value for key, value in found.items() if key not in expected} == {}
    assert expected - set(found) == set(), "no exceptions any more"


@pytest.mark.parametrize("name", sorted(name for name, cls in CLASSES.items() if getattr(cls, "__predefined__", None)))
def test_the_columns_are_those_of_the_standard(name: str) -> None:
    cls = CLASSES[name]
    said = columns_for(bundled().resolve(cls.neurodata_type, cls.namespace), None, object, bundled(), cls.namespace)
    assert set(cls.__predefined__) == set(said)
    for key, column in said.items():
        declared = cls.__predefined__[key]
        kind = declared.kind if isinstance(declared.kind, str) else declared.kind.__name__
        wanted = column.kind if isinstance(column.kind, str) else column.kind.__name__
        assert (kind, declared.index, declared.required, declared.table, declared.enum, declared.dtype) == (
            wanted, column.index, column.required, column.table, column.enum, column.dtype,
        )  # fmt: skip


def test_every_type_of_the_standard_has_a_class() -> None:
    for namespace, types in bundled().types().items():
        for name in types:
            assert name in CLASSES or namespace != "core", f"{namespace}.{name}"
