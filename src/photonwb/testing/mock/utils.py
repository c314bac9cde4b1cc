"""What the `mock_*` functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from photonwb.file import NWBFile
    from photonwb.typing import Shape

__all__ = ["name_generator", "name_generator_registry"]

T = TypeVar("T")

name_generator_registry: dict[str, int] = {}


def name_generator(name: str) -> str:
    """A name that was not given out before: `TimeSeries`, `TimeSeries2`, `TimeSeries3`, ..."""
    count = name_generator_registry.get(name, 0) + 1
    name_generator_registry[name] = count
    return name if count == 1 else f"{name}{count}"


def make(
    cls: Callable[..., T], arguments: dict[str, Any], add: Callable[[NWBFile, T], object], **choices: Callable[[], Any]
) -> T:
    """Make an object of `arguments` (with `nwbfile`, where it is added), choosing its name and what `choices` can choose."""
    nwbfile = arguments.pop("nwbfile")
    arguments["name"] = arguments["name"] or name_generator(cls.__name__)
    for argument, choose in choices.items():
        if arguments[argument] is None:
            arguments[argument] = choose()
    made = cls(**arguments)
    if nwbfile is not None:
        add(nwbfile, made)
    return made


def one_clock(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a time series, without the rate where timestamps were given: a series has one or the other."""
    return {**arguments, "rate": None} if arguments["timestamps"] is not None else arguments


def ones(shape: Shape) -> NDArray[Any]:
    """An array full of ones."""
    import numpy as np

    return np.ones(shape)
