"""A file that is being changed holds the old state or the new one, whenever its writer dies."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from photonwb.errors import DamagedFileError, StorageError
from photonwb.storage import journaled_file
from photonwb.storage.journal import journal_of, settle
from photonwb.storage.journaled_file import JournaledFile
from photonwb.storage.patched import PatchedFile
from powercut import Disk, put


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


def add(file: Any, name: str) -> None:
    with h5py.File(file, "r+") as changed:
        changed[name] = np.arange(2000)


def commit_beside_a_reader(path: Path) -> None:
    """Change a file and close it while a reader has it open, so that the change stays in the journal."""
    file = JournaledFile(path, shared=True)
    with h5py.File(path, "r"):
        edit(file)
        file.commit()
        file.close()


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
    monkeypatch.setattr(journaled_file, "MOST_IN_MEMORY", 0)
    with JournaledFile(path) as file:
        edit(file)
        assert path.read_bytes()[: len(before)] == before
        assert len(file._in_memory) == 0
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
    add(file, "another")
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


@pytest.mark.parametrize("shared", [False, True])
def test_a_second_writer_is_refused(path: Path, shared: bool) -> None:
    with JournaledFile(path, shared=shared), pytest.raises(StorageError, match="open elsewhere"):
        JournaledFile(path)
    with JournaledFile(path, shared=shared), pytest.raises(OSError, match="lock"):
        h5py.File(path, "r+")


def test_readers_are_refused_unless_the_file_is_shared(path: Path) -> None:
    with JournaledFile(path), pytest.raises(OSError, match="lock"):
        h5py.File(path, "r")
    with JournaledFile(path, shared=True), h5py.File(path, "r") as file:
        assert file["group/text"][()] == b"old"


def test_readers_of_a_shared_file_see_the_last_commit(path: Path) -> None:
    with JournaledFile(path, shared=True) as file:
        edit(file)
        assert not is_new(path)
        assert file.commit()
        assert is_new(path)


def test_a_reader_keeps_what_it_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journaled_file, "MOST_IN_MEMORY", 0)
    with JournaledFile(path, shared=True) as file:
        before = path.read_bytes()
        with h5py.File(path, "r") as reader:
            edit(file)
            assert not file.commit()
            add(file, "second")
            assert not file.commit(patience=0.05)
            add(file, "never")
            file.roll_back()
            assert "second" in h5py.File(file, "r")
            assert path.read_bytes()[: len(before)] == before
            assert reader["group/text"][()] == b"old"
            assert not file.is_settled
        add(file, "third")
        assert file.commit()
        assert file.is_settled
    assert is_new(path)
    with h5py.File(path) as after:
        assert {"second", "third"} < set(after)
        assert "never" not in after
    assert not journal_of(path).exists()


def test_what_a_reader_kept_out_of_the_file_is_in_the_journal(path: Path) -> None:
    commit_beside_a_reader(path)
    assert not is_new(path)
    assert h5py.File(PatchedFile(path), "r")["group/text"][()] == b"new"
    assert settle(path)
    assert is_new(path)
    assert not settle(path)


@pytest.mark.parametrize("spilled", [False, True])
@pytest.mark.parametrize("read", [False, True])
def test_power_cut_at_every_write(path: Path, monkeypatch: pytest.MonkeyPatch, spilled: bool, read: bool) -> None:
    """Cut the power after each single write to the file or its journal: the file is old or new, never something else."""
    if spilled:
        monkeypatch.setattr(journaled_file, "MOST_IN_MEMORY", 0)
    with monkeypatch.context() as patch:
        disk = Disk(path.parent, patch)
        with JournaledFile(path, shared=read) as file:
            reader = h5py.File(path, "r") if read else None
            edit(file)
            file.commit()
            if reader is not None:
                reader.close()
            add(file, "later")
            file.commit()
    for played in (disk.states(), disk.states_with_losses(1), disk.states_with_losses(2)):
        outcomes: list[int] = []
        for state in played:
            put(path.parent, state)
            settle(path)
            with h5py.File(path) as found:
                outcomes.append(is_new(path) + ("later" in found))
            assert not journal_of(path).exists() or not journal_of(path).stat().st_size
        assert outcomes == sorted(outcomes)
        assert {0, 2} <= set(outcomes)
        assert len(outcomes) > 20


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
    assert settle(path)
    assert path.read_bytes() == before
    assert not settle(path)


def test_the_journal_of_a_writer_at_work_is_left_alone(path: Path) -> None:
    with JournaledFile(path, shared=True) as file:
        edit(file)
        with pytest.raises(BlockingIOError):
            settle(path)
        file.commit()
    assert is_new(path)


def test_a_file_that_another_program_changed_is_not_overwritten(path: Path) -> None:
    commit_beside_a_reader(path)
    journal = journal_of(path).read_bytes()
    journal_of(path).unlink()
    add(path, "by another")
    changed = path.read_bytes()
    journal_of(path).write_bytes(journal)
    with pytest.raises(DamagedFileError, match="another program has changed"):
        settle(path)
    assert path.read_bytes() == changed


def test_a_full_disk_leaves_the_old_state(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    file = JournaledFile(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        edit(file)
    with pytest.raises(StorageError, match=r"No space left on device.*as it was"):
        file.commit()
    file.close()
    assert path.read_bytes() == before


def test_a_full_disk_keeps_what_was_committed_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    file = JournaledFile(path, shared=True)
    with h5py.File(path, "r") as reader:
        edit(file)
        file.commit()
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            add(file, "more")
        with pytest.raises(StorageError, match="as it was after the last commit"):
            file.commit()
        assert reader["group/text"][()] == b"old"
    assert file.commit()
    file.close()
    assert is_new(path)
