"""Each picture shows what was measured, few regions or thousands, and is drawn where it was asked for."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import photonwb
import written_by
from photonwb.base import Images, TimeSeries
from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.image import GrayscaleImage
from photonwb.ophys import RoiResponseSeries
from photonwb.plots import plot_motion, plot_rois, plot_summary, plot_traces
from photonwb.plots.drawing import contrast, thinned
from photonwb.regions.rois import RoiSet
from photonwb.simulation import as_nwbfile, simulate
from photonwb.testing.mock.file import mock_NWBFile

pytest.importorskip("matplotlib")
from matplotlib.axes import Axes
from matplotlib.figure import Figure


@pytest.fixture(scope="module")
def recording():
    return simulate(frames=40, width=72, height=48, cells=4)


@pytest.fixture(scope="module")
def nwbfile(recording):
    return as_nwbfile(recording)


@pytest.fixture
def ax():
    return Figure(figsize=(4, 3), layout="constrained").subplots()


def rendered(ax, tmp_path):
    """The pixels of the picture, as a file that was written and read."""
    import matplotlib.image

    ax.figure.savefig(tmp_path / "picture.png", dpi=60)
    return matplotlib.image.imread(tmp_path / "picture.png")[..., :3]


def regions(count, size=200):
    """Squares of 3 × 3 pixels."""
    corners = np.random.default_rng(1).integers(0, size - 3, (count, 2))
    pixels = (corners[:, np.newaxis] + np.argwhere(np.ones((3, 3)))).reshape(-1, 2)
    values = np.column_stack([pixels, np.ones(len(pixels))])
    return RoiSet(values, 9 * np.arange(1, count + 1), (size, size)), corners


def signals(nwbfile, data):
    table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are fewer regions than columns
        return RoiResponseSeries("signals", data, "n.a.", table.create_roi_table_region("some"), rate=10.0)


def test_outlines_of_a_square_are_its_sides(ax):
    square = RoiSet([(x, y, 1.0) for x in (4, 5) for y in (7, 8)], [4], (20, 10))
    plot_rois(square, ax=ax)
    sides = np.array(ax.collections[0].get_segments())
    assert len(sides) == 8
    assert sides.min(axis=(0, 1)).tolist() == [3.5, 6.5]
    assert sides.max(axis=(0, 1)).tolist() == [5.5, 8.5]
    assert [text.get_text() for text in ax.texts] == ["0"]


def test_only_chosen_regions_are_in_colour(nwbfile, ax):
    table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
    plot_rois(table, np.zeros((48, 72)), rows=[2], colours=["#ff0000"], ax=ax)
    shades = {tuple(shade) for shade in ax.collections[0].get_colors()}
    assert len(shades) == 2
    assert (1.0, 0.0, 0.0, 1.0) in shades
    assert [text.get_text() for text in ax.texts] == ["2"]


def test_thousands_of_regions_are_one_image(ax, tmp_path):
    many, corners = regions(10_000, 500)
    plot_rois(many, ax=ax)
    assert not ax.collections
    overlay = np.asarray(ax.images[1].get_array())
    x, y = corners[-1]
    assert overlay[y, x, 3] == 1
    assert 0 < overlay[y + 1, x + 1, 3] < 1  # unless another region ends there
    assert overlay.shape == (500, 500, 4)
    assert rendered(ax, tmp_path).std() > 0.05


def test_regions_without_an_image_or_any_region_cannot_be_drawn(ax):
    with pytest.raises(InvalidValueError, match="give an image"):
        plot_rois(RoiSet(np.empty((0, 3)), []), ax=ax)


def test_traces_are_lines_at_their_times(nwbfile, recording, ax, tmp_path):
    series = nwbfile.processing["ophys"]["Fluorescence"]["RoiResponseSeries"]
    plot_traces(series, [2, 0], start=1.0, stop=2.0, ax=ax)
    first, second = ax.collections[0].get_segments()
    wanted = (np.arange(40) / recording.rate >= 1.0) & (np.arange(40) / recording.rate <= 2.0)
    assert len(first) == wanted.sum()
    assert np.corrcoef(first[:, 1], recording.fluorescence[wanted, 2])[0, 1] > 0.999
    assert np.corrcoef(second[:, 1], recording.fluorescence[wanted, 0])[0, 1] > 0.999
    assert first[:, 1].mean() > second[:, 1].mean()
    assert rendered(ax, tmp_path).std() > 0.05


def test_many_traces_are_a_map_of_bounded_size(nwbfile, ax, tmp_path):
    data = np.random.default_rng(2).normal(size=(4001, 60)).astype("f4")
    plot_traces(signals(nwbfile, data), ax=ax)
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (60, 1334)
    means = data[:3].mean(axis=0)
    assert np.corrcoef(shown[:, 0], means)[0, 1] > 0.9
    assert rendered(ax, tmp_path).std() > 0.05


def test_of_thousands_of_traces_neighbours_share_a_row(nwbfile, ax, tmp_path):
    data = np.random.default_rng(2).normal(size=(300, 1203)).astype("f4")
    data[100:110, 600:] += 10  # they are active at once
    plot_traces(signals(nwbfile, data), ax=ax)
    shown = np.asarray(ax.images[0].get_array())
    assert shown.shape == (401, 300)
    low, high = ax.images[0].get_clim()
    assert shown[250:, 102:108].min() > (low + high) / 2 > np.median(shown)
    assert ax.images[0].get_extent()[2:] == [1202.5, -0.5]
    assert rendered(ax, tmp_path).std() > 0.05


def test_traces_that_are_constant_or_no_numbers_are_drawn(nwbfile, ax, tmp_path):
    data = np.ones((30, 2), "f4")
    data[:, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_traces(signals(nwbfile, data), ax=ax)
        rendered(ax, tmp_path)


def test_a_time_without_samples_is_told(nwbfile, ax):
    with pytest.raises(NotFoundError, match="no samples"):
        plot_traces(nwbfile.processing["ophys"]["Fluorescence"]["RoiResponseSeries"], start=100.0, ax=ax)


def test_motion_has_a_line_for_each_axis(nwbfile, recording, ax, tmp_path):
    plot_motion(nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"], ax=ax)
    for line, shifts in zip(ax.lines, recording.shifts.T, strict=False):
        assert np.array_equal(line.get_ydata(), -shifts)  # what undoes them
    assert rendered(ax, tmp_path).std() > 0.05


def test_where_nothing_moved_there_is_a_flat_line(ax):
    plot_motion(TimeSeries("shift", data=np.zeros((5, 2)), unit="pixels", rate=1.0), ax=ax)
    assert ax.get_ylim() == (-1, 1)


def test_motion_of_another_shape_is_refused(ax):
    with pytest.raises(InvalidValueError, match="shifts of shape"):
        plot_motion(TimeSeries("shift", data=np.zeros(5), unit="pixels", rate=1.0), ax=ax)


def test_summary_images_are_drawn_as_they_are_seen(nwbfile, recording, tmp_path):
    figure = Figure(figsize=(4, 3), layout="constrained")
    (ax,) = plot_summary(nwbfile, figure=figure)
    assert ax.get_title() == "mean"
    assert np.allclose(np.asarray(ax.images[0].get_array()), recording.corrected.mean(axis=0).T, rtol=1e-5)
    assert rendered(ax, tmp_path).std() > 0.05
    axes = plot_summary({name: np.eye(3) for name in "abc"}, figure=Figure(layout="constrained"))
    assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
    with pytest.raises(NotFoundError):
        plot_summary({})


def test_images_of_each_plane_are_drawn_together(tmp_path):
    nwbfile = mock_NWBFile()
    for number in (1, 0):
        images = [GrayscaleImage(name, np.eye(4) * (number + 1)) for name in ("mean", "correlation")]
        nwbfile.add_acquisition(Images(f"Plane{number}", images=images))
    figure = Figure(figsize=(8, 8), layout="constrained")
    axes = plot_summary(nwbfile, figure=figure)
    assert [part.get_suptitle() for part in figure.subfigs] == ["Plane0", "Plane1"]
    assert [(ax.get_title(), ax.images[0].get_array().max()) for ax in axes] == [
        *(("mean", 1), ("correlation", 1), ("mean", 2), ("correlation", 2))
    ]
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in figure.findobj(Axes)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)  # numbers beside the images are not cut


def test_a_new_figure_is_one_that_a_notebook_shows(nwbfile):
    from matplotlib import pyplot as plt

    with plt.rc_context(), warnings.catch_warnings():
        plt.switch_backend("agg")
        ax = plot_motion(nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"])
        assert plt.gcf() is ax.figure
        plt.close("all")


def test_thinned_lines_keep_their_extremes():
    values = np.random.default_rng(3).normal(size=(100_003, 2))
    times, kept = thinned(np.arange(100_003.0), values)
    assert len(times) == len(kept) <= 4100
    assert (np.diff(times) > 0).all()
    assert np.array_equal(kept.max(axis=0), values.max(axis=0))
    assert np.array_equal(kept.min(axis=0), values.min(axis=0))
    assert thinned(times[:10], kept[:10])[0] is not None


def test_contrast_of_images_without_any():
    assert contrast(np.zeros((2, 2))) == (0.0, 1.0)
    assert contrast(np.full((2, 2), np.nan)) == (0.0, 1.0)


def test_regions_and_images_of_other_writers_are_drawn_where_they_are(tmp_path):
    """suite2p has rows first in both."""
    session = written_by.Session()
    with photonwb.open(written_by.written(written_by.suite2p, tmp_path / "suite2p.nwb", session)) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        table = ophys["ImageSegmentation"]["PlaneSegmentation"]
        with pytest.warns(UserWarning, match="rows first, by bounds"):
            axes = plot_rois(table, rows=[0])
        drawn = np.concatenate(list(axes.collections[0].get_segments()))
        assert drawn[:, 0].max() == np.nonzero(session.masks[0])[1].max() + 0.5
        assert drawn[:, 1].max() <= session.height - 0.5
        assert axes.images[0].get_array().shape == (session.height, session.width)
        (image,) = plot_summary(ophys["Backgrounds_0"])
        assert np.allclose(image.images[0].get_array(), session.mean)
