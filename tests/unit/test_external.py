"""Movies beside the file: the frames are the same wherever they are."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import numpy as np
import pynwb
import pytest
import tifffile

import photonwb
from photonwb.errors import ExistingFileError, InvalidValueError, MissingFileError, UntrustedLinkError
from photonwb.external import external_movie, externalize, internalize, link_arguments, relative_links
from photonwb.io import NWBHDF5IO
from photonwb.ophys import TwoPhotonSeries
from photonwb.testing.mock.ophys import mock_ImagingPlane

PAGES = np.random.default_rng(0).integers(0, 4000, (9, 12, 20)).astype(np.uint16)


@pytest.fixture
def raw(tmp_path):
    """A folder with the movie in two files."""
    folder = tmp_path / "session" / "raw"
    folder.mkdir(parents=True)
    for name, pages in (("movie_9.tif", PAGES[:4]), ("movie_10.tif", PAGES[4:])):
        tifffile.imwrite(folder / name, pages, photometric="minisblack")
    return folder


@pytest.fixture
def linked(raw):
    """An NWB file that links them."""
    nwbfile = photonwb.NWBFile("linked movie", "1", datetime(2026, 1, 1, tzinfo=UTC))
    path = raw.parent / "session.nwb"
    arguments = link_arguments([raw / "movie_9.tif", raw / "movie_10.tif"], path.parent)
    plane = mock_ImagingPlane(nwbfile=nwbfile)
    nwbfile.add_acquisition(TwoPhotonSeries("movie", plane, unit="n.a.", rate=30.0, **arguments))
    photonwb.write(nwbfile, path)
    return path


def export(nwbfile, path):
    with NWBHDF5IO(path, "w") as io:
        io.export(src_io=nwbfile.read_io, nwbfile=nwbfile)


def test_what_a_link_says(linked):
    with pynwb.NWBHDF5IO(linked, "r") as io:
        series = io.read().acquisition["movie"]
        assert list(series.external_file) == ["raw/movie_9.tif", "raw/movie_10.tif"]
        assert list(series.starting_frame) == [0, 4]
        assert series.num_samples == 9
        assert list(series.dimension) == [20, 12]
        assert series.format == "external"
    assert pynwb.validate(path=str(linked)) == []


def test_frames_are_read_from_where_they_are(linked, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.move(linked.parent, moved)
    with photonwb.open(moved / "session.nwb") as nwbfile:
        frames = nwbfile.acquisition["movie"].frames
        assert frames.shape == (9, 12, 20)
        assert np.array_equal(frames[:], PAGES)
        assert np.array_equal(frames[3:6, 2], PAGES[3:6, 2])


def test_paths_that_were_written_on_windows(linked):
    with photonwb.open(linked) as nwbfile:
        series = nwbfile.acquisition["movie"]
        series.external_file = [name.replace("/", "\\") for name in series.external_file]
        assert np.array_equal(series.frames[5], PAGES[5])


def test_taken_in_and_put_out_again(linked, tmp_path):
    with photonwb.open(linked) as nwbfile:
        internalize(nwbfile.acquisition["movie"])
        export(nwbfile, tmp_path / "inside.nwb")
    assert pynwb.validate(path=str(tmp_path / "inside.nwb")) == []
    with pynwb.NWBHDF5IO(tmp_path / "inside.nwb", "r") as io:
        series = io.read().acquisition["movie"]
        assert series.external_file is None
        assert series.rate == 30
        assert np.array_equal(series.data[:], PAGES.transpose(0, 2, 1))
    with photonwb.open(tmp_path / "inside.nwb") as nwbfile:
        series = nwbfile.acquisition["movie"]
        externalize(series, tmp_path / "out.tif", compression="zlib")
        assert series.external_file == ("out.tif",)
        assert np.array_equal(series.frames[:], PAGES)
        export(nwbfile, tmp_path / "outside.nwb")
    assert pynwb.validate(path=str(tmp_path / "outside.nwb")) == []
    with photonwb.open(tmp_path / "outside.nwb") as nwbfile:
        series = nwbfile.acquisition["movie"]
        assert (series.data.shape, series.num_samples) == ((0, 0, 0), 9)
        assert np.array_equal(series.frames[:], PAGES)
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), PAGES)


def test_before_there_is_a_file_paths_start_here(raw, monkeypatch):
    monkeypatch.chdir(raw)
    series = TwoPhotonSeries("movie", mock_ImagingPlane(), rate=1.0, **link_arguments(["movie_9.tif"]))
    assert np.array_equal(series.frames[:], PAGES[:4])
    relative_links(series, raw.parent)
    assert series.external_file == ("raw/movie_9.tif",)
    assert np.array_equal(external_movie(series, raw.parent)[1], PAGES[1].T)


# ---- what cannot be done


def series(**arguments) -> TwoPhotonSeries:
    return TwoPhotonSeries("movie", mock_ImagingPlane(), rate=1.0, unit="n.a.", **arguments)


def test_a_movie_that_was_not_moved_along(linked):
    (linked.parent / "raw" / "movie_10.tif").unlink()
    with (
        photonwb.open(linked) as nwbfile,
        pytest.raises(MissingFileError, match=r"TwoPhotonSeries 'movie'.*there is no raw/movie_10\.tif in"),
    ):
        _ = nwbfile.acquisition["movie"].frames


def test_a_movie_of_another_length(raw):
    wrong = link_arguments([raw / "movie_9.tif"]) | {"num_samples": 7}
    with pytest.raises(InvalidValueError, match=r"expected 7 frames in .*movie_9\.tif, got 4"):
        _ = series(**wrong).frames


def test_a_movie_on_another_machine():
    with pytest.raises(InvalidValueError, match="download it first"):
        _ = series(external_file=["https://example.org/movie.tif"], num_samples=3).frames


def test_frames_that_are_inside_already():
    with pytest.raises(InvalidValueError, match="in the file itself"):
        external_movie(series(data=PAGES))


def test_what_cannot_be_put_out(raw, tmp_path):
    with pytest.raises(InvalidValueError, match="expected frames"):
        externalize(series(**link_arguments([raw / "movie_9.tif"])), tmp_path / "out.tif")
    with pytest.raises(InvalidValueError, match="expected frames"):
        externalize(series(data=np.zeros((2, 3, 4, 5))), tmp_path / "out.tif")
    inside = series(data=PAGES)
    with pytest.raises(ExistingFileError):
        externalize(inside, raw / "movie_9.tif")
    assert inside.external_file is None
    assert inside.data is PAGES


def test_a_movie_elsewhere_is_read_for_a_trusted_file_only(linked, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    with photonwb.open(linked) as nwbfile:
        nwbfile.acquisition["movie"].external_file = ["../session/raw/movie_9.tif", "../session/raw/movie_10.tif"]
        export(nwbfile, alone / "session.nwb")
    with photonwb.open(alone / "session.nwb") as nwbfile, pytest.raises(UntrustedLinkError, match="trusted=True"):
        _ = nwbfile.acquisition["movie"].frames
    with photonwb.open(alone / "session.nwb", trusted=True) as nwbfile:
        assert np.array_equal(nwbfile.acquisition["movie"].frames[:], PAGES)
