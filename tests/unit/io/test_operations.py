"""Edits of every kind on a file of pynwb with an extension and unknown things in it: only what was edited differs afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from edited import ROIS, SAMPLES, copy_of, problems_of, read_by_pynwb, write_session
from hdf5_comparison import content, differences
from photonwb import NWBHDF5IO, NWBFile, TimeSeries
from photonwb.device import Device
from photonwb.ophys import Fluorescence, OpticalChannel

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

DATES = "/file_create_date"
ROI_TABLE = "/processing/ophys/ImageSegmentation/rois"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_session(tmp_path_factory.mktemp("session"))


@pytest.fixture(scope="module")
def before(session: Path) -> dict[str, Any]:
    return content(session)


class Edited:
    """A copy of the session, an edit of it, and what the edit may touch."""

    def __init__(self, session: Path, before: dict[str, Any], folder: Path) -> None:
        self.session, self.before, self.path = session, before, copy_of(session, folder)

    def __call__(self, edit: Callable[[NWBFile], Any], *expected: str) -> NWBFile:
        """Make the edit, and see that what differs is what was expected: paths, or all below one that ends with '*'."""
        with photonwb.open(self.path, "r+") as nwbfile:
            edit(nwbfile)
        found = [path for path in differences(self.before, self.path) if path != DATES]
        loose = [path for path in found if not any(_covers(pattern, path) for pattern in expected)]
        unused = [pattern for pattern in expected if not any(_covers(pattern, path) for path in found)]
        assert (loose, unused) == ([], [])
        read_by_pynwb(self.path)
        return photonwb.open(self.path)


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


@pytest.fixture
def edited(session: Path, before: dict[str, Any], tmp_path: Path) -> Edited:
    return Edited(session, before, tmp_path)


def rois_of(nwbfile: NWBFile) -> Any:
    return nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]


# ---- fields


def test_a_scalar_is_set_changed_and_cleared(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.lab = "the lab"
        nwbfile.devices["scope"].description = None
        nwbfile.acquisition["one"].conversion = 2.0
        nwbfile.acquisition["extended"].wavelength = 930.0

    with edited(
        edit,
        "/general/lab",
        "/general/devices/scope@description",
        "/acquisition/one/data@conversion",
        "/acquisition/extended@wavelength",
    ) as nwbfile:
        assert nwbfile.acquisition["extended"].wavelength == 930.0


def test_an_object_that_was_reached_by_a_link_alone_is_changed(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.acquisition["movie"].imaging_plane.device.description = "new"

    edited(edit, "/general/devices/scope@description").close()


def test_links_and_references_are_set(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.acquisition["extended"].laser = nwbfile.add_device(Device("other"))
        nwbfile.acquisition["movie"].imaging_plane = nwbfile.imaging_planes["unused"]

    with edited(edit, "/acquisition/extended/laser", "/acquisition/movie/imaging_plane", "/general/devices/other*") as nwbfile:
        assert nwbfile.acquisition["extended"].laser is nwbfile.devices["other"]


def test_a_list_that_came_from_the_file_is_changed_itself(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.keywords[1] = "three"
        nwbfile.imaging_planes["plane"].optical_channel.append(OpticalChannel("red", "d", 600.0))

    plane = "/general/optophysiology/plane"
    with edited(edit, "/general/keywords", f"{plane}/red*") as nwbfile:
        assert list(nwbfile.keywords) == ["one", "three"]


def test_an_array_is_replaced_and_keeps_what_is_attached_to_it(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.acquisition["one"].data = np.arange(SAMPLES) * 2.0
        nwbfile.acquisition["two"].data = np.arange(SAMPLES, dtype=float) / 2  # another type: a new dataset

    edited(edit, "/acquisition/one/data", "/acquisition/two/data").close()


def test_a_part_of_an_array_is_assigned_to(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        movie = nwbfile.acquisition["movie"].data
        movie[2:4, 0] = 7
        movie[-1, 1, 2] = 8
        movie[[5, 9], 0, 0] = 9
        movie[np.array([5, 9]), 0, 1] = 10
        rois_of(nwbfile)["quality"].data[1:3] = [5.0, 6.0]
        nwbfile.acquisition["one"].data[...] = np.zeros(SAMPLES)
        with pytest.raises(IndexError):
            movie[SAMPLES] = 1

    with edited(edit, "/acquisition/movie/data", f"{ROI_TABLE}/quality", "/acquisition/one/data") as nwbfile:
        movie = nwbfile.acquisition["movie"].data[:]
        assert (movie[2:4, 0] == 7).all()
        assert [movie[-1, 1, 2], movie[5, 0, 0], movie[9, 0, 0]] == [8, 9, 9]
        assert [movie[5, 0, 1], movie[9, 0, 1]] == [10, 10]
        assert rois_of(nwbfile)["quality"].data[:].tolist() == [0, 5, 6, 3, 4]
        with pytest.raises(TypeError):
            nwbfile.acquisition["movie"].data[0] = 1


def test_an_array_is_made_longer_as_in_h5py(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        movie = nwbfile.acquisition["movie"].data
        movie.resize(SAMPLES + 1, axis=0)
        movie[SAMPLES] = 3
        assert movie.shape == (SAMPLES + 1, 6, 4)

    edited(edit, "/acquisition/movie/data").close()


def test_shared_timestamps_become_own_ones_and_back(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.acquisition["two"].timestamps = np.arange(SAMPLES) / 2

    edited(edit, "/acquisition/two/timestamps*").close()
    with photonwb.open(edited.path, "r+") as nwbfile:
        nwbfile.acquisition["two"].timestamps = nwbfile.acquisition["one"]
    assert [path for path in differences(edited.before, edited.path) if path != DATES] == []


def test_timestamps_become_a_rate(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        two = nwbfile.acquisition["two"]
        two.timestamps = None
        two.rate = 4.0

    edited(edit, "/acquisition/two/timestamps*", "/acquisition/two/starting_time*").close()


def test_what_others_share_cannot_be_cleared(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        one = nwbfile.acquisition["one"]
        one.timestamps = None
        one.rate = 4.0

    with pytest.raises(ValueError, match="/acquisition/two/timestamps is a link to /acquisition/one/timestamps"):
        edited(edit)


# ---- tables


def test_rows_are_added_to_every_kind_of_column(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        one = nwbfile.acquisition["one"]
        nwbfile.add_trial(start_time=20.0, stop_time=21.0, tags=["x"] * 300, score=9.5, timeseries=[one])
        rois_of(nwbfile).add_rois(pixel_mask=[[(1, 1, 0.5)] * 200, [(2, 2, 0.5)] * 100], quality=[8.0, 9.0])
        nwbfile.processing["ophys"]["cells"].add_row(kind="y", roi=6)

    trials = [
        f"/intervals/trials/{name}"
        for name in ("id", "start_time", "stop_time", "score", "tags", "tags_index", "timeseries", "timeseries_index")
    ]
    rois = [f"{ROI_TABLE}/{name}" for name in ("id", "pixel_mask", "pixel_mask_index", "quality")]
    cells = [f"/processing/ophys/cells/{name}" for name in ("id", "kind", "roi")]
    with edited(edit, *trials, *rois, *cells) as nwbfile:
        assert len(nwbfile.trials["tags"][5]) == 300
        assert nwbfile.trials["timeseries"][4][0].timeseries is nwbfile.acquisition["one"]
        assert [len(mask) for mask in rois_of(nwbfile)["pixel_mask"][:]] == [1, 2, 3, 4, 5, 200, 100]
        assert rois_of(nwbfile)["pixel_mask_index"].target is rois_of(nwbfile)._member("pixel_mask")


def test_only_the_tail_is_written(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    from photonwb.storage.hdf5_nodes import HDF5Dataset

    written: list[tuple[str, Any]] = []
    plain = HDF5Dataset.write_blocks

    def noted(self: HDF5Dataset, blocks: Any) -> None:
        listed = list(blocks)
        written.extend((self.path, place) for place, _ in listed)
        plain(self, listed)

    monkeypatch.setattr(HDF5Dataset, "write_blocks", noted)
    with photonwb.open(edited.path, "r+") as nwbfile:
        rois_of(nwbfile).add_roi(pixel_mask=[(1, 1, 0.5)] * 3, quality=8.0)
        nwbfile.acquisition["movie"].append(np.ones((2, 6, 4), np.uint16))
    assert dict(written) == {
        f"{ROI_TABLE}/id": (slice(ROIS, ROIS + 1),),
        f"{ROI_TABLE}/quality": (slice(ROIS, ROIS + 1),),
        f"{ROI_TABLE}/pixel_mask": (slice(15, 18),),
        f"{ROI_TABLE}/pixel_mask_index": (slice(ROIS, ROIS + 1),),
        "/acquisition/movie/data": (slice(SAMPLES, SAMPLES + 2), slice(0, 6), slice(0, 4)),
    }
    assert len(written) == 5


def test_columns_are_added_removed_and_renamed(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.trials.add_column("new", "d", data=list(range(5)))
        nwbfile.trials.remove_column("timeseries")
        nwbfile.trials.rename_column("tags", "words")

    trials = "/intervals/trials"
    with edited(
        edit, f"{trials}@colnames", f"{trials}/new*", f"{trials}/timeseries*", f"{trials}/tags*", f"{trials}/words*"
    ) as nwbfile:
        assert nwbfile.trials.colnames == ("start_time", "stop_time", "words", "score", "new")
        assert list(nwbfile.trials["words"][2]) == ["a", "a"]


def test_a_column_that_the_type_needs_stays(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        with pytest.raises(ValueError, match="must have the column 'start_time'"):
            nwbfile.trials.remove_column("start_time")
        with pytest.raises(ValueError, match="always named 'start_time'"):
            nwbfile.trials.rename_column("start_time", "begin")
        with pytest.raises(ValueError, match="already is a column named 'score'"):
            nwbfile.trials.rename_column("tags", "score")


def test_the_last_mask_of_regions_cannot_be_removed(edited: Edited) -> None:
    with pytest.raises(ValueError, match="5 rows without a mask"):
        edited(lambda nwbfile: rois_of(nwbfile).remove_column("pixel_mask"))


# ---- series


def test_series_grow(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.acquisition["movie"].append(np.ones((3, 6, 4), np.uint16))
        nwbfile.acquisition["movie"].append([np.full((6, 4), 2)])
        nwbfile.acquisition["one"].append([1.0, 2.0], timestamps=[100.0, 101.0])
        nwbfile.acquisition["two"].append([7, 8])
        nwbfile.processing["ophys"]["Fluorescence"]["raw"].append(np.zeros((2, ROIS)))

    names = ("acquisition/movie", "acquisition/one", "acquisition/two", "processing/ophys/Fluorescence/raw")
    with edited(edit, *(f"/{name}/data" for name in names), "/acquisition/one/timestamps") as nwbfile:
        movie = nwbfile.acquisition["movie"].data
        assert movie.shape == (SAMPLES + 4, 6, 4)
        assert movie[-2:, 0, 0].tolist() == [1, 2]
        assert nwbfile.acquisition["two"].timestamps[-1] == 101.0


def test_a_series_that_grows_can_be_read_before_it_is_written(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        movie = nwbfile.acquisition["movie"]
        whole = np.concatenate([movie.data[:], np.ones((5, 6, 4), np.uint16)])
        movie.append(np.ones((2, 6, 4), np.uint16))
        movie.append(np.ones((3, 6, 4), np.uint16))
        assert movie.num_samples == SAMPLES + 5
        for key in (
            slice(None),
            slice(38, 43),
            slice(None, None, 3),
            slice(None, None, -7),
            41,
            -1,
            (slice(39, 44), 2, slice(1, 3)),
        ):
            assert np.array_equal(movie.data[key], whole[key])
        assert np.array_equal(movie.data[[0, 41, 3]], whole[[0, 41, 3]])
        with pytest.raises(IndexError):
            movie.data[SAMPLES + 5]
        NWBHDF5IO.write(nwbfile.get_read_io(), nwbfile)
        assert np.array_equal(movie.data[:], whole)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": [1.0], "timestamps": None}, "timestamps are needed"),
        ({"data": [1.0], "timestamps": [1.0, 2.0]}, "expected 1 values, one for each sample, got 2"),
        ({"data": [[1.0]], "timestamps": [1.0]}, "shape"),
        ({"data": ["text"], "timestamps": [1.0]}, "without a loss|text"),
        ({"data": 1.0, "timestamps": [1.0]}, "values along time"),
    ],
)
def test_what_does_not_fit_leaves_the_series_as_it_was(edited: Edited, arguments: Any, message: str) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        one = nwbfile.acquisition["one"]
        with pytest.raises((ValueError, TypeError), match=message):
            one.append(**arguments)
        assert one.data.shape == one.timestamps.shape == (SAMPLES,)
    assert differences(edited.before, edited.path) == []


def test_data_and_timestamps_must_go_together_in_the_end(edited: Edited) -> None:
    with pytest.raises(ValueError, match="as many timestamps as samples"):
        edited(lambda nwbfile: setattr(nwbfile.acquisition["one"], "data", [1.0, 2.0]))


# ---- places


def test_an_object_is_renamed_and_all_that_leads_to_it_follows(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.rename(nwbfile.imaging_planes["plane"], "V1")
        nwbfile.rename(nwbfile.acquisition["one"], "first")
        nwbfile.rename(nwbfile.processing["ophys"], "imaging")

    links = ("/acquisition/movie/imaging_plane", "/acquisition/two/timestamps", "/leftovers/link")
    references = ("/leftovers/references", "/leftovers@reference", "/intervals/trials/timeseries")
    with edited(
        edit,
        *links,
        *references,
        "/general/optophysiology/*",
        "/acquisition/one*",
        "/acquisition/first*",
        "/processing/*",
    ) as nwbfile:
        assert nwbfile.acquisition["movie"].imaging_plane is nwbfile.imaging_planes["V1"]
        assert nwbfile.trials["timeseries"][1][0].timeseries is nwbfile.acquisition["first"]
        assert nwbfile.acquisition["two"].timestamps[4] == 1.0
    with h5py.File(edited.path) as file:
        assert file["acquisition/first/unknown"][:].tolist() == [1, 2, 3]
        assert file[file["leftovers/references"][0]].name == "/general/optophysiology/V1"
        assert file["leftovers"].get("link", getlink=True).path == "/general/optophysiology/V1"


def test_names_are_exchanged(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        one, two = nwbfile.acquisition["one"], nwbfile.acquisition["two"]
        nwbfile.rename(one, "three")
        nwbfile.rename(two, "one")
        nwbfile.rename(one, "two")

    with edited(edit, "/acquisition/one*", "/acquisition/two*", "/intervals/trials/timeseries") as nwbfile:
        assert nwbfile.acquisition["one"].unit == "A"
        assert nwbfile.acquisition["one"].timestamps[1] == 0.25


def test_an_object_is_moved(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.create_processing_module("behavior", "d")
        nwbfile.move(nwbfile.acquisition["one"], nwbfile.processing["behavior"])
        nwbfile.move(nwbfile.acquisition["extended"], nwbfile, "stimulus")

    with edited(
        edit,
        "/acquisition/one*",
        "/acquisition/extended*",
        "/stimulus/presentation/extended*",
        "/processing/behavior*",
        "/acquisition/two/timestamps",
        "/intervals/trials/timeseries",
    ) as nwbfile:
        assert nwbfile.processing["behavior"]["one"].data[3] == 3.0
        assert nwbfile.stimulus["extended"].laser is nwbfile.devices["laser"]


def test_arrays_that_were_read_before_a_move_are_read_after_it(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        one = nwbfile.acquisition["one"]
        data = one.data
        nwbfile.rename(one, "first")
        nwbfile.get_read_io().write(nwbfile)
        assert data[3] == one.data[3] == 3.0
        nwbfile.rename(one, "second")
        one.comments = "again"
    with photonwb.open(edited.path) as nwbfile:
        assert nwbfile.acquisition["second"].comments == "again"
        assert "first" not in nwbfile.acquisition


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (lambda nwbfile: nwbfile.rename(nwbfile.acquisition["one"], "two"), "already is an object named 'two'"),
        (lambda nwbfile: nwbfile.rename(nwbfile.acquisition["one"], "a/b"), "cannot be the name"),
        (lambda nwbfile: nwbfile.rename(nwbfile.trials, "others"), "always named 'trials'"),
        (lambda nwbfile: nwbfile.rename(nwbfile, "others"), "the file itself"),
        (lambda nwbfile: nwbfile.rename(Device("new"), "others"), "not part of"),
        (lambda nwbfile: nwbfile.move(nwbfile.devices["scope"], nwbfile.processing["ophys"]), "cannot hold"),
        (lambda nwbfile: nwbfile.move(nwbfile.acquisition["one"], nwbfile), "in several places"),
        (lambda nwbfile: nwbfile.move(nwbfile.processing["ophys"]["Fluorescence"]["raw"], nwbfile, "analysis"), "left empty"),
        (lambda nwbfile: nwbfile.replace(nwbfile.devices["scope"], TimeSeries("scope", [1.0], "V", rate=1.0)), "expected Device"),
        (lambda nwbfile: nwbfile.replace(nwbfile.devices["scope"], nwbfile.devices["laser"]), "already belongs to"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(edited: Edited, operation: Any, message: str) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile, pytest.raises((ValueError, TypeError), match=message):
        operation(nwbfile)
    assert differences(edited.before, edited.path) == []


def test_an_object_is_replaced(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.replace(nwbfile.devices["scope"], Device("scope", description="better"))
        nwbfile.replace(nwbfile.acquisition["one"], TimeSeries("uno", np.arange(SAMPLES), "V", timestamps=np.arange(SAMPLES)))

    with edited(
        edit,
        "/general/devices/scope*",
        "/acquisition/one*",
        "/acquisition/uno*",
        "/acquisition/two/timestamps",
        "/intervals/trials/timeseries",
    ) as nwbfile:
        assert nwbfile.imaging_planes["plane"].device.description == "better"
        assert nwbfile.trials["timeseries"][1][0].timeseries is nwbfile.acquisition["uno"]


def test_references_that_nobody_knows_lead_to_what_took_the_place(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        rois_of(nwbfile).remove_column("quality")
        rois_of(nwbfile).add_column("quality", "another", data=["x"] * ROIS)

    edited(edit, f"{ROI_TABLE}/quality*").close()
    with h5py.File(edited.path) as file:
        assert file[file["leftovers"].attrs["reference"]].attrs["description"] == "another"


# ---- removing


def test_an_object_is_removed(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        assert [item.name for item in nwbfile.remove(nwbfile.acquisition["two"])] == ["two"]
        nwbfile.remove(nwbfile.imaging_planes["unused"])
        nwbfile.remove(nwbfile.trials["tags"])

    edited(
        edit, "/acquisition/two*", "/general/optophysiology/unused*", "/intervals/trials/tags*", "/intervals/trials@colnames"
    ).close()


def test_what_others_lead_to_is_not_removed(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        with pytest.raises(ValueError, match=r"TwoPhotonSeries 'movie'\.imaging_plane leads to ImagingPlane 'plane'"):
            nwbfile.remove(nwbfile.imaging_planes["plane"])
        with pytest.raises(ValueError, match="Fluorescence 'Fluorescence' would be left empty"):
            nwbfile.remove(nwbfile.processing["ophys"]["Fluorescence"]["raw"])
        with pytest.raises(ValueError, match=r"DynamicTableRegion 'roi'\.table leads to PlaneSegmentation 'rois'"):
            nwbfile.remove(rois_of(nwbfile))
    assert differences(edited.before, edited.path) == []


def test_what_leads_to_an_object_goes_with_it(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        gone = nwbfile.remove(rois_of(nwbfile), cascade=True)
        assert sorted(item.name for item in gone) == ["Fluorescence", "ImageSegmentation", "raw", "roi", "rois", "some"]

    with h5py.File(edited.path, "r+") as file:
        del file["leftovers"].attrs["reference"]
    edited(edit, "/processing/ophys/*", "/leftovers@reference").close()


def test_optional_links_to_what_goes_are_cleared(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        model = nwbfile.create_device_model(name="model", manufacturer="m")
        nwbfile.devices["scope"].model = model
        nwbfile.get_read_io().write(nwbfile)
        assert nwbfile.remove(model, cascade=True) == [model]
    read_by_pynwb(edited.path)
    with photonwb.open(edited.path) as nwbfile:
        assert nwbfile.devices["scope"].model is None
        assert not nwbfile.device_models


def test_a_reference_that_nobody_knows_is_not_broken(edited: Edited) -> None:
    with pytest.raises(ValueError, match=r"/leftovers/references refers to /acquisition/movie, which was removed"):
        edited(lambda nwbfile: nwbfile.acquisition.pop("movie"))
    assert differences(edited.before, edited.path) == []


def test_what_nobody_knows_lets_go_of_what_is_removed_with_all_that_leads_there(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.remove(nwbfile.imaging_planes["plane"], cascade=True)

    leftovers = ("/leftovers/link", "/leftovers/references", "/leftovers@reference")
    edited(edit, "/acquisition/movie*", "/general/optophysiology/plane*", "/processing/ophys/*", *leftovers).close()
    with h5py.File(edited.path) as file:
        references: Any = file["leftovers/references"]
        assert [bool(reference) for reference in references] == [False, False]
        assert "link" not in file["leftovers"]
        assert "broken" in file["leftovers"]  # it was so before


def test_popping_what_others_link_to_is_refused_when_it_is_written(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        del nwbfile.acquisition["one"]

    with pytest.raises(ValueError, match="/acquisition/two/timestamps is a link to"):
        edited(edit)


def test_after_a_refusal_the_mistake_can_be_mended(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        nwbfile.imaging_planes["plane"].device = Device("lost")
        with pytest.raises(ValueError, match="not part of the file"):
            nwbfile.get_read_io().write(nwbfile)
        nwbfile.imaging_planes["plane"].device = nwbfile.devices["laser"]
    with photonwb.open(edited.path) as nwbfile:
        assert nwbfile.imaging_planes["plane"].device.name == "laser"
        assert len(nwbfile.file_create_date) == 2


def test_several_commits_in_one_session(edited: Edited) -> None:
    with NWBHDF5IO(edited.path, "a") as io:
        nwbfile = io.read()
        series = TimeSeries("new", np.arange(3.0), "V", rate=1.0)
        nwbfile.add_acquisition(series)
        io.write(nwbfile)
        series.comments = "second"
        series.append([3.0])
        nwbfile.acquisition["one"].append([1.0], timestamps=[200.0])
        io.write(nwbfile)
        nwbfile.acquisition["one"].append([2.0], timestamps=[201.0])
        nwbfile.add_trial(start_time=50.0, stop_time=51.0, tags=["b"], score=0.0, timeseries=[series])
        io.write(nwbfile)
        nwbfile.remove(nwbfile.trials["timeseries"])
        nwbfile.remove(series)
        io.write(nwbfile)
        io.write(nwbfile)
    assert problems_of(edited.path) == []
    with photonwb.open(edited.path) as nwbfile:
        assert "new" not in nwbfile.acquisition
        assert nwbfile.acquisition["one"].timestamps[-2:].tolist() == [200.0, 201.0]
        assert len(nwbfile.trials) == 6
        assert len(nwbfile.file_create_date) == 5


def test_a_file_that_somebody_else_opened_is_changed(edited: Edited) -> None:
    with h5py.File(edited.path, "r+") as file, NWBHDF5IO(file=file, mode="a") as io:
        nwbfile = io.read()
        nwbfile.rename(nwbfile.acquisition["one"], "first")
        nwbfile.acquisition["movie"].append(np.ones((2, 6, 4), np.uint16))
        io.write(nwbfile)
    read_by_pynwb(edited.path)
    with photonwb.open(edited.path) as nwbfile:
        assert nwbfile.acquisition["two"].timestamps[1] == 0.25
        assert nwbfile.acquisition["movie"].data.shape == (SAMPLES + 2, 6, 4)


# ---- looking at changes


def test_changes_are_shown_before_they_are_written(edited: Edited) -> None:
    with photonwb.open(edited.path, "r+") as nwbfile:
        assert str(nwbfile.diff()) == "no changes"
        nwbfile.lab = "the lab"
        nwbfile.acquisition["one"].comments = "new"
        nwbfile.acquisition["movie"].append(np.ones((3, 6, 4), np.uint16))
        nwbfile.rename(nwbfile.acquisition["extended"], "other")
        nwbfile.remove(nwbfile.imaging_planes["unused"])
        nwbfile.add_acquisition(TimeSeries("new", [1.0], "V", rate=1.0))
        nwbfile.keywords[0] = "zero"
        nwbfile.imaging_planes["plane"].origin_coords = nwbfile.imaging_planes["plane"].origin_coords[:]  # as it was
        assert str(nwbfile.diff()).splitlines() == [
            "/: keywords: values -> other values",
            "/: lab: nothing -> 'the lab'",
            "/acquisition/extended: moved to /acquisition/other",
            "/acquisition/movie: data: array of shape (40, 6, 4), uint16 -> array of shape (43, 6, 4), uint16",
            "/acquisition/new: added TimeSeries",
            "/acquisition/one: comments: 'no comments' -> 'new'",
            "/general/optophysiology/unused: removed ImagingPlane",
        ]
        assert nwbfile.diff()[2].what == "moved"
        nwbfile.get_read_io().write(nwbfile)
        assert nwbfile.diff() == []


def test_a_file_in_memory_has_no_differences_to_show() -> None:
    from datetime import UTC, datetime

    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="was not read from a file"):
        nwbfile.diff()
    series = TimeSeries("one", [1.0], "V", rate=1.0)
    nwbfile.add_acquisition(series)
    nwbfile.rename(series, "two")
    nwbfile.move(series, nwbfile, "stimulus")
    assert list(nwbfile.stimulus) == ["two"]
    assert nwbfile.remove(series) == [series]
    assert not nwbfile.stimulus


def test_looking_at_everything_changes_nothing(edited: Edited) -> None:
    raw = edited.path.read_bytes()
    with photonwb.open(edited.path, "r+") as nwbfile:
        for item in nwbfile.objects.values():
            repr(item)
            for name in item.fields:
                np.asarray(getattr(item, name), dtype=object)
    assert edited.path.read_bytes() == raw


def test_a_collection_is_linked_to_from_another(edited: Edited) -> None:
    def edit(nwbfile: NWBFile) -> None:
        nwbfile.add_scratch(nwbfile.acquisition["one"])
        nwbfile.processing["ophys"].data_interfaces.add(nwbfile.acquisition["two"])
        nwbfile.processing["ophys"].add(Fluorescence(roi_response_series=nwbfile.processing["ophys"]["some"], name="linking"))

    with edited(edit, "/scratch*", "/processing/ophys/two", "/processing/ophys/linking*") as nwbfile:
        assert nwbfile.processing["ophys"]["two"] is nwbfile.acquisition["two"]
        assert nwbfile.processing["ophys"]["linking"]["some"] is nwbfile.processing["ophys"]["some"]
