"""Tables of time intervals: trials, epochs, times when the data are not to be used."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from photonwb.base import TimeSeries, TimeSeriesReference
from photonwb.common import DynamicTable, column
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.checks import mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from photonwb.common import ElementIdentifiers, MeaningsTable, VectorData
    from photonwb.typing import ArrayLike

__all__ = ["TimeIntervals"]

# A time on the grid of the samples must find its sample, whatever the last bits of (time - starting_time) * rate are.
_ROUNDING = 1e-6


class TimeIntervals(DynamicTable, namespace="core", neurodata_type="TimeIntervals"):
    """A table of time intervals, one in each row.

    Parameters
    ----------
    name : str
        For example "trials".
    description : str
    id, columns, colnames, target_tables, meanings_tables
        See `DynamicTable`.
    """

    start_time: VectorData = column("Start time of epoch, in seconds", required=True, dtype="float32")
    stop_time: VectorData = column("Stop time of epoch, in seconds", required=True, dtype="float32")
    tags: VectorData | None = column("user-defined tags", index=1, dtype="text")
    timeseries: VectorData | None = column("index into a TimeSeries object", index=1, kind="TimeSeriesReferenceVectorData")

    def __init__(
        self,
        name: str,
        description: str = "experimental intervals",
        id: ArrayLike | ElementIdentifiers | None = None,
        columns: Sequence[VectorData] | None = None,
        colnames: ArrayLike | None = None,
        target_tables: dict[str, DynamicTable] | None = None,
        meanings_tables: Sequence[MeaningsTable] | None = None,
    ) -> None:
        self._init(locals())

    def add_interval(
        self,
        start_time: float,
        stop_time: float,
        tags: str | Iterable[str] | None = None,
        timeseries: TimeSeries | Iterable[TimeSeries] | None = None,
        **columns: Any,
    ) -> None:
        """Add an interval.

        Parameters
        ----------
        start_time, stop_time : float
            In seconds.
        tags : str or list of str, optional
            Text is split at commas. An interval may have none where others have some; likewise for `timeseries`.
        timeseries : TimeSeries or list of TimeSeries, optional
            Series that belong to the interval. Of each, the samples inside the interval are noted; none (a count of 0) if it has
            none there.
        **columns
            Values of the other columns, and what `add_row` takes.

        Raises
        ------
        InvalidValueError
            A series has neither timestamps nor a rate.
        """
        row: dict[str, Any] = {
            "start_time": self._seconds("start_time", start_time),
            "stop_time": self._seconds("stop_time", stop_time),
            **columns,
        }
        if isinstance(tags, str):
            tags = [tag.strip() for tag in tags.split(",") if tag.strip()]
        if tags is not None:
            row["tags"] = list(tags)
        series = [timeseries] if isinstance(timeseries, TimeSeries) else list(timeseries or ())
        if series:
            row["timeseries"] = [_samples_within(each, start_time, stop_time) for each in series]
        for name in ("tags", "timeseries"):
            if name in self.colnames:
                row.setdefault(name, [])
        self.add_row(**row)

    def _seconds(self, name: str, value: Any) -> float:
        if not hasattr(value, "__float__"):
            raise InvalidTypeError(mismatch(f"{self._label()}.{name}", "a time in seconds", value))
        return float(value)

    def get_starting_time(self) -> float | None:
        """Start of the earliest interval, in seconds; None for an empty table."""
        return float(_in_memory(self.start_time).min()) if len(self) else None

    def get_duration(self) -> float | None:
        """Seconds from the start of the earliest interval to the end of the latest; None for an empty table."""
        start = self.get_starting_time()
        return None if start is None else float(_in_memory(self.stop_time).max()) - start


def _in_memory(times: VectorData) -> NDArray[Any]:
    import numpy as np

    return np.asarray(times.data)


def _samples_within(series: TimeSeries, start: float, stop: float) -> TimeSeriesReference:
    """The samples of a series in an interval.

    With timestamps these are the samples from the first one at or after `start` to the last one before `stop`. With a rate they
    begin with the sample that is current at `start`. What of the interval lies outside the series is cut off, which may leave a
    count of 0; a start below 0 or beyond the end, from where nothing can be read, is never stored.
    """
    first, end = max(_place_of(series, start), 0), max(_place_of(series, stop), 0)
    length = series._sample_count()
    if length is not None:
        first, end = (first, min(end, length)) if first < length else (0, 0)
    return TimeSeriesReference(first, max(end - first, 0), series)


def _place_of(series: TimeSeries, time: float) -> int:
    """Number of the sample at a time; below 0 or beyond the last when the series has none there."""
    if series.timestamps is not None:
        stored: Any = series.timestamps
        return bisect_left(stored, time)
    if series.rate is None:
        raise InvalidValueError(
            f"{series._label()}: expected timestamps or a rate, got neither: the interval cannot be found in it"
        )
    return int((time - (series.starting_time or 0.0)) * series.rate + _ROUNDING)
