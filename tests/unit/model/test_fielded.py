"""What an object keeps of the arguments of its constructor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import photonwb
from photonwb import TimeSeries
from photonwb.device import Device
from photonwb.model.registry import known_types
from photonwb.ophys import OpticalChannel, TwoPhotonSeries
from photonwb.testing.mock.ophys import mock_ImagingPlane

MODULES = ("behavior", "ecephys", "epoch", "icephys", "misc", "ogen", "ophys", "retinotopy")


def all_classes() -> list[type[Any]]:
    for module in (getattr(photonwb, name) for name in MODULES):
        for name in module.__all__:
            getattr(module, name)
    return list(dict.fromkeys(known_types().values()))


def test_what_was_left_at_its_default_has_it() -> None:
    looked_at = 0
    for cls in all_classes():
        made = cls.__new__(cls)
        for name, default in cls.__defaults__.items():
            if name in cls.__fields__ and isinstance(default, (str, float, bool)):
                assert getattr(made, name) == default, (cls, name)
                looked_at += 1
    assert looked_at > 100


def test_only_what_was_given_is_kept() -> None:
    movie = TwoPhotonSeries(
        name="movie", imaging_plane=mock_ImagingPlane(), data=np.zeros((2, 3, 4)), unit="n.a.", rate=30.0, pmt_gain=None
    )
    assert set(vars(movie)) == {"_name", "imaging_plane", "data", "unit", "rate", "starting_time"}
    assert (movie.resolution, movie.comments, movie.pmt_gain, movie.timestamps) == (-1.0, "no comments", None, None)


def test_what_says_the_same_as_the_default_is_kept() -> None:
    assert vars(TimeSeries("t", [1.0], "V", rate=1.0, conversion=float("1")))["conversion"] == 1.0


@pytest.mark.parametrize("value", [510, np.float32(510), np.int16(510), np.array(510.0)])
def test_numbers_of_all_kinds_pass(value: Any) -> None:
    assert OpticalChannel("green", "GCaMP", value).emission_lambda == 510


class Text(str):
    __slots__ = ()


def test_a_text_of_another_class_becomes_plain() -> None:
    assert type(Device("d", description=Text("x")).description) is str


class Short(TimeSeries):
    """A class of a user with defaults of its own, which leaves others to the one it builds on."""

    def __init__(self, name: str, data: Any, comments: str = "short") -> None:
        super().__init__(name=name, data=data, unit="V", rate=1.0, comments=comments)


def test_a_class_of_a_user_has_the_defaults_of_both() -> None:
    short = Short("s", [1.0])
    assert (short.comments, short.description, short.resolution) == ("short", "no description", -1.0)
