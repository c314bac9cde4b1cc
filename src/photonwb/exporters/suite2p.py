"""Regions and signals as a folder of suite2p, for its window and for programs that read nothing else.

Undoes what the importer does: rows and columns in place of x and y, (region, time) in place of (time, region). What suite2p needs
and a file does not hold is worked out (the median of the pixels) or left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError, InvalidValueError
from photonwb.exporters.results import image_shape_of, images_of, signals_of, tables_of
from photonwb.importers.suite2p import COLUMNS, FLAGS, PICTURES

if TYPE_CHECKING:
    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.ophys import PlaneSegmentation

__all__ = ["export_suite2p"]

_FILES = {"RoiResponseSeries": "F", "Neuropil": "Fneu", "Deconvolved": "spks"}
_PER_PIXEL = ("overlap", "soma_crop")


def export_suite2p(nwbfile: NWBFile, folder: typing.Path, *, overwrite: bool = False) -> list[Path]:
    """Write all tables of regions, with their signals, as a folder of suite2p.

    Parameters
    ----------
    nwbfile : NWBFile
    folder : path
        Where to put plane0, plane1, ...
    overwrite : bool
        Whether to write into folders of planes that are there already.

    Returns
    -------
    list of Path
        The folders, one for each table.

    Raises
    ------
    ExistingFileError
        There is a folder of a plane already.
    InvalidValueError
        Regions of a volume, which suite2p does not know.
    """
    tables = [table for table in tables_of(nwbfile) if not table.name.startswith("Background")]
    folders = [Path(folder) / f"plane{number}" for number in range(len(tables))]
    for path, table in zip(folders, tables, strict=True):
        if path.exists() and not overwrite:
            raise ExistingFileError(f"{path} exists already: choose another folder, or overwrite=True")
        if table.rois.dimensions != 2:
            raise InvalidValueError(f"{table._label()}: suite2p knows regions of a plane only, these are of a volume")
    for path, table in zip(folders, tables, strict=True):
        path.mkdir(parents=True, exist_ok=True)
        _write_plane(nwbfile, table, path, len(tables))
    return folders


def _write_plane(nwbfile: NWBFile, table: PlaneSegmentation, path: Path, planes: int) -> None:
    import numpy as np

    options: dict[str, Any] = {"nplanes": planes, "nchannels": 1}
    _save_objects(path / "stat.npy", _stat(table))
    for file, (flag, _, probability, _) in FLAGS.items():
        if flag in table.colnames:
            flags = np.asarray(table[flag].data[:], float)
            values = np.asarray(table[probability].data[:], float) if probability in table.colnames else flags
            np.save(path / f"{file}.npy", np.stack([flags, values], axis=1))
    if not (path / "iscell.npy").exists():
        np.save(path / "iscell.npy", np.ones((len(table), 2)))
    for signals in signals_of(nwbfile, table):
        series = signals.series
        file = next((file for name, file in _FILES.items() if series.name.startswith(name)), None)
        if file is None or signals.is_dff or series.data.shape[1] != len(table):
            continue
        if "Chan2" in series.name:
            file, options["nchannels"] = f"{file}_chan2", 2
        np.save(path / f"{file}.npy", np.ascontiguousarray(np.asarray(series.data[:], np.float32).T))
        options |= {"nframes": series.data.shape[0]} | ({"fs": float(series.rate)} if series.rate is not None else {})
    shape = image_shape_of(nwbfile, table)
    if shape is not None:
        options |= {"Lx": shape[0], "Ly": shape[1], "xrange": [0, shape[0]], "yrange": [0, shape[1]]}
    keys = {picture: key for key, (picture, _) in PICTURES.items()}
    for name, image in images_of(nwbfile, table).items():
        if name in keys:
            options[keys[name]] = np.ascontiguousarray(np.asarray(image[:]).T)
    _save_objects(path / "ops.npy", options)


def _stat(table: PlaneSegmentation) -> Any:
    """What suite2p knows of each region."""
    import numpy as np

    cells = np.empty(len(table), object)
    columns = {name: np.asarray(table[name].data[:]) for name in COLUMNS if name in table.colnames}
    per_pixel = [name for name in _PER_PIXEL if name in table.colnames]
    for row, roi in enumerate(table.rois):
        x, y = roi.coordinates.astype(np.int32).T
        centre = [float(np.median(y)), float(np.median(x))] if len(x) else [0.0, 0.0]
        cells[row] = {"ypix": y, "xpix": x, "lam": roi.weights, "med": centre, "npix": len(x)}
        cells[row] |= {name: values[row] for name, values in columns.items()}
        cells[row] |= {name: np.asarray(table[name][row]) for name in per_pixel}
        cells[row].setdefault("overlap", np.zeros(len(x), bool))
    return cells


def _save_objects(path: Path, values: Any) -> None:
    """An array of objects, as suite2p keeps them: a pickle of arrays and numbers."""
    import numpy as np

    np.save(path, np.array(values, object) if isinstance(values, dict) else values, allow_pickle=True)
