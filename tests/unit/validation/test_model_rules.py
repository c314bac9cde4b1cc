"""Every rule on objects of the model: silent about a good session, heard about each fault."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photonwb
from photonwb import TimeSeries
from photonwb.base import Images, ProcessingModule
from photonwb.common import DynamicTable, VectorData
from photonwb.file import Subject
from photonwb.image import ImageSeries
from photonwb.ophys import TwoPhotonSeries
from photonwb.validation import rules
from unit.validation.session import FRAMES, SEGMENTATION, session

PIXELS = f"{SEGMENTATION}/pixels"
IMAGES = f"{SEGMENTATION}/images"
TRACES = "/processing/ophys/Fluorescence/traces"
STACK = "/processing/ophys/MotionCorrection/stack"
TRIALS = "/intervals/trials"
MOVIE = "/acquisition/movie"
SERIES = "/acquisition/series"
TABLE = "/acquisition/table"
PLANE = "/general/optophysiology/plane"


def force(container: Any, **fields: Any) -> None:
    """Give fields values that no constructor takes, as a file may."""
    container.__dict__.update(fields)


class Stored:
    """An array that only says what it would be like."""

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...] | None = None, compression: str | None = None) -> None:
        self.shape, self.chunks, self.compression = shape, chunks, compression
        self.dtype = np.dtype("u2")
        self.ndim = len(shape)
        self.nbytes = int(np.prod(shape)) * 2

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("a rule reads data that it must not read")


def pixels(*rois: list[tuple[int, int, float]]) -> Callable[[Any], None]:
    """Replace the pixel masks."""

    def apply(made: Any) -> None:
        flat = [pixel for roi in rois for pixel in roi]
        dtype = [("x", "u4"), ("y", "u4"), ("weight", "f4")]
        force(made.pixels._member("pixel_mask"), data=np.array(flat, dtype))
        force(made.pixels._member("pixel_mask_index"), data=np.cumsum([len(roi) for roi in rois]))

    return apply


ONE = [(1, 1, 1.0)]


def image_masks(masks: Any) -> Callable[[Any], None]:
    return lambda made: force(made.images_table._member("image_mask"), data=masks)


def column(name: str, values: Any) -> Callable[[Any], None]:
    return lambda made: made.table.add_column(name, "d", values)


def trials(**columns: Any) -> Callable[[Any], None]:
    def apply(made: Any) -> None:
        for name, values in columns.items():
            force(made.trials._member(name), data=np.array(values))

    return apply


def on(target: str, **fields: Any) -> Callable[[Any], None]:
    return lambda made: force(getattr(made, target), **fields)


def add(item: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda made: made.file.add_acquisition(item(made))


def external(*files: str, **fields: Any) -> Callable[[Any], Any]:
    def make(made: Any) -> Any:
        series = ImageSeries(
            "far", external_file=list(files), starting_frame=[0] * len(files), num_samples=1, unit="n.a.", rate=1.0
        )
        force(series, _container_source=str(Path(__file__)), **fields)
        return series

    return make


def epoch_of(samples: tuple[int, int]) -> Callable[[Any], None]:
    """An epoch that refers to samples of the series."""

    def apply(made: Any) -> None:
        made.file.add_epoch(0.0, 1.0, timeseries=[made.series])
        dtype = [("idx_start", "i4"), ("count", "i4"), ("timeseries", object)]
        force(made.file.epochs._member("timeseries"), data=np.array([(*samples, made.series)], dtype))

    return apply


def volumes(made: Any) -> TwoPhotonSeries:
    return TwoPhotonSeries("volumes", made.other_plane, np.ones((9, 4, 3, 2)), "n.a.", rate=10.0)


FAULTS: list[tuple[str, str, Callable[[Any], Any]]] = [
    # masks
    ("mask_outside_image", f"{PIXELS}/pixel_mask", pixels(ONE, [(3, 90, 1.0)], ONE)),
    ("swapped_axes", f"{PIXELS}/pixel_mask", pixels(ONE, [(3, 9, 1.0)], ONE)),
    ("swapped_axes", f"{IMAGES}/image_mask", image_masks(np.ones((3, 8, 10)))),
    ("mask_dimensions", f"{IMAGES}/image_mask", image_masks(np.ones((3, 10, 8, 2)))),
    ("mask_shape", f"{IMAGES}/image_mask", image_masks(np.ones((3, 11, 8)))),
    ("empty_roi", f"{PIXELS}/pixel_mask", pixels(ONE, [], ONE)),
    ("empty_roi", f"{PIXELS}/pixel_mask", pixels(ONE, [(1, 1, 0.0)], ONE)),
    ("empty_roi", f"{IMAGES}/image_mask", image_masks(np.zeros((3, 10, 8)))),
    ("negative_weights", f"{PIXELS}/pixel_mask", pixels(ONE, [(1, 1, -1.0)], ONE)),
    ("negative_weights", f"{IMAGES}/image_mask", image_masks(-np.ones((3, 10, 8)))),
    ("not_a_number_weights", f"{PIXELS}/pixel_mask", pixels(ONE, [(1, 1, np.nan)], ONE)),
    ("duplicate_pixels", f"{PIXELS}/pixel_mask", pixels(ONE, [(1, 1, 1.0), (2, 1, 1.0), (1, 1, 0.5)], ONE)),
    # planes, movies, motion correction, traces
    (
        "plane_of_reference_images",
        f"{PIXELS}/reference_images/movie",
        lambda made: force(made.pixels, imaging_plane=made.other_plane),
    ),
    ("wavelength", f"{PLANE}/excitation_lambda", on("plane", excitation_lambda=9200.0)),
    (
        "emission_below_excitation",
        "/acquisition/wide/imaging_plane",
        lambda made: force(made.wide.imaging_plane, excitation_lambda=530.0),
    ),
    ("two_photon_excitation", f"{MOVIE}/imaging_plane", on("plane", excitation_lambda=488.0)),
    ("grid_spacing", f"{PLANE}/grid_spacing", on("plane", grid_spacing=[2.0, 2.0])),
    ("field_of_view", f"{MOVIE}/field_of_view", on("movie", field_of_view=[5e-4, 5e-4])),
    ("check_imaging_plane_location_allen_ccf", f"{PLANE}/location", on("plane", location="V1")),
    ("imaging_rate", f"{PLANE}/imaging_rate", on("plane", imaging_rate=30.0)),
    ("dimension", f"{MOVIE}/dimension", on("movie", dimension=[8, 10])),
    ("dimension", f"{MOVIE}/dimension", on("movie", dimension=[10])),
    ("dimension", f"{MOVIE}/dimension", on("movie", dimension=[10], data=None)),
    ("frame_chunks", f"{MOVIE}/data", on("movie", data=Stored((2254, 512, 512), (2254, 14, 14), "gzip"))),
    (
        "translation_shape",
        f"{STACK}/xy_translation/data",
        lambda made: force(made.stack.xy_translation, data=np.ones((2, FRAMES))),
    ),
    ("translation_shape", f"{STACK}/xy_translation/data", lambda made: force(made.stack.xy_translation, data=np.ones((7, 2)))),
    ("corrected_frames", f"{STACK}/corrected", lambda made: force(made.stack.corrected, data=np.ones((5, 10, 8)))),
    ("corrected_frames", f"{STACK}/corrected", lambda made: force(made.stack.corrected, data=np.ones((FRAMES, 8, 10)))),
    ("corrected_frames", f"{STACK}/corrected", lambda made: force(made.stack.corrected, data=np.ones((FRAMES, 11, 8)))),
    # samples
    ("finite_times", f"{MOVIE}/starting_time@rate", on("movie", rate=np.nan)),
    ("finite_times", f"{MOVIE}/starting_time", on("movie", starting_time=-np.inf)),
    ("finite_times", f"{SERIES}/timestamps", on("series", timestamps=np.array([0.0, 1.0, np.inf]), data=np.ones(3))),
    ("conversion", f"{MOVIE}/data@conversion", on("movie", conversion=0.0)),
    ("conversion", f"{MOVIE}/data@offset", on("movie", offset=np.nan)),
    ("control", f"{MOVIE}/control", on("movie", control=np.zeros(3, "u1"), control_description=["dark"])),
    ("control", f"{MOVIE}/control", on("movie", control=np.full(FRAMES, 1, "u1"), control_description=["dark"])),
    ("external_format", "/acquisition/far/format", add(external("nowhere.tif", format="tiff"))),
    ("external_format", f"{MOVIE}/format", on("movie", format="external")),
    (
        "starting_frames",
        "/acquisition/far/external_file@starting_frame",
        add(external("nowhere.tif", starting_frame=[0, 5])),
    ),
    ("starting_frames", "/acquisition/far/external_file@starting_frame", add(external("nowhere.tif", starting_frame=[1]))),
    ("region_twice", f"{TRACES}/rois", lambda made: force(made.rois, data=np.array([0, 2, 2]))),
    ("interval_start", f"{TRIALS}/start_time", trials(start_time=[1.0, np.nan, 2.0])),
    ("interval_samples", "/intervals/epochs/timeseries", epoch_of((FRAMES - 1, 2))),
    ("single_trace", f"{TRACES}/data", on("traces", data=np.ones(FRAMES))),
    ("trace_frames", f"{TRACES}/data", on("traces", data=np.ones((7, 3)))),
    # recommendations for optical physiology
    ("check_roi_response_series_dims", f"{TRACES}/data", on("traces", data=np.ones((3, FRAMES)))),
    (
        "check_roi_response_series_link_to_plane_segmentation",
        f"{TRACES}/rois@table",
        lambda made: force(made.rois, table=made.table),
    ),
    (
        "check_emission_lambda_in_nm",
        f"{PLANE}/green/emission_lambda",
        lambda made: force(made.plane.optical_channel[0], emission_lambda=0.51),
    ),
    ("check_excitation_lambda_in_nm", f"{PLANE}/excitation_lambda", on("plane", excitation_lambda=9.2e-7)),
    (
        "check_plane_segmentation_image_mask_shape_against_ref_images",
        f"{IMAGES}/image_mask",
        lambda made: force(made.images_table, reference_images=(ImageSeries("other", np.ones((9, 4, 5)), "n.a.", rate=1.0),)),
    ),
    ("check_photon_series_undeclared_depth", "/acquisition/volumes/data", add(volumes)),
    ("check_image_series_external_file_valid", "/acquisition/far/external_file", add(external("nowhere.tif"))),
    ("check_image_series_external_file_relative", "/acquisition/far/external_file", add(external("C:\\data\\movie.tif"))),
    (
        "check_image_series_data_size",
        f"{STACK}/corrected/data",
        lambda made: force(made.stack.corrected, data=Stored((10**6, 200, 200))),
    ),
    ("check_image_series_starting_frame_without_external_file", f"{MOVIE}@starting_frame", on("movie", starting_frame=[0])),
    (
        "check_order_of_images_unique",
        "/stimulus/templates/pictures/order_of_images",
        lambda made: force(made.images.order_of_images, data=[made.images["mean"]] * 2),
    ),
    (
        "check_order_of_images_len",
        "/stimulus/templates/pictures/order_of_images",
        lambda made: force(made.images.order_of_images, data=[]),
    ),
    (
        "check_index_series_points_to_image",
        "/stimulus/presentation/shown/indexed_timeseries",
        lambda made: force(made.shown, indexed_timeseries=made.movie),
    ),
    # series
    ("check_regular_timestamps", f"{SERIES}/timestamps", on("series", timestamps=np.arange(FRAMES) / 10)),
    ("check_data_orientation", f"{SERIES}/data", on("series", data=np.ones((2, FRAMES)))),
    ("check_timestamps_match_first_dimension", f"{SERIES}/timestamps", on("series", data=np.ones(7))),
    ("check_timestamps_ascending", f"{SERIES}/timestamps", on("series", timestamps=np.array([0.0, 2.0, 1.0]), data=np.ones(3))),
    (
        "check_timestamps_without_nans",
        f"{SERIES}/timestamps",
        on("series", timestamps=np.array([0.0, np.nan, 1.0]), data=np.ones(3)),
    ),
    (
        "check_timestamp_of_the_first_sample_is_not_negative",
        f"{SERIES}/timestamps",
        on("series", timestamps=np.array([-1.0, 1.0]), data=np.ones(2)),
    ),
    ("check_timestamp_of_the_first_sample_is_not_negative", f"{MOVIE}/starting_time", on("movie", starting_time=-1.0)),
    ("check_missing_unit", f"{SERIES}/data@unit", on("series", unit="")),
    ("check_resolution", f"{SERIES}/data@resolution", on("series", resolution=0.0)),
    ("check_rate_is_not_zero", f"{MOVIE}/starting_time@rate", on("movie", rate=0.0)),
    ("check_rate_is_positive", f"{MOVIE}/starting_time@rate", on("movie", rate=-1.0)),
    ("check_rate_not_below_threshold", f"{MOVIE}/starting_time@rate", on("movie", rate=0.001)),
    ("check_time_series_duration", SERIES, on("series", timestamps=np.array([0.0, 1e9]), data=np.ones(2))),
    ("check_time_series_data_is_not_empty", f"{SERIES}/data", on("series", data=np.ones(0), timestamps=np.ones(0))),
    ("check_large_dataset_compression", f"{MOVIE}/data", on("movie", data=Stored((10**6, 200, 200)))),
    ("check_small_dataset_compression", f"{MOVIE}/data", on("movie", data=Stored((10**4, 200, 200)))),
    # tables
    ("check_dynamic_table_region_data_validity", f"{TRACES}/rois", lambda made: force(made.rois, data=np.array([0, 1, 3]))),
    ("check_empty_table", "/acquisition/empty/id", add(lambda _: DynamicTable("empty", "nothing in it"))),
    (
        "check_single_row",
        "/acquisition/one/id",
        add(lambda _: DynamicTable("one", "of one row", columns=[VectorData("x", "d", [1.5])])),
    ),
    ("check_ids_unique", f"{TABLE}/id", lambda made: force(made.table.id, data=[1, 1, 2])),
    ("check_column_binary_capability", f"{TABLE}/accepted", column("accepted", [0, 1, 1])),
    ("check_column_binary_capability", f"{TABLE}/accepted", column("accepted", ["Yes", "no", "no"])),
    ("check_table_values_for_dict", f"{TABLE}/info", column("info", ['{"a": 1}', "b", "c"])),
    ("check_col_not_nan", f"{TABLE}/x", column("x", [np.nan] * 3)),
    ("check_table_time_columns_are_not_negative", f"{TABLE}/go_time", column("go_time", [-1.0, 0.0, 1.0])),
    (
        "check_time_intervals_start_time_not_constant",
        f"{TRIALS}/start_time",
        trials(start_time=[1.0, 1.0, 1.0], stop_time=[2.0, 2.0, 2.0]),
    ),
    ("check_time_interval_time_columns", f"{TRIALS}/start_time", trials(start_time=[1.0, 0.5, 2.0])),
    ("check_time_intervals_stop_after_start", f"{TRIALS}/stop_time", trials(stop_time=[-1.0, 2.0, 3.0])),
    ("check_time_intervals_duration", f"{TRIALS}/stop_time", trials(stop_time=[1.0, 2.0, 1e9])),
    # every object
    ("check_name_slashes", "/acquisition/a\\b", add(lambda _: TimeSeries("a\\b", np.ones(3), "volts", rate=1.0))),
    ("check_name_colons", "/acquisition/table", lambda made: force(made.table, _name="ta:ble")),
    ("check_description", f"{PLANE}/description", on("plane", description="No description.")),
    ("check_empty_string_for_optional_attribute", "/general/institution", on("file", institution="")),
    (
        "check_processing_module_name",
        "/processing/stuff",
        lambda made: made.file.add_processing_module(ProcessingModule("stuff", "all of it")),
    ),
    # the file
    ("check_session_start_time_old_date", "/session_start_time", on("file", session_start_time=datetime(1970, 1, 1, tzinfo=UTC))),
    (
        "check_session_start_time_future_date",
        "/session_start_time",
        on("file", session_start_time=datetime.now(UTC) + timedelta(days=2)),
    ),
    ("check_experimenter_exists", "/general/experimenter", on("file", experimenter=None)),
    ("check_experimenter_form", "/general/experimenter", on("file", experimenter=("Ada Lovelace",))),
    ("check_experiment_description", "/general/experiment_description", on("file", experiment_description=None)),
    ("check_institution", "/general/institution", on("file", institution=None)),
    ("check_keywords", "/general/keywords", on("file", keywords=())),
    ("check_doi_publications", "/general/related_publications", on("file", related_publications=("Nature 2020",))),
    ("check_subject_exists", "/general/subject", on("file", subject=None)),
    ("check_session_id_no_slashes", "/general/session_id", on("file", session_id="a/b")),
    ("check_file_extension", "/", on("file", _container_source="/data/session.hdf5")),
    # the subject
    ("check_subject_age", "/general/subject/age", on("subject", age="3 months")),
    ("check_subject_age", "/general/subject/age", on("subject", age=None)),
    ("check_subject_proper_age_range", "/general/subject/age", on("subject", age="P9M/P30D")),
    ("check_subject_id_exists", "/general/subject/subject_id", on("subject", subject_id=None)),
    ("check_subject_id_no_slashes", "/general/subject/subject_id", on("subject", subject_id="a/b")),
    ("check_subject_sex", "/general/subject/sex", on("subject", sex="female")),
    ("check_subject_species_exists", "/general/subject/species", on("subject", species=None)),
    ("check_subject_species_form", "/general/subject/species", on("subject", species="mouse")),
    ("check_subject_weight", "/general/subject/weight", on("subject", weight="20")),
]


def test_a_good_session_gives_nothing() -> None:
    assert photonwb.validate(session().file) == []


def test_a_good_session_gives_nothing_once_written(tmp_path: Path) -> None:
    photonwb.write(session().file, tmp_path / "session.nwb")
    assert photonwb.validate(tmp_path / "session.nwb") == []


@pytest.mark.parametrize(
    ("code", "path", "break_it"), FAULTS, ids=[f"{number}-{fault[0]}" for number, fault in enumerate(FAULTS)]
)
def test_each_fault_is_found_where_it_is(code: str, path: str, break_it: Callable[[Any], Any]) -> None:
    made = session()
    break_it(made)
    findings = photonwb.validate(made.file, layers=["ophys", "practice"])
    assert [finding for finding in findings if (finding.code, finding.path) == (code, path)], str(findings)
    assert not [finding for finding in findings if finding.code == "unreadable"], str(findings)


def test_there_is_a_fault_for_every_rule() -> None:
    codes = {rule.code for layer in ("ophys", "practice") for rule in rules(layer)}
    assert codes == {code for code, *_ in FAULTS}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age", "P90D/P120D"),
        ("age", "P1Y2M3DT4H"),
        ("sex", "U"),
        ("species", "http://purl.obolibrary.org/obo/NCBITaxon_10090"),
        ("weight", "2.3 kg"),
    ],
)
def test_other_ways_to_describe_a_subject(field: str, value: str) -> None:
    made = session()
    setattr(made.subject, field, value)
    assert photonwb.validate(made.file) == []


def test_a_worm_has_sexes_of_its_own() -> None:
    made = session()
    made.file.subject = None
    made.file.subject = Subject(subject_id="w", species="Caenorhabditis elegans", sex="XX", age="P3D")
    assert photonwb.validate(made.file) == []


def test_places_in_the_brain_of_a_mouse() -> None:
    made = session()
    for place in ("VISp", "Primary visual area", "Lobules IV-V", "CUL4, 5"):
        made.plane.location = place
        assert photonwb.validate(made.file) == []
    made.plane.location = "primary Visual area "
    (finding,) = photonwb.validate(made.file)
    assert finding.fix == "write 'Primary visual area'"
    made.subject.species = "Rattus norvegicus"
    assert photonwb.validate(made.file) == []


def test_masks_of_more_than_a_block_are_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from photonwb.validation import mask_rules

    monkeypatch.setattr(mask_rules, "_PIXEL_BYTES", 64)
    made = session()
    pixels(ONE * 3, ONE * 9, [(1, 1, -1.0)], [], [(90, 2, 1.0)])(made)
    findings = photonwb.validate(made.file, layers=["ophys"])
    found = {finding.code: finding.message for finding in findings if finding.path == f"{PIXELS}/pixel_mask"}
    assert found["negative_weights"].startswith("1 region (row 2)")
    assert found["empty_roi"].startswith("1 region (row 3)")
    assert found["mask_outside_image"].startswith("1 region (row 4)")
    assert found["duplicate_pixels"].startswith("2 regions (rows 0, 1)")


def test_looking_at_masks_takes_little_memory() -> None:
    from photonwb.validation.mask_rules import Masks

    made = session()
    pixels(*[ONE * 1000] * 300)(made)
    masks = Masks(made.pixels)
    tracemalloc.start()
    (regions,) = masks.all
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(regions.rows) == 300
    assert peak < made.pixels["pixel_mask"].target.data.nbytes / 2


def test_the_beginning_of_a_column_is_read_once() -> None:
    class Counted:
        shape, dtype, reads = (9,), np.dtype("f8"), 0

        def __len__(self) -> int:
            return 9

        def __getitem__(self, key: Any) -> Any:
            self.reads += 1
            return np.array([0.0, 1.0, 1.0] * 3)[key]

    made = session()
    column = VectorData("hit", "was it one", data=np.zeros(9))
    made.file.add_acquisition(DynamicTable("counted", "rows", columns=[column]))
    counted = Counted()
    force(column, data=counted)
    findings = photonwb.validate(made.file, layers=["practice"])
    assert {finding.code for finding in findings} == {"check_column_binary_capability"}
    assert counted.reads == 1


def test_of_very_many_images_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from photonwb.validation import mask_rules

    monkeypatch.setattr(mask_rules, "_MOST_IMAGE_BYTES", 10 * 8 * 8)
    made = session()
    image_masks(np.zeros((3, 10, 8)))(made)
    findings = photonwb.validate(made.file, layers=["ophys"])
    assert [finding.message for finding in findings if finding.code == "empty_roi"] == [
        "1 region (row 0) without any pixel of a weight"
    ]


def test_masks_may_be_of_one_of_several_movies() -> None:
    made = session()
    made.pixels.__dict__["reference_images"] = None
    made.file.add_acquisition(TwoPhotonSeries("large", made.plane, np.ones((40, 100, 100)), "n.a.", rate=10.0))
    pixels(ONE, [(90, 90, 1.0)], ONE)(made)
    assert "mask_outside_image" not in {finding.code for finding in photonwb.validate(made.file)}


def test_a_description_that_is_the_default_is_not_noted() -> None:
    made = session()
    made.file.add_acquisition(TimeSeries("plain", np.ones(3), "volts", rate=1.0))
    made.file.add_stimulus_template(Images("nothing", description="d"))
    assert "check_description" not in {finding.code for finding in photonwb.validate(made.file)}
