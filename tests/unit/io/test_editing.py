"""Changing a file in place: what was changed is what is written, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb import NWBHDF5IO, NWBFile, TimeSeries
from photonwb.device import Device
from photonwb.errors import PhotonwbError
from photonwb.ophys import ImageSegmentation, ImagingPlane, OpticalChannel, TwoPhotonSeries

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    nwbfile = NWBFile("editing", "editing", datetime(2024, 1, 1, tzinfo=UTC), session_id="one")
    device = nwbfile.add_device(Device("scope", description="old"))
    plane = ImagingPlane("plane", OpticalChannel("green", "d", 510.0), "d", device, 920.0, "GCaMP", "VISp")
    nwbfile.add_imaging_plane(plane)
    nwbfile.add_acquisition(TwoPhotonSeries("movie", plane, np.ones((3, 4, 5), np.uint16), unit="n.a.", rate=30.0))
    nwbfile.add_acquisition(TimeSeries("series", np.arange(4.0), "V", rate=1.0))
    segmentation = ImageSegmentation()
    nwbfile.create_processing_module("ophys", "d").add(segmentation)
    rois = segmentation.create_plane_segmentation(name="rois", description="d", imaging_plane=plane)
    for roi in range(3):
        rois.add_roi(pixel_mask=[(roi, roi, 1.0)] * (roi + 1))
    nwbfile.add_trial(start_time=0.0, stop_time=1.0)
    photonwb.write(nwbfile, tmp_path / "edit.nwb")
    with h5py.File(tmp_path / "edit.nwb", "r+") as file:
        file["acquisition/series"].attrs["leftover"] = "of another tool"
        file["unknown"] = [1, 2, 3]
    return tmp_path / "edit.nwb"


def check(path: Path) -> None:
    """Others can read the file, find nothing wrong with it, and unknown things are still there."""
    with pynwb.NWBHDF5IO(path, "r") as io:
        io.read()
    assert list(pynwb.validate(path=str(path))) == []
    with h5py.File(path) as file:
        assert file["acquisition/series"].attrs["leftover"] == "of another tool"
        assert file["unknown"][:].tolist() == [1, 2, 3]


def test_fields_are_set_changed_and_cleared(path: Path) -> None:
    with NWBHDF5IO(path, "r+") as io:
        nwbfile = io.read()
        nwbfile.lab = "the lab"
        nwbfile.session_id = "two"
        nwbfile.devices["scope"].description = None
        nwbfile.acquisition["series"].comments = "changed"
        nwbfile.acquisition["series"].rate = 2
        nwbfile.imaging_planes["plane"].origin_coords = [1.0, 2.0]
        io.write(nwbfile)
    check(path)
    with photonwb.open(path) as nwbfile:
        assert nwbfile.lab == "the lab"
        assert nwbfile.session_id == "two"
        assert nwbfile.devices["scope"].description is None
        assert nwbfile.acquisition["series"].comments == "changed"
        assert nwbfile.acquisition["series"].rate == 2
        assert list(nwbfile.imaging_planes["plane"].origin_coords[:]) == [1.0, 2.0]


def test_objects_are_added_anywhere(path: Path) -> None:
    with NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        plane = nwbfile.imaging_planes["plane"]
        nwbfile.add_acquisition(TwoPhotonSeries("second", plane, np.zeros((2, 4, 5)), unit="n.a.", rate=30.0))
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        from photonwb.ophys import Fluorescence

        fluorescence = Fluorescence()
        nwbfile.processing["ophys"].add(fluorescence)
        fluorescence.create_roi_response_series(
            name="raw", data=np.zeros((5, 3)), rois=rois.create_roi_table_region("all"), unit="a.u.", rate=1.0
        )
        io.write(nwbfile)
    check(path)
    with photonwb.open(path) as nwbfile:
        raw = nwbfile.processing["ophys"]["Fluorescence"]["raw"]
        assert raw.rois.table is nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        assert nwbfile.acquisition["second"].imaging_plane is nwbfile.imaging_planes["plane"]


def test_objects_are_taken_out(path: Path) -> None:
    with NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        nwbfile.acquisition.pop("movie")
        io.write(nwbfile)
    check(path)
    with photonwb.open(path) as nwbfile:
        assert list(nwbfile.acquisition) == ["series"]


def test_rows_and_columns_are_added(path: Path) -> None:
    with NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        rois.add_column("quality", "how good", [0.1, 0.2, 0.3])
        rois.add_roi(pixel_mask=[(9, 9, 0.5)] * 300, quality=0.4)
        nwbfile.add_trial(start_time=1.0, stop_time=2.0)
        io.write(nwbfile)
    check(path)
    with photonwb.open(path) as nwbfile:
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        assert len(rois) == 4
        assert len(rois["pixel_mask"][3]) == 300
        assert list(rois["quality"][:]) == [0.1, 0.2, 0.3, 0.4]
        assert rois["pixel_mask"][1].tolist() == [(1, 1, 1.0), (1, 1, 1.0)]
        assert nwbfile.trials["stop_time"][:].tolist() == [1.0, 2.0]


def test_a_column_that_is_empty_takes_any_values(path: Path) -> None:
    """Of an empty column the type in the file says nothing about what it is for; pynwb makes numbers of it."""
    with pynwb.NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        empty = [pynwb.core.VectorData(name=name, description="d", data=np.zeros(0)) for name in ("words", "counts")]
        nwbfile.add_acquisition(pynwb.core.DynamicTable(name="notes", description="d", columns=empty))
        io.write(nwbfile)
    with photonwb.open(path, "r+") as nwbfile:
        nwbfile.acquisition["notes"].add_row(words="a", counts=1)
        nwbfile.acquisition["notes"].add_row(words="longer", counts=2)
    check(path)
    with pynwb.NWBHDF5IO(path, "r") as io:
        notes = io.read().acquisition["notes"]
        assert list(notes["words"][:]) == ["a", "longer"]
        assert list(notes["counts"][:]) == [1, 2]


def test_data_are_replaced_and_extended(path: Path) -> None:
    with NWBHDF5IO(path, "r+") as io:
        nwbfile = io.read()
        nwbfile.acquisition["series"].data = np.arange(6.0)
        nwbfile.acquisition["movie"].data = np.zeros((2, 3, 3), np.uint8)
        io.write(nwbfile)
    check(path)
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition["series"].data[:].tolist() == list(range(6))
        assert nwbfile.acquisition["series"].unit == "V"
        assert nwbfile.acquisition["movie"].data.shape == (2, 3, 3)


def test_an_object_takes_the_place_of_another(path: Path) -> None:
    with NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        del nwbfile.acquisition["series"]
        nwbfile.add_acquisition(TimeSeries("series", ["a", "b"], "text", timestamps=[0.0, 1.0]))
        io.write(nwbfile)
    with photonwb.open(path) as nwbfile:
        assert list(nwbfile.acquisition["series"].data[:]) == ["a", "b"]


def test_export_of_what_was_not_changed_is_the_same_file(path: Path, tmp_path: Path) -> None:
    with NWBHDF5IO(path, "r") as source, NWBHDF5IO(tmp_path / "copy.nwb", "w") as target:
        target.export(source)
    check(tmp_path / "copy.nwb")


def test_export_with_changes_leaves_the_source_alone(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    with NWBHDF5IO(path, "r") as source, NWBHDF5IO(tmp_path / "copy.nwb", "w") as target:
        nwbfile = source.read()
        nwbfile.acquisition.pop("movie")
        nwbfile.lab = "another"
        target.export(source, nwbfile)
    assert path.read_bytes() == before
    check(tmp_path / "copy.nwb")
    with photonwb.open(tmp_path / "copy.nwb") as copy:
        assert copy.lab == "another"
        assert list(copy.acquisition) == ["series"]


def test_leaving_the_block_commits(path: Path) -> None:
    with photonwb.open(path, "r+") as nwbfile:
        dates = list(nwbfile.file_create_date)
        nwbfile.lab = "the lab"
    check(path)
    with photonwb.open(path) as nwbfile:
        assert nwbfile.lab == "the lab"
        assert nwbfile.file_create_date[:-1] == dates
        assert len(nwbfile.file_create_date) == len(dates) + 1


def test_an_error_in_the_block_leaves_the_file_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="stop"), photonwb.open(path, "r+") as nwbfile:
        nwbfile.lab = "the lab"
        raise RuntimeError("stop")
    assert path.read_bytes() == before


def test_looking_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with photonwb.open(path, "r+") as nwbfile:
        assert nwbfile.acquisition["series"].data[:].tolist() == [0, 1, 2, 3]
        str(nwbfile)
    assert path.read_bytes() == before


def test_what_would_make_the_file_unreadable_is_refused(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ValueError, match="is not part of the file"), photonwb.open(path, "r+") as nwbfile:
        nwbfile.imaging_planes["plane"].device = Device("lost")
    assert path.read_bytes() == before


def test_forgotten_changes_are_told(path: Path) -> None:
    with pytest.warns(UserWarning, match="changes were not written"), NWBHDF5IO(path, "r+") as io:
        io.read().lab = "the lab"


def test_a_second_writer_is_refused(path: Path) -> None:
    with photonwb.open(path, "r+"), pytest.raises(OSError, match="open elsewhere"):
        photonwb.open(path, "r+")


def test_a_file_that_cannot_be_opened_for_changes_is_left_alone(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"GCOL", b"gcol"))  # no text can be read
    before = path.read_bytes()
    with pytest.raises(PhotonwbError):
        photonwb.open(path, "r+")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_interrupted_change_is_rolled_back_at_the_next_open(path: Path) -> None:
    import multiprocessing

    before = path.read_bytes()
    process = multiprocessing.get_context("spawn").Process(target=change_and_die, args=(str(path),))
    process.start()
    process.join()
    assert process.exitcode == 9
    with pytest.warns(UserWarning, match="was interrupted"):
        photonwb.open(path).close()
    assert path.read_bytes() == before


def change_and_die(path: str) -> None:
    import os

    from photonwb.storage.journaled_file import JournaledFile

    JournaledFile.commit = lambda *_: os._exit(9)  # type: ignore[method-assign]
    with photonwb.open(path, "r+") as nwbfile:
        nwbfile.add_acquisition(TimeSeries("new", np.arange(100000.0), "V", rate=1.0))
