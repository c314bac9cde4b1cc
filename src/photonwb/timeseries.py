"""`TimeSeries`, the base of everything that was recorded over time.

Times are told in one of two ways: a rate and a starting time, or a timestamp for each sample. Data and timestamps may belong to
another series, so that several series share one array in memory and in the file. What follows from other fields (units of time,
number of samples, who shares with whom) is worked out when asked for: a series that was read has run no constructor.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.shapes import shape_of
from photonwb.core import NWBDataInterface
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.model.checks import mismatch
from photonwb.model.fields import attribute, dataset, shared_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from photonwb.model.fields import Field
    from photonwb.typing import Array, ArrayLike

__all__ = ["TimeSeries"]

_CONTINUITIES = ("continuous", "instantaneous", "step")


class EmptyArray:
    """A class attribute that is an empty array of bytes, made without importing numpy before it is asked for."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __get__(self, instance: object, owner: type | None = None) -> NDArray[np.uint8]:
        import numpy as np

        return np.zeros(self.shape, dtype=np.uint8)


class TimeSeries(NWBDataInterface, neurodata_type="TimeSeries"):
    """Samples taken over time.

    Parameters
    ----------
    name : str
    data : array-like, shape (time, ...), or TimeSeries
        The samples, 1-D to 4-D, time first. Another series shares its data with this one.
    unit : str
        Unit of `data * conversion + offset`, preferably SI.
    resolution : float
        Smallest meaningful difference between values, in `unit`; -1.0 when it is not known.
    conversion, offset : float
        What turns stored values into `unit`.
    timestamps : array-like, shape (time,), or TimeSeries, optional
        Time of each sample in seconds. Another series shares its timestamps with this one.
    starting_time : float, optional
        Time of the first sample in seconds; 0.0 when only a rate is given.
    rate : float, optional
        Samples per second. Give a rate or timestamps, not both.
    comments, description : str
    control : array-like of int, shape (time,), optional
        A label for each sample.
    control_description : sequence of str, optional
        What each label means.
    continuity : {"continuous", "instantaneous", "step"}, optional
        How the value goes on between samples.

    Raises
    ------
    InvalidTypeError
        Neither timestamps nor a rate are given, or an argument is of the wrong kind.
    InvalidValueError
        Timestamps come with a rate or a starting time, or are not as many as the samples; the rate is negative.
    """

    DEFAULT_DATA = EmptyArray(0)
    DEFAULT_UNIT = "unknown"
    DEFAULT_RESOLUTION = -1.0
    DEFAULT_CONVERSION = 1.0
    DEFAULT_OFFSET = 0.0

    data: Array = shared_dataset("The samples, time first.", shape=((None,), (None,) * 2, (None,) * 3, (None,) * 4))
    unit: str = attribute("Unit of the converted data.", of="data")
    resolution: float = attribute("Smallest meaningful difference between values; -1.0 when not known.", of="data")
    conversion: float = attribute("Factor that turns the data into `unit`.", of="data")
    offset: float = attribute("What is added after the conversion.", of="data")
    continuity: str | None = attribute("How the value goes on between samples.", of="data", one_of=_CONTINUITIES)
    timestamps: Array | None = shared_dataset("Time of each sample, in seconds.", dtype="float64", shape=(None,))
    timestamps_unit: str | None = attribute("Unit of the timestamps.", of="timestamps", key="unit", fixed="seconds")
    interval: int | None = attribute("Number of samples between timestamps.", of="timestamps", fixed=1)
    starting_time: float | None = dataset("Time of the first sample, in seconds.", dtype="float64")
    rate: float | None = attribute("Samples per second.", of="starting_time")
    starting_time_unit: str | None = attribute("Unit of the starting time.", of="starting_time", key="unit", fixed="seconds")
    comments: str = attribute("Notes on the series.")
    description: str = attribute("What the series is.")
    control: Array | None = dataset("A label for each sample.", dtype="uint8", shape=(None,))
    control_description: tuple[str, ...] | None = dataset("What each label means.", dtype="text", shape=(None,))

    # Series that took their data or timestamps from this one. Those that a file tells of are found when asked for.
    _shared_by: tuple[TimeSeries, ...] = ()

    def __init__(
        self,
        name: str,
        data: ArrayLike | TimeSeries,
        unit: str,
        resolution: float = -1.0,
        conversion: float = 1.0,
        offset: float = 0.0,
        timestamps: ArrayLike | TimeSeries | None = None,
        starting_time: float | None = None,
        rate: float | None = None,
        comments: str = "no comments",
        description: str = "no description",
        control: ArrayLike | None = None,
        control_description: ArrayLike | None = None,
        continuity: str | None = None,
    ) -> None:
        self._init(locals())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        super()._init(arguments)
        given = self.__dict__
        timestamps, rate = given.get("timestamps"), given.get("rate")
        if rate is not None:
            given.setdefault("starting_time", 0.0)
        elif timestamps is None:
            raise InvalidTypeError(f"{self._label()}: expected either timestamps or a rate, got neither")
        self._note_sharing("data")
        if timestamps is not None:
            self._note_sharing("timestamps")
        for contradiction in self._contradictions():
            self._error_on_new_warn_on_construct(f"{self._label()}: {contradiction}")
        if rate == 0 and (_length_of(self.data) or 0) > 1:
            warnings.warn(f"{self._label()}: the rate is 0 Hz, but there is more than one sample", stacklevel=3)

    def _contradictions(self) -> list[str]:
        """What makes no sense in the fields that were given, taken together; one sentence for each mistake."""
        given = self.__dict__
        timestamps, rate = given.get("timestamps"), given.get("rate")
        found: list[str] = []
        if timestamps is not None:
            if rate is not None:
                found.append("expected timestamps or a rate, got both: leave one out")
            if given.get("starting_time") is not None:
                found.append("expected timestamps or a starting_time, got both: leave one out")
            found += self._length_mismatch()
        if rate is not None and rate < 0:
            found.append(f"expected a rate >= 0 Hz, got {rate}")
        return found

    def _length_mismatch(self) -> list[str]:
        times = _length_of(self.timestamps)
        samples = None if times is None else _length_of(self.data)
        if samples is None or samples == times:
            return []
        return [
            f"expected as many timestamps as samples, got {times} timestamps and data of shape {shape_of(self.data)}; "
            "time must be the first axis of data, so the data may be transposed"
        ]

    def _empty(self, field: Field) -> Any:
        if field.name == "data":
            return self.DEFAULT_DATA
        if field.name in ("timestamps_unit", "interval"):
            return None if self.timestamps is None else field.fixed
        if field.name == "starting_time_unit":
            return None if self.rate is None else field.fixed
        usual = super()._empty(field)
        return self.DEFAULT_UNIT if usual is None and field.name == "unit" else usual

    def _note_change(self, field: Field) -> None:
        super()._note_change(field)
        if field.name in ("data", "timestamps"):
            self._note_sharing(field.name)
        if field.name in ("rate", "timestamps"):
            for name in ("timestamps_unit", "interval", "starting_time_unit"):
                self.__dict__.pop(name, None)
            if self.rate is not None and self.starting_time is None:
                self.starting_time = 0.0

    # ---- shared arrays

    def _note_sharing(self, name: str) -> None:
        owner = self.__dict__.get(name)
        if isinstance(owner, TimeSeries):
            owner._shared_by = (*owner._shared_by, self)

    def _shares(self, name: str, owner: TimeSeries) -> bool:
        try:
            return self.fields.get(name) is owner
        except PhotonwbError:  # damaged in the file: what it would share nobody can say
            return False

    def _sharing(self, name: str) -> set[TimeSeries]:
        """Series whose `data` or `timestamps` are those of this one: the ones noted, and all in the file it was read from."""
        candidates = list(self._shared_by)
        if self._stored is not None:
            root = (self, *self.get_ancestors())[-1]
            candidates.extend(item for item in root.all_children() if isinstance(item, TimeSeries))
        return {series for series in candidates if series._shares(name, self)}

    @property
    def data_link(self) -> set[TimeSeries]:
        """Series that share the data of this one."""
        return self._sharing("data")

    @property
    def timestamp_link(self) -> set[TimeSeries]:
        """Series that share the timestamps of this one."""
        return self._sharing("timestamps")

    # ---- growing

    def append(self, data: ArrayLike, timestamps: ArrayLike | None = None, control: ArrayLike | None = None) -> None:
        """Add samples at the end. Of a series in a file only these are written.

        Parameters
        ----------
        data : array-like, shape (n, ...)
            The samples, as many axes as the data have.
        timestamps : array-like, shape (n,), optional
            Their times, for a series that has timestamps (of its own: shared ones grow with the series that they belong to).
        control : array-like, shape (n,), optional
            Their labels, for a series that has some.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The data are those of another series or in external files, what comes does not fit, or times or labels are missing
            or not wanted; the series stays as it was.
        """
        added: dict[str, Any] = {"data": data, "timestamps": timestamps, "control": control}
        for name, values in added.items():
            if values is not None and shape_of(values) in (None, ()):
                if not hasattr(values, "__iter__"):
                    raise InvalidTypeError(mismatch(f"{self._label()}.append: {name}", "values along time", values))
                added[name] = list(values)
        for name, values in added.items():
            self._check_appendable(name, values, _length_of(added["data"]))
        try:
            longer = {name: _appended(self.fields.get(name), values) for name, values in added.items() if values is not None}
        except (InvalidTypeError, InvalidValueError) as error:
            raise type(error)(f"{self._label()}.append: {error}") from error
        self.__dict__.update(longer)
        for name in longer:
            self._note_change(type(self).__fields__[name])

    def _check_appendable(self, name: str, values: Any, count: int | None) -> None:
        place = f"{self._label()}.append: {name}"
        owned = self.fields.get(name)
        if hasattr(owned, "neurodata_type"):
            if values is not None:
                raise InvalidValueError(f"{place} are those of {cast('TimeSeries', owned)._label()}: append to that series")
        elif values is None and owned is not None:
            raise InvalidValueError(f"{place} are needed, as the series has some")
        elif values is not None and owned is None:
            raise InvalidValueError(f"{place} were given, but the series has none")
        elif values is not None and _length_of(values) != count:
            raise InvalidValueError(f"{place}: expected {count} values, one for each sample, got {_length_of(values)}")

    def _problems(self) -> list[str]:
        # What was set one after the other must go together in the end.
        changed = self._stored is not None and self._changed & {"data", "timestamps"}
        return [f"{self._label()}: {problem}" for problem in self._length_mismatch()] if changed else []

    # ---- time

    @property
    def time_unit(self) -> str:
        """Unit of all times: "seconds"."""
        return "seconds"

    def _sample_count(self) -> int | None:
        """Number of samples as far as the data tell."""
        return _length_of(self.data)

    @property
    def num_samples(self) -> int | None:
        """Number of samples; None, with a warning, when neither data nor timestamps tell it yet."""
        return self._sample_count_or_warning()

    def _sample_count_or_warning(self) -> int | None:
        count = self._sample_count()
        if count is None:
            warnings.warn(f"{self._label()}: the number of samples cannot be told from data yet", stacklevel=3)
            count = _length_of(self.timestamps)
            if count is None and self.rate is None:
                warnings.warn(f"{self._label()}: the number of samples cannot be told from timestamps yet", stacklevel=3)
        return count

    def get_timestamps(self) -> Any:
        """Time of each sample in seconds: the timestamps as stored, or worked out from the rate.

        Returns
        -------
        array, shape (time,)

        Raises
        ------
        InvalidValueError
            There are no timestamps, and the number of samples is not known.
        """
        if self.timestamps is not None:
            return self.timestamps
        count = self._sample_count()
        if count is None:
            raise InvalidValueError(f"{self._label()}: the number of samples is not known, so their times cannot be worked out")
        return self._sample_times(0, count)

    def _sample_times(self, first: int, count: int) -> NDArray[np.float64]:
        """Times of some samples, from rate and starting time."""
        import numpy as np

        rate = 1.0 if first + count <= 1 and self.rate == 0 else self._rate_above_zero()
        return np.arange(first, first + count) / rate + (self.starting_time or 0.0)

    def _rate_above_zero(self) -> float:
        if not self.rate:
            raise InvalidValueError(f"{self._label()}: times need timestamps or a rate above 0 Hz, got a rate of {self.rate}")
        return self.rate

    def get_starting_time(self) -> float | None:
        """Time of the first sample in seconds; None for a series without samples that does not say."""
        if self.starting_time is not None:
            return self.starting_time
        return float(self._stored_time(0)) if self.num_samples else None

    def get_duration(self) -> float | None:
        """Seconds from the first sample to the last.

        Returns
        -------
        float or None
            0.0 for a single sample; None for a series without samples that has no starting time.

        Notes
        -----
        `timestamps[-1] - timestamps[0]`, or `(n - 1) / rate`: the time that the last sample itself took is not in it.
        """
        count = self.num_samples
        if not count:
            return None if self.starting_time is None else 0.0
        if count == 1:
            return 0.0
        if self.timestamps is not None:
            return float(self._stored_time(-1) - self._stored_time(0))
        return (count - 1) / self._rate_above_zero()

    def _stored_time(self, index: int) -> Any:
        timestamps: Any = self.timestamps
        return timestamps[index]

    # ---- values

    def get_data_in_units(self) -> NDArray[Any]:
        """All data in `unit`, read into memory: `data * conversion + offset`.

        Series with a `channel_conversion` (electrical ones) are multiplied by that too, channel by channel.
        """
        import numpy as np

        return np.asarray(self.data) * self._scale() + self.offset

    def _scale(self) -> Any:
        import numpy as np

        channels = getattr(self, "channel_conversion", None)
        return self.conversion if channels is None else self.conversion * np.asarray(channels)

    def to_xarray(self, *, in_units: bool = False, chunks: Any = None) -> xr.DataArray:
        """The data with named axes, times and what else is known of them, as an array of xarray.

        Data in a file stay there until they are computed, by dask where it is installed.

        Parameters
        ----------
        in_units : bool
            Whether to convert the values to `unit`, as `get_data_in_units` does; without it they are as stored.
        chunks : optional
            Blocks of the dask array; see `LazyArray.to_dask`.

        Returns
        -------
        xarray.DataArray
            Its first axis is `time`, in seconds. That of images are `x`, the horizontal one, `y` and, of volumes, `z`; that of
            signals of regions is `roi`, with the ids of the regions. `attrs` has the unit, the description and the like.

        Raises
        ------
        MissingLibraryError
            xarray is not installed.
        InvalidValueError
            There are neither timestamps nor a rate above 0 Hz.
        """
        from photonwb.data_arrays import data_array

        return data_array(self, in_units=in_units, chunks=chunks)

    # How the axes behind that of time are called, as far as the standard has names for them.
    _axes: tuple[str, ...] = ()

    def _labels(self) -> dict[str, Any]:
        """What the positions along axes other than time are called."""
        return {}

    def _stored_data(self) -> Any:
        """The data with the axes of the standard, as a lazy array if they are in a file."""
        return self.data


def _appended(there: Any, values: Any) -> Any:
    """Data with more at the end; what is in a file stays there."""
    from photonwb.arrays import LazyArray
    from photonwb.arrays.appended import AppendedArray
    from photonwb.arrays.growing import extended

    if isinstance(there, (LazyArray, AppendedArray)):
        return (AppendedArray(there) if isinstance(there, LazyArray) else there).extended(values)
    return [*there, *values] if isinstance(there, list) else extended(there, values)


def _length_of(values: Any) -> int | None:
    """Length of the first axis, None where it is not known without reading."""
    shape = None if values is None else shape_of(values)
    return shape[0] if shape else None
