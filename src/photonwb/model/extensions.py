"""Types beyond the standard that the user loads, and how classes for types are asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photonwb.errors import SchemaError
from photonwb.model.registry import known_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from photonwb import typing
    from photonwb.model.container import AbstractContainer
    from photonwb.schema import Catalog

__all__ = [
    "available_namespaces",
    "catalog_for",
    "get_class",
    "get_manager",
    "get_type_map",
    "load_extensions",
    "load_namespaces",
    "loaded_catalog",
]

_loaded: list[Catalog] = []


def loaded_catalog() -> Catalog:
    """The bundled standard and all extensions that were loaded in this process."""
    from photonwb.schema import bundled

    return _loaded[-1] if _loaded else bundled()


def load_namespaces(namespace_path: typing.Path) -> tuple[str, ...]:
    """Load an extension from its namespace file.

    Parameters
    ----------
    namespace_path : path
        A `*.namespace.yaml` (or .json) file, its sources beside it.

    Returns
    -------
    tuple of str
        Names of the namespaces that are new.

    Raises
    ------
    MissingFileError
        The file, or a source that it names, does not exist.
    SchemaError
        It makes no sense.
    """
    before = loaded_catalog()
    after = before.load_namespaces(namespace_path)
    _loaded.append(after)
    return tuple(name for name in after.namespaces if name not in before.namespaces)


def load_extensions(extensions: Any) -> None:
    """Load extensions given as a path or a list of paths."""
    for path in [extensions] if isinstance(extensions, str) or hasattr(extensions, "__fspath__") else extensions:
        if isinstance(path, str) or hasattr(path, "__fspath__"):
            load_namespaces(path)


def available_namespaces() -> tuple[str, ...]:
    """Names of the namespaces whose types are known."""
    return tuple(loaded_catalog().namespaces)


def get_class(neurodata_type: str, namespace: str) -> type[Any]:
    """The class for a type of the standard or of a loaded extension.

    Raises
    ------
    SchemaError
        There is no such type.
    """
    found = known_class(neurodata_type, namespace)
    if found is None:
        from photonwb.model.generated import class_for

        catalog = loaded_catalog()
        if neurodata_type not in catalog.types().get(namespace, ()):
            raise SchemaError(
                f"There is no type {neurodata_type!r} in {namespace!r}; load its extension with load_namespaces(path)"
            )
        found = class_for(neurodata_type, namespace, catalog, register=True)
    return found


def catalog_for(classes: Iterable[type[AbstractContainer]]) -> Catalog:
    """A catalog that knows the namespaces of some classes, wherever they came from."""
    catalog = loaded_catalog()
    for cls in classes:
        own: Catalog | None = getattr(cls, "__catalog__", None)
        if own is not None and cls.namespace not in catalog.namespaces:
            catalog = catalog.including(own)
    return catalog


class Manager:
    """Stands where pynwb has its build manager and type map; nothing here needs either."""

    def get_dt_container_cls(self, data_type: str, namespace: str = "core") -> type[AbstractContainer]:
        """The class for a type."""
        return get_class(data_type, namespace)

    get_container_cls = get_dt_container_cls

    def load_namespaces(self, namespace_path: typing.Path) -> tuple[str, ...]:
        """Load an extension, for the whole process: see `load_namespaces`."""
        return load_namespaces(namespace_path)


def get_manager(copy: bool = True) -> Manager:
    """Accepted where pynwb wants a build manager.

    Parameters
    ----------
    copy : bool
        Without effect.
    """
    return Manager()


def get_type_map(copy: bool = True) -> Manager:
    """Accepted where pynwb wants a type map.

    Parameters
    ----------
    copy : bool
        Without effect.
    """
    return Manager()
