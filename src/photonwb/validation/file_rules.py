"""Rules on the file as a whole: its specifications, and the identities of its objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from photonwb.validation.findings import Severity
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.validation.stored import Item

__all__ = [
    "bad_specification",
    "duplicate_object_id",
    "missing_specification",
    "missing_version",
    "no_specification",
    "object_id",
    "several_versions",
]

rule = enter_in("schema")

_SPECIFICATIONS = "specifications"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@rule("missing_version", Severity.ERROR)
def missing_version(item: Item) -> Iterator[Problem]:
    """The file does not say which version of the standard it follows, so that pynwb refuses it."""
    if item.path == "/" and "nwb_version" not in item.attributes:
        version = item.file.catalog.namespaces.get("core", "")
        yield Problem("no version of the standard", "@nwb_version", repr(version), "nothing", "set the attribute nwb_version")


@rule("no_specification", Severity.WARNING)
def no_specification(item: Item) -> Iterator[Problem]:
    """The file carries no specification: programs take that of their own version."""
    if item.path == "/" and not item.specifications:
        yield Problem("the file carries no specifications", _SPECIFICATIONS, fix="cache them when writing (cache_spec=True)")


@rule("missing_specification", Severity.ERROR)
def missing_specification(item: Item) -> Iterator[Problem]:
    """A specification builds on another one that the file does not carry."""
    cached = item.specifications if item.path == "/" else {}
    for namespace in cached:
        for needed in item.file.catalog.included(namespace):
            # What is experimental may be left out, and is by some programs.
            if needed not in cached and needed != "hdmf-experimental":
                yield Problem(
                    f"the specification {namespace!r} builds on {needed!r}, which is not in the file",
                    f"{_SPECIFICATIONS}/{namespace}",
                    needed,
                    "nothing",
                    "cache all specifications when writing",
                )


@rule("several_versions", Severity.WARNING)
def several_versions(item: Item) -> Iterator[Problem]:
    """A specification is there in several versions, of which each program takes another one."""
    for namespace, versions in (item.specifications if item.path == "/" else {}).items():
        if len(versions) > 1:
            at = f"{_SPECIFICATIONS}/{namespace}"
            yield Problem(
                "several versions of a specification", at, "one version", ", ".join(versions), "delete all but the right one"
            )


@rule("bad_specification", Severity.ERROR)
def bad_specification(item: Item) -> Iterator[Problem]:
    """A specification in the file cannot be read."""
    if item.path == "/" and item.specifications:
        for problem in item.file.catalog.problems:
            yield Problem(str(problem), _SPECIFICATIONS, fix="replace the specification by that of the standard")


@rule("object_id", Severity.WARNING)
def object_id(item: Item) -> Iterator[Problem]:
    """An object has no object_id, though others have, or one that is no UUID."""
    if not item.type or "object_id" not in item.file.attributes(item.file.store.root):
        return  # files of before version 2.1 have none
    found = item.attributes.get("object_id", "")
    if isinstance(found, str) and not _UUID.fullmatch(found):
        yield Problem("no UUID for the object", "@object_id", "such as str(uuid.uuid4())", repr(found), "give it one")


@rule("duplicate_object_id", Severity.ERROR)
def duplicate_object_id(item: Item) -> Iterator[Problem]:
    """Two objects have the same object_id."""
    object_id = item.attributes.get("object_id")
    if not isinstance(object_id, str) or item.first_path != item.path or item.link is not None:
        return
    first = item.file.object_ids.setdefault(object_id, item.path)
    if first != item.path:
        yield Problem(f"the object_id of {first}", "@object_id", "a UUID of its own", object_id, "give this object a new one")
