"""What the values of a column mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.common.dynamic import DynamicTable
from photonwb.common.predefined import column
from photonwb.model.fields import attribute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from photonwb.common.columns import ElementIdentifiers, VectorData
    from photonwb.typing import ArrayLike

__all__ = ["MeaningsTable"]


class MeaningsTable(DynamicTable, neurodata_type="MeaningsTable"):
    """A row for each value that a column may have, with its meaning.

    Parameters
    ----------
    target : VectorData
        The column; the table is named after it.
    description : str, optional
    id, columns, colnames
        As of `DynamicTable`.
    """

    target: VectorData = attribute("The column whose values are explained.", dtype="reference")

    value: VectorData = column("The value in the referenced VectorData object.", required=True)
    meaning: VectorData = column("The meaning of the value.", required=True, dtype="text")

    def __init__(
        self,
        target: VectorData,
        description: str | None = None,
        id: ArrayLike | ElementIdentifiers | None = None,
        columns: Sequence[VectorData] | Sequence[Mapping[str, Any]] | None = None,
        colnames: Sequence[str] | None = None,
    ) -> None:
        if description is None:
            description = f"Meanings for values in {target.name!r}"
        self._init({**locals(), "name": f"{target.name}_meanings"})

    def add_row(  # type: ignore[override] - the established signature
        self, value: Any, meaning: str, id: int | None = None, enforce_unique_id: bool = False, **columns: Any
    ) -> None:
        """Say what a value means.

        Parameters
        ----------
        value
            The value.
        meaning : str
        id, enforce_unique_id, **columns
            As in `DynamicTable.add_row`.
        """
        super().add_row({"value": value, "meaning": meaning, **columns}, id=id, enforce_unique_id=enforce_unique_id)
