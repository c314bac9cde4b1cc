"""Which objects of a file go into another one: those that are asked for, with all that they lead to."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from photonwb.common import DynamicTable
from photonwb.editing.operations import remove
from photonwb.editing.relations import objects_below, relations_of
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.container import Data
from photonwb.storage.contract import is_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from photonwb.model.container import AbstractContainer
    from photonwb.storage.contract import Group, Store

    Choice: TypeAlias = str | AbstractContainer | Callable[[AbstractContainer], bool]

__all__ = ["choose", "stored_below"]

# What describes the session as a whole goes along with whatever is chosen.
_DESCRIPTION = "/general"


def choose(root: AbstractContainer, store: Store, include: Any, exclude: Any) -> set[str]:
    """Take out of a file, in memory, all that is not to be in a part of it.

    Parameters
    ----------
    root : NWBFile
    store : Store
        What it was read from.
    include, exclude : choices or None
        See `photonwb.export`.

    Returns
    -------
    set of str
        Paths of what was excluded and is no object.
    """
    others: set[str] = set()
    if exclude is not None:
        objects = _chosen(root, exclude, "exclude", lambda pattern: others.update(_unknown(root, store, pattern)))
        _remove(root, objects)
    if include is not None:
        needed = _needed(root, _chosen(root, include, "include", None))
        left_out = _remove(root, [item for item in stored_below(root) if id(item) not in needed])
        # What nobody knows comes along, with the links and references that still lead somewhere.
        root.__dict__["_cascaded"] = tuple(left_out)
    return others


def stored_below(root: AbstractContainer) -> Iterator[AbstractContainer]:
    """Objects of a file; without those that stand for what the file lacks, such as the numbers of the rows of a table."""
    return (item for item in objects_below(root) if item._stored is not None)


def _listed(choices: Any) -> list[Choice]:
    is_one = isinstance(choices, str) or hasattr(choices, "neurodata_type") or callable(choices)
    listed: list[Any] = [choices] if is_one else list(cast("Any", choices))
    return listed


def _is_function(choice: Choice) -> bool:
    return callable(choice) and not hasattr(choice, "neurodata_type")


def _chosen(
    root: AbstractContainer, choices: Any, argument: str, otherwise: Callable[[str], object] | None
) -> list[AbstractContainer]:
    """The objects that are meant, each choice by at least one; a pattern without any is handed on."""
    below = [item for item in stored_below(root) if item is not root]
    found: dict[int, AbstractContainer] = {}
    for choice in _listed(choices):
        meant = [item for item in below if _is_meant(item, choice)]
        found.update((id(item), item) for item in meant)
        if not meant and isinstance(choice, str) and otherwise is not None:
            otherwise(choice)
        elif not meant and not _is_function(choice):
            raise InvalidValueError(f"{argument}: {choice!r} is nothing in {root._label()}")
    return list(found.values())


def _is_meant(item: AbstractContainer, choice: Choice) -> bool:
    path = cast("Any", item._stored).path
    if isinstance(choice, str):
        return _matches(path, choice) or any(base.__dict__.get("neurodata_type") == choice for base in type(item).__mro__)
    if hasattr(choice, "neurodata_type"):
        place = getattr(cast("Any", choice)._stored, "path", None)
        return path == place
    if callable(choice):
        return bool(choice(item))
    raise InvalidTypeError(f"expected paths, names of types, objects or functions to choose by, got {choice!r}")


def _matches(path: str, pattern: str) -> bool:
    """Whether a path, or one above it, is one of those that a pattern stands for."""
    parts = path.strip("/").split("/")
    return any(fnmatchcase("/".join(parts[:count]), pattern.strip("/")) for count in range(1, len(parts) + 1))


def _unknown(root: AbstractContainer, store: Store, pattern: str) -> Iterator[str]:
    """Paths of groups, datasets and links that are no objects."""
    found = [path for path in _paths(store.root) if _matches(path, pattern)]
    if not found:
        raise InvalidValueError(f"exclude: {pattern!r} is nothing in {root._label()}")
    yield from (path for path in found if path.rpartition("/")[0] not in found)


def _paths(root: Group) -> Iterator[str]:
    """Paths of all members, each object by its first name."""
    waiting, seen = [root], {root.identity}
    while waiting:
        group = waiting.pop()
        for name in group:
            yield f"{group.path.rstrip('/')}/{name}"
            member = group[name]
            if hasattr(member, "create_group") and is_group(member) and member.identity not in seen:
                seen.add(member.identity)
                waiting.append(member)


def _remove(root: AbstractContainer, items: list[AbstractContainer]) -> list[AbstractContainer]:
    """Take out objects, each with all that is below it; those that were not below another one."""
    going = {id(item) for item in items}
    tops = [item for item in items if not any(id(above) in going for above in item.get_ancestors())]
    return remove(root, tops) if tops else []


def _needed(root: AbstractContainer, chosen: list[AbstractContainer]) -> set[int]:
    """Identities of the objects that are chosen, of all that they lead to, and of those that hold them."""
    targets: dict[int, list[AbstractContainer]] = {}
    for relation in relations_of(root):
        targets.setdefault(id(relation.source), []).append(relation.target)
    general = [item for item in stored_below(root) if cast("Any", item._stored).path.startswith(_DESCRIPTION)]
    waiting, whole = [*chosen, *general], set[int]()
    needed = {id(root)}
    while waiting:
        item = waiting.pop()
        if isinstance(item, Data) and isinstance(item.parent, DynamicTable):
            item = item.parent  # a column is nothing without the rest of its table
        if id(item) in whole:
            continue
        for each in objects_below(item):
            whole.add(id(each))
            waiting.extend(targets.get(id(each), ()))
        needed.update(id(above) for above in item.get_ancestors())
    return needed | whole
