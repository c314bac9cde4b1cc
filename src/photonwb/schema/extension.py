"""Namespaces that come as a namespace file with sources beside it, as extensions are published.

They become the same JSON texts that files cache, so that nothing else has to know this form.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import MissingFileError, SchemaError

if TYPE_CHECKING:
    from photonwb import typing

__all__ = ["read_namespaces"]


def read_namespaces(path: typing.Path) -> dict[str, dict[str, dict[str, str]]]:
    """JSON texts by namespace, version and source, of the namespaces that a YAML or JSON file describes.

    Raises
    ------
    MissingFileError
        The file, or a source that it names, does not exist.
    SchemaError
        It cannot be read.
    """
    path = Path(path)
    document = _document(path)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for namespace in _objects(document, "namespaces", path):
        if not isinstance(namespace.get("name"), str):
            raise SchemaError(f"{path}: a namespace has no name.")
        found[namespace["name"]] = {str(namespace.get("version")): _texts(namespace, path)}
    if not found:
        raise SchemaError(f"{path} describes no namespace.")
    return found


def _texts(namespace: dict[str, Any], path: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    schema: list[dict[str, Any]] = []
    for entry in _objects(namespace, "schema", path):
        if isinstance(source := entry.get("source"), str):
            name = source.removesuffix(".yaml").removesuffix(".json")
            texts[name] = _json(_document(path.parent / source))
            entry = entry | {"source": name}
        schema.append(entry)
    # Inside a file a source goes by its name without suffix, and what it is about is said by the source itself.
    schema = [{key: value for key, value in entry.items() if key not in ("doc", "title")} for entry in schema]
    texts["namespace"] = _json({"namespaces": [namespace | {"schema": schema}]})
    return texts


def _objects(parent: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    found = parent.get(key) or []
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    raise SchemaError(f"{path}: expected a list of mappings as {key}.")


def _document(path: Path) -> dict[str, Any]:
    """Read a YAML or JSON file."""
    try:
        text = path.read_text(encoding="utf-8")
        document: object = json.loads(text) if path.suffix == ".json" else _yaml(text)
    except FileNotFoundError as error:
        raise MissingFileError(f"The specification {path} does not exist.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SchemaError(f"The specification {path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise SchemaError(f"The specification {path} holds no mapping.")
    return document


def _yaml(text: str) -> object:
    try:
        import yaml
    except ImportError as error:
        raise SchemaError("Reading a specification in YAML needs PyYAML: pip install PyYAML") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SchemaError(str(error)) from error


def _json(document: dict[str, Any]) -> str:
    # YAML makes dates of what looks like one.
    return json.dumps(document, separators=(",", ":"), default=str)
