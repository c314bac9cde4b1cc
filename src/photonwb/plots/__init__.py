"""Pictures of what a file holds, with matplotlib, which is imported when a picture is drawn."""

from photonwb.plots.overview import plot_overview

__all__ = ["plot_overview"]
