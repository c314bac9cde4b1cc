"""The specifications that a file carries: read for types without a class, written so that any tool understands the file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError, PhotonwbError
from photonwb.schema import Catalog, bundled
from photonwb.storage.contract import TEXT, Layout, Link, Reference, is_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["cache_specifications", "cached_catalog", "cached_sources"]


def cached_sources(store: Store) -> dict[str, dict[str, dict[str, str]]]:
    """JSON texts cached in a file, by namespace, version and source. What cannot be read is left out."""
    try:
        group = _specification_group(store)
    except PhotonwbError:
        return {}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for namespace, versions in _groups(group):
        for version, sources in _groups(versions):
            with contextlib.suppress(PhotonwbError):
                texts = {source: text for source in sources if (text := _text(sources, source)) is not None}
                found.setdefault(namespace, {})[version] = texts
    return found


def _specification_group(store: Store) -> Group:
    location = store.root.attributes.get(".specloc", "/specifications")
    if isinstance(location, Reference):
        return cast("Group", store.follow(location))
    return cast("Group", store.root[str(location).strip("/") or "specifications"])


def _groups(parent: Group) -> list[tuple[str, Group]]:
    """The groups in a group, if it is one, that can be read."""
    found: list[tuple[str, Group]] = []
    with contextlib.suppress(PhotonwbError):
        for name in parent if is_group(parent) else ():
            with contextlib.suppress(PhotonwbError):
                member = parent[name]
                if not isinstance(member, Link) and is_group(member):
                    found.append((name, member))
    return found


def _text(group: Group, name: str) -> str | None:
    try:
        member = group[name]
        value: Any = None if isinstance(member, Link) or is_group(member) else cast("Dataset", member).read()
    except PhotonwbError:
        return None
    if getattr(value, "shape", None) == (1,):
        value = value[0]
    return value if isinstance(value, str) else None


def cached_catalog(store: Store) -> Catalog:
    """The types that a file speaks of: its own specifications over the bundled ones."""
    sources = cached_sources(store)
    return Catalog.from_sources(sources) if sources else bundled()


def cache_specifications(store: Store, catalog: Catalog, namespaces: Iterable[str]) -> None:
    """Write the specifications of some namespaces (and of those that they include) into a file.

    A namespace that the file has in any version stays as it is: several versions side by side are read differently by each tool.
    """
    root = store.root
    try:
        group = cast("Group", root["specifications"])
    except NotFoundError:
        group = root.create_group("specifications")
    # The standard builds on nothing but itself, and is not parsed to find that out.
    standard = catalog.namespaces.items() & bundled().namespaces.items()
    wanted = {name for name, _ in standard}
    for namespace in namespaces:
        if namespace not in wanted:
            wanted.update(catalog.included(namespace))
    for namespace in sorted(wanted):
        if namespace in group:
            continue
        version = group.create_group(namespace).create_group(catalog.namespaces[namespace])
        for source, text in catalog.texts(namespace).items():
            version.create_dataset(source, Layout((), TEXT), text)
    root.attributes[".specloc"] = Reference("/specifications")
