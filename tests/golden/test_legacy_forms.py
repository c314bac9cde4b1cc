"""Forms of older versions and of other writers, made from a file of today by changing one thing at a time.

Each is known from files in the wild. `test_real_files.py` opens such files themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import photonwb
from photonwb import NWBFile, TimeSeries
from photonwb.common import DynamicTable, VectorData
from photonwb.device import Device
from photonwb.file import Subject
from photonwb.ophys import ImageSegmentation, ImagingPlane, OpticalChannel, TwoPhotonSeries

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Change = Callable[[h5py.File], None]


@pytest.fixture(scope="module")
def modern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("golden") / "modern.nwb"
    nwbfile = NWBFile(
        "session", "golden", datetime(2024, 1, 1, tzinfo=UTC), experimenter=["One, Some"],
        related_publications=["doi:1"], subject=Subject(subject_id="m", age="P90D"),
    )  # fmt: skip
    device = nwbfile.add_device(Device("scope", description="d"))
    plane = ImagingPlane("plane", OpticalChannel("green", "d", 510.0), "d", device, 920.0, "GCaMP", "VISp")
    nwbfile.add_imaging_plane(plane)
    nwbfile.add_acquisition(TwoPhotonSeries("movie", plane, np.ones((3, 4, 5), np.uint16), unit="n.a.", rate=30.0))
    nwbfile.add_acquisition(TimeSeries("timed", np.arange(3.0), "V", timestamps=[0.0, 1.0, 2.0]))
    segmentation = ImageSegmentation()
    nwbfile.create_processing_module("ophys", "d").add(segmentation)
    rois = segmentation.create_plane_segmentation(name="rois", description="d", imaging_plane=plane)
    for roi in range(3):
        rois.add_roi(pixel_mask=[(roi, roi, 1.0)] * (roi + 1))
    rois.add_column("quality", "how good", [0.1, 0.2, 0.3])
    nwbfile.add_epoch(0.0, 1.0, tags=["a"], timeseries=[nwbfile.acquisition["timed"]])
    nwbfile.add_acquisition(DynamicTable("table", "d", columns=[VectorData("text", "d", data=["a", "bé"])]))
    photonwb.write(nwbfile, path)
    return path


@pytest.fixture
def changed(modern: Path, tmp_path: Path) -> Any:
    """Open a copy of the file after a change."""
    opened: list[NWBFile] = []

    def change_and_open(change: Change) -> NWBFile:
        path = tmp_path / "changed.nwb"
        path.write_bytes(modern.read_bytes())
        with h5py.File(path, "r+") as file:
            change(file)
        opened.append(photonwb.open(path))
        return opened[-1]

    yield change_and_open
    for nwbfile in opened:
        nwbfile.close()


def replace(group: Any, name: str, value: Any, **attributes: Any) -> None:
    """Put another dataset in the place of one, with its attributes."""
    kept = dict(group[name].attrs) | attributes if name in group else attributes
    if name in group:
        del group[name]
    group[name] = value
    group[name].attrs.update(kept)


def test_every_string_of_fixed_length(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        items: list[Any] = [file]
        file.visititems(lambda _, item: items.append(item))
        for item in items:
            for key, value in list(item.attrs.items()):
                if isinstance(value, str):
                    item.attrs[key] = np.bytes_(value.encode())
        for name in [item.name for item in items if isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype)]:
            if not name.startswith("/specifications"):
                texts = np.asarray(file[name].asstr()[()], dtype="U")
                index = file.get(f"{name}_index")
                replace(file, name, np.char.encode(texts))
                if index is not None:
                    index.attrs["target"] = file[name].ref

    nwbfile = changed(change)
    assert nwbfile.session_description == "session"
    assert nwbfile.session_start_time == datetime(2024, 1, 1, tzinfo=UTC)
    assert nwbfile.acquisition["movie"].unit == "n.a."
    assert nwbfile.acquisition["movie"].imaging_plane.indicator == "GCaMP"
    assert list(nwbfile.acquisition["table"]["text"][:]) == ["a", "bé"]
    assert list(nwbfile.epochs["tags"][0]) == ["a"]


@pytest.mark.parametrize("name", ["identifier", "session_start_time", "acquisition/movie/starting_time"])
def test_scalars_as_arrays_of_one(changed: Any, name: str) -> None:
    nwbfile = changed(lambda file: replace(file, name, [file[name][()]]))
    assert nwbfile.identifier == "golden"
    assert nwbfile.session_start_time.year == 2024
    assert nwbfile.acquisition["movie"].starting_time == 0.0


def test_attributes_as_arrays_of_one(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["acquisition/movie/starting_time"].attrs["rate"] = [30.0]
        file["acquisition/movie/data"].attrs["unit"] = ["n.a."]
        file["acquisition/movie"].attrs["neurodata_type"] = ["TwoPhotonSeries"]

    movie = changed(change).acquisition["movie"]
    assert (type(movie), movie.rate, movie.unit) == (TwoPhotonSeries, 30.0, "n.a.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09+0000", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06 07:08:09.5+02:00", datetime(2024, 5, 6, 7, 8, 9, 500000, tzinfo=timezone(timedelta(hours=2)))),
        ("2024-05-06", datetime(2024, 5, 6).astimezone()),
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9).astimezone()),
        ("1900-01-01T00:00:00+00:09:21", datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=9, seconds=21)))),
    ],
)
def test_dates(changed: Any, text: str, expected: datetime) -> None:
    assert changed(lambda file: replace(file, "session_start_time", text)).session_start_time == expected


def test_one_date_of_creation(changed: Any) -> None:
    nwbfile = changed(lambda file: replace(file, "file_create_date", "2024-05-06T07:08:09Z"))
    assert nwbfile.file_create_date == [datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)]


def test_one_experimenter_and_publication(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        replace(file, "general/experimenter", "One, Some")
        replace(file, "general/related_publications", "doi:1")

    nwbfile = changed(change)
    assert nwbfile.experimenter == ("One, Some",)
    assert nwbfile.related_publications == ("doi:1",)


def test_series_without_what_is_required_now(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        del file["acquisition/timed/data"]
        for name in ("conversion", "offset", "resolution", "unit"):
            del file["acquisition/movie/data"].attrs[name]
        for name in ("comments", "description"):
            del file["acquisition/movie"].attrs[name]
        replace(file, "acquisition/timed/timestamps", np.array([0, 1, 2], np.int32))
        replace(file, "acquisition/movie/starting_time", np.float32(0.5))

    nwbfile = changed(change)
    movie, timed = nwbfile.acquisition["movie"], nwbfile.acquisition["timed"]
    assert (movie.conversion, movie.offset, movie.resolution, movie.unit) == (1.0, 0.0, -1.0, "unknown")
    assert (movie.comments, movie.description, movie.starting_time) == ("no comments", "no description", 0.5)
    assert (timed.data.shape, timed.unit) == ((0,), "unknown")
    assert timed.timestamps[:].tolist() == [0, 1, 2]


@pytest.mark.parametrize("names", [None, np.empty(0)])
def test_tables_that_do_not_list_their_columns(changed: Any, names: Any) -> None:
    def change(file: h5py.File) -> None:
        table = file["processing/ophys/ImageSegmentation/rois"]
        del table.attrs["colnames"]
        if names is not None:
            table.attrs["colnames"] = names

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert set(rois.colnames) == {"pixel_mask", "quality"}
    assert len(rois["pixel_mask"][2]) == 3


def test_tables_without_identifiers(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        del file["processing/ophys/ImageSegmentation/rois/id"]

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert list(rois.id[:]) == [0, 1, 2]
    assert len(rois) == 3


@pytest.mark.parametrize("dtype", ["i1", "i4", "u8", "i8"])
def test_indices_of_any_integers(changed: Any, dtype: str) -> None:
    def change(file: h5py.File) -> None:
        table = file["processing/ophys/ImageSegmentation/rois"]
        replace(table, "pixel_mask_index", table["pixel_mask_index"][:].astype(dtype))

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert [len(mask) for mask in rois["pixel_mask"][:]] == [1, 2, 3]


def test_columns_that_are_not_listed_stay_reachable(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["processing/ophys/ImageSegmentation/rois"].attrs["colnames"] = ["pixel_mask"]

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert rois.colnames == ("pixel_mask",)
    assert "quality" in {column.name for column in rois.columns}


def test_a_listed_column_that_is_missing_does_not_block_the_others(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        del file["processing/ophys/ImageSegmentation/rois/quality"]

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert len(rois["pixel_mask"][1]) == 2
    with pytest.raises(KeyError, match="quality"):
        rois["quality"]


def test_references_to_series_in_a_plain_column(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["intervals/epochs/timeseries"].attrs["neurodata_type"] = "VectorData"
        file["intervals/epochs/timeseries"].attrs["namespace"] = "hdmf-common"

    nwbfile = changed(change)
    reference = nwbfile.epochs["timeseries"][0][0]
    assert (reference.idx_start, reference.count) == (0, 1)
    assert reference.timeseries is nwbfile.acquisition["timed"]


def test_tables_of_the_core_namespace(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        def rename(_: str, item: Any) -> None:
            if item.attrs.get("namespace") == "hdmf-common":
                item.attrs["namespace"] = "core"

        file.visititems(rename)
        file.attrs["nwb_version"] = "2.0b"
        del file["specifications"], file.attrs[".specloc"]

    nwbfile = changed(change)
    assert nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]["quality"][:].tolist() == [0.1, 0.2, 0.3]
    assert isinstance(nwbfile.acquisition["table"], DynamicTable)


def test_devices_whose_model_is_a_text(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["general/devices/scope"].attrs["model"] = "2P/9000"
        file["general/devices/scope"].attrs["help"] = "A recording device"

    nwbfile = changed(change)
    assert nwbfile.devices["scope"].model.name == "2P/9000"
    assert nwbfile.devices["scope"].description == "d"


@pytest.mark.parametrize(("version", "expected"), [("2.5.0", None), ("2.6.0", "birth")])
def test_what_an_age_counts_from(changed: Any, version: str, expected: str | None) -> None:
    def change(file: h5py.File) -> None:
        del file["general/subject/age"].attrs["reference"]
        file.attrs["nwb_version"] = version

    assert changed(change).subject.age__reference == expected


def test_hard_links_in_the_place_of_soft_ones(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        del file["acquisition/movie/imaging_plane"]
        file["acquisition/movie/imaging_plane"] = file["general/optophysiology/plane"]

    nwbfile = changed(change)
    assert nwbfile.acquisition["movie"].imaging_plane is nwbfile.imaging_planes["plane"]


def test_links_relative_to_their_group_and_through_links(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["alias"] = h5py.SoftLink("/general/optophysiology/plane")
        del file["acquisition/movie/imaging_plane"]
        file["acquisition/movie/imaging_plane"] = h5py.SoftLink("/alias")

    nwbfile = changed(change)
    assert nwbfile.acquisition["movie"].imaging_plane is nwbfile.imaging_planes["plane"]


def test_whole_numbers_where_floats_belong(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        file["acquisition/movie/starting_time"].attrs["rate"] = 30
        replace(file, "general/optophysiology/plane/excitation_lambda", 920)

    nwbfile = changed(change)
    assert nwbfile.acquisition["movie"].rate == 30
    assert nwbfile.imaging_planes["plane"].excitation_lambda == 920


def test_masks_with_other_member_types(changed: Any) -> None:
    def change(file: h5py.File) -> None:
        table = file["processing/ophys/ImageSegmentation/rois"]
        wide = np.dtype([("x", "<u8"), ("y", "<u8"), ("weight", "<f8")])
        replace(table, "pixel_mask", table["pixel_mask"][:].astype(wide))
        table["pixel_mask_index"].attrs["target"] = table["pixel_mask"].ref

    rois = changed(change).processing["ophys"]["ImageSegmentation"]["rois"]
    assert rois["pixel_mask"][1].tolist() == [(1, 1, 1.0), (1, 1, 1.0)]
    assert rois.rois[1].coordinates.tolist() == [[1, 1], [1, 1]]
