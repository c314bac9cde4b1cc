"""What a file is going to hold, and where: worked out, and checked, before the first byte is written.

Everything that would make a file nobody can read is found here: objects that are linked but part of nothing, two objects of one
name, missing values, columns of unequal length. All problems are told at once, each with the object, what was expected, what
came and what to do.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidValueError
from photonwb.model.fields import Field, Kind
from photonwb.model.labelled import LabelledDict
from photonwb.storage.contract import Link
from photonwb.storage.links import path_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.model.container import AbstractContainer
    from photonwb.storage.contract import Store

__all__ = ["Plan", "held_members", "joined"]


def joined(*parts: str | None) -> str:
    """An absolute path of the parts that are not empty."""
    return "/" + "/".join(part.strip("/") for part in parts if part and part != "/")


def held_members(container: AbstractContainer, field: Field, *, only_loaded: bool = False) -> list[tuple[str, AbstractContainer]]:
    """Objects in a field by their names there: those inside the container, and those it only links to.

    `only_loaded` leaves out what is still in the file that the container was read from.
    """
    if field.kind not in (Kind.CHILD, Kind.CHILDREN):
        return []
    value: Any = container.__dict__.get(field.name) if only_loaded else getattr(container, field.name)
    if field.kind == Kind.CHILD:
        return [] if value is None else [(field.key or value.name, value)]
    if isinstance(value, LabelledDict):
        held = cast("LabelledDict[AbstractContainer]", value)
        return held.loaded_items() if only_loaded else list(held.items())
    items = container._loaded_objects(field) if only_loaded else value or ()
    return [(item.name, item) for item in items]


class Plan:
    """The path of each object of a file, and what is wrong with them.

    Parameters
    ----------
    root : NWBFile
    location : str
        Absolute path of the file to be, which decides what is a link to another file.
    store : Store, optional
        The file that exists already and is only changed: of objects that lie in it, nothing is loaded for the plan.
    """

    def __init__(self, root: AbstractContainer, location: str, store: Store | None = None) -> None:
        self.root = root
        self.location = location
        self._store = store
        self.problems: list[str] = []
        self._paths: dict[int, str] = {}
        self._objects: list[AbstractContainer] = []
        self._place(root, "/")

    def objects(self) -> Iterator[tuple[AbstractContainer, str]]:
        """All objects of the file and their paths, each after the one that holds it."""
        for item in self._objects:
            yield item, self._paths[id(item)]

    def is_stored(self, container: AbstractContainer) -> bool:
        """Whether an object lies in the file already."""
        node: Any = getattr(container._stored, "node", None)
        return self._store is not None and node is not None and node.store is self._store

    def path_of(self, container: AbstractContainer) -> str | None:
        """Path that an object gets in this file; None when it does not belong to it."""
        return self._paths.get(id(container))

    def after(self, path: str) -> str | None:
        """Path that an object of the file which is there is going to have; None if it goes, as all of a file that is replaced."""
        return None if self._store is None else path

    def link_to(self, container: AbstractContainer, field_name: str, target: AbstractContainer) -> Link:
        """The link that stands for an object which lives elsewhere.

        Raises
        ------
        InvalidValueError
            The target is part neither of this file nor of another.
        """
        path = self.path_of(target)
        if path is not None:
            return Link(path)
        stored = target._stored
        if stored is not None:
            if os.path.abspath(stored.location) != os.path.abspath(self.location):
                return self.link_into(stored.location, stored.path)
            if self._store is not None:
                return Link(stored.path)
        raise InvalidValueError(self._orphan(container, field_name, target))

    def link_into(self, location: str, path: str) -> Link:
        """The link to a place in another file, found from the folder of this one, so that both can be moved together."""
        return Link(path, path_from(os.path.dirname(os.path.abspath(self.location)), location))

    def _orphan(self, container: AbstractContainer, field_name: str, target: AbstractContainer) -> str:
        return (
            f"{container._label()}.{field_name}: {target._label()} is not part of the file, so a link to it would lead nowhere; "
            f"add it first{_how_to_add(target)}"
        )

    def _place(self, container: AbstractContainer, path: str) -> None:
        waiting = [(container, path)]
        while waiting:
            item, place = waiting.pop()
            if id(item) in self._paths:
                continue
            self._paths[id(item)] = place
            self._objects.append(item)
            if not self.is_stored(item):
                item._before_writing()
            waiting.extend(reversed(list(self._places_inside(item, place))))

    def _places_inside(self, container: AbstractContainer, path: str) -> Iterator[tuple[AbstractContainer, str]]:
        names: dict[str, AbstractContainer] = {}
        for field in type(container).__fields__.values():
            for name, item in held_members(container, field, only_loaded=self.is_stored(container)):
                place = joined(path, field.where, name)
                other = names.setdefault(place, item)
                if other is not item:
                    self.problems.append(
                        f"{container._label()}: {item._label()} and {other._label()} would both be {place}; rename one of them"
                    )
                elif item.parent is container or item.parent is None:
                    yield item, place

    def check(self) -> None:
        """Look at every object and every link.

        Raises
        ------
        InvalidValueError
            With all that is wrong.
        """
        for item, _ in self.objects():
            stored = self.is_stored(item)
            if stored and not item._changed:
                continue
            if "/" in item.name:
                self.problems.append(f"{item._label()}: its name, from an old file, contains '/': put a new one in its place")
            for field in type(item).__fields__.values():
                if not stored or field.name in item._changed:
                    self._check_field(item, field)
            self.problems.extend(item._problems())
        if self.problems:
            listed = "\n".join(f"- {problem}" for problem in self.problems)
            raise InvalidValueError(f"{self.location} was not written, because it could not be read again:\n{listed}")

    def _check_field(self, container: AbstractContainer, field: Field) -> None:
        if field.kind in (Kind.CHILD, Kind.CHILDREN):
            held = held_members(container, field, only_loaded=self.is_stored(container))
            for _, item in held:
                self._check_target(container, field, item)
            if field.required and not held and container._stored is None:
                kinds = " or ".join(field.element_names)
                place = f"{container._label()}.{field.name}"
                self.problems.append(f"{place}: expected at least one {kinds}, got none; add one, or leave it out")
            return
        value = container.fields.get(field.name)
        if value is None:
            if field.required and container._stored is None:
                self.problems.append(f"{container._label()}.{field.name}: a value is required, got None")
        elif field.kind == Kind.LINK or hasattr(value, "neurodata_type"):
            self._check_target(container, field, value)

    def _check_target(self, container: AbstractContainer, field: Field, target: AbstractContainer) -> None:
        if self.path_of(target) is None and target._stored is None:
            self.problems.append(self._orphan(container, field.name, target))


_ADDING = {
    "Device": "add_device",
    "DeviceModel": "add_device_model",
    "ImagingPlane": "add_imaging_plane",
    "OptogeneticStimulusSite": "add_ogen_site",
    "ElectrodeGroup": "add_electrode_group",
    "IntracellularElectrode": "add_icephys_electrode",
    "ProcessingModule": "add_processing_module",
}


def _how_to_add(target: AbstractContainer) -> str:
    for base in type(target).__mro__:
        if base.__name__ in _ADDING:
            return f", with nwbfile.{_ADDING[base.__name__]}(...)"
        if base.__name__ in ("TimeSeries", "DynamicTable"):
            return ", for example with nwbfile.add_acquisition(...) or to a processing module"
    return ""
