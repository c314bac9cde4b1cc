"""Less of the time of a session: samples of series, rows of tables of intervals and events, spikes.

Times stay what they were, in seconds from the same start; so what was cut can be laid beside the whole.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.sliced import taken
from photonwb.common import DynamicTable, VectorIndex
from photonwb.editing.cutting import keep_rows
from photonwb.editing.relations import objects_below
from photonwb.errors import InvalidValueError
from photonwb.references import TimeSeriesReference, TimeSeriesReferenceVectorData
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.model.container import AbstractContainer

    Rows = NDArray[np.intp]

__all__ = ["keep_time"]

# Part of a sample by which times may be off because of rounding.
_TOLERANCE = 1e-6


def keep_time(root: AbstractContainer, start: float | None, stop: float | None) -> None:
    """Keep what happened from one time on and before another; see `photonwb.export`."""
    window = (-math.inf if start is None else float(start), math.inf if stop is None else float(stop))
    if not window[0] < window[1]:
        raise InvalidValueError(f"time: expected a start before the stop, in seconds, got {start} and {stop}")
    below = list(objects_below(root))
    series = [item for item in below if isinstance(item, TimeSeries)]
    kept = {id(each): rows for each in series if (rows := _samples(each, window)) is not None}
    _check(series, below, kept)
    tables: dict[DynamicTable, Rows] = {}
    for table in below:
        if isinstance(table, DynamicTable):
            if "spike_times" in table.colnames:
                _cut_spikes(table, window)
            inside = _rows(table, window)
            if inside is not None:
                tables[table] = inside
    keep_rows(root, tables)
    for column in below:
        if kept and isinstance(column, TimeSeriesReferenceVectorData):
            column.data = [_recounted(row, kept) for row in column.data[:]]
    for each in series:
        if id(each) in kept:
            _cut(each, kept)


def _samples(series: TimeSeries, window: tuple[float, float]) -> Rows | None:
    """Which samples lie in the window; None for all."""
    import numpy as np

    count, rate = series._sample_count(), _number(series.rate)
    if series.timestamps is not None:
        times = np.asarray(series.timestamps[:])
        count, chosen = len(times), np.flatnonzero((times >= window[0]) & (times < window[1]))
    elif rate and count is not None:
        begin = _number(series.starting_time)
        first, behind = (_clipped((edge - begin) * rate, count) for edge in window)
        chosen = np.arange(first, behind)
    else:
        return None
    return None if len(chosen) == count else chosen


def _number(value: Any) -> float:
    """A single number, 0 for anything else that a damaged file may have."""
    return float(value) if hasattr(value, "__float__") and not getattr(value, "shape", ()) else 0.0


def _clipped(sample: float, count: int) -> int:
    """Number of the first sample at or behind a place, inside of the series."""
    return int(min(max(math.ceil(sample - _TOLERANCE), 0), count)) if math.isfinite(sample) else (0 if sample < 0 else count)


def _check(series: list[TimeSeries], below: list[AbstractContainer], kept: Mapping[int, Rows]) -> None:
    """Refuse what would count samples that are not there."""
    problems = [
        f"{each._label()}: its frames are in external files, which cannot be cut; exclude it, or take all of its time"
        for each in series
        if id(each) in kept and getattr(each, "external_file", None) is not None
    ]
    for item in below:
        indexed = getattr(item, "indexed_timeseries", None)
        if id(indexed) in kept:
            problems.append(f"{item._label()} counts frames of {cast('Any', indexed)._label()}, which is cut; exclude it")
        source = getattr(item, "source_electricalseries", None)
        if id(source) in kept:
            problems.append(f"{item._label()} counts samples of {cast('Any', source)._label()}, which is cut; exclude it")
    if problems:
        raise InvalidValueError("time: " + "\n".join(problems))


def _cut(series: TimeSeries, kept: Mapping[int, Rows]) -> None:
    rows = kept[id(series)]
    for name in ("data", "timestamps", "control"):
        value: Any = series.fields.get(name)
        if hasattr(value, "neurodata_type"):
            owner = kept.get(id(value))
            if owner is not None and len(owner) == len(rows) and (owner == rows).all():
                continue  # shared with a series that is cut in the same way
            value = _uncut(value, name)
        if value is not None and len(value):
            setattr(series, name, taken(value, rows[rows < len(value)]))  # one may be longer than the other
    if series.timestamps is None and series.rate and len(rows):
        series.starting_time = (series.starting_time or 0.0) + int(rows[0]) / series.rate


def _uncut(series: Any, name: str) -> Any:
    """The array of a series as it is in the file, whether the series was cut already or not."""
    stored = series._stored
    value = stored.load(series, type(series).__fields__[name]) if stored is not None else series.fields.get(name)
    return _uncut(value, name) if hasattr(value, "neurodata_type") else value


def _recounted(row: Any, kept: Mapping[int, Rows]) -> TimeSeriesReference:
    """A stretch of samples, counted in what is left of its series."""
    import numpy as np

    first, count, series = row
    rows = kept.get(id(series))
    if rows is None or first < 0 or count < 0:
        return TimeSeriesReference(int(first), int(count), series)
    start, stop = np.searchsorted(rows, [first, first + count])
    return TimeSeriesReference(int(start), int(stop - start), series) if stop > start else TimeSeriesReference(-1, -1, series)


def _rows(table: DynamicTable, window: tuple[float, float]) -> Rows | None:
    """Which rows of a table of intervals or events lie in the window, be it in part; None for other tables."""
    import numpy as np

    names = table.colnames
    if "start_time" in names and "stop_time" in names:
        starts, stops = (np.asarray(table[name].data[:], dtype=float) for name in ("start_time", "stop_time"))
        inside = (starts < window[1]) & ((stops > window[0]) | (starts >= window[0]) | np.isnan(stops))
    elif table.neurodata_type == "EventsTable" and "timestamp" in names:
        times = np.asarray(table["timestamp"].data[:], dtype=float)
        inside = (times >= window[0]) & (times < window[1])
    else:
        return None
    return np.flatnonzero(inside)


def _cut_spikes(table: DynamicTable, window: tuple[float, float]) -> None:
    """Keep the spikes in the window, and what else there is for each of them."""
    import numpy as np

    index = table["spike_times"]
    if "waveforms" in table.colnames:
        raise InvalidValueError(f"time: {table._label()} has waveforms, several for each spike, which cannot be cut; exclude it")
    times, ends = np.asarray(index.target.data[:]), np.asarray(index._ends(), dtype=np.intp)
    stays = (times >= window[0]) & (times < window[1])
    counted = np.concatenate([[0], np.cumsum(stays)])
    for name in table.colnames:
        column = table._top(name)
        if not name.startswith("spike_") or not isinstance(column, VectorIndex):
            continue
        if np.array_equal(np.asarray(column._ends(), dtype=np.intp), ends):
            column.target.data = taken(column.target.data, np.flatnonzero(stays))
            column.data = counted[ends].astype(np.uint64)
