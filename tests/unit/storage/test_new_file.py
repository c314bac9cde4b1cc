from __future__ import annotations

import errno
import os

import pytest

from photonwb.storage import new_file
from photonwb.storage.new_file import NewFile

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no advice")


def written(path):
    """Some bytes, written piece by piece, the first of them again at the end."""
    with NewFile(path) as file:
        for piece in range(10):
            file.write(bytes([piece]) * (new_file.SETTLING // 4))
        file.seek(0)
        file.write(b"head")
    return path.read_bytes()


def test_the_disk_is_set_to_work_while_a_file_is_written(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "posix_fadvise", lambda descriptor, *place: asked.append(place))
    assert len(written(tmp_path / "file")) == new_file.SETTLING * 10 // 4
    ends = [start + length for start, length, _ in asked]
    assert ends == [new_file.SETTLING, 2 * new_file.SETTLING]
    assert [start for start, _, _ in asked] == [0, *ends[:-1]]


def test_a_file_system_that_takes_no_advice(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.EINVAL, "no advice")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    content = written(tmp_path / "file")
    assert content[:5] == b"head\x00"
    assert content.endswith(b"\x09" * (new_file.SETTLING // 4))
