"""Large files whose making was interrupted: the same command goes on, any other begins anew."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from argparse import Namespace

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.cli.output import OutputError
from photonwb.cli.resuming import resuming
from synthetic_sources import SAID

# Small arrays count as large, and come in many blocks with a commit point behind each; at the third one there is a signal.
STEPWISE = """
import os, sys
from importlib import import_module
from photonwb.arrays import layouts
from photonwb.cli import main
from photonwb.io import datasets, resuming
from photonwb.storage.journaled import JournaledStore
datasets.LARGE, layouts.MOVIE_CHUNK, resuming.EVERY = 50_000, 10_000, 0
import_module("photonwb.arrays.incoming").BLOCK = 10_000
number, commit, commits = int(sys.argv.pop(1)), JournaledStore.commit, []
def commit_and_end(*arguments):
    commit(*arguments)
    commits.append(1)
    if number and len(commits) == 3:
        os.kill(os.getpid(), number)
JournaledStore.commit = commit_and_end
sys.exit(main())
"""
COMMANDS = {
    "import": [
        "movie.npy",
        "-o",
        "out.nwb",
        "--axes",
        "txy",
        *(f"--set={name}={value}" for name, value in {**SAID, "rate": 15}.items()),
    ],
    "convert": ["session.nwb", "out.nwb"],
    "repack": ["session.nwb", "out.nwb", "--compression", "small"],
}


@pytest.fixture
def folder(session_file, recording, tmp_path):
    shutil.copy(session_file, tmp_path / "session.nwb")
    np.save(tmp_path / "movie.npy", recording.raw)
    return tmp_path


def run(folder, command, number=0):
    arguments = [sys.executable, "-c", STEPWISE, str(int(number)), command, *COMMANDS[command], "--progress", "json"]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def stored(path):
    """What is stored under each path, and how; not what differs from one writing to the next."""
    found = {}

    def visit(name, node):
        if isinstance(node, h5py.Dataset) and name not in ("identifier", "file_create_date"):
            found[name] = (node.shape, node.maxshape, node.chunks, node.compression, str(node[()]))

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_command_goes_on(command, number, folder):
    before = set(folder.iterdir())
    interrupted = run(folder, command, number)
    assert interrupted.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert interrupted.stdout == ""
    left = {path.name for path in set(folder.iterdir()) - before}
    (part,) = (name for name in left if name.endswith(".part"))
    assert part.startswith(".out.nwb.")
    if number != signal.SIGKILL:
        assert left == {part}
        assert f"{part} holds what was done: the same command goes on" in interrupted.stderr
    done = run(folder, command)
    assert done.returncode == 0, done.stderr
    first, *lines = [line for line in done.stderr.splitlines() if "journal" not in line]
    assert "goes on with" in first
    assert part in first
    told = [json.loads(line) for line in lines]
    assert 0 < told[0]["done"] < told[0]["total"] == told[-1]["done"]
    assert set(folder.iterdir()) - before == {folder / "out.nwb"}
    (folder / "out.nwb").rename(folder / "resumed.nwb")
    assert run(folder, command).returncode == 0
    assert stored(folder / "resumed.nwb") == stored(folder / "out.nwb")
    assert photonwb.validate(folder / "resumed.nwb").ok


def test_another_command_begins_anew(folder):
    def part_of(sources=("movie.npy",), **options):
        given = {"command": "convert", "quiet": False, "output": "out.nwb", "rate": 1.0}
        with resuming(Namespace(**given | options), folder / "out.nwb", [str(folder / source) for source in sources]) as part:
            return part

    first = part_of()
    assert part_of(quiet=True, overwrite=True) == first
    assert part_of(rate=2.0) != first
    assert part_of(sources=["session.nwb"]) != first
    whole = part_of(sources=["."])
    first.touch()
    (folder / "out.nwb").touch()
    assert part_of(sources=["."]) == whole
    os.utime(folder / "movie.npy", ns=(0, 0))
    assert part_of() != first
    assert part_of(sources=["."]) != whole


def test_what_is_left_of_a_remote_file_is_removed(folder):
    def fail(source):
        options = Namespace(command="convert", quiet=False)
        with pytest.raises(OutputError, match="no space"), resuming(options, folder / "out.nwb", [source]) as part:
            part.touch()
            raise OSError(28, "no space")
        return part

    assert not fail("https://example.org/session.nwb").exists()
    assert fail(str(folder / "session.nwb")).exists()
