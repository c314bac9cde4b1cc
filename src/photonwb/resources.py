"""References from the data to the terms of ontologies and other resources on the web."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.generated import Recipe, offered

if TYPE_CHECKING:
    from photonwb.container import Container
    from photonwb.generated import FromSchema

    # ruff: noqa: D101 - the descriptions come from the standard
    class HERD(FromSchema, Container): ...


__all__ = ["HERD"]

RECIPES = {"HERD": Recipe("name keys files entities objects object_keys entity_keys", defaults={"name": "external_resources"})}


def __getattr__(name: str) -> Any:
    return offered(__name__, RECIPES, name)


def __dir__() -> list[str]:
    return __all__
