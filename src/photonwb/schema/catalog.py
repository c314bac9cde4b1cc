"""All the types that a file may speak of: the bundled standard, or what the file itself says, extensions included.

A type is looked up where it is used: the same name may mean something else in another namespace (an extension may have
defined a type that the standard took up later). Inheritance is walked in loops that remember what they met, and an error
concerns the one type that was asked for, because a specification in a file may be cyclic or broken in any other way.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, overload

from photonwb.errors import SchemaError
from photonwb.schema.inheritance import refine
from photonwb.schema.namespace import Namespace, newest
from photonwb.schema.specification import DatasetSpec, parse_dataset, parse_group, type_included

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from photonwb.schema.namespace import Definition
    from photonwb.schema.specification import GroupSpec, TypedSpec
    from photonwb.typing import Path

__all__ = ["Catalog", "bundled"]

_BUNDLED = {"core": "2.11.0", "hdmf-common": "1.10.0", "hdmf-experimental": "0.6.0"}


class Catalog:
    """The types of several namespaces, each in one version. It never changes once made.

    See Also
    --------
    bundled : the standard as it comes with this package
    Catalog.from_sources : the specification cached in a file
    """

    def __init__(self, namespaces: Iterable[Namespace]) -> None:
        # Where a type is asked for without its namespace, the standard goes before extensions.
        ordered = sorted(namespaces, key=lambda namespace: namespace.name != "core")
        self._namespaces = {namespace.name: namespace for namespace in ordered}
        self._flat: dict[tuple[str, str], TypedSpec] = {}
        self._resolved: dict[tuple[str, str | None], TypedSpec] = {}

    def __repr__(self) -> str:
        return f"Catalog({', '.join(f'{name} {version}' for name, version in self.namespaces.items())})"

    @classmethod
    def from_sources(cls, sources: Mapping[str, Mapping[str, Mapping[str, str]]], fall_back: Catalog | None = None) -> Catalog:
        """Make a catalog of specifications as a file caches them.

        Parameters
        ----------
        sources
            JSON text by namespace, version and source. No text is looked at before one of its types is asked for. Of
            several versions the semantically highest counts.
        fall_back
            Gives the namespaces that `sources` lacks. Default is the bundled standard.
        """
        found = {
            name: Namespace(name, version := newest(versions), partial(versions.__getitem__, version))
            for name, versions in sources.items()
            if versions
        }
        return cls(((fall_back or bundled())._namespaces | found).values())

    def load_namespaces(self, path: Path) -> Catalog:
        """Catalog of this one's namespaces and those of an extension, read from its namespace file (YAML or JSON).

        Raises
        ------
        SchemaError
            If the file, or a source that it names, is missing or cannot be read.
        """
        from photonwb.schema.extension import read_namespaces

        return self.from_sources(read_namespaces(path), fall_back=self)

    def including(self, other: Catalog) -> Catalog:
        """Catalog of this one's namespaces, and those of `other` that it lacks."""
        return Catalog((other._namespaces | self._namespaces).values())

    @property
    def namespaces(self) -> dict[str, str]:
        """Version of each namespace."""
        return {name: namespace.version for name, namespace in self._namespaces.items()}

    @property
    def problems(self) -> tuple[SchemaError, ...]:
        """Sources that could not be read."""
        return tuple(problem for namespace in self._namespaces.values() for problem in namespace.problems)

    def texts(self, namespace: str) -> dict[str, str]:
        """JSON text of each source of `namespace`, and of its header ``"namespace"``, as a file caches them."""
        if namespace not in self._namespaces:
            raise SchemaError(f"No namespace {namespace!r}. There are {', '.join(self._namespaces)}.")
        return dict(self._namespaces[namespace].texts)

    def included(self, namespace: str) -> tuple[str, ...]:
        """Namespaces whose types `namespace` may use, beginning with itself. All are needed to understand a file."""
        found = [namespace]
        for name in found:
            if name in self._namespaces:
                found.extend(inner for inner in self._namespaces[name].includes if inner not in found)
        return tuple(name for name in found if name in self._namespaces)

    def types(self) -> dict[str, tuple[str, ...]]:
        """Names of the types that each namespace defines."""
        return {name: tuple(namespace.types) for name, namespace in self._namespaces.items()}

    def namespace_of(self, type_name: str, namespace: str | None = None) -> str:
        """Namespace that defines a type, as seen from `namespace`.

        Raises
        ------
        SchemaError
            If no namespace does.
        """
        return self._definition(type_name, namespace).namespace

    def ancestors(self, type_name: str, namespace: str | None = None) -> tuple[str, ...]:
        """Types that a type inherits from, nearest first, beginning with itself.

        Raises
        ------
        SchemaError
            If one of them does not exist, cannot be parsed or inherits from itself.
        """
        return tuple(definition.name for definition in self._lineage(type_name, namespace))

    def is_a(self, type_name: str, ancestor: str, namespace: str | None = None) -> bool:
        """Whether a type is, or inherits from, `ancestor`."""
        return type_name == ancestor or ancestor in self.ancestors(type_name, namespace)

    def resolve(self, type_name: str, namespace: str | None = None) -> TypedSpec:
        """Everything that holds for objects of a type: its own specification and what it inherits.

        Datasets inside that are of a type hold what this type says too. Groups inside that are of a type hold only what is
        said in addition to their type, since types may contain each other without end: see `expand`.

        Parameters
        ----------
        type_name
            Name of the type.
        namespace
            Where the name is used. By default the first namespace that defines it counts, the standard before others.

        Raises
        ------
        SchemaError
            If the type, or one that it builds on, does not exist, cannot be parsed or inherits from itself.
        """
        key = type_name, namespace
        if key not in self._resolved:
            home = self.namespace_of(type_name, namespace)
            found = self._flattened(type_name, namespace)
            self._resolved[key] = found if isinstance(found, DatasetSpec) else self._complete(found, home)
        return self._resolved[key]

    @overload
    def expand(self, child: GroupSpec, namespace: str | None = None) -> GroupSpec: ...
    @overload
    def expand(self, child: DatasetSpec, namespace: str | None = None) -> DatasetSpec: ...
    def expand(self, child: TypedSpec, namespace: str | None = None) -> TypedSpec:
        """Specification of a child of a group, completed with what its type says.

        Parameters
        ----------
        child
            A member of `groups` or `datasets` of a resolved type.
        namespace
            Where the type that contains the child is defined.
        """
        if child.type_inc is not None:
            child = refine(child, self._flattened(child.type_inc, namespace))
        return child if isinstance(child, DatasetSpec) else self._complete(child, namespace)

    def _definition(self, type_name: str, namespace: str | None) -> Definition:
        for candidate in self._in_sight(namespace):
            if found := candidate.types.get(type_name):
                return found
        problems = " ".join(map(str, self.problems))
        raise SchemaError(f"No namespace of {self!r} defines the type {type_name!r}. {problems}".rstrip())

    def _in_sight(self, namespace: str | None) -> Iterator[Namespace]:
        """Where to look for a name used in `namespace`: there, in what it includes, and then anywhere."""
        if namespace in self._namespaces:
            yield from map(self._namespaces.__getitem__, self.included(namespace))
        yield from self._namespaces.values()

    def _lineage(self, type_name: str, namespace: str | None) -> tuple[Definition, ...]:
        """Definitions of a type and of its ancestors. What is broken in them otherwise does not matter here."""
        found: dict[tuple[str, str], Definition] = {}
        name: str | None = type_name
        while name is not None:
            definition = self._definition(name, namespace)
            namespace = definition.namespace
            if (namespace, name) in found:
                raise SchemaError(f"The type {type_name} inherits from itself: {' < '.join(name for _, name in found)} < {name}.")
            found[namespace, name] = definition
            name = type_included(definition.raw)
        return tuple(found.values())

    def _flattened(self, type_name: str, namespace: str | None) -> TypedSpec:
        """A type with what it inherits. The children are as written: their own types are not looked at."""
        spec: TypedSpec | None = None
        for definition in reversed(self._lineage(type_name, namespace)):
            key = definition.namespace, definition.name
            if key not in self._flat:
                own = _parsed(definition)
                self._flat[key] = own if spec is None else refine(own, spec)
            spec = self._flat[key]
        assert spec is not None
        return spec

    def _complete(self, spec: GroupSpec, namespace: str | None) -> GroupSpec:
        """Complete the typed datasets in a group, and in its groups that are mere folders."""
        return spec._replace(
            datasets=tuple(self.expand(dataset, namespace) for dataset in spec.datasets),
            groups=tuple(group if group.type_name else self._complete(group, namespace) for group in spec.groups),
        )


def _parsed(definition: Definition) -> TypedSpec:
    parse = parse_group if definition.kind == "groups" else parse_dataset
    try:
        return parse(definition.raw)
    except SchemaError as error:
        raise SchemaError(f"The specification of {definition.namespace}.{definition.name} cannot be read: {error}") from error


@cache
def bundled() -> Catalog:
    """Return the standard as it comes with this package: NWB core, hdmf-common and hdmf-experimental."""
    return Catalog(Namespace(name, version, partial(_bundled_texts, name, version)) for name, version in _BUNDLED.items())


def _bundled_texts(name: str, version: str) -> dict[str, str]:
    from pathlib import Path

    folder = Path(__file__).parent / "bundled" / name / version
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix == ".json"}
