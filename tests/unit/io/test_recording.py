"""Recording: what is appended is in the file at each commit point, and others may read it meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb import NWBFile, TimeSeries
from photonwb.errors import (
    ClosedFileError,
    ExistingFileError,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
    RecordingBehindError,
    StorageError,
)
from photonwb.io.growing import Tail
from photonwb.storage.journal import journal_of
from photonwb.validation import Severity
from sessions import SHAPE, frame, record_step, recorded_steps, session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.nwb"


def steps_in(path: Path) -> int:
    with photonwb.open(path) as nwbfile:
        return recorded_steps(nwbfile)


def assert_valid(path: Path) -> None:
    findings = [one for one in photonwb.validate(path) if one.severity >= Severity.ERROR]
    assert [str(one) for one in findings if one.code != "check_subject_exists"] == []
    assert pynwb.validate(path=str(path)) == []


def test_what_is_appended_is_there(path: Path) -> None:
    with photonwb.record(path, session()) as recording:
        for number in range(11):
            record_step(recording, number)
    assert steps_in(path) == 11
    assert not journal_of(path).exists()
    assert_valid(path)
    with h5py.File(path) as file:
        movie = file["acquisition/movie/data"]
        assert movie.maxshape == (None, *SHAPE)
        assert movie.compression == "gzip"
        assert file["acquisition/wheel/timestamps"].chunks


def test_the_file_is_valid_and_read_by_others_at_each_commit_point(path: Path) -> None:
    with photonwb.record(path, session(), every_seconds=None) as recording:
        for number in range(9):
            record_step(recording, number)
            if number % 3:
                continue
            assert steps_in(path) == max(0, number - 2)
            assert recording.commit()
            assert steps_in(path) == number + 1
            with pynwb.NWBHDF5IO(str(path), "r") as io:
                read = io.read()
                assert np.array_equal(read.acquisition["movie"].data[-1], frame(number))
                assert len(read.trials) == number + 1
            assert_valid(path)


def test_a_reader_keeps_what_it_opened(path: Path) -> None:
    with photonwb.record(path, session(), every_seconds=None) as recording:
        record_step(recording, 0)
        recording.commit()
        with photonwb.open(path) as reader, pynwb.NWBHDF5IO(str(path), "r") as io:
            other = io.read()
            for number in range(1, 30):
                record_step(recording, number)
                assert not recording.commit(patience=0)
            assert recorded_steps(reader) == 1
            assert other.acquisition["movie"].data.shape[0] == 1
            assert steps_in(path) == 1
        assert recording.commit()
        assert steps_in(path) == 30
    assert steps_in(path) == 30


def test_a_reader_that_stays_is_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photonwb.io.recording.PATIENCE_AT_END", 0.0)
    recording = photonwb.record(path, session())
    reader = h5py.File(path, "r")
    record_step(recording, 0)
    with pytest.warns(UserWarning, match="journal beside it"):
        recording.close()
    assert steps_in(path) == 1  # read through the journal, since the file cannot be touched
    reader.close()
    with pytest.warns(UserWarning, match="holds what was committed"):
        assert steps_in(path) == 1
    assert not journal_of(path).exists()


def test_a_file_that_may_not_be_written_is_read_through_its_journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photonwb.io.recording.PATIENCE_AT_END", 0.0)
    recording = photonwb.record(path, session())
    with h5py.File(path, "r"):
        record_step(recording, 0)
        with pytest.warns(UserWarning, match="journal beside it"):
            recording.close()
    original = os.open

    def denied(name: Any, flags: int, *more: Any) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return original(name, flags, *more)

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        assert steps_in(path) == 1
    assert path.read_bytes() == before
    assert journal_of(path).exists()


@pytest.mark.parametrize("limit", [{"every_seconds": 0.02}, {"every_seconds": None, "every_bytes": 400}])
def test_commit_points_come_by_themselves(path: Path, limit: dict[str, Any]) -> None:
    with photonwb.record(path, session(), **limit) as recording:
        record_step(recording, 0)
        record_step(recording, 1)
        until = time.monotonic() + 10
        while steps_in(path) == 0:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_several_samples_at_once_and_any_memory(path: Path) -> None:
    buffer = np.empty((5, *SHAPE), "uint16")
    with photonwb.record(path, session(timestamps=False)) as recording:
        for start in range(0, 50, 5):
            buffer[:] = [frame(number) for number in range(start, start + 5)]
            recording.append("movie", buffer)
            buffer[:] = 0
        recording.append("/acquisition/wheel", [1, 2, 3])
    with photonwb.open(path) as nwbfile:
        assert np.array_equal(nwbfile.acquisition["movie"].data[...], [frame(number) for number in range(50)])
        assert list(nwbfile.acquisition["wheel"].data) == [1, 2, 3]


def test_an_existing_file_is_added_to(path: Path) -> None:
    with photonwb.record(path, session()) as recording:
        for number in range(6):
            record_step(recording, number)
    with photonwb.record(path) as recording:
        assert len(recording.nwbfile.acquisition["movie"].data) == 6
        for number in range(6, 13):
            record_step(recording, number)
    with photonwb.record(path):
        pass  # nothing is added
    assert steps_in(path) == 13
    assert_valid(path)
    with photonwb.open(path) as nwbfile:
        assert len(nwbfile.file_create_date) == 2


def test_a_file_of_pynwb_is_added_to(path: Path) -> None:
    nwbfile = pynwb.NWBFile("made by pynwb", "session-1", session().session_start_time)
    nwbfile.add_acquisition(pynwb.TimeSeries(name="wheel", data=np.arange(10.0), unit="m", rate=10.0))
    nwbfile.add_trial_column("licks", "times of licks", index=True)
    nwbfile.add_trial(start_time=0.0, stop_time=1.0, licks=[0.5] * 250)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwbfile)
    with photonwb.record(path) as recording:
        recording.append("wheel", np.arange(10.0, 12.0))
        recording.append_row("trials", start_time=1.0, stop_time=2.0, licks=[1.5] * 10)
    assert_valid(path)
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        read = io.read()
        assert np.array_equal(read.acquisition["wheel"].data, np.arange(12.0))
        assert list(read.trials["licks"][1]) == [1.5] * 10
        assert read.trials["licks"].target.name == "licks"


def test_objects_are_found_by_themselves_and_by_name(path: Path) -> None:
    nwbfile = session(timestamps=False)
    module = nwbfile.create_processing_module("behavior", "more")
    module.add(TimeSeries(name="wheel", data=np.empty((0, 2)), unit="m", rate=1.0))
    with photonwb.record(path, nwbfile) as recording:
        recording.append(nwbfile.acquisition["wheel"], 1.0)
        recording.append(module["wheel"], [2.0, 3.0])
        recording.append(recording.nwbfile.processing["behavior"]["wheel"], [[4.0, 5.0], [6.0, 7.0]])
        recording.append_rows(nwbfile.trials, start_time=[0, 1], stop_time=[1, 2], side=["a", "b"], licks=[[], [1.0]])
        with pytest.raises(InvalidValueError, match="several objects"):
            recording.append("wheel", 1.0)
        with pytest.raises(NotFoundError, match="no TimeSeries 'whee'"):
            recording.append("whee", 1.0)
        with pytest.raises(InvalidValueError, match="no part of this file"):
            recording.append(TimeSeries(name="other", data=[1.0], unit="m", rate=1.0), 1.0)
    with photonwb.open(path) as read:
        assert read.processing["behavior"]["wheel"].data.shape == (3, 2)
        assert list(read.acquisition["wheel"].data) == [1.0]
        assert list(read.trials["licks"][1]) == [1.0]


@pytest.mark.parametrize(
    ("arguments", "more", "error", "message"),
    [
        (("movie", np.zeros((3, 3), "uint16")), {}, InvalidValueError, r"movie.*shape \(12, 10\)"),
        (("movie", np.zeros(SHAPE) + 0.5), {}, InvalidValueError, "fractions"),
        (("movie", np.full(SHAPE, "x")), {}, InvalidTypeError, "expected uint16"),
        (("movie", frame(0)), {"timestamps": 1.0}, InvalidValueError, "has none of its own"),
        (("wheel", 1.0), {}, InvalidValueError, "one for each of the 1 samples"),
        (("wheel", [1.0, 2.0]), {"timestamps": [1.0]}, InvalidValueError, "for each of the 2 samples"),
    ],
)
def test_what_does_not_fit_is_refused_and_harmless(
    path: Path, arguments: Any, more: dict[str, Any], error: type[Exception], message: str
) -> None:
    with photonwb.record(path, session()) as recording:
        record_step(recording, 0)
        with pytest.raises(error, match=message):
            recording.append(*arguments, **more)
        record_step(recording, 1)
    assert steps_in(path) == 2


def test_rows_that_do_not_fit_are_refused_as_a_whole(path: Path) -> None:
    row: dict[str, Any] = {"start_time": 0.0, "stop_time": 1.0, "side": "left", "licks": []}
    with photonwb.record(path, session()) as recording:
        for number in range(3):
            record_step(recording, number)
        for wrong, error in (
            ({"licks": 1.0}, InvalidTypeError),
            ({"licks": ["text"]}, InvalidTypeError),
            ({"start_time": "text"}, InvalidTypeError),
            ({"side": 1}, InvalidTypeError),
            ({"other": 1}, InvalidValueError),
        ):
            with pytest.raises(error):
                recording.append_row("trials", **{**row, **wrong})
        with pytest.raises(InvalidValueError, match="got"):
            recording.append_rows("trials", **{name: [value] * (1 + (name == "side")) for name, value in row.items()})
        record_step(recording, 3)
    assert steps_in(path) == 4


def test_pixel_masks_and_regions(path: Path) -> None:
    from photonwb.ophys import ImageSegmentation

    nwbfile = session()
    segmentation = ImageSegmentation()
    nwbfile.create_processing_module("ophys", "masks").add(segmentation)
    plane = segmentation.create_plane_segmentation("cells", nwbfile.imaging_planes["plane"], "planes")
    plane.add_roi(pixel_mask=[(1, 2, 1.0), (3, 4, 0.5)])
    fresh = segmentation.create_plane_segmentation("no cells yet", nwbfile.imaging_planes["plane"], "fresh")
    fresh.add_column("voxel_mask", "voxels", index=True)
    with photonwb.record(path, nwbfile) as recording:
        recording.append_row("fresh", voxel_mask=[(1, 2, 3, 0.5)])
        recording.append_row("planes", pixel_mask=[(5, 6, 1.0)])
        recording.append_row(plane, pixel_mask=[])
        recording.append_row(plane, pixel_mask=np.array([(7, 8, 1.0)] * 300, [("x", "u4"), ("y", "u4"), ("weight", "f4")]))
    with photonwb.open(path) as read:
        masks = read.processing["ophys"]["ImageSegmentation"]["planes"]["pixel_mask"]
        assert [tuple(pixel) for pixel in masks[1]] == [(5, 6, 1.0)]
        assert [len(mask) for mask in masks[:]] == [2, 1, 0, 300]
        voxels = read.processing["ophys"]["ImageSegmentation"]["fresh"]["voxel_mask"][0]
        assert voxels.dtype.names == ("x", "y", "z", "weight")
    assert_valid(path)


def test_series_that_share_timestamps(path: Path) -> None:
    nwbfile = session()
    wheel: Any = nwbfile.acquisition["wheel"]
    nwbfile.add_acquisition(TimeSeries(name="lick", data=np.empty(0, "uint8"), unit="n.a.", timestamps=wheel))
    with photonwb.record(path, nwbfile) as recording:
        recording.append("wheel", [1.0, 2.0], timestamps=[0.1, 0.2])
        recording.append("lick", [0, 1])
    with photonwb.open(path) as read:
        assert list(read.acquisition["lick"].get_timestamps()) == [0.1, 0.2]
        assert list(read.acquisition["lick"].data) == [0, 1]


def test_modes(path: Path) -> None:
    with pytest.raises(InvalidValueError, match="needs an nwbfile"):
        photonwb.record(path, mode="w")
    with pytest.raises(InvalidValueError, match="expected mode"):
        photonwb.record(path, session(), mode="r")
    with pytest.raises(StorageError):
        photonwb.record(path)
    photonwb.record(path, session()).close()
    with pytest.raises(ExistingFileError, match="mode='w'"):
        photonwb.record(path, session())
    nwbfile = session()
    with photonwb.record(path, nwbfile, mode="a") as recording:
        recording.append(nwbfile.acquisition["movie"], frame(0))
    with photonwb.open(path) as read:
        assert len(read.acquisition["movie"].data) == 1
    photonwb.record(path, nwbfile, mode="w").close()
    assert steps_in(path) == 0


def test_other_writers_are_refused(path: Path) -> None:
    with photonwb.record(path, session()):
        with pytest.raises(StorageError, match="open elsewhere"):
            photonwb.record(path)
        with pytest.raises(StorageError, match="open elsewhere"):
            photonwb.open(path, "r+")
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, "a")


def test_after_the_end_nothing_is_taken(path: Path) -> None:
    recording = photonwb.record(path, session())
    record_step(recording, 0)
    recording.close()
    recording.close()
    with pytest.raises(ClosedFileError):
        recording.append("movie", frame(1))
    assert "closed" in repr(recording)


def test_what_came_before_an_error_is_kept(path: Path) -> None:
    def fail() -> None:
        with photonwb.record(path, session()) as recording:
            record_step(recording, 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert steps_in(path) == 1


def test_a_recording_that_nobody_closes_ends_with_the_program(path: Path) -> None:
    photonwb.record(path, session()).close()
    code = """
import sys, photonwb
sys.path[:0] = sys.argv[2:]
from sessions import record_step
recording = photonwb.record(sys.argv[1])
for number in range(9):
    record_step(recording, number)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path), *sys.path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert steps_in(path) == 9


class SlowDisk:
    """Writing stops until it is let go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.goes_on = threading.Event()
        original = Tail.write

        def write(tail: Tail, **options: Any) -> None:
            self.goes_on.wait(30)
            original(tail, **options)

        patch.setattr(Tail, "write", write)


def test_memory_is_bounded_by_waiting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SlowDisk(monkeypatch)
    taken: list[int] = []
    with photonwb.record(path, session(), most_waiting=10 * frame(0).nbytes) as recording:

        def append() -> None:
            for number in range(40):
                recording.append("movie", frame(number))
                taken.append(number)

        thread = threading.Thread(target=append)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert len(taken) <= 10
        disk.goes_on.set()
        thread.join()
    with photonwb.open(path) as nwbfile:
        assert len(nwbfile.acquisition["movie"].data) == 40


def test_or_by_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SlowDisk(monkeypatch)
    with photonwb.record(path, session(), most_waiting=10 * frame(0).nbytes, when_full="raise") as recording:
        for number in range(10):
            recording.append("movie", frame(number))
        with pytest.raises(RecordingBehindError, match="wait to be written"):
            recording.append("movie", frame(10))
        disk.goes_on.set()
    with photonwb.open(path) as nwbfile:
        assert len(nwbfile.acquisition["movie"].data) == 10


def test_a_full_disk_stops_the_recording_at_the_last_commit_point(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = photonwb.record(path, session(), every_seconds=None)
    record_step(recording, 0)
    recording.commit()
    record_step(recording, 1)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StorageError, match="No space left on device"):
            recording.commit()
    with pytest.raises(StorageError, match="has stopped"):
        record_step(recording, 2)
    with pytest.raises(StorageError, match="has stopped"):
        recording.close()
    assert steps_in(path) == 1


def test_many_threads_append(path: Path) -> None:
    nwbfile = session(timestamps=False)
    for number in range(4):
        nwbfile.add_acquisition(TimeSeries(name=f"signal {number}", data=np.empty((0, 3), "int32"), unit="V", rate=10.0))

    def append(recording: Any, number: int) -> None:
        for sample in range(200):
            recording.append(f"signal {number}", np.full(3, sample))

    with photonwb.record(path, nwbfile, every_seconds=0.01) as recording:
        threads = [threading.Thread(target=append, args=(recording, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with photonwb.open(path) as read:
        for number in range(4):
            assert np.array_equal(read.acquisition[f"signal {number}"].data[:, 0], np.arange(200))


def test_data_in_one_piece_are_made_anew_block_by_block(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["photonwb.arrays.incoming"], "BLOCK", 80)
    nwbfile: NWBFile = session()
    data = np.arange(100.0)
    nwbfile.add_acquisition(TimeSeries(name="done", data=data, unit="V", rate=1.0))
    nwbfile.add_acquisition(TimeSeries(name="shared", data=nwbfile.acquisition["done"], unit="V", rate=1.0))
    with photonwb.record(path, nwbfile) as recording:
        recording.append("done", recording.nwbfile.acquisition["done"].data[:0])  # which takes the time before it matters
        recording.append("done", 1.0)
        with pytest.raises(InvalidValueError, match="append to that series"):
            recording.append("shared", 1.0)
        record_step(recording, 0)
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition["done"].data[:].tolist() == [*data, 1.0]
        assert len(nwbfile.acquisition["shared"].data) == 101
    assert steps_in(path) == 1
