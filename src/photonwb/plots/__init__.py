"""Pictures of what a file holds, with matplotlib, which is imported when a picture is drawn."""

from photonwb.plots.motion import plot_motion
from photonwb.plots.overview import plot_overview
from photonwb.plots.regions import plot_rois
from photonwb.plots.summary import plot_summary
from photonwb.plots.traces import plot_traces

__all__ = ["plot_motion", "plot_overview", "plot_rois", "plot_summary", "plot_traces"]
