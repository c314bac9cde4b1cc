"""Frames and masks come in rows and columns whatever the writer's habit, and say how that is known."""

from __future__ import annotations

import warnings

import h5py
import numpy as np
import pytest

import photonwb
import written_by
from photonwb.errors import InvalidValueError
from photonwb.layouts import axis_order
from photonwb.layouts.axis_order import evidence_on_masks, image_rows
from photonwb.ophys import PlaneSegmentation
from photonwb.simulation import as_nwbfile, simulate

WIDE, SQUARE = written_by.Session(), written_by.Session(height=40, width=40)


def written(path, writer, session, **options):
    return photonwb.open(written_by.written(writer, path / "session.nwb", session, **options))


def table_of(nwbfile):
    results = nwbfile.processing["ophys"].data_interfaces.values()
    return next(table for item in results for table in getattr(item, "plane_segmentations", {}).values())


def quietly(function):
    """Call without the warning that tells of axes that are not the standard's."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*, by (bounds|provenance|correlation): ")
        return function()


HOW = {  # (writer, options): how it is known of masks of wide images, of square ones (None: in no way), and of the movie
    (written_by.suite2p, ()): ("bounds", "provenance", "files"),
    (written_by.caiman, ()): ("provenance", "provenance", "provenance"),
    (written_by.neuroconv, ()): ("bounds", "provenance", "provenance"),
    (written_by.neuroconv, (("script", "my own"),)): ("bounds", "correlation", "standard"),
    (written_by.roiextractors_2020, ()): ("provenance", "provenance", None),
    (written_by.allensdk, ()): ("bounds", "provenance", None),
    (written_by.visual_coding, ()): ("standard", "standard", None),
    (written_by.matnwb, ()): ("bounds", "correlation", "standard"),
    (written_by.nobody, ()): ("bounds", "correlation", "standard"),
    (written_by.nobody, (("rows_in_x", True),)): ("bounds", "correlation", "standard"),
    (written_by.nobody, (("rows_in_x", True), ("movie", False), ("images", True))): ("bounds", None, None),
}


CASES = [(*key, session) for key, how in HOW.items() for session, of_it in ((WIDE, how[0]), (SQUARE, how[1])) if of_it]


@pytest.mark.parametrize(("writer", "options", "session"), CASES)
def test_masks_and_frames_in_rows_and_columns(writer, options, session, tmp_path):
    how = HOW[writer, options][session is SQUARE]
    with written(tmp_path, writer, session, **dict(options)) as nwbfile:
        table = table_of(nwbfile)
        assert table.axis_order.how == how, table.axis_order
        masks = quietly(lambda: table.masks)
        if masks._image_shape is None:
            assert writer is written_by.visual_coding  # which has no image that the masks could be of
            masks = type(masks)(table.rois, table.axis_order, (session.width, session.height), "cells")
        count = len(session.masks)
        assert masks.shape == (len(table), session.height, session.width)
        assert np.array_equal(masks[:count], session.masks)
        assert np.array_equal(masks[2, 1:9], session.masks[2, 1:9])
        whole = masks.rois
        for number in range(count):
            assert np.array_equal(whole.image(number, axes="yx"), session.masks[number])
        for movie in nwbfile.acquisition.values():
            if movie.name != "other":
                assert movie.axis_order.how == HOW[writer, options][2]
            if movie.external_file is None and movie.name != "other":
                assert np.array_equal(quietly(lambda movie=movie: movie.frames)[5:7], session.movie[5:7])


def test_volumes_of_suite2p(tmp_path):
    with written(tmp_path, written_by.suite2p, WIDE, planes=2) as nwbfile:
        masks = quietly(lambda: table_of(nwbfile).masks)
        assert masks.shape == (12, 24, 40, 2)
        assert np.array_equal(masks[3, :, :, 0], WIDE.masks[3])
        assert np.array_equal(masks[9, ..., 1], WIDE.masks[3])
        assert not masks[9, ..., 0].any()


def test_without_evidence_the_standard_holds_and_is_said_to(tmp_path):
    with written(tmp_path, written_by.nobody, SQUARE, rows_in_x=True, movie=False) as nwbfile:
        table = table_of(nwbfile)
        assert (table.axis_order.order, table.axis_order.how) == ("xy", "standard")
        assert "nothing in the file tells" in table.axis_order.reason
        with pytest.raises(InvalidValueError, match="nothing tells the shape"):
            _ = table.masks.shape
    with written(tmp_path, written_by.nobody, SQUARE, rows_in_x=True, traces=False) as nwbfile:
        table = table_of(nwbfile)
        assert table.axis_order.how == "standard"
        assert np.array_equal(table.masks[1], SQUARE.masks[1].T)  # as declared


def test_masks_that_are_about_symmetric_tell_nothing(tmp_path):
    session = written_by.Session(height=40, width=40)
    session.masks[:] = 0
    session.masks[:, 10:15, 11:14] = 1
    session.movie[:] = 100 + (session.masks[0] > 0) * session.signals[:, 0].astype(np.uint16)[:, None, None]
    with written(tmp_path, written_by.nobody, session, rows_in_x=True) as nwbfile:
        assert table_of(nwbfile).axis_order.how == "standard"


def test_signals_of_another_movie_tell_nothing(tmp_path):
    session = written_by.Session(height=40, width=40)
    session.signals = np.random.default_rng(5).permutation(session.signals, axis=0)
    with written(tmp_path, written_by.nobody, session, rows_in_x=True) as nwbfile:
        assert table_of(nwbfile).axis_order.how == "standard"


def test_signals_of_regions_that_do_not_exist_tell_nothing(tmp_path):
    written(tmp_path, written_by.nobody, SQUARE, rows_in_x=True).close()
    with h5py.File(tmp_path / "session.nwb", "r+") as file:
        file["processing/ophys/Fluorescence/F/rois"][1:] = 1000
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        table = table_of(nwbfile)
        assert (table.axis_order.how, table.axis_order.order) == ("correlation", "yx")
        assert "signals of 1 region " in table.axis_order.reason
    with h5py.File(tmp_path / "session.nwb", "r+") as file:
        file["processing/ophys/Fluorescence/F/rois"][:] = -1
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        assert table_of(nwbfile).axis_order.how == "standard"
        with pytest.raises(IndexError, match="there is no region 6, of 6"):
            _ = table_of(nwbfile).masks[6]


def test_all_evidence(tmp_path):
    with written(tmp_path, written_by.neuroconv, WIDE) as nwbfile:
        found = evidence_on_masks(table_of(nwbfile))
    assert [each.how for each in found] == ["bounds", "provenance", "correlation"]
    assert {each.order for each in found} == {"yx"}
    assert "only with x and y exchanged" in found[0].reason
    assert "the row of a pixel into the x of pixel masks" in found[1].reason
    assert "r = " in found[2].reason


def test_signals_know_better_than_a_habit_that_was_given_up(tmp_path):
    with written(tmp_path, written_by.neuroconv, SQUARE, rows_in_x=False) as nwbfile:
        table = table_of(nwbfile)
        assert [(each.how, each.order) for each in evidence_on_masks(table)] == [("provenance", "yx"), ("correlation", "xy")]
        assert (table.axis_order.how, table.axis_order.order) == ("correlation", "xy")
        assert np.array_equal(table.masks[:], SQUARE.masks)


def test_a_warning_tells_once(tmp_path):
    with written(tmp_path, written_by.caiman, WIDE) as nwbfile:
        table, movie = table_of(nwbfile), nwbfile.acquisition["TwoPhotonSeries"]
        with pytest.warns(UserWarning, match="'TwoPhotonSeries': rows first, by provenance: CaImAn puts rows first"):
            _ = movie.frames
        with pytest.warns(UserWarning, match="'PlaneSegmentation': pixels in the order of columns, by provenance"):
            _ = table.masks
        _ = movie.frames, table.masks  # warnings are errors here


def test_the_user_knows_better(tmp_path):
    with written(tmp_path, written_by.nobody, SQUARE, rows_in_x=True, traces=False) as nwbfile:
        table, movie = table_of(nwbfile), nwbfile.acquisition["movie"]
        table.axis_order = "yx"
        assert table.axis_order.how == "said"
        assert np.array_equal(table.masks[1], SQUARE.masks[1])
        movie.axis_order = "yx"
        assert np.array_equal(movie.frames[3], SQUARE.movie[3].T)
        with pytest.raises(InvalidValueError, match=r"expected 'xy' .* got 'tyx'"):
            movie.axis_order = "tyx"


def test_images_in_rows(tmp_path):
    with written(tmp_path, written_by.suite2p, WIDE) as nwbfile:
        assert np.allclose(image_rows(nwbfile.processing["ophys"]["Backgrounds_0"]["meanImg"]), WIDE.mean)
    with written(tmp_path, written_by.neuroconv, WIDE) as nwbfile:
        assert np.allclose(image_rows(nwbfile.processing["ophys"]["SegmentationImages"]["mean_image"]), WIDE.mean)


def test_little_is_read(tmp_path, monkeypatch):
    """Of the masks a stretch, of the movie some frames, of the signals those of some regions; and once for each object."""
    from photonwb.layouts import agreement

    read: list[int] = []

    class Watched:
        def __init__(self, data):
            self.data, self.shape, self.dtype = data, data.shape, data.dtype

        def __len__(self):
            return len(self.data)

        def __getitem__(self, key):
            read.append(key)
            return self.data[key]

    monkeypatch.setattr(axis_order, "data_of", lambda series: Watched(series.data))
    monkeypatch.setattr(agreement, "_FRAMES", (12, 20))
    with written(tmp_path, written_by.nobody, SQUARE, rows_in_x=True) as nwbfile:
        table = table_of(nwbfile)
        assert table.axis_order.how == "correlation"
        assert len(set(read)) == len(read) <= 20
        del read[:]
        assert table.axis_order.order == "yx"
        assert not read


# ---- files of photonwb, and real files


def test_files_of_photonwb_are_in_the_order_of_the_standard(tmp_path):
    photonwb.write(as_nwbfile(simulate(frames=60, width=80, height=80, cells=8)), tmp_path / "simulated.nwb")
    with photonwb.open(tmp_path / "simulated.nwb") as read:
        table = table_of(read)
        assert [(each.order, each.how) for each in evidence_on_masks(table)] == [("xy", "correlation")]


def test_a_file_of_roiextractors_has_rows_first(shared_data):
    from photonwb.importers.npy import load_npy

    cells = load_npy(shared_data / "suite2p/gin_2plane_2chan/plane0/stat.npy")
    mean = load_npy(shared_data / "suite2p/gin_2plane_2chan/plane0/ops.npy")["meanImg"]
    with photonwb.open(shared_data / "nwb/neuroconv_nwb_test.nwb") as nwbfile:
        table = table_of(nwbfile)
        assert (table.axis_order.order, table.axis_order.how) == ("yx", "provenance")
        masks = quietly(lambda: table.masks)
        for number, cell in enumerate(cells):
            y, x = np.nonzero(masks[number])
            assert set(zip(y, x, strict=True)) == set(zip(cell["ypix"], cell["xpix"], strict=True))
        images = nwbfile.processing["ophys"]["SegmentationImages"]
        assert np.allclose(image_rows(images["correlation"]).shape, mean.shape)


@pytest.mark.parametrize("session", [written_by.Session(margin=0), written_by.Session(40, 40, margin=0)], ids=["wide", "square"])
def test_pixels_that_matlab_counts_from_one(session, tmp_path):
    with written(tmp_path, written_by.matnwb, session, pixels=True) as nwbfile:
        table = table_of(nwbfile)
        known = table.axis_order
        assert (known.order, known.one_based, known.is_standard) == ("xy", True, False)
        assert "MATLAB counts them, from 1: no coordinate is 0, and they reach 40" in known.reason
        with pytest.warns(UserWarning, match="pixels counted from 1, by"):
            masks = table.masks
        assert np.allclose(masks[:], session.masks)
        assert np.allclose(masks[0], session.masks[0])
        assert table.rois[0].coordinates.min() > 0


@pytest.mark.parametrize(
    ("margin", "programs"),
    [(2, [("matnwb", "2.9.0")]), (0, [("mine", "1")]), (0, [("matnwb", "2.9.0"), ("photonwb", "1")])],
    ids=["no pixel beyond the frames", "another program", "mended"],
)
def test_without_clear_evidence_pixels_stay_where_they_are(margin, programs, tmp_path):
    session = written_by.Session(margin=margin)
    with written(tmp_path, written_by.matnwb, session, pixels=True, programs=programs) as nwbfile:
        table = table_of(nwbfile)
        assert not table.axis_order.one_based
        values = quietly(lambda: table.masks.rois).values if margin else table.rois.values
        assert np.array_equal(values["x"], table.rois.values["x"])


def test_voxels_that_matlab_counts_from_one(tmp_path):
    session = written_by.Session(margin=0)
    with written(tmp_path, written_by.matnwb, session, pixels=True) as nwbfile:
        old = table_of(nwbfile)
        voxels = [np.column_stack([roi.coordinates, np.full(len(roi.weights), 1), roi.weights]) for roi in old.rois]
        table = PlaneSegmentation("voxels", old.imaging_plane, name="voxels")
        nwbfile.processing["ophys"]["ImageSegmentation"].add_plane_segmentation(table)
        table.add_rois(voxel_mask=voxels)
        masks = quietly(lambda: table.masks)
        assert masks.shape == (6, 24, 40, 1)
        assert np.allclose(masks[:][..., 0], session.masks)
