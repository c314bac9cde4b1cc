"""A file, or a part of it, as another file.

The whole of a file is copied as bytes, then what was changed in memory is written into the copy. A part is made with the means
of an edit: in memory, on objects that nobody else has, some are taken out and arrays are cut; then what is left is copied as it
is stored, and what differs is written. So whatever the model does not know is carried over, and what would break is refused
before anything is written.
"""

from __future__ import annotations

import math
import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays import Incoming, layout_for
from photonwb.arrays.layouts import SMALL
from photonwb.arrays.shapes import shape_of
from photonwb.editing.cutting import keep_rois
from photonwb.editing.cutting_time import keep_time
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.io.choosing import choose, stored_below
from photonwb.io.copying import Recipe, copy_store, moved_link
from photonwb.io.datasets import role_of
from photonwb.io.edit_plan import EditPlan
from photonwb.io.editing import checked_plan, write_changes
from photonwb.io.planning import joined
from photonwb.io.reading import Reader
from photonwb.io.replacing import remove, replacing
from photonwb.io.stores import form_of, new_store, opened_store
from photonwb.io.writing import refers_to_objects, write_file
from photonwb.model.fields import Kind
from photonwb.storage.contract import Layout, Link, is_group
from photonwb.storage.hdf5 import HDF5Store
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from photonwb import typing
    from photonwb.arrays.layouts import Preferences
    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["export", "export_file"]

# Arrays of fewer bytes are copied rather than linked.
LEAST_TO_LINK = 64 << 10


def export(
    source: typing.Path | NWBFile,
    path: typing.Path,
    *,
    include: Any = None,
    exclude: Any = None,
    rois: Any = None,
    time: tuple[float | None, float | None] | None = None,
    data: str = "copy",
    compression: typing.Compression = None,
    chunks: bool | Mapping[str, tuple[int, ...]] | None = None,
    cache_spec: bool = True,
    trusted: bool = False,
) -> None:
    """Write a file, or a part of it, as another file. What is not touched is copied as it is stored, known or not.

    Parameters
    ----------
    source : path or NWBFile
        A file, or what was read from one, with its changes.
    path : path
        Where to. What is there is replaced once the new file is complete. A name that ends in .zarr is that of a store of Zarr.
    include : choice or list of choices, optional
        Objects to take: a path with wildcards ("processing/ophys/*"), the name of a type ("TwoPhotonSeries"), an object, or a
        function that says for each object whether it is meant. What they lead to comes along, and what describes the session
        (all in "general"). Without `include`, everything is taken.
    exclude : choice or list of choices, optional
        Objects to leave out, and groups or datasets that no one knows. Refused where others that stay lead to them.
    rois : list of int, mask, str, function or dict, optional
        Regions of interest to keep: row numbers, a mask, the name of a column that is above 0 for them, or a function that gets
        the PlaneSegmentation and gives one of those; for several tables a dict by their names. Signals, regions and rows of other
        tables follow.
    time : (float or None, float or None), optional
        What to keep of all series, intervals, events and spikes: from the first time (in seconds) on, and before the second.
        Intervals are kept whole if a part of them lies inside.
    data : {"copy", "link"}
        Whether the data of series are copied, or stay in the source and are linked to.
    compression : {"fast", "small", "none"}, or as in h5py, optional
        How to compress arrays anew. Default is to leave them as they are.
    chunks : True or dict of str to tuple, optional
        Shapes of chunks by the path of the dataset, with wildcards; True for those that photonwb would choose.
    cache_spec : bool
        Whether to add the specifications of types that the file does not know.
    trusted : bool
        Whether to read what lies in files outside of the folder of the source, where something of it has to be changed; see
        `photonwb.open`.

    Raises
    ------
    InvalidValueError
        A choice means nothing, something that stays leads to what goes, or something cannot be cut; the message says what to
        do. Nothing is written then.
    """
    from photonwb.io.facade import io_for

    options: dict[str, Any] = {"include": include, "exclude": exclude, "rois": rois, "time": time}
    options |= {"data": data, "compression": compression, "chunks": chunks, "cache_spec": cache_spec}
    if not hasattr(source, "neurodata_type"):
        with io_for(source)(cast("typing.Path", source), "r", trusted=trusted) as io:
            io.export_to(path, **options)
        return
    nwbfile = cast("NWBFile", source)
    if nwbfile._stored is not None:
        nwbfile.get_read_io().export_to(path, nwbfile, **options)
        return
    target = Path(os.path.abspath(path))
    whole = target.with_name(f".{target.name}.{os.getpid()}.whole")
    try:
        write_file(nwbfile, whole, cache_spec=cache_spec)
        export(whole, target, **options)
    finally:
        whole.unlink(missing_ok=True)


def export_file(
    io: Any,
    nwbfile: NWBFile | None,
    path: typing.Path,
    *,
    cache_spec: bool = True,
    form: str | None = None,
    **options: Any,
) -> None:
    """Write what an open file holds, changed or not, or a part of it, into a new file.

    Parameters
    ----------
    io : NWBHDF5IO or NWBZarrIO
        The open file.
    nwbfile : NWBFile, optional
        Its content with changes. Default is the content as it is.
    path : path
        Where to; must be another file.
    cache_spec : bool
    form : {"hdf5", "zarr"}, optional
        The format of the new file. Default is what its name tells.
    **options
        See `export`.

    Raises
    ------
    InvalidValueError
        Source and target are the same file, or the content was not read from the source.
    """
    target = Path(os.path.abspath(path))
    if Path(os.path.abspath(io.source)) == target:
        raise InvalidValueError(f"{target}: a file cannot be exported over itself; choose another path")
    nwbfile = nwbfile or cast("NWBFile", io.read())
    if nwbfile._stored is None or nwbfile.get_read_io() is not io:
        raise InvalidValueError(f"{nwbfile._label()} was not read from {io.source}: write it with write() instead")
    is_whole = options.get("data", "copy") == "copy" and all(options[name] is None for name in options if name != "data")
    form = form or form_of(target)
    if options.get("data") == "link" and form != io.form:
        raise InvalidValueError(f"{target}: data='link' needs a file of the same format as {io.source}; copy the data instead")
    plan = checked_plan(nwbfile, os.fspath(target))
    with replacing(target) as temporary:
        if is_whole:
            _write_whole(io, plan, temporary, target.parent, form, cache_spec=cache_spec)
        elif not nwbfile.modified:
            _write_part(io.store, temporary, target.parent, form, cache_spec=cache_spec, **options)
        else:
            _write_part_of_changed(io, plan, temporary, target.parent, form, cache_spec=cache_spec, **options)


def _write_whole(io: Any, plan: EditPlan, temporary: Path, folder: Path, form: str, *, cache_spec: bool) -> None:
    is_on_disk = Path(io.source).is_file() and not io.has_options and not any(item._assigned for item in plan.reader.objects)
    if is_on_disk and form == "hdf5":
        shutil.copyfile(io.source, temporary)
        links = list(_names_of_other_files(io.store)) if Path(io.store.location).parent != folder else []
        if links or plan.root.modified:
            store = HDF5Store(temporary, "r+")
            try:
                _rename_other_files(store, links, io.store.location, folder)
                write_changes(store, plan, cache_spec=cache_spec)
            finally:
                store.close()
        return
    store = new_store(temporary, form)
    try:
        copy_store(io.store, store, folder, Recipe(set(), {}, set(), _as_it_is))
        write_changes(store, plan, cache_spec=cache_spec)
    finally:
        store.close()


def _write_part_of_changed(
    io: Any, plan: EditPlan, temporary: Path, folder: Path, form: str, *, cache_spec: bool, **options: Any
) -> None:
    """Write the changes into a copy first, then a part of that."""
    if options.get("data") == "link":
        raise InvalidValueError("export: data='link' links to a file that does not have your changes yet; write them first")
    whole = temporary.with_suffix(".whole")
    try:
        _write_whole(io, plan, whole, folder, form, cache_spec=cache_spec)
        store: Any = opened_store(whole, "r", {}, form=form)
        try:
            _write_part(store, temporary, folder, form, cache_spec=cache_spec, **options)
        finally:
            store.close()
    finally:
        remove(whole)


def _write_part(
    source: Store,
    temporary: Path,
    folder: Path,
    form: str,
    *,
    include: Any = None,
    exclude: Any = None,
    rois: Any = None,
    time: Any = None,
    data: str = "copy",
    compression: Any = None,
    chunks: Any = None,
    cache_spec: bool = True,
) -> None:
    if data not in ("copy", "link"):
        raise InvalidValueError(f"export: expected data='copy' or 'link', got {data!r}")
    root = Reader(source, None).root()
    left_out = choose(root, source, include, exclude)
    if rois is not None:
        keep_rois(root, rois)
    if time is not None:
        if not isinstance(time, (tuple, list)) or len(time) != 2:  # pyright: ignore[reportUnnecessaryComparison] - given by users
            raise InvalidTypeError(f"export: expected time=(start, stop) in seconds, None for an open end, got {time!r}")
        keep_time(root, *time)
    plan = EditPlan(root, os.fspath(temporary))
    plan.fates.update(dict.fromkeys(left_out))
    plan.check()
    emptied = dict(_emptied(plan))
    store = new_store(temporary, form)
    try:
        recipe = Recipe(
            left_out={old for old, new in plan.fates.items() if new is None},
            emptied=emptied,
            linked=set(_linked(root)) if data == "link" else set(),
            layout=_Layouts(root, emptied, compression, chunks, store.preferences),
        )
        copy_store(source, store, folder, recipe)
        _rename_other_files(store, list(_names_of_other_files(store, only_datasets=True)), source.location, folder)
        write_changes(store, plan, cache_spec=cache_spec)
    finally:
        store.close()


def _emptied(plan: EditPlan) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Datasets that get other values, with their new shapes."""
    for item, path in plan.objects():
        for field in type(item).__fields__.values():
            if field.name in item._changed and field.kind in (Kind.CONTENT, Kind.DATASET) and plan.is_stored(item):
                value: Any = item.fields.get(field.name)
                shape = (len(value),) if refers_to_objects(value) else shape_of(value)
                if shape:
                    yield joined(path, "" if field.kind == Kind.CONTENT else field.path), cast("tuple[int, ...]", shape)


def _linked(root: AbstractContainer) -> Iterator[str]:
    """Datasets of series that are large enough to stay where they are."""
    for item in stored_below(root):
        if isinstance(item, TimeSeries) and getattr(item.fields.get("data"), "nbytes", 0) >= LEAST_TO_LINK:
            yield joined(cast("Any", item._stored).path, "data")


def _as_it_is(path: str, dataset: Dataset) -> Layout | None:
    """The layout that a dataset is stored with anew: none."""
    return None


def _no_blocks(chunks: tuple[int, ...] | None) -> Iterator[Any]:
    return iter(())


class _Layouts:
    """Says how a dataset is stored anew.

    Parameters
    ----------
    root : NWBFile
    emptied : dict
        Datasets that get another shape.
    compression, chunks
        See `export`.
    preferences : Preferences
        Those of the new file.
    """

    def __init__(
        self,
        root: AbstractContainer,
        emptied: Mapping[str, tuple[int, ...]],
        compression: Any,
        chunks: Any,
        preferences: Preferences,
    ) -> None:
        self.emptied, self.compression, self.chunks, self.preferences = emptied, compression, chunks, preferences
        self.roles = dict(_roles(root)) if compression is not None or chunks is not None else {}

    def __call__(self, path: str, dataset: Dataset) -> Layout | None:
        if path not in self.roles or not dataset.shape or _has_objects(dataset.layout.element):
            return None
        old, shape = dataset.layout, self.emptied.get(path, dataset.shape)
        options = self._options(path, old)
        if math.prod(shape) * dataset.dtype.itemsize <= SMALL and options.get("chunks") == old.chunks:
            return None
        data = Incoming(shape, dataset.dtype, _no_blocks, options)
        compression = "fast" if self.compression is None else self.compression
        new = Layout(*layout_for(data, old.element, self.roles[path], compression, self.preferences))
        if self.compression is None and new.chunks is not None:
            new = new._replace(filters=self.preferences.adapted(old.filters))
        if new.chunks is None and old.maximum is not None:
            return None  # it must stay what can grow
        new = new._replace(maximum=old.maximum if new.chunks is not None and old.maximum else new.maximum, fill=old.fill)
        return None if new == old else new

    def _options(self, path: str, old: Layout) -> dict[str, Any]:
        shapes: Mapping[str, Any] = self.chunks if hasattr(self.chunks, "items") else {}
        given = next((shape for pattern, shape in shapes.items() if fnmatchcase(path.strip("/"), pattern.strip("/"))), None)
        if given is None and self.chunks is not True:
            given = old.chunks
        return {} if given is None else {"chunks": given}


def _roles(root: AbstractContainer) -> Iterator[tuple[str, str]]:
    """What each array is for, by its path."""
    for item in stored_below(root):
        path = cast("Any", item._stored).path
        for field in type(item).__fields__.values():
            if field.kind in (Kind.CONTENT, Kind.DATASET):
                yield joined(path, "" if field.kind == Kind.CONTENT else field.path), role_of(item, field)


def _has_objects(element: Any) -> bool:
    return isinstance(element, str) or (isinstance(element, tuple) and any(_has_objects(member) for _, member in element))


# ---- other files


def _names_of_other_files(store: Store, *, only_datasets: bool = False) -> Iterator[str]:
    """Paths of links that lead to other files, and of datasets that name such."""
    waiting: list[Group] = [store.root]
    seen = {store.root.identity}
    while waiting:
        group = waiting.pop()
        for name in group:
            member = group[name]
            path = f"{group.path.rstrip('/')}/{name}"
            if isinstance(member, Link):
                if member.file is not None and not only_datasets:
                    yield path
            elif is_group(member):
                if member.identity not in seen:
                    seen.add(member.identity)
                    waiting.append(member)
            elif name == "external_file":
                yield path


def _rename_other_files(store: Store, paths: list[str], location: str, folder: Path) -> None:
    """Name other files as they are reached from another folder; those that do not exist keep their names."""
    for path in paths:
        holder, _, name = path.rpartition("/")
        group = cast("Group", store.root[holder.strip("/")] if holder else store.root)
        member = group[name]
        if isinstance(member, Link):
            group.delete(name)
            group.create_link(name, moved_link(member, location, folder))
            continue
        dataset = cast("Dataset", member)
        names = dataset.read()
        if not getattr(names, "shape", ()) or not names.dtype.hasobject:
            continue  # which are no names
        for index, file in enumerate(names):
            old = Path(location).parent / file
            if "://" not in file and not Path(file).is_absolute() and old.exists():
                names[index] = os.path.relpath(old, folder)
        dataset.write((), names)
