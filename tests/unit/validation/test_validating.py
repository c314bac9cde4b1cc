"""What `validate` takes, and what it gives for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.errors import InvalidTypeError, InvalidValueError, MissingFileError
from photonwb.storage.contract import Layout
from photonwb.storage.hdf5 import HDF5Dataset, HDF5Store
from photonwb.storage.memory import MemoryStore
from photonwb.validation import LAYERS, Findings
from unit.validation.session import session


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an error, a warning of the schema, one of ophys and a recommendation."""
    path = tmp_path_factory.mktemp("faulty") / "faulty.nwb"
    made = session()
    made.plane.grid_spacing = [2.0, 2.0]
    made.file.keywords = None
    photonwb.write(made.file, path)
    with h5py.File(path, "r+") as file:
        del file["acquisition/movie/data"].attrs["unit"]
        file["acquisition/movie"].attrs["framerate"] = 1.0
    return path


ALL = {"missing_attribute", "extra_attribute", "grid_spacing", "check_keywords"}


def codes(findings: Findings) -> set[str]:
    return {finding.code for finding in findings} - {"field_of_view"}


def test_a_path(faulty: Path) -> None:
    assert codes(photonwb.validate(faulty)) == codes(photonwb.validate(str(faulty))) == ALL


def test_the_worst_comes_first(faulty: Path) -> None:
    findings = photonwb.validate(faulty)
    assert isinstance(findings, Findings)
    assert [finding.severity for finding in findings] == sorted((finding.severity for finding in findings), reverse=True)
    assert {finding.file for finding in findings} == {str(faulty)}


def test_what_a_file_was_opened_with(faulty: Path) -> None:
    with photonwb.NWBHDF5IO(faulty, "r") as io:
        assert codes(photonwb.validate(io, layers=LAYERS)) == ALL
        assert codes(photonwb.validate(io.read())) == ALL
        assert io.read().identifier == "1"  # still open
    with HDF5Store(faulty) as store:
        assert codes(photonwb.validate(store)) == ALL


def test_as_pynwb_is_called_only_errors_come(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with photonwb.NWBHDF5IO(faulty, "r") as io:
        assert codes(photonwb.validate(io)) == codes(photonwb.validate(io=io)) == {"missing_attribute"}
        assert codes(photonwb.validate(io, "core")) == {"missing_attribute"}
    assert codes(photonwb.validate(None, None, faulty)) == {"missing_attribute"}
    assert capsys.readouterr().out == ""
    assert codes(photonwb.validate(path=faulty)) == {"missing_attribute"}
    assert codes(photonwb.validate(path=str(faulty), use_cached_namespaces=False, verbose=True)) == {"missing_attribute"}
    assert "core" in capsys.readouterr().out
    assert codes(photonwb.validate(path=faulty, namespace="core")) == {"missing_attribute"}
    assert len(photonwb.validate(paths=[faulty, faulty])) == 2


def test_layers(faulty: Path) -> None:
    assert codes(photonwb.validate(faulty, layers=["ophys"])) == {"grid_spacing"}
    assert codes(photonwb.validate(path=faulty, layers=["practice"])) == {"check_keywords"}
    with pytest.raises(InvalidValueError, match="schema, ophys, practice"):
        photonwb.validate(faulty, layers=["style"])


def test_one_source_and_no_more(faulty: Path) -> None:
    with pytest.raises(InvalidTypeError, match="give one file"):
        photonwb.validate()
    with pytest.raises(InvalidTypeError, match="give one file"):
        photonwb.validate(faulty, path=faulty)
    with pytest.raises(InvalidTypeError, match="got int"):
        photonwb.validate(1)


def test_a_namespace_must_be_there(faulty: Path) -> None:
    with pytest.raises(InvalidValueError, match="no namespace 'ndx-none'"):
        photonwb.validate(path=faulty, namespace="ndx-none")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        photonwb.validate(tmp_path / "none.nwb")


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_a_file_that_cannot_be_opened_is_a_finding(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.nwb"
    path.write_bytes(content)
    (finding,) = photonwb.validate(path)
    assert (finding.code, finding.path, finding.severity.name) == ("unreadable", "/", "ERROR")
    assert photonwb.validate(path=path) == [finding]


def test_a_truncated_file_is_a_finding(faulty: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.nwb"
    path.write_bytes(faulty.read_bytes()[:20_000])
    assert "unreadable" in codes(photonwb.validate(path))


def test_a_collection_that_cannot_be_listed_is_a_finding(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from photonwb.errors import DamagedFileError
    from photonwb.io.reading import StoredMembers

    names = StoredMembers.names

    def fail(self: Any) -> list[str]:
        if self._field.name == "acquisition":
            raise DamagedFileError("the links of /acquisition are damaged")
        return names(self)

    monkeypatch.setattr(StoredMembers, "names", fail)
    findings = photonwb.validate(faulty, layers=["ophys", "practice"])
    assert ("unreadable", "/acquisition") in {(finding.code, finding.path) for finding in findings}
    assert "check_keywords" in codes(findings)


def test_bytes_that_are_damaged_hide_nothing_else(faulty: Path, tmp_path: Path) -> None:
    content = bytearray(faulty.read_bytes())
    random = np.random.default_rng(3)
    path = tmp_path / "damaged.nwb"
    for _ in range(20):
        for at in random.integers(2048, len(content), 40):
            content[at] ^= 0xFF
        path.write_bytes(content)
        for finding in photonwb.validate(path):  # whatever is found, nothing is raised
            assert finding.message


def test_an_hdf5_file_that_is_no_nwb_file(tmp_path: Path) -> None:
    path = tmp_path / "other.nwb"
    h5py.File(path, "w").close()
    findings = photonwb.validate(path)
    assert {"missing_version", "missing_member", "unreadable"} <= codes(findings)


def test_a_file_in_memory_is_checked_as_it_would_be_written() -> None:
    made = session()
    made.plane.grid_spacing = [2.0, 2.0]
    made.movie.__dict__["imaging_plane"] = photonwb.ophys.ImagingPlane(
        "lost", made.plane.optical_channel[0], device=made.plane.device, excitation_lambda=920.0, indicator="i", location="l"
    )
    findings = photonwb.validate(made.file)
    assert {"unwritable", "grid_spacing"} <= codes(findings)
    assert any("lost" in finding.message for finding in findings.errors)


def test_any_store_can_be_checked() -> None:
    store = MemoryStore()
    store.root.attributes.update(neurodata_type="NWBFile", namespace="core", nwb_version="2.11.0")
    store.root.create_group("acquisition").create_dataset("stray", Layout((), np.dtype(float)), 1.0)
    findings = photonwb.validate(store, layers=["schema"])
    assert ("missing_member", "/identifier") in {(finding.code, finding.path) for finding in findings}
    assert ("extra_member", "/acquisition/stray") in {(finding.code, finding.path) for finding in findings}


def test_an_extension_that_the_file_carries_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "extended.nwb"
    photonwb.write(session().file, path)
    header = '{"namespaces": [{"name": "ndx-x", "version": "1", "doc": "d", "schema": [{"namespace": "core"}, {"source": "x"}]}]}'
    types = (
        '{"groups": [{"neurodata_type_def": "Wheel", "neurodata_type_inc": "TimeSeries", "doc": "d",'
        ' "attributes": [{"name": "radius", "dtype": "float", "doc": "d"}]}]}'
    )
    with h5py.File(path, "r+") as file:
        file["specifications/ndx-x/1/namespace"] = header
        file["specifications/ndx-x/1/x"] = types
        file["acquisition/series"].attrs.update(neurodata_type="Wheel", namespace="ndx-x")
    (finding,) = photonwb.validate(path=path)
    assert (finding.code, finding.path, finding.object_type) == ("missing_attribute", "/acquisition/series@radius", "Wheel")
    assert codes(photonwb.validate(path=path, use_cached_namespaces=False)) == {"unknown_type"}


def test_links_into_another_file_are_followed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        photonwb.write(session().file, tmp_path / f"{name}.nwb")
    with h5py.File(tmp_path / "two.nwb", "r+") as file:
        del file["acquisition/series/data"].attrs["unit"]
    with h5py.File(tmp_path / "one.nwb", "r+") as file:
        file["acquisition/far"] = h5py.ExternalLink("two.nwb", "/acquisition/series")
    (finding,) = photonwb.validate(path=tmp_path / "one.nwb")
    assert (finding.code, finding.path) == ("missing_attribute", "/acquisition/series/data@unit")
    assert Path(finding.file).name == "two.nwb"


def test_a_group_inside_itself_comes_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "circle.nwb"
    photonwb.write(session().file, path)
    with h5py.File(path, "r+") as file:
        file["processing/ophys/again"] = file["processing"]
        file["processing/again"] = file["processing/ophys"]
    assert "second_hard_link" in codes(photonwb.validate(path, layers=["schema"]))


def test_movies_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.nwb"
    photonwb.write(session().file, path)
    from photonwb.arrays.lazy import LazyArray

    read, index = HDF5Dataset.read, LazyArray.__getitem__
    touched: list[str] = []

    def spy_read(self: Any, *selection: Any) -> Any:
        touched.append(self.path)
        return read(self, *selection)

    def spy_index(self: Any, key: Any) -> Any:
        touched.append(self.source.path)
        return index(self, key)

    monkeypatch.setattr(HDF5Dataset, "read", spy_read)
    monkeypatch.setattr(LazyArray, "__getitem__", spy_index)
    photonwb.validate(path)
    assert "/acquisition/series/timestamps" in touched
    assert not [path for path in touched if path.endswith("/data")]


def test_by_the_schema_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.nwb"
    photonwb.write(session().file, path)
    read = HDF5Dataset.read
    touched: list[tuple[Any, ...]] = []

    def spy(self: Any, *selection: Any) -> Any:
        touched.append((self.path, *map(str, selection)))
        return read(self, *selection)

    monkeypatch.setattr(HDF5Dataset, "read", spy)
    photonwb.validate(path=path)
    assert ("/session_start_time",) in touched
    assert sorted(touched) == sorted(set(touched))


def test_the_name_is_the_function_whatever_is_imported() -> None:
    code = (
        "import photonwb.validation, photonwb.validation.validating\nfrom photonwb import validate\n"
        "print(callable(photonwb.validate), photonwb.validate is validate, type(photonwb.validation).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "module"]
