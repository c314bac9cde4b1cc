"""Descriptors are closed once, whatever goes wrong."""

from __future__ import annotations

import fcntl
import gc
import os
from typing import TYPE_CHECKING, Any

import pytest

from photonwb.storage.checked_file import LocalInput
from photonwb.storage.journaled_file import JournaledFile
from photonwb.storage.new_file import NewFile
from photonwb.storage.patched import PatchedFile

if TYPE_CHECKING:
    from pathlib import Path

KINDS = [LocalInput, NewFile, PatchedFile, JournaledFile]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_cannot_be_opened(kind: type[Any], tmp_path: Path) -> None:
    # What goes wrong when Python lets go of the half-made object is an error in these tests.
    with pytest.raises(OSError, match="absent"):
        kind(tmp_path / "absent" / "file")
    gc.collect()


@pytest.mark.parametrize("kind", [LocalInput, PatchedFile, JournaledFile])
def test_a_file_that_is_locked(kind: type[Any], tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"some bytes")
    closed: list[int] = []
    close = os.close
    with path.open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        monkeypatch.setattr(os, "close", lambda descriptor: (closed.append(descriptor), close(descriptor)))
        with pytest.raises(OSError, match=r".+"):
            kind(str(path))
        gc.collect()
    assert len(closed) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_closed_with_its_object(kind: type[Any], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"some bytes")
    made = kind(str(path))
    descriptor = made._descriptor
    del made
    gc.collect()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)
