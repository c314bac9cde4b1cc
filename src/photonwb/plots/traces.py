"""Signals of regions over time: lines above each other where they are few, a heat map where they are many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError, NotFoundError
from photonwb.plots.drawing import axes_or_new, colours_on, thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from photonwb.ophys import RoiResponseSeries

__all__ = ["plot_traces"]

MOST_LINES = 50
MOST_COLUMNS = 2000  # of a heat map
MOST_ROWS = 500
_BLOCK_BYTES = 32 << 20


def plot_traces(
    series: RoiResponseSeries,
    rois: Sequence[int] | None = None,
    *,
    start: float | None = None,
    stop: float | None = None,
    colours: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the signals of regions against time.

    Up to 50 are lines in one scale, the first one on top, with a bar that says how much they rise. More are the rows of a heat
    map, each between its 1st and 99th percentile; of thousands, a row is the mean of neighbours.

    Parameters
    ----------
    series : RoiResponseSeries
    rois : sequence of int, optional
        Columns of the data, in the order in which they are drawn; all by default.
    start, stop : float, optional
        Seconds to begin and to end at; all by default.
    colours : sequence of str
        One after the other for the lines; by default some that can be told from the ground.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    NotFoundError
        The series has no samples in that time.
    """
    import numpy as np

    data: Any = series.data
    shape = np.shape(data)
    if len(shape) not in (1, 2):
        raise InvalidValueError(f"{series._label()}.data: expected shape (time,) or (time, regions), got {shape}")
    columns = list(range(shape[1] if len(shape) == 2 else 1)) if rois is None else [int(column) for column in rois]
    times = np.asarray(series.get_timestamps(), dtype="f8")
    first = 0 if start is None else int(np.searchsorted(times, start))
    last = len(times) if stop is None else int(np.searchsorted(times, stop, side="right"))
    if first >= last or not columns:
        raise NotFoundError(f"{series._label()} has no samples to draw between {start} and {stop} s")
    ax = axes_or_new(ax, (9, 5))
    if len(columns) <= MOST_LINES:
        values = _picked(data, slice(first, last), columns)
        _draw_lines(ax, times[first:last], values, columns, colours or colours_on(ax), _unit(series))
    else:
        _draw_map(ax, *_binned(data, times, first, last, columns), columns)
    what = "ΔF/F" if is_relative(series) else series.name
    ax.set(xlabel="time (s)", title=f"{what} of {len(columns)} region{'' if len(columns) == 1 else 's'}")
    return ax


def is_relative(series: RoiResponseSeries) -> bool:
    """Whether signals are relative changes."""
    return getattr(series.parent, "neurodata_type", "") == "DfOverF"


def _unit(series: RoiResponseSeries) -> str:
    if is_relative(series):
        return "ΔF/F"
    return "" if series.unit.lower() in ("n.a.", "na", "a.u.", "unknown") else series.unit


def _picked(data: Any, rows: slice, columns: Sequence[int]) -> NDArray[Any]:
    """Some columns, as (time, column)."""
    import numpy as np

    if np.ndim(data) == 1:
        return np.asarray(data[rows], dtype="f8").reshape(-1, 1)
    low, high = min(columns), max(columns) + 1
    return np.asarray(data[rows, low:high], dtype="f8")[:, [column - low for column in columns]]


def _draw_lines(
    ax: Axes, times: NDArray[Any], values: NDArray[Any], columns: Sequence[int], colours: Sequence[str], unit: str
) -> None:
    import numpy as np
    from matplotlib.collections import LineCollection

    times, values = thinned(times, values)
    finite = np.where(np.isfinite(values), values, np.nan)
    # fmin and fmax pass over NaN, and are silent where there is nothing else.
    lowest = np.fmin.reduce(finite, axis=0)
    spread = float(np.nan_to_num(np.fmax.reduce(np.fmax.reduce(finite, axis=0) - lowest))) or 1.0
    heights = (finite - lowest) / spread * 1.6 + np.arange(len(columns))[::-1]
    shades = [colours[place % len(colours)] for place in range(len(columns))]
    lines = [np.column_stack([times, height]) for height in heights.T]
    ax.add_collection(LineCollection(lines, colors=shades, linewidths=1))
    ax.set_yticks(range(len(columns)), [str(column) for column in reversed(columns)])
    for label, shade in zip(ax.get_yticklabels(), reversed(shades), strict=True):
        label.set(color=shade, fontweight="bold", fontsize=8)
    margin = 0.01 * (times[-1] - times[0]) or 0.5
    ax.set(
        xlim=(times[0] - margin, times[-1] + margin),
        ylim=(-0.3, max(len(columns) - 0.2, float(np.fmax.reduce(heights, axis=None, initial=0)) + 0.2)),
    )
    _draw_scale(ax, spread, unit)


def _draw_scale(ax: Axes, spread: float, unit: str) -> None:
    """A bar at the right that says how much a trace rises."""
    exponent = math.floor(math.log10(spread))
    value = max(step * 10.0**exponent for step in (0.5, 1, 2, 5) if step * 10.0**exponent <= spread)
    height = value / spread * 1.6
    top = ax.get_ylim()[1]
    x, across = 1.02, ax.get_yaxis_transform()
    ink = ax.xaxis.label.get_color()
    ax.plot([x, x], [top - height, top], color=ink, linewidth=2, transform=across, clip_on=False)
    text = f"{value:g} {unit}".strip()
    ax.text(x + 0.012, top - height / 2, text, transform=across, color=ink, rotation=90, va="center", fontsize=8)


def _binned(data: Any, times: NDArray[Any], first: int, last: int, columns: Sequence[int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Means of stretches of samples (region, stretch), and the times at which the stretches begin, with the end of the last."""
    import numpy as np

    step = max(1, math.ceil((last - first) / MOST_COLUMNS))
    rows = step * max(1, _BLOCK_BYTES // (8 * step * max(1, max(columns) + 1 - min(columns))))
    means: list[NDArray[Any]] = []
    for start in range(first, last, rows):
        values = _picked(data, slice(start, min(start + rows, last)), columns)
        starts = np.arange(0, len(values), step)
        counts = np.diff(np.append(starts, len(values)))[:, np.newaxis]
        means.append(np.add.reduceat(values, starts, axis=0) / counts)
    return np.concatenate(means).T, np.array([times[first], times[last - 1]])


def _draw_map(ax: Axes, means: NDArray[Any], times: NDArray[Any], columns: Sequence[int]) -> None:
    import numpy as np

    some = means[:, :: max(1, means.shape[1] // 400)]  # as good for percentiles, and faster
    low, high = np.percentile(np.where(np.isfinite(some), some, 0), (1, 99), axis=1, keepdims=True)
    scaled = (means - low) / np.where(high > low, high - low, 1)
    limits, names = (0.0, 1.0), ("1 %", "99 %")
    step = -(-len(scaled) // MOST_ROWS)
    if step > 1:
        # The mean of neighbours, which are not all active at once, is within less than the range of each.
        starts = np.arange(0, len(scaled), step)
        scaled = np.add.reduceat(scaled, starts) / np.diff(np.append(starts, len(scaled)))[:, np.newaxis]
        finite = scaled[np.isfinite(scaled)]
        limits, names = np.percentile(finite, (1, 99.5)) if finite.size else limits, ("low", "high")
    half = 0.5 * (times[1] - times[0]) / max(1, means.shape[1] - 1)
    extent = (times[0] - half, times[1] + half, len(columns) - 0.5, -0.5)
    drawn = ax.imshow(
        scaled, aspect="auto", cmap="magma", vmin=limits[0], vmax=limits[1], extent=extent, interpolation="antialiased"
    )
    ax.set_ylabel("region" if columns == list(range(len(columns))) else "region, in the order given")
    bar = ax.figure.colorbar(drawn, ax=ax, pad=0.01, aspect=40)
    bar.set_ticks(list(limits), labels=names)
