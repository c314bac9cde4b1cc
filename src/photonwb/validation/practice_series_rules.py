"""Recommendations for series, by the names and levels of nwbinspector."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.validation.findings import Severity
from photonwb.validation.planes import frame_count
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import finite_length, known_shape, number, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.timeseries import TimeSeries

__all__ = [
    "data_are_there",
    "duration",
    "first_time",
    "large_compression",
    "orientation",
    "rate_above_threshold",
    "rate_not_negative",
    "rate_not_zero",
    "regular_timestamps",
    "resolution",
    "small_compression",
    "timestamps_ascend",
    "timestamps_length",
    "timestamps_without_nan",
    "unit",
]

rule = enter_in("practice")

_CRITICAL = Severity.CRITICAL
_VIOLATION = Severity.BEST_PRACTICE_VIOLATION
_SUGGESTION = Severity.BEST_PRACTICE_SUGGESTION
_YEAR = 365.25 * 24 * 3600
_GIB = 1 << 30


def _is_image_series(series: TimeSeries) -> bool:
    return hasattr(series, "external_file")


@rule("check_regular_timestamps", _VIOLATION, "TimeSeries")
def regular_timestamps(series: TimeSeries) -> Iterator[Problem]:
    """The samples are evenly spaced, but each has a timestamp."""
    times = numbers(series.timestamps)
    if times is None or len(times) <= 2 or not _shares_nothing(series):
        return
    steps = (times[1:] - times[:-1]).round(9)
    if steps[0] > 0 and (steps == steps[0]).all():
        yield Problem(
            "evenly spaced timestamps",
            "timestamps",
            "a rate",
            f"{len(times)} timestamps",
            f"use starting_time={times[0]}, rate={1 / steps[0]:.6g}",
        )


def _shares_nothing(series: TimeSeries) -> bool:
    """Whether the timestamps are those of this series, not of another one that is looked at by itself."""
    return not hasattr(series.fields.get("timestamps"), "neurodata_type")


@rule("check_data_orientation", _CRITICAL, "TimeSeries")
def orientation(series: TimeSeries) -> Iterator[Problem]:
    """Another axis than the first one is the longest, so that time may not come first."""
    # Frames are often larger than movies are long, and traces are compared with their regions.
    if _is_image_series(series) or hasattr(series, "rois"):
        return
    shape, times = known_shape(series.data), finite_length(series.timestamps)
    if shape is not None and len(shape) > 1 and shape[0] and max(shape[1:]) > shape[0] and times != shape[0]:
        yield Problem(
            "the first axis is not the longest",
            "data",
            "time along the first axis",
            str(shape),
            "transpose the data if it is another",
        )


@rule("check_timestamps_match_first_dimension", _CRITICAL, "TimeSeries")
def timestamps_length(series: TimeSeries) -> Iterator[Problem]:
    """There are not as many timestamps as samples."""
    times = finite_length(series.timestamps)
    samples = frame_count(series) if _is_image_series(series) else finite_length(series.data)
    if times is not None and samples is not None and times != samples:
        yield Problem(
            "not a timestamp for each sample", "timestamps", f"{samples} timestamps", str(times), "check the axes of the data"
        )


@rule("check_timestamps_ascending", _VIOLATION, "TimeSeries")
def timestamps_ascend(series: TimeSeries) -> Iterator[Problem]:
    """A timestamp is not later than the one before."""
    times = numbers(series.timestamps) if _shares_nothing(series) else None
    if times is not None:
        falls = (times[1:] <= times[:-1]).nonzero()[0]
        if len(falls):
            sample = int(falls[0]) + 1
            yield Problem(
                f"timestamps do not ascend, first at sample {sample}",
                "timestamps",
                f"more than {times[sample - 1]}",
                str(times[sample]),
            )


@rule("check_timestamps_without_nans", _VIOLATION, "TimeSeries")
def timestamps_without_nan(series: TimeSeries) -> Iterator[Problem]:
    """A timestamp is not a number."""
    times = numbers(series.timestamps) if _shares_nothing(series) else None
    if times is not None and times.dtype.kind == "f":
        import numpy as np

        missing = np.flatnonzero(np.isnan(times))
        if len(missing):
            yield Problem(
                f"{len(missing)} timestamps are not a number, the first at sample {missing[0]}", "timestamps", "seconds", "NaN"
            )


@rule("check_timestamp_of_the_first_sample_is_not_negative", _SUGGESTION, "TimeSeries")
def first_time(series: TimeSeries) -> Iterator[Problem]:
    """The series begins before the session."""
    times = numbers(series.timestamps, 1)
    first = number(series.starting_time) if times is None else float(times[0]) if len(times) else None
    if first is not None and first < 0:
        at = "starting_time" if times is None else "timestamps"
        yield Problem(
            "a time before the session", at, "seconds >= 0", str(first), "set timestamps_reference_time to the first time of all"
        )


@rule("check_missing_unit", _VIOLATION, "TimeSeries")
def unit(series: TimeSeries) -> Iterator[Problem]:
    """The data have no unit."""
    if not series.unit:
        yield Problem("no unit", "data@unit", "a unit, or 'a.u.'", repr(series.unit), "set the unit")


@rule("check_resolution", _VIOLATION, "TimeSeries")
def resolution(series: TimeSeries) -> Iterator[Problem]:
    """The resolution is neither a size nor the value for an unknown one."""
    value = number(series.resolution)
    if value is not None and value <= 0 and value != -1:
        yield Problem("no resolution", "data@resolution", "more than 0, or -1 if it is not known", str(value), "set it to -1")


@rule("check_rate_is_not_zero", _CRITICAL, "TimeSeries")
def rate_not_zero(series: TimeSeries) -> Iterator[Problem]:
    """The rate is 0, though there are several samples."""
    if number(series.rate) == 0 and (finite_length(series.data) or 0) > 1:
        yield Problem("a rate of 0", "starting_time@rate", "samples per second", "0", "set the rate, or give timestamps")


@rule("check_rate_is_positive", _CRITICAL, "TimeSeries")
def rate_not_negative(series: TimeSeries) -> Iterator[Problem]:
    """The rate is negative."""
    rate = number(series.rate)
    if rate is not None and rate < 0:
        yield Problem(
            "a negative rate", "starting_time@rate", "samples per second", str(rate), "set the rate, or give timestamps"
        )


@rule("check_rate_not_below_threshold", _VIOLATION, "TimeSeries")
def rate_above_threshold(series: TimeSeries) -> Iterator[Problem]:
    """The rate is so low that it may be a period."""
    rate = number(series.rate)
    if rate is not None and 0 < rate < 0.01:
        yield Problem(
            "a very low rate", "starting_time@rate", "samples per second", f"{rate} Hz", f"if it is a period, set {1 / rate:.6g}"
        )


@rule("check_time_series_duration", _VIOLATION, "TimeSeries")
def duration(series: TimeSeries) -> Iterator[Problem]:
    """The series lasts longer than a year."""
    seconds = _duration(series)
    if seconds is not None and seconds > _YEAR:
        yield Problem(
            "longer than a year", "", "seconds", f"{seconds / _YEAR:.3g} years", "check the rate, or the unit of the timestamps"
        )


def _duration(series: TimeSeries) -> float | None:
    rate, samples = number(series.rate), finite_length(series.data)
    times: Any = series.timestamps
    if rate and samples:
        return samples / rate
    length = finite_length(times)
    if times is None or not length:
        return None
    seconds = float(times[length - 1]) - float(times[0])
    return None if math.isnan(seconds) else seconds


@rule("check_time_series_data_is_not_empty", _VIOLATION, "TimeSeries")
def data_are_there(series: TimeSeries) -> Iterator[Problem]:
    """There are no data."""
    shape = known_shape(series.data)
    if shape is not None and not all(shape) and getattr(series, "external_file", None) is None:
        yield Problem("no data", "data", "at least one sample", str(shape))


def _unpacked_size(series: TimeSeries) -> int:
    """Bytes of data that are stored as they are; 0 for what is compressed, or not in a file yet."""
    data: Any = series.data
    if shape_of(data) is None or getattr(data, "compression", "unknown") is not None or hasattr(data, "external_file"):
        return 0
    size = getattr(data, "nbytes", 0)
    return size if isinstance(size, int) else 0


@rule("check_large_dataset_compression", _VIOLATION, "TimeSeries")
def large_compression(series: TimeSeries) -> Iterator[Problem]:
    """Much data is not compressed."""
    size = _unpacked_size(series)
    if size > 20 * _GIB:
        yield Problem("not compressed", "data", "compression", f"{size / _GIB:.3g} GiB as they are", "write them compressed")


@rule("check_small_dataset_compression", _SUGGESTION, "TimeSeries")
def small_compression(series: TimeSeries) -> Iterator[Problem]:
    """Data of more than 50 MB are not compressed."""
    size = _unpacked_size(series)
    if 50_000_000 < size <= 20 * _GIB:
        yield Problem("not compressed", "data", "compression", f"{size / 1e6:.3g} MB as they are", "write them compressed")
