"""Folders of Minian: one Zarr store for each array, `A.zarr/A` and so on, with the names of units and frames beside it.

Minian works on every frame of a miniscope or on some of them; `frame` says which, and `timeStamps.csv` of the miniscope, where it
lies beside the results, when those were taken. Its images are in rows and columns.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from photonwb.errors import DamagedFileError, InvalidValueError, StorageError
from photonwb.importers.base import Fragment, Motion, Picture, Plane, Regions, Timing, Trace, swapped
from photonwb.importers.hdf5 import regions_of_stack

__all__ = ["can_open", "name", "read", "recognises"]

name = "minian"
recognises = "a folder of Minian, with A.zarr"

_PLANE, _REGIONS, _BACKGROUND = "ImagingPlane", "PlaneSegmentation", "BackgroundSegmentation"
_TRACES = {
    "YrA": ("raw", "Fluorescence of each unit, the noise included."),
    "C": ("denoised", "Fluorescence of each unit, without noise."),
    "S": ("deconvolved", "Deconvolved activity of each unit."),
    "b0": ("baseline", "Baseline of each unit."),
}


def can_open(path: Path) -> bool:
    """Whether a path is a folder of Minian."""
    return (path / "A.zarr" / "A").is_dir()


def read(path: Path | str, *, timestamps: str | None = None, background: bool = True) -> Fragment:
    """Describe what Minian found.

    Parameters
    ----------
    path : path
        The folder with A.zarr, C.zarr, ...
    timestamps : path, optional
        The file with the times of the frames; timeStamps.csv in the folder or beside it, unless given.
    background : bool
        Whether to take the background too, in a table of its own.

    Raises
    ------
    StorageError
        Not a folder of Minian.
    DamagedFileError
        Parts that do not fit each other.
    """
    folder = Path(path)
    stack = _array(folder, "A")
    if stack is None or len(stack.shape) != 3:
        raise StorageError(f"{folder}: expected a folder of Minian with an array (unit, height, width) in A.zarr")
    fragment = Fragment(path)
    masks = regions_of_stack(swapped(stack, 1, 2))
    timing = _timing(folder, timestamps)
    fragment.planes.append(Plane(_PLANE, imaging_rate=timing.rate))
    fragment.regions.append(Regions(_REGIONS, _PLANE, masks, (), "Units that Minian found."))
    for key, (kind, what) in _TRACES.items():
        values = _array(folder, key)
        if values is not None and len(values.shape) == 2:
            _check(folder, key, values.shape[0], len(masks))
            fragment.traces.append(Trace(kind, _REGIONS, swapped(values, 0, 1), timing, "n.a.", what))
    if background:
        _add_background(fragment, folder, timing)
    projection = _array(folder, "max_proj")
    if projection is not None and projection.shape == stack.shape[1:]:
        fragment.pictures.append(Picture("max_projection", _PLANE, projection[...].T, "Maximum of the movie."))
    shifts = _array(folder, "motion")
    if shifts is not None and len(shifts.shape) == 2 and shifts.shape[1] == 2:
        # (height, width), as applied to each frame.
        fragment.motions.append(Motion(_PLANE, shifts[...][:, ::-1], timing=timing))
    return fragment


def _array(folder: Path, key: str) -> Any:
    """An array of Minian, left on disk; None where there is none."""
    place = folder / f"{key}.zarr"
    if not (place / key).is_dir():
        return None
    try:
        import zarr
    except ImportError:
        raise ImportError(f"{folder}: results of Minian are read by zarr: pip install photonwb[zarr]") from None
    try:
        return zarr.open_array(place / key, mode="r")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedFileError(f"{place / key}: cannot be read as a Zarr array: {error}") from error


def _check(folder: Path, key: str, found: int, expected: int) -> None:
    if found != expected:
        raise DamagedFileError(f"{folder / key}.zarr: expected a row for each of the {expected} units of A.zarr, got {found}")


def _add_background(fragment: Fragment, folder: Path, timing: Timing) -> None:
    images, traces = _array(folder, "b"), _array(folder, "f")
    if images is None or traces is None:
        return
    # One component, or several along a first axis.
    stack = images[...] if len(images.shape) == 3 else images[...][None]
    signals = traces[...] if len(traces.shape) == 2 else traces[...][None]
    _check(folder, "f", len(signals), len(stack))
    masks = regions_of_stack(swapped(stack, 1, 2))
    fragment.regions.append(Regions(_BACKGROUND, _PLANE, masks, (), "Background that Minian found."))
    fragment.traces.append(Trace("background", _BACKGROUND, signals.T, timing, "n.a.", "Fluorescence of the background."))


def _timing(folder: Path, given: str | None) -> Timing:
    """The times of the frames that Minian worked on, where a file tells them."""
    path = Path(given) if given is not None else _first(folder / "timeStamps.csv", folder.parent / "timeStamps.csv")
    if path is None:
        return Timing()
    import numpy as np

    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or ()
        frame, time = (next((each for each in names if each.strip().startswith(key)), None) for key in ("Frame", "Time"))
        if frame is None or time is None:
            raise InvalidValueError(f"{path}: expected columns 'Frame Number' and 'Time Stamp (ms)', got {list(names)}")
        times = {int(row[frame]): float(row[time]) / 1000 for row in reader}
    frames = _frames(folder)
    if frames is None:
        return Timing(timestamps=np.array(list(times.values())))
    missing = [number for number in frames if number not in times]
    if missing:
        raise InvalidValueError(f"{path}: tells no time for frame {missing[0]}, one of {len(missing)}")
    return Timing(timestamps=np.array([times[number] for number in frames]))


def _frames(folder: Path) -> list[int] | None:
    """Numbers of the frames that the traces are of."""
    import zarr

    for key in _TRACES:
        place = folder / f"{key}.zarr" / "frame"
        if place.is_dir():
            numbers: Any = zarr.open_array(place, mode="r")[...]
            return [int(number) for number in numbers]
    return None


def _first(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
