"""A movie made of pages, each of them an image [row, column], as an array (time, x, y) or (time, x, y, z).

Microscopes write one page after the other, whatever it shows: the next channel, the next plane, or nothing of use while the
objective flies back. Which page shows what is a table of page numbers, so that every order of acquisition is read the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from photonwb.arrays import LazyArray
from photonwb.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PageMovie", "Pages", "movie_of"]


class Pages(Protocol):
    """Images of one shape and type, numbered from 0. Implementations keep no file open, and can be pickled."""

    @property
    def count(self) -> int: ...

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of pages in each file."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a page."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def description(self) -> str:
        """Where the pages are, for messages."""
        ...

    def read_into(self, out: NDArray[Any], numbers: NDArray[np.intp], rows: Any, columns: Any) -> None:
        """Read some pages, or some rows and columns of them (slices or index arrays), into an array (page, row, column)."""
        ...


class PageMovie:
    """What a `LazyArray` reads a movie from.

    Parameters
    ----------
    pages : Pages
    places : array-like of int, shape (time,) or (time, z)
        The number of the page that shows each frame, or each plane of each volume.
    """

    filters: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def __init__(self, pages: Pages, places: ArrayLike) -> None:
        import numpy as np

        self.pages = pages
        self.places: NDArray[np.intp] = np.asarray(places, np.intp)
        if self.places.ndim not in (1, 2):
            raise InvalidValueError(f"{pages.description}: expected page numbers (time,) or (time, z), got {self.places.shape}")
        if self.places.size and not 0 <= self.places.min() <= self.places.max() < pages.count:
            raise InvalidValueError(f"{pages.description}: there are {pages.count} pages, not {int(self.places.max()) + 1}")

    @property
    def shape(self) -> tuple[int, ...]:
        rows, columns = self.pages.shape
        frames, *depth = self.places.shape
        return frames, columns, rows, *depth

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.pages.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        return 1, *self.shape[1:]

    @property
    def description(self) -> str:
        return self.pages.description

    def byte_layout(self) -> None:
        """Pages are read by those who know their format."""

    def read(self, selection: Any = ()) -> Any:
        """Values where a slice or an index array for each axis says so; the first axes are those of the pages, exchanged."""
        import numpy as np

        time, x, y, *depth = (*selection, *(slice(None),) * (len(self.shape) - len(selection)))
        places = self.places[time]
        if depth:
            places = places[:, depth[0]]
        rows, columns = (np.arange(length)[axis].size for length, axis in zip(self.pages.shape, (y, x), strict=True))
        out = np.empty((places.size, rows, columns), self.dtype)
        if out.size:
            self.pages.read_into(out, places.ravel(), y, x)
        return out.reshape(*places.shape, rows, columns).transpose((0, 3, 2, 1) if depth else (0, 2, 1))


def movie_of(pages: Pages, places: ArrayLike | None = None) -> LazyArray:
    """The pages as a lazy array (time, x, y) or (time, x, y, z).

    Parameters
    ----------
    pages : Pages
    places : array-like of int, shape (time,) or (time, z), optional
        The number of the page that shows each frame; all pages in their order by default.
    """
    return LazyArray(PageMovie(pages, range(pages.count) if places is None else places))
