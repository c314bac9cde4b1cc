"""The traps in which a naive writer breaks a reader, each on a file of ours, seen with plain h5py.

What each trap does to a reader was found by experiment with pynwb, its validator and nwbinspector; the comments say what.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pynwb
import pytest

import photonwb
from photonwb import NWBFile, TimeSeries
from photonwb.base import Images
from photonwb.common import DynamicTable, VectorData
from photonwb.device import Device
from photonwb.file import Subject
from photonwb.image import GrayscaleImage, ImageSeries
from photonwb.ophys import (
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    MotionCorrection,
    OpticalChannel,
    PlaneSegmentation,
    RoiResponseSeries,
    TwoPhotonSeries,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

Write = Callable[..., h5py.File]


def session() -> NWBFile:
    return NWBFile("traps", "traps", datetime(2024, 1, 1, tzinfo=UTC))


def plane_of(nwbfile: NWBFile, **options: Any) -> ImagingPlane:
    device = nwbfile.add_device(Device("scope"))
    arguments = {"excitation_lambda": 920.0, "indicator": "GCaMP", "location": "VISp", **options}
    plane = ImagingPlane("plane", OpticalChannel("green", "d", 510.0), "d", device, **arguments)
    nwbfile.add_imaging_plane(plane)
    return plane


def segmentation_of(nwbfile: NWBFile) -> tuple[ImageSegmentation, PlaneSegmentation]:
    plane = plane_of(nwbfile)
    module = nwbfile.create_processing_module("ophys", "d")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    return segmentation, segmentation.create_plane_segmentation(name="rois", description="d", imaging_plane=plane)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a file, check that pynwb reads and validates it, and open it with h5py."""
    opened: list[h5py.File] = []

    def write_and_open(nwbfile: NWBFile) -> h5py.File:
        path = tmp_path / "trap.nwb"
        photonwb.write(nwbfile, path)
        with pynwb.NWBHDF5IO(path, "r") as io:
            io.read()
        assert list(pynwb.validate(path=str(path))) == []
        opened.append(h5py.File(path, "r"))
        return opened[-1]

    yield write_and_open
    for file in opened:
        file.close()


def movie(plane: ImagingPlane, **options: Any) -> TwoPhotonSeries:
    arguments = {"name": "movie", "data": np.zeros((3, 4, 5), np.uint16), "unit": "n.a.", "rate": 30.0, **options}
    return TwoPhotonSeries(imaging_plane=plane, **arguments)


def test_01_02_links_are_soft_and_absolute(write: Write) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(movie(plane_of(nwbfile)))
    file = write(nwbfile)
    for group, name, target in (
        ("acquisition/movie", "imaging_plane", "/general/optophysiology/plane"),
        ("general/optophysiology/plane", "device", "/general/devices/scope"),
    ):
        link = file[group].get(name, getlink=True)
        assert isinstance(link, h5py.SoftLink)
        assert link.path == target


def test_03_shared_data_lead_to_where_they_lie_not_to_a_link(write: Write) -> None:
    nwbfile = session()
    first = TimeSeries("first", np.arange(3.0), "V", rate=1.0)
    second = TimeSeries("second", first, "V", timestamps=[0.0, 1.0, 3.0])
    third = TimeSeries("third", second, "V", timestamps=second)
    for series in (first, second, third):
        nwbfile.add_acquisition(series)
    file = write(nwbfile)
    assert file["acquisition/third"].get("data", getlink=True).path == "/acquisition/first/data"
    assert file["acquisition/third"].get("timestamps", getlink=True).path == "/acquisition/second/timestamps"


def test_04_05_one_name_stands_for_one_object() -> None:
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("same", [1.0], "V", rate=1.0))
    with pytest.raises(ValueError, match="same"):
        nwbfile.add_acquisition(TimeSeries("same", [2.0], "V", rate=1.0))


def test_06_07_no_object_has_two_hard_links(write: Write) -> None:
    nwbfile = session()
    first = TimeSeries("first", np.arange(3.0), "V", rate=1.0)
    nwbfile.add_acquisition(first)
    nwbfile.add_acquisition(TimeSeries("second", first, "V", rate=2.0))
    module = nwbfile.create_processing_module("behavior", "d")
    module.add(first)
    file = write(nwbfile)
    counts: list[int] = []
    file.visititems(lambda _, item: counts.append(h5py.h5o.get_info(item.id).rc))
    assert set(counts) == {1}


def test_08_a_column_that_is_written_anew_is_still_referred_to(tmp_path: Path) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    rois.add_roi(pixel_mask=[(1, 2, 1.0)])
    rois.add_column("tags", "d", [["a"]], index=True)
    path = tmp_path / "edited.nwb"
    photonwb.write(nwbfile, path)
    with photonwb.NWBHDF5IO(path, "r+") as io:
        nwbfile = io.read()
        column = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]["tags"].target
        column.data = [1.5]  # another type: the dataset cannot be kept
        io.write(nwbfile)
    with h5py.File(path) as file:
        index = file["processing/ophys/ImageSegmentation/rois/tags_index"]
        assert file[index.attrs["target"]].name.endswith("rois/tags")


def test_09_whole_numbers_become_floats(write: Write) -> None:
    nwbfile = session()
    plane = plane_of(nwbfile, excitation_lambda=920, imaging_rate=30)
    nwbfile.add_acquisition(movie(plane, rate=30, pmt_gain=2, conversion=1, scan_line_rate=np.int64(8000)))
    file = write(nwbfile)
    series = file["acquisition/movie"]
    found = [series["starting_time"].attrs["rate"], series.attrs["pmt_gain"], series["data"].attrs["conversion"]]
    found += [series.attrs["scan_line_rate"], file["general/optophysiology/plane/excitation_lambda"][()]]
    assert {np.asarray(value).dtype.kind for value in found} == {"f"}


def test_10_attributes_are_scalars(write: Write) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("s", [1.0], "V", rate=np.array(2.0), comments=np.str_("c")))
    series = write(nwbfile)["acquisition/s"]
    for node, name in ((series["starting_time"], "rate"), (series["data"], "unit"), (series, "comments")):
        assert node.attrs.get_id(name).shape == ()


def test_11_12_times_are_float64_in_seconds(write: Write) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(TimeSeries("a", [1.0, 2.0], "V", timestamps=np.array([0, 1], np.float32)))
    nwbfile.add_acquisition(TimeSeries("b", [1.0, 2.0], "V", rate=1.0, starting_time=np.float32(0.5)))
    file = write(nwbfile)
    timestamps, start = file["acquisition/a/timestamps"], file["acquisition/b/starting_time"]
    assert timestamps.dtype == start.dtype == np.float64
    assert timestamps.attrs["interval"] == 1
    assert timestamps.attrs["unit"] == start.attrs["unit"] == "seconds"


@pytest.mark.parametrize(("given", "stored"), [(np.float16, np.float32), (bool, np.uint8)])
def test_13_movies_of_kinds_that_no_tool_takes_are_widened(write: Write, given: Any, stored: Any) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(movie(plane_of(nwbfile), data=np.ones((3, 4, 5), given)))
    nwbfile.add_stimulus_template(Images("images", [GrayscaleImage("g", np.ones((3, 4), given))], "d"))
    file = write(nwbfile)
    assert file["acquisition/movie/data"].dtype == stored
    assert file["stimulus/templates/images/g"].dtype == stored
    assert (file["acquisition/movie/data"][:] == 1).all()


def test_14_integers_have_the_width_and_sign_of_the_standard(write: Write) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    for _ in range(2):
        rois.add_roi(pixel_mask=[(1, 2, 1.0)])
    region = rois.create_roi_table_region("d", region=np.array([0, 1], np.uint8))
    fluorescence = Fluorescence()
    nwbfile.processing["ophys"].add(fluorescence)
    fluorescence.create_roi_response_series(
        name="r", data=np.zeros((3, 2)), rois=region, unit="a", rate=1.0, control=np.array([1, 2, 3], np.int64)
    )
    nwbfile.add_acquisition(
        ImageSeries(
            "external", unit="n.a.", external_file=["a.tif"], num_samples=3, rate=1.0, dimension=np.array([4, 5], np.uint16),
            format="external",
        )
    )  # fmt: skip
    file = write(nwbfile)
    table = file["processing/ophys/ImageSegmentation/rois"]
    assert table["id"].dtype == np.int64
    assert table["pixel_mask_index"].dtype.kind == "u"
    assert file["processing/ophys/Fluorescence/r/rois"].dtype == np.int64
    assert file["processing/ophys/Fluorescence/r/control"].dtype.kind == "u"
    assert file["acquisition/external/dimension"].dtype == np.int32
    assert file["acquisition/external/num_samples"].dtype.kind == "u"


def test_15_shapes_are_checked_and_whole_numbers_taken(write: Write) -> None:
    nwbfile = session()
    plane = plane_of(nwbfile)
    with pytest.raises(ValueError, match=r"expected shape \(2,\) or \(3,\), got \(1, 2\)"):
        movie(plane, field_of_view=[[1.0, 2.0]])
    with pytest.raises(ValueError, match="timestamps"):
        TimeSeries("t", [1.0], "V", timestamps=np.zeros((1, 1)))
    nwbfile.add_acquisition(movie(plane, field_of_view=[1, 2]))
    assert write(nwbfile)["acquisition/movie/field_of_view"].dtype.kind == "f"


@pytest.mark.parametrize(
    "mask",
    [
        [(1, 2, 0.5), (3, 4, 1)],
        np.array([[1, 2, 0.5], [3, 4, 1]]),
        np.array([(1, 2, 0.5), (3, 4, 1)], dtype=[("x", "i4"), ("y", "i4"), ("weight", "f8")]),
    ],
    ids=["rows", "array", "other members"],
)
def test_16_17_18_pixel_masks_are_packed_compounds_with_an_index(write: Write, mask: Any) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    rois.add_roi(pixel_mask=mask)
    rois.add_roi(pixel_mask=mask)
    table = write(nwbfile)["processing/ophys/ImageSegmentation/rois"]
    assert table["pixel_mask"].dtype == np.dtype([("x", "<u4"), ("y", "<u4"), ("weight", "<f4")])
    assert table["pixel_mask"][:2].tolist() == [(1, 2, 0.5), (3, 4, 1.0)]
    assert table["pixel_mask_index"][:].tolist() == [2, 4]


def test_19_an_empty_plane_segmentation_can_be_read(write: Write, tmp_path: Path) -> None:
    nwbfile = session()
    segmentation_of(nwbfile)
    write(nwbfile)
    with photonwb.open(tmp_path / "trap.nwb") as stored:
        assert len(stored.processing["ophys"]["ImageSegmentation"]["rois"]) == 0


def test_20_21_22_columns_are_typed_described_and_listed(write: Write) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    rois.add_column("tags", "d", index=True)
    rois.add_roi(pixel_mask=[(1, 2, 1.0)], tags=["a", "b"])
    table = write(nwbfile)["processing/ophys/ImageSegmentation/rois"]
    assert list(table.attrs["colnames"]) == ["tags", "pixel_mask"]
    for name in ("id", "tags", "tags_index", "pixel_mask", "pixel_mask_index"):
        assert table[name].attrs["neurodata_type"] in ("VectorData", "VectorIndex", "ElementIdentifiers")
    assert all(table[name].attrs["description"] for name in ("tags", "tags_index", "pixel_mask", "pixel_mask_index"))


def test_23_ragged_columns_are_flat(write: Write) -> None:
    nwbfile = session()
    table = DynamicTable("t", "d")
    table.add_column("ragged", "d", index=True)
    table.add_row(ragged=[1.0, 2.0])
    table.add_row(ragged=[3.0])
    nwbfile.add_acquisition(table)
    stored = write(nwbfile)["acquisition/t"]
    assert stored["ragged"].dtype == np.float64
    assert stored["ragged_index"][:].tolist() == [2, 3]


def test_24_25_dates_are_ascii_with_a_zone(write: Write) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, 12))  # noqa: DTZ001 - without a zone, on purpose
    file = write(nwbfile)
    assert file["file_create_date"].shape == (1,)
    for name in ("file_create_date", "session_start_time", "timestamps_reference_time"):
        assert h5py.check_string_dtype(file[name].dtype) == ("ascii", None)
    assert datetime.fromisoformat(file["session_start_time"][()].decode()).tzinfo is not None


def test_26_lists_of_one_are_lists(write: Write) -> None:
    nwbfile = NWBFile("d", "i", datetime(2024, 1, 1, tzinfo=UTC), keywords=["one"], experimenter="Lovelace, Ada")
    nwbfile.add_acquisition(ImageSeries("e", unit="n.a.", external_file=["a.tif"], num_samples=1, rate=1.0, format="external"))
    file = write(nwbfile)
    assert file["general/keywords"].shape == file["general/experimenter"].shape == (1,)
    assert file["acquisition/e/external_file"].shape == (1,)
    assert file["acquisition/e/external_file"].attrs["starting_frame"].tolist() == [0]


def test_27_a_column_of_objects_has_no_gaps(tmp_path: Path) -> None:
    nwbfile = session()
    series = TimeSeries("s", [1.0], "V", rate=1.0)
    nwbfile.add_acquisition(series)
    nwbfile.add_acquisition(DynamicTable("t", "d", columns=[VectorData("objects", "d", data=[series, None])]))
    with pytest.raises(ValueError, match=r"objects.*None"):
        photonwb.write(nwbfile, tmp_path / "gap.nwb")
    assert not list(tmp_path.iterdir())


def test_28_what_has_no_value_is_not_there(write: Write) -> None:
    nwbfile = session()
    nwbfile.subject = Subject(subject_id="m")
    nwbfile.add_acquisition(movie(plane_of(nwbfile)))
    file = write(nwbfile)
    empty: list[str] = []

    def look(name: str, item: Any) -> None:
        spaces = [item.attrs.get_id(key).get_space() for key in item.attrs]
        spaces += [item.id.get_space()] if isinstance(item, h5py.Dataset) else []
        empty.extend(name for space in spaces if space.get_simple_extent_type() == h5py.h5s.NULL)

    file.visititems(look)
    assert empty == []
    assert "species" not in file["general/subject"]


def test_29_the_group_of_reference_images_is_always_there(write: Write) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    rois.add_roi(image_mask=np.ones((2, 2)))
    assert "reference_images" in write(nwbfile)["processing/ophys/ImageSegmentation/rois"]


@pytest.mark.parametrize("container", [ImageSegmentation, Fluorescence, MotionCorrection])
def test_30_collections_that_must_not_be_empty_are_refused(container: Any, tmp_path: Path) -> None:
    nwbfile = session()
    nwbfile.create_processing_module("ophys", "d").add(container())
    with pytest.raises(ValueError, match="at least one"):
        photonwb.write(nwbfile, tmp_path / "empty.nwb")
    assert not list(tmp_path.iterdir())


def test_31_everything_is_where_others_look_for_it(write: Write) -> None:
    nwbfile = session()
    plane_of(nwbfile)
    nwbfile.subject = Subject(subject_id="m")
    file = write(nwbfile)
    for path in ("general/optophysiology/plane", "general/devices/scope", "general/subject"):
        assert file[path].attrs["neurodata_type"]


def test_32_numbers_are_little_endian(write: Write) -> None:
    nwbfile = session()
    nwbfile.add_acquisition(movie(plane_of(nwbfile), data=np.arange(60, dtype=">u2").reshape(3, 4, 5)))
    data = write(nwbfile)["acquisition/movie/data"]
    assert data.dtype == np.dtype("<u2")
    assert data[2, 3, 4] == 59


def test_33_34_booleans_are_enums_over_int8(write: Write) -> None:
    nwbfile = session()
    nwbfile.add_trial_column("good", "d")
    nwbfile.add_trial(start_time=0.0, stop_time=1.0, good=True)
    stored = write(nwbfile)["intervals/trials/good"].id.get_type()
    assert isinstance(stored, h5py.h5t.TypeEnumID)
    assert stored.get_super().equal(h5py.h5t.STD_I8LE)


def test_35_rows_and_identifiers_are_as_many(tmp_path: Path) -> None:
    nwbfile = session()
    table = DynamicTable("t", "d", columns=[VectorData("a", "d", data=[1, 2, 3])])
    table.id.data.pop()
    nwbfile.add_acquisition(table)
    with pytest.raises(ValueError, match=r"'t'.*3.*2|'t'.*2.*3"):
        photonwb.write(nwbfile, tmp_path / "heights.nwb")


def test_35_a_link_to_what_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    nwbfile = session()
    plane = ImagingPlane("plane", OpticalChannel("g", "d", 510.0), "d", Device("lost"), 920.0, "G", "VISp")
    nwbfile.add_imaging_plane(plane)
    with pytest.raises(ValueError, match=r"Device 'lost' is not part of the file.*add_device"):
        photonwb.write(nwbfile, tmp_path / "lost.nwb")
    assert not list(tmp_path.iterdir())


def test_rois_of_a_series_refer_to_their_table(write: Write) -> None:
    nwbfile = session()
    _, rois = segmentation_of(nwbfile)
    rois.add_roi(pixel_mask=[(1, 2, 1.0)])
    fluorescence = Fluorescence()
    nwbfile.processing["ophys"].add(fluorescence)
    series = RoiResponseSeries("r", np.zeros((3, 1)), "a", rois.create_roi_table_region("d"), rate=1.0)
    fluorescence.add_roi_response_series(series)
    file = write(nwbfile)
    region = file["processing/ophys/Fluorescence/r/rois"]
    assert file[region.attrs["table"]].name == "/processing/ophys/ImageSegmentation/rois"
