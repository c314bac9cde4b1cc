from __future__ import annotations

import numpy as np
import pytest

from photonwb.importers.base import Timing
from photonwb.importers.recording import arranged, timing_of


@pytest.mark.parametrize("axes", ["TZC", "TCZ", "CTZ", "ZTC"])
def test_which_page_shows_what(axes):
    lengths = {"T": 4, "Z": 3, "C": 2}
    places, left_over = arranged(24, axes, [lengths[axis] for axis in axes])
    assert (places.shape, left_over) == ((2, 4, 3), 0)
    steps = dict(zip(axes[::-1], np.cumprod([1, *(lengths[axis] for axis in axes[:0:-1])]), strict=True))
    for c, t, z in np.ndindex(2, 4, 3):
        assert places[c, t, z] == c * steps["C"] + t * steps["T"] + z * steps["Z"]


def test_what_does_not_make_a_whole_is_left_over():
    places, left_over = arranged(29, "TZC", (0, 3, 2))
    assert (places.shape, left_over, places.max()) == ((2, 4, 3), 5, 23)


def test_axes_that_are_not_there():
    places, left_over = arranged(7, "T", (0,))
    assert places.shape == (1, 7, 1)
    assert left_over == 0


def test_steady_frames_have_a_rate():
    rng = np.random.default_rng(0)
    times = 2.5 + np.arange(1000) / 30 + rng.normal(0, 1e-4, 1000)
    timing = timing_of(times)
    assert timing.timestamps is None
    assert timing.rate == pytest.approx(30, rel=1e-4)
    assert timing.starting_time == pytest.approx(2.5, abs=1e-3)


@pytest.mark.parametrize(
    "times",
    [
        np.delete(np.arange(100) / 30, 40),  # one is missing
        np.cumsum(np.where(np.arange(100) % 10, 0.03, 0.05)),  # some come late
        np.array([3.0]),
        np.array([0.0, 0.0]),
    ],
)
def test_others_keep_their_times(times):
    timing = timing_of(times)
    assert timing.rate is None
    assert np.array_equal(timing.timestamps, times)


@pytest.mark.parametrize("times", [[], [np.nan, 1.0]])
def test_times_that_nobody_knows(times):
    assert timing_of(times) == Timing()
