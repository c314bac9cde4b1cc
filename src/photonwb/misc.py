"""What belongs to no single method: annotations, features, intervals, sorted units, spectral decompositions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError
from photonwb.model.checks import mismatch
from photonwb.model.generated import SERIES, Additions, Recipe, offered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from photonwb.common import DynamicTable
    from photonwb.model.fields import Field
    from photonwb.model.generated import FromSchema
    from photonwb.timeseries import TimeSeries
    from photonwb.typing import ArrayLike

    # ruff: noqa: D101 - the descriptions come from the standard
    class AnnotationSeries(FromSchema, TimeSeries): ...

    class AbstractFeatureSeries(FromSchema, TimeSeries): ...

    class IntervalSeries(FromSchema, TimeSeries): ...

    class Units(FromSchema, DynamicTable): ...

    class FrequencyBandsTable(FromSchema, DynamicTable): ...

    class DecompositionSeries(FromSchema, TimeSeries): ...


__all__ = [
    "AbstractFeatureSeries",
    "AnnotationSeries",
    "DecompositionSeries",
    "FrequencyBandsTable",
    "IntervalSeries",
    "Units",
]


class _GrowingSeries(Additions):
    """A series that is filled one sample after the other."""

    def _before(self, given: dict[str, Any]) -> None:
        if given["data"] is None:
            given["data"] = []

    def _append(self: Any, times: Sequence[float], samples: Sequence[Any]) -> None:
        from photonwb.arrays.growing import extended

        self.__dict__["timestamps"] = extended(self.timestamps, times)
        self.__dict__["data"] = extended(self.data, samples)
        self._note_change(type(self).__fields__["data"])


class _AnnotationSeries(_GrowingSeries):
    def _after(self: Any, given: Mapping[str, Any]) -> None:
        if not self._in_construct_mode:
            warnings.warn(
                "AnnotationSeries is deprecated: use an EventsTable with an 'annotation' column, NWBFile.create_events_table()",
                stacklevel=4,
            )

    def add_annotation(self, time: float, annotation: str) -> None:
        """Add an annotation; `time` in seconds."""
        self._append([time], [annotation])


class _AbstractFeatureSeries(_GrowingSeries):
    def add_features(self: Any, time: float, features: ArrayLike) -> None:
        """Add a value for each feature; `time` in seconds."""
        if not (isinstance(self.timestamps, list) and isinstance(self.data, list)):
            raise InvalidValueError(f"{self._label()}: features can only be added while timestamps and data are lists")
        self._append([time], [features])


class _IntervalSeries(_GrowingSeries):
    def add_interval(self, start: float, stop: float) -> None:
        """Add an interval; its ends in seconds."""
        self._append([start, stop], [1, -1])


class _FrequencyBandsTable(Additions):
    def add_band(
        self: Any,
        band_name: str,
        band_limits: ArrayLike,
        band_mean: float | None = None,
        band_stdev: float | None = None,
        **extra: Any,
    ) -> None:
        """Add a frequency band.

        Parameters
        ----------
        band_name : str
        band_limits : array-like, shape (2,)
            Low and high end, in Hz.
        band_mean, band_stdev : float, optional
            Mean and standard deviation of a Gaussian filter, in Hz.
        **extra
            Values of the other columns, by name.
        """
        if shape_of(band_limits) not in (None, (2,)):
            raise InvalidValueError(mismatch("add_band(): band_limits", "shape (2,)", band_limits))
        given = {"band_mean": band_mean, "band_stdev": band_stdev}
        given = {name: value for name, value in given.items() if value is not None}
        self.add_row(band_name=band_name, band_limits=band_limits, **given, **extra)


class _DecompositionSeries(Additions):
    def _before(self, given: dict[str, Any]) -> None:
        if given["bands"] is None:
            given["bands"] = __getattr__("FrequencyBandsTable")()
        channels = given["source_channels"]
        # A region of electrodes is called "electrodes" by default, and under that name nobody would find it here.
        if getattr(channels, "name", "source_channels") != "source_channels":
            given["source_channels"] = channels.copy("source_channels")

    def _after(self: Any, given: Mapping[str, Any]) -> None:
        if given["source_timeseries"] is None and given["source_channels"] is None:
            warnings.warn(
                f"{self._label()}: neither source_timeseries nor source_channels says what was decomposed", stacklevel=4
            )

    def add_band(
        self: Any,
        band_name: str,
        band_limits: ArrayLike,
        band_mean: float | None = None,
        band_stdev: float | None = None,
        **extra: Any,
    ) -> None:
        """Add a frequency band to `bands`; the arguments are those of `FrequencyBandsTable.add_band`."""
        self.bands.add_band(band_name, band_limits, band_mean, band_stdev, **extra)


class _Units(Additions):
    _electrode_table: Any = None

    def _after(self, given: Mapping[str, Any]) -> None:
        self.__dict__["_electrode_table"] = given["electrode_table"]
        for name in _OF_WAVEFORMS:
            setattr(self, name, given[name])

    def _set(self: Any, field: Field, value: Any) -> None:
        """What holds for all waveforms is kept with each of their columns."""
        super()._set(field, value)  # type: ignore[misc] - of the class that these methods are added to
        for twin in _twins(self, field.name):
            super()._set(twin, value)  # type: ignore[misc]

    def _empty(self: Any, field: Field) -> Any:
        found = (getattr(self, twin.name) for twin in _twins(self, field.name))
        return next((value for value in found if value is not None), super()._empty(field))  # type: ignore[misc]

    def add_unit(
        self: Any,
        spike_times: ArrayLike | None = None,
        obs_intervals: ArrayLike | None = None,
        electrodes: ArrayLike | None = None,
        electrode_group: Any = None,
        waveform_mean: ArrayLike | None = None,
        waveform_sd: ArrayLike | None = None,
        waveforms: ArrayLike | None = None,
        id: int | None = None,
        **extra: Any,
    ) -> None:
        """Add a unit.

        Parameters
        ----------
        spike_times : array-like, shape (spikes,), optional
            In seconds.
        obs_intervals : array-like, shape (intervals, 2), optional
            When the unit could be seen: start and end, in seconds.
        electrodes : array-like of int, optional
            Rows of the table of electrodes.
        electrode_group : ElectrodeGroup, optional
        waveform_mean, waveform_sd : array-like, shape (samples,) or (samples, electrodes), optional
        waveforms : array-like, shape (waveforms, samples) or (spikes, electrodes, samples), optional
        id : int, optional
            Default is the number of the row.
        **extra
            Values of the other columns, by name.
        """
        _expect_shape("spike_times", spike_times, (None,))
        _expect_shape("obs_intervals", obs_intervals, (None, 2))
        _expect_shape("waveforms", waveforms, (None, None), (None, None, None))
        row = {"spike_times": spike_times, "obs_intervals": obs_intervals, "electrodes": electrodes}
        row |= {"electrode_group": electrode_group, "waveform_mean": waveform_mean, "waveform_sd": waveform_sd}
        row |= {"waveforms": waveforms} | extra
        self.add_row(id=id, **{name: value for name, value in row.items() if value is not None})
        if electrodes is not None:
            self._know_electrodes()

    def _know_electrodes(self: Any) -> None:
        """Say whose rows the electrodes are: those of the table that was given, or of the file."""
        region = self["electrodes"].target
        if region.table is not None:
            return
        file = self.get_ancestor("NWBFile")
        table = self._electrode_table if self._electrode_table is not None else getattr(file, "electrodes", None)
        if table is None:
            warnings.warn(f"{self._label()}: there is no table of electrodes yet that the units could refer to", stacklevel=4)
        else:
            region.table = table

    def get_unit_spike_times(self: Any, index: Any, in_interval: Sequence[float] | None = None) -> Any:
        """Spike times of a unit, or of several.

        Parameters
        ----------
        index : int or sequence of int
            Number of the row; several give a list.
        in_interval : (float, float), optional
            Only the spikes from the one to the other time, ends included.

        Returns
        -------
        array, shape (spikes,), or list of arrays
        """
        import numpy as np

        if isinstance(index, (list, tuple)) or getattr(index, "ndim", 0) == 1:
            return [self.get_unit_spike_times(each, in_interval) for each in index]
        times = np.asarray(self["spike_times"][index])
        if in_interval is None:
            return times
        start, stop = in_interval
        return times[np.searchsorted(times, start, "left") : np.searchsorted(times, stop, "right")]

    def get_unit_obs_intervals(self: Any, index: int) -> NDArray[Any]:
        """When a unit could be seen: start and end of each interval, in seconds, shape (intervals, 2)."""
        import numpy as np

        return np.asarray(self["obs_intervals"][index])

    def _outer_spikes(self: Any) -> tuple[float, float] | None:
        """Time of the first and of the last spike of all units."""
        import numpy as np

        if "spike_times" not in self.colnames or not len(self):
            return None
        ends = np.asarray(self["spike_times"].data).astype(np.int64)
        starts = np.concatenate([[0], ends[:-1]])
        spiking = starts != ends
        if not spiking.any():
            return None
        times = np.asarray(self["spike_times"].target.data)
        return float(times[starts[spiking]].min()), float(times[ends[spiking] - 1].max())

    def get_starting_time(self) -> float | None:
        """Time of the first spike of all units, in seconds; None if there is none."""
        spikes = self._outer_spikes()
        return None if spikes is None else spikes[0]

    def get_duration(self) -> float | None:
        """Time from the first to the last spike of all units, in seconds; None if there is none."""
        spikes = self._outer_spikes()
        return None if spikes is None else spikes[1] - spikes[0]


def _twins(units: Any, name: str) -> list[Field]:
    """The fields that say of other columns what a field says of `waveform_mean`."""
    key = _OF_WAVEFORMS.get(name)
    return [type(units).__fields__[f"{column}__{key}"] for column in ("waveform_sd", "waveforms")] if key else []


_OF_WAVEFORMS = {
    "waveform_rate": "sampling_rate",
    "waveform_unit": "unit",
    "waveform_time_before_peak_in_ms": "time_before_peak_in_ms",
}


def _expect_shape(name: str, values: Any, *allowed: tuple[int | None, ...]) -> None:
    shape = None if values is None else shape_of(values)
    if shape is None or shape == (0,):
        return
    for lengths in allowed:
        if len(lengths) == len(shape) and all(length in (None, got) for length, got in zip(lengths, shape, strict=True)):
            return
    expected = " or ".join(str(lengths).replace("None", "any") for lengths in allowed)
    raise InvalidValueError(mismatch(f"add_unit(): {name}", f"shape {expected}", values))


RECIPES = {
    "AnnotationSeries": Recipe("name data timestamps comments description", defaults={"data": None}, methods=_AnnotationSeries),
    "AbstractFeatureSeries": Recipe(
        f"name feature_units! features data {SERIES}", defaults={"data": None}, methods=_AbstractFeatureSeries
    ),
    "IntervalSeries": Recipe(
        "name data timestamps comments description control control_description", defaults={"data": None}, methods=_IntervalSeries
    ),
    "Units": Recipe(
        "name id columns colnames target_tables meanings_tables description electrode_table waveform_rate waveform_unit "
        "waveform_time_before_peak_in_ms resolution",
        defaults={"name": "Units", "description": None, "waveform_unit": "volts"},
        given={"description": "data on spiking units"},
        names={"spike_times/resolution": "resolution"} | {f"waveform_mean/{key}": name for name, key in _OF_WAVEFORMS.items()},
        methods=_Units,
    ),
    "FrequencyBandsTable": Recipe(
        "id columns colnames target_tables meanings_tables",
        given={"name": "bands", "description": "Table for describing the bands that DecompositionSeries was generated from."},
        methods=_FrequencyBandsTable,
    ),
    "DecompositionSeries": Recipe(
        "name data metric description unit bands source_timeseries source_channels resolution conversion timestamps "
        "starting_time rate comments control control_description offset",
        methods=_DecompositionSeries,
    ),
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
