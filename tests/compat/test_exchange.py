"""One file with every class and every option travels between photonwb and pynwb, both ways, and stays the same."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pynwb
import pytest

import photonwb
from compat.comparison import differences
from compat.everything import everything, library

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def written_by_us(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exchange") / "photonwb.nwb"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        photonwb.write(everything(library("photonwb"), path.parent), path)
    return path


@pytest.fixture(scope="module")
def written_by_pynwb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exchange") / "pynwb.nwb"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pynwb.NWBHDF5IO(path, "w") as io:
            io.write(everything(library("pynwb"), path.parent))
    return path


def compare_with_pynwb(path: Path) -> list[str]:
    with photonwb.open(path) as ours, pynwb.NWBHDF5IO(path, "r") as io:
        return list(differences(ours, io.read()))


def compare_with_ourselves(path: Path, other: Path) -> list[str]:
    with photonwb.open(path) as ours, photonwb.open(other) as theirs:
        return list(differences(ours, theirs))


def schema_errors(path: Path) -> list[Any]:
    return list(pynwb.validate(path=str(path)))


def test_what_we_write_pynwb_reads_equal(written_by_us: Path) -> None:
    assert compare_with_pynwb(written_by_us) == []


def test_what_we_write_validates(written_by_us: Path) -> None:
    assert schema_errors(written_by_us) == []


def test_what_pynwb_writes_we_read_equal(written_by_pynwb: Path) -> None:
    assert compare_with_pynwb(written_by_pynwb) == []


def test_pynwb_exports_what_we_wrote(written_by_us: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.nwb"
    with pynwb.NWBHDF5IO(written_by_us, "r") as source, pynwb.NWBHDF5IO(copy, "w") as target:
        nwbfile = source.read()
        nwbfile.set_modified()
        target.export(source, nwbfile)
    assert compare_with_ourselves(written_by_us, copy) == []


def test_we_write_again_what_pynwb_wrote(written_by_pynwb: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.nwb"
    with photonwb.open(written_by_pynwb) as nwbfile:
        photonwb.write(nwbfile, copy)
    assert compare_with_pynwb(copy) == []
    assert compare_with_ourselves(written_by_pynwb, copy) == []
    assert schema_errors(copy) == []


def test_both_write_the_same(written_by_us: Path, written_by_pynwb: Path) -> None:
    """Apart from the identities, which are made at random, and the descriptions of predefined columns, which are our own."""
    ignored = ("object_id", "leads to", "objects are referred to", "].description")
    found = compare_with_ourselves(written_by_us, written_by_pynwb)
    assert [text for text in found if not any(word in text for word in ignored)] == []
