"""Movies out, page by page: as BigTIFF, and as a video to look at."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from photonwb.typing import DuckArray
    from photonwb.typing import Path as PathLike

__all__ = ["write_tiff", "write_video"]

SAMPLED_FRAMES = 50
BLOCK = 16 << 20


def write_tiff(
    path: PathLike, movie: DuckArray, rate: float | None = None, compression: str | None = None, *, overwrite: bool = False
) -> None:
    """Write a movie as BigTIFF, one page for each frame; the planes of a volume follow each other.

    Parameters
    ----------
    path : path
    movie : array, shape (time, x, y) or (time, x, y, z)
        In the order of the standard; the pages have rows and columns.
    rate : float, optional
        Frames per second, noted for ImageJ's users.
    compression : str, optional
        A name that tifffile knows, such as "zlib"; uncompressed by default.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    ExistingFileError
    InvalidValueError
        The shape is not that of a movie.
    """
    try:
        import tifffile
    except ImportError as error:
        raise ImportError("TIFF files need tifffile: pip install 'photonwb[tiff]'") from error

    shape = _checked_shape(path, movie, (3, 4))
    target = _free(path, overwrite=overwrite)
    notes: dict[str, Any] = {"axes": "TZYX" if len(shape) == 4 else "TYX"}
    if rate is not None:
        notes["fps"] = rate
    with _replacing(target) as part, tifffile.TiffWriter(part, bigtiff=True) as tiff:
        tiff.write(
            _pages(movie),
            shape=(shape[0], *shape[3:], shape[2], shape[1]),
            dtype=movie.dtype,
            photometric="minisblack",
            compression=compression,
            metadata=notes,
        )


def write_video(path: PathLike, movie: DuckArray, rate: float, *, codec: str = "libx264", overwrite: bool = False) -> None:
    """Write a movie as a video with 256 levels of grey: to look at, not to compute with.

    The levels go from the 0.1st to the 99.9th percentile of some frames.

    Parameters
    ----------
    path : path
        The name says the kind of file: .mp4, .avi.
    movie : array, shape (time, x, y)
        In the order of the standard.
    rate : float
        Frames per second.
    codec : str
        A name that PyAV knows.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    ImportError
        No codec is installed.
    """
    import numpy as np

    from photonwb.movies.video import open_video

    shape = _checked_shape(path, movie, (3,))
    target = _free(path, overwrite=overwrite)
    sampled = np.unique(np.linspace(0, shape[0] - 1, SAMPLED_FRAMES).astype(int))
    low, high = np.percentile(np.stack([np.asarray(movie[int(place)]) for place in sampled]), (0.1, 99.9))
    with _replacing(target) as part, open_video(part, "w") as video:
        video.init_video_stream(codec, fps=rate)
        # Codecs that halve the resolution of colours want even numbers of rows and columns.
        pad = [(0, shape[2] % 2), (0, shape[1] % 2)]
        for page in _pages(movie):
            grey = np.clip((page - low) * (255 / max(high - low, 1e-9)), 0, 255).astype(np.uint8)
            video.write_frame(np.repeat(np.pad(grey, pad, "edge")[:, :, np.newaxis], 3, axis=2))


def _checked_shape(path: PathLike, movie: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    shape = tuple(getattr(movie, "shape", ()))
    if len(shape) not in axes or not hasattr(movie, "dtype"):
        wanted = " or ".join({3: "(time, x, y)", 4: "(time, x, y, z)"}[number] for number in axes)
        raise InvalidValueError(f"{path}: expected an array {wanted}, got {type(movie).__name__} of shape {shape}")
    return shape


def _pages(movie: DuckArray) -> Iterator[NDArray[Any]]:
    """Images [row, column]; a few frames of the movie are in memory at a time."""
    import numpy as np

    step = max(1, BLOCK // max(1, math.prod(movie.shape[1:]) * movie.dtype.itemsize))
    for start in range(0, movie.shape[0], step):
        for frame in np.asarray(movie[start : start + step]):
            for page in frame.T if frame.ndim == 3 else [frame.T]:
                yield np.ascontiguousarray(page)


def _free(path: PathLike, *, overwrite: bool) -> Path:
    target = Path(path)
    if target.exists() and not overwrite:
        raise ExistingFileError(f"{target} exists already; pass overwrite=True to replace it")
    return target


@contextlib.contextmanager
def _replacing(target: Path) -> Generator[Path]:
    """A file beside the target, which takes its place when it is complete."""
    part = target.with_name(f".{target.stem}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
