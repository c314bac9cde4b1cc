"""Regions of interest on an image: as lines where they are few, as one more image where they are thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidValueError
from photonwb.plots.drawing import COLOURS, axes_or_new, show_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from photonwb.ophys import PlaneSegmentation
    from photonwb.regions.rois import RoiSet

__all__ = ["plot_rois"]

# From here on lines take too long to draw, and numbers cover what they are of.
MOST_LINES = 500
MOST_LABELS = 60
# Opacity of what is inside of outlines that are pixels themselves.
INSIDE = 0.4


def plot_rois(
    rois: PlaneSegmentation | RoiSet,
    image: Any = None,
    *,
    rows: Sequence[int] | None = None,
    colours: Sequence[str] = COLOURS,
    labels: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the outlines of regions, x to the right and y down.

    Parameters
    ----------
    rois : PlaneSegmentation or RoiSet
        Regions of a plane; of a volume their outline as seen from above.
    image : array-like, shape (row, column), optional
        What they are drawn on, for example `series.frames[0]`, or `mean.data[:].T` of an image.
    rows : sequence of int, optional
        The regions to draw in colour; the others are grey. By default all are in colour.
    colours : sequence of str
        One after the other for the regions in colour.
    labels : bool, optional
        Whether to write the number of each region in colour beside it; by default where there are at most 60.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidValueError
        There is neither an image nor a region, so that nothing tells how large the picture is.
    """
    regions = _regions_of(rois)
    ground = _ground(regions, image)
    height, width = ground.shape[:2]
    across = 6.4 if len(regions) <= MOST_LINES else 10.0
    ax = axes_or_new(ax, (across, min(1.4 * across, 0.94 * across * height / width + 0.6)))
    show_image(ax, ground)
    chosen = list(range(len(regions)) if rows is None else rows)
    palette = _palette(len(regions), chosen, colours)
    if len(regions) <= MOST_LINES:
        _draw_lines(ax, regions, palette, set(chosen))
    else:
        _draw_overlay(ax, regions, palette, (width, height))
    if labels or (labels is None and len(chosen) <= MOST_LABELS):
        _draw_labels(ax, regions, chosen, palette)
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)")
    return ax


def _regions_of(rois: PlaneSegmentation | RoiSet) -> RoiSet:
    """Regions with x to the right, also of a table that has it otherwise."""
    if not hasattr(rois, "colnames"):
        return cast("RoiSet", rois)
    table = cast("PlaneSegmentation", rois)
    return table.rois if table.axis_order.is_standard else table.masks.rois


def _ground(regions: RoiSet, image: Any) -> NDArray[Any]:
    """What the regions are drawn on: the image, or black where there is none."""
    import numpy as np

    if image is not None:
        return np.asarray(image)
    if regions.image_shape is None and not len(regions):
        raise InvalidValueError("plot_rois: no regions and no image: give an image to draw on")
    width, height = (regions.image_shape or regions.bounding_boxes()[:, 1].max(axis=0))[:2]
    return np.zeros((height, width))


def _palette(count: int, chosen: Sequence[int], colours: Sequence[str]) -> NDArray[Any]:
    """The colour (red, green, blue, opacity) of each region."""
    import numpy as np
    from matplotlib.colors import to_rgba_array

    palette = np.tile(to_rgba_array("#d7dce2", 0.55), (count, 1))
    cycle = to_rgba_array(list(colours))
    for place, row in enumerate(chosen):
        palette[row] = cycle[place % len(cycle)]
    return palette


def _draw_lines(ax: Axes, regions: RoiSet, palette: NDArray[Any], chosen: set[int]) -> None:
    import numpy as np
    from matplotlib.collections import LineCollection

    segments, owners = _edges(regions)
    widths = np.where(np.isin(np.arange(len(regions)), list(chosen)), 1.4, 0.8)
    ax.add_collection(
        LineCollection(list(segments), colors=palette[owners], linewidths=widths[owners], capstyle="projecting"), autolim=False
    )


def _edges(regions: RoiSet) -> tuple[NDArray[Any], NDArray[Any]]:
    """Sides of pixels beyond which a region ends: their two ends (n, 2, 2) as x and y, and the region of each."""
    import numpy as np

    x, y, rows, keys, width = _pixels(regions)
    sides = [  # the neighbour, and the corners of the side towards it
        (-width, ((-0.5, -0.5), (-0.5, 0.5))),
        (width, ((0.5, -0.5), (0.5, 0.5))),
        (-1, ((-0.5, -0.5), (0.5, -0.5))),
        (1, ((-0.5, 0.5), (0.5, 0.5))),
    ]
    segments: list[NDArray[Any]] = []
    owners: list[NDArray[Any]] = []
    for step, corners in sides:
        outside = ~_are_in(keys, keys + step)
        centre = np.stack([x[outside], y[outside]], axis=1).astype(float)
        segments.append(centre[:, np.newaxis] + np.array(corners))
        owners.append(rows[outside])
    return np.concatenate(segments), np.concatenate(owners)


def _pixels(regions: RoiSet) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], int]:
    """x, y and region of each pixel, each once; a number for it that neighbours differ from by 1 or by the last number."""
    import numpy as np

    values = regions.values
    x, y = values["x"].astype(np.int64), values["y"].astype(np.int64)
    rows = np.repeat(np.arange(len(regions)), regions.areas())
    # A margin of one pixel keeps the neighbours of a pixel at the border from being those of another line or region.
    width, height = int(y.max(initial=0)) + 3, int(x.max(initial=0)) + 3
    keys, first = np.unique((rows * height + x + 1) * width + y + 1, return_index=True)
    return x[first], y[first], rows[first], keys, width


def _are_in(keys: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
    """Which of some numbers are among others, which are in rising order."""
    import numpy as np

    if not len(keys):
        return np.zeros(len(wanted), bool)
    places = np.searchsorted(keys, wanted)
    return keys[np.minimum(places, len(keys) - 1)] == wanted


def _draw_overlay(ax: Axes, regions: RoiSet, palette: NDArray[Any], shape: tuple[int, int]) -> None:
    """All regions as one image over the other: their outermost pixels, and what is inside with less colour."""
    import numpy as np

    x, y, rows, keys, width = _pixels(regions)
    is_inner = np.logical_and.reduce([_are_in(keys, keys + step) for step in (-1, 1, -width, width)])
    is_shown = (x < shape[0]) & (y < shape[1])
    overlay = np.zeros((shape[1], shape[0], 4))
    for part, opacity in ((is_inner & is_shown, INSIDE), (~is_inner & is_shown, 1.0)):
        overlay[y[part], x[part]] = palette[rows[part]] * (1, 1, 1, opacity)
    ax.imshow(overlay)  # antialiased: thin outlines survive where the picture has fewer pixels than the image


def _draw_labels(ax: Axes, regions: RoiSet, chosen: Sequence[int], palette: NDArray[Any]) -> None:
    from matplotlib.patheffects import withStroke

    boxes = regions.bounding_boxes()
    for row in chosen:
        if boxes[row, 1].any():
            place = (boxes[row, 1, 0] - 0.5, boxes[row, 0, 1] - 0.5)
            text = ax.annotate(str(row), place, color=palette[row], fontsize=8, fontweight="bold", annotation_clip=True)
            text.set_path_effects([withStroke(linewidth=2, foreground="black")])  # to be read on any image
