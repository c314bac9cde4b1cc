"""Pages of TIFF files: one file, or many that continue each other.

The files are gone through once, to note where the bytes of each page lie; then every read opens the file, takes what it needs and
closes it. So a folder of 100,000 files needs one descriptor at a time, threads share nothing, and a movie can be sent to
other processes. Pages as they are in memory are copied out of a memory map, compressed ones are decoded in the pool.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import DamagedFileError, InvalidValueError, MissingFileError, PhotonwbError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    import tifffile
    from numpy.typing import NDArray

    from photonwb.typing import Path as PathLike

__all__ = ["TiffPages", "in_natural_order", "open_tiff", "tiff_files"]

# Pages that one thread reads before it asks for more.
PAGES_AT_ONCE = 8


class _Format(NamedTuple):
    """What all pages of a movie have in common."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]


class _File(NamedTuple):
    """Where the pages of one file lie: offsets and sizes of their strips or tiles, (page, segment)."""

    path: str
    first: int
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    stored: np.dtype[Any] | None  # type of the values where they lie as they are; None where they must be decoded


class TiffPages:
    """Pages of TIFF or BigTIFF files, in the order of the files.

    Parameters
    ----------
    paths : sequence of path
    on_page : callable, optional
        Called with each page of tifffile while the files are gone through, for what else is to be learned from them.

    Raises
    ------
    MissingFileError, DamagedFileError
    InvalidValueError
        Pages that are not grey, or not all of the same shape and type.
    """

    def __init__(self, paths: Sequence[PathLike], on_page: Callable[[Any], object] | None = None) -> None:
        if not paths:
            raise MissingFileError("expected TIFF files, got none")
        self._files: list[_File] = []
        self._format: _Format | None = None
        self.count = 0
        for path in paths:
            with open_tiff(path) as tiff:
                self._add(str(path), tiff, on_page)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self._files)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of pages in each file."""
        return tuple(len(file.offsets) for file in self._files)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a page."""
        return self._known.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._known.dtype

    @property
    def description(self) -> str:
        more = f" and {len(self._files) - 1} more files" if len(self._files) > 1 else ""
        return f"{self._files[0].path}{more}"

    @property
    def _known(self) -> _Format:
        if self._format is None:
            raise InvalidValueError("no pages were found")
        return self._format

    def _add(self, path: str, tiff: tifffile.TiffFile, on_page: Callable[[Any], object] | None) -> None:
        import numpy as np

        keyframe: Any = tiff.pages.first
        found = self._checked(path, keyframe)
        _require_codec(path, keyframe.compression)
        # Frames that were written one by one look like so many series.
        series: Any = None if tiff.is_scanimage or len(tiff.series) > 1 else tiff.series[0]
        if series is not None and series.dataoffset is not None:
            # One page may stand for many, as ImageJ writes them.
            nbytes = found.shape[0] * found.shape[1] * found.dtype.itemsize
            count = series.size // (found.shape[0] * found.shape[1])
            offsets = series.dataoffset + nbytes * np.arange(count, dtype=np.int64)[:, np.newaxis]
            sizes = np.full_like(offsets, nbytes)
            is_plain = True
            if on_page is not None:
                on_page(keyframe)
        else:
            pages = list(self._gone_through(path, tiff.pages if series is None else series.pages, on_page))
            offsets = np.array([place for place, _ in pages], np.int64)
            sizes = np.array([size for _, size in pages], np.int64)
            is_plain = bool(keyframe.is_contiguous and keyframe.compression == 1 and keyframe.predictor == 1)
            is_plain = is_plain and keyframe.fillorder == 1 and offsets.shape[1] == 1
        stored = found.dtype.newbyteorder(tiff.byteorder) if is_plain else None
        self._files.append(_File(path, self.count, offsets, sizes, stored))
        self.count += len(offsets)

    def _gone_through(
        self, path: str, pages: Iterable[Any], on_page: Callable[[Any], object] | None
    ) -> Iterator[tuple[Any, Any]]:
        segments = 0
        for number, page in enumerate(pages):
            if page is None:
                raise DamagedFileError(f"{path}: page {number} is missing")
            self._checked(path, page.keyframe, number)
            segments = segments or len(page.dataoffsets)
            if len(page.dataoffsets) != segments or len(page.databytecounts) != segments:
                raise DamagedFileError(f"{path}: page {number} has {len(page.dataoffsets)} pieces, those before it {segments}")
            if on_page is not None:
                on_page(page)
            yield page.dataoffsets, page.databytecounts

    def _checked(self, path: str, page: Any, number: int = 0) -> _Format:
        """The format of a page, which is that of all others."""
        if page.dtype is None or len(page.shape) != 2:
            raise InvalidValueError(f"{path}: page {number} has shape {page.shape}, expected a grey image of rows and columns")
        found = _Format(page.shape, page.dtype)
        if self._format is None:
            self._format = found
        if found != self._format:
            raise InvalidValueError(
                f"{path}: page {number} is {found.shape} of {found.dtype}, those before it {self._format.shape} of "
                f"{self._format.dtype}; a movie has pages of one shape and type"
            )
        return found

    def read_into(self, out: NDArray[Any], numbers: NDArray[np.intp], rows: Any, columns: Any) -> None:
        """Read some pages, or a part of each, into an array (page, row, column)."""
        import numpy as np

        from photonwb.arrays.pool import run_all

        owners = np.searchsorted([file.first for file in self._files], numbers, side="right") - 1

        def work(group: range) -> None:
            file = self._files[owners[group[0]]]
            inside = numbers[group.start : group.stop] - file.first
            target = out[group.start : group.stop]
            try:
                (_decode if file.stored is None else _copy)(self._known, file, inside, target, rows, columns)
            except FileNotFoundError as error:
                raise MissingFileError(f"{file.path}: the file is gone since the movie was opened") from error

        run_all(work, list(_groups(owners)))


def _groups(owners: NDArray[np.intp]) -> Iterator[range]:
    """Runs of pages of the same file, none too long to be shared among threads."""
    start = 0
    for stop in range(1, len(owners) + 1):
        if stop == len(owners) or owners[stop] != owners[start] or stop - start == PAGES_AT_ONCE:
            yield range(start, stop)
            start = stop


def _copy(known: _Format, file: _File, numbers: NDArray[np.intp], out: NDArray[Any], rows: Any, columns: Any) -> None:
    import numpy as np

    nbytes = known.shape[0] * known.shape[1] * known.dtype.itemsize
    stored: Any = np.memmap(file.path, np.uint8, "r")
    for target, number in zip(out, numbers, strict=True):
        start = int(file.offsets[number, 0])
        page = stored[start : start + nbytes]
        if len(page) < nbytes:
            raise DamagedFileError(f"{file.path}: page {number} lies beyond the end of the file; was it cut off?")
        target[...] = page.view(file.stored).reshape(known.shape)[rows][:, columns]


def _decode(known: _Format, file: _File, numbers: NDArray[np.intp], out: NDArray[Any], rows: Any, columns: Any) -> None:
    import numpy as np

    decode = _decoder(file.path, Path(file.path).stat().st_mtime_ns)
    page = np.empty(known.shape, known.dtype)
    with Path(file.path).open("rb") as stored:
        for target, number in zip(out, numbers, strict=True):
            for segment, (offset, size) in enumerate(zip(file.offsets[number], file.sizes[number], strict=True)):
                stored.seek(int(offset))
                encoded = stored.read(int(size))
                if len(encoded) < size:
                    raise DamagedFileError(f"{file.path}: page {number} lies beyond the end of the file; was it cut off?")
                _place(decode, encoded, segment, page, f"{file.path}: page {number}")
            target[...] = page[rows][:, columns]


def _place(decode: Callable[..., Any], encoded: bytes, segment: int, page: NDArray[Any], label: str) -> None:
    """Decode a strip or a tile into its place; one at the edge of a page may be larger than what is left of it."""
    try:
        values, (_, _, row, column, _), (_, length, width, _) = decode(encoded or None, segment)
        target = page[row : row + length, column : column + width]
        target[...] = 0 if values is None else values.reshape(-1, length, width)[0, : target.shape[0], : target.shape[1]]
    except PhotonwbError:
        raise
    except Exception as error:  # codecs raise errors of every kind
        raise DamagedFileError(f"{label} cannot be decoded: {error}") from error


def _require_codec(path: str, compression: Any) -> None:
    import tifffile

    if compression not in tifffile.TIFF.DECOMPRESSORS:
        raise ImportError(f"{path} is compressed by {compression.name}, which needs imagecodecs: pip install imagecodecs")


@lru_cache(maxsize=16)
def _decoder(path: str, changed: int) -> Callable[..., Any]:
    """What decodes the segments of the pages of a file, as long as it has not changed."""
    with open_tiff(path) as tiff:
        keyframe: Any = tiff.pages.first
        return keyframe.decode


def open_tiff(path: PathLike) -> tifffile.TiffFile:
    """Open a TIFF file by tifffile, with our errors."""
    try:
        import tifffile
    except ImportError as error:
        raise ImportError("TIFF files need tifffile: pip install 'photonwb[tiff]'") from error
    try:
        # Frames of an OME-TIFF may be in other files; here a file holds its own pages, and nothing else.
        return tifffile.TiffFile(path, is_ome=False)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path}: no such file") from error
    except OSError as error:
        raise StorageError(f"{path}: {error}") from error
    except Exception as error:  # a damaged file gives errors of every kind
        raise DamagedFileError(f"{path} is no TIFF file, or a damaged one: {error}") from error


def tiff_files(source: PathLike) -> list[Path]:
    """A TIFF file, or those of a folder in the order of the numbers in their names.

    Raises
    ------
    MissingFileError
        There is nothing of that name, or no TIFF in the folder.
    """
    path = Path(source)
    if path.is_dir():
        found = in_natural_order(file for file in path.iterdir() if _is_tiff(file.name))
        if not found:
            raise MissingFileError(f"{path}: there are no TIFF files in this folder")
        return found
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file or folder")
    return [path]


def _is_tiff(name: str) -> bool:
    return name.lower().endswith((".tif", ".tiff", ".btf", ".tf8")) and not name.startswith(".")


def in_natural_order(paths: Iterable[Path]) -> list[Path]:
    """Paths by the numbers in their names: Img_2 before Img_10."""
    return sorted(paths, key=lambda path: [(int(part), "") if part.isdecimal() else (-1, part) for part in _parts(path.name)])


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name)
