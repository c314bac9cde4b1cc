"""What a file holds, as facts: planes, movies, regions and traces; with their sizes, timing and costs where that is asked for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.arrays.shapes import shape_of
from photonwb.cli.objects import path_of
from photonwb.cli.output import bytes_of
from photonwb.errors import PhotonwbError
from photonwb.model.container import AbstractContainer
from photonwb.tree import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from photonwb.file import NWBFile

__all__ = ["array_facts", "duration_of", "overview", "size", "timing_of"]

_SUBJECT = ("subject_id", "species", "sex", "age", "genotype")
_BLOCK = 1 << 20  # timestamps that are looked at together


def _size_of(nwbfile: NWBFile, location: str) -> int | None:
    if not location:
        return None
    return bytes_of(location) if Path(location).exists() else getattr(nwbfile.get_read_io().store, "size", None)


def overview(nwbfile: NWBFile) -> dict[str, Any]:
    """Facts of a file. What cannot be read is listed, and hides nothing else."""
    found = list(walk(nwbfile))
    items: list[Any] = [item for item in found if isinstance(item, AbstractContainer)]
    unreadable = [{"name": item.name, "error": str(item.error)} for item in found if not isinstance(item, AbstractContainer)]

    def each(items: Iterable[Any], describe: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
        facts: list[dict[str, Any]] = []
        for item in items:
            try:
                facts.append(describe(item))
            except PhotonwbError as error:
                unreadable.append({"name": path_of(item), "error": str(error)})
        return facts

    stored = nwbfile._stored
    location = stored.location if stored is not None else ""
    subject: Any = nwbfile.fields.get("subject")
    return {
        "file": location,
        "bytes": _size_of(nwbfile, location),
        "nwb_version": nwbfile.get_read_io().nwb_version[0] if stored is not None else None,
        "identifier": nwbfile.identifier,
        "session_description": nwbfile.session_description,
        "session_start_time": nwbfile.session_start_time.isoformat(),
        "experimenter": nwbfile.fields.get("experimenter"),
        "institution": nwbfile.fields.get("institution"),
        "subject": {name: subject.fields[name] for name in _SUBJECT if name in subject.fields} if subject is not None else None,
        "planes": each((item for item in items if item.neurodata_type == "ImagingPlane"), _plane),
        "movies": each(filter(is_movie, items), _movie),
        "segmentations": each((item for item in items if item.neurodata_type == "PlaneSegmentation"), _segmentation),
        "traces": each((item for item in items if item.neurodata_type == "RoiResponseSeries"), _trace),
        "unreadable": unreadable,
    }


def is_movie(item: Any) -> bool:
    """Whether an object is images over time."""
    return any(base.__name__ == "ImageSeries" for base in type(item).__mro__)


def _plane(plane: Any) -> dict[str, Any]:
    facts = {name: plane.fields.get(name) for name in ("indicator", "location", "excitation_lambda", "imaging_rate")}
    channels = [{"name": channel.name, "emission_lambda": channel.emission_lambda} for channel in plane.optical_channel]
    return {"path": path_of(plane), **facts, "device": plane.device.name, "channels": channels}


def _movie(series: Any) -> dict[str, Any]:
    plane = series.fields.get("imaging_plane")
    facts = {
        "path": path_of(series),
        "neurodata_type": series.neurodata_type,
        "plane": None if plane is None else path_of(plane),
        "external_file": series.fields.get("external_file"),
    }
    return facts | _series(series)


def _series(series: Any) -> dict[str, Any]:
    data = series.data
    return {
        "shape": shape_of(data),
        "dtype": str(getattr(data, "dtype", "")) or None,
        "unit": series.fields.get("unit"),
        "rate": series.fields.get("rate"),
        "duration": duration_of(series),
    }


def _segmentation(table: Any) -> dict[str, Any]:
    return {
        "path": path_of(table),
        "plane": path_of(table.imaging_plane),
        "rois": len(table),
        "masks": [name for name in table.colnames if name.endswith("_mask")],
        "columns": [name for name in table.colnames if not name.endswith("_mask")],
    }


def _trace(series: Any) -> dict[str, Any]:
    holder = series.parent.neurodata_type if series.parent is not None else None
    return {"path": path_of(series), "in": holder, "segmentation": path_of(series.rois.table)} | _series(series)


def duration_of(series: Any) -> float | None:
    """Seconds from the first sample to the last; None where they cannot be told."""
    try:
        return series.get_duration() if shape_of(series.data) not in (None, (0,)) or series.fields.get("rate") else None
    except (PhotonwbError, ValueError, TypeError):
        return None


def timing_of(series: Any) -> dict[str, Any]:
    """Median distance of the timestamps, and the gaps: where a sample comes later than one and a half times that.

    Timestamps are gone through in blocks. Of a series with a rate there is nothing to say.
    """
    import numpy as np

    times = series.fields.get("timestamps")
    length = (shape_of(times) or (0,))[0]
    if times is None or hasattr(times, "neurodata_type") or not length or length < 2:
        return {}
    blocks = (np.asarray(times[start : start + _BLOCK + 1], dtype="f8") for start in range(0, length - 1, _BLOCK))
    steps = np.concatenate([np.diff(block) for block in blocks])
    median = float(np.median(steps))
    gaps = np.flatnonzero(steps > 1.5 * median)
    return {
        "interval": median,
        "rate": 1 / median if median > 0 else None,
        "jitter": float(np.std(steps)),
        "gaps": [{"after_sample": int(place), "seconds": float(steps[place])} for place in gaps[:20]],
        "gap_count": len(gaps),
        "backwards": int((steps <= 0).sum()),
    }


def array_facts(data: Any, kind: str) -> dict[str, Any]:
    """How an array is stored, and how many bytes must be decoded to read a frame of it, or a trace.

    Parameters
    ----------
    data : LazyArray
    kind : {"movie", "trace"}
    """
    shape, itemsize = data.shape, data.dtype.itemsize
    chunks = data.chunks or shape
    chunk = math.prod(min(length, limit) for length, limit in zip(chunks, shape, strict=True)) * itemsize
    grid = [math.ceil(length / step) for length, step in zip(shape, chunks, strict=True)]
    layout = data.source.byte_layout()
    stored = None if layout is None else sum(place.size for place in layout.places.values())
    facts = {"chunks": data.chunks, "compression": data.compression, "bytes": data.nbytes, "stored_bytes": stored}
    if data.chunks is None:
        frame, trace = math.prod(shape[1:]) * itemsize, shape[0] * itemsize
    else:
        frame, trace = chunk * math.prod(grid[1:]), chunk * grid[0]
    cost = {"frame_bytes": frame, "useful": math.prod(shape[1:]) * itemsize} if kind == "movie" else {}
    if kind == "trace":
        cost = {"trace_bytes": trace, "useful": shape[0] * itemsize}
    return facts | cost


def size(count: float | None) -> str:
    """A number of bytes for people."""
    if count is None:
        return "?"
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
