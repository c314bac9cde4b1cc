"""Traces are the means that plain numpy makes of each mask, and dF/F follows its definition."""

from __future__ import annotations

import numpy as np
import pytest

import photonwb
from photonwb.analysis.extraction import baseline, delta_f_over_f, extract_traces
from photonwb.errors import InvalidValueError
from photonwb.regions.rois import RoiSet
from photonwb.simulation import as_nwbfile, simulate

pytest.importorskip("scipy")


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.mark.parametrize("weighted", [True, False])
def test_traces_against_numpy(rng, weighted, monkeypatch):
    monkeypatch.setattr("photonwb.analysis.projections.BLOCK_BYTES", 3000)
    movie = rng.integers(0, 60000, (25, 9, 7)).astype("u2")
    masks = [np.column_stack([rng.choice(9, 4, replace=False), rng.integers(0, 7, 4), rng.random(4)]) for _ in range(5)]
    traces = extract_traces(movie, RoiSet.from_masks(masks), weighted=weighted)
    assert traces.dtype == np.float32
    for trace, mask in zip(traces.T, masks, strict=True):
        x, y, weight = mask[:, 0].astype(int), mask[:, 1].astype(int), mask[:, 2] if weighted else None
        assert np.allclose(trace, np.average(movie[:, x, y], axis=1, weights=weight), rtol=1e-6)


def test_traces_of_volumes(rng):
    movie = rng.random((6, 4, 3, 2))
    traces = extract_traces(movie, RoiSet([(1, 2, 0, 1.0), (3, 0, 1, 3.0)], [2]))
    assert np.allclose(traces[:, 0], (movie[:, 1, 2, 0] + 3 * movie[:, 3, 0, 1]) / 4)


def test_a_region_without_pixels_or_weight_has_no_mean(rng):
    regions = RoiSet([(0, 0, 1.0), (1, 1, 0.0)], [1, 1, 2])
    traces = extract_traces(rng.random((3, 2, 2)), regions)
    assert np.isfinite(traces[:, 0]).all()
    assert np.isnan(traces[:, 1:]).all()


def test_traces_of_a_stored_movie(tmp_path):
    recording = simulate(frames=15, width=48, height=40, cells=2)
    photonwb.write(as_nwbfile(recording), tmp_path / "session.nwb")
    told = []
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        ophys = nwbfile.processing["ophys"]
        corrected = ophys["MotionCorrection"]["CorrectedImageStack"].corrected
        rois = ophys["ImageSegmentation"]["PlaneSegmentation"].rois
        traces = extract_traces(corrected.data, rois, progress=lambda *now: told.append(now))
    assert np.allclose(traces, recording.fluorescence, rtol=1e-6)
    assert told[-1] == (15, 15)


@pytest.mark.parametrize(
    ("shape", "image_shape", "message"),
    [((3, 5, 4), (4, 5), r"images \(4, 5\)"), ((3, 2, 2), None, "outside"), ((3, 5, 4, 2), None, "dimensions")],
)
def test_regions_of_other_images_are_refused(shape, image_shape, message):
    with pytest.raises(InvalidValueError, match=message):
        extract_traces(np.zeros(shape), RoiSet([(3, 3, 1.0)], [1], image_shape))


@pytest.mark.parametrize("method", ["percentile", "mean", "median"])
@pytest.mark.parametrize("window", [1, 2, 5, 8, 31, 59])
def test_baseline_in_a_window(rng, method, window):
    traces = rng.random((30, 3))
    rest = baseline(traces, method, percentile=20, window=window)
    take = {"percentile": lambda part: np.percentile(part, 20, axis=0), "mean": lambda part: part.mean(axis=0)}.get(
        method, lambda part: np.median(part, axis=0)
    )
    before = window // 2
    for place in range(30):
        assert np.allclose(rest[place], take(traces[max(0, place - before) : place - before + window]))


def test_baseline_of_all_samples(rng):
    traces = rng.random((30, 3))
    assert np.allclose(baseline(traces), np.percentile(traces, 8, axis=0)[np.newaxis])
    assert baseline(traces, "median", window=1000).shape == (1, 3)


def test_relative_changes(rng, monkeypatch):
    monkeypatch.setattr("photonwb.analysis.extraction._BLOCK_BYTES", 8 * 40 * 2)
    traces, neuropil = rng.uniform(5, 9, (40, 5)), rng.uniform(0, 2, (40, 5))
    told = []
    changes = delta_f_over_f(traces, neuropil=neuropil, progress=lambda *now: told.append(now))
    clean = traces - 0.7 * neuropil
    rest = np.percentile(clean, 8, axis=0)
    assert changes.dtype == np.float32
    assert np.allclose(changes, (clean - rest) / rest, atol=1e-6)
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_relative_to_nothing_is_not_a_number():
    assert np.isnan(delta_f_over_f(np.array([[0.0, -1.0], [0.0, -2.0]]))).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "mode"}, "mode"),
        ({"percentile": 101}, "percentile"),
        ({"window": 0}, "window"),
        ({"neuropil": np.zeros((2, 2))}, "neuropil"),
    ],
)
def test_arguments_that_make_no_sense(arguments, message):
    with pytest.raises(InvalidValueError, match=message):
        delta_f_over_f(np.ones((4, 3)), **arguments)
    with pytest.raises(InvalidValueError, match="shape"):
        delta_f_over_f(np.ones(4))
