"""One version of one namespace: texts of JSON, and an index of the types that they define.

A file may carry any namespace in any condition. So nothing is read before a type is asked for, a source that cannot be
read costs its own types only, and what was wrong is kept for whoever finds a type missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Definition", "Namespace", "newest"]

_HEADER = "namespace"


class Definition(NamedTuple):
    """A type as its source defines it, not parsed yet."""

    name: str
    namespace: str
    kind: str  # "datasets" or "groups", as in the source
    raw: Mapping[str, Any]


class Namespace:
    """A namespace in one version.

    Parameters
    ----------
    name, version
        What the file, or the package, files it under.
    load
        Gives the JSON text of every source, and of the header called ``"namespace"``; called at most once.
    """

    __slots__ = ("_header", "_includes", "_load", "_problems", "_texts", "_types", "name", "version")

    def __init__(self, name: str, version: str, load: Callable[[], Mapping[str, str]]) -> None:
        self.name = name
        self.version = version
        self._load = load
        self._texts: Mapping[str, str] | None = None
        self._header: Mapping[str, Any] | None = None
        self._types: dict[str, Definition] | None = None
        self._includes: dict[str, frozenset[str] | None] | None = None
        self._problems: list[SchemaError] = []

    @property
    def texts(self) -> Mapping[str, str]:
        """JSON text of each source, and of the header."""
        if self._texts is None:
            self._texts = self._load()
        return self._texts

    @property
    def types(self) -> dict[str, Definition]:
        """Types that the sources define, in their order, nested definitions included."""
        if self._types is None:
            self._types = self._index()
        return self._types

    @property
    def problems(self) -> tuple[SchemaError, ...]:
        """What could not be read."""
        _ = self.types
        return tuple(self._problems)

    @property
    def includes(self) -> dict[str, frozenset[str] | None]:
        """Namespaces that this one builds on, with the types that it takes from each (``None``: all)."""
        if self._includes is None:
            self._includes = {}
            for entry in self._schema():
                name: object = entry.get("namespace")
                if isinstance(name, str):
                    chosen = _chosen(entry)
                    earlier = self._includes.get(name, frozenset())
                    self._includes[name] = None if chosen is None or earlier is None else chosen | earlier
        return self._includes

    def _index(self) -> dict[str, Definition]:
        types: dict[str, Definition] = {}
        for source, chosen in self._sources().items():
            try:
                document = self._document(source)
            except SchemaError as error:
                self._problems.append(error)
                continue
            for name, kind, raw in _definitions(document):
                if chosen is None or name in chosen:
                    types.setdefault(name, Definition(name, self.name, kind, raw))
        return types

    def _sources(self) -> dict[str, frozenset[str] | None]:
        """Sources with the types to take from each; all that there are if the header does not say."""
        listed: dict[str, frozenset[str] | None] = {
            entry["source"].removesuffix(".yaml"): _chosen(entry)
            for entry in self._schema()
            if isinstance(entry.get("source"), str)
        }
        # Some writers keep the suffix in the name of the source, in one place or in both.
        stored = {source.removesuffix(".yaml"): source for source in self.texts if source != _HEADER}
        chosen = listed or dict.fromkeys(stored)
        return {stored.get(source) or source: chosen[source] for source in chosen}

    def _schema(self) -> list[Mapping[str, Any]]:
        """Entries of the header: the sources and the namespaces that make up this one."""
        if self._header is None:
            self._header = {}
            try:
                found = _dicts(self._document(_HEADER).get("namespaces"))
                named = [item for item in found if item.get("name") == self.name]
                self._header = (named or found)[0]
            except SchemaError as error:
                self._problems.append(error)
            except IndexError:
                self._problems.append(self._error(_HEADER, "describes no namespace"))
        return _dicts(self._header.get("schema"))

    def _document(self, source: str) -> Mapping[str, Any]:
        # The decoder needs `re`; a program that reads no schema should not wait for either.
        import json

        if source not in self.texts:
            raise self._error(source, "is missing")
        try:
            document: object = json.loads(self.texts[source])
        except OSError as error:
            raise self._error(source, f"cannot be read ({error})") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise self._error(source, f"is not JSON ({error})") from error
        if not isinstance(document, dict):
            raise self._error(source, "is not a JSON object")
        return cast("dict[str, Any]", document)

    def _error(self, source: str, what: str) -> SchemaError:
        return SchemaError(f"Specification {self.name}/{self.version}/{source} {what}.")


def newest(versions: Mapping[str, Any]) -> str:
    """Semantically highest of `versions`; one without a number only if there is no other."""
    return max(versions, key=_version_key)


def _version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Sorts 2.9.0 before 2.11.0-alpha before 2.11.0, and what is no version before all."""
    numbers: list[int] = []
    rest = version.removeprefix("v")
    while digits := rest[: len(rest) - len(rest.lstrip("0123456789"))]:
        numbers.append(int(digits[:18]))
        rest = rest[len(digits) :]
        if not rest.startswith("."):
            break
        rest = rest[1:]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), not rest, rest


def _definitions(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, kind and JSON form of each type that a source defines, outer before inner."""
    waiting = [(kind, raw) for kind in ("datasets", "groups") for raw in _dicts(document.get(kind))]
    for kind, raw in waiting:
        if isinstance(name := raw.get("neurodata_type_def", raw.get("data_type_def")), str):
            yield name, kind, raw
        waiting.extend((inner, item) for inner in ("datasets", "groups") for item in _dicts(raw.get(inner)))


def _chosen(entry: Mapping[str, Any]) -> frozenset[str] | None:
    chosen = entry.get("neurodata_types", entry.get("data_types"))
    if not isinstance(chosen, list):
        return None
    return frozenset(name for name in cast("list[object]", chosen) if isinstance(name, str))


def _dicts(value: object) -> list[Mapping[str, Any]]:
    """The JSON objects in a list; what is broken is left for whoever parses the type."""
    if not isinstance(value, list):
        return []
    return [cast("dict[str, Any]", item) for item in cast("list[object]", value) if isinstance(item, dict)]
