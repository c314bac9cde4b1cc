"""Writers that are killed, and machines that lose their power, leave a file in one of the states that it was meant to have.

`PHOTONWB_FAULTS` is how many processes are killed for each way of writing.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
import warnings
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pynwb
import pytest

import photonwb
import victims
from photonwb import TimeSeries
from photonwb.io.replacing import remove
from photonwb.validation import Severity
from powercut import Disk, put
from sessions import record_step, recorded_steps, session

if TYPE_CHECKING:
    from collections.abc import Callable

KILLED = int(os.environ.get("PHOTONWB_FAULTS", "25"))


class Killer:
    """Starts processes that write, and kills them."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["victims"])
        with pytest.MonkeyPatch.context() as patch:  # the server has no other way to learn where modules are
            patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
            forkserver.ensure_running()

    def kill(self, victim: Callable[[str, Any], None], path: Path, after: float, words: int = 1) -> list[Any]:
        """What the process has said before it was killed, so many seconds after it said so much."""
        process, ours = self._start(victim, path)
        said = [ours.recv() for _ in range(words)]
        time.sleep(after)
        process.kill()
        process.join()
        try:
            while True:
                said.append(ours.recv())
        except EOFError:
            return said

    def moments(self, victim: Callable[[str, Any], None], path: Path) -> list[float]:
        """When to kill: somewhere in the time that it takes, or a little later."""
        process, ours = self._start(victim, path)
        assert ours.recv() == "begin"
        began = time.perf_counter()
        assert ours.recv() == "end"
        takes = time.perf_counter() - began
        process.join()
        chance = random.Random(20260105)
        return [chance.uniform(0, 1.5 * takes) for _ in range(KILLED)]

    def _start(self, victim: Callable[[str, Any], None], path: Path) -> Any:
        ours, theirs = self.context.Pipe(duplex=False)
        process = self.context.Process(target=victim, args=(str(path), theirs))
        process.start()
        theirs.close()
        return process, ours


@pytest.fixture(scope="module")
def killer() -> Killer:
    return Killer()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Who is killed synchronises as always; the tests, which look at what is left, need not wait for the disk.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return tmp_path / "session.nwb"


def opened(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return photonwb.open(path)


def assert_valid(path: Path, *, by_pynwb: bool) -> None:
    findings = [str(one) for one in photonwb.validate(path) if one.severity >= Severity.ERROR]
    assert [text for text in findings if "check_subject_exists" not in text] == []
    assert not by_pynwb or pynwb.validate(path=str(path)) == []


def test_killed_while_creating(killer: Killer, path: Path) -> None:
    outcomes: set[bool] = set()
    for number, moment in enumerate(killer.moments(victims.create, path)):
        path.unlink(missing_ok=True)
        killer.kill(victims.create, path, moment)
        outcomes.add(path.exists())
        if path.exists():
            assert_valid(path, by_pynwb=number % 50 == 0)
            with photonwb.open(path) as nwbfile:
                assert np.array_equal(nwbfile.acquisition["signal"].data[...], victims.ADDED)
    assert outcomes == {False, True}


def test_killed_while_replacing(killer: Killer, path: Path) -> None:
    photonwb.write(session(), path)
    old = path.read_bytes()
    for moment in killer.moments(victims.create, path)[: max(5, KILLED // 5)]:
        path.write_bytes(old)
        killer.kill(victims.create, path, moment)
        if path.read_bytes() != old:
            with photonwb.open(path) as nwbfile:
                assert np.array_equal(nwbfile.acquisition["signal"].data[...], victims.ADDED)


def test_killed_while_creating_a_store(killer: Killer, path: Path) -> None:
    store = path.with_suffix(".nwb.zarr")
    outcomes: set[bool] = set()
    for moment in killer.moments(victims.create, store):
        remove(store)
        killer.kill(victims.create, store, moment)
        outcomes.add(store.exists())
        if store.exists():
            assert_valid(store, by_pynwb=False)
            with photonwb.open(store) as nwbfile:
                assert np.array_equal(nwbfile.acquisition["signal"].data[...], victims.ADDED)
    assert outcomes == {False, True}


def test_killed_while_replacing_a_store(killer: Killer, path: Path) -> None:
    store = path.with_suffix(".nwb.zarr")
    seen: set[bool] = set()
    for moment in killer.moments(victims.create, store):
        for left in path.parent.iterdir():
            remove(left)
        photonwb.write(session(), store)
        killer.kill(victims.create, store, moment)
        with opened(store) as nwbfile:  # puts the old one back where it was aside
            is_new = "signal" in nwbfile.acquisition
            seen.add(is_new)
            assert not is_new or np.array_equal(nwbfile.acquisition["signal"].data[...], victims.ADDED)
            assert nwbfile.session_description == session().session_description
    assert seen == {False, True}


def test_killed_between_the_two_names_of_a_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = path.with_suffix(".nwb.zarr")
    photonwb.write(session(), store)

    class Killed(BaseException):
        pass

    def rename(source: Path, target: Any) -> Path:
        if Path(target) == store:
            raise Killed
        return source.replace(target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        patch.setattr("photonwb.io.replacing.remove", lambda _: None)  # who is killed clears nothing up
        with pytest.raises(Killed):
            photonwb.write(session(timestamps=False), store)
    assert not store.exists()
    with pytest.warns(UserWarning, match="interrupted"):
        nwbfile = photonwb.open(store)
    with nwbfile:
        assert nwbfile.session_description == session().session_description
    # What the killed one has left goes with the next that replaces the store.
    photonwb.write(session(), store)
    assert [left.name for left in path.parent.iterdir() if left.name.endswith(".old")] == []


def test_killed_while_changing(killer: Killer, path: Path) -> None:
    with photonwb.record(path, session()) as recording:
        record_step(recording, 0)
    old = path.read_bytes()
    moments = killer.moments(victims.edit, path)
    seen: set[bool] = set()
    for moment in moments:
        put(path.parent, {path.name: old})
        killer.kill(victims.edit, path, moment)
        with opened(path) as nwbfile:
            is_new = nwbfile.session_description == "changed"
            assert ("signal" in nwbfile.acquisition) == is_new
            assert len(nwbfile.trials) == (101 if is_new else 1)
            if is_new:
                assert np.array_equal(nwbfile.acquisition["signal"].data[...], victims.ADDED)
                assert len(nwbfile.trials["licks"][100]) == 99
        assert is_new or path.read_bytes() == old
        assert_valid(path, by_pynwb=is_new not in seen)
        seen.add(is_new)
    assert seen == {False, True}


def test_killed_while_recording(killer: Killer, path: Path) -> None:
    chance = random.Random(20260105)
    photonwb.write(session(), path)
    empty = path.read_bytes()
    found: list[int] = []
    for number in range(KILLED):
        put(path.parent, {path.name: empty})
        said = killer.kill(victims.record, path, chance.uniform(0, 0.02), chance.randrange(1, 12))
        certain = max([one for one in said if isinstance(one, int)], default=0)
        with opened(path) as nwbfile:
            found.append(recorded_steps(nwbfile))
        assert found[-1] >= certain
        assert_valid(path, by_pynwb=number % 50 == 0)
    assert max(found) > 40
    assert len(set(found)) > 5
    # It goes on where it was.
    with photonwb.record(path) as recording:
        record_missing(recording, found[-1])
    with photonwb.open(path) as nwbfile:
        assert recorded_steps(nwbfile) == found[-1] + 5


def record_missing(recording: Any, steps: int) -> None:
    """Go on after a step that may be there in part: only what is missing of it is appended."""
    acquisition = recording.nwbfile.acquisition
    frames, samples = len(acquisition["movie"].data), len(acquisition["wheel"].data)
    for number in range(steps, steps + 5):
        record_step(Skipping(recording, frames > number, samples > number), number)


class Skipping:
    """A recording that has something already."""

    def __init__(self, recording: Any, *has: bool) -> None:
        self.recording = recording
        self.has = dict(zip(("movie", "wheel"), has, strict=True))

    def append(self, series: str, *arguments: Any, **more: Any) -> None:
        if not self.has[series]:
            self.recording.append(series, *arguments, **more)

    def append_row(self, *arguments: Any, **more: Any) -> None:
        self.recording.append_row(*arguments, **more)


# ---- the power fails


def small_edit(path: Path) -> None:
    with photonwb.NWBHDF5IO(path, "r+") as io:
        nwbfile = io.read()
        nwbfile.add_acquisition(TimeSeries(name="signal", data=np.arange(3000.0), unit="V", rate=1.0))
        nwbfile.session_description = "changed"
        io.write(nwbfile)


def small_recording(path: Path) -> None:
    with photonwb.record(path, every_seconds=None) as recording:
        for number in range(12):
            record_step(recording, number)
            if number % 4 == 3:
                recording.commit()


def state_of(path: Path) -> int:
    """How far a file is: the number of recorded steps, or of edits."""
    with opened(path) as nwbfile:
        if "signal" not in nwbfile.acquisition:
            return recorded_steps(nwbfile)
        assert np.array_equal(nwbfile.acquisition["signal"].data[...], np.arange(3000.0))
        assert nwbfile.session_description == "changed"
        return 1


@pytest.mark.parametrize(("change", "expected"), [(small_edit, {0, 1}), (small_recording, {0, 4, 8, 12})])
def test_power_cut_after_every_write(
    path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], expected: set[int]
) -> None:
    photonwb.write(session(), path)
    with monkeypatch.context() as patch:
        disk = Disk(path.parent, patch)
        change(path)
    known: dict[bytes, int] = {}
    for played in (disk.states(), disk.states_with_losses(1), disk.states_with_losses(2)):
        states: list[int] = []
        for state in played:
            put(path.parent, state)
            opened(path).close()
            content = path.read_bytes()
            if content not in known:
                assert_valid(path, by_pynwb=True)
                known[content] = state_of(path)
            states.append(known[content])
        assert set(states) == expected
        assert states == sorted(states)
        assert len(states) > 30
