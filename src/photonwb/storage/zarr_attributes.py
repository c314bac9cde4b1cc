"""Attributes of Zarr, which are JSON, as values of the contract.

JSON has one kind of integers and one of other numbers, and lists without a shape. Where that would lose something (an attribute
of `uint8`, an empty list of text) the element type is noted beside the attributes, in one of ours that other programs pass over.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from photonwb.errors import InvalidTypeError, InvalidValueError, NotFoundError, PhotonwbError

from .contract import ASCII, REFERENCE, TEXT, Reference
from .elements import convert, normalise, objects, plain_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .contract import ElementType
    from .zarr_nodes import ZarrNode

__all__ = ["NOTES", "RESERVED", "ZarrAttributes", "referring"]

# What is kept in attributes, and is none of them.
NOTES = "_PHOTONWB"
RESERVED = frozenset({"_DTYPE", "_LINKS", "_REFERENCE_FIELDS", "zarr_dtype", "zarr_link", NOTES})
MARK = "_REFERENCE"
# Of these a reference is written as nothing but a path.
PLAIN_REFERENCES = (".specloc",)


class ZarrAttributes(MutableMapping[str, Any]):
    """The attributes of one object.

    Parameters
    ----------
    node : ZarrNode
    """

    __slots__ = ("_node",)

    def __init__(self, node: ZarrNode) -> None:
        self._node = node

    def __repr__(self) -> str:
        return f"<attributes of {self._node.path}: {', '.join(self)}>"

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._node.record.attributes))

    def __len__(self) -> int:
        return len(self._node.record.attributes)

    def __contains__(self, name: object) -> bool:
        return name in self._node.record.attributes

    def __getitem__(self, name: str) -> Any:
        record, store = self._node.record, self._node.store
        if name not in record.attributes:
            raise NotFoundError(f"{store.location}: {self._node.path} has no attribute {name!r}")
        document = record.attributes[name]
        if name in PLAIN_REFERENCES and isinstance(document, str):
            return Reference(f"/{document.strip('/')}")
        try:
            return _decoded(document, record.types.get(name), store.path_in)
        except PhotonwbError as error:
            error.add_note(f"{store.location}: {self._node.path}: attribute {name!r}")
            raise

    def __setitem__(self, name: str, value: Any) -> None:
        store = self._node.store
        record = store.changing(self._node.path)
        if name in RESERVED:
            raise InvalidValueError(f"{store.location}: {self._node.path}: {name!r} is kept for the format; choose another name")
        array, element = normalise(value)
        document = _encoded(array, element, lambda reference: store.target_of(reference))
        if name in PLAIN_REFERENCES and _is_reference(document) and document[MARK]:
            document = document[MARK]["path"].strip("/")
        record.attributes[name] = document
        if _says_itself(document, array, element):
            record.types.pop(name, None)
        else:
            record.types[name] = [_name(element), list(array.shape)]

    def __delitem__(self, name: str) -> None:
        record = self._node.store.changing(self._node.path)
        if name not in record.attributes:
            raise NotFoundError(f"{self._node.store.location}: {self._node.path} has no attribute {name!r}")
        del record.attributes[name]
        record.types.pop(name, None)


def referring(document: Any, new: Callable[[str], str]) -> Any:
    """An attribute with other paths in its references."""
    if _is_reference(document):
        inner = document[MARK]
        return document if not inner else {MARK: {**inner, "path": new(inner["path"])}}
    if isinstance(document, list):
        return [referring(item, new) for item in cast("list[Any]", document)]
    return document


# ---- from values to JSON


def _encoded(array: NDArray[Any], element: ElementType, path_of: Callable[[Reference], str]) -> Any:
    if array.ndim > 1:
        return [_encoded(item, element, path_of) for item in array]
    items = _items(array.reshape(-1), element, path_of)
    return items if array.ndim else items[0]


def _items(array: NDArray[Any], element: ElementType, path_of: Callable[[Reference], str]) -> list[Any]:
    if isinstance(element, tuple):
        return [[_items(row[name].reshape(1), member, path_of)[0] for name, member in element] for row in array.reshape(-1, 1)]
    if element == REFERENCE:
        values: list[Reference | None] = array.tolist()
        return [{MARK: None if value is None else {"source": ".", "path": path_of(value)}} for value in values]
    if isinstance(element, np.dtype) and element.kind == "c":
        return [[value.real, value.imag] for value in array.tolist()]
    if isinstance(element, np.dtype) and element.kind not in "biuf":
        raise InvalidTypeError(f"an attribute of Zarr cannot hold {element}")
    return array.tolist()


def _says_itself(document: Any, array: NDArray[Any], element: ElementType) -> bool:
    """Whether a value can be told from its JSON alone."""
    if isinstance(element, tuple) or element == REFERENCE:
        return element == REFERENCE and bool(array.size) and array.ndim < 2
    try:
        found, guessed = normalise(_plain(document))
    except PhotonwbError:
        return False
    return found.shape == array.shape and (guessed == element or {guessed, element} <= {TEXT, ASCII})  # type: ignore[comparison-overlap]


def _name(element: ElementType) -> Any:
    """An element type as JSON."""
    if isinstance(element, tuple):
        return [[name, _name(member)] for name, member in element]
    return element.str if isinstance(element, np.dtype) else element


# ---- and back


def _decoded(document: Any, note: Any, path_in: Callable[[Any], str]) -> Any:
    if note is not None:
        try:
            element, shape = _element(note[0]), tuple(int(length) for length in note[1])
            return plain_value(_array(document, element, shape, path_in))
        except (PhotonwbError, TypeError, ValueError, IndexError, KeyError, OverflowError):
            pass  # the attribute was changed since, by somebody who did not see the note
    if document is None:
        return None
    if _is_reference(document):
        return _reference(document, path_in)
    if isinstance(document, list) and document and _is_reference(cast("Any", document[0])):
        return objects([_reference(item, path_in) for item in cast("list[Any]", document)], (len(cast("list[Any]", document)),))
    return _plain_value(document)


def _plain_value(document: Any) -> Any:
    try:
        return plain_value(normalise(_plain(document))[0])
    except (PhotonwbError, ValueError, OverflowError):
        # What no other format has a word for is shown as it is written.
        return json.dumps(document, ensure_ascii=False)


def _plain(document: Any) -> Any:
    if isinstance(document, dict):
        raise InvalidTypeError("an object of JSON is no value")
    return document


def _element(name: Any) -> ElementType:
    if isinstance(name, list):
        return tuple((str(member), _element(kind)) for member, kind in cast("list[Any]", name))
    return name if name in (TEXT, ASCII, REFERENCE) else np.dtype(name)


def _array(document: Any, element: ElementType, shape: tuple[int, ...], path_in: Callable[[Any], str]) -> NDArray[Any]:
    flat: list[Any] = [document]
    for length in shape:
        if any(len(item) != length for item in flat):
            raise ValueError("the attribute has another shape than was noted")
        flat = [inner for item in flat for inner in item]
    if isinstance(element, tuple):
        members = [_array([row[i] for row in flat], member, (len(flat),), path_in) for i, (_, member) in enumerate(element)]
        result = np.empty(len(flat), [(name, values.dtype) for (name, _), values in zip(element, members, strict=True)])
        for (name, _), values in zip(element, members, strict=True):
            result[name] = values
        return result.reshape(shape)
    if element == REFERENCE:
        return objects([_reference(item, path_in) for item in flat], shape)
    if isinstance(element, str):
        return convert(objects(flat, shape), element)
    if element.kind == "c":
        flat = [complex(*item) for item in flat]
    return np.array(flat, element).reshape(shape)


def _is_reference(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    found = cast("dict[str, Any]", document)
    return MARK in found or (found.get("zarr_dtype") in ("object", "object_reference") and "value" in found)


def _reference(document: Any, path_in: Callable[[Any], str]) -> Reference | None:
    inner = document[MARK] if MARK in document else document["value"]
    return None if inner is None else Reference(path_in(inner))
