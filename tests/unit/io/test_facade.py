"""`NWBHDF5IO`: what it says of files, and how it takes them."""

from __future__ import annotations

import io as streams
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb import NWBHDF5IO, H5DataIO, NWBFile, TimeSeries
from photonwb.arrays.codecs import Pipeline
from photonwb.errors import InvalidValueError, StorageError
from photonwb.image import ImageSeries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a series."""
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("series", data=[1.0, 2.0], unit="V", rate=1.0))
    photonwb.write(nwbfile, tmp_path / "session.nwb")
    return tmp_path / "session.nwb"


def session() -> NWBFile:
    return NWBFile("facade", "facade", datetime(2024, 1, 1, tzinfo=UTC))


def test_the_version_is_told_once_there_is_one(tmp_path: Path) -> None:
    with NWBHDF5IO(tmp_path / "new.nwb", "w") as io:
        assert io.nwb_version == (None, None)
        io.write(session())
        assert io.nwb_version == ("2.11.0", (2, 11, 0))


@pytest.mark.parametrize(("version", "message"), [(None, "does not say its version"), ("1.0.6", "is of version 1.0.6")])
def test_files_that_cannot_be_read(path: Path, version: str | None, message: str) -> None:
    assert NWBHDF5IO.can_read(str(path))
    with h5py.File(path, "r+") as file:
        del file.attrs["nwb_version"]
        if version is not None:
            file.attrs["nwb_version"] = version
    with pytest.warns(UserWarning, match=message):
        assert not NWBHDF5IO.can_read(str(path))
    path.write_bytes(b"something else")
    assert not NWBHDF5IO.can_read(str(path))


@pytest.mark.parametrize("mode", ["w", "w-", "x"])
def test_names_that_archives_do_not_take(tmp_path: Path, mode: str) -> None:
    with pytest.warns(UserWarning, match=r"end in \.nwb"):
        NWBHDF5IO(tmp_path / "session.h5", mode)


def test_an_open_file_has_a_place(path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(path.parent)
    with h5py.File(path.name) as file:
        assert NWBHDF5IO(file=file).read().container_source == str(path)


def test_an_object_knows_the_file_that_it_lies_in(path: Path) -> None:
    links = path.with_name("links.nwb")
    with photonwb.open(path) as nwbfile:
        linking = session()
        linking.add_acquisition(nwbfile.acquisition["series"])
        photonwb.write(linking, links)
    with photonwb.open(links) as nwbfile:
        assert nwbfile.container_source == str(links)
        assert nwbfile.acquisition["series"].container_source == str(path)


def test_a_copy_of_what_was_read_is_a_file_of_its_own(path: Path) -> None:
    with NWBHDF5IO(path, "r+") as io:
        nwbfile = io.read()
        nwbfile.add_trial(1.0, 2.0)
        nwbfile.create_time_intervals("more")
        io.write(nwbfile)
    with photonwb.open(path) as nwbfile:
        assert sorted(nwbfile.intervals) == ["more", "trials"]
        copied = nwbfile.copy()
        photonwb.write(copied, path.with_name("copy.nwb"))
    with photonwb.open(path.with_name("copy.nwb")) as nwbfile:
        assert sorted(nwbfile.intervals) == ["more", "trials"]
        assert nwbfile.trials is not None
        assert nwbfile.trials["start_time"][0] == 1.0


def test_names_of_old_models_of_devices_are_not_taken_for_paths(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        device = file.create_group("general/devices/probe")
        device.attrs.update({"neurodata_type": "Device", "namespace": "core", "model": "A/B", "description": "d"})
    before = path.read_bytes()
    io = NWBHDF5IO(path, "r+")
    nwbfile = io.read()
    model = nwbfile.devices["probe"].model
    assert (model.name, model.description, model.manufacturer) == ("A/B", "d", "")
    nwbfile.add_device_model(model)
    with pytest.raises(InvalidValueError, match="DeviceModel 'A/B': its name"):
        io.write(nwbfile)
    io.discard()
    assert path.read_bytes() == before


def test_a_session_goes_into_an_open_file() -> None:
    memory = streams.BytesIO()
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("series", data=[1.0, 2.0], unit="V", rate=1.0))
    with h5py.File(memory, "w") as file:
        with NWBHDF5IO(file=file, mode="w") as io:
            io.write(nwbfile)
            nwbfile.add_acquisition(TimeSeries("other", data=[3.0], unit="V", rate=1.0))
            io.write(nwbfile)
        assert list(file["acquisition"]) == ["other", "series"]
    with h5py.File(memory, "r") as file:
        assert NWBHDF5IO(file=file).read().acquisition["series"].data[:].tolist() == [1.0, 2.0]


def test_an_open_file_that_holds_something_is_not_replaced(path: Path) -> None:
    with h5py.File(path, "r+") as file, pytest.raises(StorageError, match="holds something already"):
        NWBHDF5IO(file=file, mode="w").write(session())
    assert list(photonwb.open(path).acquisition) == ["series"]


def test_values_assigned_to_an_array_stay_without_a_write(path: Path) -> None:
    with NWBHDF5IO(path, "r+") as io:
        data: Any = io.read().acquisition["series"].data
        data[0] = 7.0
        data.attrs["unit"] = "mV"
    with photonwb.open(path) as nwbfile:
        assert len(nwbfile.file_create_date) == 2
        series = nwbfile.acquisition["series"]
        data = series.data
        assert (data[:].tolist(), series.unit, data.attrs["conversion"]) == ([7.0, 2.0], "mV", 1.0)


@pytest.mark.parametrize("is_loaded", [True, False])
@pytest.mark.parametrize("opened", [photonwb.open, lambda path, mode: NWBHDF5IO(path, mode).read()])
def test_assigning_is_a_change_like_any_other(opened: Any, is_loaded: bool, path: Path) -> None:
    with opened(path, "r+") as nwbfile:
        series = nwbfile.acquisition["series"]
        assert not is_loaded or series.unit == "V"
        series.data.attrs["unit"] = "mV"
        series.data.attrs["extra"] = 1
        assert series.unit == "mV"
        assert [(change.path, change.what) for change in nwbfile.diff()] == [
            ("/acquisition/series", "data"),
            ("/acquisition/series", "unit"),
        ]
    with photonwb.open(path, "r+") as nwbfile:
        assert len(nwbfile.file_create_date) == 2
        series = nwbfile.acquisition["series"]
        series.unit = "kV"
        del series.data.attrs["extra"]
        series.data.attrs["unit"] = "uV"  # said last
    with photonwb.open(path) as nwbfile:
        assert len(nwbfile.file_create_date) == 3
        assert nwbfile.acquisition["series"].unit == "uV"
        assert "extra" not in nwbfile.acquisition["series"].data.attrs


def test_values_assigned_before_an_error_are_forgotten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), NWBHDF5IO(path, "r+") as io:
        data: Any = io.read().acquisition["series"].data
        data[0] = 7.0
        _ = 1 / 0
    assert path.read_bytes() == before


def test_a_wrapper_without_data_is_filled_by_its_dataset(path: Path) -> None:
    nwbfile = session()
    empty = H5DataIO(shape=(0, 3), dtype=np.dtype("float64"), maxshape=(None, 3), chunks=(2, 3))
    nwbfile.add_acquisition(TimeSeries("series", data=empty, unit="V", rate=1.0))
    with NWBHDF5IO(path, "w") as io:
        io.write(nwbfile)
        assert (empty.dataset.shape, empty.dataset.maxshape, empty.dataset.chunks) == ((0, 3), (None, 3), (2, 3))
        empty.dataset.resize((4, 3))
        empty.dataset[1:3] = 5.0
    assert photonwb.open(path).acquisition["series"].data[:, 0].tolist() == [0.0, 5.0, 5.0, 0.0]


def test_the_source_is_an_absolute_path(path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(path.parent)
    with NWBHDF5IO(path.name) as io:
        assert io.source == str(path)


@pytest.mark.parametrize("asked", [1, 2, None])
def test_an_argument_bounds_the_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int | None) -> None:
    monkeypatch.setenv("PHOTONWB_THREADS", "6")
    seen: dict[str, set[int]] = {"encode": set(), "decode": set()}
    for name, original in (("encode", Pipeline.encode), ("decode", Pipeline.decode)):

        def note(*arguments: Any, name: str = name, original: Any = original) -> Any:
            seen[name].add(threading.get_ident())
            time.sleep(0.002)
            return original(*arguments)

        monkeypatch.setattr(Pipeline, name, note)
    nwbfile = session()
    movie = np.arange(60 * 256 * 256, dtype="u2").reshape(60, 256, 256)
    nwbfile.add_acquisition(ImageSeries("movie", data=movie, unit="n.a.", rate=1.0))
    with NWBHDF5IO(tmp_path / "movie.nwb", "w", threads=asked) as io:
        io.write(nwbfile)
    with photonwb.open(tmp_path / "movie.nwb", threads=asked) as opened:
        data = opened.acquisition["movie"].data
        assert np.array_equal(data[:], movie)
        assert np.array_equal(np.concatenate([block for _, block in data.blocks()]), movie)
    most = asked or 6
    assert min(most, 2) <= len(seen["encode"]) <= most
    # Who asks takes part in reading, and blocks are asked for by another thread.
    assert min(most, 2) <= len(seen["decode"]) <= most + (most > 1)


@pytest.mark.parametrize("nonsense", [0, -2, "two"])
def test_threads_that_are_no_number(path: Path, nonsense: Any) -> None:
    before = path.read_bytes()
    with pytest.raises(InvalidValueError, match="threads: expected a number from 1 on"):
        photonwb.open(path, threads=nonsense)
    with pytest.raises(InvalidValueError, match="threads: expected a number from 1 on"):
        photonwb.write(session(), path, threads=nonsense)
    assert path.read_bytes() == before
