"""Running rules over objects of the model, read from a file or just made."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from photonwb.errors import ClosedFileError, InvalidValueError
from photonwb.io.planning import Plan, joined
from photonwb.model.container import AbstractContainer
from photonwb.model.fields import Kind
from photonwb.model.labelled import LabelledDict
from photonwb.validation.findings import Finding, Severity
from photonwb.validation.rule_table import run, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.file import NWBFile
    from photonwb.model.fields import Field
    from photonwb.storage.contract import Store

__all__ = ["model_findings", "path_of", "plan_findings"]


def plan_findings(nwbfile: NWBFile, store: Store | None) -> Iterator[Finding]:
    """What keeps the objects of a file from being written."""
    plan = Plan(nwbfile, store.location if store else "", store)
    try:
        plan.check()
    except InvalidValueError:
        for problem in plan.problems:
            yield Finding(Severity.ERROR, "unwritable", "/", problem, object_type="NWBFile", file=plan.location)


def model_findings(root: AbstractContainer, layers: tuple[str, ...]) -> Iterator[Finding]:
    """What the rules of these layers find in an object and all that is in it."""
    file = root.container_source or ""
    waiting: list[tuple[AbstractContainer, str]] = [(root, path_of(root))]
    seen: set[int] = set()
    while waiting:
        container, path = waiting.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        types = _types(type(container))
        for layer in layers:
            yield from run(layer, container, types, path, file)
        inside: list[tuple[AbstractContainer, str]] = []
        for item, place in _inside(container, path):
            if not isinstance(item, Exception):
                inside.append((item, place))
            elif isinstance(item, ClosedFileError):
                raise item
            else:
                yield unreadable(item, place, types[0], file)
        waiting.extend(reversed(inside))


@lru_cache(maxsize=1024)
def _types(cls: type[AbstractContainer]) -> tuple[str, ...]:
    """Names of the type of a class and of those it inherits from."""
    return tuple(dict.fromkeys(base.neurodata_type for base in cls.__mro__ if issubclass(base, AbstractContainer)))


def _inside(container: AbstractContainer, path: str) -> Iterator[tuple[Any, str]]:
    """Objects that belong to this one, with their paths; an error in place of one that cannot be read."""
    for field in type(container).__fields__.values():
        if field.kind not in (Kind.CHILD, Kind.CHILDREN):
            continue
        try:
            held: Any = getattr(container, field.name)
            names = list(held) if isinstance(held, LabelledDict) else []
        except Exception as error:  # noqa: BLE001 - damaged data may raise anything, and must not hide the rest of the file
            yield error, joined(path, field.path)
            continue
        for name, item in _each(held, names):
            if isinstance(item, Exception):
                yield item, joined(path, field.where, name)
            elif item is not None and _belongs(item, container):
                yield item, joined(path, field.where, field.key or name)


def _each(held: Any, names: list[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(held, LabelledDict):
        for name in names:
            try:
                yield name, held[name]
            except Exception as error:  # noqa: BLE001 - as above
                yield name, error
    elif isinstance(held, (list, tuple)):
        yield from ((item.name, item) for item in held)
    elif held is not None:
        yield held.name, held


def _belongs(item: AbstractContainer, container: AbstractContainer) -> bool:
    """Whether an object lies inside of a container, and is not only linked to."""
    if item._stored is not None and container._stored is not None:
        return item._stored.path.startswith(container._stored.path.rstrip("/") + "/")
    return item.parent is container or item.parent is None


def path_of(container: AbstractContainer) -> str:
    """Path of an object in its file, or the one that it is going to have."""
    if container._stored is not None:
        return container._stored.path
    parent = container.parent
    if parent is None:
        return "/" if container.neurodata_type == "NWBFile" else f"/{container.name}"
    return joined(path_of(parent), _field_holding(container, parent), container.name)


def _field_holding(container: AbstractContainer, parent: AbstractContainer) -> str:
    for field in type(parent).__fields__.values():
        if field.kind in (Kind.CHILD, Kind.CHILDREN) and _holds(parent, field, container):
            return field.where
    return ""


def _holds(parent: AbstractContainer, field: Field, container: AbstractContainer) -> bool:
    held: Any = parent.__dict__.get(field.name)
    items = held.values() if isinstance(held, LabelledDict) else held if isinstance(held, (list, tuple)) else (held,)
    return any(item is container for item in items)
