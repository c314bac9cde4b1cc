"""What several pictures need: axes, contrast, fewer points than there are samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

__all__ = ["COLOURS", "axes_or_new", "colours_on", "contrast", "show_image", "thinned"]

COLOURS = ("#4fc3f7", "#ffb74d", "#81c784", "#f06292", "#ba68c8", "#fff176", "#e57373", "#4db6ac", "#90a4ae", "#dce775")
# The same hues, to be seen on white.
_DARK = ("#0277bd", "#e65100", "#2e7d32", "#c2185b", "#6a1b9a", "#9a7d0a", "#b71c1c", "#00695c", "#455a64", "#6d7317")
# More points than this along a line nobody sees.
MOST_POINTS = 4000


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The axes that were given, or those of a new figure, which a notebook shows."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def colours_on(ax: Axes) -> tuple[str, ...]:
    """Colours that can be told from the ground of the axes."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(ax.get_facecolor())
    return _DARK if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else COLOURS


def contrast(image: NDArray[Any]) -> tuple[float, float]:
    """Values that become black and white: a few very dark or bright pixels shall not hide the others."""
    import numpy as np

    finite = image[np.isfinite(image)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (1, 99.7))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1)


def show_image(ax: Axes, image: NDArray[Any], cmap: str = "gray") -> None:
    """Draw an image (row, column), or (row, column, colour)."""
    low, high = contrast(image)
    limits: dict[str, Any] = {} if image.ndim == 3 else {"vmin": low, "vmax": high}
    ax.imshow(image, cmap=cmap, interpolation="antialiased", **limits)
    ax.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))


def thinned(times: NDArray[Any], values: NDArray[Any], most: int = MOST_POINTS) -> tuple[NDArray[Any], NDArray[Any]]:
    """A line that looks the same with fewer points: of each stretch of samples the lowest and the highest.

    Parameters
    ----------
    times : (n,) array
    values : (n, lines) array
    """
    import numpy as np

    step = -(-2 * len(values) // most)
    if step < 3:
        return times, values
    whole = len(values) // step
    stretches = values[: whole * step].reshape(whole, step, -1)
    first, last = stretches.min(axis=1), stretches.max(axis=1)
    # In the order in which they came: a rise stays a rise.
    rises = stretches.argmin(axis=1) <= stretches.argmax(axis=1)
    pairs = np.stack([np.where(rises, first, last), np.where(rises, last, first)], axis=1).reshape(2 * whole, -1)
    moments = np.stack([times[: whole * step : step], times[step // 2 : whole * step : step][:whole]], axis=1).reshape(-1)
    return np.concatenate([moments, times[whole * step :]]), np.concatenate([pairs, values[whole * step :]])
