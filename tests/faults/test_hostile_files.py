"""Files that are sound HDF5 and mean harm, or were made by a program gone mad."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from faults.examining import examine
from helpers import run_fresh
from photonwb.base import TimeSeries
from photonwb.errors import BrokenLinkError, PhotonwbError, StorageError, UntrustedLinkError
from photonwb.image import ImageSeries
from photonwb.io.reading import walk

SERIES = "acquisition/series"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session with a series, a table and a movie in another file."""
    path = tmp_path / "inside" / "session.nwb"
    path.parent.mkdir()
    nwbfile = photonwb.NWBFile("a session", "hostile", datetime(2024, 5, 6, tzinfo=UTC))
    nwbfile.add_acquisition(TimeSeries("series", data=np.arange(10.0), unit="V", rate=1.0))
    nwbfile.add_acquisition(ImageSeries("movie", external_file=["../other.tif"], rate=1.0, format="external", num_samples=3))
    nwbfile.add_trial(start_time=0.0, stop_time=1.0)
    photonwb.write(nwbfile, path)
    return path


def change(path: Path, fault: Callable[[h5py.File], Any]) -> None:
    with h5py.File(path, "r+") as file:
        fault(file)


def replace(file: h5py.File, name: str, value: Any = None, **options: Any) -> None:
    attributes = dict(file[name].attrs)
    del file[name]
    made = file.create_dataset(name, data=value, **options)
    made.attrs.update(attributes)


def typed(group: h5py.Group, neurodata_type: str, namespace: str = "core") -> None:
    group.attrs.update({"neurodata_type": neurodata_type, "namespace": namespace, "object_id": "x"})


def hard_link_to_the_root(file: h5py.File) -> None:
    file["acquisition/root"] = file["/"]
    file[f"{SERIES}/up"] = file["acquisition"]


def soft_links_in_a_circle(file: h5py.File) -> None:
    file["acquisition/a"] = h5py.SoftLink("/acquisition/b")
    file["acquisition/b"] = h5py.SoftLink("/acquisition/a")
    del file[f"{SERIES}/data"]
    file[f"{SERIES}/data"] = h5py.SoftLink("/acquisition/series/data")


def soft_links_that_multiply(file: h5py.File) -> None:
    """Each goes through the next one twice: to follow the first takes 2**60 steps."""
    file["acquisition/l60"] = h5py.SoftLink("/acquisition")
    for number in range(60):
        file[f"acquisition/l{number}"] = h5py.SoftLink(f"/acquisition/l{number + 1}/l{number + 1}")


def a_group_within_itself(file: h5py.File) -> None:
    for name in ("processing", "acquisition"):
        module = file.create_group(f"{name}/module")
        typed(module, "ProcessingModule")
        module["module"] = module


def very_deep(file: h5py.File) -> None:
    group = file["processing"]
    for _ in range(400):
        group = group.create_group("m")
        typed(group, "ProcessingModule")


def many_names(file: h5py.File) -> None:
    group = file["acquisition"]
    for number in range(500):
        group[f"name{number}"] = file[SERIES]


def wrong_types(file: h5py.File) -> None:
    for name in ("session_description", "session_start_time", "identifier", "file_create_date"):
        replace(file, name, np.arange(6).reshape(2, 3))
    file[f"{SERIES}/data"].attrs["unit"] = 5
    file[f"{SERIES}/data"].attrs["conversion"] = "much"
    file[f"{SERIES}/starting_time"].attrs["rate"] = np.array([1, 2])


def wrong_kinds(file: h5py.File) -> None:
    del file[f"{SERIES}/data"], file["general"], file["intervals/trials/id"], file["session_description"]
    file.create_group(f"{SERIES}/data")
    file["general"] = 5
    file.create_group("intervals/trials/id")
    file.create_group("session_description")


def references_to_anything(file: h5py.File) -> None:
    trials = file["intervals/trials"]
    for name, target in (("to_root", file), ("to_itself", trials), ("to_dataset", file["identifier"])):
        column = trials.create_dataset(name, data=np.array([target.ref], dtype=h5py.ref_dtype))
        typed(column, "VectorIndex", "hdmf-common")
        column.attrs["target"] = column.ref
        column.attrs["description"] = target.ref
    trials.attrs["colnames"] = ["to_root", "to_itself", "to_dataset", "start_time"]
    file.attrs[".specloc"] = file[f"{SERIES}/data"].ref


def references_that_are_none(file: h5py.File) -> None:
    trials = file["intervals/trials"]
    for name, kind in (("index", "VectorIndex"), ("region", "DynamicTableRegion"), ("enum", "EnumData")):
        typed(trials.create_dataset(name, data=np.zeros(1, "u1")), kind, "hdmf-common")
        for attribute in ("target", "table", "elements"):
            if kind != "EnumData":
                trials[name].attrs[attribute] = "nothing"
    trials.attrs["colnames"] = ["index", "region", "enum"]


def references_to_regions(file: h5py.File) -> None:
    data = file[f"{SERIES}/data"]
    file.attrs["region"] = data.regionref[2:3]
    file[SERIES].attrs["comments"] = data.regionref[2:3]
    replace(file, "intervals/trials/start_time", np.array([data.regionref[:]], dtype=h5py.regionref_dtype))


def specifications_without_end(file: h5py.File) -> None:
    """Types that inherit from each other, namespaces that include each other, and brackets that open for ever."""
    names = ("ring", "deep", "huge")
    for name in names:
        group = file.create_group(f"specifications/{name}/1.0")
        include = [{"namespace": other} for other in names] + [{"source": "types"}]
        group["namespace"] = json.dumps({"namespaces": [{"name": name, "version": "1.0", "schema": include}]})
        types = [
            {"neurodata_type_def": "A", "neurodata_type_inc": "B", "groups": [{"neurodata_type_inc": "A", "quantity": "*"}]},
            {"neurodata_type_def": "B", "neurodata_type_inc": "A"},
        ]
        group["types"] = {
            "ring": json.dumps({"groups": types}),
            "deep": '{"groups": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "huge": '{"groups": [{"neurodata_type_def": "A", "quantity": ' + "9" * 5000 + "}]}",
        }[name]
        typed(file.create_group(f"acquisition/{name}"), "A", name)


def specifications_of_another_kind(file: h5py.File) -> None:
    group = file.create_group("specifications/wild/1.0")
    group["link"] = h5py.SoftLink("/identifier")
    group.create_group("namespace")
    file["specifications/number"] = 5
    file["specifications/link"] = h5py.SoftLink("/specifications")
    typed(file.create_group("acquisition/wild"), "Wild", "wild")


def types_of_strange_names(file: h5py.File) -> None:
    for number, name in enumerate(("", "../..", "__class__", "x" * 100_000, "a\nb", "'; import os", "Ω", "0", "None")):
        typed(file.create_group(f"acquisition/strange{number}"), name, name)
    typed(file.create_group("acquisition/__init__"), "TimeSeries")
    typed(file.create_group("acquisition/..."), "TimeSeries")


def shapes_of_ten_terabytes(file: h5py.File) -> None:
    replace(file, f"{SERIES}/data", shape=(10_000_000, 1000, 1000), dtype="u1", chunks=(1, 1000, 1000))
    replace(file, "intervals/trials/start_time", shape=(10**13,), dtype="u1", chunks=(10**6,))
    replace(
        file, "keywords" if "keywords" in file else "file_create_date", shape=(10**11,), dtype=h5py.string_dtype(), chunks=(100,)
    )


def indices_that_lie(file: h5py.File) -> None:
    trials = file["intervals/trials"]
    column = trials.create_dataset("tags", data=[b"a", b"b"])
    typed(column, "VectorData", "hdmf-common")
    index = trials.create_dataset("tags_index", data=np.array([2**63], dtype="u8"))
    typed(index, "VectorIndex", "hdmf-common")
    index.attrs["target"] = column.ref
    trials.attrs["colnames"] = np.array(["tags", "tags", "nothing", "tags_index", ""], dtype=object)


FAULTS = [
    hard_link_to_the_root,
    soft_links_in_a_circle,
    soft_links_that_multiply,
    a_group_within_itself,
    very_deep,
    many_names,
    wrong_types,
    wrong_kinds,
    references_to_anything,
    references_that_are_none,
    references_to_regions,
    specifications_without_end,
    specifications_of_another_kind,
    types_of_strange_names,
    shapes_of_ten_terabytes,
    indices_that_lie,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_all_that_happens_are_errors_of_ours(path: Path, fault: Callable[[h5py.File], None]) -> None:
    change(path, fault)
    # What takes as long as the square of the depth is not all tried on the deepest file.
    outcome = examine(path, turn=1 if fault is very_deep else None)
    assert not outcome.foreign, "\n".join(outcome.foreign)
    assert not outcome.nameless, "\n".join(outcome.nameless)


@pytest.mark.parametrize("fault", [hard_link_to_the_root, a_group_within_itself, very_deep], ids=lambda fault: fault.__name__)
def test_each_object_is_walked_once(path: Path, fault: Callable[[h5py.File], None]) -> None:
    change(path, fault)
    with photonwb.open(path) as nwbfile:
        met = [item._stored.node.identity for item in walk(nwbfile)]
    assert len(met) == len(set(met))


def a_group_that_is_a_link(file: h5py.File) -> None:
    file.move("processing", "elsewhere")
    file["processing"] = h5py.SoftLink("/elsewhere")


def a_group_that_is_a_dataset(file: h5py.File) -> None:
    replace(file, "processing", 3)


def test_what_is_written_goes_through_links_to_groups(path: Path) -> None:
    change(path, a_group_that_is_a_link)
    with photonwb.open(path, "r+") as nwbfile:
        nwbfile.create_processing_module("module", "d")
    with h5py.File(path) as file:
        assert list(file["elsewhere"]) == ["module"]


def test_nothing_is_written_into_a_dataset_in_the_place_of_a_group(path: Path) -> None:
    change(path, a_group_that_is_a_dataset)
    before = path.read_bytes()
    with pytest.raises(PhotonwbError, match="/processing should be a group"), photonwb.open(path, "r+") as nwbfile:
        nwbfile.acquisition["series"].comments = "changed"
        nwbfile.create_processing_module("module", "d")
    assert path.read_bytes() == before


def test_a_part_of_a_file_in_circles_is_taken_at_once(path: Path) -> None:
    change(path, hard_link_to_the_root)
    with pytest.raises(PhotonwbError, match="'nothing of that name' is nothing in"):
        photonwb.export(path, path.with_name("part.nwb"), exclude="nothing of that name")


def test_shapes_that_no_file_can_hold_are_not_gone_through(path: Path) -> None:
    def claim(file: h5py.File) -> None:
        replace(file, f"{SERIES}/data", np.arange(10.0), chunks=(2,), maxshape=(None,))
        file[f"{SERIES}/data"].resize((10**11,))
        replace(file, "intervals/trials/start_time", np.array([0.5]), chunks=(1,), maxshape=(None,))
        file["intervals/trials/start_time"].resize((10**9,))

    change(path, claim)
    with pytest.raises(StorageError, match="the shape is damaged"):
        photonwb.export(path, path.with_name("part.nwb"), compression="small", chunks=True)
    report = photonwb.recover(path, path.with_name("saved.nwb"))
    assert "of 100000000000 rows are saved" in str(report)
    with photonwb.open(path.with_name("saved.nwb")) as nwbfile:
        assert nwbfile.acquisition["series"].data[:11].tolist() == [*range(10), 0]
    assert path.with_name("saved.nwb").stat().st_size < 10 << 20


def test_links_that_multiply_are_broken(path: Path) -> None:
    change(path, soft_links_that_multiply)
    with photonwb.open(path) as nwbfile, pytest.raises(BrokenLinkError, match="circle"):
        nwbfile._stored.reader.follow(nwbfile._stored.node["acquisition/l0"])


def test_a_huge_dataset_takes_no_memory(path: Path) -> None:
    change(path, shapes_of_ten_terabytes)
    # A process that may have a gigabyte, most of which its libraries reserve.
    told = run_fresh(f"""
import resource, photonwb
from photonwb.errors import StorageError
with photonwb.open({str(path)!r}) as nwbfile:
    data = nwbfile.acquisition["series"].data
    print(data.nbytes, data[5, :2, :2].tolist())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in (lambda: data[...], lambda: nwbfile.trials["start_time"].data[:], lambda: list(nwbfile.file_create_date)):
        try:
            read()
        except StorageError as error:
            print("refused" if "session.nwb" in str(error) else error)
    photonwb.validate({str(path)!r})
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < 300)
""").splitlines()
    assert told == [f"{10**13} [[0.0, 0.0], [0.0, 0.0]]".replace(".0", ""), "refused", "refused", "refused", "True"]


class TestOtherFiles:
    """What a file names outside of its folder is opened when it is trusted."""

    @pytest.fixture
    def secret(self, path: Path) -> Path:
        with h5py.File(path.parent.parent / "secret.h5", "w") as file:
            file["data"] = np.full(10, 42.0)
        with h5py.File(path.parent / "beside.h5", "w") as file:
            file["data"] = np.full(10, 43.0)

        def lead_out(file: h5py.File) -> None:
            for name, target in (("out", "../secret.h5"), ("beside", "beside.h5"), ("lies", "sub/../../secret.h5")):
                group = file.create_group(f"acquisition/{name}")
                file.copy(SERIES + "/starting_time", group)
                group.attrs.update(file[SERIES].attrs)
                group["data"] = h5py.ExternalLink(target, "/data")
            file["acquisition/absolute"] = h5py.ExternalLink(str(path.parent.parent / "secret.h5"), "/data")

        change(path, lead_out)
        return path

    def test_links(self, secret: Path) -> None:
        with photonwb.open(secret) as nwbfile:
            assert nwbfile.acquisition["beside"].data[0] == 43
            for name in ("out", "lies"):
                with pytest.raises(UntrustedLinkError, match=r"session\.nwb: .*trusted=True"):
                    _ = nwbfile.acquisition[name].data
        with photonwb.open(secret, trusted=True) as nwbfile:
            assert nwbfile.acquisition["out"].data[0] == 42

    def test_an_object_that_is_not_followed_is_still_listed(self, secret: Path) -> None:
        with photonwb.open(secret) as nwbfile:
            assert "absolute" in nwbfile.acquisition
            with pytest.raises(UntrustedLinkError, match="trusted=True"):
                _ = nwbfile.acquisition["absolute"]

    def test_links_of_the_file_system(self, secret: Path) -> None:
        (secret.parent / "innocent.h5").symlink_to(secret.parent.parent / "secret.h5")
        change(secret, lambda file: file.__setitem__("acquisition/innocent", h5py.ExternalLink("innocent.h5", "/data")))
        with photonwb.open(secret) as nwbfile, pytest.raises(UntrustedLinkError):
            nwbfile._stored.reader.follow(nwbfile._stored.node["acquisition"]["innocent"])

    def test_the_established_interface_follows_all(self, secret: Path) -> None:
        with photonwb.NWBHDF5IO(secret, "r") as io:
            assert io.read().acquisition["out"].data[0] == 42
        with photonwb.NWBHDF5IO(secret, "r", trusted=False) as io, pytest.raises(UntrustedLinkError):
            _ = io.read().acquisition["out"].data
        nwbfile = photonwb.read_nwb(secret)
        assert nwbfile.acquisition["out"].data[0] == 42
        nwbfile.close()

    def test_changing_a_file_follows_no_more_than_reading(self, secret: Path) -> None:
        with photonwb.open(secret, "r+") as nwbfile, pytest.raises(UntrustedLinkError):
            _ = nwbfile.acquisition["out"].data

    def test_validation_tells_what_it_did_not_follow(self, secret: Path) -> None:
        found = {
            finding.path: finding.message
            for finding in photonwb.validate(secret, layers=["schema"])
            if finding.code == "untrusted_link"
        }
        assert found["/acquisition/out/data"] == "a link out of the folder of the file was not followed"
        assert "/acquisition/beside/data" not in found
        assert not [each for each in photonwb.validate(secret, layers=["schema"], trusted=True) if each.code == "untrusted_link"]

    def test_movies(self, path: Path) -> None:
        tifffile = pytest.importorskip("tifffile")
        tifffile.imwrite(path.parent.parent / "other.tif", np.zeros((3, 4, 5), "u1"), photometric="minisblack")
        from photonwb.external import external_movie

        with photonwb.open(path) as nwbfile, pytest.raises(UntrustedLinkError, match=r"other\.tif is outside"):
            external_movie(nwbfile.acquisition["movie"])
        with photonwb.open(path, trusted=True) as nwbfile:
            assert external_movie(nwbfile.acquisition["movie"]).shape == (3, 5, 4)

    def test_values_in_other_files(self, secret: Path) -> None:
        layout = h5py.VirtualLayout((10,), "f8")
        layout[:] = h5py.VirtualSource("../secret.h5", "data", (10,))

        def borrow(file: h5py.File) -> None:
            attributes = dict(file[f"{SERIES}/data"].attrs)
            del file[f"{SERIES}/data"]
            file.create_virtual_dataset(f"{SERIES}/data", layout).attrs.update(attributes)

        change(secret, borrow)
        with photonwb.open(secret) as nwbfile, pytest.raises(StorageError, match="trusted=True"):
            nwbfile.acquisition["series"].data[:]
        with photonwb.open(secret, trusted=True) as nwbfile:
            assert nwbfile.acquisition["series"].data[0] == 42


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 5000, b"GCOL" * 1000, bytes(range(256)) * 40],
)
def test_what_is_no_hdf5(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "no.nwb").write_bytes(content)
    for call in (photonwb.open, photonwb.read_nwb):
        with pytest.raises(PhotonwbError, match=r"no\.nwb"):
            call(tmp_path / "no.nwb")
    assert [finding.code for finding in photonwb.validate(tmp_path / "no.nwb")] == ["unreadable"]


def test_every_length_of_a_file(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content), len(content) // 60):
        path.write_bytes(content[:length])
        with pytest.raises(StorageError, match=r"session\.nwb: (truncated|an empty|not an HDF5|a damaged)"):
            photonwb.open(path)
