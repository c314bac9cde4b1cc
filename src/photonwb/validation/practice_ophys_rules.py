"""Recommendations for optical physiology and for movies, by the names and levels of nwbinspector."""

from __future__ import annotations

import ntpath
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.validation.findings import Severity
from photonwb.validation.planes import frame_shape, root_of
from photonwb.validation.rule_table import Problem, enter_in
from photonwb.validation.samples import finite_length, known_shape, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.image import Images, ImageSeries, IndexSeries
    from photonwb.ophys import ImagingPlane, OpticalChannel, PlaneSegmentation, RoiResponseSeries

__all__ = [
    "emission_lambda",
    "excitation_lambda",
    "external_file_is_relative",
    "external_file_is_there",
    "image_mask_shape",
    "index_series_target",
    "location",
    "movie_size",
    "number_of_ordered_images",
    "ordered_images_once",
    "roi_response_series_dims",
    "starting_frame",
    "table_of_rois",
    "undeclared_depth",
]

rule = enter_in("practice")

_VIOLATION = Severity.BEST_PRACTICE_VIOLATION
_GIB = 1 << 30
_MICE = ("Mus musculus", "Mouse", "mouse", "http://purl.obolibrary.org/obo/NCBITaxon_10090")


@rule("check_roi_response_series_dims", Severity.CRITICAL, "RoiResponseSeries")
def roi_response_series_dims(series: RoiResponseSeries) -> Iterator[Problem]:
    """The second axis of the traces is not as long as the list of their regions."""
    shape, count = known_shape(series.data), finite_length(series.rois.data)
    if shape is not None and count is not None and len(shape) == 2 and shape[1] != count:
        hint = "transpose them: time is the first axis" if shape[0] == count else "give a trace for each region"
        yield Problem("not a trace for each region", "data", f"shape (frames, {count})", str(shape), hint)


@rule("check_roi_response_series_link_to_plane_segmentation", _VIOLATION, "RoiResponseSeries")
def table_of_rois(series: RoiResponseSeries) -> Iterator[Problem]:
    """The regions of the traces are rows of a table that holds no regions."""
    table: Any = series.rois.table
    if not any(base.__name__ == "PlaneSegmentation" for base in type(table).__mro__):
        yield Problem("rois are rows of another kind of table", "rois@table", "PlaneSegmentation", table.neurodata_type)


@rule("check_emission_lambda_in_nm", _VIOLATION, "OpticalChannel")
def emission_lambda(channel: OpticalChannel) -> Iterator[Problem]:
    """The wavelength of the emitted light is not in nanometers."""
    yield from _nanometers("emission_lambda", channel.emission_lambda)


@rule("check_excitation_lambda_in_nm", _VIOLATION, "ImagingPlane")
def excitation_lambda(plane: ImagingPlane) -> Iterator[Problem]:
    """The wavelength of the exciting light is not in nanometers."""
    yield from _nanometers("excitation_lambda", plane.excitation_lambda)


def _nanometers(name: str, value: Any) -> Iterator[Problem]:
    length = number(value)
    if length is not None and length < 10:
        yield Problem("too short for nanometers", name, "nanometers, such as 920", str(length), "give it in nanometers")


@rule("check_imaging_plane_location_allen_ccf", _VIOLATION, "ImagingPlane")
def location(plane: ImagingPlane) -> Iterator[Problem]:
    """A plane in a mouse is not where the Allen Mouse Brain Atlas has a structure of that name."""
    subject = getattr(root_of(plane), "subject", None)
    told: Any = plane.location
    if subject is None or subject.species not in _MICE or not isinstance(told, str) or told in _allen_structures():
        return
    meant = next((name for name in _allen_structures() if name.casefold() == told.strip().casefold()), "")
    fix = f"write {meant!r}" if meant else "use a name or an abbreviation of the atlas, if it has one for this place"
    yield Problem("no structure of the Allen Mouse Brain Atlas", "location", "a term such as VISp", repr(told), fix)


@lru_cache(maxsize=1)
def _allen_structures() -> frozenset[str]:
    """Abbreviations and names in the adult mouse ontology of the Allen Institute (its structure graph number 1)."""
    text = (Path(__file__).parent / "allen_structures.tsv").read_text(encoding="utf-8")
    return frozenset(text.replace("\n", "\t").split("\t")) - {""}


@rule("check_plane_segmentation_image_mask_shape_against_ref_images", _VIOLATION, "PlaneSegmentation")
def image_mask_shape(table: PlaneSegmentation) -> Iterator[Problem]:
    """Image masks have another shape than the reference images."""
    shape = known_shape(table.image_mask.data) if table.image_mask is not None else None
    for series in table.reference_images or ():
        frame = frame_shape(series)
        if shape is not None and shape[0] and frame is not None and shape[1:] != frame:
            yield Problem(f"not the shape of reference image {series.name!r}", "image_mask", str(frame), str(shape[1:]))


@rule("check_photon_series_undeclared_depth", _VIOLATION, "ImageSeries")
def undeclared_depth(series: ImageSeries) -> Iterator[Problem]:
    """A movie of volumes whose third axis nothing explains."""
    plane: Any = getattr(series, "imaging_plane", None)
    shape = known_shape(series.data)
    if plane is None or shape is None or len(shape) != 4 or not all(shape):
        return
    told = (plane.grid_spacing, plane.origin_coords, series.dimension)
    if not any((known_shape(values) or (0,))[0] == 3 for values in told):
        yield Problem(
            "volumes of a depth that nothing explains", "data", "grid_spacing of three values", str(shape), "give the plane one"
        )


# ---- movies


@rule("check_image_series_external_file_valid", Severity.CRITICAL, "ImageSeries")
def external_file_is_there(series: ImageSeries) -> Iterator[Problem]:
    """A file with the frames is not where the series says."""
    source = series.container_source
    if series.external_file is None or source is None or "://" in source:
        return
    for file in series.external_file:
        if "://" not in file and not _is_absolute(file) and not (Path(source).parent / file).is_file():
            yield Problem(f"the file {file!r} is not there", "external_file", "a path from the folder of this file", file)


@rule("check_image_series_external_file_relative", _VIOLATION, "ImageSeries")
def external_file_is_relative(series: ImageSeries) -> Iterator[Problem]:
    """A file with frames is named by an absolute path, which is right on one computer only."""
    for file in series.external_file or ():
        if _is_absolute(file):
            yield Problem("an absolute path", "external_file", "a path from the folder of this file", file, "make it relative")


def _is_absolute(file: str) -> bool:
    return file.startswith("/") or ntpath.isabs(file) or os.path.isabs(file)  # noqa: PTH117 - a path of any system


@rule("check_image_series_data_size", _VIOLATION, "ImageSeries")
def movie_size(series: ImageSeries) -> Iterator[Problem]:
    """A large movie that is no recording of a microscope lies in the file."""
    if getattr(series, "imaging_plane", None) is not None or series.external_file is not None:
        return
    size = getattr(series.data, "nbytes", None)
    if isinstance(size, int) and size > 20 * _GIB:
        yield Problem(
            "a large movie", "data", "at most 20 GiB", f"{size / _GIB:.3g} GiB", "keep it in its own file, as external_file"
        )


@rule("check_image_series_starting_frame_without_external_file", _VIOLATION, "ImageSeries")
def starting_frame(series: ImageSeries) -> Iterator[Problem]:
    """The first frames of files are told, but no files."""
    if series.external_file is None and series.starting_frame is not None:
        yield Problem("starting_frame without external_file", "@starting_frame", fix="leave it out")


# ---- collections of images


@rule("check_order_of_images_unique", _VIOLATION, "Images")
def ordered_images_once(images: Images) -> Iterator[Problem]:
    """The order of the images names one of them twice."""
    names = [image.name for image in images.order_of_images.data] if images.order_of_images is not None else []
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Problem(f"image {name!r} is there {names.count(name)} times", "order_of_images", "each image once")


@rule("check_order_of_images_len", _VIOLATION, "Images")
def number_of_ordered_images(images: Images) -> Iterator[Problem]:
    """The order of the images does not name them all."""
    order: Any = images.order_of_images
    if order is not None and len(order.data) != len(images.images):
        yield Problem("not as many as there are images", "order_of_images", str(len(images.images)), str(len(order.data)))


@rule("check_index_series_points_to_image", _VIOLATION, "IndexSeries")
def index_series_target(series: IndexSeries) -> Iterator[Problem]:
    """Places in a series of images, which is deprecated."""
    if series.indexed_timeseries is not None:
        yield Problem(
            "indexed_timeseries is deprecated",
            "indexed_timeseries",
            "indexed_images",
            "indexed_timeseries",
            "put the images into an Images object",
        )
