"""What can be saved of broken files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb import TimeSeries
from photonwb.errors import ExistingFileError, StorageError
from photonwb.ophys import ImageSegmentation
from photonwb.storage.journal import journal_of
from photonwb.storage.journaled_file import JournaledFile
from photonwb.validation import Severity
from sessions import frame, record_step, recorded_steps, session

STEPS = 400


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a movie, a signal, a table, a segmentation, and a trace at its end."""
    path = tmp_path_factory.mktemp("good") / "session.nwb"
    nwbfile = session()
    segmentation = ImageSegmentation()
    nwbfile.create_processing_module("ophys", "masks").add(segmentation)
    plane = segmentation.create_plane_segmentation("cells", nwbfile.imaging_planes["plane"], "planes")
    for number in range(6):
        plane.add_roi(pixel_mask=[(number, pixel, 1.0) for pixel in range(number + 1)])
    with photonwb.record(path, nwbfile) as recording:
        for number in range(STEPS):
            record_step(recording, number)
    with photonwb.NWBHDF5IO(path, "r+") as io:
        read = io.read()
        noise = np.random.default_rng(1).normal(size=50000)
        read.add_acquisition(TimeSeries(name="noise", data=noise, unit="V", rate=100.0))
        io.write(read)
    return path


@pytest.fixture
def path(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(good, tmp_path))


def saved(path: Path) -> tuple[photonwb.recovery.Report, Path]:
    """Recover a file, and make sure that it was left alone and that the result is sound."""
    before = path.read_bytes()
    report = photonwb.recover(path)
    assert path.read_bytes() == before
    output = path.with_name("session.recovered.nwb")
    assert report.output == str(output)
    findings = [str(one) for one in photonwb.validate(output) if one.severity >= Severity.ERROR]
    assert [text for text in findings if "check_subject_exists" not in text] == []
    assert pynwb.validate(path=str(output)) == []
    return report, output


def losses(report: photonwb.recovery.Report) -> set[str]:
    return report.lost_paths()


def test_nothing_is_lost_of_a_good_file(path: Path) -> None:
    report, output = saved(path)
    assert report.is_complete
    assert "nothing is lost" in str(report)
    with photonwb.open(path) as old, photonwb.open(output) as new:
        assert recorded_steps(new) == STEPS
        assert np.array_equal(new.acquisition["noise"].data[...], old.acquisition["noise"].data[...])
        masks = new.processing["ophys"]["ImageSegmentation"]["planes"]["pixel_mask"]
        assert [len(mask) for mask in masks[:]] == [1, 2, 3, 4, 5, 6]
        assert new.acquisition["movie"].imaging_plane is new.imaging_planes["plane"]
        assert new.object_id == old.object_id
    with h5py.File(output) as file:
        assert file["acquisition/movie/data"].chunks == (4, 12, 10)
        assert file.attrs[".specloc"]


@pytest.mark.parametrize("missing", [1, 3000, 100_000, 250_000])
def test_a_file_that_is_cut_short(path: Path, missing: int) -> None:
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - missing)
    with pytest.raises(StorageError, match="truncated"):
        photonwb.open(path)
    report, _ = saved(path)
    assert not report.is_complete
    assert "cut short" in str(report)
    assert f"the last {missing} bytes" in str(report)
    with photonwb.open(path.with_name("session.recovered.nwb")) as nwbfile:
        assert recorded_steps(nwbfile) > 0
        if missing == 100_000:
            assert {"/acquisition/noise", "/acquisition/noise/data"} & losses(report)


def test_series_in_one_piece_end_where_the_file_does(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        signal = file["acquisition"].create_group("signal")
        signal.attrs.update(
            {"namespace": "core", "neurodata_type": "TimeSeries", "object_id": "2f3c", "comments": "", "description": ""}
        )
        signal.create_dataset("timestamps", data=np.arange(30000.0) / 10).attrs.update({"unit": "seconds", "interval": 1})
        data = signal.create_dataset("data", (30000,), "f8")
        data.attrs["unit"] = "V"
        file.flush()
        data[:] = np.arange(30000.0)
        offset = data.id.get_offset()
    with path.open("rb+") as stream:
        stream.truncate(offset + 8 * 1000 + 3)
    report, output = saved(path)
    assert losses(report) == {"/", "/acquisition/signal/data", "/acquisition/signal/timestamps"}
    with photonwb.open(output) as read:
        signal = read.acquisition["signal"]
        assert np.array_equal(signal.data[...], np.arange(1000.0))
        assert np.array_equal(signal.timestamps[...], np.arange(1000.0) / 10)


def test_a_file_of_pynwb_cut_anywhere(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.nwb", tmp_path / "session.nwb"
    nwbfile = pynwb.NWBFile("made by pynwb", "session-1", session().session_start_time)
    for number in range(5):
        series = pynwb.TimeSeries(name=f"signal {number}", data=np.arange(2000.0), unit="V", rate=10.0)
        nwbfile.add_acquisition(series)
    with pynwb.NWBHDF5IO(str(whole), "w") as io:
        io.write(nwbfile)
    content = whole.read_bytes()
    found: list[int] = []
    for length in range(len(content) - 1, 2000, -len(content) // 60):
        path.write_bytes(content[:length])
        output = tmp_path / f"{length}.nwb"
        try:
            photonwb.recover(path, output)
        except StorageError:
            assert not output.exists()
            continue
        with photonwb.open(output) as read:
            found.append(len(read.acquisition))
            for series in read.acquisition.values():
                assert np.array_equal(series.data[...], np.arange(float(len(series.data))))
    assert found[0] == 5
    assert len(found) > 10


@pytest.mark.parametrize("where", ["/", "acquisition/wheel"])
def test_attributes_that_are_lost_do_not_take_the_object_along(path: Path, where: str) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["nwb_version"] = "2.9.0"
        for number in range(30):  # what does not fit into a header goes on elsewhere
            file[where].attrs[f"note {number}"] = "x" * 100
        file.flush()
        length = path.stat().st_size
        file.create_dataset("later", data=np.zeros(10))
    with path.open("rb+") as stream:
        stream.truncate(length - 200)
    report = photonwb.recover(path)
    assert f"{where if where == '/' else '/' + where}: some of its attributes are not saved" in str(report)
    with h5py.File(report.output) as file:
        assert len(file["acquisition/wheel/data"]) == STEPS
        assert "note 29" not in file[where].attrs
        assert file.attrs["neurodata_type"] == "NWBFile"


def test_a_table_that_was_half_written(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        ids = file["processing/ophys/ImageSegmentation/planes/id"]
        ids.resize((8,))
        ids[6:] = [6, 7]
        index = file["processing/ophys/ImageSegmentation/planes/pixel_mask_index"]
        index.resize((7,))
        index[6] = 1000
    report, output = saved(path)
    assert losses(report) == {"/processing/ophys/ImageSegmentation/planes"}
    assert "cut to 6 rows: id, pixel_mask_index" in str(report)
    with photonwb.open(output) as nwbfile:
        planes = nwbfile.processing["ophys"]["ImageSegmentation"]["planes"]
        assert len(planes) == 6
        assert [len(mask) for mask in planes["pixel_mask"][:]] == [1, 2, 3, 4, 5, 6]


def test_the_half_written_row_of_pynwb(tmp_path: Path) -> None:
    """pynwb extends the identifiers first; a mask that it then refuses leaves them too long."""
    from pynwb.ophys import ImageSegmentation as Segmentation
    from pynwb.ophys import OpticalChannel

    path = tmp_path / "session.nwb"
    nwbfile = pynwb.NWBFile("made by pynwb", "session-1", session().session_start_time)
    channel = OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="layer 2/3",
        device=nwbfile.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
    )
    segmentation = Segmentation()
    nwbfile.create_processing_module("ophys", "masks").add(segmentation)
    planes = segmentation.create_plane_segmentation(name="planes", description="cells", imaging_plane=plane)
    planes.add_roi(pixel_mask=[(1, 2, 1.0), (3, 4, 0.5)])
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwbfile)
    with pynwb.NWBHDF5IO(str(path), "a") as io:
        table = io.read().processing["ophys"]["ImageSegmentation"]["planes"]
        with pytest.raises(ValueError, match="cannot extend"):
            table.add_roi(pixel_mask=[(5, 6, 1.0)])
    with h5py.File(path) as file:
        stored = file["processing/ophys/ImageSegmentation/planes"]
        assert (len(stored["id"]), len(stored["pixel_mask_index"])) == (2, 1)
    report, output = saved(path)
    assert losses(report) == {"/processing/ophys/ImageSegmentation/planes"}
    with photonwb.open(output) as read:
        masks = read.processing["ophys"]["ImageSegmentation"]["planes"]["pixel_mask"]
        assert [[tuple(pixel) for pixel in mask] for mask in masks[:]] == [[(1, 2, 1.0), (3, 4, 0.5)]]


def damage(path: Path, name: str) -> None:
    """Make an object unreadable: zeros where its header is."""
    with h5py.File(path) as file:
        address = h5py.h5o.get_info(file[name].id).addr
    with path.open("rb+") as stream:
        stream.seek(address)
        stream.write(bytes(64))


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("acquisition/noise", {"/acquisition/noise"}),
        ("intervals/trials/side", {"/intervals/trials/side"}),
        ("intervals/trials/licks", {"/intervals/trials/licks", "/intervals/trials/licks_index"}),
    ],
)
def test_an_object_that_cannot_be_read(path: Path, name: str, lost: set[str]) -> None:
    damage(path, name)
    report, output = saved(path)
    assert lost <= losses(report)
    with h5py.File(output) as file:
        assert name not in file
        assert len(file["acquisition/movie/data"]) == STEPS
        assert name.rpartition("/")[2] not in file["intervals/trials"].attrs["colnames"]


def test_what_led_to_a_lost_object_is_taken_away(path: Path) -> None:
    damage(path, "general/optophysiology/plane")
    report = photonwb.recover(path)
    text = str(report)
    assert "- /general/optophysiology/plane: not saved" in text
    assert "- /acquisition/movie/imaging_plane: a link is not saved: /general/optophysiology/plane is lost" in text
    with photonwb.open(report.output) as nwbfile:
        assert len(nwbfile.acquisition["movie"].data) == STEPS
        assert np.array_equal(nwbfile.acquisition["movie"].data[7], frame(7))


def test_specifications_that_are_lost_in_part(path: Path) -> None:
    with h5py.File(path) as file:
        version = next(iter(file["specifications/core"]))
    damage(path, f"specifications/core/{version}/nwb.ophys")
    report, _ = saved(path)
    assert "/specifications" in losses(report)


def test_a_chunk_that_cannot_be_read_does_not_take_the_others_along(path: Path) -> None:
    with h5py.File(path) as file:
        chunk = file["acquisition/movie/data"].id.get_chunk_info_by_coord((40, 0, 0))
    with path.open("rb+") as stream:
        stream.seek(chunk.byte_offset)
        stream.write(b"\xff" * chunk.size)
    report, output = saved(path)
    assert losses(report) == {"/acquisition/movie/data"}
    assert "rows 40 to 43" in str(report)
    with photonwb.open(output) as nwbfile:
        movie = nwbfile.acquisition["movie"].data[...]
    assert not movie[40:44].any()
    assert np.array_equal(np.delete(movie, range(40, 44), 0), [frame(n) for n in range(STEPS) if not 40 <= n < 44])


def test_a_series_whose_last_chunks_are_lost_ends_before_them(path: Path) -> None:
    with h5py.File(path) as file:
        times = file["acquisition/wheel/timestamps"]
        chunk = times.id.get_chunk_info(times.id.get_num_chunks() - 1)
        assert chunk.chunk_offset == (0,)
        for name in ("timestamps", "data"):
            assert file[f"acquisition/wheel/{name}"].shape == (STEPS,)
    with h5py.File(path, "r+") as file:
        del file["acquisition/wheel/timestamps"]
        values = np.arange(STEPS) / 100
        made: Any = file.create_dataset(
            "acquisition/wheel/timestamps", data=values, chunks=(50,), maxshape=(None,), compression=1
        )
        made.attrs.update({"unit": "seconds", "interval": 1})
        chunk = made.id.get_chunk_info_by_coord((350,))
    with path.open("rb+") as stream:
        stream.seek(chunk.byte_offset)
        stream.write(b"\xff" * chunk.size)
    report, output = saved(path)
    assert losses(report) == {"/acquisition/wheel/timestamps", "/acquisition/wheel/data"}
    with photonwb.open(output) as nwbfile:
        assert len(nwbfile.acquisition["wheel"].data) == len(nwbfile.acquisition["wheel"].timestamps) == 350


def test_a_sealed_change_counts_and_the_journal_stays(path: Path) -> None:
    file = JournaledFile(path, shared=True)
    with h5py.File(path, "r"):
        with h5py.File(file, "r+") as changed:
            del changed["session_description"]
            changed["session_description"] = "changed"
        file.commit()
        file.close()
    journal = journal_of(path).read_bytes()
    report, output = saved(path)
    assert report.is_complete
    assert journal_of(path).read_bytes() == journal
    with photonwb.open(output) as nwbfile:
        assert nwbfile.session_description == "changed"


def test_what_cannot_be_recovered_at_all(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    with pytest.raises(StorageError):
        photonwb.recover(path)
    path.write_bytes(b"this is no HDF5 file")
    with pytest.raises(StorageError):
        photonwb.recover(path)
    assert [each.name for each in tmp_path.iterdir()] == ["session.nwb"]


def test_an_output_that_exists_is_not_replaced(path: Path, tmp_path: Path) -> None:
    output = tmp_path / "output.nwb"
    report = photonwb.recover(path, output)
    assert report.output == str(output)
    assert repr(report) == f"<Report: {report.saved} objects saved, 0 problem(s)>"
    with pytest.raises(ExistingFileError):
        photonwb.recover(path, output)


@pytest.mark.parametrize("fraction", [0.4, 0.9, 0.999])
def test_members_that_lost_their_names_are_saved(fraction: float, tmp_path: Path) -> None:
    """Of a file that was written in one go, the names of the members lie at its end."""
    path = tmp_path / "session.nwb"
    frames = np.random.default_rng(2).integers(0, 4000, (300, 64, 64), "u2")
    nwbfile = pynwb.NWBFile("cut", "cut", session().session_start_time)
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=pynwb.ophys.OpticalChannel(name="green", description="d", emission_lambda=510.0),
        description="d",
        device=nwbfile.create_device("microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="VISp",
    )
    nwbfile.add_acquisition(pynwb.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=frames, unit="n.a.", rate=30.0))
    nwbfile.add_acquisition(pynwb.TimeSeries(name="wheel", data=np.arange(10.0), unit="m", rate=1.0))
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwbfile)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    report = photonwb.recover(path)
    with h5py.File(report.output) as file:
        saved_frames = file["acquisition/movie/data"][:]
    assert len(saved_frames) >= 0.8 * fraction * len(frames)
    assert np.array_equal(saved_frames, frames[: len(saved_frames)])


def test_names_that_nothing_tells_are_made_up(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    with h5py.File(path, "w") as file:
        group = file.create_group("acquisition")
        for number in range(30):
            group[f"a long name of series {number}"] = np.full(1000, float(number))
        file["end"] = np.zeros(10)
    content = path.read_bytes()
    path.write_bytes(content[: content.rfind(b"a long name of series 29") - 1000])
    report = photonwb.recover(path)
    assert "new names" in str(report)
    with h5py.File(report.output) as file:
        names = list(file["acquisition"])
        assert len(names) > 10
        assert names[:10] == [f"lost{number:03}" for number in range(1, 11)]
        first, second = (file["acquisition"][name] for name in names[:2])
        assert set(first) == {0.0}
        assert set(second) == {1.0}
