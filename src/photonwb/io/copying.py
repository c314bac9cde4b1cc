"""What a file holds in another one: known to the model or not, it is copied as it is stored.

Chunks are neither decoded nor looked at, unless they are to be stored in another way. What is going to be written with other
values is only made here, empty, with its attributes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.arrays import LazyArray, incoming
from photonwb.errors import PhotonwbError
from photonwb.storage.contract import Link, Reference, is_group
from photonwb.storage.copying import adapted, copy_attributes, copy_dataset, copy_group, copy_unknown
from photonwb.storage.links import path_from
from photonwb.storage.relations import mapped_references, relations_of
from photonwb.storage.remote import is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from photonwb.storage.contract import Dataset, Group, Layout, Store

__all__ = ["Recipe", "copy_store", "moved_link"]


class Recipe(NamedTuple):
    """What is not copied as it is.

    Parameters
    ----------
    left_out : set of str
        Paths of what is not copied at all.
    emptied : dict
        By the path of a dataset the shape that it is going to have; its values are written by somebody else.
    linked : set of str
        Paths of datasets in whose place there is a link to the source.
    layout : callable
        Gives the layout of a dataset (its path, and the dataset) if it is to be stored in another way, else None.
    """

    left_out: set[str]
    emptied: dict[str, tuple[int, ...]]
    linked: set[str]
    layout: Callable[[str, Dataset], Layout | None]


def copy_store(source: Store, target: Store, folder: Path, recipe: Recipe) -> None:
    """Copy what a store holds into an empty one.

    Parameters
    ----------
    source, target : Store
    folder : Path
        Where the target is going to be, which decides how other files are named.
    recipe : Recipe
    """
    _Copy(source, target, folder, recipe).run()


class _Copy:
    def __init__(self, source: Store, target: Store, folder: Path, recipe: Recipe) -> None:
        self.source, self.target, self.folder, self.recipe = source, target, folder, recipe
        self.paths: dict[Hashable, str] = {}  # where what was copied already is

    def run(self) -> None:
        self.paths[self.source.root.identity] = "/"
        copy_attributes(self.source.root, self.target.root)
        self._copy_members(self.source.root, self.target.root)
        self._copy_references()

    def _copy_members(self, old: Group, new: Group) -> None:
        for name in old:
            path = f"{old.path.rstrip('/')}/{name}"
            if path in self.recipe.left_out:
                continue
            try:
                member = old[name]
            except PhotonwbError:
                copy_unknown(old, new, name)
                continue
            if isinstance(member, Link):
                new.create_link(name, moved_link(member, self.source.location, self.folder))
            elif member.identity in self.paths:
                new.create_link(name, Link(self.paths[member.identity]))  # the second name of one object
            else:
                self.paths[member.identity] = path
                if is_group(member):
                    self._copy_members(member, copy_group(member, new, name))
                else:
                    self._copy_dataset(cast("Dataset", member), new, name, path)

    def _copy_dataset(self, old: Dataset, new: Group, name: str, path: str) -> None:
        shape = self.recipe.emptied.get(path)
        layout = self.recipe.layout(path, old)
        if path in self.recipe.linked and shape is None:
            new.create_link(name, Link(path, path_from(self.folder, self.source.location)))
        elif shape is not None:
            layout = layout or adapted(old.layout, self.target)
            maximum = layout.maximum and tuple(
                most if most is None else max(most, length) for most, length in zip(layout.maximum, shape, strict=True)
            )
            copy_attributes(old, new.create_dataset(name, layout._replace(shape=shape, maximum=maximum)))
        elif layout is not None:
            made = new.create_dataset(name, layout)
            made.write_blocks(incoming(LazyArray(old.source())).blocks(layout.chunks))
            copy_attributes(old, made)
        else:
            copy_dataset(old, new, name)

    def _copy_references(self) -> None:
        """Write references again, which are addresses within their file."""

        def same(reference: Reference) -> Reference | None:
            return reference if reference.path == "/" or reference.path.strip("/") in self.target.root else None

        for relation in relations_of(self.source):
            path = relation.holder.strip("/")
            if relation.kind == "link" or (path and path not in self.target.root):
                continue
            old: Any = self.source.root[path] if path else self.source.root
            new: Any = self.target.root[path] if path else self.target.root
            if isinstance(new, Link):
                continue  # to the source, whose attributes are its own
            if relation.kind == "attribute":
                value = mapped_references(old.attributes[relation.name], same)
                if value is not None:
                    new.attributes[relation.name] = value
            elif relation.holder not in self.recipe.emptied:
                new.write((), mapped_references(old.read(), same))


def moved_link(link: Link, location: str, folder: Path) -> Link:
    """A link as it is written in a file of another folder, where it leads to the same place."""
    if link.file is None or Path(link.file).is_absolute() or is_address(location):
        return link
    return Link(link.path, os.path.relpath(Path(location).parent / link.file, folder))
