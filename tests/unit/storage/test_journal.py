"""A file that is being changed holds the old state or the new one, whenever its writer dies."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from photonwb.errors import StorageError
from photonwb.storage import journal
from photonwb.storage.journal import JournaledFile, journal_of, roll_back


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file["numbers"] = np.arange(5000)
        file["group/text"] = "old"
    return tmp_path / "file.h5"


def edit(file: Any) -> None:
    with h5py.File(file, "r+") as changed:
        changed["numbers"][10:20] = -1
        changed["group/more"] = np.ones(3000)
        changed["group"].attrs["note"] = "new"
        del changed["group/text"]
        changed["group/text"] = "new"


def is_new(path: Path) -> bool:
    with h5py.File(path) as file:
        text = file["group/text"][()].decode()
        assert ("more" in file["group"]) == (text == "new")
        assert (file["numbers"][10] == -1) == (text == "new")
        return text == "new"


def test_nothing_changes_before_the_commit(path: Path) -> None:
    before = path.read_bytes()
    file = JournaledFile(path)
    edit(file)
    assert path.read_bytes()[: len(before)] == before
    file.commit()
    file.close()
    assert is_new(path)
    assert not journal_of(path).exists()


def test_what_is_not_committed_is_forgotten(path: Path) -> None:
    before = path.read_bytes()
    with JournaledFile(path) as file:
        edit(file)
    assert path.read_bytes() == before
    assert not journal_of(path).exists()


def test_changes_that_do_not_fit_into_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    monkeypatch.setattr(journal, "MOST_IN_MEMORY", 0)
    with JournaledFile(path) as file:
        edit(file)
        assert path.read_bytes()[: len(before)] != before
    assert path.read_bytes() == before
    with JournaledFile(path) as file:
        edit(file)
        file.commit()
    assert is_new(path)


def test_a_second_commit_starts_from_the_first(path: Path) -> None:
    file = JournaledFile(path)
    edit(file)
    file.commit()
    between = path.read_bytes()
    with h5py.File(file, "r+") as changed:
        changed["another"] = 1
    file.roll_back()
    file.close()
    assert path.read_bytes() == between


def test_a_file_that_became_shorter(path: Path) -> None:
    before = path.read_bytes()
    with JournaledFile(path) as file:
        file.truncate(100)
    assert path.read_bytes() == before
    with JournaledFile(path) as file:
        file.truncate(100)
        file.commit()
    assert path.read_bytes() == before[:100]


def test_a_second_writer_is_refused(path: Path) -> None:
    with JournaledFile(path), pytest.raises(StorageError, match="open elsewhere"):
        JournaledFile(path)
    with JournaledFile(path), pytest.raises(OSError, match="lock"):
        h5py.File(path, "r")


class PowerCut(BaseException):
    """The machine stops: nothing after this reaches the disk."""


@pytest.mark.parametrize("spilled", [False, True])
def test_power_cut_at_every_write(path: Path, monkeypatch: pytest.MonkeyPatch, spilled: bool) -> None:
    """Cut the power after each single write to the file or its journal: the file is old or new, never something else."""
    before = path.read_bytes()
    if spilled:
        monkeypatch.setattr(journal, "MOST_IN_MEMORY", 0)
    outcomes: list[bool] = []
    for cut in range(1000):
        path.write_bytes(before)
        journal_of(path).unlink(missing_ok=True)
        left = [cut]

        def counted(name: str, original: Any = None, left: list[int] = left) -> Any:
            original = original or getattr(os, name)

            def call(*arguments: Any) -> Any:
                if left[0] == 0:
                    raise PowerCut
                left[0] -= 1
                return original(*arguments)

            return call

        with monkeypatch.context() as patch:
            for name in ("pwrite", "ftruncate", "fsync"):
                patch.setattr(journal.os, name, counted(name))
            patch.setattr(Path, "unlink", counted("unlink", Path.unlink))
            file = JournaledFile(path)
            try:
                edit(file)
                if file._error is None:
                    file.commit()
                finished = file._error is None
            except PowerCut:
                finished = False
            os.close(file._descriptor)  # as the system does with what is left of a process
            file._descriptor = os.open(os.devnull, os.O_RDWR)
            if file._journal is not None:
                file._journal.close()
                file._journal = None
        roll_back(path)
        assert finished or path.read_bytes() == before or is_new(path)
        outcomes.append(is_new(path))
        if finished:
            break
    assert outcomes[0] is False
    assert outcomes[-1] is True
    assert len(outcomes) > 10


def hold_and_die(path: str) -> None:
    file = JournaledFile(path)
    edit(file)
    os._exit(9)


def test_a_killed_writer_leaves_the_old_state(path: Path) -> None:
    before = path.read_bytes()
    process = multiprocessing.get_context("spawn").Process(target=hold_and_die, args=(str(path),))
    process.start()
    process.join()
    assert journal_of(path).exists()
    assert roll_back(path)
    assert path.read_bytes() == before
    assert not roll_back(path)


def test_a_full_disk_leaves_the_old_state(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    file = JournaledFile(path)
    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "pwrite", full)
        edit(file)
    with pytest.raises(StorageError, match=r"No space left on device.*as it was"):
        file.commit()
    file.close()
    assert path.read_bytes() == before
