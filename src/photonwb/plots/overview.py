"""One picture of a session: the mean image with its regions of interest, and beside it what some of them did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError
from photonwb.layouts.axis_order import image_rows
from photonwb.plots.regions import plot_rois
from photonwb.plots.traces import is_relative, plot_traces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.ophys import PlaneSegmentation, RoiResponseSeries

__all__ = ["plot_overview"]

_GROUND, _INK = "#14171c", "#d7dce2"
_BLOCK_BYTES = 32 << 20


def plot_overview(nwbfile: NWBFile, traces: int = 10) -> Figure:
    """Draw the mean image of the first table of regions with their outlines, and the liveliest traces beside it.

    Parameters
    ----------
    nwbfile : NWBFile
    traces : int
        How many traces to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Has its own canvas: `figure.savefig("overview.png")`.

    Raises
    ------
    NotFoundError
        The file has no regions of interest, no image of them, or no traces.
    ImportError
        There is no matplotlib.
    """
    from matplotlib.figure import Figure

    objects = list(_walk(nwbfile))
    segmentation = cast("PlaneSegmentation", _first(objects, "PlaneSegmentation"))
    response = _response_of(segmentation, objects)
    rows = _liveliest(response, traces)
    figure = Figure(figsize=(13, 5.2), layout="constrained", facecolor=_GROUND)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    for axes in (left, right):
        axes.set_facecolor(_GROUND)
        axes.tick_params(colors=_INK, length=3)
        axes.spines[:].set_visible(False)
        axes.title.set(color=_INK, fontsize=11)
        axes.xaxis.label.set_color(_INK)
        axes.yaxis.label.set_color(_INK)
    plot_rois(segmentation, _mean_image(objects), rows=[_row_of(response, column) for column in rows], ax=left)
    left.set_title(f"mean image, {len(segmentation)} regions")
    plot_traces(response, rows, ax=right)
    right.set_title(f"{'ΔF/F' if is_relative(response) else response.name} of the {len(rows)} liveliest regions")
    return figure


def _walk(item: AbstractContainer) -> Iterator[AbstractContainer]:
    yield item
    for child in item.children:
        yield from _walk(child)


def _first(objects: list[AbstractContainer], *types: str) -> Any:
    """The first object of the first of some types that there is."""
    for neurodata_type in types:
        for item in objects:
            if item.neurodata_type == neurodata_type:
                return item
    raise NotFoundError(f"the file has no {' or '.join(types)} to draw")


def _response_of(segmentation: PlaneSegmentation, objects: list[AbstractContainer]) -> RoiResponseSeries:
    """The signals of a table of regions that say most to the eye."""
    found = [item for item in objects if item.neurodata_type == "RoiResponseSeries"]
    series = [item for item in cast("list[RoiResponseSeries]", found) if item.rois.table is segmentation]
    if not series:
        raise NotFoundError(f"the file has no RoiResponseSeries of {segmentation._label()} to draw")
    return min(series, key=lambda item: (not is_relative(item), item.name.lower().startswith(("deconvolved", "neuropil"))))


def _mean_image(objects: list[AbstractContainer]) -> NDArray[Any]:
    """The mean image (row, column): as stored, or worked out from the first movie, some frames at a time."""
    import numpy as np

    for item in objects:
        if item.neurodata_type == "GrayscaleImage" and "mean" in item.name.lower():
            return image_rows(item).astype("f8")
    movie = _first(objects, "TwoPhotonSeries", "OnePhotonSeries")
    if len(movie.data.shape) != 3 or not len(movie.data):
        raise NotFoundError(f"{movie._label()} has no frames of (x, y) to draw")
    frames = len(movie.data)
    step = max(1, _BLOCK_BYTES // max(1, movie.data[:1].nbytes))
    total = np.zeros(movie.data.shape[1:])
    for start in range(0, frames, step):
        total += movie.data[start : start + step].sum(axis=0, dtype="f8")
    mean = total / frames
    return mean.T if movie.axis_order.order == "xy" else mean


def _row_of(response: RoiResponseSeries, column: int) -> int:
    """The row of the table of regions that a column of the data belongs to."""
    return int(response.rois.data[column])


def _liveliest(response: RoiResponseSeries, traces: int) -> list[int]:
    """The columns of the traces that rise most above their own noise."""
    import numpy as np

    data = np.asarray(response.data, dtype="f4")
    data = data.reshape(len(data), -1)
    peaks = np.nanpercentile(data, 99, axis=0) - np.nanmedian(data, axis=0)
    noise = np.nanmedian(np.abs(np.diff(data, axis=0)), axis=0) if len(data) > 1 else np.ones_like(peaks)
    order = np.argsort(-peaks / np.where(noise > 0, noise, np.inf), kind="stable")
    return sorted(int(column) for column in order[:traces])
