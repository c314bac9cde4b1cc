"""The recording that never happened is one whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.errors import InvalidValueError
from photonwb.simulation import as_nwbfile, simulate


@pytest.fixture(scope="module")
def recording():
    return simulate(frames=60, width=80, height=56, cells=5, seed=3)


def test_the_same_seed_gives_the_same(recording):
    again = simulate(frames=60, width=80, height=56, cells=5, seed=3)
    assert (again.raw == recording.raw).all()
    assert not (simulate(frames=60, width=80, height=56, cells=5, seed=4).raw == recording.raw).all()


def test_the_shapes_are_those_that_were_asked_for(recording):
    assert recording.raw.shape == recording.corrected.shape == (60, 80, 56)
    assert recording.raw.dtype == np.uint16
    assert recording.fluorescence.shape == recording.calcium.shape == recording.dff.shape == (60, 5)


def test_undoing_the_shifts_gives_the_corrected_movie(recording):
    for raw, corrected, shift in zip(recording.raw, recording.corrected, recording.shifts, strict=True):
        assert (np.roll(raw, -shift, axis=(0, 1)) == corrected).all()
    assert np.abs(recording.shifts).max() > 0


def test_masks_lie_on_the_cells_and_apart(recording):
    mean = recording.corrected.mean(axis=0)
    covered = np.zeros(mean.shape, int)
    for mask in recording.masks:
        x, y = mask[:, :2].astype(int).T
        covered[x, y] += 1
    assert covered.max() == 1
    assert mean[covered == 1].mean() > 1.4 * mean[covered == 0].mean()


def test_the_traces_follow_the_calcium(recording):
    lively = recording.calcium.std(axis=0) > 0
    assert lively.any()
    for trace, truth in zip(recording.dff.T[lively], recording.calcium.T[lively], strict=True):
        assert np.corrcoef(trace, truth)[0, 1] > 0.9


def test_a_field_that_is_crowded_gets_fewer_cells():
    assert 0 < len(simulate(frames=1, width=40, height=40, cells=50).masks) < 50


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"width": 10}, {"height": 39}, {"cells": 0}])
def test_too_small_a_recording_is_refused(wrong):
    with pytest.raises(InvalidValueError, match="40 × 40"):
        simulate(**wrong)


def test_the_file_says_what_brings_a_frame_back(recording):
    nwbfile = as_nwbfile(recording)
    stack = nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"]
    assert (stack.xy_translation.data == -recording.shifts).all()
    assert stack.original is nwbfile.acquisition["TwoPhotonSeries"]
