"""From objects of the model to a file that is there as a whole or not at all.

The plan of the file is made and checked first. Then everything goes into a temporary file beside the target, which takes the
place of the target when it is complete. Within the file, groups and plain datasets come first, then what refers to them:
an HDF5 reference can only point to something that exists.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import pool
from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError, StorageError
from photonwb.io.datasets import write_array, written_value
from photonwb.io.planning import Plan, held_members, joined
from photonwb.io.replacing import replacing
from photonwb.io.specifications import cache_specifications
from photonwb.io.stores import form_of, new_store
from photonwb.model.checks import describe_value
from photonwb.model.container import Data
from photonwb.model.extensions import catalog_for
from photonwb.model.fields import Field, Kind, SharedField
from photonwb.schema import bundled
from photonwb.storage.contract import Link, Reference, is_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import h5py

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["Writer", "claim", "unfilled", "write_file", "write_into", "write_plan"]

# Attributes of more elements may be larger than the 64 KiB that there are in an ordinary HDF5 object.
_LONG = 1000

# Groups that every file has, be they empty.
_ALWAYS = ("acquisition", "analysis", "general", "processing", "stimulus/presentation", "stimulus/templates")


def write_file(
    nwbfile: NWBFile,
    path: typing.Path,
    *,
    cache_spec: bool = True,
    link_data: bool = True,
    compression: typing.Compression = "fast",
    threads: int | None = None,
    form: str | None = None,
) -> Plan:
    """Write a file in HDF5, or a store of Zarr.

    Parameters
    ----------
    nwbfile : NWBFile
    path : path
        What is there is replaced once the new file is complete. A name that ends in .zarr is that of a store of Zarr.
    cache_spec : bool
        Whether to store the specifications in the file.
    link_data : bool
        Whether a wrapper that asks for its array to be linked is obeyed.
    compression : {"fast", "small", "none"}, or as in h5py
        How arrays are stored that no wrapper says it of: a level of gzip, or the name or number of a filter.
    threads : int, optional
        How many may work at a time, `PHOTONWB_THREADS` at most. Default is one for each processor.
    form : {"hdf5", "zarr"}, optional
        The format. Default is what the name of the path tells.

    Returns
    -------
    Plan
        Where each object is in the file.

    Raises
    ------
    InvalidTypeError
        The object is something else than a file.
    InvalidValueError
        Something in the model would make the file unreadable; nothing was written.
    StorageError
        The file cannot be written there; what was there is unharmed.
    """
    pool.threads(threads)  # is refused before anything is written, if it is none
    target = Path(os.path.abspath(path))
    form = form or form_of(target)
    plan = _checked_plan(nwbfile, str(target))
    if form == "zarr":
        _check_filled(plan)
    with replacing(target) as temporary:
        write_plan(
            plan,
            temporary,
            cache_spec=cache_spec,
            link_data=link_data,
            compression=compression,
            threads=threads,
            form=form,
        )
    claim(plan, plan.location)
    return plan


def _check_filled(plan: Plan) -> None:
    """Refuse wrappers whose data are to come later, into a store that is not changed any more."""
    for wrapper, path in unfilled(plan):
        raise InvalidValueError(
            f"{plan.location}: {path} has no data, only a shape and a type, and a store of Zarr is not filled later; give the "
            f"data, or an iterator, to {type(wrapper).__name__}"
        )


def write_into(
    nwbfile: NWBFile,
    file: h5py.File,
    *,
    cache_spec: bool = True,
    link_data: bool = True,
    compression: typing.Compression = "fast",
    again: bool = False,
) -> Plan:
    """Write into a file that h5py has open: an empty one, or `again` into one that was written so before.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        As `write_file`.
    StorageError
        The file holds something already, or cannot be written.
    """
    from photonwb.storage.hdf5 import HDF5Store

    store = HDF5Store(file, "r+")
    if len(file) and not again:
        raise StorageError(
            f"{store.location} holds something already; open it with mode='r+' to change that, or give an empty file"
        )
    plan = _checked_plan(nwbfile, store.location)
    for name in list(file):
        del file[name]
    Writer(store, plan, link_data=link_data, compression=compression).write(cache_spec=cache_spec)
    store.flush()
    claim(plan, store.location)
    return plan


def _checked_plan(nwbfile: NWBFile, location: str) -> Plan:
    from photonwb.file import NWBFile

    if not isinstance(nwbfile, NWBFile):  # pyright: ignore[reportUnnecessaryIsInstance] - not all callers are typed
        raise InvalidTypeError(f"{location}: expected an NWBFile to write, got {describe_value(nwbfile)}; add it to one")
    plan = Plan(nwbfile, location)
    plan.check()
    return plan


def write_plan(
    plan: Plan,
    temporary: Path,
    *,
    cache_spec: bool = True,
    link_data: bool = True,
    compression: typing.Compression = "fast",
    postpone: bool = False,
    threads: int | None = None,
    form: str = "hdf5",
) -> None:
    """Write all objects of a plan into a new file, which is going to have another name.

    Parameters
    ----------
    plan : Plan
    temporary : path
    cache_spec, link_data, compression, threads, form
        See `write_file`.
    postpone : bool
        Whether large arrays are left empty, see `photonwb.io.resuming`.
    """
    store = new_store(temporary, form, plan.location, threads)
    try:
        writer = Writer(store, plan, link_data=link_data, compression=compression, postpone=postpone)
        writer.write(cache_spec=cache_spec)
    finally:
        store.close()


def claim(plan: Plan, location: str) -> None:
    """Have the new objects of a plan know which file they are in."""
    for container, _ in plan.objects():
        if container._stored is None:
            container.__dict__["_container_source"] = location


def unfilled(plan: Plan) -> Iterator[tuple[Any, str]]:
    """Wrappers that came without data, only with a shape and a type, and the paths of the datasets that wait for them."""
    for container, path in plan.objects():
        for field in type(container).__fields__.values():
            value: Any = container.__dict__.get(field.name)
            if hasattr(value, "io_settings") and value.data is None and value.dataset is None:
                yield value, joined(path, field.path if field.kind == Kind.DATASET else "")


class Writer:
    """Writes the objects of a plan into a store.

    Parameters
    ----------
    store : Store
    plan : Plan
    link_data : bool
    compression
        How arrays are stored that do not say it themselves.
    postpone : bool
        Whether large arrays are left empty, to be filled later.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        link_data: bool = True,
        compression: typing.Compression = "fast",
        postpone: bool = False,
    ) -> None:
        self.store = store
        self.plan = plan
        self.link_data = link_data
        self.compression: typing.Compression = compression
        self.postpone = postpone
        self._referring_datasets: list[Callable[[], None]] = []
        self._referring_attributes: list[Callable[[], None]] = []
        self.classes: set[type[AbstractContainer]] = set()

    def write(self, *, cache_spec: bool = True) -> None:
        """Write all objects of the plan."""
        for path in _ALWAYS:
            self.group_at(path)
        for container, path in self.plan.objects():
            self.write_object(container, path)
        self.finish()
        # What was read from an older file is written in the form of the standard that the model knows.
        root = self.plan.root
        self.store.root.attributes["nwb_version"] = type(root).__fields__["nwb_version"].fixed
        if cache_spec:
            self.cache_specifications()

    def cache_specifications(self) -> None:
        """Store the specifications of all types that were written."""
        catalog = catalog_for(self.classes)
        wanted = {*bundled().namespaces, *(cls.namespace for cls in self.classes)}
        cache_specifications(self.store, catalog, sorted(wanted))

    def finish(self) -> None:
        """Write what refers to objects, now that all of them exist."""
        for write in (*self._referring_datasets, *self._referring_attributes):
            write()
        self._referring_datasets.clear()
        self._referring_attributes.clear()

    def group_at(self, path: str, attributes: Mapping[str, Any] | None = None) -> Group:
        """The group of that path, made where it does not exist yet, and then with these attributes."""
        group = self.store.root
        names = [name for name in path.split("/") if name]
        for depth, name in enumerate(names, 1):
            made_with = attributes if depth == len(names) else None
            found = group[name] if name in group else group.create_group(name, made_with)
            if isinstance(found, Link):
                found = self.store.follow(found, group)
            if not is_group(found):
                raise InvalidValueError(f"{self.store.location}: {found.path} should be a group, it is a dataset")
            group = found
        return group

    # ---- objects

    def write_object(self, container: AbstractContainer, path: str) -> None:
        """Write one object with its fields; the objects inside it are written on their own.

        Raises
        ------
        PhotonwbError
            With a note that says which object.
        """
        self.classes.add(type(container))
        try:
            if isinstance(container, Data):
                self._write_data(container, path)
            else:
                group = self.group_at(path, self._long_attributes(container))
                self._write_type(container, group)
                for field in type(container).__fields__.values():
                    if field.kind != Kind.ATTRIBUTE:
                        self.write_field(container, field, group)
                self.write_attributes(container, group)
        except PhotonwbError as error:
            error.add_note(f"while writing {container._label()} to {path}")
            raise

    def _write_type(self, container: AbstractContainer, node: Group | Dataset) -> None:
        node.attributes["namespace"] = container.namespace
        node.attributes["neurodata_type"] = container.neurodata_type
        node.attributes["object_id"] = container.object_id

    def _write_data(self, container: Data, path: str) -> None:
        field = type(container).__fields__["data"]
        parent, name = self._parent_of(path)

        def write() -> None:
            is_open_ended = None in (shape_of(container.data) or (None,))
            node = write_array(self, parent, name, container, field, container.data)
            if node is not None:
                if is_open_ended and hasattr(container.parent, "_check_written"):
                    cast("Any", container.parent)._check_written(container, node.shape[0])
                self._write_type(container, node)
                self.write_attributes(container, node)
                if container.parent is not None:  # a table may say more of its columns than these do themselves
                    self.write_attributes(container.parent, node, of=container.name)

        if refers_to_objects(container.data):
            self._referring_datasets.append(write)
        else:
            write()

    def _parent_of(self, path: str) -> tuple[Group, str]:
        parent, _, name = path.rpartition("/")
        return self.group_at(parent), name

    # ---- fields

    def write_field(self, container: AbstractContainer, field: Field, group: Group) -> None:
        """Write a dataset, a link, or the links of a collection."""
        if field.kind == Kind.DATASET:
            value = container.fields.get(field.name)
            if value is not None:
                self._write_dataset(container, field, group, value)
        elif field.kind == Kind.LINK:
            target = getattr(container, field.name)
            if target is not None:
                self._holder(group, field).create_link(field.key or field.name, self.plan.link_to(container, field.name, target))
        else:
            self._write_links(container, field, group)

    def _holder(self, group: Group, field: Field) -> Group:
        return self.group_at(joined(group.path, field.where)) if field.where else group

    def _write_links(self, container: AbstractContainer, field: Field, group: Group) -> None:
        """A collection makes its group, even when empty where the standard wants it, and links to what lives elsewhere."""
        held = held_members(container, field, only_loaded=self.plan.is_stored(container))
        if field.where and (field.always or held):
            self._holder(group, field)
        for name, item in held:
            holder = self._holder(group, field)
            if self.plan.path_of(item) != joined(group.path, field.where, name) and name not in holder:
                holder.create_link(name, self.plan.link_to(container, field.name, item))

    def _write_dataset(self, container: AbstractContainer, field: Field, group: Group, value: Any) -> None:
        holder = self._holder(group, field)
        name = field.key or field.name
        if isinstance(field, SharedField) and hasattr(value, "neurodata_type"):
            link = self.plan.link_to(container, field.name, _deepest(value, field))
            holder.create_link(name, Link(joined(link.path, name), link.file))
        elif refers_to_objects(value):
            self._referring_datasets.append(lambda: self._write_with_attributes(container, field, holder, name, value))
        else:
            self._write_with_attributes(container, field, holder, name, value)

    def _write_with_attributes(self, container: AbstractContainer, field: Field, holder: Group, name: str, value: Any) -> None:
        node = write_array(self, holder, name, container, field, value, self._long_attributes(container, of=field.path))
        if node is not None:
            self.write_attributes(container, node, of=field.path)

    def _long_attributes(self, container: AbstractContainer, of: str = "") -> dict[str, Any]:
        """Attributes so long that HDF5 may have room for them only in an object that is created with them."""
        found: dict[str, Any] = {}
        for field in type(container).__fields__.values():
            if field.kind == Kind.ATTRIBUTE and field.where == of and field.shapes:
                value: Any = container.fields.get(field.name)
                if hasattr(value, "__len__") and len(value) > _LONG:
                    found[field.key or field.name] = written_value(container, field, value)
        return found

    def write_attributes(self, container: AbstractContainer, node: Group | Dataset, of: str = "") -> None:
        """Attributes of the object itself, or `of` one of its datasets."""
        for field in type(container).__fields__.values():
            if field.kind != Kind.ATTRIBUTE or field.where != of:
                continue
            value = getattr(container, field.name)
            if value is not None:
                self.write_attribute(container, field, node, value)

    def write_attribute(self, container: AbstractContainer, field: Field, node: Group | Dataset, value: Any) -> None:
        """One attribute; a reference to an object once that exists."""
        if hasattr(value, "neurodata_type"):
            self._refer_later(container, field, node, value)
        else:
            node.attributes[field.key or field.name] = written_value(container, field, value)

    def _refer_later(self, container: AbstractContainer, field: Field, node: Group | Dataset, target: AbstractContainer) -> None:
        def write() -> None:
            node.attributes[field.key or field.name] = self.reference_to(container, field, target)

        self._referring_attributes.append(write)

    def reference_to(self, container: AbstractContainer, field: Field, target: AbstractContainer | None) -> Reference:
        """The reference that stands for an object of this file."""
        if target is None:
            raise InvalidValueError(
                f"{container._label()}.{field.name}: expected an object in each row, got None; "
                "a reference to nothing cannot be read"
            )
        link = self.plan.link_to(container, field.name, target)
        if link.file is not None:
            raise InvalidValueError(
                f"{container._label()}.{field.name}: {target._label()} lies in another file ({link.file}); a reference cannot "
                "leave its file: copy the object into this one"
            )
        return Reference(link.path)


def _deepest(value: Any, field: Field) -> Any:
    """The object that really holds an array which is shared along a chain: links to links trouble other tools."""
    seen: set[int] = set()
    while id(value) not in seen:
        seen.add(id(value))
        inner = value.fields.get(field.name)
        if not hasattr(inner, "neurodata_type"):
            break
        value = inner
    return value


def refers_to_objects(value: Any) -> bool:
    """Whether values are objects of the model, or hold such: stored as references."""
    if hasattr(value, "references"):
        return True
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return any(hasattr(item, "neurodata_type") or _holds_object(item) for item in items[:1])
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(dtype, "kind", "") == "O" and getattr(value, "size", 0):
        return hasattr(value.flat[0], "neurodata_type") if hasattr(value, "flat") else False
    if dtype is not None and getattr(dtype, "names", None) and hasattr(value, "flat") and value.size:
        return any(hasattr(value.flat[0][name], "neurodata_type") for name in dtype.names)
    return False


def _holds_object(item: Any) -> bool:
    return isinstance(item, tuple) and any(hasattr(member, "neurodata_type") for member in cast("tuple[Any, ...]", item))
