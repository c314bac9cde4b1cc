"""Which Python class stands for which type of the standard.

Every class with a type of its own enters itself here when it is defined. The modules of the standard that few users need are
named, not imported: asking for one of their types imports the module.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb.model.container import AbstractContainer

__all__ = ["known_class", "known_types", "register_class"]

C = TypeVar("C", bound="type[AbstractContainer]")

_classes: dict[tuple[str, str], type[AbstractContainer]] = {}
_MODULES = ("core", "base", "device", "file", "image", "epoch", "ophys", "common")


def enter(cls: type[AbstractContainer]) -> None:
    """Make a class known as the one for its type; a later one replaces an earlier one."""
    _classes[cls.namespace, cls.neurodata_type] = cls


def register_class(neurodata_type: str, namespace: str, container_cls: C | None = None) -> C | Callable[[C], C]:
    """Make a class the one for a type, also as a decorator.

    Parameters
    ----------
    neurodata_type : str
        Name of the type in its namespace.
    namespace : str
    container_cls : type, optional
        The class; None to use this function as a decorator.
    """

    def register(cls: C) -> C:
        cls.neurodata_type = neurodata_type
        cls.namespace = namespace
        enter(cls)
        return cls

    return register if container_cls is None else register(container_cls)


def known_class(neurodata_type: str, namespace: str) -> type[AbstractContainer] | None:
    """The class written (or already made) for a type; None when there is none."""
    found = _classes.get((namespace, neurodata_type))
    if found is None:
        import_all()
        found = _classes.get((namespace, neurodata_type))
    if found is None and namespace == "core":
        # The core namespace includes the table types; files of all versions label them either way.
        found = _classes.get(("hdmf-common", neurodata_type)) or _classes.get(("hdmf-experimental", neurodata_type))
    return found


@cache
def import_all() -> None:
    """Import every module that defines types by hand; free from the second call on."""
    from importlib import import_module

    for module in _MODULES:
        import_module(f"photonwb.{module}")


def known_types() -> dict[tuple[str, str], type[AbstractContainer]]:
    """All classes by (namespace, type)."""
    import_all()
    return dict(_classes)
