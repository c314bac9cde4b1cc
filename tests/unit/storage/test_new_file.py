from __future__ import annotations

import errno
import io
import os

import numpy as np
import pytest

from photonwb.storage import new_file
from photonwb.storage.new_file import NewFile

takes_advice = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no advice")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_done_the_bytes_are_those_of_any_other_file(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(new_file, "GATHERED", 64)
    random = np.random.default_rng(seed)
    expected = io.BytesIO()
    with NewFile(tmp_path / "file") as file:
        for _ in range(200):
            if random.random() < 0.5:
                place = int(random.integers(0, 300))
                assert file.seek(place) == expected.seek(place)
            match random.integers(0, 8):
                case 0:
                    target = bytearray(20)
                    count = file.readinto(target)
                    assert target[:count] == expected.read(20)
                case 1 if random.random() < 0.2:
                    size = int(random.integers(0, 300))
                    file.truncate(size)
                    expected.truncate(size)
                    expected.write(bytes(max(0, size - expected.seek(0, os.SEEK_END))))
                    file.seek(0, os.SEEK_END)
                case _:
                    data = random.bytes(int(random.integers(1, 100)))
                    assert file.write(data) == expected.write(data)
            assert file.tell() == expected.tell()
    assert (tmp_path / "file").read_bytes() == expected.getvalue()


def test_what_follows_each_other_is_written_at_a_stroke(tmp_path, monkeypatch):
    written = []
    pwrite = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda descriptor, data, at: written.append((at, len(data))) or pwrite(descriptor, data, at)
    )
    with NewFile(tmp_path / "file") as file:
        for _ in range(100):
            file.write(bytes(700))
        file.seek(8)
        file.write(b"head")
        assert len(written) == 2
        file.flush()
        assert written[-1] == (8, 4)
    assert len(written) == 3
    assert (tmp_path / "file").stat().st_size == 70_000


def test_an_error_of_what_was_gathered_is_told(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "no space left")

    with NewFile(tmp_path / "file") as file:
        monkeypatch.setattr(os, "pwrite", full)
        file.write(b"gathered")
        assert file.error is None
    assert file.error is not None


def written(path):
    """Some bytes, written piece by piece, the first of them again at the end."""
    with NewFile(path) as file:
        for piece in range(10):
            file.write(bytes([piece]) * (new_file.SETTLING // 4))
        file.seek(0)
        file.write(b"head")
    return path.read_bytes()


@takes_advice
def test_the_disk_is_set_to_work_while_a_file_is_written(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "posix_fadvise", lambda descriptor, *place: asked.append(place))
    assert len(written(tmp_path / "file")) == new_file.SETTLING * 10 // 4
    ends = [start + length for start, length, _ in asked]
    assert ends == [new_file.SETTLING, 2 * new_file.SETTLING]
    assert [start for start, _, _ in asked] == [0, *ends[:-1]]


@takes_advice
def test_a_file_system_that_takes_no_advice(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.EINVAL, "no advice")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    content = written(tmp_path / "file")
    assert content[:5] == b"head\x00"
    assert content.endswith(b"\x09" * (new_file.SETTLING // 4))
