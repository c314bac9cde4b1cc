"""A small file without faults, made by pynwb, and many ways to break it with plain h5py.

Each fault is a function of the open file. `at` is where a validator should see it, `codes` what photonwb calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from compat.everything import library

PLANE = "/general/optophysiology/plane"
MOVIE = "/acquisition/movie"
WIDE = "/acquisition/wide"
TABLE = "/acquisition/table"
SEGMENTATION = "/processing/ophys/ImageSegmentation"
PIXELS = f"{SEGMENTATION}/pixels"
IMAGES = f"{SEGMENTATION}/images"
TRACES = "/processing/ophys/DfOverF/traces"
STACK = "/processing/ophys/MotionCorrection/stack"
TRIALS = "/intervals/trials"
SUMMARY = "/processing/ophys/summary"
VLEN = h5py.string_dtype()


def write_good_file(path: Path) -> None:
    """A session of two-photon imaging with everything that the faults need."""
    lib = library("pynwb")
    start = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    nwbfile = lib.file.NWBFile(
        "a session", "faults", start, keywords=["calcium"], experimenter=["Lovelace, Ada"], institution="I"
    )
    nwbfile.subject = lib.file.Subject(subject_id="m1", species="Mus musculus", sex="F", age="P90D", date_of_birth=start)
    model = nwbfile.create_device_model("2p-1", manufacturer="ours")
    device = nwbfile.create_device("microscope", description="d", model=model)
    channel = lib.ophys.OpticalChannel(name="green", description="d", emission_lambda=510.0)
    plane = nwbfile.create_imaging_plane(
        name="plane", optical_channel=channel, description="d", device=device, excitation_lambda=920.0, indicator="GCaMP6f",
        location="VISp", grid_spacing=[1e-6, 1e-6], origin_coords=[0.0, 0.0],
    )  # fmt: skip
    frames = np.arange(6 * 10 * 8, dtype="u2").reshape(6, 10, 8)
    times = [0.0, 0.1, 0.21, 0.3, 0.42, 0.5]
    movie = lib.ophys.TwoPhotonSeries(
        name="movie", data=frames, imaging_plane=plane, unit="n.a.", timestamps=times, dimension=[10, 8],
        field_of_view=[1e-5, 8e-6], pmt_gain=1.5, control=np.zeros(6, "u1"), control_description=["all"],
    )  # fmt: skip
    wide = lib.ophys.OnePhotonSeries(
        name="wide", data=frames.astype("i2"), imaging_plane=plane, unit="n.a.", rate=10.0, binning=2
    )
    external = lib.image.ImageSeries(
        name="external", external_file=["a.tif"], starting_frame=[0], format="external", rate=1.0,
        num_samples=5, unit="n.a.", device=device,
    )  # fmt: skip
    for series in (movie, wide, external):
        nwbfile.add_acquisition(series)
    table = lib.common.DynamicTable(
        name="table",
        description="d",
        columns=[lib.common.VectorData("number", "d", [1.0, 2.0, 3.0]), lib.common.VectorData("word", "d", ["a", "b", "c"])],
    )
    nwbfile.add_acquisition(table)

    module = nwbfile.create_processing_module("ophys", "d")
    segmentation = lib.ophys.ImageSegmentation()
    module.add(segmentation)
    pixels = segmentation.create_plane_segmentation(name="pixels", description="d", imaging_plane=plane, reference_images=movie)
    for x in range(4):
        pixels.add_roi(pixel_mask=[(x, 1, 1.0), (x + 1, 2, 0.5)])
    images = segmentation.create_plane_segmentation(name="images", description="d", imaging_plane=plane)
    for x in range(2):
        images.add_roi(image_mask=np.eye(10, 8, x))
    rois = pixels.create_roi_table_region("all", region=[0, 1, 2, 3])
    traces = lib.ophys.RoiResponseSeries(name="traces", data=np.zeros((6, 4)), rois=rois, unit="n.a.", timestamps=movie)
    module.add(lib.ophys.DfOverF(roi_response_series=traces))
    corrected = lib.image.ImageSeries(name="corrected", data=frames, unit="n.a.", timestamps=movie)
    shift = lib.base.TimeSeries(name="xy_translation", data=np.zeros((6, 2)), unit="pixels", timestamps=movie)
    module.add(
        lib.ophys.MotionCorrection(
            lib.ophys.CorrectedImageStack(name="stack", corrected=corrected, original=movie, xy_translation=shift)
        )
    )
    module.add(
        lib.base.Images(
            name="summary",
            description="d",
            images=[lib.image.GrayscaleImage(name="mean", data=np.ones((10, 8)), description="d")],
        )
    )
    nwbfile.add_trial_column("correct", "d")
    nwbfile.add_trial(start_time=0.0, stop_time=0.2, correct=True, timeseries=[movie])
    nwbfile.add_trial(start_time=0.2, stop_time=0.4, correct=False, timeseries=[movie])
    nwbfile.add_scratch(1.5, name="note", description="d")
    with lib.top.NWBHDF5IO(path, "w") as io:
        io.write(nwbfile)


class Fault(NamedTuple):
    """One way to break the file."""

    name: str
    at: str
    codes: tuple[str, ...]
    apply: Callable[[h5py.File], Any]


FAULTS: list[Fault] = []


def fault(at: str, *codes: str) -> Callable[[Any], Any]:
    def enter(function: Callable[[h5py.File], Any]) -> Callable[[h5py.File], Any]:
        FAULTS.append(Fault(function.__name__, at, codes, function))
        return function

    return enter


def simple(name: str, at: str, codes: str | tuple[str, ...], apply: Callable[[h5py.File], Any]) -> None:
    FAULTS.append(Fault(name, at, (codes,) if isinstance(codes, str) else codes, apply))


def replace(file: h5py.File, path: str, data: Any, **options: Any) -> None:
    """Write a dataset anew, with the attributes of the old one."""
    attributes = dict(file[path].attrs)
    del file[path]
    dataset = file.create_dataset(path, data=data, **options)
    dataset.attrs.update(attributes)


def delete(*paths: str) -> Callable[[h5py.File], Any]:
    def apply(file: h5py.File) -> None:
        for path in paths:
            del file[path]

    return apply


def delete_attribute(path: str, name: str) -> Callable[[h5py.File], Any]:
    def apply(file: h5py.File) -> None:
        del file[path].attrs[name]

    return apply


def set_attribute(path: str, name: str, value: Any) -> Callable[[h5py.File], Any]:
    def apply(file: h5py.File) -> None:
        file[path].attrs[name] = value

    return apply


def put(path: str, data: Any, **options: Any) -> Callable[[h5py.File], Any]:
    return lambda file: replace(file, path, data, **options)


def soft_link(path: str, target: str) -> Callable[[h5py.File], Any]:
    def apply(file: h5py.File) -> None:
        if path in file:
            del file[path]
        file[path] = h5py.SoftLink(target)

    return apply


def masks(data: Any) -> Callable[[h5py.File], Any]:
    def apply(file: h5py.File) -> None:
        replace(file, f"{PIXELS}/pixel_mask", data)
        file[f"{PIXELS}/pixel_mask_index"].attrs["target"] = file[f"{PIXELS}/pixel_mask"].ref

    return apply


def compound(*members: tuple[str, str]) -> Callable[[h5py.File], Any]:
    return masks(np.zeros(8, list(members)))


# What must be there.
for path in (
    "/identifier", "/session_start_time", "/file_create_date", "/analysis", "/stimulus/templates",
    f"{MOVIE}/data", f"{MOVIE}/imaging_plane",
    f"{PLANE}/indicator", f"{PLANE}/excitation_lambda", f"{PLANE}/device", f"{PLANE}/green/emission_lambda",
    f"{IMAGES}/reference_images", f"{TRACES}/rois", f"{STACK}/original", f"{TRIALS}/stop_time",
    f"{TABLE}/id", f"{PIXELS}/imaging_plane",
):  # fmt: skip
    simple(f"missing {path}", path, ("missing_member", "missing_column"), delete(path))
for path, name in (
    (f"{MOVIE}/data", "unit"), (f"{WIDE}/starting_time", "rate"),
    (f"{WIDE}/starting_time", "unit"),
    (f"{MOVIE}/timestamps", "interval"), (f"{PIXELS}/pixel_mask_index", "target"), (f"{TRACES}/rois", "table"),
    (TABLE, "colnames"), (f"{TABLE}/number", "description"), ("/processing/ophys", "description"),
    (SUMMARY, "description"), ("/scratch/note", "notes"),
):  # fmt: skip
    simple(f"missing {path}@{name}", f"{path}@{name}", "missing_attribute", delete_attribute(path, name))
simple("no channel", PLANE, "missing_member", delete(f"{PLANE}/green"))
simple("no image", SUMMARY, "missing_member", delete(f"{SUMMARY}/mean"))
simple("no series", "/processing/ophys/DfOverF", "missing_member", delete(TRACES))
simple("no segmentation", SEGMENTATION, "missing_member", delete(PIXELS, IMAGES, TRACES))
simple("no stack", "/processing/ophys/MotionCorrection", "missing_member", delete(STACK))
simple("no times", WIDE, "no_times", delete(f"{WIDE}/starting_time"))
simple("no masks", IMAGES, "no_mask", delete(f"{IMAGES}/image_mask"))

# Kinds of elements.
simple("rate int", f"{WIDE}/starting_time@rate", "wrong_dtype", set_attribute(f"{WIDE}/starting_time", "rate", np.int64(10)))
simple("conversion int", f"{MOVIE}/data@conversion", "wrong_dtype", set_attribute(f"{MOVIE}/data", "conversion", np.int32(1)))
simple("pmt_gain text", f"{MOVIE}@pmt_gain", "wrong_dtype", set_attribute(MOVIE, "pmt_gain", "high"))
simple("binning int", f"{WIDE}@binning", "wrong_dtype", set_attribute(WIDE, "binning", np.int64(2)))
simple("unit number", f"{MOVIE}/data@unit", "wrong_dtype", set_attribute(f"{MOVIE}/data", "unit", 1.0))
simple("excitation int", f"{PLANE}/excitation_lambda", "wrong_dtype", put(f"{PLANE}/excitation_lambda", 920))
simple("timestamps f4", f"{MOVIE}/timestamps", "wrong_dtype", put(f"{MOVIE}/timestamps", np.zeros(6, "f4")))
simple("starting_time f4", f"{WIDE}/starting_time", "wrong_dtype", put(f"{WIDE}/starting_time", np.float32(0)))
simple("movie f2", f"{MOVIE}/data", "wrong_dtype", put(f"{MOVIE}/data", np.zeros((6, 10, 8), "f2")))
simple("movie bool", f"{MOVIE}/data", "wrong_dtype", put(f"{MOVIE}/data", np.zeros((6, 10, 8), bool)))
simple("movie complex", f"{MOVIE}/data", "wrong_dtype", put(f"{MOVIE}/data", np.zeros((6, 10, 8), "c8")))
simple("image bool", f"{SUMMARY}/mean", "wrong_dtype", put(f"{SUMMARY}/mean", np.zeros((10, 8), bool)))
simple("dimension i2", f"{MOVIE}/dimension", "wrong_dtype", put(f"{MOVIE}/dimension", np.array([10, 8], "i2")))
simple(
    "num_samples i8", "/acquisition/external/num_samples", "wrong_dtype", put("/acquisition/external/num_samples", np.int64(5))
)
simple("control i8", f"{MOVIE}/control", "wrong_dtype", put(f"{MOVIE}/control", np.zeros(6, "i8")))
simple("rois u8", f"{TRACES}/rois", "wrong_dtype", put(f"{TRACES}/rois", np.arange(4, dtype="u8")))
simple("id u8", f"{TABLE}/id", "wrong_dtype", put(f"{TABLE}/id", np.arange(3, dtype="u8")))
simple("index i8", f"{PIXELS}/pixel_mask_index", "wrong_dtype", put(f"{PIXELS}/pixel_mask_index", np.array([2, 4, 6, 8], "i8")))
simple("start_time text", f"{TRIALS}/start_time", "wrong_dtype", put(f"{TRIALS}/start_time", ["a", "b"], dtype=VLEN))
simple("indicator number", f"{PLANE}/indicator", "wrong_dtype", put(f"{PLANE}/indicator", 6.0))
simple("field_of_view int", f"{MOVIE}/field_of_view", "wrong_dtype", put(f"{MOVIE}/field_of_view", [1, 1]))
simple("masks plain", f"{PIXELS}/pixel_mask", "wrong_dtype", masks(np.zeros((8, 3))))
simple(
    "vlen rows",
    f"{TABLE}/number",
    "vlen_array",
    put(f"{TABLE}/number", np.array([np.zeros(2)] * 3 + [0], object)[:3], dtype=h5py.vlen_dtype("f8")),
)
simple("members f8", f"{PIXELS}/pixel_mask", "compound_members", compound(("x", "f4"), ("y", "u4"), ("weight", "f4")))
simple("members u2", f"{PIXELS}/pixel_mask", "compound_members", compound(("x", "u2"), ("y", "u2"), ("weight", "f4")))
simple("members order", f"{PIXELS}/pixel_mask", "compound_members", compound(("weight", "f4"), ("x", "u4"), ("y", "u4")))
simple("members names", f"{PIXELS}/pixel_mask", "compound_members", compound(("X", "u4"), ("Y", "u4"), ("W", "f4")))
simple("members few", f"{PIXELS}/pixel_mask", "compound_members", compound(("x", "u4"), ("y", "u4")))
simple(
    "members more", f"{PIXELS}/pixel_mask", "compound_members", compound(("x", "u4"), ("y", "u4"), ("weight", "f4"), ("z", "u4"))
)
simple("big-endian", f"{TABLE}/number", "big_endian", put(f"{TABLE}/number", np.zeros(3, ">f8")))

# Shapes.
simple("field_of_view row", f"{MOVIE}/field_of_view", "wrong_shape", put(f"{MOVIE}/field_of_view", [[1.0, 1.0]]))
simple("field_of_view 4", f"{MOVIE}/field_of_view", "wrong_shape", put(f"{MOVIE}/field_of_view", np.ones(4)))
simple("timestamps column", f"{MOVIE}/timestamps", "wrong_shape", put(f"{MOVIE}/timestamps", np.zeros((6, 1))))
simple("movie 2-D", f"{MOVIE}/data", "wrong_shape", put(f"{MOVIE}/data", np.zeros((6, 80))))
simple("keywords scalar", "/general/keywords", "wrong_shape", put("/general/keywords", "calcium"))
simple("create date scalar", "/file_create_date", "wrong_shape", put("/file_create_date", "2024-05-06T07:08:09+00:00"))
simple(
    "external_file scalar",
    "/acquisition/external/external_file",
    "wrong_shape",
    put("/acquisition/external/external_file", "a.tif"),
)
simple("colnames scalar", f"{TABLE}@colnames", "wrong_shape", set_attribute(TABLE, "colnames", "number"))
simple("image 3-D", f"{SUMMARY}/mean", "wrong_shape", put(f"{SUMMARY}/mean", np.zeros((10, 8, 2))))
simple("rate array", f"{WIDE}/starting_time@rate", "array_for_scalar", set_attribute(f"{WIDE}/starting_time", "rate", [10.0]))
simple(
    "comments array",
    f"{MOVIE}@comments",
    "array_for_scalar",
    lambda file: file[MOVIE].attrs.create("comments", ["c"], dtype=VLEN),
)
simple("identifier array", "/identifier", "array_for_scalar", put("/identifier", ["a"], dtype=VLEN))
simple(
    "type array",
    f"{MOVIE}@neurodata_type",
    "text_in_array",
    lambda file: file[MOVIE].attrs.create("neurodata_type", ["TwoPhotonSeries"], dtype=VLEN),
)
simple("no value", f"{PLANE}/description", "null_value", put(f"{PLANE}/description", h5py.Empty(VLEN)))
simple("no value of unit", f"{MOVIE}/data@unit", "null_value", set_attribute(f"{MOVIE}/data", "unit", h5py.Empty(VLEN)))

# Values.
simple("unit of times", f"{MOVIE}/timestamps@unit", "fixed_value", set_attribute(f"{MOVIE}/timestamps", "unit", "ms"))
simple("version", "/@nwb_version", "fixed_value", set_attribute("/", "nwb_version", "2.99.0"))
for name, text in {"naive": "2024-05-06T07:08:09", "only date": "2024-05-06"}.items():
    simple(f"start {name}", "/session_start_time", "no_time_zone", put("/session_start_time", text))
for name, text in {"space": "2024-05-06 07:08:09+02:00", "zone": "2024-05-06T07:08:09+0200", "no date": "tomorrow"}.items():
    simple(f"start {name}", "/session_start_time", "bad_date", put("/session_start_time", text))
simple(
    "birth naive", "/general/subject/date_of_birth", "no_time_zone", put("/general/subject/date_of_birth", "2024-01-01T00:00:00")
)
simple(
    "create date fixed",
    "/file_create_date",
    "fixed_length_dates",
    put("/file_create_date", np.array([b"2024-05-06T07:08:09+00:00"])),
)
simple("create date bad", "/file_create_date", "bad_date", put("/file_create_date", ["once"], dtype=VLEN))

# Types.
simple("movie in module", f"{MOVIE}@namespace", "wrong_namespace", set_attribute(MOVIE, "namespace", "hdmf-common"))
simple(
    "namespace unknown",
    MOVIE,
    "unknown_type",
    lambda file: file[MOVIE].attrs.update(namespace="ndx-lost", neurodata_type="LostSeries"),
)
simple("type unknown", MOVIE, "unknown_type", set_attribute(MOVIE, "neurodata_type", "ThreePhotonSeries"))
simple("no namespace", f"{MOVIE}@namespace", "missing_namespace", delete_attribute(MOVIE, "namespace"))
simple("no type", MOVIE, "missing_type", delete_attribute(MOVIE, "neurodata_type"))
simple("id untyped", f"{TABLE}/id", "missing_type", delete_attribute(f"{TABLE}/id", "neurodata_type"))
simple("column untyped", f"{TABLE}/number", "untyped_column", delete_attribute(f"{TABLE}/number", "neurodata_type"))
simple("id of wrong type", f"{TABLE}/id", "wrong_type", set_attribute(f"{TABLE}/id", "neurodata_type", "VectorData"))
simple("subject of wrong type", "/general/subject", "wrong_type", set_attribute("/general/subject", "neurodata_type", "Device"))
simple(
    "dataset for group",
    f"{IMAGES}/reference_images",
    "wrong_type",
    lambda file: (delete(f"{IMAGES}/reference_images")(file), file.create_dataset(f"{IMAGES}/reference_images", data=1.0))[0],
)
simple(
    "group for dataset",
    f"{PLANE}/indicator",
    "wrong_type",
    lambda file: (delete(f"{PLANE}/indicator")(file), file.create_group(f"{PLANE}/indicator"))[0],
)
simple("subject elsewhere", "/general/person", "misplaced_object", lambda file: file.move("/general/subject", "/general/person"))
simple(
    "group misspelled",
    "/general/optophysiologie",
    "extra_member",
    lambda file: file.copy("/general/optophysiology", "/general/optophysiologie"),
)
simple("attribute unknown", f"{MOVIE}@framerate", "extra_attribute", set_attribute(MOVIE, "framerate", 10.0))
simple("dataset unknown", f"{MOVIE}/notes", "extra_member", lambda file: file.create_dataset(f"{MOVIE}/notes", data="n"))
simple(
    "plane of wrong type",
    f"{MOVIE}/imaging_plane",
    "wrong_type",
    soft_link(f"{MOVIE}/imaging_plane", "/general/devices/microscope"),
)

# Links and references.
simple(
    "broken link", f"{MOVIE}/imaging_plane", "broken_link", soft_link(f"{MOVIE}/imaging_plane", "/general/optophysiology/none")
)
simple("relative link", f"{STACK}/original", "relative_link", soft_link(f"{STACK}/original", "corrected"))
simple("circle", f"{MOVIE}/imaging_plane", "broken_link", soft_link(f"{MOVIE}/imaging_plane", f"{MOVIE}/imaging_plane"))
simple("link to link", f"{WIDE}/imaging_plane", "link_to_link", soft_link(f"{WIDE}/imaging_plane", f"{MOVIE}/imaging_plane"))
simple("link beside", "/acquisition/alias", "link_beside_target", soft_link("/acquisition/alias", MOVIE))


@fault(f"{MOVIE}/imaging_plane", "broken_link")
def link_to_a_file_that_is_not_there(file: h5py.File) -> None:
    del file[f"{MOVIE}/imaging_plane"]
    file[f"{MOVIE}/imaging_plane"] = h5py.ExternalLink("elsewhere.nwb", PLANE)


@fault(f"{MOVIE}/imaging_plane", "hard_link")
def hard_link(file: h5py.File) -> None:
    del file[f"{MOVIE}/imaging_plane"]
    file[f"{MOVIE}/imaging_plane"] = file[PLANE]


@fault(f"{WIDE}/data", "second_hard_link")
def data_hard_linked(file: h5py.File) -> None:
    del file[f"{WIDE}/data"]
    file[f"{WIDE}/data"] = file[f"{MOVIE}/data"]


@fault("/stimulus/presentation/movie", "second_hard_link")
def series_hard_linked(file: h5py.File) -> None:
    file["/stimulus/presentation/movie"] = file[MOVIE]


@fault(f"{PIXELS}/reference_images/other", "same_target_name")
def two_links_to_one_name(file: h5py.File) -> None:
    file.copy(MOVIE, "/stimulus/presentation/movie")
    file["/stimulus/presentation/movie"].attrs["object_id"] = "another"
    file[f"{PIXELS}/reference_images/other"] = h5py.SoftLink("/stimulus/presentation/movie")


@fault(f"{PIXELS}/pixel_mask_index@target", "bad_reference")
def target_made_again(file: h5py.File) -> None:
    old = file[f"{PIXELS}/pixel_mask"]
    new = file.create_dataset("new", data=old[:])
    new.attrs.update(old.attrs)
    del file[f"{PIXELS}/pixel_mask"]
    file.move("new", f"{PIXELS}/pixel_mask")


@fault(f"{PIXELS}/pixel_mask_index@target", "bad_reference")
def target_of_wrong_type(file: h5py.File) -> None:
    file[f"{PIXELS}/pixel_mask_index"].attrs["target"] = file[MOVIE].ref


@fault(f"{TRACES}/rois@table", "bad_reference")
def region_of_no_table(file: h5py.File) -> None:
    file[f"{TRACES}/rois"].attrs["table"] = file[MOVIE].ref


@fault(f"{TRIALS}/timeseries", "bad_reference")
def reference_to_no_series(file: h5py.File) -> None:
    values = file[f"{TRIALS}/timeseries"][:]
    values["timeseries"][0] = file[PLANE].ref
    file[f"{TRIALS}/timeseries"][:] = values


@fault(f"{TABLE}/word", "bad_reference")
def empty_reference(file: h5py.File) -> None:
    replace(file, f"{TABLE}/word", np.array([file[MOVIE].ref, h5py.Reference(), file[MOVIE].ref], object), dtype=h5py.ref_dtype)


@fault(f"{WIDE}@object_id", "duplicate_object_id")
def same_object_id(file: h5py.File) -> None:
    file[WIDE].attrs["object_id"] = file[MOVIE].attrs["object_id"]


# Tables.
simple(
    "column missing",
    f"{TABLE}/none",
    "missing_column",
    lambda file: file[TABLE].attrs.create("colnames", ["number", "word", "none"], dtype=VLEN),
)
simple(
    "id listed",
    f"{TABLE}@colnames",
    "wrong_colnames",
    lambda file: file[TABLE].attrs.create("colnames", ["id", "number", "word"], dtype=VLEN),
)
simple(
    "column twice",
    f"{TABLE}@colnames",
    "wrong_colnames",
    lambda file: file[TABLE].attrs.create("colnames", ["number", "number", "word"], dtype=VLEN),
)
simple(
    "column unlisted",
    f"{TABLE}/word",
    "unlisted_column",
    lambda file: file[TABLE].attrs.create("colnames", ["number"], dtype=VLEN),
)
simple(
    "index listed",
    f"{PIXELS}@colnames",
    "wrong_colnames",
    lambda file: file[PIXELS].attrs.create("colnames", ["pixel_mask", "pixel_mask_index"], dtype=VLEN),
)
simple("column short", f"{TABLE}/number", "column_length", put(f"{TABLE}/number", np.zeros(2)))
simple("ids more", f"{TABLE}/number", "column_length", put(f"{TABLE}/id", np.arange(4)))
simple("mask without index", f"{PIXELS}/pixel_mask", "column_length", delete(f"{PIXELS}/pixel_mask_index"))
simple(
    "index leading 0",
    f"{PIXELS}/pixel_mask_index",
    "column_length",
    put(f"{PIXELS}/pixel_mask_index", np.array([0, 2, 4, 6, 8], "u1")),
)
simple(
    "index falls", f"{PIXELS}/pixel_mask_index", "index_order", put(f"{PIXELS}/pixel_mask_index", np.array([2, 6, 4, 8], "u1"))
)
simple("index beyond", f"{PIXELS}/pixel_mask_index", "index_end", put(f"{PIXELS}/pixel_mask_index", np.array([2, 4, 6, 9], "u1")))
simple("index short", f"{PIXELS}/pixel_mask_index", "index_end", put(f"{PIXELS}/pixel_mask_index", np.array([2, 4, 6, 7], "u1")))
simple(
    "rate and timestamps",
    f"{WIDE}/starting_time",
    "times_twice",
    lambda file: file.copy(f"{MOVIE}/timestamps", f"{WIDE}/timestamps"),
)

# Identities, texts, and what an index is for.
simple("object_id missing", f"{WIDE}@object_id", "object_id", delete_attribute(WIDE, "object_id"))
simple("object_id no UUID", f"{WIDE}@object_id", "object_id", set_attribute(WIDE, "object_id", "wide"))
simple("text in Latin-1", "/session_description", "not_utf8", put("/session_description", b"\xe4", dtype=h5py.string_dtype()))
simple("attribute in Latin-1", f"{WIDE}@comments", "not_utf8", set_attribute(WIDE, "comments", np.bytes_(b"\xe4")))


@fault(f"{PIXELS}/pixel_mask_index@target", "index_target")
def index_of_another_column(file: h5py.File) -> None:
    file[f"{PIXELS}/pixel_mask_index"].attrs["target"] = file[f"{TABLE}/number"].ref


# Specifications.
simple(
    "no specification",
    "/specifications",
    "no_specification",
    lambda file: (delete("/specifications")(file), delete_attribute("/", ".specloc")(file))[0],
)
simple("no common specification", "/specifications/core", "missing_specification", delete("/specifications/hdmf-common"))
simple("no ophys source", "/specifications", "bad_specification", delete("/specifications/core/2.11.0/nwb.ophys"))
simple(
    "two versions",
    "/specifications/core",
    "several_versions",
    lambda file: file.copy("/specifications/core/2.11.0", "/specifications/core/2.9.0"),
)
