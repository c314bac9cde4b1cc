"""Files with bytes that nobody meant: whatever happens to them, what happens to the reader is an error of ours.

A hundred and fifty of them are tried by every run of the tests, as many as one likes with `PHOTONWB_MUTATIONS=2000`.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

import photonwb
from compat.everything import everything, library
from faults.running import Case, Verdict, verdicts

COUNT = int(os.environ.get("PHOTONWB_MUTATIONS", "150"))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Small good files: with every class, by photonwb and by pynwb, and real ones where there are some."""
    import pynwb

    folder = tmp_path_factory.mktemp("sources")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is strange about these files is the subject of other tests
        photonwb.write(everything(library("photonwb"), folder), folder / "photonwb.nwb")
        with pynwb.NWBHDF5IO(folder / "pynwb.nwb", "w") as io:
            io.write(everything(library("pynwb"), folder))
    real = Path(os.environ.get("PHOTONWB_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "nwb"
    others = [path for path in real.glob("*.nwb") if path.stat().st_size < 300_000] if real.is_dir() else []
    return [str(path) for path in (folder / "photonwb.nwb", folder / "pynwb.nwb", *sorted(others))]


def test_damage_is_told_and_nothing_else_happens(sources: list[str], tmp_path: Path) -> None:
    cases = [Case(sources[seed % len(sources)], seed) for seed in range(COUNT)]
    found = verdicts(cases, tmp_path)
    told = [f"{Path(each.case.source).name}, seed {each.case.seed}: {_summary(each)}" for each in found if _summary(each)]
    assert not told, "\n".join(told)
    # Not all damage matters, but much of it must have been seen.
    assert sum(bool(verdict.ours) for verdict in found) > COUNT // 5


def _summary(verdict: Verdict) -> str:
    """What should not have happened: in the process, and of other errors where and what."""
    foreign = (f"{lines[0]}: {lines[-1]}" for lines in (each.strip().splitlines() for each in verdict.foreign))
    return "; ".join(filter(None, (verdict.fate, *foreign, *verdict.nameless)))
