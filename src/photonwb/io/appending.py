"""What it takes to add samples to a series, or rows to a table, of a file that stays open.

Everything that can be wrong with what is given is found here, before any of it counts as taken: the shape, the type, the number
of timestamps, a missing column. The result is arrays and the datasets that they belong to, all or nothing.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

from photonwb.common import DynamicTable, VectorIndex
from photonwb.errors import InvalidTypeError, InvalidValueError, PhotonwbError
from photonwb.io.datasets import role_of
from photonwb.io.elements import converted, element_for, smallest_unsigned
from photonwb.io.growing import Tail, growable
from photonwb.io.references import reference_array
from photonwb.model.checks import describe_value
from photonwb.regions.masks import DIMENSIONS, mask_dtype
from photonwb.storage.contract import TEXT, Link, Reference, is_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.common import VectorData
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field
    from photonwb.storage.contract import Dataset, ElementType, Store
    from photonwb.timeseries import TimeSeries

    Addition = list[tuple[Tail, NDArray[Any]]]

__all__ = ["SeriesEnd", "TableEnd"]


class SeriesEnd:
    """The end of a series.

    Parameters
    ----------
    store : Store
    series : TimeSeries
        As read from the store.

    Raises
    ------
    InvalidValueError
        Its data belong to another series, or cannot grow.
    """

    def __init__(self, store: Store, series: TimeSeries) -> None:
        self.label = series._label()
        group = cast("Any", series._stored).node
        members = [(name, group[name]) for name in ("data", "timestamps", "control") if name in group]
        self.tails: dict[str, Tail] = {}
        for name, member in members:
            if is_group(member):
                raise InvalidValueError(f"{store.location}: {member.path} should be a dataset, it is a group")
            if not isinstance(member, Link):
                self.tails[name] = Tail(growable(store, member, role_of(series, type(series).__fields__[name])))
            elif name == "data":
                raise InvalidValueError(f"{self.label}: its data are those of {member.path}; append to that series")
        if "data" not in self.tails:
            raise InvalidValueError(
                f"{self.label}: there are no data in the file; make it with np.empty((0, 512, 512), 'uint16')"
            )

    def addition(self, data: Any, timestamps: Any, control: Any) -> Addition:
        """One sample or several, as arrays for the datasets of the series.

        Raises
        ------
        InvalidValueError, InvalidTypeError
        """
        tail = self.tails["data"]
        values = _as_array(data, tail, f"{self.label}.data")
        if values.shape == tail.row_shape:
            values = values[None]
        if values.shape[1:] != tail.row_shape or not values.ndim:
            raise InvalidValueError(
                f"{self.label}.data: expected a sample of shape {tail.row_shape}, or several along a new first axis, got shape "
                f"{values.shape}"
            )
        return [
            (tail, values),
            *self._beside("timestamps", timestamps, len(values)),
            *self._beside("control", control, len(values)),
        ]

    def _beside(self, name: str, given: Any, count: int) -> Addition:
        """Timestamps, or labels, of so many samples."""
        tail = self.tails.get(name)
        if given is None and tail is None:
            return []
        if tail is None:
            raise InvalidValueError(f"{self.label}.{name}: the series has none of its own in the file; leave them out")
        if given is None:
            raise InvalidValueError(f"{self.label}.{name}: expected one for each of the {count} samples, got none")
        values = _as_array(given, tail, f"{self.label}.{name}").reshape(-1)
        if len(values) != count:
            raise InvalidValueError(f"{self.label}.{name}: expected one for each of the {count} samples, got {len(values)}")
        return [(tail, values)]


def _as_array(given: Any, tail: Tail, label: str) -> NDArray[Any]:
    """Values as they are stored."""
    import numpy as np

    try:
        values = np.asarray(given, dtype=object if tail.element in (TEXT, "ascii") else None)
    except ValueError as error:
        raise InvalidValueError(f"{label}: {describe_value(given)} makes no array: {error}") from error
    return _stored(values, tail.element, label)


def _stored(values: NDArray[Any], element: ElementType, label: str) -> NDArray[Any]:
    if _kind(element) != _kind(values.dtype):
        raise InvalidTypeError(f"{label}: expected {'text' if isinstance(element, str) else element}, got {values.dtype}")
    try:
        return converted(values, element)
    except (PhotonwbError, TypeError, ValueError) as error:
        raise InvalidValueError(f"{label}: {error}") from error


class TableEnd:
    """The end of a table.

    Parameters
    ----------
    store : Store
    table : DynamicTable
        As read from the store.
    path_of : callable
        Gives the path of an object in the store.
    pausing : callable
        Gives a context in which nobody else uses the store, and nothing is committed.
    """

    def __init__(
        self,
        store: Store,
        table: DynamicTable,
        path_of: Callable[[AbstractContainer], str],
        pausing: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.label = table._label()
        self._store = store
        self._table = table
        self._path_of = path_of
        self._pausing = pausing
        self._columns = table._tops()
        self._tails: dict[str, Tail] = {}

    def addition(self, columns: Mapping[str, Sequence[Any]], identifiers: Sequence[int] | None) -> Addition:
        """Rows, as arrays for the datasets of the table.

        Raises
        ------
        InvalidValueError, InvalidTypeError
        """
        import numpy as np

        if columns.keys() != self._columns.keys():
            raise InvalidValueError(f"{self.label}: expected values for the columns {list(self._columns)}, got {list(columns)}")
        counts = {name: len(values) for name, values in columns.items()}
        if identifiers is not None:
            counts["id"] = len(identifiers)
        if len(set(counts.values())) > 1:
            raise InvalidValueError(f"{self.label}: expected as many values for each column, got {counts}")
        count = next(iter(counts.values()), 1)
        added: Addition = []
        for name, column in self._columns.items():
            added += self._cells(column, columns[name])
        ids = self._tail(self._table.id)
        numbers = np.arange(ids.length, ids.length + count) if identifiers is None else np.asarray(identifiers)
        return [*added, (ids, _stored(numbers, ids.element, f"{self.label}.id"))]

    def _cells(self, column: VectorData, rows: Sequence[Any]) -> Addition:
        """What becomes of the cells of one column: the values, of a ragged one those of all rows and their ends."""
        import numpy as np

        label = f"{self.label}: column {column.name!r}"
        if not isinstance(column, VectorIndex):
            return [self._values(column, rows, label)] if len(rows) else []
        for row in rows:
            if isinstance(row, (str, bytes)) or not hasattr(row, "__len__"):
                raise InvalidTypeError(f"{label}: expected a list of values for each row, got {describe_value(row)}")
        inner = self._cells(column.target, list(itertools.chain.from_iterable(rows)))
        tail = self._tail(column, _wide_enough(_node_of(column).layout.element))
        ends = self._length(column.target) + np.cumsum([len(row) for row in rows], dtype="int64")
        return [*inner, (tail, _stored(ends, tail.element, label))]

    def _values(self, column: VectorData, rows: Sequence[Any], label: str) -> tuple[Tail, NDArray[Any]]:
        references = reference_array(cast("Any", self), column, type(column).__fields__["data"], list(rows))
        if references is not None:
            values, element = references
            return self._tail(column, element), values
        tail = self._tails.get(column.name)
        values = _rows_as_array(rows, self._record_type(column), label)
        if tail is None:
            tail = self._tail(column, self._first_element(column, values), values.shape[1:])
        if values.shape[1:] != tail.row_shape:
            raise InvalidValueError(f"{label}: expected values of shape {tail.row_shape}, got {values.shape[1:]}")
        return tail, _stored(values, tail.element, label)

    def reference_to(self, container: AbstractContainer, field: Field, target: AbstractContainer) -> Reference:
        """The reference that stands for an object of the file."""
        return Reference(self._path_of(target))

    def _record_type(self, column: VectorData) -> np.dtype[Any] | None:
        """Type of the values if they are made of members, as those of masks are."""
        node = _node_of(column)
        dtype = mask_dtype(DIMENSIONS[column.name]) if column.name in DIMENSIONS and not node.shape[0] else node.dtype
        return dtype if dtype.names else None

    def _first_element(self, column: VectorData, values: NDArray[Any]) -> ElementType:
        """Type of a column: an empty one takes it from its first values, unless the table says it."""
        node = _node_of(column)
        there = node.layout.element
        is_declared = column.name in type(self._table).__predefined__ and _kind(there) == _kind(values.dtype)
        if node.shape[0] or is_declared or values.dtype == there:
            return there
        return element_for(type(column).__fields__["data"].dtype, values.dtype)

    def _length(self, column: VectorData) -> int:
        tail = self._tails.get(column.name)
        return tail.length if tail else _node_of(column).shape[0]

    def _tail(self, column: Any, element: ElementType | None = None, row_shape: tuple[int, ...] | None = None) -> Tail:
        tail = self._tails.get(column.name)
        if tail is None:
            with self._pausing():
                node = _node_of(column)
                shape = node.shape[1:] if node.shape[0] else row_shape
                tail = self._tails[column.name] = Tail(growable(self._store, node, "column", element, shape))
        return tail


def _node_of(column: AbstractContainer) -> Dataset:
    return cast("Any", column._stored).node


def _wide_enough(element: ElementType) -> ElementType:
    """Type of an index that goes on; some tools write it as narrow as it is while the table is short."""
    return smallest_unsigned(0) if cast("np.dtype[Any]", element).itemsize < 4 else element


def _kind(element: ElementType) -> str:
    """What takes another dataset: text, numbers, or compounds of them."""
    if isinstance(element, str) or getattr(element, "kind", "") in ("O", "U", "S"):
        return "text"
    return "compound" if isinstance(element, tuple) or element.names else "numbers"


def _rows_as_array(rows: Sequence[Any], record: np.dtype[Any] | None, label: str) -> NDArray[Any]:
    import numpy as np

    try:
        if record is not None:
            return np.array([row if isinstance(row, np.void) else tuple(row) for row in rows], record)
        values = np.asarray(rows)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"{label}: {describe_value(rows[0])} does not fit: {error}") from error
    return np.asarray(rows, dtype=object) if values.dtype.kind in "US" else values
