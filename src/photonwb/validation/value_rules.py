"""Rules on values: attributes, and the content of datasets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import BrokenLinkError
from photonwb.schema import DatasetSpec, MemberSpec, ReferenceSpec
from photonwb.storage.contract import ASCII, REFERENCE, TEXT, Reference
from photonwb.validation.element_types import DATES, describe_dtype, describe_element, is_accepted, is_compound
from photonwb.validation.findings import Severity
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.validation.stored import Item, Specified

__all__ = [
    "array_for_scalar",
    "bad_date",
    "bad_reference",
    "compound_members",
    "fixed_length_dates",
    "fixed_value",
    "missing_attribute",
    "no_time_zone",
    "not_utf8",
    "null_value",
    "unreadable_attribute",
    "vlen_array",
    "wrong_dtype",
    "wrong_shape",
]

rule = enter_in("schema")

_MOST_TEXTS = 10_000

_DATE = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(?P<zone>Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?"
)


@rule("missing_attribute", Severity.ERROR)
def missing_attribute(item: Item) -> Iterator[Problem]:
    """An attribute that the standard requires is not there."""
    for spec in item.specs:
        for attribute in spec.attributes:
            if attribute.required and attribute.name not in item.attributes:
                value = repr(attribute.value) if attribute.value is not None else ""
                expected = value or (describe_dtype(attribute.dtype) if attribute.dtype else "a value")
                yield Problem(
                    f"attribute {attribute.name!r} is missing", f"@{attribute.name}", expected, fix=f"set {attribute.name}"
                )


@rule("unreadable_attribute", Severity.ERROR)
def unreadable_attribute(item: Item) -> Iterator[Problem]:
    """An attribute cannot be read."""
    for name, value in item.attributes.items():
        if isinstance(value, Exception):
            yield Problem(f"attribute {name!r} cannot be read ({value})", f"@{name}", fix="write it again")


@rule("not_utf8", Severity.ERROR)
def not_utf8(item: Item) -> Iterator[Problem]:
    """A text is not in UTF-8, so that most programs cannot read it."""
    places = [(f"@{name}", value) for name, value in item.attributes.items()]
    if not item.is_group and item.element in (TEXT, ASCII):
        places.append(("", item.read() if item.shape == () else item.node.read((slice(0, _MOST_TEXTS),))))  # type: ignore[union-attr] - no group
    for at, value in places:
        is_array = hasattr(value, "flat") and value.dtype.hasobject
        texts: Any = (value,) if isinstance(value, str) else value.flat if is_array else ()
        wrong = next((text for text in texts if isinstance(text, str) and not _is_utf8(text)), None)
        if wrong is not None:
            # What other tools have left is read by none that would fail.
            severity = None if any(value.at == at for value in item.specified) else Severity.WARNING
            yield Problem("a text that is not in UTF-8", at, "UTF-8", ascii(wrong)[:60], "write it again", severity)


def _is_utf8(text: str) -> bool:
    """Whether a text is no stand-in for bytes that are none, which are read as surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@rule("null_value", Severity.ERROR)
def null_value(item: Item) -> Iterator[Problem]:
    """Something is there but holds no value, which most programs cannot read."""
    for name, value in item.attributes.items():
        if value is None:
            yield Problem(f"attribute {name!r} is there but has no value", f"@{name}", fix="set a value, or delete it")
    if not item.is_group and item.shape == () and item.read() is None:
        yield Problem("the dataset is there but has no value", fix="write a value, or delete it")


@rule("wrong_dtype", Severity.ERROR)
def wrong_dtype(item: Item) -> Iterator[Problem]:
    """Elements are of another kind, or of less precision, than the standard asks for."""
    for value in item.specified:
        dtype, element = value.spec.dtype, value.element
        if dtype is None or element is None or is_accepted(dtype, element):
            continue
        yield Problem(
            "wrong element type",
            value.at,
            describe_dtype(dtype),
            describe_element(element),
            "convert the values and write them again",
        )


@rule("vlen_array", Severity.ERROR)
def vlen_array(item: Item) -> Iterator[Problem]:
    """Rows are arrays of variable length, a form of HDF5 that the standard does not have."""
    if not item.is_group and getattr(item.element, "kind", "") == "O":
        yield Problem(
            "each element is an array of variable length", fix="store all values in one array, and a VectorIndex for it"
        )


@rule("compound_members", Severity.ERROR)
def compound_members(item: Item) -> Iterator[Problem]:
    """Members of compound elements have other names, another order or other types than the standard says."""
    for value in item.specified:
        if not is_compound(value.spec.dtype) or not isinstance(value.element, tuple):
            continue
        wanted = cast("tuple[MemberSpec, ...]", value.spec.dtype)
        expected, found = describe_dtype(wanted), describe_element(value.element)
        if [name for name, _ in value.element[: len(wanted)]] != [member.name for member in wanted]:
            yield Problem(
                "members have wrong names, or are in the wrong order", value.at, expected, found, "rename or reorder them"
            )
        elif not all(is_accepted(spec.dtype, element) for spec, (_, element) in zip(wanted, value.element, strict=False)):
            yield Problem("members are of the wrong type", value.at, expected, found, "convert them and write them again")
        elif len(value.element) > len(wanted):
            extra = ", ".join(name for name, _ in value.element[len(wanted) :])
            yield Problem(
                f"members that the standard does not know: {extra}",
                value.at,
                expected,
                found,
                "use a column for them",
                Severity.WARNING,
            )


@rule("wrong_shape", Severity.ERROR)
def wrong_shape(item: Item) -> Iterator[Problem]:
    """An array has a shape that the standard does not allow."""
    for value in item.specified:
        shapes = value.spec.shape
        if shapes is not None and not any(_fits(shape, value.shape) for shape in shapes):
            expected = " or ".join(map(_shape_text, shapes))
            found = _shape_text(value.shape) if value.shape else "a single value"
            yield Problem("wrong shape", value.at, expected, found, "write it again in one of these shapes")


def _fits(wanted: tuple[int | None, ...], shape: tuple[int, ...]) -> bool:
    return len(wanted) == len(shape) and all(a is None or a == b for a, b in zip(wanted, shape, strict=True))


def _shape_text(shape: tuple[int | None, ...]) -> str:
    lengths = ["any" if length is None else str(length) for length in shape]
    return f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"


@rule("array_for_scalar", Severity.ERROR)
def array_for_scalar(item: Item) -> Iterator[Problem]:
    """An array stands where a single value belongs."""
    for value in item.specified:
        spec = value.spec
        if not value.shape or spec.shape is not None or spec.dims is not None or spec.dtype is None or is_compound(spec.dtype):
            continue
        if isinstance(spec, DatasetSpec) and (spec.type_name is not None or item.type):
            continue
        # Programs take a dataset of one element for its element, but not an attribute.
        is_harmless = isinstance(spec, DatasetSpec) and value.shape == (1,)
        severity = Severity.WARNING if is_harmless else None
        found = f"an array of shape {_shape_text(value.shape)}"
        yield Problem(
            "an array where a single value belongs", value.at, "a single value", found, "write the value itself", severity
        )


@rule("fixed_value", Severity.ERROR)
def fixed_value(item: Item) -> Iterator[Problem]:
    """A value is not the only one that the standard allows."""
    for value in item.specified:
        fixed = value.spec.value
        if fixed is None or value.shape not in ((), (1,)):
            continue
        found = value.read()
        found = found[0] if value.shape else found
        if found != fixed and (value.at != "@nwb_version" or item.file.carries_specification):
            # What another version of the standard prescribes may be right for this file.
            severity = None if item.file.is_of_this_version else Severity.WARNING
            yield Problem("not the value that the standard prescribes", value.at, repr(fixed), repr(found), "set it", severity)


@rule("bad_date", Severity.ERROR)
def bad_date(item: Item) -> Iterator[Problem]:
    """A date is not in the form of ISO 8601."""
    for value, text in _dates(item):
        if not _DATE.fullmatch(text):
            yield Problem(
                "no date in ISO 8601 form", value.at, "a form such as 2024-05-06T07:08:09+02:00", repr(text), "rewrite the date"
            )


@rule("no_time_zone", Severity.ERROR)
def no_time_zone(item: Item) -> Iterator[Problem]:
    """A date does not say in which time zone it is."""
    for value, text in _dates(item):
        match = _DATE.fullmatch(text)
        if match and not match["zone"]:
            severity = Severity.WARNING if value.shape else None
            yield Problem(
                "a date without a time zone", value.at, "an offset such as +02:00 at the end", repr(text), "add it", severity
            )


def _dates(item: Item) -> Iterator[tuple[Specified, str]]:
    for value in item.specified:
        if isinstance(value.spec.dtype, str) and value.spec.dtype in DATES and isinstance(value.element, str):
            found = value.read()
            texts = [found] if isinstance(found, str) else getattr(found, "flat", ())
            yield from ((value, text) for text in texts if isinstance(text, str))


@rule("fixed_length_dates", Severity.ERROR)
def fixed_length_dates(item: Item) -> Iterator[Problem]:
    """A list of dates is stored as text of fixed length, which pynwb does not take for dates."""
    for value in item.specified:
        if value.at == "" and value.shape and value.spec.dtype in DATES and _has_fixed_length(item.node):
            yield Problem(
                "dates stored as text of fixed length", "", "text of variable length", "fixed length", "write them again"
            )


def _has_fixed_length(dataset: Any) -> bool:
    """Whether the text of a dataset of HDF5 is of fixed length."""
    from photonwb.storage.hdf5 import HDF5Dataset
    from photonwb.storage.hdf5_library import h5t

    if not isinstance(dataset, HDF5Dataset):
        return False
    stored = dataset.object_id.get_type()
    return stored.get_class() == h5t.STRING and not stored.is_variable_str()


@rule("bad_reference", Severity.ERROR)
def bad_reference(item: Item) -> Iterator[Problem]:
    """A reference leads nowhere, or to an object of the wrong type."""
    for name, value in item.attributes.items():
        if isinstance(value, Reference):
            yield from _check_target(item, value, _target_type(item, name), f"@{name}")
    if item.is_group:
        return
    if item.element == REFERENCE:
        yield from _check_targets(item, item.read(), _content_target_type(item))
    elif isinstance(item.element, tuple):
        for name, member in item.element:
            if member == REFERENCE:
                yield from _check_targets(item, item.read()[name], _content_target_type(item, name))


def _target_type(item: Item, attribute: str) -> str:
    for spec in item.specs:
        for candidate in spec.attributes:
            if candidate.name == attribute and isinstance(candidate.dtype, ReferenceSpec):
                return candidate.dtype.target_type
    return ""


def _content_target_type(item: Item, member: str = "") -> str:
    for spec in item.specs:
        dtype = spec.dtype if isinstance(spec, DatasetSpec) else None
        if isinstance(dtype, ReferenceSpec):
            return dtype.target_type
        if isinstance(dtype, tuple):
            for part in dtype:
                if part.name == member and isinstance(part.dtype, ReferenceSpec):
                    return part.dtype.target_type
    return ""


def _check_targets(item: Item, values: Any, wanted: str) -> Iterator[Problem]:
    references = [values] if values is None or isinstance(values, Reference) else values.ravel().tolist()
    if None in references:
        rows = [row for row, reference in enumerate(references) if reference is None]
        yield Problem(f"{len(rows)} empty references, the first in row {rows[0]}", expected="an object", fix="delete these rows")
    for reference in dict.fromkeys(reference for reference in references if reference is not None):
        yield from _check_target(item, reference, wanted, "")


def _check_target(item: Item, reference: Reference, wanted: str, at: str) -> Iterator[Problem]:
    try:
        target = item.node.store.follow(reference)
    except BrokenLinkError:
        found = reference.path or "an object that was deleted"
        yield Problem(
            "a reference leads nowhere", at, wanted and f"an object of type {wanted}", found, "set it to an existing object"
        )
        return
    neurodata_type, namespace = item.file.type_of(target)
    types = item.file.facts(neurodata_type, namespace).types or (neurodata_type,)
    if wanted and wanted not in types:
        found = f"{neurodata_type or 'an object without a type'} at {reference.path}"
        yield Problem("a reference leads to an object of the wrong type", at, wanted, found, f"let it lead to a {wanted}")
