"""Folders of the UCLA Miniscope, made up here in the form that its program writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.importers import recognise
from photonwb.importers.base import Timing
from photonwb.importers.miniscope import can_open, read
from photonwb.movies import video, write_video

SETTINGS = {
    "ROI": {"height": 32, "leftEdge": 0, "topEdge": 0, "width": 48},
    "compression": "FFV1",
    "deviceName": "Miniscope",
    "deviceType": "Miniscope_V4_BNO",
    "ewl": -5,
    "frameRate": "20FPS",
    "framesPerFile": 6,
    "gain": "High",
    "led0": 12,
}
SESSION = {
    "animalName": "m7",
    "researcherName": "A. Nyone",
    "recordingStartTime": {"year": 2024, "month": 5, "day": 6, "hour": 14, "minute": 30, "second": 15, "msec": 250},
}


def moving_spot(frames, start=0):
    movie = np.full((frames, 48, 32), 100, np.uint16)
    for number in range(frames):
        movie[number, 4 * (number + start) : 4 * (number + start) + 4, 25:29] = 3000
    return movie


@pytest.fixture
def session(tmp_path):
    """A session with a Miniscope and a camera that watches the animal; videos without content."""
    for name, settings in (("Miniscope", SETTINGS), ("BehavCam", {"deviceType": "WebCam", "deviceName": "BehavCam"})):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "metaData.json").write_text(json.dumps(settings))
        times(folder, [-32 + 50 * number for number in range(11)])
        for number in (0, 1):
            (folder / f"{number}.avi").write_bytes(b"RIFF")
    (tmp_path / "metaData.json").write_text(json.dumps(SESSION))
    return tmp_path


def times(folder, milliseconds):
    rows = "".join(f"{number},{time},{number % 3}\n" for number, time in enumerate(milliseconds))
    (folder / "timeStamps.csv").write_text("Frame Number,Time Stamp (ms),Buffer Index\n" + rows)


@pytest.fixture
def recorded(session):
    """The same with videos of eleven frames."""
    pytest.importorskip("av", reason="no codec for videos is installed")
    pytest.importorskip("imageio", reason="no codec for videos is installed")
    write_video(session / "Miniscope" / "0.avi", moving_spot(6), 20, codec="ffv1", overwrite=True)
    write_video(session / "Miniscope" / "1.avi", moving_spot(5, 6), 20, codec="ffv1", overwrite=True)
    return session


@pytest.fixture
def no_codec(monkeypatch):
    monkeypatch.setattr(video, "find_spec", lambda name: None)


def test_frames_are_read_where_there_is_a_codec(recorded):
    fragment = read(recorded)
    (movie,), (plane,) = fragment.movies, fragment.planes
    assert (movie.name, movie.kind, movie.plane) == ("OnePhotonSeries", "OnePhotonSeries", plane.name)
    assert movie.data.shape == (11, 48, 32)
    for number in (0, 5, 6, 10):
        assert movie.data[number][4 * number + 1, 27] > 200
        assert movie.data[number].argmax() // 32 in range(4 * number, 4 * number + 4)
    assert movie.timing == Timing(20.0, -0.032)


def test_a_recording_that_broke_off(recorded):
    times(recorded / "Miniscope", [50 * number for number in range(14)])
    fragment = read(recorded / "Miniscope")
    assert len(fragment.movies[0].data) == 11
    assert any("times of 3 frames were left out" in note for note in fragment.notes)
    times(recorded / "Miniscope", [50 * number for number in range(9)])
    with pytest.raises(InvalidValueError, match="there are 11 frames, and times of 9 only"):
        read(recorded)


def test_a_link_where_it_is_wanted(recorded):
    (movie,) = read(recorded, link=True).movies
    assert movie.data is None
    assert movie.options["external_file"] == tuple(str(recorded / "Miniscope" / f"{number}.avi") for number in (0, 1))
    assert movie.options["starting_frame"] == [0, 6]
    assert movie.options["num_samples"] == 11
    assert movie.options["dimension"] == [48, 32]


def test_a_link_where_there_is_no_codec(session, no_codec):
    times(session / "Miniscope", [0, 50, 100, 300, 350, 400, 450, 500, 550, 600, 650])
    fragment = read(session)
    (movie,) = fragment.movies
    assert movie.data is None
    assert movie.options["external_file"] == tuple(str(session / "Miniscope" / f"{number}.avi") for number in (0, 1))
    assert movie.options["starting_frame"] == [0, 6]
    assert movie.options["num_samples"] == 11
    assert movie.options["dimension"] == [48, 32]
    assert movie.timing.timestamps[3] == 0.3
    assert any("no codec" in note for note in fragment.notes)


def test_what_the_settings_say(session, no_codec):
    fragment = read(session)
    (instrument,) = fragment.instruments
    assert (instrument.name, instrument.model) == ("Miniscope", "Miniscope_V4_BNO")
    assert fragment.planes[0].description == "Recorded with LED 12, gain High, electro-wetting lens -5, frame rate 20FPS."
    assert fragment.metadata["subject"] == {"subject_id": "m7"}
    assert fragment.metadata["experimenter"] == "A. Nyone"
    start = fragment.metadata["session_start_time"]
    assert start.replace(tzinfo=None).isoformat() == "2024-05-06T14:30:15.250000"
    assert any("without a time zone" in note for note in fragment.notes)


def test_a_start_with_its_time_zone(session, no_codec):
    (session / "metaData.json").write_text(json.dumps({"recordingStartTime": {"msecSinceEpoch": 1715005815250}}))
    fragment = read(session)
    assert fragment.metadata["session_start_time"].isoformat() == "2024-05-06T14:30:15.250000+00:00"
    assert not any("time zone" in note for note in fragment.notes)


def test_two_miniscopes(session, no_codec):
    second = session / "Second"
    second.mkdir()
    for file in (session / "Miniscope").iterdir():
        (second / file.name).write_bytes(file.read_bytes())
    fragment = read(session)
    assert [movie.name for movie in fragment.movies] == ["OnePhotonSeries0", "OnePhotonSeries1"]


def test_videos_whose_lengths_nobody_knows(session, no_codec):
    (session / "Miniscope" / "metaData.json").write_text(json.dumps(SETTINGS | {"framesPerFile": 0}))
    with pytest.raises(InvalidValueError, match="framesPerFile"):
        read(session)


@pytest.mark.parametrize(
    "text", ["", "Frame,When\n0,1\n", "Frame Number,Time Stamp (ms)\n0,never\n", "Frame Number,Time Stamp (ms)\n0\n"]
)
def test_times_that_cannot_be_read(session, no_codec, text):
    (session / "Miniscope" / "timeStamps.csv").write_text(text)
    with pytest.raises(DamagedFileError, match=r"timeStamps\.csv"):
        read(session)


def test_no_videos(session, no_codec):
    for file in (session / "Miniscope").glob("*.avi"):
        file.unlink()
    with pytest.raises(MissingFileError, match="there are no videos"):
        read(session)


def test_what_is_recognised(session, tmp_path):
    assert recognise(session).name == "miniscope"
    assert can_open(session / "Miniscope")
    assert not can_open(session / "BehavCam")
    assert not can_open(session / "none")
    (session / "Miniscope" / "metaData.json").write_text("not JSON")
    assert not can_open(session)
    with pytest.raises(MissingFileError, match="expected a folder of the UCLA Miniscope"):
        read(session)
