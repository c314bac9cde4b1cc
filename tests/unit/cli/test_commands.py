"""The smaller commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

import photonwb
from photonwb.cli import main
from photonwb.simulation import as_nwbfile, simulate


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recorded") / "session.nwb"
    photonwb.write(as_nwbfile(simulate(frames=5, width=48, height=40, cells=2)), path)
    return path


def test_tree(recorded, capsys):
    assert main(["tree", str(recorded)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["session.nwb", "NWBFile"]
    assert any("5 × 48 × 40  uint16  photons  15 Hz" in line for line in lines)


def test_validate_finds_nothing(recorded, capsys):
    assert main(["validate", str(recorded)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["tree", "validate"])
def test_a_missing_file_is_one_line(command, tmp_path, capsys):
    assert main([command, str(tmp_path / "nothing.nwb")]) == 3
    said = capsys.readouterr()
    assert said.err.startswith(f"photonwb {command}: ")
    assert "nothing.nwb" in said.err
    assert said.err.count("\n") == 1


def test_debug_shows_where_an_error_arose(tmp_path):
    with pytest.raises(photonwb.errors.MissingFileError):
        main(["--debug", "tree", str(tmp_path / "nothing.nwb")])


def test_a_reader_that_has_seen_enough_is_no_error(recorded):
    command = [sys.executable, "-m", "photonwb", "tree", str(recorded)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0
