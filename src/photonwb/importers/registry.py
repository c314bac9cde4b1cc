"""Which importers there are: ours, and those that other packages offer."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from photonwb.errors import InvalidValueError, MissingFileError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from inspect import Parameter

    from photonwb import typing
    from photonwb.importers.base import Importer

__all__ = ["importer", "importers", "options_of", "recognise"]

# The more particular a format, the earlier it is asked: every ScanImage file is a TIFF too.
_MODULES = (
    "suite2p",
    "caiman",
    "extract",
    "cnmfe",
    "minian",
    "miniscope",
    "bruker",
    "scanimage",
    "tiff",
    "arrays",
    "roiextractors",
)


@cache
def importers() -> Mapping[str, Importer]:
    """All importers by name; those of other packages come first, and replace ours of the same name."""
    from importlib.metadata import entry_points

    found: dict[str, Importer] = {}
    for point in entry_points(group="photonwb.importers"):
        try:
            offered = cast("Importer", point.load())
        except (ImportError, AttributeError) as error:
            warnings.warn(f"the importer {point.name!r} of another package is left out: {error}", stacklevel=2)
        else:
            found.setdefault(offered.name, offered)
    for module in _MODULES:
        ours = cast("Importer", import_module(f"{__package__}.{module}"))
        found.setdefault(ours.name, ours)
    return found


def importer(name: str) -> Importer:
    """The importer of a format.

    Raises
    ------
    NotFoundError
        There is none of that name.
    """
    try:
        return importers()[name]
    except KeyError:
        raise NotFoundError(f"importers: expected one of {', '.join(importers())}, got {name!r}") from None


def recognise(path: typing.Path) -> Importer:
    """The importer for a source.

    Raises
    ------
    MissingFileError
        There is nothing at that path.
    InvalidValueError
        No importer knows what is there.
    """
    source = Path(path)
    if not source.exists():
        raise MissingFileError(f"{source}: no such file or folder")
    for each in importers().values():
        if each.can_open(source):
            return each
    known = "; ".join(f"{each.name}: {each.recognises}" for each in importers().values())
    raise InvalidValueError(f"{source}: expected a source that an importer knows ({known}); say which it is with format=")


def options_of(each: Importer) -> dict[str, Parameter]:
    """The options that an importer takes, by name."""
    from inspect import signature

    return {name: option for name, option in signature(each.read).parameters.items() if option.kind is option.KEYWORD_ONLY}
