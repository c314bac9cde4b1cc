"""Movies beside the NWB file instead of in it: reading them as if they were inside, taking them in, putting them out.

The paths in `external_file` are relative to the NWB file, so that a folder can be moved as a whole.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.arrays.shapes import shape_of
from photonwb.errors import InvalidValueError, MissingFileError, UntrustedLinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photonwb.arrays import LazyArray
    from photonwb.image import ImageSeries
    from photonwb.typing import Path as PathLike

__all__ = ["external_movie", "externalize", "internalize", "link_arguments", "relative_links"]


def external_movie(series: ImageSeries, folder: PathLike | None = None) -> LazyArray:
    """The frames of a series that are in external files, in the order of the standard.

    Parameters
    ----------
    series : ImageSeries
    folder : path, optional
        What relative paths start from; the folder of the NWB file by default, or the current one before there is a file.

    Returns
    -------
    LazyArray, shape (time, x, y)
        Read where it is indexed.

    Raises
    ------
    InvalidValueError
        The series has no external files, or they hold another number of frames than it says.
    MissingFileError
        A file is not where the series says it is.
    ImportError
        The library that reads the format is not installed.
    """
    from photonwb.movies import open_movie

    if series.external_file is None:
        raise InvalidValueError(f"{series._label()}.external_file: the frames are in the file itself")
    paths = _found(series, _folder_of(series) if folder is None else Path(folder))
    movie = open_movie(paths)
    expected = series._sample_count()
    if expected is not None and expected != len(movie):
        raise InvalidValueError(f"{series._label()}: expected {expected} frames in {movie.source.description}, got {len(movie)}")
    return movie


def _found(series: ImageSeries, folder: Path) -> list[Path]:
    found: list[Path] = []
    for name in cast("tuple[str, ...]", series.external_file):
        if "://" in name:
            raise InvalidValueError(f"{series._label()}.external_file: {name} is not on this machine; download it first")
        # A file written on Windows says folder\movie.tif.
        path = next((path for path in (folder / name, folder / name.replace("\\", "/")) if path.is_file()), None)
        if path is None and series.container_source and "://" in series.container_source:
            raise InvalidValueError(f"{series._label()}.external_file: {name} is beside {series.container_source}: download both")
        if path is None:
            raise MissingFileError(f"{series._label()}.external_file: there is no {name} in {folder}")
        if series._stored is not None and not series._stored.may_open(str(path)):
            raise UntrustedLinkError(
                f"{series._label()}.external_file: {path} is outside of the folder of {series._stored.location}: not opened; "
                "open the file with trusted=True if you know who made it"
            )
        found.append(path)
    return found


def _folder_of(series: ImageSeries) -> Path:
    source = series.container_source
    return Path(source).parent if source else Path()


def link_arguments(paths: Sequence[PathLike], folder: PathLike | None = None) -> dict[str, Any]:
    """What a series needs to know of external files: arguments of `ImageSeries` and the classes made from it.

    Parameters
    ----------
    paths : sequence of path
        TIFF or video files that continue each other.
    folder : path, optional
        Where the NWB file is going to be; with it the paths become relative.

    Returns
    -------
    dict
        external_file, starting_frame, num_samples, dimension and format.
    """
    from photonwb.movies import open_pages

    pages = open_pages(paths)
    names = [str(path) for path in paths] if folder is None else [_relative(Path(path), Path(folder)) for path in paths]
    rows, columns = pages.shape
    return {
        "external_file": tuple(names),
        "starting_frame": [sum(pages.counts[:place]) for place in range(len(pages.counts))],
        "num_samples": pages.count,
        "dimension": [columns, rows],
        "format": "external",
    }


def relative_links(series: ImageSeries, folder: PathLike) -> None:
    """Make the paths of external files relative to the folder where the NWB file is going to be."""
    base = _folder_of(series)
    names = tuple(name if "://" in name else _relative(base / name, Path(folder)) for name in series.external_file or ())
    if names:
        series.external_file = names


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return str(path.absolute())


def internalize(series: ImageSeries, folder: PathLike | None = None) -> None:
    """Take the frames of external files in: they become data of the series, and are read when the NWB file is written.

    Parameters
    ----------
    series : ImageSeries
    folder : path, optional
        See `external_movie`.
    """
    series.data = external_movie(series, folder)
    if series.starting_time is None and series.timestamps is None and series.rate is not None:
        series.starting_time = 0.0
    for field in ("external_file", "starting_frame", "num_samples"):
        setattr(series, field, None)
    series.format = "raw"


def externalize(
    series: ImageSeries,
    path: PathLike,
    folder: PathLike | None = None,
    *,
    compression: str | None = None,
    overwrite: bool = False,
) -> None:
    """Put the frames out into a BigTIFF, page by page, and link that.

    Parameters
    ----------
    series : ImageSeries
        With data (time, x, y).
    path : path
        The TIFF to write.
    folder : path, optional
        Where the NWB file is, or is going to be: the link is relative to it. By default where the file of the series is, or else
        the folder of the TIFF.
    compression : str, optional
        A name that tifffile knows, such as "zlib".
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    InvalidValueError
        The series has no frames of its own, or is a volume.
    """
    from photonwb.movies import write_tiff

    shape = shape_of(series.data)
    if series.external_file is not None or shape is None or len(shape) != 3:
        raise InvalidValueError(f"{series._label()}.data: expected frames (time, x, y) to put out, got shape {shape}")
    write_tiff(path, series.data, series.rate, compression, overwrite=overwrite)
    if folder is None:
        folder = _folder_of(series) if series.container_source else Path(path).parent
    arguments = link_arguments([path], folder)
    series.data = type(series).DEFAULT_DATA
    for field, value in arguments.items():
        setattr(series, field, value)
