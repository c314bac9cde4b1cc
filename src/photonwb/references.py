"""References to a stretch of samples, and the column that holds them.

A row of the column is (idx_start, count, timeseries). Where there is nothing to refer to, the standard stores -1 for both numbers
and any series; who asks the column for such a row gets a reference that holds None three times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.common.columns import VectorData
from photonwb.common.rows import is_one_row
from photonwb.errors import InvalidTypeError
from photonwb.model.checks import mismatch
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.typing import ArrayLike

__all__ = ["TimeSeriesReference", "TimeSeriesReferenceVectorData"]

_DESCRIPTION = (
    "Column storing references to a TimeSeries (rows). For each TimeSeries this VectorData column stores the start_index "
    "and count to indicate the range in time to be selected as well as an object reference to the TimeSeries."
)


class TimeSeriesReference(NamedTuple):
    """A stretch of samples of a series.

    Attributes
    ----------
    idx_start : int
        The first sample.
    count : int
        How many samples.
    timeseries : TimeSeries
    """

    idx_start: int
    count: int  # pyright: ignore[reportIncompatibleMethodOverride] - a tuple can count too, but the standard names this member
    timeseries: TimeSeries

    @classmethod
    def empty(cls, timeseries: TimeSeries) -> TimeSeriesReference:
        """Make the reference that stands for a missing value; the series is kept, but means nothing."""
        return cls(-1, -1, timeseries)

    def check_types(self) -> bool:
        """Say whether each part is of its kind.

        Raises
        ------
        InvalidTypeError
            One is not.
        """
        for name in ("idx_start", "count"):
            value = getattr(self, name)
            if not hasattr(value, "__index__"):
                raise InvalidTypeError(
                    f"TimeSeriesReference.{name}: expected a whole number, got {type(value).__name__} {value!r}"
                )
        series: Any = self.timeseries
        if not isinstance(series, TimeSeries):
            raise InvalidTypeError(mismatch("TimeSeriesReference.timeseries", "a TimeSeries", series))
        return True

    def isvalid(self) -> bool:
        """Say whether the reference leads to samples: False for one that stands for a missing value.

        Raises
        ------
        IndexError
            The stretch does not lie inside the series.
        InvalidTypeError
            A part is of the wrong kind.
        """
        self.check_types()
        if self.idx_start < 0 and self.count < 0:
            return False
        length = self.timeseries.num_samples
        if length is None:
            return True
        if not (0 <= self.idx_start < length and 0 <= self.count <= length - self.idx_start):
            raise IndexError(
                f"TimeSeriesReference: {self.count} samples from {self.idx_start} do not lie in "
                f"{self.timeseries._label()}, which has {length} samples"
            )
        return True

    @property
    def timestamps(self) -> Any:
        """Times of the samples in seconds, shape (count,); None for a missing value."""
        if not self.isvalid():
            return None
        if self.timeseries.timestamps is None:
            return self.timeseries._sample_times(self.idx_start, self.count)
        return self._stretch_of(self.timeseries.timestamps)

    @property
    def data(self) -> Any:
        """The samples, shape (count, ...); None for a missing value."""
        return self._stretch_of(self.timeseries.data) if self.isvalid() else None

    def _stretch_of(self, values: Any) -> Any:
        return values[self.idx_start : self.idx_start + self.count]


class TimeSeriesReferenceVectorData(VectorData, namespace="core", neurodata_type="TimeSeriesReferenceVectorData"):
    """A column of references to stretches of samples.

    Parameters
    ----------
    name, description : str
    data : sequence of TimeSeriesReference or of tuples (idx_start, count, timeseries)
    """

    TIME_SERIES_REFERENCE_TUPLE = TimeSeriesReference
    TIME_SERIES_REFERENCE_NONE_TYPE = TimeSeriesReference(None, None, None)  # pyright: ignore[reportArgumentType] - the established form of nothing

    def __init__(self, name: str = "timeseries", description: str = _DESCRIPTION, data: ArrayLike = ()) -> None:
        self._init(locals())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        rows = arguments.get("data")
        if isinstance(rows, (list, tuple)):
            arguments = {**arguments, "data": [_as_reference(row) for row in rows]}
        super()._init(arguments)

    def add_row(self, val: TimeSeriesReference | tuple[int, int, TimeSeries]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - takes no options
        """Add a reference at the end."""
        self.append(val)

    def append(self, arg: TimeSeriesReference | tuple[int, int, TimeSeries]) -> None:
        """Add a reference at the end."""
        super().append(_as_reference(arg))

    def get(self, key: Any, **kwargs: Any) -> Any:
        """One reference for an integer, a list of them for a slice or a list of integers."""
        found = super().get(key, **kwargs)
        return self._shown(found) if is_one_row(key) else [self._shown(row) for row in found]

    def _shown(self, row: Any) -> TimeSeriesReference:
        first, count, series = row
        if first < 0 or count < 0:
            return self.TIME_SERIES_REFERENCE_NONE_TYPE
        return TimeSeriesReference(int(first), int(count), series)


def _as_reference(row: Any) -> TimeSeriesReference:
    """A tuple or a stored row as a reference whose parts are of their kinds."""
    reference = row if isinstance(row, TimeSeriesReference) else TimeSeriesReference(*row)
    reference.check_types()
    return reference
