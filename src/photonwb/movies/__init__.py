"""Movies in files of other formats, as lazy arrays in the order of the standard; nothing of NWB in sight."""

from __future__ import annotations

from photonwb.movies.opening import open_movie, open_pages
from photonwb.movies.pages import PageMovie, Pages, movie_of
from photonwb.movies.tiff import TiffPages, in_natural_order, tiff_files
from photonwb.movies.writing import write_tiff, write_video

__all__ = [
    "PageMovie",
    "Pages",
    "TiffPages",
    "in_natural_order",
    "movie_of",
    "open_movie",
    "open_pages",
    "tiff_files",
    "write_tiff",
    "write_video",
]
