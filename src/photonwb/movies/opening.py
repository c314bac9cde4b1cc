"""One call for movies of every format that can be linked from an NWB file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from photonwb.movies.pages import Pages, movie_of
from photonwb.movies.tiff import TiffPages
from photonwb.movies.video import VideoPages, is_video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photonwb.arrays import LazyArray
    from photonwb.typing import Path as PathLike

__all__ = ["open_movie", "open_pages"]


def open_pages(paths: PathLike | Sequence[PathLike]) -> Pages:
    """The pages of TIFF or video files that continue each other.

    Raises
    ------
    MissingFileError, DamagedFileError
    InvalidValueError
        Pages that are not grey, or not all of the same shape and type.
    ImportError
        The library that reads the format is not installed.
    """
    files = list(cast("Sequence[PathLike]", paths if isinstance(paths, (list, tuple)) else [paths]))
    return VideoPages(files) if files and is_video(Path(files[0])) else TiffPages(files)


def open_movie(paths: PathLike | Sequence[PathLike]) -> LazyArray:
    """The frames of TIFF or video files that continue each other, as a lazy array (time, x, y); see `open_pages`."""
    return movie_of(open_pages(paths))
