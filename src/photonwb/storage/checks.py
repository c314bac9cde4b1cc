"""What every store refuses, in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from photonwb.errors import InvalidValueError, NotFoundError

from .elements import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .contract import ElementType, Group, Layout

__all__ = ["check_layout", "check_member", "check_move", "check_new_name", "check_resize", "values_for"]


def check_new_name(group: Group, name: str) -> None:
    """Refuse a name that a new member cannot have."""
    where = f"{group.store.location}: {group.path}"
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise InvalidValueError(f"{where}: {name!r} cannot be the name of a member; leave out '/' and NUL, and give a name")
    if name in group:
        raise InvalidValueError(f"{where}: there is a member {name!r} already; delete it first or choose another name")


def check_member(group: Group, name: str) -> None:
    """Refuse a name that is not that of a member."""
    if "/" in name or name not in group:
        raise NotFoundError(f"{group.store.location}: {group.path} has no member {name!r}")


def check_move(group: Group, name: str, to: Group, new_name: str) -> None:
    """Refuse to move what is not there, into another file, into itself, or over another member."""
    check_member(group, name)
    path = f"{group.path.rstrip('/')}/{name}"
    if to.store is not group.store:
        raise InvalidValueError(f"{group.store.location}: {path} cannot be moved into another file ({to.store.location})")
    if f"{to.path}/".startswith(f"{path}/"):
        raise InvalidValueError(f"{group.store.location}: {path} cannot be moved into itself")
    check_new_name(to, new_name)


def check_layout(layout: Layout, where: str) -> None:
    """Refuse chunks that do not go with the shape, and what needs chunks where there are none."""
    if layout.chunks is not None:
        if len(layout.chunks) != len(layout.shape) or not layout.shape or min(layout.chunks) < 1:
            raise InvalidValueError(f"{where}: chunks of {layout.chunks} do not go with a shape of {layout.shape}")
    elif layout.filters or layout.maximum not in (None, layout.shape):
        raise InvalidValueError(f"{where}: filters and growing axes need chunks")
    if layout.maximum is not None and not _fits(layout.shape, layout.maximum):
        raise InvalidValueError(f"{where}: a shape of {layout.shape} is beyond its maximum {layout.maximum}")


def check_resize(layout: Layout, shape: tuple[int, ...], where: str) -> None:
    """Refuse a shape that a dataset of that layout cannot take."""
    maximum = layout.maximum or layout.shape
    if layout.chunks is None or not _fits(shape, maximum):
        raise InvalidValueError(f"{where}: shape {layout.shape} cannot become {shape}; it may grow to {maximum}")


def values_for(values: Any, element: ElementType, shape: tuple[int, ...], where: str) -> NDArray[Any]:
    """Values as an array of that shape, in the form of the contract; what is smaller is repeated as numpy does it."""
    array = normalise(values, element)[0]
    if array.shape == shape:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InvalidValueError(f"{where}: expected values of shape {shape}, got {array.shape}") from None


def _fits(shape: tuple[int, ...], maximum: tuple[int | None, ...]) -> bool:
    return len(shape) == len(maximum) and all(
        length >= 0 and (most is None or length <= most) for length, most in zip(shape, maximum, strict=True)
    )
