"""Rules on what belongs together in a series, and on what refers to its samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from photonwb.validation.findings import Severity
from photonwb.validation.planes import frame_count
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import finite_length, number, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.base import TimeSeriesReferenceVectorData
    from photonwb.epoch import TimeIntervals
    from photonwb.image import ImageSeries
    from photonwb.ophys import RoiResponseSeries
    from photonwb.timeseries import TimeSeries

__all__ = [
    "control",
    "conversion",
    "external_format",
    "finite_times",
    "interval_samples",
    "interval_start",
    "region_twice",
    "starting_frames",
]

rule = enter_in("ophys")

# Each row leads to an object, so that many are enough.
_MOST_REFERENCES = 1000


@rule("finite_times", Severity.WARNING, "TimeSeries")
def finite_times(series: TimeSeries) -> Iterator[Problem]:
    """The rate, the first time or a timestamp is infinite, or is no number."""
    for name, at in (("rate", "starting_time@rate"), ("starting_time", "starting_time")):
        value = number(getattr(series, name))
        if value is not None and not math.isfinite(value):
            yield Problem(f"{name} is no number of seconds", at, "a finite number", str(value), "set it, or give timestamps")
    times = None if hasattr(series.fields.get("timestamps"), "neurodata_type") else numbers(series.timestamps)
    if times is not None and times.dtype.kind == "f":
        import numpy as np

        wrong = np.flatnonzero(np.isinf(times))
        if len(wrong):
            text = f"{len(wrong)} timestamps are infinite, the first at sample {wrong[0]}"
            yield Problem(text, "timestamps", "seconds", str(times[wrong[0]]))


@rule("conversion", Severity.WARNING, "TimeSeries")
def conversion(series: TimeSeries) -> Iterator[Problem]:
    """The values have no size in their unit: they are multiplied by 0, or by no number."""
    factor, offset = number(series.conversion), number(series.offset)
    if factor is not None and (not math.isfinite(factor) or factor == 0):
        yield Problem(
            "no factor", "data@conversion", "a finite number other than 0", str(factor), "set it, to 1 if it is not known"
        )
    if offset is not None and not math.isfinite(offset):
        yield Problem("no number", "data@offset", "a finite number", str(offset), "set it, to 0 if it is not known")


@rule("control", Severity.WARNING, "TimeSeries")
def control(series: TimeSeries) -> Iterator[Problem]:
    """The labels of samples are not one for each, or are not described."""
    labels, samples = finite_length(series.control), finite_length(series.data)
    if labels is None:
        return
    if samples and labels != samples:
        yield Problem("not a label for each sample", "control", f"{samples} labels", str(labels))
    described, values = finite_length(series.control_description), numbers(series.control)
    if described is not None and values is not None and len(values) and int(values.max()) >= described:
        yield Problem("a label that is not described", "control", f"labels below {described}", str(values.max()))


@rule("external_format", Severity.WARNING, "ImageSeries")
def external_format(series: ImageSeries) -> Iterator[Problem]:
    """The format says that frames are in other files, and none are named, or the other way round."""
    is_external, has_files = series.format == "external", bool(finite_length(series.external_file))
    if has_files and not is_external:
        yield Problem("not the format of frames in other files", "format", "'external'", repr(series.format), "set it")
    elif is_external and not has_files:
        yield Problem("frames in other files, of which none is named", "format", "external_file", "nothing", "name the files")


@rule("starting_frames", Severity.WARNING, "ImageSeries")
def starting_frames(series: ImageSeries) -> Iterator[Problem]:
    """The first frames of the files with a movie are not one for each file, counted from 0."""
    files, first = finite_length(series.external_file), series.starting_frame
    if not files or first is None:
        return
    counts = [int(count) for count in first]
    expected = f"{files} numbers that ascend from 0"
    if len(counts) != files or counts[0] != 0 or counts != sorted(counts):
        yield Problem("not the first frame of each file", "external_file@starting_frame", expected, str(counts))


@rule("region_twice", Severity.WARNING, "RoiResponseSeries")
def region_twice(series: RoiResponseSeries) -> Iterator[Problem]:
    """Two traces are of the same region."""
    rows = numbers(series.rois.data)
    if rows is not None and len(rows):
        import numpy as np

        found, counts = np.unique(rows, return_counts=True)
        if counts.max() > 1:
            row = found[counts.argmax()]
            yield Problem(f"several traces of region {row}", "rois", "each region once", str(counts.max()), "correct the rows")


@rule("interval_start", Severity.WARNING, "TimeIntervals")
def interval_start(intervals: TimeIntervals) -> Iterator[Problem]:
    """An interval begins at no time."""
    times = numbers(intervals["start_time"].data) if "start_time" in intervals else None
    if times is not None and times.dtype.kind == "f":
        import numpy as np

        rows = np.flatnonzero(~np.isfinite(times))
        if len(rows):
            yield Problem(f"{len(rows)} intervals without a start, the first in row {rows[0]}", "start_time", "seconds", "NaN")


@rule("interval_samples", Severity.WARNING, "TimeSeriesReferenceVectorData")
def interval_samples(column: TimeSeriesReferenceVectorData) -> Iterator[Problem]:
    """A row refers to samples that a series does not have."""
    for row, (start, count, series) in enumerate(list(column.data[:_MOST_REFERENCES])):
        length = frame_count(series) if hasattr(series, "data") else None  # other rules tell what it may lead to
        # What lies outside of a series has a negative start.
        if length is not None and start >= 0 and count > 0 and start + count > length:
            text = f"row {row} refers to samples behind the end of {series.name!r}"
            yield Problem(text, "", f"samples below {length}", str(start + count), "correct the row")
            return
