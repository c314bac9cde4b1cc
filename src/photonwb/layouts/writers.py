"""Programs that write NWB files in habits of their own: how their files are told, and which axis comes first in them.

The standard puts the horizontal axis of an image first. Some programs keep the rows and columns they work with; what each of them
does was read in its source. Who wrote a file is seen from texts and names that it leaves in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import PhotonwbError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WRITERS", "Writer", "writer_of"]


class Writer(NamedTuple):
    """What is known of the files of a program.

    Attributes
    ----------
    name : str
    signs : callable
        Whether it wrote a table of regions, a movie or an image: takes that and the file, which may be None.
    habit : str
        What it does, in words.
    frames, images, image_mask, pixel_mask : {"xy", "yx"} or None
        Which axis comes first in each: x is horizontal. None where that is not known.
    as_movie : bool
        Masks are in the order of the movie where that is in the file itself, since the program takes its first axis for rows.
    column_major : bool
        Image masks were taken from columns to rows in the wrong order, which scrambles those that are not square.
    one_based : bool
        Pixels of masks may be counted from 1, as the language of the program does; each file must tell.
    """

    name: str
    signs: Callable[[Any, Any], bool]
    habit: str
    frames: str | None = None
    images: str | None = None
    image_mask: str | None = None
    pixel_mask: str | None = None
    as_movie: bool = False
    column_major: bool = False
    one_based: bool = False


def _is_of_photonwb(item: Any, nwbfile: Any) -> bool:
    return _was_generated_by("photonwb", nwbfile)


def _is_of_matnwb(item: Any, nwbfile: Any) -> bool:
    return _was_generated_by("matnwb", nwbfile)


def _was_generated_by(program: str, nwbfile: Any) -> bool:
    programs = getattr(nwbfile, "was_generated_by", None)
    return programs is not None and any(str(row[0]) == program for row in programs[:])


def _is_of_suite2p(item: Any, nwbfile: Any) -> bool:
    return _text(item, "description") == "suite2p output" or _text(nwbfile, "session_description") == "suite2p_proc"


def _is_of_caiman(item: Any, nwbfile: Any) -> bool:
    if _text(item, "description") == "CNMF_ROIs":
        return True
    plane = getattr(item, "imaging_plane", None)
    channels: list[Any] = list(getattr(plane, "optical_channel", ()))
    return (
        not hasattr(item, "colnames")
        and getattr(getattr(plane, "device", None), "name", "") == "imaging_device"
        and [_text(channel, "description") for channel in channels] == ["main optical channel"]
    )


def _is_of_neuroconv(item: Any, nwbfile: Any) -> bool:
    script = _text(nwbfile, "source_script")
    return script.startswith(("NeuroConv provenance record", "Created using NeuroConv")) or "ROICentroids" in _columns(item)


def _is_of_early_roiextractors(item: Any, nwbfile: Any) -> bool:
    # They wrote files themselves then; at the end of January 2021 they began to transpose the masks.
    if not {"Accepted", "Rejected", "RoiCentroid"} <= set(_columns(item)):
        return False
    dates = list(getattr(nwbfile, "file_create_date", ()) or ())
    return bool(dates) and _in_utc(dates[0]) < datetime(2021, 1, 20, tzinfo=UTC)


def _is_of_allensdk(item: Any, nwbfile: Any) -> bool:
    if getattr(item, "name", "") == "cell_specimen_table":
        return True
    modules = getattr(nwbfile, "processing", None) or {}
    return "ophys" in modules and "image_segmentation" in modules["ophys"].data_interfaces and _has_plane_1(nwbfile)


def _has_plane_1(nwbfile: Any) -> bool:
    return "imaging_plane_1" in (getattr(nwbfile, "imaging_planes", None) or {})


def _text(item: Any, name: str) -> str:
    value = getattr(item, name, None)
    return value if isinstance(value, str) else ""


def _columns(item: Any) -> tuple[str, ...]:
    return tuple(getattr(item, "colnames", None) or ())


def _in_utc(date: datetime) -> datetime:
    return date.astimezone(UTC)


# The first whose signs are there.
WRITERS = (
    Writer(
        "photonwb",
        _is_of_photonwb,
        "importers of photonwb put x first everywhere",
        frames="xy",
        images="xy",
        image_mask="xy",
        pixel_mask="xy",
    ),
    Writer(
        "CaImAn",
        _is_of_caiman,
        "CaImAn puts rows first, and takes its masks, which are in column-major order, for row-major",
        frames="yx",
        image_mask="yx",
        as_movie=True,
        column_major=True,
    ),
    Writer(
        "suite2p",
        _is_of_suite2p,
        "suite2p puts the row of a pixel into x and its column into y, and keeps images in rows",
        images="yx",
        pixel_mask="yx",
        as_movie=True,
    ),
    Writer(
        "roiextractors (before 2021)",
        _is_of_early_roiextractors,
        "the first versions of roiextractors put rows first in masks and images",
        images="yx",
        image_mask="yx",
    ),
    Writer(
        "AllenSDK",
        _is_of_allensdk,
        "AllenSDK puts rows first in masks and images",
        images="yx",
        image_mask="yx",
    ),
    Writer(
        "neuroconv",
        _is_of_neuroconv,
        "neuroconv puts x first in movies, images and image masks, but the row of a pixel into the x of pixel masks",
        frames="xy",
        images="xy",
        image_mask="xy",
        pixel_mask="yx",
    ),
    Writer(
        "MatNWB",
        _is_of_matnwb,
        "with MatNWB, pixels are often stored as MATLAB counts them, from 1",
        one_based=True,
    ),
)


def writer_of(item: Any, nwbfile: Any) -> Writer | None:
    """The program that wrote a table of regions, a movie or an image; None where there are no signs of a known one.

    Parameters
    ----------
    item : PlaneSegmentation, ImageSeries or Image
    nwbfile : NWBFile or None
        The file that it is in.
    """
    for writer in WRITERS:
        try:
            if writer.signs(item, nwbfile):
                return writer
        except PhotonwbError:  # a damaged field says nothing of who wrote it
            continue
    return None
