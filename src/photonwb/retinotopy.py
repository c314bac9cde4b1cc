"""Retinotopic maps of the cortex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.model.generated import Recipe, offered

if TYPE_CHECKING:
    from photonwb.core import NWBDataInterface
    from photonwb.model.generated import FromSchema

    # ruff: noqa: D101 - the descriptions come from the standard
    class ImagingRetinotopy(FromSchema, NWBDataInterface): ...


__all__ = ["ImagingRetinotopy"]

RECIPES = {"ImagingRetinotopy": Recipe()}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
