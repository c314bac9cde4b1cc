"""The motion of the tissue that a correction found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidValueError
from photonwb.plots.drawing import axes_or_new, thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from photonwb.base import TimeSeries
    from photonwb.ophys import CorrectedImageStack

__all__ = ["plot_motion"]

_COLOURS = ("#1f9ed1", "#e8811a", "#4a9d4e")


def plot_motion(stack: CorrectedImageStack | TimeSeries, *, ax: Axes | None = None) -> Axes:
    """Draw the shift of each frame along x and y.

    Parameters
    ----------
    stack : CorrectedImageStack or TimeSeries
        The correction of a movie, or its `xy_translation`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidValueError
        The shifts are not of shape (time, 2) or (time, 3).
    """
    import numpy as np

    series: Any = getattr(stack, "xy_translation", stack)
    values = np.asarray(series.data, dtype="f8")
    if values.ndim != 2 or values.shape[1] not in (2, 3) or not len(values):
        raise InvalidValueError(f"{series._label()}.data: expected shifts of shape (time, 2), got {values.shape}")
    ax = axes_or_new(ax, (9, 3))
    times, lines = thinned(np.asarray(series.get_timestamps(), dtype="f8"), values)
    for axis, line, colour in zip("xyz", lines.T, _COLOURS, strict=False):
        ax.plot(times, line, color=colour, linewidth=0.9, label=f"{axis} (σ {np.nanstd(line):.2g})")
    ax.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    ax.margins(x=0.01)
    if not np.nan_to_num(values).any():
        ax.set_ylim(-1, 1)  # where nothing moved, no scale of thousandths
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=8, frameon=False, ncols=3)
    ax.set(xlabel="time (s)", ylabel=f"shift ({series.unit})", title=f"motion of {len(values)} frames")
    return ax
