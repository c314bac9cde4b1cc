"""Pages of video files (AVI, MP4, ...), by whatever codec imageio and PyAV bring with them; both are optional.

Only the brightness is read: microscopes that write videos are one-photon microscopes with a grey camera, whatever the file says
about colours.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.typing import Path as PathLike

__all__ = ["VideoPages", "has_codec", "is_video", "open_video"]

_SUFFIXES = (".avi", ".mp4", ".mkv", ".mov", ".m4v", ".wmv")


def is_video(path: PathLike) -> bool:
    """Whether a file is a video by its name."""
    return Path(path).suffix.lower() in _SUFFIXES


def has_codec() -> bool:
    """Whether videos can be read and written here."""
    return bool(find_spec("imageio") and find_spec("av"))


@contextmanager
def open_video(path: PathLike, mode: str = "r") -> Generator[Any]:
    """A video file of imageio.

    Raises
    ------
    ImportError
        No codec is installed.
    MissingFileError, DamagedFileError
    """
    if not has_codec():
        raise ImportError("videos need a codec: pip install 'photonwb[video]'")
    if mode == "r" and not Path(path).is_file():
        raise MissingFileError(f"{path}: no such file")
    try:
        video: Any = import_module("imageio.v3").imopen(path, mode, plugin="pyav")
    except OSError as error:
        raise DamagedFileError(f"{path}: not a video that can be read: {error}") from error
    with video:
        yield video


class VideoPages:
    """Frames of video files that continue each other, as grey pages.

    Parameters
    ----------
    paths : sequence of path

    Raises
    ------
    ImportError
        No codec is installed.
    """

    def __init__(self, paths: Sequence[PathLike]) -> None:
        import numpy as np

        if not paths:
            raise MissingFileError("expected video files, got none")
        self.paths = [str(path) for path in paths]
        counts: list[int] = []
        formats: list[tuple[tuple[int, int], np.dtype[Any]]] = []
        for path in self.paths:
            with open_video(path) as video:
                properties = video.properties()
                counts.append(properties.shape[0] if properties.shape[0] > 0 else sum(1 for _ in video.iter()))
                formats.append(((properties.shape[1], properties.shape[2]), np.dtype(properties.dtype)))
                if formats[-1] != formats[0]:
                    raise InvalidValueError(f"{path}: frames of {formats[-1]}, in {self.paths[0]} of {formats[0]}")
        self.shape, self.dtype = formats[0]
        self.counts = tuple(counts)
        self.count = sum(counts)

    @property
    def description(self) -> str:
        more = f" and {len(self.paths) - 1} more files" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{more}"

    def read_into(self, out: NDArray[Any], numbers: NDArray[np.intp], rows: Any, columns: Any) -> None:
        """Read some frames, or a part of each, into an array (page, row, column)."""
        import numpy as np

        ends: Any = np.cumsum(self.counts)
        owners = np.searchsorted(ends, numbers, side="right")
        grey = "gray" if self.dtype.itemsize == 1 else "gray16le"
        for owner in np.unique(owners).tolist():
            start = int(ends[owner]) - self.counts[owner]
            with open_video(self.paths[owner]) as video:
                for place in np.flatnonzero(owners == owner).tolist():
                    frame: NDArray[Any] = video.read(index=int(numbers[place]) - start, format=grey)
                    out[place] = frame[rows][:, columns]
