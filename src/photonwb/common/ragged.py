"""Columns with a different number of values in each row.

The values of all rows lie one after the other in a `VectorData`; a `VectorIndex` says where each row ends. An index may itself be
the target of an index, for lists of lists. How rows are read one by one is in `ahead`.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays.growing import as_opaque, is_wrapper, loaded
from photonwb.common.columns import VectorData
from photonwb.common.rows import Rows, as_rows, is_one_row
from photonwb.errors import BrokenLinkError, InvalidTypeError, InvalidValueError, OutOfRangeError, UnreadableObjectError
from photonwb.model.checks import mismatch
from photonwb.model.fields import Field, Kind, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from photonwb.common.ahead import ReadAhead
    from photonwb.model.container import AbstractContainer
    from photonwb.typing import Array, ArrayLike

__all__ = ["Ragged", "VectorIndex", "flattened"]


class Ragged(NamedTuple):
    """Rows of different lengths, as they are stored.

    Parameters
    ----------
    values : array_like
        The values of all rows, one after the other.
    ends : array_like of int, shape (n,)
        Where each row ends in `values`.
    """

    values: Any
    ends: Any


class _Target(Field):
    """The column that an index belongs to: the one it refers to, and where a file lost that, the one it is named after."""

    def load(self, instance: AbstractContainer) -> Any:
        try:
            target = super().load(instance)
        except (BrokenLinkError, UnreadableObjectError):
            target = None
        if isinstance(target, VectorData):
            return self._not_in_a_circle(instance, target)
        table: Any = instance.parent
        named = table._member(instance.name.removesuffix("_index")) if hasattr(table, "_member") else None
        if not isinstance(named, VectorData) or named is instance:
            raise BrokenLinkError(
                f"{instance._label()}.target: expected a reference to the column that it indexes, there is none"
            )
        return self._not_in_a_circle(instance, named)

    def _not_in_a_circle(self, instance: AbstractContainer, target: VectorData) -> VectorData:
        """The target, unless the index would be, by way of others, an index of itself."""
        column: Any = target
        while isinstance(column, VectorIndex):
            if column is instance:
                raise BrokenLinkError(f"{instance._label()}.target: the index leads, by itself or through others, to itself")
            column = column.__dict__.get(self.name)
        return target


class VectorIndex(VectorData, neurodata_type="VectorIndex"):
    """Where the rows of a ragged column end.

    Parameters
    ----------
    name : str
        By custom the name of the target and "_index".
    data : array_like of int, shape (n,)
        For each row, how many values of the target there are up to its end.
    target : VectorData
        The values; a `VectorIndex` for lists of lists.
    """

    data: Array = content("The end of each row in the target.", dtype="uint8", shape=(None,))
    target: VectorData = _Target(Kind.ATTRIBUTE, "The column with the values.", dtype="reference")  # type: ignore[assignment]

    _loaded: tuple[Any, Any] = (None, None)  # data of a file, and the same in memory
    _ahead: ReadAhead | None = None

    def __init__(self, name: str, data: ArrayLike, target: VectorData) -> None:
        self._init({"name": name, "data": data, "target": target, "description": f"Index for VectorData {target.name!r}"})

    # ---- reading

    def _ends(self) -> Any:
        """The ends in memory, as a list or a memoryview."""
        data: Any = self.data
        if type(data) is list:
            return data
        before, ends = self._loaded
        if before is not data:
            # What a wrapper holds may have become another array, or a list, since it was asked the last time.
            inner = data.data if is_wrapper(data) else data
            if isinstance(inner, list):
                return inner
            if before is not inner:
                # Single numbers come out of a memoryview three times as fast as out of an array.
                ends = list(inner) if isinstance(inner, tuple) else loaded(inner).astype("int64").data
                self.__dict__["_loaded"] = inner, ends
        return ends

    def _span(self, row: int, ends: Any) -> tuple[int, int]:
        """First and behind-last place of a row in the target."""
        count = len(ends)
        place = row + count if row < 0 else row
        if not 0 <= place < count:
            raise OutOfRangeError(f"{self._label()}[{row}]: there are {count} rows")
        start, end = int(ends[place - 1]) if place else 0, int(ends[place])
        if start > end or start < 0:
            raise InvalidValueError(
                f"{self._label()}[{row}]: the row would begin at {start} and end at {end}; the index is damaged"
            )
        return start, end

    def _spans(self, rows: Rows, ends: Any) -> list[tuple[int, int]]:
        if isinstance(rows, range) and rows.step == 1:
            listed = list(ends[rows.start : rows.stop])
            before = ends[rows.start - 1] if rows.start else 0
            spans = list(zip([before, *listed], listed, strict=False))
            if all(start <= end for start, end in spans):
                return spans
        return [self._span(row, ends) for row in rows]

    def __getitem__(self, key: Any) -> Any:
        if type(key) is int and key > 0 and type(self).get is VectorIndex.get:
            # The short way to a row in a loop over all of them, of which the ends and the values around are in memory.
            (data, ends), ahead, target = self._loaded, self._ahead, self.target
            is_same = ahead is not None and ahead.target is target and ahead.array is target.data
            if ahead is not None and is_same and data is self.data and key < len(ends):
                row = ahead.stretch.part(ends[key - 1], ends[key])
                if row is not None:
                    return row
        return self.get(key)

    def get(self, arg: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - established
        """The values of a row, or a list with those of several rows.

        Parameters
        ----------
        arg : int, slice, list or array
            Which rows.
        **kwargs
            Passed on to `get` of the target.

        Raises
        ------
        OutOfRangeError
            There is no such row.
        """
        ends = self._ends()
        if type(arg) is int or is_one_row(arg):
            start, end = self._span(int(arg), ends)
            values = self._values(start, end, kwargs)
            if len(values) != end - start:
                raise self._too_short(end)
            return values
        rows = as_rows(arg, len(ends), self._label())
        if not len(rows):
            return []
        spans = self._spans(rows, ends)
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
        wanted = sum(end - start for start, end in spans)
        if 4 * wanted < last - first:  # few rows far apart
            return [self.target.get(slice(start, end), **kwargs) for start, end in spans]
        values = self.target.get(slice(first, last), **kwargs)
        if len(values) != last - first:
            raise self._too_short(last)
        values = getattr(values, "iloc", values)
        return [values[start - first : end - first] for start, end in spans]

    def _too_short(self, end: int) -> InvalidValueError:
        return InvalidValueError(
            f"{self._label()}: a row ends at {end}, beyond the {len(self.target)} values of {self.target._label()}; "
            "the index is damaged"
        )

    def _values(self, start: int, end: int, kwargs: dict[str, Any]) -> Any:
        """The values between two places of the target."""
        target = self.target
        if type(target).get is VectorData.get:
            data = target.data
            if type(data) is list:
                return data[start:end]
            ahead = self._ahead
            if ahead is None or ahead.target is not target or ahead.array is not data:
                from photonwb.common.ahead import ReadAhead

                ahead = self.__dict__["_ahead"] = ReadAhead(target, data)
            return ahead.read(start, end)
        return target.get(slice(start, end), **kwargs)

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(len(self._ends())))

    def get_target_data(self) -> VectorData:
        """The column with the values themselves, below all levels of indices."""
        target = self.target
        while isinstance(target, VectorIndex):
            target = target.target
        return target

    # ---- adding

    def add_vector(self, arg: Iterable[Any], **kwargs: Any) -> None:
        """Add a row with these values."""
        if isinstance(arg, (str, bytes)) or not hasattr(arg, "__iter__"):
            raise InvalidTypeError(mismatch(self.target._label(), "a list of values for the row", arg))
        target = self.target
        if isinstance(target, VectorIndex):
            for vector in arg:
                target.add_vector(vector, **kwargs)
        else:
            target.extend(arg, **kwargs)
        data = self.data
        (data if type(data) is list else self._own_ends()).append(len(target))
        self._note_growth()

    def add_row(self, arg: Iterable[Any], **kwargs: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add a row with these values."""
        self.add_vector(arg, **kwargs)

    def extend(self, ar: Iterable[Any], **kwargs: Any) -> None:
        """Add several rows, each a list of values."""
        for vector in ar:
            self.add_vector(vector, **kwargs)

    def extend_rows(self, values: Any, ends: Sequence[int] | None = None) -> None:
        """Add many rows at once.

        Parameters
        ----------
        values : array_like or Ragged
            The values of all new rows, one after the other (for lists of lists a `Ragged` of what the target takes); without
            `ends`, a list with the values of each row.
        ends : array_like of int, shape (n,), optional
            Where each new row ends in `values`.

        Raises
        ------
        InvalidValueError
            The ends decrease, or do not lead to the end of the values.
        """
        if ends is None:
            values, ends = values if isinstance(values, Ragged) else flattened(values, self._label())
        target = self.target
        count = len(values.ends) if isinstance(values, Ragged) else len(values)
        new_ends = _checked_ends(ends, count, self._label())
        offset = len(target)
        if isinstance(target, VectorIndex):
            target.extend_rows(values)
        else:
            target.extend(values)
        self._own_ends().extend([offset + end for end in new_ends] if offset else new_ends)
        self._note_growth()

    def _own_ends(self) -> Any:
        """The ends as a list that may be added to."""
        data: Any = self.data
        if type(data) is list:
            return data
        inner: Any = data.data if is_wrapper(data) else data
        if isinstance(inner, list):
            return inner
        ends = list(inner) if isinstance(inner, tuple) else loaded(inner).tolist()
        if is_wrapper(data):
            data.data = ends
        else:
            self.__dict__["data"] = ends
        return ends

    def _check(self) -> None:
        """Refuse ends that cannot be those of the target."""
        count = self.target._row_count()
        data = self.data
        if count is not None and not is_wrapper(data) and hasattr(data, "__len__"):
            _checked_ends(self._ends(), count, self._label())


def _checked_ends(ends: Any, count: int, label: str) -> list[int]:
    """Ends of rows as a list of int, provided that they never decrease and lead to the end of `count` values."""
    listed: list[int] = ends.tolist() if hasattr(ends, "tolist") else list(map(int, ends))
    if listed and (listed[0] < 0 or listed != sorted(listed)):
        raise InvalidValueError(f"{label}: expected ends of rows that never decrease")
    if (listed[-1] if listed else 0) != count:
        raise InvalidValueError(
            f"{label}: expected the last row to end at {count}, where the values end, got {listed[-1:] or 'no rows'}"
        )
    return listed


def flattened(rows: Any, label: str) -> Ragged:
    """Lists of values, one per row, as they are stored."""
    ends: list[int] = []
    end = 0
    rows = rows if hasattr(rows, "__len__") else list(rows)
    for row in rows:
        if isinstance(row, (str, bytes)) or not hasattr(row, "__len__"):
            raise InvalidValueError(mismatch(label, "a list of values for each row", row))
        end += len(row)
        ends.append(end)
    if len(rows) and all(hasattr(row, "dtype") for row in rows):
        return Ragged(_joined(rows), ends)
    return Ragged(list(chain.from_iterable(rows)), ends)


def _joined(rows: Sequence[Any]) -> Any:
    """Arrays one after the other; as a list when they do not go together without a loss."""
    import numpy as np

    first = rows[0]
    if all(row.dtype == first.dtype and row.shape[1:] == first.shape[1:] for row in rows):
        return np.concatenate([as_opaque(row) for row in rows]).view(first.dtype)
    return list(chain.from_iterable(rows))
