"""Making sense of what is left: parts that belong together, brought to the length that all of them have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import PhotonwbError
from photonwb.io.specifications import cache_specifications
from photonwb.model.registry import known_class
from photonwb.schema import bundled
from photonwb.storage.contract import Reference, is_group
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from photonwb.recovery.report import Report
    from photonwb.storage.contract import Dataset, Group, Store

__all__ = ["mend"]


def mend(store: Store, report: Report, references: Mapping[tuple[str, str], Any]) -> None:
    """Bring the parts of each series and table to one length, and make specifications whole.

    Parameters
    ----------
    store : Store
        The copy.
    report : Report
        Says what is lost, and gets what is changed.
    references : mapping
        Attributes that are still to be set, by path of the object and name.
    """
    lost = report.lost_paths()
    _mend_root(store, report)
    for path in [path for (path, key), value in references.items() if key == "target" and _leads_nowhere(store, value)]:
        _remove_index(store, path, report)
    for group in list(_groups(store.root)):
        try:
            if "colnames" in group.attributes:
                _mend_table(group, report, references)
            elif "external_file" not in group and _is_series(group):
                _mend_series(group, report, lost)
        except Exception as error:  # noqa: BLE001 - what makes no sense at all must not cost the rest of the file
            report.add(group.path, "left as it is", f"its parts make no sense together ({type(error).__name__}: {error})")
    if any(path.startswith("/specifications") for path in lost):
        _renew_specifications(store, report)


def _mend_root(store: Store, report: Report) -> None:
    """The root says that this is an NWB file, or nobody would take it for one."""
    from uuid import uuid4

    required = {
        "namespace": "core",
        "neurodata_type": "NWBFile",
        "nwb_version": bundled().namespaces["core"],
        "object_id": str(uuid4()),
    }
    for name, value in required.items():
        if name not in store.root.attributes:
            store.root.attributes[name] = value
            report.add(f"/@{name}", f"set to {value!r}", "it is lost")


def _leads_nowhere(store: Store, value: Any) -> bool:
    return isinstance(value, Reference) and (not value.path or value.path.strip("/") not in store.root)


def _remove_index(store: Store, path: str, report: Report) -> None:
    """An index without the column that it is for is of no use, and other tools stumble over it."""
    parent, _, name = path.strip("/").rpartition("/")
    group: Any = store.root[parent] if parent else store.root
    if name in group and group[name].attributes.get("neurodata_type") == "VectorIndex":
        group.delete(name)
        report.add(path, "left out", "the column that it is for is lost")


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for name in group:
        member = group[name]
        if is_group(cast("Any", member)):
            yield from _groups(cast("Group", member))


def _is_series(group: Group) -> bool:
    attributes = group.attributes
    cls = known_class(str(attributes.get("neurodata_type")), str(attributes.get("namespace", "core")))
    return "data" in group if cls is None else issubclass(cls, TimeSeries)


def _arrays(group: Group, names: tuple[str, ...]) -> dict[str, Dataset]:
    """Members of a group that are arrays of its own."""
    found = {name: cast("Any", group[name]) for name in names if name in group}
    return {name: member for name, member in found.items() if getattr(member, "shape", ())}


def _mend_series(group: Group, report: Report, lost: set[str]) -> None:
    """A series that lost samples at its end, or their times, ends where both are; one without any data is none."""
    if "data" not in group and any(f"{path}/".startswith(f"{group.path}/") for path in lost):
        parent, _, name = group.path.rpartition("/")
        cast("Any", group.store.root[parent.strip("/")] if parent else group.store.root).delete(name)
        report.add(group.path, "left out", "its data are lost")
        return
    parts = _arrays(group, ("data", "timestamps", "control"))
    count = min((part.shape[0] for part in parts.values()), default=0)
    # Lengths that never agreed are not for us to judge.
    is_damaged = any(part.path in lost for part in parts.values())
    for name, part in parts.items():
        if part.shape[0] == count:
            continue
        if is_damaged:
            report.add(part.path, f"cut from {part.shape[0]} to {count} samples", "of the others there are no more")
            _shorten(group, name, count)
        else:
            report.add(part.path, f"has {part.shape[0]} samples", f"other parts of the series have {count}; left as it is")


def _mend_table(table: Group, report: Report, references: Mapping[tuple[str, str], Any]) -> None:
    """A table has the columns that are there, and the rows that all of them have."""
    names = [str(name) for name in table.attributes["colnames"]]
    present = [name for name in names if name in _arrays(table, (name,)) and _is_whole(table, name, references)]
    for name in names:
        if name not in present:
            report.add(f"{table.path}/{name}", "the column is not in the table any more", "it, or its index, is lost")
    if present != names:
        import numpy as np

        table.attributes["colnames"] = np.array(present, dtype=object)
    tops = [_top(table, name) for name in _arrays(table, ("id", *present))]
    rows = {top: _rows(table, top) for top in tops}
    count = min(rows.values(), default=0)
    longer = {top: length for top, length in rows.items() if _arrays(table, (top,))[top].shape[0] > count}
    if longer:
        report.add(
            table.path, f"cut to {count} rows", f"{', '.join(longer)}: there are values for more rows than in other columns"
        )
    for top in tops:
        _cut_column(table, top, count)


def _is_whole(table: Group, name: str, references: Mapping[tuple[str, str], Any]) -> bool:
    """Whether the index of a column is there, if it had one."""
    indexed = {value.path for (_, key), value in references.items() if key == "target" and isinstance(value, Reference)}
    own_path = f"{table.path.rstrip('/')}/{name}"
    return own_path not in indexed or f"{name}_index" in table


def _top(table: Group, name: str) -> str:
    """The outermost index of a column, or the column itself."""
    while f"{name}_index" in _arrays(table, (f"{name}_index",)):
        name = f"{name}_index"
    return name


def _rows(table: Group, name: str) -> int:
    """How many rows of a column there are: of a ragged one, as many as there are values for."""
    column = _arrays(table, (name,))[name]
    inner = name.removesuffix("_index")
    if inner == name or inner not in table:
        return column.shape[0]
    import numpy as np

    ends = np.asarray(column.read(), "int64")
    is_there = (ends <= _rows(table, inner)) & (np.diff(ends, prepend=0) >= 0)
    return int(np.argmin(is_there)) if not is_there.all() else len(ends)


def _cut_column(table: Group, name: str, rows: int) -> None:
    column = _arrays(table, (name,))[name]
    inner = name.removesuffix("_index")
    if inner != name and inner in table:
        _cut_column(table, inner, int(column.read((rows - 1,))) if rows else 0)
    if column.shape[0] > rows:
        _shorten(table, name, rows)


def _shorten(group: Group, name: str, rows: int) -> None:
    """Give a dataset fewer rows."""
    node = cast("Dataset", group[name])
    layout = node.layout
    shape = (rows, *layout.shape[1:])
    if layout.chunks is not None and layout.maximum is not None:
        node.resize(shape)
        return
    attributes = dict(node.attributes)
    group.move(name, group, f"{name} in full")
    full = cast("Dataset", group[f"{name} in full"])
    made = group.create_dataset(name, layout._replace(shape=shape), attributes=attributes)
    step = max(1, (16 << 20) // max(1, full.dtype.itemsize * _product(shape[1:])))
    for start in range(0, rows, step):
        place = (slice(start, min(start + step, rows)),)
        made.write(place, full.read(place))
    group.delete(full.name)


def _product(lengths: tuple[int, ...]) -> int:
    import math

    return math.prod(lengths)


def _renew_specifications(store: Store, report: Report) -> None:
    """Specifications in part are worse than none: other tools would stumble over them."""
    try:
        if "specifications" in store.root:
            store.root.delete("specifications")
        cache_specifications(store, bundled(), ["core"])
    except PhotonwbError as error:
        report.add("/specifications", "not saved", error)
    else:
        report.add("/specifications", "replaced by those of the standard", "some of them could not be read; extensions are lost")
