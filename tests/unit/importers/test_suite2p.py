"""What is special about folders of suite2p; that everything lies where it should is tested in tests/importers."""

from __future__ import annotations

import numpy as np
import pytest

import synthetic_sources as synthetic
from photonwb.errors import DamagedFileError, MissingFileError
from photonwb.importers import import_session
from photonwb.importers.npy import load_npy
from photonwb.importers.suite2p import can_open, read


@pytest.fixture
def folder(tmp_path):
    return synthetic.write_suite2p(tmp_path / "suite2p")


def change_options(folder, **options):
    path = folder / "plane0" / "ops.npy"
    np.save(path, np.array(load_npy(path) | options, object))


def test_folders_above_and_below(folder):
    for path in (folder, folder.parent, folder / "plane0"):
        assert can_open(path)
        assert [regions.name for regions in read(path).regions] == ["PlaneSegmentation"]
    assert not can_open(folder / "plane0" / "F.npy")
    with pytest.raises(MissingFileError, match=r"plane0/stat\.npy"):
        read(folder / "plane0" / "F.npy")


def test_options_in_several_files(folder):
    """As from version 1.0 on."""
    place = folder / "plane0"
    ops = load_npy(place / "ops.npy")
    (place / "ops.npy").unlink()
    files = {
        "db": {"Ly": ops["Ly"], "Lx": ops["Lx"], "nframes": ops["nframes"], "nplanes": 1, "nchannels": 1},
        "settings": {"fs": ops["fs"], "tau": 1.0, "registration": {"nonrigid": True, "block_size": (128, 128)}},
        "reg_outputs": {key: ops[key] for key in ("meanImg", "xoff", "yoff", "yrange", "xrange")},
        "detect_outputs": {key: ops[key] for key in ("Vcorr", "max_proj")},
    }
    for file, values in files.items():
        np.save(place / f"{file}.npy", np.array(values, object))
    fragment = read(folder)
    assert fragment.traces[0].timing.rate == synthetic.RATE
    assert [picture.name for picture in fragment.pictures] == ["mean", "max_projection", "correlation"]
    assert '"nonrigid": true' in fragment.settings["suite2p_settings"]
    assert len(fragment.motions) == 1


def test_images_without_their_border_are_put_back_in_place(folder):
    ops = load_npy(folder / "plane0" / "ops.npy")
    (image,) = [picture.data for picture in read(folder).pictures if picture.name == "correlation"]
    assert image.shape == (34, 20)
    assert (image[5:33, 2:20] == ops["Vcorr"].T).all()
    assert image.sum() == ops["Vcorr"].sum()


def test_the_oracle_misplaces_such_images(folder):
    from roiextractors import Suite2pSegmentationExtractor

    ops = load_npy(folder / "plane0" / "ops.npy")
    image = Suite2pSegmentationExtractor(folder).get_images_dict()["correlation"]
    assert (image[2:20, 5:33] != ops["Vcorr"]).any()
    assert (image[0:18, 5:33] == ops["Vcorr"]).all()  # counts the first row from the wrong end


def test_an_image_that_fits_nothing_is_left_out(folder, caplog):
    change_options(folder, max_proj=np.ones((3, 3)))
    nwbfile = import_session(folder, None, synthetic.SAID)
    assert "max_proj is left out" in caplog.text
    assert "max_projection" not in nwbfile.processing["ophys"]["SummaryImages"].images


def test_shifts_of_blocks(folder):
    xoff1, yoff1 = np.arange(80.0).reshape(40, 2), np.ones((40, 2))
    blocks = {"xblock": [np.array([0, 20]), np.array([14, 34])], "yblock": [np.array([0, 20]), np.array([0, 20])]}
    change_options(folder, xoff1=xoff1, yoff1=yoff1, **blocks)
    series = import_session(folder, None, synthetic.SAID).processing["ophys"]["XYTranslationBlocks"]
    assert (series.data[:, :, 0] == -xoff1).all()
    assert (series.data[:, :, 1] == -yoff1).all()
    assert "[[0, 20, 0, 20], [14, 34, 0, 20]]" in series.description


def test_the_movie_stays_on_disk(folder):
    corrected = read(folder).motions[0].corrected
    assert isinstance(corrected, np.memmap)
    assert corrected.shape == (40, 34, 20)


def test_a_movie_that_was_not_registered_is_the_recorded_one(folder):
    change_options(folder, do_registration=0, xoff=[], yoff=[])
    fragment = read(folder)
    assert fragment.motions == []
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeries"]


def test_raw_movie_and_second_channel(folder):
    place = folder / "plane0"
    change_options(folder, nchannels=2)
    (synthetic.movie() + 1).tofile(place / "data_raw.bin")
    (synthetic.movie() + 2).tofile(place / "data_chan2.bin")
    np.save(place / "F_chan2.npy", synthetic.traces() + np.float32(2))
    np.save(place / "redcell.npy", np.array([[1, 0.8], [0, 0.1]]))
    said = {key: value for key, value in synthetic.SAID.items() if key != "emission_lambda"}
    nwbfile = import_session(folder, None, said | {"channels": {"green": 510, "red": 610}})
    ophys = nwbfile.processing["ophys"]
    stack = ophys["MotionCorrection"]["CorrectedImageStack"]
    assert stack.original is nwbfile.acquisition["TwoPhotonSeries"]
    assert (np.asarray(stack.original.frames[:]) == synthetic.movie() + 1).all()
    assert (np.asarray(ophys["CorrectedTwoPhotonSeriesChan2"].frames[:]) == synthetic.movie() + 2).all()
    assert (synthetic.traces() + 2 == np.asarray(ophys["Fluorescence"]["RoiResponseSeriesChan2"].data).T).all()
    table = ophys["ImageSegmentation"]["PlaneSegmentation"]
    assert list(table["red"].data) == [True, False]
    one = import_session(folder, None, synthetic.SAID, second_channel=False, movies=False)
    assert list(one.processing["ophys"]["Fluorescence"].roi_response_series) == ["RoiResponseSeries", "Neuropil", "Deconvolved"]


def test_every_plane_comes_with_its_time(tmp_path):
    for plane in range(3):
        synthetic.write_suite2p(tmp_path / "suite2p", plane, nplanes=3)
    # plane10 comes after plane2, whatever the order of letters says
    synthetic.write_suite2p(tmp_path / "suite2p", 10, nplanes=3)
    fragment = read(tmp_path / "suite2p")
    assert [plane.name for plane in fragment.planes] == [f"ImagingPlane{number}" for number in (0, 1, 2, 10)]
    starts = [trace.timing.starting_time for trace in fragment.traces if trace.kind == "raw"]
    assert np.allclose(starts, [0, 1 / 37.5, 2 / 37.5, 0])
    assert {trace.timing.rate for trace in fragment.traces} == {12.5}


def test_regions_of_a_mesoscope_are_no_planes_in_time(folder):
    change_options(folder, nplanes=4, lines=[np.arange(3)])
    assert read(folder).traces[0].timing.starting_time == 0


def test_bad_frames_are_invalid_times(folder):
    bad = np.zeros(40, bool)
    bad[[4, 5, 6, 39]] = True
    change_options(folder, badframes=bad)
    table = import_session(folder, None, synthetic.SAID).invalid_times
    assert np.allclose(table["start_time"].data, [4 / 12.5, 39 / 12.5])
    assert np.allclose(table["stop_time"].data, [7 / 12.5, 40 / 12.5])


def test_no_regions_at_all(folder, tmp_path):
    place = folder / "plane0"
    np.save(place / "stat.npy", np.empty(0, object))
    for file in ("F", "Fneu", "spks"):
        np.save(place / f"{file}.npy", np.empty((0, 40), "f4"))
    np.save(place / "iscell.npy", np.empty((0, 2)))
    import_session(folder, tmp_path / "empty.nwb", synthetic.SAID)
    import pynwb

    assert list(pynwb.validate(path=str(tmp_path / "empty.nwb"))) == []


def break_traces(place):
    np.save(place / "F.npy", np.ones((3, 40), "f4"))


def break_flags(place):
    np.save(place / "iscell.npy", np.ones((1, 2)))


def break_columns(place):
    np.save(place / "iscell.npy", np.ones((2, 1)))


def break_movie(place):
    (place / "data.bin").write_bytes(b"\0" * 999)


def break_regions(place):
    cells = load_npy(place / "stat.npy")
    del cells[1]["xpix"]
    np.save(place / "stat.npy", cells)


def break_options(place):
    np.save(place / "ops.npy", np.arange(3))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_traces, r"F\.npy: expected a row for each of the 2 regions"),
        (break_flags, r"iscell\.npy: expected a row"),
        (break_columns, r"iscell\.npy: expected a row"),
        (break_movie, r"data\.bin: expected 40 frames of 34 × 20"),
        (break_regions, r"stat\.npy: a region without xpix"),
        (break_options, r"ops\.npy: expected a dict"),
    ],
)
def test_files_that_do_not_fit_each_other(folder, damage, message):
    damage(folder / "plane0")
    with pytest.raises(DamagedFileError, match=message):
        read(folder)
