"""Regions and signals as a folder of suite2p, for its window and for programs that read nothing else.

Undoes what the importer does: rows and columns in place of x and y, (region, time) in place of (time, region). What suite2p needs
and a file does not hold is worked out (the median of the pixels) or left out. Files of other programs are understood as
`PlaneSegmentation.masks`, `traces` and `accepted` understand them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError
from photonwb.exporters.results import Steps, blocks, images_of, planes_of, rate_of, save_npy
from photonwb.importers.suite2p import COLUMNS, FLAGS, PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb import typing
    from photonwb.exporters.results import PlaneResults
    from photonwb.file import NWBFile
    from photonwb.layouts.traces import Traces
    from photonwb.regions.rois import RoiSet

__all__ = ["export_suite2p"]

_FILES = {"F": "raw", "Fneu": "neuropil", "spks": "deconvolved"}
_CHANNELS = ("", "_chan2")
_PER_PIXEL = ("overlap", "soma_crop")


def export_suite2p(
    nwbfile: NWBFile,
    folder: typing.Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> list[Path]:
    """Write all tables of regions, with their signals, as a folder of suite2p.

    Parameters
    ----------
    nwbfile : NWBFile
        Of whatever program: see `NWBFile.traces`, `PlaneSegmentation.masks` and `accepted`.
    folder : path
        Where to put plane0, plane1, ...
    overwrite : bool
        Whether to write into folders of planes that are there already.
    progress : callable, optional
        Called with the number of values that are written, of all signals together, and how many there are.

    Returns
    -------
    list of Path
        The folders, one for each table, or for each plane of a table.

    Raises
    ------
    ExistingFileError
        There is a folder of a plane already.
    InvalidValueError
        Regions of a volume, which suite2p does not know; or several signals of one kind.
    """
    planes = planes_of(nwbfile)
    folders = [Path(folder) / f"plane{number}" for number in range(len(planes))]
    for path in folders:
        if path.exists() and not overwrite:
            raise ExistingFileError(f"{path} exists already: choose another folder, or overwrite=True")
    masks = [plane.masks() for plane in planes]
    traces = [_traces(plane) for plane in planes]
    steps = Steps((found for files in traces for found in files.values()), progress)
    for number, (path, plane) in enumerate(zip(folders, planes, strict=True)):
        path.mkdir(parents=True, exist_ok=True)
        _save_objects(path / "stat.npy", _stat(plane, masks[number]))
        _write_flags(path, plane)
        options: dict[str, Any] = {"nplanes": len(planes), "nchannels": min(len(plane.channels), len(_CHANNELS))}
        for file, found in traces[number].items():
            _write_traces(path / f"{file}.npy", found, steps)
            options["nframes"] = len(found.data)
            if (rate := rate_of(found.series)) is not None:
                options["fs"] = rate
        options |= _images(images_of(nwbfile, plane, number), masks[number].image_shape)
        _save_objects(path / "ops.npy", options)
    return folders


def _traces(plane: PlaneResults) -> dict[str, Traces]:
    """The signals that suite2p knows, by the names of their files."""
    return {
        f"{file}{suffix}": found
        for channel, suffix in zip(plane.channels, _CHANNELS, strict=False)
        for file, kind in _FILES.items()
        if (found := plane.traces(kind, channel)) is not None
    }


def _write_traces(path: Path, traces: Traces, steps: Steps) -> None:
    """Signals as (region, time), the regions in the order of the table."""
    import numpy as np

    order, data = np.argsort(traces.rois[:], kind="stable"), traces.data
    frames, regions = data.shape
    is_in_order = bool((np.diff(order) > 0).all())
    pieces = blocks(regions, frames)
    turned = (np.asarray(data[:, here] if is_in_order else data[:, order[here]]).T for here in pieces)
    save_npy(path, (regions, frames), np.float32, turned, steps)


def _write_flags(path: Path, plane: PlaneResults) -> None:
    """Which regions count, and how likely they do: as suite2p keeps both, in one array."""
    import numpy as np

    names = plane.table.colnames
    accepted = plane.table.accepted
    for file, (flag, _, probability, _) in FLAGS.items():
        if file == "iscell":
            flags = np.ones(len(plane.rows)) if accepted is None else accepted.data[plane.rows].astype(float)
        elif flag in names:
            flags = plane.column(flag).astype(float)
        else:
            continue
        values = plane.column(probability) if probability in names else flags
        if file in names and plane.column(file).ndim == 2:
            values = plane.column(file)[:, 1]  # suite2p has both in one column
        np.save(path / f"{file}.npy", np.stack([flags, values], axis=1))


def _images(images: dict[str, Any], image_shape: tuple[int, ...] | None) -> dict[str, Any]:
    """Summary images, and their size, as options of suite2p."""
    import numpy as np

    keys = {picture: key for key, (picture, _) in PICTURES.items()} | {key: key for key in PICTURES}
    shape = image_shape or next((image.shape[::-1] for image in images.values()), None)
    found = {
        keys[plain]: np.ascontiguousarray(image)
        for name, image in images.items()
        if (plain := name.removesuffix("_image")) in keys
    }
    if shape is not None:
        found |= {"Lx": shape[0], "Ly": shape[1], "xrange": [0, shape[0]], "yrange": [0, shape[1]]}
    return found


def _stat(plane: PlaneResults, masks: RoiSet) -> Any:
    """What suite2p knows of each region."""
    import numpy as np

    cells = np.empty(len(plane.rows), object)
    names = plane.table.colnames
    columns = {name: plane.column(name) for name in COLUMNS if name in names}
    per_pixel = [name for name in _PER_PIXEL if name in names]
    for place, (row, roi) in enumerate(zip(plane.rows, masks, strict=True)):
        x, y = roi.coordinates[:, :2].astype(np.int32).T
        centre = [float(np.median(y)), float(np.median(x))] if len(x) else [0.0, 0.0]
        cells[place] = {"ypix": y, "xpix": x, "lam": roi.weights, "med": centre, "npix": len(x)}
        cells[place] |= {name: values[place] for name, values in columns.items()}
        cells[place] |= {name: np.asarray(plane.table[name][row]) for name in per_pixel}
        cells[place].setdefault("overlap", np.zeros(len(x), bool))
    return cells


def _save_objects(path: Path, values: Any) -> None:
    """An array of objects, as suite2p keeps them: a pickle of arrays and numbers."""
    import numpy as np

    np.save(path, np.array(values, object) if isinstance(values, dict) else values, allow_pickle=True)
