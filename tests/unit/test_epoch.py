from __future__ import annotations

import numpy as np
import pytest

from photonwb.base import TimeSeries, TimeSeriesReference
from photonwb.epoch import TimeIntervals
from photonwb.errors import InvalidTypeError, InvalidValueError


def by_rate(count=100, rate=10.0, start=0.0) -> TimeSeries:
    return TimeSeries("rate", np.arange(count), "V", rate=rate, starting_time=start)


def by_timestamps(*times: float) -> TimeSeries:
    return TimeSeries("stamps", np.arange(len(times)), "V", timestamps=np.array(times))


def stretch(series, start, stop) -> tuple[int, int]:
    table = TimeIntervals("epochs")
    table.add_interval(start, stop, timeseries=series)
    (reference,) = table["timeseries"][0]
    assert reference.timeseries is series
    return reference.idx_start, reference.count


def test_a_table_of_intervals():
    table = TimeIntervals("trials", "trials of the task")
    table.add_column("side", "left or right")
    table.add_interval(1, 2.5, side="left")
    table.add_interval(3.0, np.float32(4.0), side="right", id=7)
    assert (table.description, table.colnames) == ("trials of the task", ("start_time", "stop_time", "side"))
    assert list(table.start_time.data) == [1.0, 3.0]
    assert list(table["stop_time"].data) == [2.5, 4.0]
    assert list(table["side"].data) == ["left", "right"]
    assert list(table.id) == [0, 7]
    assert all(type(time) is float for time in table.start_time.data)


def test_defaults():
    table = TimeIntervals("epochs")
    assert table.description == "experimental intervals"
    assert table.namespace == "core"
    assert table.colnames == ("start_time", "stop_time")
    assert table.tags is None
    assert table.timeseries is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ("a, ,b", ["a", "b"]),
        (["a", "b, c"], ["a", "b, c"]),
        (("a",), ["a"]),
        ((), []),
    ],
)
def test_tags(tags, expected):
    table = TimeIntervals("epochs")
    table.add_interval(0.0, 1.0, tags)
    assert list(table["tags"][0]) == expected


def test_an_interval_without_what_others_have():
    table = TimeIntervals("epochs")
    table.add_interval(0.0, 1.0, "a", [by_rate(), by_timestamps(0.5)])
    table.add_interval(1.0, 2.0)
    table.add_interval(2.0, 3.0, timeseries=())
    assert [len(tags) for tags in table["tags"][:]] == [1, 0, 0]
    assert [len(series) for series in table["timeseries"][:]] == [2, 0, 0]


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (0.0, 10.0, (0, 100)),
        (2.0, 3.0, (20, 10)),
        (2.05, 3.0, (20, 10)),  # the sample that is current at 2.05
        (9.5, 12.0, (95, 5)),
        (-3.0, 0.5, (0, 5)),
        (-3.0, 20.0, (0, 100)),
        (-3.0, -1.0, (0, 0)),
        (10.0, 12.0, (0, 0)),
        (50.0, 60.0, (0, 0)),
        (1.5, 1.55, (15, 0)),
        (3.0, 2.0, (30, 0)),
    ],
)
def test_samples_by_rate(start, stop, expected):
    assert stretch(by_rate(), start, stop) == expected


def test_a_time_on_the_grid_finds_its_sample():
    series = by_rate(rate=10.0, start=0.1)
    for sample in range(100):
        assert stretch(series, 0.1 + sample / 10, 100.0)[0] == sample


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (1.0, 3.0, (1, 2)),
        (0.5, 3.5, (1, 3)),
        (1.0, 1.0, (1, 0)),
        (-5.0, 0.0, (0, 0)),
        (7.0, 9.0, (4, 1)),
        (8.0, 9.0, (0, 0)),
        (-1.0, 99.0, (0, 5)),
    ],
)
def test_samples_by_timestamps(start, stop, expected):
    assert stretch(by_timestamps(0.0, 1.0, 2.0, 3.0, 7.0), start, stop) == expected


def test_every_stretch_can_be_read():
    for series in (by_rate(), by_timestamps(*np.arange(100) / 10)):
        for start in np.arange(-3.0, 13.0, 0.45):
            reference = TimeSeriesReference(*stretch(series, start, start + 1.0), timeseries=series)
            assert reference.isvalid()
            assert len(reference.data) == len(reference.timestamps) == reference.count
            assert all(start - 0.1 <= time < start + 1.0 for time in reference.timestamps)


def test_a_series_without_samples():
    assert stretch(by_rate(count=0), 0.0, 1.0) == (0, 0)
    assert stretch(by_timestamps(), 0.0, 1.0) == (0, 0)


def test_a_series_without_times():
    series = TimeSeries.__new__(TimeSeries)
    table = TimeIntervals("epochs")
    with pytest.raises(InvalidValueError, match="expected timestamps or a rate, got neither"):
        table.add_interval(0.0, 1.0, timeseries=series)
    assert len(table) == 0


@pytest.mark.parametrize("wrong", ["1.0", None, [1.0]])
def test_times_are_numbers(wrong):
    table = TimeIntervals("epochs")
    with pytest.raises(InvalidTypeError, match=r"TimeIntervals 'epochs'\.stop_time: expected a time in seconds"):
        table.add_interval(0.0, wrong)
    assert len(table) == 0


def test_span():
    table = TimeIntervals("epochs")
    assert table.get_starting_time() is table.get_duration() is None
    table.add_interval(5.0, 6.0)
    table.add_interval(2.0, 3.5)
    assert (table.get_starting_time(), table.get_duration()) == (2.0, 4.0)
