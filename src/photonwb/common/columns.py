"""The columns of a table: values, one after the other.

A table is filled row by row or column by column, and both must be fast. A column that was given as a list stays a list; one that
holds an array keeps room at its end (`arrays.growing`). Changing a column that was read from a file loads it first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from photonwb.arrays.growing import GrowingArray, extended, is_array, is_wrapper, loaded
from photonwb.arrays.shapes import shape_of
from photonwb.common.rows import as_rows
from photonwb.errors import InvalidTypeError, InvalidValueError
from photonwb.model.checks import mismatch
from photonwb.model.container import Data
from photonwb.model.fields import attribute, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from photonwb.common.meanings import MeaningsTable
    from photonwb.typing import Array, ArrayLike

__all__ = ["ElementIdentifiers", "GrowingData", "VectorData"]

_ANY_RANK = ((None,), (None, None), (None, None, None), (None, None, None, None))


class GrowingData(Data):
    """Values that grow at their end, in a constant time per value."""

    _growing: GrowingArray | None = None  # holds the room behind `data`, while `data` is its array

    def _init(self, arguments: Mapping[str, Any]) -> None:
        given = arguments.get("data", [])
        if given is None or isinstance(given, range) or (isinstance(given, tuple) and not given):
            arguments = {**arguments, "data": list(given or ())}
        super()._init(arguments)

    def get(self, key: Any) -> Any:
        """Values at an index, slice, or list of indices or truth values."""
        data: Any = self.data
        if isinstance(data, (list, tuple)) and not isinstance(key, slice) and hasattr(key, "__len__"):
            return [data[row] for row in as_rows(key, len(data), self._label())]
        return data[key]

    def append(self, arg: Any) -> None:
        """Add one value at the end."""
        data = self.data
        if type(data) is list:
            data.append(arg)
            self._note_growth()
        else:
            self._extend((arg,))

    def extend(self, arg: Iterable[Any]) -> None:
        """Add several values at the end."""
        self._extend(arg)

    def _growing_of(self, dtype: np.dtype[Any]) -> GrowingArray | None:
        """What has room for more values of a type; None where they are kept otherwise."""
        growing = self._growing
        if growing is None or growing.array is not self.data:
            return None
        own = growing.array.dtype
        return growing if own is dtype or own == dtype else None

    def _extend(self, values: Iterable[Any]) -> None:
        """Add values as they are, whatever a subclass makes of them otherwise."""
        growing = self._growing
        try:
            if growing is not None and growing.array is self.data:
                self.__dict__["data"] = growing.extend(values)
            else:
                self.__dict__["data"] = self._extended(values)
        except (InvalidTypeError, InvalidValueError) as error:
            raise type(error)(f"{self._label()}: {error}") from error
        self._note_growth()

    def _extended(self, values: Iterable[Any]) -> Any:
        data = self.data
        if isinstance(values, GrowingArray):
            if type(data) is list and not data:  # nobody else has this array
                self.__dict__["_growing"] = values
                return values.array
            values = values.array
        extend_sparse = getattr(data, "extended", None)  # arrays.sparse
        if extend_sparse is not None:
            return extend_sparse(values)
        if type(data) is list and (data or not _has_array_type(values)):
            data.extend(values)
            return data
        if type(data) is list or is_array(data):
            # An empty column takes the type of the first array that is added to it.
            growing = GrowingArray(loaded(data) if is_array(data) else values[:0])  # type: ignore[index]
            self.__dict__["_growing"] = growing
            return growing.extend(values)
        return extended(data, values)

    def _note_growth(self) -> None:
        # An object made in memory counts as modified from the start, which spares the way up through its parents.
        if self._stored is not None or not self._modified:
            self._note_change(type(self).__fields__["data"])

    def _state(self) -> tuple[Any, int | None]:
        """The data, and how many they are where they grow in place: what `_restore` needs to undo additions."""
        data = self.data
        if type(data) is list:
            return data, len(data)
        growing = self._growing
        if growing is not None and growing.array is data:
            return data, None
        return data, len(data.data) if is_wrapper(data) and hasattr(data.data, "__len__") else None

    def _restore(self, data: Any, length: int | None) -> None:
        """Undo additions."""
        self.__dict__["data"] = data
        inner = data.data if is_wrapper(data) else data
        if isinstance(inner, list):
            del inner[length:]
        elif inner is not data and length is not None and len(inner) > length:
            data.data = inner[:length]

    def _row_count(self) -> int | None:
        """How many values there are; None when an iterator has not told yet."""
        shape = shape_of(self.data)
        if shape is None:
            data = self.data
            return len(data) if hasattr(data, "__len__") else None
        return shape[0] if shape else None


def _has_array_type(values: Any) -> bool:
    return is_array(values) and len(values.shape) > 0


class VectorData(GrowingData, neurodata_type="VectorData"):
    """A column of a table: one value per row, or with a `VectorIndex` several.

    Parameters
    ----------
    name : str
    description : str
        What the values are.
    data : array_like, shape (n,) or (n, ...) of up to 4 axes
    """

    description: str = attribute("What the values are.")
    data: Array = content("The values, along the first axis.", shape=_ANY_RANK)

    _one_by_one: bool = False  # whether a subclass does something of its own with each value

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._one_by_one = cls.add_row is not VectorData.add_row or cls.append is not VectorData.append

    def __init__(self, name: str, description: str, data: ArrayLike = ()) -> None:
        self._init(locals())

    def add_row(self, val: Any) -> None:
        """Add the value of one row at the end."""
        self.append(val)

    def extend(self, ar: Iterable[Any], **kwargs: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add the values of several rows at the end."""
        if self._one_by_one:
            for value in ar:
                self.add_row(value, **kwargs)
        else:
            self._extend(ar)

    def _problems(self) -> list[str]:
        # A table that was read and not changed itself is not asked, though its columns may have grown apart.
        table: Any = self.parent
        return table._problems_of(self.name) if hasattr(table, "_problems_of") and table._stored is not None else []

    def get(self, key: Any, **kwargs: Any) -> Any:
        """Values at an index, slice, or list of indices."""
        return super().get(key)

    def get_meanings(self) -> MeaningsTable | None:
        """The table that says what the values mean; None when there is none."""
        table: Any = self.parent
        known = getattr(table, "_members", None)
        return table.get_meanings_for_column(self.name) if known is not None and self.name in table else None


class ElementIdentifiers(GrowingData, neurodata_type="ElementIdentifiers"):
    """The identifiers of the rows of a table.

    Parameters
    ----------
    name : str
    data : array_like of int, shape (n,)
    """

    data: Array = content("One whole number per row.", dtype="int", shape=(None,))

    _known: set[int] | None = None  # all identifiers, while there are as many as rows

    __hash__: ClassVar[Any] = Data.__hash__  # objects of a file are told apart by identity

    def __init__(self, name: str, data: ArrayLike = ()) -> None:
        self._init(locals())

    def _init(self, arguments: Mapping[str, Any]) -> None:
        super()._init(arguments)
        if not self._in_construct_mode:
            self._check_whole(self.__dict__.get("data"))

    def __eq__(self, other: object) -> NDArray[Any]:  # type: ignore[override] - the established meaning
        """Places of the identifiers that are among `other`, in rising order."""
        import numpy as np

        wanted = other.data if isinstance(other, Data) else other
        return np.isin(np.asarray(self.data), np.asarray(wanted)).nonzero()[0]

    def append(self, arg: int) -> None:
        """Add one identifier."""
        if type(arg) is not int:
            self._check_whole((arg,))
        super().append(arg)
        if self._known is not None:
            self._known.add(int(arg))

    def _holds(self, identifier: int) -> bool:
        """Whether there is such an identifier, without a search through all of them each time."""
        known = self._known
        if known is None or len(known) != len(self):
            data: Any = self.data
            values = data[...].tolist() if is_array(data) else data
            known = self.__dict__["_known"] = set(values)
        return int(identifier) in known

    def extend(self, arg: Iterable[int]) -> None:
        """Add several identifiers."""
        values = arg if hasattr(arg, "__len__") else list(arg)
        self._check_whole(values)
        super().extend(values)

    def _check_whole(self, values: Any) -> None:
        dtype = getattr(values, "dtype", None)
        if dtype is not None:
            wrong = dtype.kind not in "iu" and shape_of(values) != (0,)
        else:
            wrong = isinstance(values, (list, tuple)) and not all(type(each) is int or is_whole(each) for each in values)
        if wrong:
            raise InvalidValueError(mismatch(self._label(), "whole numbers", values))


def is_whole(value: Any) -> bool:
    """Whether a value is a Python or numpy integer."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return getattr(getattr(value, "dtype", None), "kind", "") in ("i", "u") and getattr(value, "shape", None) == ()
