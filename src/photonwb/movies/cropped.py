"""A part of all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from photonwb.movies.pages import Pages

__all__ = ["CroppedPages"]


class CroppedPages:
    """Some rows of other pages.

    Parameters
    ----------
    pages : Pages
    rows : range
    """

    def __init__(self, pages: Pages, rows: range) -> None:
        self.pages = pages
        self.rows = rows
        self.count = pages.count
        self.counts = pages.counts
        self.shape = len(rows), pages.shape[1]
        self.description = f"rows {rows.start} to {rows.stop - 1} of {pages.description}"

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.pages.dtype

    def read_into(self, out: NDArray[Any], numbers: NDArray[np.intp], rows: Any, columns: Any) -> None:
        """Read some pages, or a part of each, into an array (page, row, column)."""
        import numpy as np

        inside = self.rows[rows] if isinstance(rows, slice) else np.asarray(self.rows)[rows]
        wanted = slice(inside.start, inside.stop, inside.step) if isinstance(inside, range) else inside
        self.pages.read_into(out, numbers, wanted, columns)
