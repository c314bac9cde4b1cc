"""Reading: lazily, one object for one stored object, and one bad object never hides the others."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb import NWBHDF5IO, NWBFile, TimeSeries
from photonwb.device import Device
from photonwb.errors import ClosedFileError, PhotonwbError, StorageError, UnreadableObjectError
from photonwb.ophys import ImagingPlane, OpticalChannel, TwoPhotonSeries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    nwbfile = NWBFile("reading", "reading", datetime(2024, 1, 1, tzinfo=UTC))
    device = nwbfile.add_device(Device("scope"))
    plane = ImagingPlane("plane", OpticalChannel("green", "d", 510.0), "d", device, 920.0, "GCaMP", "VISp")
    nwbfile.add_imaging_plane(plane)
    for number in range(50):
        nwbfile.add_acquisition(
            TwoPhotonSeries(f"movie{number}", plane, np.full((3, 4, 5), number, np.uint16), unit="n.a.", rate=30.0)
        )
    photonwb.write(nwbfile, tmp_path / "read.nwb")
    return tmp_path / "read.nwb"


def counting(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the objects of the file that are opened, by path."""
    from photonwb.storage.hdf5 import HDF5Store

    opened: Counter[str] = Counter()
    original = HDF5Store.object_id

    def object_id(self: HDF5Store, path: str) -> Any:
        opened[path] += 1
        return original(self, path)

    monkeypatch.setattr(HDF5Store, "object_id", object_id)
    return opened


def test_opening_touches_the_root_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = counting(monkeypatch)
    with photonwb.open(path):
        assert set(opened) == {"/"}


def test_one_object_does_not_touch_its_neighbours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = counting(monkeypatch)
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition["movie7"].data[0, 0, 0] == 7
        touched = [place for place in opened if place.startswith("/acquisition/movie")]
    assert {place.split("/")[2] for place in touched} == {"movie7"}


def test_one_stored_object_is_one_object(path: Path) -> None:
    with photonwb.open(path) as nwbfile:
        plane = nwbfile.acquisition["movie0"].imaging_plane
        assert plane is nwbfile.acquisition["movie1"].imaging_plane
        assert plane is nwbfile.imaging_planes["plane"]
        assert plane.device is nwbfile.devices["scope"]
        assert plane.parent is nwbfile
        assert plane.optical_channel[0].parent is plane


def test_a_closed_file_says_so(path: Path) -> None:
    with photonwb.open(path) as nwbfile:
        data = nwbfile.acquisition["movie3"].data
    with pytest.raises(ClosedFileError, match=r"read\.nwb"):
        data[0]
    with pytest.raises(ClosedFileError, match=r"read\.nwb"):
        _ = nwbfile.acquisition["movie4"].rate


def test_objects_of_a_closed_file_can_be_shown(path: Path) -> None:
    with photonwb.open(path) as nwbfile:
        movie = nwbfile.acquisition["movie3"]
        planes = nwbfile.imaging_planes
        assert movie.rate == 30
    assert "rate: 30.0" in repr(movie)
    for item in (nwbfile, movie, planes):
        assert "the file was closed" in repr(item)


def test_a_damaged_object_does_not_block_the_others(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["acquisition/movie1/imaging_plane"]
        file["acquisition/movie1/imaging_plane"] = h5py.SoftLink("/general/optophysiology/lost")
        del file["acquisition/movie2"].attrs["neurodata_type"]
        file["acquisition/movie3"].attrs["neurodata_type"] = "NoSuchType"
        del file["acquisition/movie4/starting_time"].attrs["rate"]
        file["acquisition/movie4/starting_time"].attrs["rate"] = "fast"
    with photonwb.open(path) as nwbfile:
        assert nwbfile.acquisition["movie0"].rate == 30
        with pytest.raises(KeyError, match="lost") as error:
            _ = nwbfile.acquisition["movie1"].imaging_plane
        assert any("/acquisition/movie1" in note for note in error.value.__notes__)
        assert nwbfile.acquisition["movie1"].rate == 30
        assert "movie2" not in nwbfile.acquisition
        assert nwbfile.acquisition["movie3"].neurodata_type == "NoSuchType"
        with pytest.raises(UnreadableObjectError, match="movie4"):
            _ = nwbfile.acquisition["movie4"].rate
        assert "rate: cannot be read: " in repr(nwbfile.acquisition["movie4"])
        assert len(nwbfile.acquisition) == 49


def test_what_is_no_nwb_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(UnreadableObjectError, match="not an NWB file"):
        photonwb.open(tmp_path / "plain.h5")
    (tmp_path / "text.nwb").write_text("hello")
    with pytest.raises(StorageError, match=r"text\.nwb"):
        photonwb.open(tmp_path / "text.nwb")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.nwb"):
        photonwb.open(tmp_path / "nowhere.nwb")


def test_every_error_is_ours(path: Path) -> None:
    with photonwb.open(path) as nwbfile, pytest.raises(PhotonwbError):
        nwbfile.acquisition["nothing"]


def test_the_facade_knows_the_file(path: Path) -> None:
    with NWBHDF5IO(path, "r") as io:
        nwbfile = io.read()
        assert io.nwb_version == ("2.11.0", (2, 11, 0))
        assert io.mode == "r"
        assert nwbfile.get_read_io() is io
        assert nwbfile.read_io is io
        assert nwbfile.container_source == str(path)
        assert nwbfile.acquisition["movie0"].container_source == str(path)
        assert io.read() is nwbfile
    assert NWBHDF5IO.can_read(str(path))
    assert not NWBHDF5IO.can_read(str(path.with_name("nothing.nwb")))
    with h5py.File(path) as file:
        assert photonwb.get_nwbfile_version(file) == ("2.11.0", (2, 11, 0))
        with NWBHDF5IO(file=file, mode="r") as io:
            assert io.read().identifier == "reading"
        assert file.id.valid


def test_objects_by_their_identity(path: Path) -> None:
    with photonwb.open(path) as nwbfile:
        objects = nwbfile.objects
        assert objects[nwbfile.acquisition["movie5"].object_id] is nwbfile.acquisition["movie5"]
        assert len(objects) == 1 + 1 + 1 + 1 + 50


def test_data_link_of_a_read_series(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    first = TimeSeries("first", [1.0, 2.0], "V", timestamps=[0.0, 1.0])
    nwbfile.add_acquisition(first)
    nwbfile.add_acquisition(TimeSeries("second", first, "V", timestamps=first))
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    with photonwb.open(tmp_path / "a.nwb") as stored:
        second = stored.acquisition["second"]
        assert second.fields["data"] is stored.acquisition["first"]
        assert second.data[:].tolist() == [1.0, 2.0]
        assert stored.acquisition["first"].data_link == {second}
        assert stored.acquisition["first"].timestamp_link == {second}
