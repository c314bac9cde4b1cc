"""Images that sum up a movie, side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from photonwb.axis_order import image_rows
from photonwb.errors import NotFoundError
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
        The images of a container, or all that the containers of a file hold; or images (row, column) by name, for example those
        that `projections.project` makes of `series.frames`.
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
    images = _images_of(source)
    if not images:
        raise NotFoundError("there are no images to draw: give some, by name")
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    if figure is None:
        from matplotlib import pyplot as plt

        height, width = next(iter(images.values())).shape[:2]
        figure = plt.figure(layout="constrained", figsize=(4.2 * columns, min(8.0, 3.6 * height / width + 0.4) * rows))
    grid = cast("list[Axes]", list(figure.subplots(rows, columns, squeeze=False).flat))
    for ax, (name, image) in zip(grid, images.items(), strict=False):
        show_image(ax, image)
        ax.set(title=name, xticks=[], yticks=[])
        if image.ndim == 2:
            bar = figure.colorbar(ax.images[0], cax=ax.inset_axes((1.02, 0, 0.035, 1)))
            bar.ax.tick_params(labelsize=7)
            bar.outline.set_visible(False)  # type: ignore[operator] - a spine
    for ax in grid[len(images) :]:
        ax.remove()
    return grid[: len(images)]


def _images_of(source: Any) -> dict[str, NDArray[Any]]:
    """Images of rows and columns, by name."""
    import numpy as np

    if not hasattr(source, "neurodata_type"):
        return {str(name): np.asarray(image) for name, image in source.items()}
    holders = [item for item in source.all_children() if item.neurodata_type == "Images"]
    return {
        image.name if len(holders) == 1 else f"{holder.name}/{image.name}": image_rows(image)
        for holder in holders
        for image in holder.images.values()
    }
