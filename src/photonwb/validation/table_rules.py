"""Rules on stored tables and series: what fits together inside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.storage.contract import Reference
from photonwb.validation.findings import Severity
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.validation.stored import Item

__all__ = [
    "big_endian",
    "column_length",
    "index_end",
    "index_order",
    "index_target",
    "missing_column",
    "no_mask",
    "no_times",
    "times_twice",
    "unlisted_column",
    "untyped_column",
    "wrong_colnames",
]

rule = enter_in("schema")

_MASKS = ("image_mask", "pixel_mask", "voxel_mask")


def _names(item: Item) -> list[str]:
    """Names of the columns, as the table lists them."""
    names = item.attributes.get("colnames")
    if isinstance(names, str):
        return [names]
    return [name for name in getattr(names, "flat", ()) if isinstance(name, str)]


def _columns(item: Item) -> list[str]:
    """Names of the columns that are there, listed or not, without their indices."""
    return [
        name
        for name, member in item.members.items()
        if "VectorData" in member.types and "VectorIndex" not in member.types and not _is_elements(item, name)
    ]


def _is_elements(item: Item, name: str) -> bool:
    """Whether a column only holds the texts that another one, of an enumeration, stands for."""
    owner = item.members.get(name.removesuffix("_elements"))
    return name.endswith("_elements") and owner is not None and "EnumData" in owner.types


@rule("missing_column", Severity.ERROR, "DynamicTable")
def missing_column(item: Item) -> Iterator[Problem]:
    """A column is listed in colnames but is not there."""
    for name in _names(item):
        if name not in item.members:
            yield Problem(
                f"column {name!r} is listed in colnames but is not there", name, fix="add the column, or take it off the list"
            )


@rule("untyped_column", Severity.ERROR, "DynamicTable")
def untyped_column(item: Item) -> Iterator[Problem]:
    """What is listed as a column is none: it is not of type VectorData."""
    for name in _names(item):
        member = item.members.get(name)
        if (
            member is not None
            and member.node is not None
            and not {"VectorData", "DynamicTable", "ElementIdentifiers"}.intersection(member.types)
        ):
            found = member.types[0] if member.types else "no type"
            yield Problem(
                f"{name!r} is listed in colnames but is no column",
                name,
                "VectorData",
                found,
                "set its neurodata_type and namespace",
            )


@rule("unlisted_column", Severity.WARNING, "DynamicTable")
def unlisted_column(item: Item) -> Iterator[Problem]:
    """A column is not listed in colnames, so that programs do not show it."""
    listed = set(_names(item)) | set(_category_names(item))
    for name in _columns(item):
        if name not in listed:
            yield Problem(f"column {name!r} is not listed in colnames", name, fix="add its name to colnames")


def _category_names(item: Item) -> list[str]:
    return [name for name in getattr(item.attributes.get("categories"), "flat", ()) if isinstance(name, str)]


@rule("wrong_colnames", Severity.ERROR, "DynamicTable")
def wrong_colnames(item: Item) -> Iterator[Problem]:
    """The list of columns names the ids, an index, or a column twice."""
    names = _names(item)
    for name in dict.fromkeys(names):
        member = item.members.get(name)
        if name == "id" or (member is not None and "VectorIndex" in member.types):
            yield Problem(
                f"colnames lists {name!r}, which is no column of its own", "@colnames", found=name, fix="take it off the list"
            )
        if names.count(name) > 1:
            yield Problem(f"colnames lists {name!r} {names.count(name)} times", "@colnames", found=name, fix="list it once")


@rule("column_length", Severity.ERROR, "DynamicTable")
def column_length(item: Item) -> Iterator[Problem]:
    """A column has more or fewer rows than the table has ids."""
    identifiers = _shape(item, "id")
    targets = _indexed(item)
    lengths = {name: shape[0] for name in _names(item) if (shape := _shape(item, _outermost(name, targets)))}
    if len(identifiers) == 1:
        expected = identifiers[0]
    elif lengths:
        expected = max(lengths.values(), key=list(lengths.values()).count)
    else:
        return
    for name, length in lengths.items():
        if length != expected:
            index = _outermost(name, targets)
            hint = "add its index" if name in ("pixel_mask", "voxel_mask") and index == name else "give it one value per row"
            yield Problem(f"column {name!r} has another length than the table", index, f"{expected} rows", f"{length} rows", hint)


def _indexed(item: Item) -> dict[str, str]:
    """For each column that has one, its index."""
    found: dict[str, str] = {}
    for name, member in item.members.items():
        if "VectorIndex" in member.types:
            target = item.file.attributes(member.node).get("target")
            path = target.path if isinstance(target, Reference) else ""
            found[path.rpartition("/")[2] or name.removesuffix("_index")] = name
    return found


def _outermost(name: str, targets: dict[str, str]) -> str:
    seen = {name}
    while (name := targets.get(name, name)) not in seen:
        seen.add(name)
    return name


def _shape(item: Item, name: str) -> tuple[int, ...]:
    member = item.members.get(name)
    return getattr(member.node, "shape", ()) if member is not None else ()


@rule("no_mask", Severity.ERROR, "PlaneSegmentation")
def no_mask(item: Item) -> Iterator[Problem]:
    """A table of regions of interest has no column of masks, so that pynwb cannot read the file."""
    if not any(name in item.members for name in _MASKS):
        yield Problem(
            "no masks",
            "",
            " or ".join(_MASKS),
            "none of them",
            "add a column of masks, which may be empty when there are no regions",
        )


@rule("index_order", Severity.ERROR, "VectorIndex")
def index_order(item: Item) -> Iterator[Problem]:
    """The ends in an index do not ascend."""
    ends = _ends(item)
    if ends is not None and len(ends):
        import numpy as np

        falls = np.flatnonzero(ends[1:] < ends[:-1])
        if len(falls):
            row = int(falls[0]) + 1
            yield Problem(
                "ends that do not ascend", "", f"at least {ends[row - 1]} in row {row}", str(ends[row]), "rebuild the index"
            )
        elif ends.dtype.kind == "i" and ends[0] < 0:
            yield Problem("a negative end", "", "ends from 0 on", str(ends[0]), "rebuild the index")


@rule("index_end", Severity.ERROR, "VectorIndex")
def index_end(item: Item) -> Iterator[Problem]:
    """The last end in an index is not the length of what is indexed."""
    ends = _ends(item)
    target = _referred(item, "target")
    if ends is None or target is None or not target.shape:
        return
    length, last = target.shape[0], int(ends.max()) if len(ends) else 0
    if last != length:
        severity = None if last > length else Severity.WARNING  # what no row refers to is only lost
        yield Problem(
            "the last end is not the length of the column",
            "",
            str(length),
            str(last),
            "rebuild the index, or complete the column",
            severity,
        )


@rule("index_target", Severity.WARNING, "VectorIndex")
def index_target(item: Item) -> Iterator[Problem]:
    """An index is for another column than its name says."""
    target = _referred(item, "target")
    named = item.path.removesuffix("_index")
    if target is not None and named != item.path and target.path != named and item.node.path == item.path:
        yield Problem("not the column of that name", "@target", named, target.path, "let it refer to its column")


def _ends(item: Item) -> Any:
    """The values of an index; None where they are no whole numbers in a row, as another rule tells."""
    if len(item.shape) != 1 or getattr(item.element, "kind", "") not in ("i", "u"):
        return None
    return item.read()


def _referred(item: Item, attribute: str) -> Any:
    """The dataset that an attribute refers to; None where there is none."""
    reference = item.attributes.get(attribute)
    if not isinstance(reference, Reference) or not reference.path:
        return None
    target = item.node.store.follow(reference)
    return target if hasattr(target, "shape") else None


@rule("no_times", Severity.ERROR, "TimeSeries")
def no_times(item: Item) -> Iterator[Problem]:
    """A series has neither timestamps nor a rate, so that pynwb cannot read the file."""
    if "timestamps" not in item.members and "starting_time" not in item.members:
        yield Problem("no times", "", "timestamps, or starting_time with a rate", "neither", "add one of them")


@rule("times_twice", Severity.WARNING, "TimeSeries")
def times_twice(item: Item) -> Iterator[Problem]:
    """A series has both timestamps and a rate."""
    if "timestamps" in item.members and "starting_time" in item.members:
        yield Problem("timestamps and a rate", "starting_time", "one of them", "both", "delete the one that is less exact")


@rule("big_endian", Severity.WARNING)
def big_endian(item: Item) -> Iterator[Problem]:
    """Numbers are stored with the most significant byte first, which MatNWB cannot read."""
    if not item.is_group and getattr(item.element, "byteorder", "=") == ">":
        yield Problem("big-endian numbers", "", "little-endian", "big-endian", "write them again")
