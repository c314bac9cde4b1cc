"""Arrays of others, read without trusting them."""

from __future__ import annotations

import os
import pickle
from pathlib import PureWindowsPath

import numpy as np
import pytest

from photonwb.errors import DamagedFileError, MissingFileError
from photonwb.importers.npy import load_npy


def test_numbers_stay_on_disk(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    found = load_npy(tmp_path / "a.npy")
    assert isinstance(found, np.memmap)
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_no_numbers_at_all(tmp_path):
    np.save(tmp_path / "a.npy", np.empty((0, 250), "f4"))
    assert load_npy(tmp_path / "a.npy").shape == (0, 250)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_dicts_and_lists(tmp_path, version):
    values = {"fs": np.float64(10), "lists": [np.arange(3), "text", None, True], "big": 2**70}
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, np.array(values, object), version)
    found = load_npy(tmp_path / "a.npy")
    assert found["fs"] == 10
    assert found["lists"][0].tolist() == [0, 1, 2]
    assert found["big"] == 2**70


def test_pickles_of_any_protocol(tmp_path):
    values = np.empty(2, object)
    values[:] = [{"ypix": np.arange(4)}, {"ypix": np.asfortranarray(np.ones((2, 3)))}]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with (tmp_path / "a.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (2,)})
            pickle.dump(values, file, protocol=protocol)
        assert load_npy(tmp_path / "a.npy")[1]["ypix"].tolist() == np.ones((2, 3)).tolist()


def test_paths_of_another_system_are_texts(tmp_path):
    np.save(tmp_path / "a.npy", np.array({"save_path": PureWindowsPath("C:/data/mouse")}, object))
    assert load_npy(tmp_path / "a.npy")["save_path"].replace("\\", "/").replace("//", "/") == "C:/data/mouse"


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm-was-done",)


def test_no_program_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "a.npy", np.array(Harmful(), object))
    with pytest.raises(DamagedFileError, match="mkdir"):
        load_npy(tmp_path / "a.npy")
    assert not (tmp_path / "harm-was-done").exists()


@pytest.mark.parametrize("content", [b"", b"no numpy", b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O'"])
def test_damaged_files(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"a\.npy"):
        load_npy(tmp_path / "a.npy")


def test_every_truncation_is_an_error(tmp_path):
    np.save(tmp_path / "whole.npy", np.array({"a": np.arange(20), "b": "text"}, object))
    whole = (tmp_path / "whole.npy").read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "a.npy").write_bytes(whole[:length])
        with pytest.raises(DamagedFileError):
            load_npy(tmp_path / "a.npy")


def test_no_damage_is_more_than_an_error(tmp_path):
    """Above all no crash, which is what numpy itself makes of some of these."""
    values = np.empty(2, object)
    values[:] = [{"ypix": np.arange(4), "f": np.float32(number), "text": "text"} for number in range(2)]
    np.save(tmp_path / "whole.npy", values)
    whole = (tmp_path / "whole.npy").read_bytes()
    random = np.random.default_rng(1)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), random.integers(1, 4)):
            damaged[place] = random.integers(256)
        (tmp_path / "a.npy").write_bytes(damaged)
        try:
            load_npy(tmp_path / "a.npy")
        except DamagedFileError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
    assert outcomes == {"refused", "read"}


def test_a_missing_file(tmp_path):
    with pytest.raises(MissingFileError):
        load_npy(tmp_path / "a.npy")
