"""NWB files at addresses, as users open them."""

from __future__ import annotations

import io
import json
import pickle
from datetime import UTC, datetime

import fsspec
import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb.cli import main
from photonwb.errors import ClosedFileError, InvalidValueError, StorageError
from photonwb.image import ImageSeries
from photonwb.io.repacking import repack_file
from photonwb.ophys import TwoPhotonSeries
from photonwb.simulation import as_nwbfile, simulate
from web import serving


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("session") / "session.nwb"
    nwbfile = as_nwbfile(simulate(frames=30, width=48, height=40, cells=3))
    photonwb.write(nwbfile, path)
    return path


@pytest.fixture(scope="module")
def server(path):
    with serving() as server:
        server.files["/session.nwb"] = path.read_bytes()
        yield server


@pytest.fixture
def address(server):
    return server.url("/session.nwb")


def frames_of(nwbfile):
    return nwbfile.acquisition["TwoPhotonSeries"].data


def test_the_ways_to_open(address, path):
    with photonwb.open(path) as nwbfile:
        expected = frames_of(nwbfile)[:]
    fsspec.filesystem("memory").pipe_file("/session.nwb", path.read_bytes())
    for place in (address, "memory://session.nwb", path.as_uri(), fsspec.open(address), io.BytesIO(path.read_bytes())):
        with photonwb.open(place) as nwbfile:
            assert (frames_of(nwbfile)[:] == expected).all()
    with photonwb.NWBHDF5IO(address) as opened:
        assert (opened.source, opened.mode) == (address, "r")
        assert (frames_of(opened.read())[3] == expected[3]).all()
    with fsspec.open(address) as file, photonwb.NWBHDF5IO(file=file, mode="r") as opened:
        assert (frames_of(opened.read())[3] == expected[3]).all()
    nwbfile = photonwb.read_nwb(address)
    assert (frames_of(nwbfile)[3] == expected[3]).all()
    nwbfile.close()
    with pytest.raises(ClosedFileError, match="closed"):
        frames_of(nwbfile)[3]


def test_an_h5py_file_over_a_file_object_stays_possible(address):
    with fsspec.open(address) as file, h5py.File(file) as opened, photonwb.NWBHDF5IO(file=opened, mode="r") as nwb:
        assert frames_of(nwb.read()).shape == (30, 48, 40)


def test_options_are_handed_on(server, address):
    server.forget()
    with photonwb.open(address, storage_options={"headers": {"X-Who": "me"}}):
        assert server.headers[0]["x-who"] == "me"


@pytest.mark.parametrize("mode", ["r+", "a", "w", "w-"])
def test_nothing_is_written_to_an_address(address, mode):
    with pytest.raises(StorageError, match="read only"):
        photonwb.NWBHDF5IO(address, mode)


def test_a_driver_of_hdf5_reads_an_address_by_itself(server, address):
    server.forget()
    with pytest.raises(StorageError, match=r"session\.nwb: cannot be opened"):
        photonwb.NWBHDF5IO(address, "r", driver="ros3", storage_options={})
    assert server.requests == []


def test_copies_of_arrays_read_on(address):
    with photonwb.open(address) as nwbfile:
        expected = frames_of(nwbfile)[4]
        copied = pickle.loads(pickle.dumps(frames_of(nwbfile)))
    assert (copied[4] == expected).all()
    copied.source.store.close()


def test_what_was_read_is_written_elsewhere(address, path, tmp_path):
    photonwb.export(address, tmp_path / "whole.nwb")
    photonwb.export(address, tmp_path / "part.nwb", include=["/acquisition"])
    repack_file(address, tmp_path / "repacked.nwb", compression="small")
    with photonwb.open(path) as nwbfile:
        expected = frames_of(nwbfile)[:]
    for name in ("whole", "part", "repacked"):
        with pynwb.NWBHDF5IO(tmp_path / f"{name}.nwb", "r") as opened:
            assert (frames_of(opened.read())[:] == expected).all()


def test_nothing_links_to_an_address(address, tmp_path, monkeypatch):
    with photonwb.open(address) as nwbfile:
        plane = nwbfile.acquisition["TwoPhotonSeries"].imaging_plane
        other = photonwb.NWBFile("other", "other", nwbfile.session_start_time)
        other.add_acquisition(TwoPhotonSeries("linking", plane, np.zeros((2, 3, 4), "u2"), "n.a.", rate=1.0))
        with pytest.raises(InvalidValueError, match="not on this machine"):
            photonwb.write(other, tmp_path / "other.nwb")
    monkeypatch.setattr("photonwb.io.exporting.LEAST_TO_LINK", 0)
    with pytest.raises(InvalidValueError, match="not on this machine"):
        photonwb.export(address, tmp_path / "other.nwb", data="link")
    assert not (tmp_path / "other.nwb").exists()


def test_movies_beside_an_address_are_not_looked_for_here(tmp_path, server):
    nwbfile = photonwb.NWBFile("a", "b", datetime(2026, 1, 1, tzinfo=UTC))
    nwbfile.add_acquisition(ImageSeries("movie", external_file=["movie.tif"], rate=1.0, num_samples=3))
    photonwb.write(nwbfile, tmp_path / "external.nwb")
    server.files["/external.nwb"] = (tmp_path / "external.nwb").read_bytes()
    with photonwb.open(server.url("/external.nwb")) as nwbfile, pytest.raises(InvalidValueError, match="download both"):
        nwbfile.acquisition["movie"].frames  # noqa: B018 - a property that opens the movie


def test_commands_take_addresses(address, path, tmp_path, capsys):
    assert main(["info", address, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["file"] == address
    assert facts["bytes"] == path.stat().st_size
    assert facts["movies"][0]["shape"] == [30, 48, 40]
    assert main(["tree", address]) == 0
    assert "TwoPhotonSeries" in capsys.readouterr().out
    assert main(["validate", address]) == 0
    assert main(["traces", address, "-o", str(tmp_path / "traces.csv")]) == 0
    assert (tmp_path / "traces.csv").read_text().count("\n") == 31
    assert main(["repack", address, str(tmp_path / "repacked.nwb")]) == 0
    assert photonwb.validate(tmp_path / "repacked.nwb").errors == []


def test_commands_say_what_an_address_is_not_good_for(address, server, capsys):
    assert main(["info", server.url("/none.nwb")]) == 3
    assert "no such file (404" in capsys.readouterr().err
    assert main(["recover", address, "-o", "unused.nwb"]) == 3
    assert "download it first" in capsys.readouterr().err
    assert main(["traces", address, "--store"]) == 3
    assert "read only" in capsys.readouterr().err


def test_validating_an_address(address, server):
    assert photonwb.validate(address).errors == []
    server.files["/cut.nwb"] = server.files["/session.nwb"][:-500]
    findings = photonwb.validate(server.url("/cut.nwb"))
    assert [finding.code for finding in findings] == ["unreadable"]
    with pytest.raises(FileNotFoundError):
        photonwb.validate(server.url("/none.nwb"))
