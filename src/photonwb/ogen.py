"""Optogenetics: where light stimulated, and with what power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.model.generated import SERIES, Recipe, offered

if TYPE_CHECKING:
    from photonwb.core import NWBContainer
    from photonwb.model.generated import FromSchema
    from photonwb.timeseries import TimeSeries

    # ruff: noqa: D101 - the descriptions come from the standard
    class OptogeneticSeries(FromSchema, TimeSeries): ...

    class OptogeneticStimulusSite(FromSchema, NWBContainer): ...


__all__ = ["OptogeneticSeries", "OptogeneticStimulusSite"]

RECIPES = {
    "OptogeneticStimulusSite": Recipe("name device description excitation_lambda location"),
    "OptogeneticSeries": Recipe(f"name data site {SERIES}"),
}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
