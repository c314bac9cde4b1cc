"""Files of CaImAn: the `estimates` of CNMF, CNMF-E and OnACID, saved as HDF5.

The pixels of an image of height H and width W are numbered down its columns: pixel i is row i % H of column i // H. A dataset
that holds the text "NoneType" stands for nothing. The movie itself is not part of the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError
from photonwb.importers.base import Column, Fragment, Motion, Picture, Plane, Regions, Timing, Trace, swapped
from photonwb.importers.hdf5 import (
    SparseColumns,
    array,
    is_hdf5,
    open_hdf5,
    plain,
    regions_of_columns,
    sparse_columns,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["can_open", "name", "read", "recognises"]

name = "caiman"
recognises = "an HDF5 file of CaImAn, with estimates/A"

_PLANE, _REGIONS, _BACKGROUND = "ImagingPlane", "PlaneSegmentation", "BackgroundSegmentation"
_TRACES = {
    "C": ("denoised", "Fluorescence of each component, without noise."),
    "S": ("deconvolved", "Deconvolved activity of each component."),
    "F_dff": ("dff", "Fluorescence relative to its baseline, minus one."),
}
_COLUMNS = {
    "SNR_comp": ("snr", "Signal-to-noise ratio."),
    "r_values": ("r_value", "Correlation of the component with the movie where it is active."),
    "cnn_preds": ("cnn_prediction", "Probability by a neural network that the component is a cell."),
    "bl": ("baseline", "Baseline of the fluorescence."),
    "c1": ("initial_calcium", "Calcium at the first frame."),
    "neurons_sn": ("noise", "Standard deviation of the noise."),
    "lam": ("sparsity", "Weight of sparsity in the deconvolution."),
}
_PICTURES = {
    "Cn": ("correlation", "Correlation of pixels with their neighbours."),
    "b0": ("background_baseline", "Constant part of the background."),
    "sn": ("noise", "Standard deviation of the noise of each pixel."),
}


def can_open(path: Path) -> bool:
    """Whether a path is a file of CaImAn."""
    if not is_hdf5(path):
        return False
    with open_hdf5(path) as file:
        return "estimates" in file and "A" in file["estimates"]


def read(path: Path | str, *, background: bool = True) -> Fragment:
    """Describe what CaImAn found.

    Parameters
    ----------
    path : path
        The file that it saved.
    background : bool
        Whether to take the components of the background too, in a table of their own.

    Raises
    ------
    DamagedFileError
        Parts of the file that do not fit each other.
    """
    file = open_hdf5(Path(path))
    return _Reader(Fragment(path), file).read(background)


class _Sum:
    """The sum of two arrays, worked out where it is indexed."""

    def __init__(self, first: Any, second: Any) -> None:
        import numpy as np

        self._parts = first, second
        self.shape: tuple[int, ...] = tuple(first.shape)
        self.dtype = np.result_type(first.dtype, second.dtype)
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[Any]:
        import numpy as np

        first, second = self._parts
        return np.asarray(first[key]) + np.asarray(second[key])


class _Reader:
    """A file of CaImAn on its way into a fragment."""

    def __init__(self, fragment: Fragment, file: Any) -> None:
        self.fragment = fragment
        self.file = file
        self.estimates = file["estimates"]
        self.data = file.get("params/data")
        self.dims = self.image_dims()
        rate = plain(self.data).get("fr") if self.data is not None else None
        self.timing = Timing(None if rate is None else float(rate))

    def image_dims(self) -> tuple[int, ...]:
        """Height, width (and depth)."""
        for place, name in ((self.file, "dims"), (self.estimates, "dims"), (self.data, "dims")):
            found = array(place, name, 1)
            if found is not None:
                return tuple(int(length) for length in found[()])
        raise DamagedFileError(f"{self.fragment.source}: expected the shape of the images in dims, got none")

    def read(self, background: bool) -> Fragment:
        masks = regions_of_columns(self.columns_of("A"), self.dims, f"{self.fragment.source}: estimates/A")
        description = "Components that CaImAn found."
        self.fragment.planes.append(Plane(_PLANE, imaging_rate=self.timing.rate))
        self.fragment.regions.append(Regions(_REGIONS, _PLANE, masks, tuple(self.quality(len(masks))), description))
        self.add_traces(len(masks))
        if background:
            self.add_background()
        self.add_pictures()
        shifts = array(self.estimates, "shifts", 2)
        if shifts is not None and shifts.shape[1] == 2:
            applied = shifts[()][:, ::-1]  # from (row, column)
            self.fragment.motions.append(Motion(_PLANE, applied, timing=self.timing))
        self.add_settings()
        return self.fragment

    def columns_of(self, name: str) -> SparseColumns:
        import numpy as np

        found = sparse_columns(self.estimates, name)
        if found is not None:
            return found
        dense = array(self.estimates, name, 2)
        if dense is None:
            raise DamagedFileError(
                f"{self.fragment.source}: expected a matrix (pixels, components) in estimates/{name}, got none"
            )
        columns, rows = np.nonzero(np.asarray(dense).T)
        bounds = np.searchsorted(columns, np.arange(dense.shape[1] + 1))
        return SparseColumns(np.asarray(dense).T[columns, rows], rows, bounds)

    def quality(self, count: int) -> list[Column]:
        import numpy as np

        columns: list[Column] = []
        good, bad = (self.numbers(key) for key in ("idx_components", "idx_components_bad"))
        if good is not None or bad is not None:
            rows = np.arange(count)
            accepted = np.isin(rows, good) if good is not None else ~np.isin(rows, bad)
            columns.append(Column("accepted", "Whether the component passed the evaluation.", accepted))
        for key, (column, what) in _COLUMNS.items():
            values = array(self.estimates, key, 1)
            if values is not None and len(values) == count:
                columns.append(Column(column, what, values[()]))
        centres = array(self.estimates, "center", 2)
        if centres is not None and centres.shape == (count, len(self.dims)):
            order = [1, 0, *range(2, len(self.dims))]
            columns.append(Column("centroid", "Centre (x, y) of the component.", centres[()][:, order]))
        return columns

    def numbers(self, key: str) -> Any:
        """A list of components, which may be empty; None where there is no list."""
        found = self.estimates.get(key)
        return found[()] if found is not None and found.shape and found.dtype.kind in "iuf" else None

    def add_traces(self, count: int) -> None:
        found = {key: array(self.estimates, key, 2) for key in (*_TRACES, "YrA")}
        if found["C"] is not None and found["YrA"] is not None:
            what = "Fluorescence of each component, the noise included (C + YrA)."
            self.add_trace("raw", _Sum(found["C"], found["YrA"]), _REGIONS, count, what)
        for key, (kind, what) in _TRACES.items():
            if found[key] is not None:
                self.add_trace(kind, found[key], _REGIONS, count, what)

    def add_trace(self, kind: str, values: Any, regions: str, count: int, what: str) -> None:
        if values.shape[0] != count:
            raise DamagedFileError(
                f"{self.fragment.source}: expected {kind} traces of {count} components, got an array of shape {values.shape}"
            )
        self.fragment.traces.append(Trace(kind, regions, swapped(values, 0, 1), self.timing, "n.a.", what))

    def add_background(self) -> None:
        traces = array(self.estimates, "f", 2)
        if array(self.estimates, "b", 2) is None and sparse_columns(self.estimates, "b") is None:
            return
        masks = regions_of_columns(self.columns_of("b"), self.dims, f"{self.fragment.source}: estimates/b")
        self.fragment.regions.append(Regions(_BACKGROUND, _PLANE, masks, (), "Components of the background."))
        if traces is not None:
            self.add_trace("background", traces, _BACKGROUND, len(masks), "Fluorescence of each component of the background.")

    def add_pictures(self) -> None:
        """Images, as such or with their pixels in one line."""
        import numpy as np

        if len(self.dims) != 2:
            return
        height, width = self.dims
        for key, (picture, what) in _PICTURES.items():
            image, line = array(self.estimates, key, 2), array(self.estimates, key, 1)
            if image is not None and image.shape == (height, width):
                self.fragment.pictures.append(Picture(picture, _PLANE, np.asarray(image).T, what))
            elif line is not None and len(line) == height * width:
                self.fragment.pictures.append(Picture(picture, _PLANE, np.asarray(line).reshape(width, height), what))

    def add_settings(self) -> None:
        if "params" not in self.file:
            return
        settings = plain(self.file["params"])
        version = settings.get("data", {}).get("caiman_version")
        if version:
            self.fragment.metadata["was_generated_by"] = [("CaImAn", version)]
        for group in settings.values():
            if isinstance(group, dict):  # paths may name people
                for key in [key for key, value in group.items() if isinstance(value, str) and ("/" in value or "\\" in value)]:
                    del group[key]
        self.fragment.settings["caiman_params"] = json.dumps(settings, indent=1, sort_keys=True)
