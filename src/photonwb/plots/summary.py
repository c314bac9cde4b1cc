"""Images that sum up a movie, side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import NotFoundError
from photonwb.layouts.axis_order import image_rows
from photonwb.plots.drawing import show_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from photonwb.base import Images
    from photonwb.file import NWBFile

__all__ = ["plot_summary"]


def plot_summary(source: NWBFile | Images | Mapping[str, Any], *, figure: Figure | None = None) -> list[Axes]:
    """Draw summary images, each in its own axes with its own contrast.

    Parameters
    ----------
    source : NWBFile, Images or dict
        The images of a container, or all that the containers of a file hold, a row for each; or images (row, column) by name,
        for example those that `projections.project` makes of `series.frames`.
    figure : Figure, optional
        Where to draw; a new one by default.

    Returns
    -------
    list of Axes

    Raises
    ------
    NotFoundError
        There are no images.
    """
    groups = _images_of(source)
    if not groups:
        raise NotFoundError("there are no images to draw: give some, by name")
    longest = max(map(len, groups.values()))
    columns = math.ceil(math.sqrt(longest)) if len(groups) == 1 else min(longest, 4)
    rows = math.ceil(longest / columns)
    if figure is None:
        from matplotlib import pyplot as plt

        height, width = next(iter(next(iter(groups.values())).values())).shape[:2]
        figure = plt.figure(
            layout="constrained", figsize=(4.2 * columns, min(8.0, 3.4 * height / width + 0.6) * rows * len(groups))
        )
    drawn: list[Axes] = []
    parts: list[Any] = [figure] if len(groups) == 1 else list(figure.subfigures(len(groups), 1, squeeze=False).flat)
    for part, (group, images) in zip(parts, groups.items(), strict=True):
        grid = cast("list[Axes]", list(part.subplots(rows, columns, squeeze=False).flat))
        if group:
            part.suptitle(group, fontweight="bold")
        for ax, (name, image) in zip(grid, images.items(), strict=False):
            _draw(ax, name, image)
        for ax in grid[len(images) :]:
            ax.remove()
        drawn += grid[: len(images)]
    return drawn


def _draw(ax: Axes, name: str, image: NDArray[Any]) -> None:
    show_image(ax, image)
    ax.set(title=name, xticks=[], yticks=[])
    if image.ndim == 2:
        bar = ax.figure.colorbar(ax.images[0], ax=ax, fraction=0.045, pad=0.02)
        bar.ax.tick_params(labelsize=7)
        bar.outline.set_visible(False)  # type: ignore[operator] - a spine


def _images_of(source: Any) -> dict[str, dict[str, NDArray[Any]]]:
    """Images of rows and columns, by name, and these by the name of what holds them, "" where there is only one."""
    import numpy as np

    if not hasattr(source, "neurodata_type"):
        images = {str(name): np.asarray(image) for name, image in source.items()}
        return {"": images} if images else {}
    holders = [item for item in source.all_children() if item.neurodata_type == "Images" and len(item.images)]
    return {
        holder.name if len(holders) > 1 else "": {image.name: image_rows(image) for image in holder.images.values()}
        for holder in sorted(holders, key=lambda holder: holder.name)
    }
