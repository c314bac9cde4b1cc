"""Events: tables with a time, and whatever else is known, for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.model.generated import Additions, Recipe, offered

if TYPE_CHECKING:
    from photonwb.common import DynamicTable, VectorData
    from photonwb.model.generated import FromSchema

    # ruff: noqa: D101 - the descriptions come from the standard
    class TimestampVectorData(FromSchema, VectorData): ...

    class DurationVectorData(FromSchema, VectorData): ...

    class EventsTable(FromSchema, DynamicTable): ...


__all__ = ["DurationVectorData", "EventsTable", "TimestampVectorData"]


class _EventsTable(Additions):
    def add_event(
        self: Any, timestamp: float, duration: float | None = None, annotation: str | None = None, **extra: Any
    ) -> None:
        """Add an event.

        Parameters
        ----------
        timestamp : float
            In seconds from the start of the session.
        duration : float, optional
            In seconds; NaN for an event without one.
        annotation : str, optional
        **extra
            Values of the other columns, by name.
        """
        given = {"duration": duration, "annotation": annotation}
        self.add_row(timestamp=timestamp, **{name: value for name, value in given.items() if value is not None}, **extra)


_COLUMN = Recipe("name description data resolution", defaults={"data": ()})

RECIPES = {
    "TimestampVectorData": _COLUMN,
    "DurationVectorData": _COLUMN,
    "EventsTable": Recipe(
        "name description source_description id columns colnames target_tables meanings_tables", methods=_EventsTable
    ),
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
