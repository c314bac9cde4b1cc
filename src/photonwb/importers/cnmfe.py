"""Results of CNMF-E in MATLAB: `results` as the program saves them, or as CIAtah (calciumImagingAnalysis) does.

The rate is what the program was told (Fs). The `time.totalTime` of CIAtah is how long the computation took, and says nothing of
the recording.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photonwb.errors import DamagedFileError, NotFoundError
from photonwb.importers.base import Fragment, Picture, Plane, Regions, Timing, Trace
from photonwb.importers.hdf5 import array, is_mat, open_mat, plain, regions_of_columns, regions_of_stack, sparse_columns

__all__ = ["can_open", "name", "read", "recognises"]

name = "cnmfe"
recognises = "a .mat file of CNMF-E, with results/A or extractedImages"

_PLANE, _REGIONS = "ImagingPlane", "PlaneSegmentation"
_TRACES = {  # (region, time) in MATLAB
    "C_raw": ("raw", "Fluorescence of each component."),
    "extractedSignalsEst": ("raw", "Fluorescence of each component."),
    "C": ("denoised", "Fluorescence of each component, without noise."),
    "extractedSignals": ("denoised", "Fluorescence of each component, without noise."),
    "S": ("deconvolved", "Deconvolved activity of each component."),
    "extractedPeaks": ("deconvolved", "Deconvolved activity of each component."),
}
_PICTURES = {
    "Cn": ("correlation", "Correlation of pixels with their neighbours."),
    "PNR": ("peak_to_noise", "Ratio of peak and noise of each pixel."),
    "b0": ("background_baseline", "Constant part of the background."),
}


def can_open(path: Path) -> bool:
    """Whether a path is a file of CNMF-E."""
    return is_mat(path) and bool(_outputs(open_mat(path)))


def _outputs(file: Any) -> list[str]:
    """Names of the variables that are results; "" for variables that lie open."""
    groups = {name: file[name] for name in file if hasattr(file[name], "keys") and not name.startswith("#")}
    found = [name for name, group in groups.items() if "extractedImages" in group or {"A", "C"} <= set(group)]
    return [*found, ""] if {"A", "C"} <= set(file) else found


def read(path: Path | str, *, variable: str | None = None) -> Fragment:
    """Describe what CNMF-E found.

    Parameters
    ----------
    path : path
        The .mat file.
    variable : str, optional
        Name of the variable with the results; the first that has any, unless given.

    Raises
    ------
    NotFoundError
        No such variable.
    DamagedFileError
        Parts of the file that do not fit each other.
    """
    file = open_mat(Path(path))
    outputs = _outputs(file)
    if not outputs or (variable is not None and variable not in outputs):
        hint = (
            "; an object of a class cannot be read outside of MATLAB: save neuron.obj2struct()" if "#subsystem#" in file else ""
        )
        raise NotFoundError(
            f"{path}: expected results of CNMF-E in {variable or 'a variable'}; there is {outputs or 'none'}{hint}"
        )
    chosen = outputs[0] if variable is None else variable
    results = file[chosen] if chosen else file
    masks, timing = _masks(results, str(path)), Timing(_rate(results))
    fragment = Fragment(path)
    fragment.planes.append(Plane(_PLANE, imaging_rate=timing.rate))
    fragment.regions.append(Regions(_REGIONS, _PLANE, masks, (), "Components that CNMF-E found."))
    for key, (kind, what) in _TRACES.items():
        values = array(results, key, 2)
        if values is None and (columns := sparse_columns(results, key)) is not None:
            values = _dense(columns, len(masks))
        if values is None:
            continue
        if values.shape[1] != len(masks):
            raise DamagedFileError(f"{path}: expected {key} of {len(masks)} components, got an array of shape {values.shape}")
        fragment.traces.append(Trace(kind, _REGIONS, values, timing, "n.a.", what))
    for key, (picture, what) in _PICTURES.items():
        image = array(results, key, 2)
        if image is not None and image.shape == masks.image_shape:
            fragment.pictures.append(Picture(picture, _PLANE, image[()], what))
    return fragment


def _masks(results: Any, source: str) -> Any:
    stack = array(results, "extractedImages", 3)
    if stack is not None:
        return regions_of_stack(stack)
    columns, shape = sparse_columns(results, "A"), _shape(results)
    if columns is None or shape is None:
        raise DamagedFileError(f"{source}: expected a sparse matrix A with options.d1 and d2, or extractedImages, got neither")
    return regions_of_columns(columns, shape, f"{source}: A")


def _shape(results: Any) -> tuple[int, int] | None:
    """Height and width."""
    options = plain(results["options"]) if "options" in results else {}
    if "d1" in options and "d2" in options:
        return int(options["d1"]), int(options["d2"])
    image = array(results, "Cn", 2)
    return None if image is None else image.shape[::-1]


def _rate(results: Any) -> float | None:
    for place in (results, *(results[key] for key in ("inputOptions", "options", "params") if key in results)):
        rate = plain({"Fs": place["Fs"]}).get("Fs") if "Fs" in place else None
        if isinstance(rate, (int, float)) and rate > 0:
            return float(rate)
    return None


def _dense(columns: Any, count: int) -> Any:
    """Traces (time, regions) of a sparse matrix (regions, time)."""
    import numpy as np

    values = np.zeros((len(columns.bounds) - 1, count), columns.data.dtype)
    times = np.repeat(np.arange(len(values)), np.diff(columns.bounds.astype(np.int64)))
    values[times, columns.rows.astype(np.int64)] = columns.data
    return values
