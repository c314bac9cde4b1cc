"""One picture of a session: the mean image with its regions of interest, and beside it what some of them did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from photonwb.container import AbstractContainer
    from photonwb.file import NWBFile
    from photonwb.ophys import PlaneSegmentation, RoiResponseSeries

__all__ = ["plot_overview"]

_COLOURS = ("#4fc3f7", "#ffb74d", "#81c784", "#f06292", "#ba68c8", "#fff176", "#e57373", "#4db6ac", "#90a4ae", "#dce775")
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
    data, rows = _liveliest(response, traces)
    figure = Figure(figsize=(13, 5.2), layout="constrained", facecolor=_GROUND)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_regions(left, segmentation, _mean_image(objects), rows)
    _draw_traces(right, response, data, rows)
    for axes in (left, right):
        axes.set_facecolor(_GROUND)
        axes.tick_params(colors=_INK, length=3)
        axes.spines[:].set_visible(False)
        axes.title.set(color=_INK, fontsize=11)
        axes.xaxis.label.set_color(_INK)
        axes.yaxis.label.set_color(_INK)
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
    return min(series, key=lambda item: (not _is_relative(item), item.name.lower().startswith(("deconvolved", "neuropil"))))


def _is_relative(response: RoiResponseSeries) -> bool:
    return getattr(response.parent, "neurodata_type", "") == "DfOverF"


def _mean_image(objects: list[AbstractContainer]) -> NDArray[Any]:
    """The mean image (x, y): as stored, or worked out from the first movie, some frames at a time."""
    import numpy as np

    for item in objects:
        if item.neurodata_type == "GrayscaleImage" and "mean" in item.name.lower():
            return np.asarray(cast("Any", item).data, dtype="f8")
    movie = _first(objects, "TwoPhotonSeries", "OnePhotonSeries")
    if len(movie.data.shape) != 3 or not len(movie.data):
        raise NotFoundError(f"{movie._label()} has no frames of (x, y) to draw")
    frames = len(movie.data)
    step = max(1, _BLOCK_BYTES // max(1, movie.data[:1].nbytes))
    total = np.zeros(movie.data.shape[1:])
    for start in range(0, frames, step):
        total += movie.data[start : start + step].sum(axis=0, dtype="f8")
    return total / frames


def _liveliest(response: RoiResponseSeries, traces: int) -> tuple[NDArray[Any], list[int]]:
    """The traces (time, region) that rise most above their own noise, and the columns that they are."""
    import numpy as np

    data = np.asarray(response.data, dtype="f4")
    data = data.reshape(len(data), -1)
    peaks = np.nanpercentile(data, 99, axis=0) - np.nanmedian(data, axis=0)
    noise = np.nanmedian(np.abs(np.diff(data, axis=0)), axis=0) if len(data) > 1 else np.ones_like(peaks)
    order = np.argsort(-peaks / np.where(noise > 0, noise, np.inf), kind="stable")
    columns = sorted(int(column) for column in order[:traces])
    return data[:, columns], columns


def _draw_regions(axes: Axes, segmentation: PlaneSegmentation, mean: NDArray[Any], columns: Sequence[int]) -> None:
    """The mean image as it is seen, x to the right and y down; those regions whose traces are shown in colour."""
    import numpy as np

    low, high = np.nanpercentile(mean, (1, 99.7))
    axes.imshow(mean.T, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    rois = segmentation.rois
    boxes = rois.bounding_boxes()
    for row, roi in enumerate(rois):
        if not len(roi.weights):
            continue
        shown = row in columns
        colour = _COLOURS[columns.index(row) % len(_COLOURS)] if shown else _INK
        (first, last), coordinates = boxes[row, :, :2], roi.coordinates[:, :2]
        # A margin, so that the outline closes; only as much of the image as the region takes.
        patch = np.zeros(last - first + 2)
        patch[tuple((coordinates - first + 1).T)] = 1
        x, y = (np.arange(start - 1, stop + 1) for start, stop in zip(first, last, strict=True))
        axes.contour(x, y, patch.T, levels=[0.5], colors=[colour], linewidths=1.6 if shown else 0.8, alpha=1 if shown else 0.7)
        if shown:
            axes.annotate(str(row), (last[0], first[1]), color=colour, fontsize=8, fontweight="bold", annotation_clip=True)
    axes.set(xlim=(-0.5, mean.shape[0] - 0.5), ylim=(mean.shape[1] - 0.5, -0.5), xlabel="x (pixels)", ylabel="y (pixels)")
    axes.set_title(f"mean image, {len(rois)} regions")


def _draw_traces(axes: Axes, response: RoiResponseSeries, data: NDArray[Any], columns: Sequence[int]) -> None:
    """Traces above each other in one scale, each in the colour and with the number of its region."""
    import numpy as np

    times = np.asarray(response.get_timestamps())
    spread = float(np.nanmax(np.ptp(data, axis=0), initial=0)) or 1.0
    for place, column in enumerate(reversed(columns)):
        trace = data[:, columns.index(column)]
        colour = _COLOURS[columns.index(column) % len(_COLOURS)]
        axes.plot(times, (trace - np.nanmin(trace)) / spread * 1.6 + place, color=colour, linewidth=1)
    axes.set_yticks(range(len(columns)), [str(column) for column in reversed(columns)])
    for label, column in zip(axes.get_yticklabels(), reversed(columns), strict=True):
        label.set(color=_COLOURS[columns.index(column) % len(_COLOURS)], fontweight="bold", fontsize=8)
    axes.margins(x=0.01)
    what = "ΔF/F" if _is_relative(response) else response.name
    axes.set(xlabel="time (s)", title=f"{what} of the {len(columns)} liveliest regions")
    unit = "" if response.unit.lower() in ("n.a.", "na", "a.u.", "unknown") else response.unit
    _draw_scale(axes, spread, "ΔF/F" if _is_relative(response) else unit)


def _draw_scale(axes: Axes, spread: float, unit: str) -> None:
    """A bar at the right that says how much a trace rises."""
    import math

    exponent = math.floor(math.log10(spread))
    value = max(step * 10**exponent for step in (0.5, 1, 2, 5) if step * 10**exponent <= spread)
    height = value / spread * 1.6
    top = axes.get_ylim()[1]
    x = 1.02
    axes.plot([x, x], [top - height, top], color=_INK, linewidth=2, transform=axes.get_yaxis_transform(), clip_on=False)
    text = f"{value:g} {unit}".strip()
    axes.text(
        x + 0.012, top - height / 2, text, transform=axes.get_yaxis_transform(), color=_INK, rotation=90, va="center", fontsize=8
    )
