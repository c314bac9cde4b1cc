"""Folders of the UCLA Miniscope (version 4 of its program): videos, a table of times, and settings as JSON.

Where there is a codec for the videos their frames are read, else the NWB file says where they are. Times count from the start of
the recording, in ms, and may begin below zero.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError
from photonwb.importers.base import Fragment, Instrument, Movie, Plane
from photonwb.importers.recording import timing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["can_open", "name", "read", "recognises"]

name = "miniscope"
recognises = "a folder of the UCLA Miniscope, with metaData.json, timeStamps.csv and 0.avi, or the folder above it"


def can_open(path: Path) -> bool:
    """Whether a path is the folder of a Miniscope, or of a session with some."""
    try:
        return bool(_devices(path))
    except OSError:
        return False


def read(path: Path | str, *, link: bool = False) -> Fragment:
    """Describe a recording of the UCLA Miniscope.

    Parameters
    ----------
    path : path
        The folder of the device, or that of the session above it.
    link : bool
        Leave the movie in its videos, and have the NWB file say where they are. So it is done too where no codec is installed.

    Raises
    ------
    MissingFileError
        Not such a folder, or one without videos.
    DamagedFileError
        The times or the settings cannot be read.
    """
    folders = _devices(Path(path))
    if not folders:
        raise MissingFileError(f"{path}: expected a folder of the UCLA Miniscope, with metaData.json and timeStamps.csv")
    fragment = Fragment(path)
    for number, folder in enumerate(folders):
        _add(fragment, folder, "" if len(folders) == 1 else str(number), link=link)
    _add_session(fragment, folders[0])
    return fragment


def _devices(path: Path) -> list[Path]:
    """Folders of Miniscopes, not those of cameras that watch the animal."""
    candidates = [path, *sorted(path.iterdir())] if path.is_dir() else []
    found = [
        each
        for each in candidates
        if each.is_dir() and (each / "timeStamps.csv").is_file() and (each / "metaData.json").is_file()
    ]
    return [each for each in found if "miniscope" in str(_settings(each / "metaData.json").get("deviceType", "")).lower()]


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _add(fragment: Fragment, folder: Path, suffix: str, *, link: bool) -> None:
    from photonwb.movies import in_natural_order
    from photonwb.movies.video import has_codec

    settings = _settings(folder / "metaData.json")
    videos = in_natural_order(folder.glob("*.avi"))
    if not videos:
        raise MissingFileError(f"{folder}: there are no videos (0.avi, 1.avi, ...)")
    times = _times(folder / "timeStamps.csv")
    device = str(settings.get("deviceName") or "Miniscope")
    plane = f"ImagingPlane{suffix}"
    fragment.instruments.append(_instrument(device, settings))
    fragment.planes.append(Plane(plane, device=device, description=_description(settings)))
    fragment.settings[f"Miniscope{suffix}"] = json.dumps(settings)
    link = link or not has_codec()
    data: Any = None
    options: dict[str, Any] = {}
    if not has_codec():
        options = _unread_link(videos, settings, len(times))
        fragment.notes.append(
            "no codec for videos is installed, so the movie is linked, and its length is that of timeStamps.csv"
        )
    else:
        data, times = _movie(fragment, videos, times)
        if link:
            from photonwb.external import link_arguments

            options, data = link_arguments([video.absolute() for video in videos]), None
    timing = timing_of(times)
    fragment.planes[-1] = fragment.planes[-1]._replace(imaging_rate=timing.rate)
    fragment.movies.append(
        Movie(
            f"OnePhotonSeries{suffix}", plane, data, timing, "OnePhotonSeries",
            description=f"The movie as recorded by {device}.", options=options,
        )
    )  # fmt: skip
    if (folder / "headOrientation.csv").is_file():
        fragment.notes.append(f"{folder.name}/headOrientation.csv was left out: it is no movie")


def _movie(fragment: Fragment, videos: list[Path], times: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
    """The frames with their times. A recording that broke off has times of frames that were never stored."""
    from photonwb.movies import movie_of, open_pages

    pages = open_pages(videos)
    if len(times) < pages.count:
        raise InvalidValueError(f"{pages.description}: there are {pages.count} frames, and times of {len(times)} only")
    if len(times) > pages.count:
        fragment.notes.append(f"times of {len(times) - pages.count} frames were left out: the videos do not hold them")
    return movie_of(pages), times[: pages.count]


def _times(path: Path) -> NDArray[Any]:
    """Seconds of each frame since the recording began."""
    import numpy as np

    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        header = [each.strip().lower() for each in next(rows, [])]
        column = next((number for number, title in enumerate(header) if title.startswith("time stamp")), None)
        if column is None:
            raise DamagedFileError(f"{path}: expected a column 'Time Stamp (ms)', got {', '.join(header) or 'nothing'}")
        try:
            return np.array([float(row[column]) for row in rows if row]) / 1000
        except (ValueError, IndexError) as error:
            raise DamagedFileError(f"{path}: a time makes no sense: {error}") from error


def _unread_link(videos: list[Path], settings: Mapping[str, Any], frames: int) -> dict[str, Any]:
    """What a link says of videos that cannot be opened."""
    region: Any = settings.get("ROI", {})
    per_file = int(settings.get("framesPerFile") or 0)
    if len(videos) > 1 and not per_file:
        raise InvalidValueError(f"{videos[0].parent}: the settings do not say framesPerFile, so a codec for the videos is needed")
    return {
        "external_file": tuple(str(video.absolute()) for video in videos),
        "starting_frame": [per_file * number for number in range(len(videos))],
        "num_samples": frames,
        "format": "external",
        "dimension": [int(region["width"]), int(region["height"])] if "width" in region and "height" in region else None,
    }


def _instrument(device: str, settings: Mapping[str, Any]) -> Instrument:
    model = settings.get("deviceType")
    return Instrument(device, "A head-mounted one-photon microscope.", "UCLA", None if model is None else str(model))


def _description(settings: Mapping[str, Any]) -> str | None:
    facts = {"LED": "led0", "gain": "gain", "electro-wetting lens": "ewl", "frame rate": "frameRate"}
    known = [f"{fact} {settings[key]}" for fact, key in facts.items() if settings.get(key) is not None]
    return f"Recorded with {', '.join(known)}." if known else None


def _add_session(fragment: Fragment, folder: Path) -> None:
    settings = _settings(folder.parent / "metaData.json")
    start: Any = settings.get("recordingStartTime", settings)
    texts = {"subject_id": settings.get("animalName"), "experimenter": settings.get("researcherName")}
    if texts["subject_id"]:
        fragment.metadata["subject"] = {"subject_id": str(texts["subject_id"])}
    if texts["experimenter"]:
        fragment.metadata["experimenter"] = str(texts["experimenter"])
    if "msecSinceEpoch" in start:
        fragment.metadata["session_start_time"] = datetime.fromtimestamp(float(start["msecSinceEpoch"]) / 1000, UTC)
        return
    parts = [start.get(part) for part in ("year", "month", "day", "hour", "minute", "second")]
    if None not in parts:
        milliseconds = int(start.get("msec", start.get("milliseconds", 0)))
        year, month, day, hour, minute, second = (int(part) for part in parts)
        begin = datetime(year, month, day, hour, minute, second, milliseconds * 1000).astimezone()
        fragment.metadata["session_start_time"] = begin
        fragment.notes.append(f"the recording began at {begin:%Y-%m-%d %H:%M:%S}, without a time zone: taken as local")
