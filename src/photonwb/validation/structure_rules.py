"""Rules on what is in a group: what must be there, how often, of which type, and what nobody will find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.schema import DatasetSpec, GroupSpec, LinkSpec
from photonwb.storage.contract import is_group
from photonwb.validation.findings import Severity
from photonwb.validation.matching import expected_type, has_kind, has_type
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.validation.matching import Child
    from photonwb.validation.stored import Item, Member

__all__ = [
    "extra_attribute",
    "extra_member",
    "misplaced_object",
    "missing_member",
    "missing_namespace",
    "missing_type",
    "text_in_array",
    "unknown_type",
    "wrong_namespace",
    "wrong_quantity",
    "wrong_type",
]

rule = enter_in("schema")

# What every object may say of itself, whatever its type.
_IDENTITY = {"namespace", "neurodata_type", "data_type", "object_id", ".specloc"}
# What every object said of itself in the first versions of the standard.
# What stores of Zarr, and files made of them, have at their arrays: names of the axes.
_OF_FORMATS = frozenset({"_ARRAY_DIMENSIONS"})
_FORMER = {"help", "source"}


def _kind(child: Child) -> str:
    return "group" if isinstance(child, GroupSpec) else "dataset" if isinstance(child, DatasetSpec) else "link"


def _described(child: Child) -> str:
    expected = expected_type(child)
    what = f"{_kind(child)}{f' to a {expected}' if isinstance(child, LinkSpec) else f' of type {expected}' if expected else ''}"
    return f"{what} named {child.name!r}" if child.name else what


@rule("missing_member", Severity.ERROR)
def missing_member(item: Item) -> Iterator[Problem]:
    """A group, dataset or link that the standard requires is not there."""
    for matching in item.matchings:
        for child, members in matching.found:
            if child.required and not members:
                fix = f"add {'it' if child.name else 'at least one'}"
                yield Problem(f"a {_described(child)} is missing", child.name or "", _described(child), "nothing", fix)


@rule("wrong_quantity", Severity.ERROR)
def wrong_quantity(item: Item) -> Iterator[Problem]:
    """There are more, or fewer, objects of a type than the standard allows."""
    for matching in item.matchings:
        for child, members in matching.found:
            most = 1 if child.quantity == "?" else child.quantity
            if members and isinstance(most, int) and len(members) != most:
                names = ", ".join(member.name for member in members[:10])
                yield Problem(f"expected a quantity of {most} of {_described(child)}", "", str(most), f"{len(members)} ({names})")


@rule("wrong_type", Severity.ERROR)
def wrong_type(item: Item) -> Iterator[Problem]:
    """An object stands where the standard wants one of another type, or a dataset where it wants a group."""
    for child, member in _placed(item):
        if not has_kind(child, member):
            found = "a group" if is_group(member.node) else "a dataset"  # type: ignore[arg-type]
            yield Problem("a group in place of a dataset, or the other way round", member.name, f"a {_kind(child)}", found)
        elif not has_type(child, member) and item.file.type_of(member.node)[0]:
            found = item.file.type_of(member.node)[0]
            expected = expected_type(child) or ""
            yield Problem("an object of the wrong type", member.name, expected, found, f"put an object of type {expected} there")


def _placed(item: Item) -> Iterator[tuple[Child, Member]]:
    """Every member that could be reached, with each child of the specification that it stands for."""
    for matching in item.matchings:
        for child, members in matching.found:
            yield from ((child, member) for member in members if member.node is not None)


@rule("missing_type", Severity.ERROR)
def missing_type(item: Item) -> Iterator[Problem]:
    """An object does not say of which type it is, so that programs do not see it."""
    for child, member in _placed(item):
        expected = expected_type(child)
        if expected and not item.file.type_of(member.node)[0]:
            yield Problem(
                "no neurodata_type", member.name, expected, "nothing", f"set its attribute neurodata_type to {expected!r}"
            )
    for name, places in item.places.items():
        node = item.members[name].node
        if not places and node is not None and "object_id" in item.file.attributes(node) and not item.file.type_of(node)[0]:
            yield Problem(
                "an object with an object_id but without a neurodata_type", name, "a neurodata_type", "nothing", "set it"
            )


@rule("missing_namespace", Severity.ERROR)
def missing_namespace(item: Item) -> Iterator[Problem]:
    """An object says its type but not the namespace of it, so that programs do not see it."""
    if item.type and not item.namespace:
        home = item.file.facts(item.type, "").home or "core"
        yield Problem("no namespace", "@namespace", repr(home), "nothing", f"set the attribute namespace to {home!r}")


@rule("text_in_array", Severity.ERROR)
def text_in_array(item: Item) -> Iterator[Problem]:
    """Type, namespace or object_id is an array of one text, which most programs cannot read."""
    for name in ("neurodata_type", "namespace", "object_id"):
        if getattr(item.attributes.get(name), "shape", ()) != ():
            yield Problem(f"{name} is an array", f"@{name}", "a single text", "an array", "write the text itself")


@rule("unknown_type", Severity.ERROR)
def unknown_type(item: Item) -> Iterator[Problem]:
    """A type is in no specification that the file carries."""
    for member in item.members.values():
        if member.node is None or (member.link is not None and member.node.store is item.node.store):
            continue
        neurodata_type, namespace = item.file.type_of(member.node)
        facts = item.file.facts(neurodata_type, namespace) if neurodata_type else None
        if facts is not None and facts.spec is None:
            yield Problem(
                f"the type {neurodata_type!r} of namespace {namespace!r} cannot be found: {facts.problem}",
                member.name,
                fix="cache the specification of its namespace in the file",
            )


@rule("wrong_namespace", Severity.ERROR)
def wrong_namespace(item: Item) -> Iterator[Problem]:
    """A type is said to be of a namespace that neither defines nor includes it, so that programs do not see the object."""
    facts = item.file.facts(item.type, item.namespace) if item.type and item.namespace else None
    if facts is not None and facts.home and facts.home not in item.file.catalog.included(item.namespace):
        yield Problem(
            f"the type {item.type} is not of this namespace", "@namespace", repr(facts.home), repr(item.namespace), "correct it"
        )


@rule("misplaced_object", Severity.ERROR)
def misplaced_object(item: Item) -> Iterator[Problem]:
    """An object lies where the standard has no place for one of its type, so that programs do not see it."""
    for name, places in item.places.items():
        member = item.members[name]
        if not places and member.types:
            where = item.type or "this group"
            yield Problem(
                f"there is no place for a {member.types[0]} in {where}",
                name,
                found=member.types[0],
                fix="move it to where it belongs",
            )


@rule("extra_member", Severity.WARNING)
def extra_member(item: Item) -> Iterator[Problem]:
    """A group or dataset is not in the standard: programs ignore it, and leave it out when they copy the file."""
    for name, places in item.places.items():
        member = item.members[name]
        if not places and member.node is not None and not item.file.type_of(member.node)[0]:
            if "object_id" in item.file.attributes(member.node):
                continue  # an object that lost its type
            kind = "group" if is_group(member.node) else "dataset"
            yield Problem(
                f"a {kind} that the standard does not know", name, fix="rename it if it is misspelled, or use an extension"
            )


@rule("extra_attribute", Severity.WARNING)
def extra_attribute(item: Item) -> Iterator[Problem]:
    """An attribute is not in the standard: programs ignore it, and leave it out when they copy the file."""
    known = {attribute.name for spec in item.specs for attribute in spec.attributes} | _IDENTITY
    if not item.file.is_of_this_version:
        known |= _FORMER
    if not is_group(item.node):
        known |= _OF_FORMATS
    for name in item.attributes:
        if name not in known:
            yield Problem(
                f"an attribute {name!r} that the standard does not know", f"@{name}", fix="rename it if it is misspelled"
            )
