"""Movies out, page by page: as BigTIFF, and as a video to look at."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from numpy.typing import NDArray

    from photonwb.typing import DuckArray
    from photonwb.typing import Path as PathLike

__all__ = ["write_tiff", "write_video"]

# What the grey levels of a video are worked out from.
SAMPLED_FRAMES = 50
SAMPLED_PIXELS = 4 << 20
BLOCK = 16 << 20


def write_tiff(
    path: PathLike,
    movie: DuckArray,
    rate: float | None = None,
    compression: str | None = None,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
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
    progress : callable, optional
        Called with the number of frames done and of all.

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
            _pages(movie, progress),
            shape=(shape[0], *shape[3:], shape[2], shape[1]),
            dtype=movie.dtype,
            photometric="minisblack",
            compression=compression,
            metadata=notes,
        )


def write_video(
    path: PathLike,
    movie: DuckArray,
    rate: float,
    *,
    codec: str = "libx264",
    contrast: tuple[float, float] | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[float, float]:
    """Write a movie as a video with 256 levels of grey: to look at, not to compute with.

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
    contrast : (float, float), optional
        The values that become black and white; by default the 0.1st and the 99.9th percentile of some frames.
    overwrite : bool
        Replace a file that is there.
    progress : callable, optional
        Called with the number of frames done and of all.

    Returns
    -------
    (float, float)
        The values that became black and white.

    Raises
    ------
    ExistingFileError
    InvalidValueError
        The shape is not that of a movie of one plane.
    ImportError
        No codec is installed.
    """
    import numpy as np

    from photonwb.movies.video import open_video

    _checked_shape(path, movie, (3,))
    target = _free(path, overwrite=overwrite)
    with _replacing(target) as part, open_video(part, "w") as video:
        low, high = _contrast(movie) if contrast is None else contrast
        video.init_video_stream(codec, fps=rate)
        for page in _pages(movie, progress):
            scaled = (page - low) * (255 / max(high - low, 1e-9))
            grey = np.nan_to_num(np.clip(scaled, 0, 255)).astype(np.uint8)
            # Codecs that halve the resolution of colours want even numbers of rows and columns.
            grey = np.pad(grey, [(0, length % 2) for length in grey.shape], "edge")
            video.write_frame(grey, pixel_format="gray")
    return low, high


def _contrast(movie: DuckArray) -> tuple[float, float]:
    """Values that almost all pixels lie between; one frame of the movie is in memory at a time."""
    import numpy as np

    frames, *size = movie.shape
    step = max(1, math.ceil(math.sqrt(SAMPLED_FRAMES * math.prod(size) / SAMPLED_PIXELS)))
    places = np.unique(np.linspace(0, frames - 1, SAMPLED_FRAMES).astype(int)).tolist() if frames else []
    sampled = np.array([np.asarray(movie[place])[::step, ::step] for place in places])
    sampled = sampled[np.isfinite(sampled)]
    low, high = np.percentile(sampled, (0.1, 99.9)).tolist() if sampled.size else (0.0, 1.0)
    return low, high


def _checked_shape(path: PathLike, movie: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    shape = tuple(getattr(movie, "shape", ()))
    if len(shape) not in axes or not hasattr(movie, "dtype"):
        wanted = " or ".join({3: "(time, x, y)", 4: "(time, x, y, z)"}[number] for number in axes)
        raise InvalidValueError(f"{path}: expected an array {wanted}, got {type(movie).__name__} of shape {shape}")
    return shape


def _pages(movie: DuckArray, progress: Callable[[int, int], object] | None) -> Iterator[NDArray[Any]]:
    """Images [row, column]; a few frames of the movie are in memory at a time."""
    import numpy as np

    count = movie.shape[0]
    step = max(1, BLOCK // max(1, math.prod(movie.shape[1:]) * movie.dtype.itemsize))
    for start in range(0, count, step):
        for number, frame in enumerate(np.asarray(movie[start : start + step]), start):
            for page in frame.T if frame.ndim == 3 else [frame.T]:
                yield np.ascontiguousarray(page)
            if progress is not None:
                progress(number + 1, count)


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
