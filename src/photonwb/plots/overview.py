"""One picture of a session: the mean image with its regions of interest, and some of their traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError

if TYPE_CHECKING:
    from photonwb.ophys import PlaneSegmentation, RoiResponseSeries

__all__ = ["plot_overview"]


def plot_overview(nwbfile: Any, traces: int = 8) -> Any:
    """Draw the mean of the first movie with the outlines of the first table of regions, beside some of their traces.

    Parameters
    ----------
    nwbfile : NWBFile
    traces : int
        How many traces to draw.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFoundError
        The file has no movie, no regions of interest or no traces.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    objects = nwbfile.all_children()
    movie = _first(objects, "TwoPhotonSeries", "OnePhotonSeries")
    regions = cast("PlaneSegmentation", _first(objects, "PlaneSegmentation"))
    responses = cast("RoiResponseSeries", _first(objects, "RoiResponseSeries"))
    mean = sum(block.sum(axis=0, dtype="f8") for block in _blocks(movie.data)) / len(movie.data)

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained", width_ratios=(1, 1.4))
    left.imshow(mean.T, cmap="gray", origin="upper")
    colours = plt.get_cmap("tab20")
    for number in range(len(regions)):
        mask = np.zeros(mean.shape, bool)
        pixels = regions.rois[number]
        mask[pixels["x"], pixels["y"]] = True
        left.contour(mask.T, levels=[0.5], colors=[colours(number % 20)], linewidths=1)
    left.set(title=f"{movie.name}: mean of {len(movie.data)} frames, {len(regions)} regions", xlabel="x (pixels)", ylabel="y (pixels)")

    data = np.asarray(responses.data[:, :traces], dtype=float)
    times = np.asarray(responses.get_timestamps())
    spread = float(np.nanmax(np.ptp(data, axis=0))) or 1.0
    for number in range(data.shape[1]):
        right.plot(times, (data[:, number] - data[:, number].min()) / spread + number, color=colours(number % 20), linewidth=0.8)
    right.set(title=f"{responses.name} ({responses.unit})", xlabel="time (s)", ylabel="region", yticks=range(data.shape[1]))
    right.spines[["top", "right"]].set_visible(False)
    return figure


def _blocks(data: Any, frames: int = 64) -> Any:
    for start in range(0, len(data), frames):
        yield data[start : start + frames]


def _first(objects: list[Any], *types: str) -> Any:
    for item in objects:
        if item.neurodata_type in types:
            return item
    raise NotFoundError(f"the file has no {' or '.join(types)} to draw")
