"""Some of the regions of interest, and some of the time, in a file of their own: whatever depends on them follows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photonwb
from edited import ROIS, SAMPLES, problems_of, read_by_pynwb, write_session
from hdf5_comparison import differences
from photonwb import NWBFile, TimeSeries
from photonwb.common import DynamicTable
from photonwb.image import ImageSeries

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

KEPT = [1, 2, 4]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_session(tmp_path_factory.mktemp("session"))


def exported(session: Path, folder: Path, **options: Any) -> NWBFile:
    photonwb.export(session, folder / "part.nwb", **options)
    read_by_pynwb(folder / "part.nwb")
    return photonwb.open(folder / "part.nwb")


# ---- regions of interest


@pytest.mark.parametrize(
    "rois",
    [
        KEPT,
        np.array(KEPT[::-1]),
        [False, True, True, False, True],
        lambda table: np.isin(table["quality"].data[:], KEPT),
        {"rois": KEPT},
    ],
    ids=["numbers", "array", "mask", "function", "dict"],
)
def test_what_belongs_to_the_regions_follows(session: Path, tmp_path: Path, rois: Any) -> None:
    with exported(session, tmp_path, rois=rois) as part, photonwb.open(session) as whole:
        ophys, before = part.processing["ophys"], whole.processing["ophys"]
        table, old = ophys["ImageSegmentation"]["rois"], before["ImageSegmentation"]["rois"]
        assert table.id.data[:].tolist() == KEPT
        assert table["quality"].data[:].tolist() == KEPT
        assert [mask.tolist() for mask in table["pixel_mask"][:]] == [old["pixel_mask"][roi].tolist() for roi in KEPT]
        raw = ophys["Fluorescence"]["raw"]
        assert np.array_equal(raw.data[:], before["Fluorescence"]["raw"].data[:][:, KEPT])
        assert raw.rois.data[:].tolist() == [0, 1, 2]
        some = ophys["some"]  # of regions 4 and 1
        assert np.array_equal(some.data[:], before["some"].data[:])
        assert some.rois.data[:].tolist() == [2, 0]
        cells = ophys["cells"]  # a row for each region
        assert cells.id.data[:].tolist() == KEPT
        assert cells["roi"].data[:].tolist() == [0, 1, 2]
        assert part.acquisition["movie"].data.shape == (SAMPLES, 6, 4)


def test_a_column_says_which_regions(session: Path, tmp_path: Path) -> None:
    with exported(session, tmp_path, rois="quality") as part:
        assert part.processing["ophys"]["Fluorescence"]["raw"].data.shape == (SAMPLES, ROIS - 1)


def test_what_has_nothing_to_do_with_regions_stays_as_it_was(session: Path, tmp_path: Path) -> None:
    exported(session, tmp_path, rois=KEPT).close()
    changed = [path for path in differences(session, tmp_path / "part.nwb") if path != "/file_create_date"]
    assert changed == [
        "/processing/ophys/Fluorescence/raw/data",
        "/processing/ophys/Fluorescence/raw/rois",
        "/processing/ophys/ImageSegmentation/rois/id",
        "/processing/ophys/ImageSegmentation/rois/pixel_mask",
        "/processing/ophys/ImageSegmentation/rois/pixel_mask_index",
        "/processing/ophys/ImageSegmentation/rois/quality",
        "/processing/ophys/cells/id",
        "/processing/ophys/cells/kind",
        "/processing/ophys/cells/roi",
        "/processing/ophys/some/rois",
    ]


def test_lists_of_regions_lose_those_that_go(session: Path, tmp_path: Path) -> None:
    with photonwb.open(session) as nwbfile:
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        groups = DynamicTable("groups", "d")
        groups.add_column("members", "d", data=[0, 1, 2, 3, 3, 4], index=[2, 4, 4, 6], table=rois)
        nwbfile.processing["ophys"].add(groups)
        nwbfile.export(tmp_path / "groups.nwb")
    with exported(tmp_path / "groups.nwb", tmp_path, rois=KEPT) as part:
        members = part.processing["ophys"]["groups"]["members"]
        assert members.data[:].tolist() == [1, 2, 2, 3]
        assert members.target.data[:].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("rois", "message"),
    [
        ([], "expected some of the 5 rows"),
        ([7], "expected some of the 5 rows"),
        ([True], "expected a mask of 5 values"),
        ([0.5], "row numbers"),
        ("nothing", "no column 'nothing'"),
        ({"nothing": [1]}, "no PlaneSegmentation 'nothing'"),
        ([0, 2], "'some' has signals of none"),
    ],
)
def test_what_names_no_regions_is_refused(session: Path, tmp_path: Path, rois: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError), match=message):
        photonwb.export(session, tmp_path / "part.nwb", rois=rois)
    assert not list(tmp_path.iterdir())


# ---- time


def test_series_and_intervals_are_cut(session: Path, tmp_path: Path) -> None:
    with exported(session, tmp_path, time=(2.0, 4.5)) as part, photonwb.open(session) as whole:
        movie = part.acquisition["movie"]  # 10 Hz from 0
        assert np.array_equal(movie.data[:], whole.acquisition["movie"].data[20:40])
        assert (movie.starting_time, movie.rate) == (2.0, 10.0)
        one, two = part.acquisition["one"], part.acquisition["two"]  # a sample each 0.25 s
        assert one.timestamps[:].tolist() == two.timestamps[:].tolist() == (np.arange(8, 18) * 0.25).tolist()
        assert two.fields["timestamps"] is one
        assert one.data[:].tolist() == list(range(8, 18))
        raw = part.processing["ophys"]["Fluorescence"]["raw"]  # 10 Hz from 1 s
        assert raw.starting_time == 2.0
        assert raw.data.shape == (25, ROIS)
        assert part.acquisition["extended"].data.shape == (0,)
        trials = part.trials  # of one second, every two seconds
        assert trials["start_time"][:].tolist() == [2.0, 4.0]
        assert [list(tags) for tags in trials["tags"][:]] == [["a"], ["a", "a"]]
        references = [row[0] for row in trials["timeseries"][:]]
        assert [reference.timeseries is one for reference in references] == [True, True]
        assert [(reference.idx_start, reference.count) for reference in references] == [(0, 4), (8, 2)]


def test_an_open_end_keeps_what_follows(session: Path, tmp_path: Path) -> None:
    with exported(session, tmp_path, time=(3.0, None)) as part:
        assert part.acquisition["movie"].data.shape[0] == 10
        assert part.acquisition["one"].timestamps[0] == 3.0


def test_all_of_the_time_is_everything(session: Path, tmp_path: Path) -> None:
    photonwb.export(session, tmp_path / "part.nwb", time=(None, 1000.0))
    assert [path for path in differences(session, tmp_path / "part.nwb") if path != "/file_create_date"] == []


def test_regions_and_time_together_make_a_file_that_is_right(session: Path, tmp_path: Path) -> None:
    photonwb.export(session, tmp_path / "part.nwb", rois=KEPT, time=(2.0, 4.0), exclude="EditedSeries", compression="small")
    assert problems_of(tmp_path / "part.nwb") == []
    with photonwb.open(tmp_path / "part.nwb") as part, photonwb.open(session) as whole:
        old = whole.processing["ophys"]["Fluorescence"]["raw"].data[10:30][:, KEPT]
        assert np.array_equal(part.processing["ophys"]["Fluorescence"]["raw"].data[:], old)


def test_events_and_spikes_are_cut(tmp_path: Path) -> None:
    from photonwb.event import EventsTable, TimestampVectorData

    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    times = [0.5, 1.5, 2.5]
    stamps = TimestampVectorData(name="timestamp", description="d", data=times)
    nwbfile.add_acquisition(EventsTable(name="licks", description="d", columns=[stamps]))
    nwbfile.add_unit_column("spike_amplitudes", "d", index=True)
    nwbfile.add_unit(spike_times=[0.1, 1.1, 2.1], spike_amplitudes=[1.0, 2.0, 3.0])
    nwbfile.add_unit(spike_times=[1.2, 1.3], spike_amplitudes=[4.0, 5.0])
    photonwb.write(nwbfile, tmp_path / "whole.nwb")
    photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", time=(1.0, 2.0))
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert part.acquisition["licks"]["timestamp"].data[:].tolist() == [1.5]
        assert [list(spikes) for spikes in part.units["spike_times"][:]] == [[1.1], [1.2, 1.3]]
        assert [list(spikes) for spikes in part.units["spike_amplitudes"][:]] == [[2.0], [4.0, 5.0]]


def test_shared_data_of_another_time_become_own_ones(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    one = TimeSeries("one", np.arange(10.0), "V", rate=1.0)
    nwbfile.add_acquisition([one, TimeSeries("late", one, "V", rate=1.0, starting_time=5.0)])
    photonwb.write(nwbfile, tmp_path / "whole.nwb")
    photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", time=(4.0, 8.0))
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert part.acquisition["one"].data[:].tolist() == [4, 5, 6, 7]
        assert part.acquisition["late"].data[:].tolist() == [0, 1, 2]
        assert part.acquisition["late"].starting_time == 5.0


def test_frames_in_external_files_are_not_cut(tmp_path: Path) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    movie = ImageSeries("movie", external_file=["a.avi"], rate=1.0, num_samples=9, format="external", unit="n.a.")
    nwbfile.add_acquisition(movie)
    photonwb.write(nwbfile, tmp_path / "whole.nwb")
    with pytest.raises(ValueError, match="ImageSeries 'movie': its frames are in external files, which cannot be cut"):
        photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", time=(1.0, 2.0))
    photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", time=(0.0, 20.0))
    with photonwb.open(tmp_path / "part.nwb") as part:
        assert part.acquisition["movie"].num_samples == 9


def test_memory_is_bounded_by_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from photonwb.arrays import LazyArray

    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC))
    nwbfile.add_acquisition(TimeSeries("large", np.zeros((1 << 16, 128)), "V", rate=1.0))  # 64 MiB
    photonwb.write(nwbfile, tmp_path / "whole.nwb")
    largest = 0
    plain = LazyArray.__getitem__

    def noted(self: LazyArray, key: Any) -> Any:
        nonlocal largest
        values = plain(self, key)
        largest = max(largest, values.nbytes)
        return values

    monkeypatch.setattr(LazyArray, "__getitem__", noted)
    photonwb.export(tmp_path / "whole.nwb", tmp_path / "part.nwb", time=(10.0, 60000.0))
    assert 0 < largest <= 24 << 20
