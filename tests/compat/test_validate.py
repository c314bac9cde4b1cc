"""Our validation against pynwb's and nwbinspector's: on good files, and on one broken in many ways."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import pynwb
import pytest

import photonwb
from compat.everything import everything, library
from compat.faulty import FAULTS, Fault, write_good_file
from photonwb.validation import Findings

pytestmark = pytest.mark.filterwarnings("ignore")

# Of these files pynwb's validator gives up altogether.
UNREADABLE_BY_PYNWB = {
    "masks plain", "members few", "type array", "no value", "dataset for group", "group for dataset", "relative link", "circle",
    "target_made_again", "no common specification", "no ophys source", "text in Latin-1", "attribute in Latin-1",
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.nwb"
    write_good_file(path)
    return path


@pytest.fixture(scope="module")
def written_by_pynwb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("everything") / "everything.nwb"
    lib = library("pynwb")
    with lib.top.NWBHDF5IO(path, "w") as io:
        io.write(everything(lib, path.parent))
    return path


def broken(good: Path, path: Path, *faults: Fault) -> list[Fault]:
    """Copy the good file and break it; those of the faults that could be made."""
    shutil.copy(good, path)
    made: list[Fault] = []
    with h5py.File(path, "r+") as file:
        for fault in faults:
            try:
                fault.apply(file)
            except (KeyError, ValueError, RuntimeError):
                assert len(faults) > 1, f"{fault.name} cannot be made"
            else:
                made.append(fault)
    return made


def test_a_good_file_has_no_schema_findings(good: Path) -> None:
    assert photonwb.validate(good, layers=["schema"]) == []


def test_a_file_with_everything_has_no_errors(written_by_pynwb: Path) -> None:
    assert list(pynwb.validate(path=str(written_by_pynwb))) == []
    assert photonwb.validate(written_by_pynwb).errors == []


def test_scripts_that_check_what_they_wrote_go_on(good: Path, tmp_path: Path) -> None:
    """However pynwb's function is called, an empty list means the same; what pynwb does not look at is no error then."""
    path = tmp_path / "movie.nwb"
    shutil.copy(good, path)
    assert photonwb.validate(path) != []  # recommendations
    answers: list[list[Any]] = []
    for lib in (pynwb, photonwb):
        with lib.NWBHDF5IO(str(path), "r") as io:
            answers += [list(lib.validate(io)), list(lib.validate(io=io))]
        answers += [list(lib.validate(path=str(path))), list(lib.validate(path=path, use_cached_namespaces=False))]
    with photonwb.NWBHDF5IO(path, "r") as io:
        answers += [photonwb.validate(io, "core")]  # pynwb refuses "core" once an extension of it was loaded in the process
    assert answers == [[]] * 9
    with h5py.File(path, "r+") as file:
        del file["identifier"]
    for lib in (pynwb, photonwb):
        with lib.NWBHDF5IO(str(path), "r") as io:
            errors = list(lib.validate(io))  # pynwb tells of it once for each extension that was loaded in the process
        assert errors
        for error in errors:
            assert (error.location or "", error.name.rpartition("/")[2]) in {("", "identifier"), ("identifier", "identifier")}
            assert error.reason


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_each_fault_is_found_where_it_is(fault: Fault, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.nwb"
    broken(good, path, fault)
    findings = photonwb.validate(path, layers=["schema"])
    found = [finding for finding in findings if finding.path == fault.at and finding.code in fault.codes]
    assert found, f"expected {fault.codes} at {fault.at}, got:\n{findings}"
    assert all(finding.message and finding.file == str(path) for finding in findings)
    assert not [finding for finding in findings if finding.code == "unreadable"]


def test_there_are_many_kinds_of_faults() -> None:
    assert len(FAULTS) >= 60
    assert len({code for fault in FAULTS for code in fault.codes}) >= 30


def batches() -> Iterator[list[Fault]]:
    """The faults in groups of those that do not get into each other's way."""
    waiting = [fault for fault in FAULTS if fault.name not in UNREADABLE_BY_PYNWB]
    random.Random(8).shuffle(waiting)
    while waiting:
        chosen: list[Fault] = []
        left: list[Fault] = []
        for fault in waiting:
            apart = all(not _overlap(fault.at, other.at) for other in chosen)
            (chosen if apart and len(chosen) < 12 else left).append(fault)
        yield chosen
        waiting = left


def _overlap(one: str, other: str) -> bool:
    first, second = sorted(path.partition("@")[0] + "/" for path in (one, other))
    return second.startswith(first)


BATCHES = list(batches())


@pytest.mark.parametrize("number", range(len(BATCHES)))
def test_what_pynwb_finds_we_find_at_the_same_path(number: int, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.nwb"
    made = broken(good, path, *BATCHES[number])
    theirs = list(pynwb.validate(path=str(path)))
    ours = photonwb.validate(path, layers=["schema"])
    missed = [str(error) for error in theirs if not _is_found(error, ours)]
    assert not missed, f"{[fault.name for fault in made]}: {missed}, but:\n{ours}"


def _is_found(error: Any, ours: Findings) -> bool:
    """Whether we found something at the object that pynwb names, or at one of its members."""
    location = f"/{error.location}"
    places = {location, location.rpartition(".")[0]} - {""} or {"/"}
    paths = [finding.path.partition("@")[0] for finding in ours]
    return any(path in places or path.rpartition("/")[0] in places | {place.rstrip("/") for place in places} for path in paths)


@pytest.mark.parametrize(
    "name",
    [
        "neuroconv_nwb_test.nwb",
        "nwbexplorer_test_RoiResponseSeries.nwb",
        "nwbexplorer_test_TwoPhotonSeries.nwb",
        "pynwb_2.1.0_imageseries_no_data.nwb",
        "pynwb_2.1.0_nwbfile_with_extension.nwb",
        "hdmfzarr_sub-healthy-simulated-beta_ses-162_ecephys.nwb",
        "pynapple_inscopixcnmfe_A0634.nwb",
    ],
)
def test_real_files_have_the_errors_that_pynwb_finds(name: str, shared_data: Path) -> None:
    path = shared_data / "nwb" / name
    theirs = list(pynwb.validate(path=str(path)))
    ours = photonwb.validate(path=path)
    assert [str(error) for error in theirs if not _is_found(error, ours)] == []
    assert bool(ours) == bool(theirs), f"{theirs}\n{ours}"


def test_every_rule_copes_with_real_files(shared_data: Path) -> None:
    for path in sorted((shared_data / "nwb").glob("*.nwb")):
        assert [finding for finding in photonwb.validate(path) if finding.code == "unreadable"] == []


# What nwbinspector finds and we do not, and why.
NOT_FOUND_BY_US = {
    "check_data_orientation": "movies with fewer frames than pixels, which are most of them",
    "check_description": "the default of pynwb, which says that nothing is said",
    "check_single_row": "segmentations of one region",
    "check_spatial_series_unit": "not of optical physiology",
    "check_units_resolution_is_set": "not of optical physiology",
}
FOUND_BY_US_ALONE = {"check_subject_id_exists"}  # nwbinspector takes an empty text for one


@pytest.mark.parametrize("name", ["neuroconv_nwb_test.nwb", "pynapple_inscopixcnmfe_A0634.nwb", "everything"])
def test_what_nwbinspector_recommends_we_recommend(name: str, request: pytest.FixtureRequest, written_by_pynwb: Path) -> None:
    from nwbinspector import inspect_nwbfile

    path = written_by_pynwb if name == "everything" else request.getfixturevalue("shared_data") / "nwb" / name
    theirs = [message for message in inspect_nwbfile(nwbfile_path=path, skip_validate=True) if message.importance.name != "ERROR"]
    ours = photonwb.validate(path, layers=["practice"])
    found = {(finding.code, finding.severity.name) for finding in ours}
    missed = {
        (message.check_function_name, message.importance.name, message.location)
        for message in theirs
        if message.check_function_name not in NOT_FOUND_BY_US
        and (message.check_function_name, message.importance.name) not in found
    }
    assert not missed, f"{missed}\n{ours}"
    assert {finding.code for finding in ours} <= {message.check_function_name for message in theirs} | FOUND_BY_US_ALONE
