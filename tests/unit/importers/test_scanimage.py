"""Recordings of ScanImage, made up here as its documentation describes them; real ones are in tests/importers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from photonwb.errors import InvalidValueError
from photonwb.importers import recognise
from photonwb.importers.base import Timing
from photonwb.importers.scanimage import can_open, read
from photonwb.importers.scanimage_header import Header
from photonwb.movies.tiff import open_tiff

ROWS, COLUMNS = 12, 20
SETTINGS = {
    "SI.VERSION_MAJOR": 2023,
    "SI.VERSION_MINOR": 1,
    "SI.VERSION_UPDATE": 0,
    "SI.hChannels.channelSave": 1,
    "SI.hChannels.channelName": "{'green' 'red' 'Channel 3'}",
    "SI.hPmts.gains": "[640.5 700]",
    "SI.hRoiManager.linePeriod": 5e-05,
    "SI.hRoiManager.mroiEnable": "false",
    "SI.hRoiManager.scanFrameRate": 20,
    "SI.hRoiManager.scanVolumeRate": 20,
    "SI.hRoiManager.scanZoomFactor": 2,
    "SI.hStackManager.enable": "false",
    "SI.objectiveResolution": 15,
}
VOLUMES = {
    "SI.hStackManager.enable": "true",
    "SI.hStackManager.actualNumSlices": 3,
    "SI.hStackManager.framesPerSlice": 1,
    "SI.hStackManager.numFramesPerVolume": 3,
    "SI.hStackManager.numFramesPerVolumeWithFlyback": 4,
    "SI.hStackManager.zs": "[10 30 50]",
    "SI.hRoiManager.scanVolumeRate": 5,
}


def pages(count: int, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(0).integers(-500, 4000, (count, rows, COLUMNS)).astype(np.int16)


def field(size=(4.0, 6.0), centre=(0.0, 0.0), shape=(COLUMNS, ROWS)) -> dict:
    return {"centerXY": list(centre), "sizeXY": list(size), "pixelResolutionXY": list(shape), "enable": 1}


def regions(*fields: dict) -> str:
    rois = [{"name": f"region {number}", "enable": 1, "scanfields": each} for number, each in enumerate(fields)]
    return json.dumps({"RoiGroups": {"imagingRoiGroup": {"rois": rois[0] if len(rois) == 1 else rois}}})


def write(path, frames, settings=None, artist=None, period=0.05, channels=1, skipped=(), timed=True):
    """A BigTIFF as ScanImage writes it: the settings in every page, a description for each."""
    software = "\n".join(f"{name} = {value}" for name, value in (SETTINGS | (settings or {})).items())
    tags = [(305, "s", 0, software, False), (315, "s", 0, artist or regions(field()), False)]
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for number, frame in enumerate(frames):
            time = (number // channels + sum(number // channels >= skip for skip in skipped)) * period
            notes = f"frameNumbers = {number + 1}\nepoch = [2024  5  6 14 30 15.250]\n"
            notes += f"frameTimestamps_sec = {time:.9f}\n" if timed else ""
            written = {"description": notes, "extratags": tags, "software": False, "metadata": None}
            tiff.write(frame, photometric="minisblack", contiguous=False, **written)
    return path


def in_standard_order(frames: np.ndarray) -> np.ndarray:
    return frames.swapaxes(-1, -2)


def test_one_plane_and_channel(tmp_path):
    frames = pages(6)
    fragment = read(write(tmp_path / "m.tif", frames))
    (movie,), (plane,) = fragment.movies, fragment.planes
    assert np.array_equal(movie.data[...], in_standard_order(frames))
    assert movie.timing == Timing(20.0)
    assert movie.options["scan_line_rate"] == 20_000
    assert movie.options["pmt_gain"] == 640.5
    assert [channel.name for channel in plane.channels] == ["green"]
    assert plane.description == "Scanned with zoom 2, 15 µm per degree."
    assert fragment.metadata["session_start_time"].replace(tzinfo=None).isoformat() == "2024-05-06T14:30:15.250000"
    assert fragment.metadata["session_start_time"].tzinfo is not None
    assert any("time zone" in note for note in fragment.notes)
    assert "SI.hPmts.gains" in fragment.settings["ScanImage"]


def test_sizes_are_degrees_and_become_lengths_in_the_order_of_the_axes(tmp_path):
    fragment = read(write(tmp_path / "m.tif", pages(2)))
    # 4 degrees × 15 µm over 20 columns, 6 degrees × 15 µm over 12 rows
    assert fragment.planes[0].grid_spacing == pytest.approx((3e-6, 7.5e-6))
    assert fragment.movies[0].options["field_of_view"] == pytest.approx((60e-6, 90e-6))


def test_without_the_resolution_of_the_objective_no_length_is_known(tmp_path):
    fragment = read(write(tmp_path / "m.tif", pages(2), {"SI.objectiveResolution": "[]"}))
    assert fragment.planes[0].grid_spacing is None
    assert fragment.movies[0].options["field_of_view"] is None


def test_missing_frames_leave_a_gap(tmp_path):
    fragment = read(write(tmp_path / "m.tif", pages(6), skipped=[2]))
    assert fragment.movies[0].timing.timestamps.tolist() == pytest.approx([0, 0.05, 0.15, 0.2, 0.25, 0.3])
    assert any("missing" in note for note in fragment.notes)


def test_the_times_of_the_frames_go_before_the_header(tmp_path):
    fragment = read(write(tmp_path / "m.tif", pages(6), period=0.1))
    assert fragment.movies[0].timing.rate == 10
    assert any("20 Hz" in note and "10 Hz" in note for note in fragment.notes)


def test_without_times_the_header_is_believed(tmp_path):
    fragment = read(write(tmp_path / "m.tif", pages(6), timed=False))
    assert fragment.movies[0].timing == Timing(20.0)
    fragment = read(write(tmp_path / "v.tif", pages(8), VOLUMES, timed=False), split_planes=True)
    assert [movie.timing for movie in fragment.movies] == [Timing(5, 0.0), Timing(5, 0.05), Timing(5, 0.1)]


def test_two_channels(tmp_path):
    frames = pages(8)
    path = write(tmp_path / "m.tif", frames, {"SI.hChannels.channelSave": "[1;3]", "SI.hPmts.gains": "[1 2 3]"}, channels=2)
    fragment = read(path)
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesGreen", "TwoPhotonSeriesChannel3"]
    assert [movie.options["pmt_gain"] for movie in fragment.movies] == [1, 3]
    assert [movie.timing.rate for movie in fragment.movies] == [20, 20]
    for number, movie in enumerate(fragment.movies):
        assert np.array_equal(movie.data[...], in_standard_order(frames[number::2]))
    (movie,) = read(path, channel="Channel 3").movies
    assert np.array_equal(movie.data[...], in_standard_order(frames[1::2]))


def test_volumes_without_the_frames_of_the_way_back(tmp_path):
    frames = pages(2 * 4 * 2 + 3)
    path = write(tmp_path / "m.tif", frames, VOLUMES | {"SI.hChannels.channelSave": "[1 2]"}, channels=2)
    fragment = read(path)
    expected = frames[:16].reshape(2, 4, 2, ROWS, COLUMNS)[:, :3]
    for number, movie in enumerate(fragment.movies):
        assert np.array_equal(movie.data[...], expected[:, :, number].transpose(0, 3, 2, 1))
        assert movie.timing == Timing(5.0)
    assert fragment.planes[0].grid_spacing == pytest.approx((3e-6, 7.5e-6, 20e-6))
    assert fragment.planes[0].imaging_rate == 5
    assert any("flies back" in note for note in fragment.notes)
    assert any("last 3 pages" in note for note in fragment.notes)


def test_planes_as_movies_of_their_own(tmp_path):
    frames = pages(12)
    fragment = read(write(tmp_path / "m.tif", frames, VOLUMES), split_planes=True)
    for z, (movie, plane) in enumerate(zip(fragment.movies, fragment.planes, strict=True)):
        assert movie.plane == plane.name == f"ImagingPlane{z}"
        assert np.array_equal(movie.data[...], in_standard_order(frames[z::4]))
        assert movie.timing == Timing(5.0, pytest.approx(z * 0.05))
        assert len(plane.grid_spacing) == len(movie.options["field_of_view"]) == 2
    assert "z = 50 µm" in fragment.planes[2].description


def test_several_frames_of_a_slice_in_a_row(tmp_path):
    frames = pages(12)
    slow = VOLUMES | {"SI.hStackManager.framesPerSlice": 4, "SI.hStackManager.numFramesPerVolumeWithFlyback": 3}
    fragment = read(write(tmp_path / "m.tif", frames, slow))
    assert len(fragment.movies) == 3
    for z, movie in enumerate(fragment.movies):
        assert np.array_equal(movie.data[...], in_standard_order(frames[4 * z : 4 * z + 4]))
        assert movie.timing == Timing(20.0, pytest.approx(z * 0.2))


def test_files_of_one_recording_continue_each_other(tmp_path):
    frames = pages(6)
    write(tmp_path / "m_00002.tif", frames[4:])
    write(tmp_path / "m_00001.tif", frames[:4])
    (movie,) = read(tmp_path).movies
    assert np.array_equal(movie.data[...], in_standard_order(frames))


def test_a_recording_shorter_than_a_volume(tmp_path):
    with pytest.raises(InvalidValueError, match="stopped before the first volume was complete"):
        read(write(tmp_path / "m.tif", pages(3), VOLUMES))


# ---- several regions


def test_each_region_is_a_movie(tmp_path):
    frames = pages(4, rows=5 + 2 + 9)
    artist = regions(field((4, 3), (-8, 1), (COLUMNS, 5)), field((5, 6), (8, 0), (COLUMNS, 9)))
    fragment = read(write(tmp_path / "m.tif", frames, {"SI.hRoiManager.mroiEnable": "true"}, artist))
    first, second = fragment.movies
    assert np.array_equal(first.data[...], in_standard_order(frames[:, :5]))
    assert np.array_equal(second.data[...], in_standard_order(frames[:, 7:]))
    assert np.array_equal(second.data[1, 4:9, ::-2], in_standard_order(frames[:, 7:])[1, 4:9, ::-2])
    assert np.array_equal(second.data[:, [3, 1], 2], in_standard_order(frames[:, 7:])[:, [3, 1], 2])
    assert [plane.name for plane in fragment.planes] == ["ImagingPlane0", "ImagingPlane1"]
    assert fragment.planes[0].grid_spacing == pytest.approx((3e-6, 9e-6))
    # the centre of the first pixel: the left and upper edge, and half a pixel
    assert fragment.planes[0].origin_coords == pytest.approx((-10 * 15e-6 + 1.5e-6, -0.5 * 15e-6 + 4.5e-6))


@pytest.mark.parametrize("shapes", [[(COLUMNS, 5), (10, 5)], [(COLUMNS, 10), (COLUMNS, 10)]])
def test_regions_that_cannot_be_told_apart(tmp_path, shapes):
    artist = regions(*(field(shape=shape) for shape in shapes))
    path = write(tmp_path / "m.tif", pages(2), {"SI.hRoiManager.mroiEnable": "true"}, artist)
    with pytest.raises(InvalidValueError, match="cannot be told apart"):
        read(path)


def test_regions_are_not_linked(tmp_path):
    artist = regions(field(shape=(COLUMNS, 6)), field(shape=(COLUMNS, 6)))
    path = write(tmp_path / "m.tif", pages(2), {"SI.hRoiManager.mroiEnable": "true"}, artist)
    with pytest.raises(InvalidValueError, match="cannot be linked"):
        read(path, link=True)


# ---- headers

OLD = {
    "state.software.version": 3.8,
    "state.acq.frameRate": 4,
    "state.acq.zoomFactor": 2,
    "state.acq.msPerLine": 2,
    "state.acq.numberOfZSlices": 1,
    "state.acq.savingChannel1": 1,
    "state.acq.savingChannel2": 1,
    "state.internal.triggerTimeFirstString": "'5/6/2024 14:30:15.250'",
}


def old(path, frames, **settings):
    text = "\r".join(f"{name}={value}" for name, value in (OLD | settings).items())
    tifffile.imwrite(path, frames, photometric="minisblack", description=text, metadata=None)
    return path


def test_version_3(tmp_path):
    frames = pages(6)
    fragment = read(old(tmp_path / "m.tif", frames))
    assert [movie.name for movie in fragment.movies] == ["TwoPhotonSeriesChannel1", "TwoPhotonSeriesChannel2"]
    assert np.array_equal(fragment.movies[1].data[...], in_standard_order(frames[1::2]))
    assert fragment.movies[0].timing == Timing(4.0)
    assert fragment.movies[0].options["scan_line_rate"] == 500
    assert fragment.metadata["session_start_time"].replace(tzinfo=None).isoformat() == "2024-05-06T14:30:15.250000"


def test_version_5_0_writes_the_settings_into_the_description(tmp_path):
    text = "Frame Timestamp(s) = 0.5\nscanimage.SI.hChannels.channelSave = [1;2]\nscanimage.SI.hRoiManager.scanFrameRate = 30\n"
    path = tmp_path / "m.tif"
    tifffile.imwrite(path, pages(1), photometric="minisblack", description=text, metadata=None)
    assert can_open(path)
    with open_tiff(path) as tiff:
        header = Header(tiff)
    assert header.channels == [1, 2]
    assert header.number("SI.hRoiManager.scanFrameRate") == 30


@pytest.mark.parametrize("value", ["[1 2", "@(x)x+1", "{", "zeros(1,0)", "__import__('os')", ""])
def test_values_that_nobody_foresaw(tmp_path, value):
    fragment = read(write(tmp_path / "m.tif", pages(2), {"SI.hPmts.gains": value, "SI.hRoiManager.scanZoomFactor": value}, "{"))
    assert fragment.movies[0].data.shape == (2, COLUMNS, ROWS)
    assert fragment.movies[0].options["field_of_view"] is None


def test_what_is_recognised(tmp_path):
    assert recognise(write(tmp_path / "m.tif", pages(1))).name == "scanimage"
    tifffile.imwrite(tmp_path / "other.tif", pages(1), photometric="minisblack")
    assert not can_open(tmp_path / "other.tif")
    (tmp_path / "bad.tif").write_bytes(b"II*\0")
    assert not can_open(tmp_path / "bad.tif")
    assert not can_open(tmp_path / "none.tif")
