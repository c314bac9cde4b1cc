"""Fewer rows of tables, and less of the time of a session: whatever depends on them follows.

A row that goes takes along the rows of other tables that stand for it, and the columns of signals that belong to it; what refers
to rows behind it is counted anew. All of this happens to the objects; the arrays stay in the file until they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.sliced import taken
from photonwb.common import DynamicTable, DynamicTableRegion, VectorIndex
from photonwb.editing.relations import objects_below
from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.common import VectorData
    from photonwb.model.container import AbstractContainer

    Rows = NDArray[np.intp]

__all__ = ["keep_rois", "keep_rows"]


def keep_rois(root: AbstractContainer, rois: Any) -> None:
    """Keep some regions of interest, with all that belongs to them; see `photonwb.export`."""
    from photonwb.segmentation import PlaneSegmentation

    tables = [item for item in objects_below(root) if isinstance(item, PlaneSegmentation)]
    chosen: dict[str, Any] = dict(rois) if hasattr(rois, "items") else {}
    for name in set(chosen) - {table.name for table in tables}:
        raise NotFoundError(f"rois: there is no PlaneSegmentation {name!r}, only {[table.name for table in tables]}")
    if not chosen:
        if len(tables) != 1 and not isinstance(rois, str) and not callable(rois):
            raise InvalidValueError(
                f"rois: there are {len(tables)} tables of regions; give a dict with rows for each of "
                f"{[table.name for table in tables]}, the name of a column, or a function"
            )
        chosen = {table.name: rois for table in tables}
    keep_rows(root, {table: _rows(table, chosen[table.name]) for table in tables if table.name in chosen})


def _rows(table: DynamicTable, wanted: Any) -> Rows:
    """Numbers of the rows that a mask, a list, a function or a column chooses."""
    import numpy as np

    if isinstance(wanted, str):
        values = np.asarray(table[wanted].data[:])
        wanted = (values if values.ndim == 1 else values[:, 0]) > 0
    elif callable(wanted):
        wanted = wanted(table)
    rows = np.asarray(wanted)
    if rows.dtype == bool:
        if rows.shape != (len(table),):
            raise InvalidValueError(f"rois: expected a mask of {len(table)} values for {table._label()}, got shape {rows.shape}")
        rows = np.flatnonzero(rows)
    if rows.size and rows.dtype.kind not in "iu":
        raise InvalidTypeError(f"rois: expected a mask, row numbers, a function or a column for {table._label()}, got {wanted!r}")
    rows = np.unique(rows.astype(np.intp))
    if not rows.size or rows[0] < 0 or rows[-1] >= len(table):
        raise InvalidValueError(f"rois: expected some of the {len(table)} rows of {table._label()}, got {rows.tolist()}")
    return rows


def keep_rows(root: AbstractContainer, kept: Mapping[Any, Rows]) -> None:
    """Keep some rows of tables.

    Parameters
    ----------
    root : NWBFile
    kept : dict of DynamicTable to array of int
        Numbers of the rows, ascending. Rows of other tables that stand for rows which go, go too.
    """
    import numpy as np

    below = list(objects_below(root))
    tables = [item for item in below if isinstance(item, DynamicTable)]
    rows = {id(table): which for table, which in kept.items() if len(which) < len(table)}
    _follow(tables, rows)
    parts: set[int] = set()
    for table in tables:
        for name in table.colnames:
            top = table._top(name)
            bottom: Any = _bottom(top)
            stays = _staying(bottom, rows)
            if id(table) in rows or stays is not None:
                _cut(top, rows.get(id(table), np.arange(len(table))), stays)
            parts.add(id(bottom))
        if id(table) in rows:
            table.id.data = taken(table.id.data, rows[id(table)])
    for region in below:
        if isinstance(region, DynamicTableRegion):
            stays = _staying(region, rows) if id(region) not in parts else None
            if stays is not None:
                _cut_signals(region, np.flatnonzero(stays))
            if id(region.table) in rows:
                region.data = np.searchsorted(rows[id(region.table)], np.asarray(region.data[:]))


def _follow(tables: list[DynamicTable], rows: dict[int, Rows]) -> None:
    """Find the rows of other tables that go, since they stand for rows that go."""
    import numpy as np

    settled = False
    while not settled:
        settled = True
        for table in tables:
            before = rows.get(id(table), np.arange(len(table)))
            after = before
            for name in table.colnames:
                column = table._top(name)
                stays = _staying(column, rows) if isinstance(column, DynamicTableRegion) else None
                if stays is not None and len(before) and stays.size:
                    after = after[stays[after]] if len(stays) >= len(table) else after
            for other in _aligned_with(table):
                after = np.intersect1d(after, rows.get(id(other), after))
            if len(after) < len(before):
                rows[id(table)] = after
                settled = False


def _aligned_with(table: DynamicTable) -> list[DynamicTable]:
    """Tables that have the same rows as another one."""
    categories: Any = getattr(table, "category_tables", None)
    if categories is not None:
        return list(categories.values())
    holder: Any = table.parent
    return [holder] if getattr(holder, "category_tables", None) and isinstance(holder, DynamicTable) else []


def _bottom(column: VectorData) -> VectorData:
    while isinstance(column, VectorIndex):
        column = column.target
    return column


def _staying(column: Any, rows: Mapping[int, Rows]) -> NDArray[np.bool_] | None:
    """Of a region, which of its values are rows that stay; None for other columns, or where all stay."""
    import numpy as np

    if not isinstance(column, DynamicTableRegion) or id(column.table) not in rows:
        return None
    return np.isin(np.asarray(column.data[:]), rows[id(column.table)])


def _cut(part: VectorData, rows: Rows, stays: NDArray[np.bool_] | None) -> None:
    """Keep some rows of a column, and of a ragged one those of the values that stay."""
    import numpy as np

    if not isinstance(part, VectorIndex):
        chosen = rows if stays is None else rows[stays[rows]]
        part.data = part.data[chosen] if hasattr(part.data, "references") else taken(part.data, chosen)
        return
    ends = np.asarray(part._ends(), dtype=np.intp)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.intp)
    lengths = ends[rows] - starts[rows]
    new_ends = np.cumsum(lengths)
    values = np.arange(int(lengths.sum())) + np.repeat(starts[rows] - (new_ends - lengths), lengths)
    if stays is not None and not isinstance(part.target, VectorIndex):
        counted = np.concatenate([[0], np.cumsum(stays)])
        new_ends = np.cumsum(counted[ends[rows]] - counted[starts[rows]])
    _cut(part.target, values, stays)
    part.data = new_ends.astype(np.uint64)


def _cut_signals(region: DynamicTableRegion, places: Rows) -> None:
    """Keep some rows of a region that says what the columns of a series are, with their columns."""
    series: Any = region.parent
    count = len(region)
    region.data = taken(region.data, places)
    if getattr(getattr(series, "data", None), "shape", ())[1:2] == (count,):
        if not len(places):
            raise InvalidValueError(f"{series._label()} has signals of none of the regions that are kept; exclude it")
        series.data = taken(series.data, places, axis=1)
    elif series is not None and len(places) < count:
        raise InvalidValueError(
            f"{series._label()}: data of shape {getattr(series.data, 'shape', None)} cannot be cut to "
            f"{len(places)} of {count} regions; exclude it"
        )
