"""Each command in each situation that its users get into, as a process of its own.

What the commands do is tested where they are; here it is how they behave: what they print where, how they end, what they leave.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from helpers import PACKAGE
from photonwb.cli import COMMANDS
from synthetic_sources import SAID

SOURCE = "SOURCE"  # an NWB file, or what is imported
ARGUMENTS = {
    "info": [SOURCE],
    "tree": [SOURCE],
    "doctor": [SOURCE],
    "validate": [SOURCE],
    "recover": [SOURCE, "-o", "out.nwb"],
    "import": [
        SOURCE,
        "--axes",
        "txy",
        "-o",
        "out.nwb",
        *(f"--set={name}={value}" for name, value in {**SAID, "rate": 15}.items()),
    ],
    "convert": [SOURCE, "out.nwb"],
    "repack": [SOURCE, "out.nwb"],
    "export": [SOURCE, "corrected", "-o", "out.npy"],
    "project": [SOURCE, "-o", "out.npz"],
    "traces": [SOURCE, "-o", "out.csv"],
    "dff": [SOURCE, "-o", "out.npy"],
    "demo": ["--frames", "5"],
}
ON_SOURCES = [command for command in COMMANDS if command != "demo"]
WRITING = {
    **{command: ARGUMENTS[command] for command in ARGUMENTS if command not in ("info", "tree", "doctor", "validate")},
    "doctor": [SOURCE, "--fix", "-o", "out.nwb"],
    "validate": [SOURCE, "--format", "json", "-o", "out.json"],
}
# Where each is stopped: in the middle of its work, when something is written already if it writes.
POINTS = {
    "info": "photonwb.cli.overview:overview",
    "tree": "photonwb.io.reading:Reader.root",
    "doctor": "photonwb.cli.overview:overview",
    "validate": "photonwb.io.reading:Reader.root",
    "recover": "photonwb.recovery.copying:Copier.refer",
    "import": "photonwb.io.writing:Writer.finish",
    "convert": "photonwb.io.writing:Writer.finish",
    "repack": "photonwb.io.repacking:_Copy._count",
    "export": "numpy:ascontiguousarray",
    "project": "numpy:savez",
    "traces": "photonwb.cli.saving:trace_lines",
    "dff": "photonwb.analysis.extraction:delta_f_over_f",
    "demo": "photonwb.io.writing:Writer.finish",
}
INTERRUPTED = """
import importlib, sys, time
from photonwb.cli import main
module, _, path = sys.argv.pop(1).partition(":")
owner, _, name = path.rpartition(".")
target = importlib.import_module(module)
target = getattr(target, owner) if owner else target
def wait(*_, **__):
    print("ready", flush=True, file=sys.__stderr__)
    time.sleep(60)
setattr(target, name, wait)
sys.exit(main())
"""
# No file can become larger than that, as on a full disk.
FULL = """
import resource, signal, sys
sys.dont_write_bytecode = True
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
from photonwb.cli import main
sys.exit(main())
"""


@pytest.fixture
def folder(session_file, recording, tmp_path):
    """A folder with what is read."""
    shutil.copy(session_file, tmp_path / "session.nwb")
    np.save(tmp_path / "movie.npy", recording.raw)
    return tmp_path


def source_of(command):
    return "movie.npy" if command == "import" else "session.nwb"


def call(command, *more, source=None, arguments=None, start=("-m", "photonwb")):
    arguments = ARGUMENTS[command] if arguments is None else arguments
    source = source or source_of(command)
    return [sys.executable, *start, command, *(source if each == SOURCE else each for each in arguments), *more]


def run(arguments, folder, **options):
    environment = {"PYTHONUTF8": "1", "PATH": "", "PYTHONPATH": str(PACKAGE.parent)}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(arguments, cwd=folder, env=environment, encoding="utf-8", timeout=120, check=False, **given)


def names(folder):
    return {path.name for path in folder.iterdir()}


def is_one_line_of(command, said):
    return said.startswith(f"photonwb {command}: ") and said.count("\n") == 1 and said.endswith("\n")


def test_all_commands_are_here():
    assert list(COMMANDS) == [command for command in COMMANDS if command in ARGUMENTS and command in POINTS]


@pytest.mark.parametrize("command", COMMANDS)
def test_normal_use(command, folder):
    before = names(folder)
    done = run(call(command, *([] if command == "demo" else ["--json"])), folder)
    assert done.returncode == 0, done.stderr
    written = {each for each in ARGUMENTS[command] if each.startswith("out.")} if command != "demo" else {"demo.nwb", "demo.png"}
    assert names(folder) - before == written
    if command == "validate":
        assert done.stderr == "1 file: nothing found\n"
    else:
        assert done.stderr == ""
    if command not in ("traces", "dff", "demo"):
        assert isinstance(json.loads(done.stdout), (dict, list))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_is_not_there(command, folder):
    before = names(folder)
    if command == "demo":
        done, code = run(call(command, "-o", "nowhere/demo.nwb"), folder), 4
    else:
        done, code = run(call(command, source="nowhere.nwb"), folder), 3
    assert (done.returncode, done.stdout) == (code, "")
    assert is_one_line_of(command, done.stderr)
    assert "nowhere" in done.stderr
    assert names(folder) == before


@pytest.mark.parametrize("command", ON_SOURCES)
def test_a_file_of_another_kind(command, folder):
    (folder / "notes.nwb").write_text("no HDF5\n" * 100)
    before = names(folder)
    done = run(call(command, source="notes.nwb"), folder)
    assert done.returncode == 3
    if command == "validate":  # which finds that
        assert "HDF5" in done.stdout
    else:
        assert done.stdout == ""
        assert is_one_line_of(command, done.stderr)
        assert "notes.nwb" in done.stderr
    assert names(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize("command", COMMANDS)
def test_an_interruption_leaves_nothing_behind(command, folder):
    before = names(folder)
    arguments = call(command, start=("-c", INTERRUPTED, POINTS[command]))
    with subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert names(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of resources")
@pytest.mark.parametrize("command", WRITING)
def test_a_full_disk_is_one_line_and_leaves_nothing_behind(command, folder):
    before = names(folder)
    done = run(call(command, arguments=WRITING[command], start=("-c", FULL)), folder)
    assert done.returncode == 4, done.stderr
    if command != "demo":
        assert done.stdout == ""
    assert is_one_line_of(command, done.stderr)
    assert "demo." in done.stderr if command == "demo" else "out." in done.stderr
    assert names(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of resources")
@pytest.mark.parametrize("command", ["project", "traces", "dff"])
def test_a_full_disk_leaves_the_file_as_it_was(command, folder):
    content = (folder / "session.nwb").read_bytes()
    before = names(folder)
    done = run(call(command, arguments=[SOURCE, "--store"], start=("-c", FULL)), folder)
    assert done.returncode == 4, done.stderr
    assert is_one_line_of(command, done.stderr)
    assert (folder / "session.nwb").read_bytes() == content
    assert names(folder) == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("command", ["info", "tree", "doctor", "traces", "dff", "convert", "validate", "demo"])
def test_an_output_that_takes_nothing(command, folder):
    if command == "validate":  # which says nothing of a file without findings
        command, arguments = "validate", [SOURCE, "--json"]
    else:
        arguments = [each for each in ARGUMENTS[command] if each != "-o" and not each.startswith("out.")]
        arguments = ARGUMENTS[command] if command == "convert" else arguments
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run(call(command, arguments=arguments), folder, stdout=full)
    assert done.returncode == 4
    assert is_one_line_of(command, done.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_seen_enough_is_no_error(command, folder):
    arguments = [SOURCE] if command in ("traces", "dff") else ARGUMENTS[command]
    more = ["--json"] if command == "validate" else []
    with subprocess.Popen(
        call(command, *more, arguments=arguments), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0, said
    assert said in ("", "1 file: nothing found\n")


def test_work_goes_on_when_nobody_hears_of_its_progress(folder):
    arguments = call("repack", "--progress", "json")
    with subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        process.stderr.close()
        process.wait(60)
    assert "out.nwb" in names(folder)
