"""Small requests: an element, a row, a few rows, of which programs make many.

`selection`, `plain` and `reading` serve every index; for a small one, finding out what to read takes them many times as long as
reading it. Here the short ways are tried before: what lies at hand from requests before, and what one read gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .near import Neighbourhood
from .reading import can_read
from .runs import Runs
from .selection import simple_spans

if TYPE_CHECKING:
    from .source import ByteLayout

__all__ = ["SmallRequests"]

# A list of so many rows at most is taken for as many requests.
FEW = 32


class SmallRequests:
    """The short ways to the values of an array.

    Parameters
    ----------
    layout : ByteLayout or None
        There are none unless its file is kept open and does not change, and its elements are numbers.
    """

    __slots__ = ("_dtype", "_first", "_keeper", "_second", "_shape")

    def __init__(self, layout: ByteLayout | None) -> None:
        self._keeper = None
        if layout is not None and layout.keeper is not None and can_read(layout) and layout.dtype.names is None:
            self._keeper = layout.keeper
            self._shape, self._dtype = layout.shape, layout.dtype
            near = Neighbourhood(layout)
            runs = Runs(layout) if not layout.filters else None
            # Of an array in one piece a read gets what is asked for; of one in chunks rows may take many.
            self._first, self._second = (runs, near) if runs is not None and layout.chunks is None else (near, runs)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()  # a copy of the array, or one in another process, makes its own

    def values(self, key: Any) -> Any:
        """What an index gives, in memory of its own; None if there is no short way.

        Raises
        ------
        DamagedFileError
            As for any other request.
        """
        if self._keeper is None or self._keeper.kept is None:
            return None  # if the file was closed, the other way tells
        spans = simple_spans(key, self._shape)
        if spans is None:
            return self._rows(cast("list[Any]", key)) if type(key) is list else None
        values = self._first.values(spans)
        return self._second.values(spans) if values is None and self._second is not None else values

    def _rows(self, positions: list[Any]) -> Any:
        if not 0 < len(positions) <= FEW or set(map(type, positions)) != {int}:
            return None
        rows: list[Any] = []
        for position in positions:
            row = self.values(position)
            if row is None:
                return None
            rows.append(row)
        return np.array(rows, self._dtype)
