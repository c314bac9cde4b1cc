"""Values that are added to, a few at a time.

Joining arrays afresh for every addition would copy all of them each time. An array that grows keeps room at its end, twice what
it needs, so that filling it costs a constant time per element. Nothing is ever made less precise to fit in: where the type of
the array cannot hold the new values exactly, the array takes a wider type, and where there is none the addition is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GrowingArray", "as_opaque", "empty_array", "extended", "is_array", "is_wrapper", "loaded"]


def extended(data: Any, values: Iterable[Any]) -> Any:
    """Data with more values at the end.

    Parameters
    ----------
    data
        A list is extended in place, and so is what a storage wrapper holds; of anything else the values are read and joined
        with the new ones.
    values
        Whatever can be iterated over along the first axis.

    Returns
    -------
    list, numpy array or wrapper
        `data` itself where it was extended in place.

    Raises
    ------
    InvalidTypeError
        The data are an iterator of blocks, which has no end to add to, or hold another kind of value.
    InvalidValueError
        The new values have another shape, or no array can hold them and the old ones exactly.
    """
    if isinstance(data, list):
        data.extend(values)
        return data
    if is_wrapper(data):
        data.extend(values)
        return data
    if data is None or isinstance(data, (tuple, range)):
        return [*(data or ()), *values]
    if not hasattr(data, "__iter__"):
        raise InvalidValueError(f"values cannot be added to {data!r}, which is a value alone; give a list of values first")
    if not is_array(data):
        raise InvalidTypeError(f"values cannot be added to a {type(data).__name__}, which is read once, block by block")
    return GrowingArray(loaded(data)).extend(values)


def is_array(data: Any) -> bool:
    """Whether data can be read as an array: numpy, h5py, zarr or lazy."""
    return hasattr(data, "dtype") and hasattr(data, "shape") and hasattr(data, "__getitem__") and not is_wrapper(data)


def is_wrapper(data: Any) -> bool:
    """Whether data are wrapped together with how they are to be stored."""
    return hasattr(data, "io_settings") or hasattr(data, "get_io_params")


def loaded(data: Any) -> NDArray[Any]:
    """The values of an array in memory."""
    import numpy as np

    return data if isinstance(data, np.ndarray) else np.asarray(data[...])


def as_opaque(values: NDArray[Any]) -> NDArray[Any]:
    """The same memory with records as plain bytes: numpy copies them at once, and not member by member, 20 times slower."""
    dtype = values.dtype
    return values if dtype.names is None or dtype.hasobject else values.view(f"V{dtype.itemsize}")


class GrowingArray:
    """An array with room at its end.

    Attributes
    ----------
    array : numpy array
        The values so far: a view that stays as it is when more are added.
    """

    __slots__ = ("_lent", "_opaque_room", "_room", "_tables", "array")

    def __init__(self, values: NDArray[Any]) -> None:
        # There is no room yet, so the first addition copies and never writes into an array of somebody else.
        self.array = self._room = values
        self._opaque_room: NDArray[Any] | None = None  # the same memory, see `as_opaque`
        self._tables: dict[tuple[str, ...], tuple[NDArray[Any], ...]] = {}  # the same memory, see `as_tables`
        self._lent: NDArray[Any] | None = None  # the room that waits for its values

    def __reduce__(self) -> tuple[Any, ...]:
        return GrowingArray, (self.array,)  # a copy has no room yet

    def __len__(self) -> int:
        return len(self.array)

    def room(self, count: int) -> NDArray[Any]:
        """Room for more values, which `extend` finds in place when it is given this very array.

        What is not given back before other values are added belongs to these.
        """
        start = len(self.array)
        stop = start + count
        if self._opaque_room is None or stop > len(self._room):
            self._make_room(stop)
        self._lent = self._room[start:stop]
        return self._lent

    def as_tables(self, numbers: tuple[str, ...]) -> tuple[NDArray[Any], ...]:
        """The memory of records, with the room behind them, once for each of some types of numbers: a row for each record."""
        found = self._tables.get(numbers)
        if found is None:
            room = self._room
            shape = len(room), len(room.dtype.names or ())
            found = self._tables[numbers] = tuple(room.view(each).reshape(shape) for each in numbers)
        return found

    def extend(self, values: Iterable[Any] | GrowingArray) -> NDArray[Any]:
        """Add values at the end; returns all values.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            As `extended` does; the array stays as it was.
        """
        array = self.array
        lent, self._lent = self._lent, None
        if lent is not None and values is lent:
            self.array = self._room[: len(array) + len(lent)]
            return self.array
        if isinstance(values, GrowingArray):
            values = values.array
        new: Any = values if type(values) is type(array) else _as_array(values, array)
        if (new.ndim > 1 or array.ndim > 1) and new.shape[1:] != array.shape[1:]:
            raise InvalidValueError(f"expected values of shape {array.shape[1:]}, got {new.shape[1:]}")
        if new.dtype != array.dtype:
            new = self._fitted(new)
        length = len(array)
        stop = length + len(new)
        if self._opaque_room is None or stop > len(self._room):
            self._make_room(stop)
        self._opaque_room[length:stop] = as_opaque(new)  # type: ignore[index] - there is room now
        self.array = self._room[:stop]
        return self.array

    def _make_room(self, length: int) -> None:
        import numpy as np

        # Twice what there was, or what is needed now: what is added in one piece must not take twice its memory.
        room = np.empty((max(2 * len(self._room), length, 16), *self.array.shape[1:]), self.array.dtype)
        self._room, self._opaque_room, self._tables = room, as_opaque(room), {}
        self._opaque_room[: len(self.array)] = as_opaque(self.array)

    def _fitted(self, new: NDArray[Any]) -> NDArray[Any]:
        """Values in the type of the array, which is made wider where that is needed."""
        array = self.array
        fitted = _exactly(new, array.dtype)
        if fitted is not None:
            return fitted
        # What holds nothing yet has no type to keep: an empty list in a file is one of numbers, whatever it is meant for.
        if not len(array) and array.dtype.names is None:
            self.array = self._room = array.astype(new.dtype)
            self._opaque_room = None
            return new
        wider = _wider_type(array.dtype, new.dtype)
        old = _exactly(array, wider) if wider is not None else None
        fitted = _exactly(new, wider) if wider is not None else None
        if old is None or fitted is None:
            raise InvalidTypeError(f"{new.dtype} values cannot be added to {array.dtype} values without a loss")
        self.array = self._room = old
        self._opaque_room = None
        return fitted


def empty_array(dtype: np.dtype[Any]) -> GrowingArray:
    """An array that holds nothing yet."""
    import numpy as np

    return GrowingArray(np.empty(0, dtype))


_NUMBERS = frozenset("iufc")


def _same_family(one: np.dtype[Any], other: np.dtype[Any]) -> bool:
    return one.kind == other.kind or {one.kind, other.kind} <= _NUMBERS or (one.kind == "O" and other.kind in "UO")


def _wider_type(one: np.dtype[Any], other: np.dtype[Any]) -> np.dtype[Any] | None:
    """The smallest type for the values of both; None where they are of different families."""
    import numpy as np

    if not _same_family(one, other):
        return None
    try:
        return np.promote_types(one, other)
    except TypeError:
        return None


def _exactly(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """Values in another type, None when that would change them."""
    import numpy as np

    if not _same_family(dtype, values.dtype) or values.dtype.names != dtype.names:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        cast = values.astype(dtype)
        if dtype.kind == "O":
            return cast
        back = cast.astype(values.dtype)
    same = (back == values) | ((back != back) & (values != values))  # NaN is the one value unlike itself
    if dtype.kind in "iu" and values.dtype.kind in "iu":
        same &= cast == values  # a negative number comes back unchanged from an unsigned type
    return cast if bool(np.all(same)) else None


def _as_array(values: Iterable[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Plain values as an array."""
    import numpy as np

    if is_array(values):
        return loaded(values)
    cells: Sequence[Any] = values if hasattr(values, "__len__") else list(values)  # type: ignore[assignment]
    if not len(cells):
        return like[:0]
    if like.dtype.names is not None:
        return _as_records(cells, like.dtype)
    if like.dtype.kind == "O":
        array = np.empty(len(cells), object)
        array[:] = cells
        return array
    try:
        array = np.asarray(cells)
    except ValueError as error:
        raise InvalidValueError(f"values of different shapes cannot be added to an array of shape {like.shape}") from error
    whole = array.dtype.kind == "f" and any(isinstance(cell, int) for cell in cells)
    if whole and array.tolist() != list(cells):
        # Numpy makes floats of large whole numbers beside others: tell it what they are, or let them be refused.
        return np.array(cells, "u8" if all(isinstance(cell, int) and cell >= 0 for cell in cells) else object)
    return array


def _as_records(cells: Sequence[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Tuples as the records of an array."""
    import numpy as np

    try:
        records = np.array([tuple(cell) for cell in cells], dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValueError(f"expected records of {dtype}: {error}") from error
    for position, name in enumerate(dtype.names or ()):
        # A float may round to the precision of the record; a whole number that came out different was none.
        if dtype[name].kind in "iu" and [cell[position] for cell in cells] != records[name].tolist():
            raise InvalidValueError(f"expected whole numbers for {name!r} of {dtype}")
    return records
