"""The picture of a session shows what the file holds, where it is."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.errors import NotFoundError
from photonwb.plots import plot_overview
from photonwb.simulation import as_nwbfile, simulate

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def recording():
    return simulate(frames=40, width=72, height=48, cells=4)


@pytest.fixture
def nwbfile(recording):
    return as_nwbfile(recording)


def shown_image(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_the_image_is_drawn_as_it_is_seen(nwbfile, recording):
    axes = plot_overview(nwbfile).axes[0]
    assert shown_image(axes.figure).shape == (48, 72)
    assert np.allclose(shown_image(axes.figure), recording.corrected.mean(axis=0).T, rtol=1e-5)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_outlines_enclose_their_cells(nwbfile, recording):
    axes = plot_overview(nwbfile).axes[0]
    (outlines,) = axes.collections
    sides = np.array(outlines.get_segments())
    for mask in recording.masks:
        inside = ((sides >= mask[:, :2].min(axis=0) - 0.5) & (sides <= mask[:, :2].max(axis=0) + 0.5)).all(axis=(1, 2))
        outline = sides[inside].reshape(-1, 2)
        assert np.allclose(outline.min(axis=0), mask[:, :2].min(axis=0) - 0.5)
        assert np.allclose(outline.max(axis=0), mask[:, :2].max(axis=0) + 0.5)


def test_the_liveliest_traces_are_drawn_against_time(nwbfile, recording):
    figure = plot_overview(nwbfile, traces=2)
    lines = figure.axes[1].collections[0].get_segments()
    assert [len(line) for line in lines] == [40, 40]
    assert lines[0][-1, 0] == pytest.approx(39 / recording.rate)
    labels = [int(label.get_text()) for label in figure.axes[1].get_yticklabels()]
    assert labels == sorted(labels, reverse=True)
    for line, cell in zip(lines, reversed(labels), strict=True):
        assert np.corrcoef(line[:, 1], recording.dff[:, cell])[0, 1] > 0.999


def test_without_a_stored_mean_it_is_worked_out_of_the_movie(nwbfile, recording):
    del nwbfile.processing["ophys"].data_interfaces["SummaryImages"]
    assert np.allclose(shown_image(plot_overview(nwbfile)), recording.raw.mean(axis=0).T)


@pytest.mark.parametrize(
    ("missing", "what"), [(["ImageSegmentation"], "PlaneSegmentation"), (["DfOverF", "Fluorescence"], "RoiResponse")]
)
def test_what_is_missing_is_told(nwbfile, missing, what):
    for name in missing:
        del nwbfile.processing["ophys"].data_interfaces[name]
    with pytest.raises(NotFoundError, match=what):
        plot_overview(nwbfile)


def test_no_state_of_pyplot_is_touched(nwbfile):
    from matplotlib import pyplot as plt

    plot_overview(nwbfile)
    assert plt.get_fignums() == []
