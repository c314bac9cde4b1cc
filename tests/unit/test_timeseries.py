from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from photonwb.base import ProcessingModule, TimeSeries
from photonwb.device import Device
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.image import ImageSeries

if TYPE_CHECKING:
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field


def series(name="s", data=(1.0, 2.0, 3.0), unit="V", **more) -> TimeSeries:
    return TimeSeries(name, data, unit, **({"rate": 10.0} if not {"rate", "timestamps"} & set(more) else {}), **more)


class FakeFile:
    """What an object read from a file holds, over a dict of the fields that the file has."""

    location = "file.nwb"
    path = "/s"
    io = None

    def __init__(self, holder: AbstractContainer | None = None, **fields: Any) -> None:
        self.holder = holder
        self.fields = fields

    def load(self, container: AbstractContainer, field: Field) -> Any:
        return self.fields[field.name] if field.name in self.fields else container._empty(field)

    def parent(self, container: AbstractContainer) -> AbstractContainer | None:
        return self.holder

    def object_id(self) -> str | None:
        return None


def read(cls, name="s", **fields: Any) -> Any:
    made = cls.__new__(cls)
    made.__dict__.update(_name=name, _stored=FakeFile(**fields))
    return made


class Unknown:
    """Data that do not know how many they are, as an iterator of blocks."""

    maxshape = (None, 4)


# ---- construction


def test_by_rate():
    made = series(rate=30)
    assert (made.rate, made.starting_time, made.starting_time_unit) == (30.0, 0.0, "seconds")
    assert isinstance(made.rate, float)
    assert made.timestamps is made.timestamps_unit is made.interval is None
    assert made.time_unit == "seconds"


def test_by_timestamps():
    times = np.array([0.0, 0.5, 0.7])
    made = series(timestamps=times)
    assert made.timestamps is times
    assert (made.timestamps_unit, made.interval) == ("seconds", 1)
    assert made.rate is made.starting_time is made.starting_time_unit is None


def test_defaults():
    made = series()
    assert (made.resolution, made.conversion, made.offset) == (-1.0, 1.0, 0.0)
    assert (made.comments, made.description, made.continuity) == ("no comments", "no description", None)
    assert TimeSeries.DEFAULT_DATA.shape == (0,)
    assert TimeSeries.DEFAULT_DATA.dtype == np.uint8
    assert (TimeSeries.DEFAULT_UNIT, TimeSeries.DEFAULT_RESOLUTION) == ("unknown", -1.0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rate": None}, InvalidTypeError, "expected either timestamps or a rate, got neither"),
        ({"rate": None, "starting_time": 1.0}, InvalidTypeError, "expected either timestamps or a rate"),
        ({"rate": 1.0, "timestamps": [1.0, 2.0, 3.0]}, InvalidValueError, "timestamps or a rate, got both"),
        ({"timestamps": [1.0, 2.0, 3.0], "starting_time": 1.0}, InvalidValueError, "timestamps or a starting_time, got both"),
        ({"rate": -1.0}, InvalidValueError, "expected a rate >= 0 Hz, got -1.0"),
        ({"timestamps": [1.0]}, InvalidValueError, "got 1 timestamps and data of shape (3,)"),
        ({"timestamps": np.zeros((3, 2))}, InvalidValueError, "timestamps: expected shape (any,), got (3, 2)"),
        ({"rate": "fast"}, InvalidTypeError, "rate: expected a number, got str 'fast'"),
        ({"data": None}, InvalidTypeError, "data: a value is required"),
        ({"data": 5}, InvalidTypeError, "data: expected an array, got int 5"),
        ({"data": np.zeros((1,) * 5)}, InvalidValueError, "got (1, 1, 1, 1, 1)"),
        ({"unit": None}, InvalidTypeError, "unit: a value is required"),
        ({"continuity": "jumpy"}, InvalidValueError, "continuity: expected 'continuous' or 'instantaneous' or 'step'"),
        ({"control": np.zeros((3, 1))}, InvalidValueError, "control: expected shape (any,)"),
    ],
)
def test_what_makes_no_sense(arguments, error, message):
    with pytest.raises(error) as caught:
        series(**arguments)
    assert message in str(caught.value)
    assert "TimeSeries 's'" in str(caught.value)


def test_a_rate_of_zero_is_for_one_sample():
    with pytest.warns(UserWarning, match="TimeSeries 's': the rate is 0 Hz"):
        many = series(rate=0.0)
    one = series(data=[1.0], rate=0.0, starting_time=4.0)
    assert one.get_timestamps().tolist() == [4.0]
    assert one.get_duration() == 0.0
    for use in (many.get_timestamps, many.get_duration):
        with pytest.raises(InvalidValueError, match="rate above 0 Hz"):
            use()


def test_lengths_that_are_not_known_yet_are_no_mistake():
    made = series(data=Unknown(), timestamps=[1.0, 2.0])
    with pytest.warns(UserWarning, match="cannot be told from data"):
        assert made.num_samples == 2


def test_objects_made_in_two_steps_only_warn():
    made = TimeSeries.__new__(TimeSeries, in_construct_mode=True)
    with pytest.warns(UserWarning, match="got both"):
        made.__init__("s", [1.0], "V", rate=1.0, timestamps=[1.0])
    assert made.rate == 1.0


# ---- what follows from other fields


def test_number_of_samples():
    assert series(data=np.zeros((7, 2))).num_samples == 7
    assert series(data=[]).num_samples == 0
    with pytest.warns(UserWarning, match="cannot be told from data yet") as caught:
        assert series(data=Unknown()).num_samples is None
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="cannot be told") as caught:
        assert series(data=Unknown(), timestamps=Unknown1D()).num_samples is None
    assert len(caught) == 2


class Unknown1D:
    maxshape = (None,)


def test_times():
    made = series(rate=4.0, starting_time=2.0)
    assert made.get_timestamps().tolist() == [2.0, 2.25, 2.5]
    assert (made.get_starting_time(), made.get_duration()) == (2.0, 0.5)
    stored = series(timestamps=[1.0, 1.5, 4.0])
    assert stored.get_timestamps() == [1.0, 1.5, 4.0]
    assert (stored.get_starting_time(), stored.get_duration()) == (1.0, 3.0)


def test_times_of_nothing():
    assert (series(data=[], timestamps=[]).get_starting_time(), series(data=[], timestamps=[]).get_duration()) == (None, None)
    assert (series(data=[]).get_starting_time(), series(data=[]).get_duration()) == (0.0, 0.0)
    assert series(data=[1.0], timestamps=[5.0]).get_duration() == 0.0


def test_times_of_an_unknown_number_of_samples():
    with pytest.raises(InvalidValueError, match="number of samples is not known"):
        series(data=Unknown()).get_timestamps()


def test_data_in_units():
    made = series(data=np.array([1, 2, 3], "i2"), conversion=0.5, offset=1.0)
    assert made.get_data_in_units().tolist() == [1.5, 2.0, 2.5]
    made.__dict__["channel_conversion"] = [2.0, 4.0, 6.0]
    assert made.get_data_in_units().tolist() == [2.0, 5.0, 10.0]


def test_a_column_of_a_data_frame_is_an_array():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"t": [0.0, 1.0, 5.0]}, index=[7, 8, 9])
    made = series(timestamps=frame["t"])
    assert isinstance(made.timestamps, np.ndarray)
    assert made.get_duration() == 5.0


# ---- sharing


def test_shared_data_and_timestamps():
    owner = series("owner", timestamps=[0.0, 1.0, 3.0])
    other = series("other", data=owner, timestamps=owner)
    third = series("third", data=other)
    assert other.data is owner.data
    assert third.data is owner.data
    assert other.timestamps is owner.timestamps
    assert other.fields["data"] is owner
    assert owner.data_link == {other}
    assert owner.timestamp_link == {other}
    assert other.data_link == {third}
    assert third.data_link == set()
    assert (other.timestamps_unit, other.interval) == ("seconds", 1)
    assert other.num_samples == 3


def test_sharing_ends_with_new_data():
    owner, other = series("owner"), series("other")
    other.data = owner  # type: ignore[assignment]
    assert owner.data_link == {other}
    other.data = [7.0]
    assert owner.data_link == set()
    assert other.data == [7.0]


def test_sharing_in_a_circle_is_refused():
    owner = series("owner")
    other = series("other", data=owner)
    for loop in (other, owner):
        with pytest.raises(InvalidValueError, match=r"TimeSeries 'owner'\.data: expected an object that does not itself share"):
            owner.data = loop  # type: ignore[assignment]
    assert owner.data == (1.0, 2.0, 3.0)


def test_only_series_can_share():
    with pytest.raises(InvalidTypeError, match="an array or an object with 'data'"):
        series(data=Device("d"))


def test_timestamps_of_the_wrong_number_cannot_be_shared():
    with pytest.raises(InvalidValueError, match="got 3 timestamps and data of shape"):
        series(data=[1.0], timestamps=series("owner", timestamps=[0.0, 1.0, 3.0]))


def test_shared_series_can_be_copied():
    owner = series("owner")
    other = series("other", data=owner)
    first, second = copy.deepcopy([owner, other])
    assert second.data is first.data
    assert first.data_link == {second}


# ---- reading


def test_read_without_anything():
    made = read(TimeSeries)
    assert made.data.shape == (0,)
    assert made.unit == "unknown"
    assert (made.resolution, made.conversion, made.offset) == (-1.0, 1.0, 0.0)
    assert (made.comments, made.description) == ("no comments", "no description")
    assert made.rate is made.timestamps is made.starting_time is made.interval is made.timestamps_unit is None
    assert made.num_samples == 0
    assert made.get_starting_time() is None


def test_read_with_timestamps():
    made = read(TimeSeries, data=np.arange(3), timestamps=np.array([1.0, 2.0, 3.0]))
    assert (made.timestamps_unit, made.interval, made.starting_time_unit) == ("seconds", 1, None)
    assert made.get_duration() == 2.0


def test_read_series_know_who_shares_with_them():
    root = read(ProcessingModule, "root")
    owner = read(TimeSeries, "owner", holder=root, data=np.arange(3), rate=1.0)
    other = read(TimeSeries, "other", holder=root, data=owner, rate=1.0)
    broken = read(TimeSeries, "broken", holder=root)
    broken._stored.load = fail_to_load
    for item in (owner, other, broken):
        root.data_interfaces.add(item)
    new = series("new", data=owner)
    assert owner.data_link == {other, new}
    assert owner.timestamp_link == set()
    assert other.data is owner.data


def fail_to_load(container, field):
    raise PhotonwbError("damaged")


# ---- editing


def test_units_of_time_follow_an_edit():
    made = series()
    assert made.timestamps_unit is None
    made.rate = None
    made.starting_time = None
    made.timestamps = [0.0, 1.0, 2.0]
    assert (made.timestamps_unit, made.interval, made.starting_time_unit) == ("seconds", 1, None)
    made.timestamps = None
    made.rate = 5.0
    assert (made.timestamps_unit, made.interval) == (None, None)
    assert (made.starting_time, made.starting_time_unit) == (0.0, "seconds")


def test_an_edit_is_checked():
    made = series()
    made.description = "new"
    with pytest.raises(InvalidTypeError, match=r"TimeSeries 's'\.unit: expected text, got int 5"):
        made.unit = 5  # type: ignore[assignment]
    with pytest.raises(InvalidValueError, match=r"interval: expected 1, the only value"):
        made.interval = 2
    assert (made.description, made.unit) == ("new", "V")


def test_nothing_warns_in_ordinary_use():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        repr(series())
        repr(series(timestamps=[1.0, 2.0, 3.0]))
        repr(ImageSeries("i", np.zeros((1, 2, 2)), "V", rate=1.0))


def test_contradictions_can_be_asked_for():
    made = series(timestamps=[1.0, 2.0, 3.0])
    assert list(made._contradictions()) == []
    made.data = [1.0]
    made.rate = -1.0
    assert len(list(made._contradictions())) == 4
