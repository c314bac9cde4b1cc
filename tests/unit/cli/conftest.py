"""One recording for all commands, and the command as a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

import photonwb
from helpers import PACKAGE
from photonwb.simulation import as_nwbfile, simulate


@pytest.fixture(scope="session")
def recording():
    return simulate(frames=30, width=48, height=40, cells=3)


@pytest.fixture(scope="session")
def session_file(recording, tmp_path_factory):
    path = tmp_path_factory.mktemp("recorded") / "session.nwb"
    photonwb.write(as_nwbfile(recording), path)
    return path


@pytest.fixture
def photonwb_command(tmp_path):
    """Run `photonwb` with some arguments in an empty folder; `start` is how Python is told to."""

    def run(*arguments, start=("-m", "photonwb"), **options):
        command = [sys.executable, *start, *map(str, arguments)]
        environment = {"PYTHONUTF8": "1", "PATH": "", "PYTHONPATH": str(PACKAGE.parent), **options.pop("env", {})}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False, **options
        )

    return run
