"""Columns whose values come from a fixed set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.arrays.growing import is_array
from photonwb.common.columns import VectorData
from photonwb.common.rows import is_one_row
from photonwb.model.fields import attribute, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from photonwb.typing import Array, ArrayLike

__all__ = ["EnumData"]


class EnumData(VectorData, neurodata_type="EnumData", namespace="hdmf-experimental"):
    """A column that stores, for each row, the place of its value in a list of elements.

    Parameters
    ----------
    name : str
    description : str
    data : array_like of int, shape (n,)
        Places in `elements`.
    elements : array_like or VectorData
        The values that there are.
    """

    data: Array = content("Places in the elements.", dtype="uint8")
    elements: VectorData = attribute("The values that there are.", dtype="reference")

    _places: dict[Any, int] | None = None  # place of each element, while it is `_elements_seen` long

    def __init__(self, name: str, description: str, data: ArrayLike = (), elements: ArrayLike | VectorData = ()) -> None:
        if not isinstance(elements, VectorData):
            elements = VectorData(f"{name}_elements", f"fixed set of elements referenced by {name}", elements)
        self._init(locals())

    def add_row(self, val: Any, index: bool = False) -> None:  # type: ignore[override] - the established signature
        """Add the value of one row.

        Parameters
        ----------
        val
            The value, which is added to the elements if it is new.
        index : bool
            Whether `val` is a place in the elements.
        """
        self.append(val if index else self._place(val))

    def extend(self, ar: Iterable[Any], index: bool = False, **kwargs: Any) -> None:
        """Add the values of several rows."""
        self._extend(ar if index else [self._place(value) for value in ar])

    def _place(self, value: Any) -> int:
        """Place of a value in the elements."""
        elements = self.elements
        if self._places is None or len(self._places) != len(elements):
            self.__dict__["_places"] = {element: place for place, element in enumerate(elements.get(slice(None)))}
        places: Any = self._places
        place = places.get(value)
        if place is None:
            place = places[value] = len(elements)
            elements.append(value)
        return place

    def __iter__(self) -> Iterator[Any]:
        return (self.get(row) for row in range(len(self)))

    def get(self, arg: Any, index: bool = False, join: bool = False, **kwargs: Any) -> Any:  # type: ignore[override]
        """Elements in some rows.

        Parameters
        ----------
        arg : int, slice, list or array
        index : bool
            Give the places in place of the elements.
        join : bool
            Join the elements to one text.
        """
        places = super().get(arg)
        if index:
            return places
        if is_one_row(places):
            return self.elements.get(int(places))
        import numpy as np

        values: Any = self.elements.data
        elements = np.asarray(values[...] if is_array(values) else values)
        chosen = elements[np.asarray(places, dtype=np.int64)]
        return "".join(chosen.ravel()) if join else chosen
