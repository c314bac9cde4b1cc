"""What commands do when something comes between: an interruption, a full disk, a closed pipe, a terminal."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest

from photonwb.cli import main

WRITING = {
    "convert": ["out.nwb"],
    "repack": ["out.nwb"],
    "export": ["corrected", "-o", "out.npy"],
    "project": ["-o", "out.npz"],
    "traces": ["-o", "out.csv"],
    "doctor": ["--fix", "-o", "out.nwb"],
}


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
