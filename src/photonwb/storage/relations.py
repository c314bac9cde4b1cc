"""What leads from one object of a store to another: links, and references in attributes and datasets.

A file does not tell who refers to an object. Whoever deletes one, or makes it anew, has to look through all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.errors import PhotonwbError

from .contract import REFERENCE, Link, Reference, is_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .contract import Dataset, ElementType, Group, Node, Store

__all__ = ["Relation", "holds_references", "mapped_references", "references_in", "relations_of"]


class Relation(NamedTuple):
    """One place from which other objects are reached.

    Parameters
    ----------
    holder : str
        Path of the group with a link, of the object with an attribute, or of the dataset with references.
    kind : {"link", "attribute", "dataset"}
    name : str
        Name of the link or attribute, "" for a dataset.
    targets : tuple of str
        Paths of the objects that it leads to; what does not exist (any more), or lies in another file, is left out.
    """

    holder: str
    kind: str
    name: str
    targets: tuple[str, ...]

    @property
    def path(self) -> str:
        """The place as people read it."""
        return f"{self.holder.rstrip('/')}/{self.name}" if self.name else self.holder


def relations_of(store: Store) -> Iterator[Relation]:
    """All links and references of a store."""
    waiting: list[Group] = [store.root]
    seen = {store.root.identity}
    yield from _attribute_relations(store.root)
    while waiting:
        group = waiting.pop()
        for name in group:
            member = _member(group, name)
            if member is None:
                continue
            if isinstance(member, Link):
                yield Relation(group.path, "link", name, _target(store, member, group))
                continue
            if member.identity in seen:
                continue
            seen.add(member.identity)
            yield from _attribute_relations(member)
            if is_group(member):
                waiting.append(member)
            elif holds_references(cast("Dataset", member).layout.element):
                yield Relation(member.path, "dataset", "", tuple(references_in(cast("Dataset", member).read())))


def _member(group: Group, name: str) -> Any:
    try:
        return group[name]
    except PhotonwbError:  # damaged, or of a kind that has nothing to say: it leads nowhere
        return None


def _attribute_relations(node: Node) -> Iterator[Relation]:
    for name in node.attributes:
        try:
            value = node.attributes[name]
        except PhotonwbError:
            continue
        targets = tuple(references_in(value))
        if targets:
            yield Relation(node.path, "attribute", name, targets)


def _target(store: Store, link: Link, group: Group) -> tuple[str, ...]:
    if link.file is not None:
        return ()
    try:
        found = store.follow(link, group)
    except PhotonwbError:
        return ()
    return (found.path,) if found.store is store else ()


def holds_references(element: ElementType) -> bool:
    """Whether elements of a dataset, or members of them, are references."""
    if isinstance(element, tuple):
        return any(member == REFERENCE for _, member in element)
    return isinstance(element, str) and element == REFERENCE


def references_in(value: Any) -> set[str]:
    """Paths that the references among some values lead to."""
    found: set[str] = set()

    def note(reference: Reference) -> Reference:
        found.add(reference.path)
        return reference

    mapped_references(value, note)
    return found - {""}


def mapped_references(value: Any, new: Callable[[Reference], Reference | None]) -> Any:
    """Values with other references in the place of those that they hold; what holds none is given back as it is."""
    if isinstance(value, Reference):
        return new(value)
    names = getattr(getattr(value, "dtype", None), "names", None)
    if names:
        changed: Mapping[str, Any] = {name: mapped_references(value[name], new) for name in names if value.dtype[name].hasobject}
        result = value.copy()
        for name, member in changed.items():
            result[name] = member
        return result
    if getattr(value, "shape", ()) and value.dtype.hasobject:
        result = value.copy()
        for index, item in enumerate(value.flat):
            result.flat[index] = new(item) if isinstance(item, Reference) else item
        return result
    return value
