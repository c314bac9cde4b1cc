"""Commands over stores of Zarr: by the name of the path, as over files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import photonwb


def facts(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def store(photonwb_command, session_file, tmp_path):
    facts(photonwb_command("convert", session_file, "session.nwb.zarr", "--json"))
    return tmp_path / "session.nwb.zarr"


def movie(path):
    with photonwb.open(path) as nwbfile:
        return nwbfile.acquisition["TwoPhotonSeries"].data[:]


def test_convert_there_and_back(photonwb_command, store, session_file, tmp_path):
    found = facts(photonwb_command("convert", store, "back.nwb", "--json"))
    assert found["nwb_version"] == "2.11.0"
    np.testing.assert_array_equal(movie(store), movie(session_file))
    np.testing.assert_array_equal(movie(tmp_path / "back.nwb"), movie(session_file))
    assert photonwb.validate(store).errors == photonwb.validate(tmp_path / "back.nwb").errors == []


def test_repack(photonwb_command, store, session_file, tmp_path):
    found = facts(photonwb_command("repack", session_file, "a.nwb.zarr", "--compression", "none", "--json"))
    assert found["bytes"] > movie(session_file).nbytes
    found = facts(photonwb_command("repack", "a.nwb.zarr", "b.nwb.zarr", "--compression", "small", "--frames", 5, "--json"))
    assert found["bytes"] < found["source_bytes"]
    for name in ("a.nwb.zarr", "b.nwb.zarr"):
        np.testing.assert_array_equal(movie(tmp_path / name), movie(session_file))
    with photonwb.open(tmp_path / "b.nwb.zarr") as nwbfile:
        assert nwbfile.acquisition["TwoPhotonSeries"].data.chunks[0] == 5


def test_what_is_told_of_a_store_is_what_is_told_of_the_file(photonwb_command, store, session_file):
    for command in ("info", "tree", "validate", "doctor"):
        ours, theirs = photonwb_command(command, store, "--json"), photonwb_command(command, session_file, "--json")
        assert ours.returncode == theirs.returncode
        if command == "info":
            ours, theirs = facts(ours), facts(theirs)
            assert ours.pop("bytes") == sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
            theirs.pop("bytes")
            assert ours.pop("file") == str(store)
            theirs.pop("file")
            assert ours == theirs
        elif command == "doctor":
            stored = facts(ours)["movies"][0]["storage"]
            assert stored["compression"] == "blosc"
            files = (store / "acquisition/TwoPhotonSeries/data/c").rglob("*")
            assert stored["stored_bytes"] == sum(path.stat().st_size for path in files if path.is_file())


def test_stores_in_a_folder_are_validated(photonwb_command, store, tmp_path):
    assert photonwb_command("validate", tmp_path).returncode == 0
    (store / "identifier" / "zarr.json").write_text("{}")
    root = json.loads((store / "zarr.json").read_text())
    del root["consolidated_metadata"]["metadata"]["identifier"]
    (store / "zarr.json").write_text(json.dumps(root))
    done = photonwb_command("validate", tmp_path)
    assert done.returncode == 1
    assert "identifier" in done.stdout


def test_what_is_there_is_replaced_only_when_that_is_asked_for(photonwb_command, store, session_file, tmp_path):
    done = photonwb_command("convert", session_file, "session.nwb.zarr")
    assert (done.returncode, "--overwrite" in done.stderr) == (4, True)
    assert photonwb_command("convert", session_file, "session.nwb.zarr", "--overwrite").returncode == 0
    done = photonwb_command("repack", store, "session.nwb.zarr", "--overwrite")
    assert (done.returncode, "the file that is read" in done.stderr) == (4, True)
    (tmp_path / "work.zarr").mkdir()
    (tmp_path / "work.zarr" / "thesis.txt").touch()
    done = photonwb_command("convert", session_file, "work.zarr", "--overwrite")
    assert (done.returncode, "something else" in done.stderr) == (4, True)
    assert (tmp_path / "work.zarr" / "thesis.txt").exists()
    assert not list(tmp_path.glob(".*"))


def test_mending_and_storing_are_refused_with_the_way_out(photonwb_command, store):
    done = photonwb_command("recover", store)
    assert (done.returncode, "export" in done.stderr) == (3, True)
    done = photonwb_command("project", store, "--store")
    assert done.returncode != 0
    assert "photonwb.export" in done.stderr


def test_a_mended_copy_may_be_a_store(photonwb_command, store, tmp_path):
    done = photonwb_command("doctor", store, "--fix", "-o", "mended.nwb.zarr", "--json")
    assert facts(done)["mended"]["file"] == "mended.nwb.zarr"
    np.testing.assert_array_equal(movie(tmp_path / "mended.nwb.zarr"), movie(store))
