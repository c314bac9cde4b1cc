"""A file as another file: whole, without some of it, stored in another way, or linked to."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from edited import read_by_pynwb, write_session
from hdf5_comparison import content, differences
from photonwb import NWBHDF5IO, NWBFile, TimeSeries
from photonwb.image import ImageSeries

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

DATES = "/file_create_date"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_session(tmp_path_factory.mktemp("session"))


@pytest.fixture(scope="module")
def before(session: Path) -> dict[str, Any]:
    return content(session)


def differing(before: dict[str, Any], path: Path) -> list[str]:
    return [each for each in differences(before, path) if each != DATES]


# ---- whole


def test_an_unmodified_file_is_exported_without_a_difference(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    photonwb.export(session, tmp_path / "copy.nwb")
    assert differences(before, tmp_path / "copy.nwb") == []
    with photonwb.open(session) as nwbfile:
        nwbfile.export(tmp_path / "copy2.nwb")
    assert differences(before, tmp_path / "copy2.nwb") == []


def test_an_open_file_is_copied_object_by_object_without_a_difference(
    session: Path, before: dict[str, Any], tmp_path: Path
) -> None:
    with h5py.File(session) as file, NWBHDF5IO(file=file) as io:
        io.export_to(tmp_path / "copy.nwb")
    assert differences(before, tmp_path / "copy.nwb") == []


def test_chunks_are_copied_without_decoding(session: Path, tmp_path: Path) -> None:
    shutil.copy(session, tmp_path / "odd.nwb")
    with h5py.File(tmp_path / "odd.nwb", "r+") as file:
        odd = file["acquisition/one"].create_dataset(
            "odd", (4, 10), "f8", chunks=(1, 10), maxshape=(None, 10), compression="gzip", shuffle=True, fillvalue=7.0
        )
        odd.id.write_direct_chunk((0, 0), np.arange(10.0).tobytes(), 0b11)  # both filters left out
        odd.id.write_direct_chunk((1, 0), b"no deflate at all", 0)  # nobody could decode it
    photonwb.export(tmp_path / "odd.nwb", tmp_path / "part.nwb", exclude="EditedSeries")
    with h5py.File(tmp_path / "odd.nwb") as old, h5py.File(tmp_path / "part.nwb") as new:
        one, other = old["acquisition/one/odd"].id, new["acquisition/one/odd"].id
        assert other.get_num_chunks() == 2
        for start in ((0, 0), (1, 0)):
            assert one.read_direct_chunk(start) == other.read_direct_chunk(start)
        assert new["acquisition/one/odd"].fillvalue == 7.0


def test_changes_in_memory_come_along_and_the_source_stays(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    with photonwb.open(session) as nwbfile:
        nwbfile.rename(nwbfile.acquisition["one"], "first")
        nwbfile.remove(nwbfile.imaging_planes["unused"])
        nwbfile.lab = "another"
        nwbfile.export(tmp_path / "copy.nwb")
        assert nwbfile.acquisition["first"].data[3] == 3.0
    assert differences(before, session) == []
    read_by_pynwb(tmp_path / "copy.nwb")
    with photonwb.open(tmp_path / "copy.nwb") as copy:
        assert copy.lab == "another"
        assert copy.acquisition["two"].timestamps[1] == 0.25
        assert "unused" not in copy.imaging_planes


def test_what_was_assigned_but_not_committed_comes_along(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    shutil.copy(session, tmp_path / "edited.nwb")
    nwbfile = NWBHDF5IO(tmp_path / "edited.nwb", "r+").read()
    nwbfile.acquisition["one"].data[3] = 99.0
    nwbfile.lab = "another"
    nwbfile.export(tmp_path / "copy.nwb")
    nwbfile.export(tmp_path / "part.nwb", time=(0.0, 2.0))
    with pytest.warns(UserWarning, match="changes were not written"):
        nwbfile.close()
    assert differences(before, tmp_path / "edited.nwb") == []
    for name in ("copy.nwb", "part.nwb"):
        with photonwb.open(tmp_path / name) as copy:
            assert copy.acquisition["one"].data[3] == 99.0
            assert copy.lab == "another"


def test_a_part_of_a_changed_file_is_exported(session: Path, tmp_path: Path) -> None:
    with photonwb.open(session) as nwbfile:
        nwbfile.lab = "another"
        nwbfile.export(tmp_path / "part.nwb", exclude="EditedSeries")
        with pytest.raises(ValueError, match="does not have your changes"):
            nwbfile.export(tmp_path / "linked.nwb", data="link")
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert part.lab == "another"
        assert "extended" not in part.acquisition
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.nwb"]


def test_a_file_in_memory_is_exported_in_part(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    for name in ("one", "two"):
        nwbfile.add_acquisition(TimeSeries(name, np.arange(10.0), "V", rate=1.0))
    photonwb.export(nwbfile, tmp_path / "part.nwb", include="acquisition/two", time=(2, 5))
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert list(part.acquisition) == ["two"]
        assert part.acquisition["two"].data[:].tolist() == [2, 3, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["part.nwb"]


def test_a_file_is_not_exported_over_itself(session: Path) -> None:
    with pytest.raises(ValueError, match="over itself"):
        photonwb.export(session, session)


def test_real_files_are_copied_object_by_object_without_a_difference(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "nwb").glob("*.nwb"))
    assert paths
    for path in paths:
        photonwb.export(path, tmp_path / "copy.nwb", exclude=lambda _: False)
        assert differences(path, tmp_path / "copy.nwb") == []


# ---- without some of it


def test_what_is_excluded_is_left_out_and_nothing_else(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "part.nwb"
    photonwb.export(
        session,
        path,
        exclude=["acquisition/two", "EditedSeries", "leftovers/p*", "*/trials/tags", lambda item: item.name == "unused"],
    )
    gone = (
        "/acquisition/two",
        "/acquisition/extended",
        "/leftovers/packed",
        "/intervals/trials/tags",
        "/general/optophysiology/unused",
    )
    found = differing(before, path)
    assert [each for each in found if not each.startswith(gone)] == ["/intervals/trials@colnames"]
    left = content(path)
    assert not any(each.startswith(gone) for each in left)
    read_by_pynwb(path)


def test_what_others_lead_to_is_not_excluded(session: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"TimeSeries 'two'\.timestamps leads to TimeSeries 'one'"):
        photonwb.export(session, tmp_path / "part.nwb", exclude="acquisition/one")
    with pytest.raises(ValueError, match="/leftovers/references refers to /acquisition/movie"):
        photonwb.export(session, tmp_path / "part.nwb", exclude="acquisition/movie")
    with pytest.raises(ValueError, match="'acquisition/nothing' is nothing"):
        photonwb.export(session, tmp_path / "part.nwb", exclude="acquisition/nothing")
    assert not list(tmp_path.iterdir())


def test_what_is_included_brings_what_it_leads_to(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "part.nwb"
    photonwb.export(session, path, include=["RoiResponseSeries", "acquisition/two"], exclude="leftovers")
    left = content(path)
    read_by_pynwb(path)
    for kept in (
        "/acquisition/two",
        "/acquisition/one",
        "/processing/ophys/ImageSegmentation/rois/pixel_mask",
        "/general/devices/laser",
    ):
        assert kept in left
    for gone in ("/acquisition/movie", "/acquisition/extended", "/processing/ophys/cells", "/intervals/trials", "/leftovers"):
        assert gone not in left
    assert {each for each in left if left[each] != before[each]} == {DATES}


def test_an_object_says_what_is_meant(session: Path, tmp_path: Path) -> None:
    with photonwb.open(session) as nwbfile:
        nwbfile.export(tmp_path / "part.nwb", include=nwbfile.acquisition["extended"], exclude="leftovers")
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert list(part.acquisition) == ["extended"]
        assert part.acquisition["extended"].laser is part.devices["laser"]
        assert part.processing == {}


def test_a_table_without_row_numbers_is_taken_along(session: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copy(session, tmp_path / "whole.nwb"))
    with h5py.File(whole, "r+") as file:
        del file["intervals/trials/id"]
    for options in ({"include": "intervals/*"}, {"exclude": "analysis"}, {"compression": "small", "chunks": True}):
        photonwb.export(whole, tmp_path / "part.nwb", **options)
        with photonwb.open(tmp_path / "part.nwb") as part:
            assert len(part.trials) == 5


# ---- stored in another way


def test_arrays_are_compressed_and_chunked_anew(session: Path, before: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "small.nwb"
    photonwb.export(session, path, compression=6, chunks={"acquisition/movie/data": (5, 6, 2)})
    after = content(path)
    changed = [each for each in before if before[each] != after[each]]
    assert "/acquisition/movie/data" in changed
    assert "/leftovers/packed" not in changed
    for each in changed:
        assert (before[each][1], before[each][5:]) == (after[each][1], after[each][5:])  # type and values
    with h5py.File(path) as file:
        data = file["acquisition/movie/data"]
        assert (data.chunks, data.compression, data.compression_opts, data.maxshape) == ((5, 6, 2), "gzip", 6, (None, 6, 4))
    read_by_pynwb(path)


def test_compression_is_taken_away_and_given_by_name(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    nwbfile.add_acquisition(TimeSeries("series", np.arange(20000.0), "V", rate=1.0))
    photonwb.write(nwbfile, tmp_path / "whole.nwb")
    for compression, expected in (("none", None), (False, None), ("small", "gzip"), ("lzf", "lzf")):
        photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", compression=compression)
        with h5py.File(tmp_path / "part.nwb") as file:
            data = file["acquisition/series/data"]
            assert (data.compression, data.maxshape) == (expected, (None,))
            assert np.array_equal(data, np.arange(20000.0))
    photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", chunks={"*/data": (5000,)})
    with h5py.File(tmp_path / "part.nwb") as file:
        data = file["acquisition/series/data"]
        assert (data.chunks, data.compression) == ((5000,), None)


# ---- linked to


def test_large_data_stay_in_the_source(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    large = TimeSeries("large", np.arange(20000.0), "V", rate=1.0)
    nwbfile.add_acquisition([large, TimeSeries("same", large, "V", rate=2.0), TimeSeries("small", np.arange(9.0), "V", rate=1.0)])
    photonwb.write(nwbfile, tmp_path / "source.nwb")
    (tmp_path / "there").mkdir()
    photonwb.export(tmp_path / "source.nwb", tmp_path / "there" / "linked.nwb", data="link")
    read_by_pynwb(tmp_path / "there" / "linked.nwb")
    with h5py.File(tmp_path / "there" / "linked.nwb") as file:
        link = file["acquisition/large"].get("data", getlink=True)
        assert (link.filename, link.path) == ("../source.nwb", "/acquisition/large/data")
        assert file["acquisition/same/data"][-1] == 19999
        assert isinstance(file["acquisition/small"].get("data", getlink=True), h5py.HardLink)
    # and what is linked to leads there from yet another folder
    photonwb.export(tmp_path / "there" / "linked.nwb", tmp_path / "again.nwb")
    photonwb.export(tmp_path / "there" / "linked.nwb", tmp_path / "part.nwb", exclude="acquisition/small")
    for name in ("again.nwb", "part.nwb"):
        with photonwb.open(tmp_path / name) as copy:
            assert copy.acquisition["large"].data[-1] == 19999


def test_external_files_are_named_from_the_new_folder(tmp_path: Path) -> None:
    (tmp_path / "movie.tif").write_bytes(b"II*\0")
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    files = ["movie.tif", "https://nowhere.org/b.tif"]
    nwbfile.add_acquisition(
        ImageSeries("movie", external_file=files, starting_frame=[0, 5], rate=1.0, num_samples=9, format="external", unit="n.a.")
    )
    photonwb.write(nwbfile, tmp_path / "source.nwb")
    (tmp_path / "there").mkdir()
    for name, options in (("copy.nwb", {}), ("part.nwb", {"compression": "small"})):
        photonwb.export(tmp_path / "source.nwb", tmp_path / "there" / name, **options)
        with photonwb.open(tmp_path / "there" / name) as copy:
            assert list(copy.acquisition["movie"].external_file) == ["../movie.tif", files[1]]


def test_what_makes_no_sense_is_refused(session: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="data='copy' or 'link'"):
        photonwb.export(session, tmp_path / "part.nwb", data="move")
    with pytest.raises(TypeError, match="time="):
        photonwb.export(session, tmp_path / "part.nwb", time=5)
    with pytest.raises(ValueError, match="a start before the stop"):
        photonwb.export(session, tmp_path / "part.nwb", time=(5, 2))
    assert not list(tmp_path.iterdir())
