"""What commands do when something comes between: an interruption, a full disk, a closed pipe, a terminal."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from photonwb.cli import main

INTERRUPTED = """
import importlib, sys, time
from photonwb.cli import main
module, _, path = sys.argv.pop(1).partition(":")
owner, _, name = path.rpartition(".")
target = importlib.import_module(module)
target = getattr(target, owner) if owner else target
def wait(*_, **__):
    print("ready", flush=True)
    time.sleep(60)
setattr(target, name, wait)
sys.exit(main())
"""  # stops where it was told to, until it is interrupted

FULL = """
import resource, signal, sys
sys.dont_write_bytecode = True
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
from photonwb.cli import main
sys.exit(main())
"""  # no file can become larger than that, as on a full disk

WRITING = {
    "convert": ["out.nwb"],
    "repack": ["out.nwb"],
    "export": ["corrected", "-o", "out.npy"],
    "project": ["-o", "out.npz"],
    "traces": ["-o", "out.csv"],
    "doctor": ["--fix", "-o", "out.nwb"],
}
POINTS = {
    "convert": "photonwb.io.writing:Writer.finish",
    "repack": "photonwb.io.repacking:_Copy._count",
    "project": "photonwb.cli.saving:save_images",
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize("command", POINTS)
def test_an_interrupted_command_leaves_nothing_behind(command, session_file, tmp_path):
    arguments = [sys.executable, "-c", INTERRUPTED, POINTS[command], command, str(session_file), *WRITING[command]]
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of resources")
@pytest.mark.parametrize("command", ["export", "traces"])
def test_a_full_disk_is_one_line_and_leaves_nothing_behind(command, photonwb_command, session_file, tmp_path):
    done = photonwb_command(command, session_file, *WRITING[command], start=("-c", FULL))
    assert done.returncode == 4, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith(f"photonwb {command}: out.")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["convert", "repack", "doctor"])
def test_a_disk_that_fills_up_while_hdf5_writes(command, session_file, tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("photonwb.io.writing.Writer.finish", fail)
    monkeypatch.setattr("photonwb.io.repacking._Copy._count", fail)
    monkeypatch.chdir(tmp_path)
    assert main([command, str(session_file), *WRITING[command]]) == 4
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"photonwb {command}: out.nwb was not written: {os.strerror(errno.ENOSPC)}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["convert", "traces"])
def test_a_disk_that_fails_at_the_end(command, session_file, tmp_path, monkeypatch, capsys):
    def fail(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("os.fsync", fail)
    monkeypatch.chdir(tmp_path)
    assert main([command, str(session_file), *WRITING[command]]) == 4
    assert os.strerror(errno.EIO) in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", WRITING)
def test_nothing_is_replaced_without_being_told_to(command, session_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = WRITING[command][-1]
    (tmp_path / name).write_text("mine")
    assert main([command, str(session_file), *WRITING[command]]) == 4
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"
    assert main([command, str(session_file), *WRITING[command], "--overwrite"]) == 0
    assert (tmp_path / name).read_bytes() != b"mine"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_reader_that_has_seen_enough_is_no_error(session_file):
    arguments = [sys.executable, "-m", "photonwb", "traces", str(session_file)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
def test_an_output_that_takes_nothing(session_file):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        arguments = [sys.executable, "-m", "photonwb", "info", str(session_file)]
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("extra", "is_told"), [([], True), (["-q"], False)])
def test_a_terminal_gets_a_bar_that_is_wiped_off(session_file, tmp_path, extra, is_told):
    import pty

    leader, follower = pty.openpty()
    arguments = [sys.executable, "-m", "photonwb", "project", str(session_file), "-o", str(tmp_path / "x.npz"), *extra]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=follower, env=environment, timeout=60, check=True)
    os.close(follower)
    said = b""
    try:
        while part := os.read(leader, 1 << 16):
            said += part
    except OSError:  # the end, on Linux
        pass
    os.close(leader)
    assert ("█" in said.decode()) == is_told
    assert not is_told or said.endswith(b"\r\x1b[K")


def test_progress_and_colour():
    import io
    from argparse import Namespace
    from unittest import mock

    from photonwb.cli.output import Progress, as_json, paint

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    times = mock.patch("time.monotonic", side_effect=[0.0, 10.0, 10.01, 20.0])
    with times, mock.patch.object(sys, "stderr", Terminal()) as stream:
        progress = Progress(Namespace(progress="auto", quiet=False), "copy")
        for done in (100, 150, 200):
            progress(done, 200)
    assert "100/200 frames, 10/s, 0:10 left" in stream.getvalue()
    assert "150/200" not in stream.getvalue()
    assert "200/200 frames, 10/s" in stream.getvalue()
    with mock.patch.dict(os.environ, {"NO_COLOR": "", "TERM": "xterm"}):
        assert paint("x", "red", Terminal()) == "\x1b[31mx\x1b[0m"
        assert paint("x", "red", io.StringIO()) == "x"
    with mock.patch.dict(os.environ, {"NO_COLOR": "1"}):
        assert paint("x", "red", Terminal()) == "x"
    assert json.loads(as_json({"a": float("nan"), "b": (1, 2)})) == {"a": None, "b": [1, 2]}
