"""Images that sum up a movie are those that plain numpy makes of the whole movie at once."""

from __future__ import annotations

import numpy as np
import pytest

import photonwb
from photonwb.analysis.projections import KINDS, frame_blocks, project
from photonwb.errors import InvalidValueError
from photonwb.simulation import as_nwbfile, simulate


def local_correlation(movie):
    """The definition, pixel by pixel."""
    shape = movie.shape[1:]
    image = np.zeros(shape)
    for pixel in np.ndindex(shape):
        around = [
            other for other in np.ndindex(shape) if other != pixel and max(abs(np.subtract(pixel, other))) == 1
        ]  # fmt: skip
        pairs = [(movie[(slice(None), *pixel)], movie[(slice(None), *other)]) for other in around]
        values = [np.corrcoef(*pair)[0, 1] if pair[0].std() and pair[1].std() else 0.0 for pair in pairs]
        image[pixel] = np.mean(values) if values else 0.0
    return image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(30, 5, 4), (20, 3, 4, 2), (1, 3, 3), (7, 1, 6)])
def test_against_numpy(dtype, shape, monkeypatch):
    monkeypatch.setattr("photonwb.analysis.projections.BLOCK_BYTES", 500)
    movie = (np.random.default_rng(4).normal(100, 20, shape)).astype(dtype)
    images = project(movie)
    wide = movie.astype("f8")
    assert set(images) == set(KINDS)
    assert images["max"].dtype == movie.dtype
    assert np.array_equal(images["max"], movie.max(axis=0))
    assert np.allclose(images["mean"], wide.mean(axis=0))
    assert np.allclose(images["std"], wide.std(axis=0), rtol=1e-5, atol=1e-6)
    assert np.allclose(images["correlation"], local_correlation(wide), atol=1e-5)


def test_small_changes_of_a_large_value_are_not_rounded_away():
    noise = np.random.default_rng(5).normal(size=(50, 4, 4))
    images = project(noise + 1e9)
    assert np.allclose(images["std"], noise.std(axis=0), rtol=1e-4)
    assert np.allclose(images["correlation"], local_correlation(noise), atol=1e-4)


def test_a_pixel_that_never_changes_correlates_with_nothing():
    images = project(np.full((10, 3, 3), 0.1))
    assert not images["std"].any()
    assert not images["correlation"].any()


def test_a_stored_movie_is_gone_through_in_blocks(tmp_path):
    recording = simulate(frames=20, width=48, height=40, cells=2)
    photonwb.write(as_nwbfile(recording), tmp_path / "session.nwb")
    told = []
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        frames = nwbfile.acquisition["TwoPhotonSeries"].frames
        images = project(frames, ["mean"], progress=lambda *now: told.append(now))
        assert [block.shape for _, block in frame_blocks(frames, 8 * 8 * 48 * 40)] == [(8, 40, 48), (8, 40, 48), (4, 40, 48)]
    assert np.allclose(images["mean"], recording.raw.mean(axis=0).T)
    assert told[-1] == (20, 20)


@pytest.mark.parametrize(
    ("movie", "kinds", "message"),
    [
        (np.zeros((3, 2, 2)), ["median"], "median"),
        (np.zeros((0, 2, 2)), ["mean"], "with frames"),
        (np.zeros(3), ["mean"], "shape"),
        (np.zeros((3, 2, 2), complex), ["mean"], "real numbers"),
    ],
)
def test_what_cannot_be_summed_up_is_refused(movie, kinds, message):
    with pytest.raises(InvalidValueError, match=message):
        project(movie, kinds)
