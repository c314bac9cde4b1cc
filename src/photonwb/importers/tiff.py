"""TIFF, BigTIFF and OME-TIFF stacks, and folders of single frames.

What the pages show is taken from OME-XML, from ImageJ, or from the user; without any of these, each page is a frame. Of the
resolution that a plain TIFF notes nothing is believed: 72 dots per inch is what programs write when they do not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.importers.base import Channel, Fragment, Plane, Timing
from photonwb.importers.recording import MICRON, Recording, add_recording, arranged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    import tifffile

    from photonwb.movies import TiffPages

__all__ = ["can_open", "name", "read", "recognises"]

name = "tiff"
recognises = "a TIFF file, or a folder of TIFF files that continue each other"

_UNITS = {"micron": MICRON, "microns": MICRON, "um": MICRON, "µm": MICRON, "\\u00B5m": MICRON, "mm": 1e-3, "nm": 1e-9, "m": 1.0}


def can_open(path: Path) -> bool:
    """Whether a path is a TIFF file, or a folder with some."""
    suffixes = (".tif", ".tiff", ".btf", ".tf8")
    try:
        names = [each.name for each in path.iterdir()] if path.is_dir() else [path.name]
    except OSError:
        return False
    return any(name.lower().endswith(suffixes) for name in names)


def read(
    path: Path | str,
    *,
    channels: int = 1,
    planes: int = 1,
    channel: str | None = None,
    split_planes: bool = False,
    link: bool = False,
    kind: Literal["TwoPhotonSeries", "OnePhotonSeries"] = "TwoPhotonSeries",
) -> Fragment:
    """Describe a movie of TIFF files.

    Parameters
    ----------
    path : path
        A file, or a folder of files that continue each other, in the order of the numbers in their names.
    channels, planes : int
        How many channels and planes take turns, where the files do not say: channel after channel of a plane, plane after plane.
    channel : str, optional
        The name of a channel, or its number from 1; all by default.
    split_planes : bool
        Make a movie of each plane, instead of volumes (time, x, y, z).
    link : bool
        Leave the movie in its files, and have the NWB file say where they are.
    kind : {"TwoPhotonSeries", "OnePhotonSeries"}
        What recorded it.

    Raises
    ------
    MissingFileError, DamagedFileError
    InvalidValueError
        Pages that make no movie.
    """
    from photonwb.movies import TiffPages, tiff_files
    from photonwb.movies.tiff import open_tiff

    fragment = Fragment(path)
    files = tiff_files(path)
    pages = TiffPages(files)
    with open_tiff(files[0]) as tiff:
        described = str(getattr(tiff.pages.first, "description", ""))
        if "<OME" in described[:2000]:
            from photonwb.importers.ome import read_ome

            recording = read_ome(fragment, pages, described)
        else:
            recording = _plain(tiff, pages, channels, planes)
    left_over = pages.count - recording.places.size
    if left_over:
        fragment.notes.append(f"{left_over} of {pages.count} pages were left out: they do not make a whole frame")
    label = f"The frames of {Path(path).name}"
    add_recording(
        fragment,
        recording._replace(kind=kind, description=label),
        channel=channel,
        split_planes=split_planes,
        link=link,
    )
    return fragment


def _plain(tiff: tifffile.TiffFile, pages: TiffPages, channels: int, planes: int) -> Recording:
    """By what ImageJ or MetaMorph notes, or what the user says."""
    if channels < 1 or planes < 1:
        raise InvalidValueError(f"expected one channel and plane at least, got {channels} and {planes}")
    notes: dict[str, Any] = {**(tiff.imagej_metadata or {})}
    if notes:
        channels, planes = max(channels, int(notes.get("channels", 1))), max(planes, int(notes.get("slices", 1)))
        if int(notes.get("frames", 1)) == 1 and planes == pages.count // channels:
            planes = 1  # a movie that was saved as a stack, which is ImageJ's habit
    places, _ = arranged(pages.count, "TZC", (0, planes, channels))
    return Recording(
        pages,
        places,
        (Timing(rate=_rate(notes)),),
        tuple(Channel(f"Channel{number + 1}") for number in range(channels)) if channels > 1 else (),
        Plane("ImagingPlane", grid_spacing=_spacing(tiff, notes)),
        tuple(float(notes["spacing"]) * _unit(notes) * z for z in range(planes)) if planes > 1 and "spacing" in notes else (),
    )


def _rate(notes: Mapping[str, Any]) -> float | None:
    interval = float(notes.get("finterval") or 0)
    return 1 / interval if interval > 0 else float(notes.get("fps") or 0) or None


def _unit(notes: Mapping[str, Any]) -> float:
    return _UNITS.get(str(notes.get("unit", "")), 0.0)


def _spacing(tiff: tifffile.TiffFile, notes: Mapping[str, Any]) -> tuple[float, float] | None:
    """Distance between pixels along x and y, in meters."""
    if notes and _unit(notes):
        page: Any = tiff.pages.first
        per_unit = [page.tags[tag].value for tag in ("XResolution", "YResolution") if tag in page.tags]
        if len(per_unit) == 2 and all(above and below for above, below in per_unit):
            x, y = (below / above * _unit(notes) for above, below in per_unit)
            return x, y
    plane: Any = (tiff.metaseries_metadata or {}).get("PlaneInfo", {})
    unit = _UNITS.get(str(plane.get("spatial-calibration-units", "")), 0.0)
    x, y = (float(plane.get(f"spatial-calibration-{axis}") or 0) * unit for axis in "xy")
    return (x, y) if x > 0 and y > 0 and plane.get("spatial-calibration-state") is not False else None
