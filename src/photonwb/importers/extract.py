"""Files of EXTRACT, saved by MATLAB: the structure that `extractor` returns, or that of CIAtah before version 1.

The file does not say the rate. (It may say how long something took: that is the computation, not the recording.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from photonwb.errors import DamagedFileError, NotFoundError
from photonwb.importers.base import Column, Fragment, Picture, Plane, Regions, Trace, swapped
from photonwb.importers.hdf5 import array, is_mat, open_mat, plain, regions_of_columns, regions_of_stack, sparse_columns

__all__ = ["can_open", "name", "read", "recognises"]

name = "extract"
recognises = "a .mat file of EXTRACT, with output/spatial_weights"

_PLANE, _REGIONS = "ImagingPlane", "PlaneSegmentation"
_PICTURES = {
    "summary_image": ("summary", "Summary image of EXTRACT."),
    "max_image": ("max_projection", "Maximum of the movie as EXTRACT saw it."),
    "F_per_pixel": ("baseline", "Baseline of each pixel."),
}


def can_open(path: Path) -> bool:
    """Whether a path is a file of EXTRACT."""
    return is_mat(path) and bool(_outputs(open_mat(path)))


def _outputs(file: Any) -> list[str]:
    """Names of the variables that are structures of EXTRACT."""
    groups = {name: file[name] for name in file if hasattr(file[name], "keys") and not name.startswith("#")}
    return [name for name, group in groups.items() if "spatial_weights" in group or {"filters", "traces"} <= set(group)]


def read(path: Path | str, *, variable: str | None = None) -> Fragment:
    """Describe what EXTRACT found.

    Parameters
    ----------
    path : path
        The .mat file.
    variable : str, optional
        Name of the variable with the output; the first that is one, unless given.

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
        raise NotFoundError(f"{path}: expected the output of EXTRACT in {variable or 'a variable'}; there is {outputs or 'none'}")
    output = file[variable or outputs[0]]
    fragment = Fragment(path)
    info, config = output.get("info", {}), plain(output["config"]) if "config" in output else {}
    masks = _masks(output, info, str(path))
    fragment.planes.append(Plane(_PLANE))
    description = "Cells that EXTRACT found."
    fragment.regions.append(Regions(_REGIONS, _PLANE, masks, tuple(_columns(info, len(masks))), description))
    fragment.traces.append(_trace(output, config, len(masks), str(path)))
    for key, (picture, what) in _PICTURES.items():
        image = array(info, key, 2)
        if image is not None and image.shape == masks.image_shape:
            fragment.pictures.append(Picture(picture, _PLANE, image[()], what))
    version = plain({"version": info["version"]}).get("version") if "version" in info else None
    if isinstance(version, str):
        fragment.metadata["was_generated_by"] = [("EXTRACT", version)]
    if config:
        fragment.settings["extract_config"] = json.dumps(config, indent=1, sort_keys=True)
    return fragment


def _masks(output: Any, info: Any, source: str) -> Any:
    for key in ("spatial_weights", "filters"):
        stack = array(output, key, 3)
        if stack is not None:
            return regions_of_stack(stack)
        columns = sparse_columns(output, key)
        image = array(info, "summary_image", 2)
        if columns is not None and image is not None:
            return regions_of_columns(columns, image.shape[::-1], f"{source}: {key}")
    raise DamagedFileError(f"{source}: expected weights of regions, images or a sparse matrix, got none")


def _columns(info: Any, count: int) -> list[Column]:
    """What the check of cells found, in its order: the file does not name the measures."""
    check = info.get("cellcheck", {}) if "cellcheck" in info else {}
    columns: list[Column] = []
    bad = array(check, "is_bad", 2)
    if bad is not None and bad.size == count:
        columns.append(Column("accepted", "Whether the cell passed the check of EXTRACT.", bad[()].ravel() == 0))
    for key, column, what in (
        ("metrics", "cellcheck_metrics", "Measures of the check of cells."),
        ("is_attr_bad", "cellcheck_failed", "For each criterion of the check of cells, whether the cell failed."),
    ):
        values = array(check, key, 2)
        if values is not None and len(values) == count:
            columns.append(Column(column, what, values[()] if key == "metrics" else values[()] != 0))
    return columns


def _trace(output: Any, config: dict[str, Any], count: int, source: str) -> Trace:
    values = array(output, "temporal_weights", 2)
    # (time, cells) in MATLAB; before version 1 it was (cells, time).
    values = swapped(values, 0, 1) if values is not None else array(output, "traces", 2)
    if values is None or values.shape[1] != count:
        raise DamagedFileError(
            f"{source}: expected traces of {count} cells, got an array of shape {getattr(values, 'shape', None)}"
        )
    if config.get("preprocess") and not config.get("skip_dff"):
        return Trace("dff", _REGIONS, values, description="Relative change of the fluorescence of each cell.")
    return Trace("raw", _REGIONS, values, description="Fluorescence of each cell.")
