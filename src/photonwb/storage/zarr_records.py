"""What a store of Zarr holds, as a tree of records: read from the documents of either format, written in format 3.

The metadata of all nodes stand together in the root of a store that was consolidated, and one reading gets them. Otherwise each
folder is looked at when it is first asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import DamagedFileError, MissingFileError, PhotonwbError, StorageError

from .contract import Link
from .zarr_attributes import NOTES, RESERVED
from .zarr_files import is_safe_name
from .zarr_metadata import ArrayMetadata, array_document, metadata_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .zarr_files import Folder

__all__ = ["DOCUMENT", "Record", "new_array", "new_group", "read_tree", "tree_documents"]

DOCUMENT = "zarr.json"
GROUP, ARRAY, ATTRIBUTES, CONSOLIDATED = ".zgroup", ".zarray", ".zattrs", ".zmetadata"
LINKS, OLD_LINKS = "_LINKS", "zarr_link"


class Record:
    """A group or an array.

    Parameters
    ----------
    document : mapping
        As in `zarr.json`; of format 2 that of the node, with its attributes as "attributes".
    list_members : callable, optional
        Gives the members of a group that were not read with it.
    error : PhotonwbError, optional
        Why the document could not be read, to be raised when somebody asks for what it says.
    """

    __slots__ = ("_array", "_attributes", "_document", "_error", "_links", "_list_members", "_members", "_types", "is_array")

    def __init__(
        self,
        document: Mapping[str, Any],
        list_members: Callable[[], dict[str, Record]] | None = None,
        error: PhotonwbError | None = None,
    ) -> None:
        self._error = error
        # Of the many nodes that a store opens with, few are looked at: what they say is sorted out then.
        self._document = document
        self.is_array = document.get("node_type") == "array"
        self._attributes: dict[str, Any] | None = None
        self._links: dict[str, Link] = {}
        self._types: dict[str, Any] = {}
        self._array: ArrayMetadata | None = None
        self._list_members = list_members
        self._members: dict[str, Record] | None = None if list_members else {}

    @property
    def attributes(self) -> dict[str, Any]:
        """Values of JSON by name; those that are kept for the format are left out.

        Raises
        ------
        DamagedFileError
            They, or the links that are kept among them, make no sense.
        """
        if self._attributes is None:
            found = self._stored_attributes
            notes = _notes(found.get(NOTES))
            if isinstance(notes.get("types"), dict):
                self._types = dict(notes["types"])
            self._links = {} if self.is_array else _links(found.get(LINKS, found.get(OLD_LINKS)))
            self._attributes = {name: value for name, value in found.items() if name not in RESERVED}
        return self._attributes

    @property
    def types(self) -> dict[str, Any]:
        """Element types and shapes of attributes that do not tell them themselves."""
        _ = self.attributes
        return self._types

    @property
    def links(self) -> dict[str, Link]:
        """Links of a group by name."""
        _ = self.attributes
        return self._links

    @property
    def _stored_attributes(self) -> dict[str, Any]:
        if self._error is not None:
            raise self._error
        attributes = self._document.get("attributes") or {}
        if not isinstance(attributes, dict):
            raise DamagedFileError(f"the attributes are no object of JSON but {type(attributes).__name__}")
        return cast("dict[str, Any]", attributes)

    @property
    def array(self) -> ArrayMetadata:
        """The metadata of an array."""
        if self._array is None:
            self._array = metadata_from(self._document, _notes(self._stored_attributes.get(NOTES)).get("maximum", ()))
        return self._array

    @property
    def foreign_document(self) -> dict[str, Any]:
        """What the store says of an array, by the names of the files in which each format keeps that."""
        if self._document.get("zarr_format") == 3:
            return {DOCUMENT: {**self._document, "attributes": {}}}
        return {ARRAY: {key: value for key, value in self._document.items() if key not in ("node_type", "attributes")}}

    @array.setter
    def array(self, value: ArrayMetadata) -> None:
        self._array = value

    @property
    def members(self) -> dict[str, Record]:
        """The members of a group but for links."""
        if self._members is None:
            assert self._list_members is not None
            self._members = self._list_members()
        return self._members

    def document(self, location: Callable[[Link], dict[str, str]]) -> dict[str, Any]:
        """The document of format 3; `location` gives a link as it is written."""
        notes: dict[str, Any] = {"types": self.types} if self.types else {}
        if self.is_array and self.array.is_noted:
            notes["maximum"] = self.array.maximum
        attributes = dict(self.attributes)
        if notes:
            # As text, which all programs carry along.
            attributes[NOTES] = json.dumps(notes)
        if self.is_array:
            return array_document(self.array, attributes)
        if self.links:
            attributes[LINKS] = [{**location(link), "name": name} for name, link in self.links.items()]
        return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def new_group() -> Record:
    """The record of an empty group."""
    return Record({"node_type": "group"})


def new_array(array: ArrayMetadata) -> Record:
    """The record of an array without attributes."""
    record = Record({"node_type": "array"})
    record.array = array
    return record


def _notes(document: Any) -> dict[str, Any]:
    try:
        found = json.loads(document) if isinstance(document, str) else {}
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _links(documents: Any) -> dict[str, Link]:
    """Links of a group by their names; those that make no sense lead nowhere."""
    found: dict[str, Link] = {}
    for document in cast("list[Any]", documents) if isinstance(documents, list) else ():
        if not isinstance(document, dict) or not isinstance(document.get("name"), str) or not is_safe_name(document["name"]):
            raise DamagedFileError(f"{document!r:.80} is no link")
        path, source = document.get("path"), document.get("source", ".")
        if not isinstance(path, str) or not isinstance(source, str):
            path, source = "", "."
        found[document["name"]] = Link(f"/{path.lstrip('/')}", None if source in (".", "") else source)
    return found


# ---- reading


def read_tree(folder: Folder, *, consolidated: bool = True) -> tuple[Record, int]:
    """The root of a store, and the format that it is in; its members by what is said of them in the root, if that is trusted.

    Raises
    ------
    MissingFileError
        There is no such folder.
    StorageError
        It is no store of Zarr.
    DamagedFileError
        Its metadata make no sense.
    """
    document = folder.document(folder.file(DOCUMENT))
    if document is not None:
        return _read_current(folder, document, consolidated=consolidated), 3
    document = folder.document(folder.file(CONSOLIDATED)) if consolidated else None
    if document is not None:
        return _tree(_joined(_mapping(document.get("metadata"), folder.file(CONSOLIDATED)))), 2
    if folder.document(folder.file(GROUP)) is not None:
        return _read_folder(folder, "", _read_legacy_document), 2
    raise _no_store(folder.path)


def _no_store(path: str) -> StorageError:
    from pathlib import Path

    if not Path(path).exists():
        return MissingFileError(f"{path}: there is no such folder")
    return StorageError(
        f"{path}: no store of Zarr: expected {DOCUMENT} (or {GROUP} of format 2) in it; a writer that was interrupted leaves "
        "such folders, or it is the folder above the store"
    )


def _read_current(folder: Folder, document: dict[str, Any], *, consolidated: bool) -> Record:
    if document.get("zarr_format") != 3 or document.get("node_type") != "group":
        raise DamagedFileError(f"{folder.file(DOCUMENT)}: expected a group of format 3, got {document.get('node_type')!r:.40}")
    inline = document.get("consolidated_metadata") if consolidated else None
    if not isinstance(inline, dict):
        return _read_folder(folder, "", _read_document, document)
    metadata = _mapping(cast("dict[str, Any]", inline).get("metadata"), folder.file(DOCUMENT))
    return _tree({**metadata, "": document})


def _mapping(document: Any, path: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise DamagedFileError(f"{path}: the consolidated metadata are no object of JSON but {type(document).__name__}")
    return cast("dict[str, Any]", document)


def _joined(metadata: dict[str, Any]) -> dict[str, Any]:
    """Documents of format 2 by the path of their node, each with its attributes."""
    found: dict[str, Any] = {"": {}}
    for key, document in metadata.items():
        path, _, name = key.rpartition("/")
        if name in (GROUP, ARRAY, ATTRIBUTES) and isinstance(document, dict):
            node = found.setdefault(path, {})
            if name == ATTRIBUTES:
                node["attributes"] = document
            else:
                node.update(cast("dict[str, Any]", document), node_type="group" if name == GROUP else "array")
    return found


def _tree(documents: Mapping[str, Any]) -> Record:
    """Records of all nodes, made of their documents by path."""
    root = Record(documents[""])
    known = {"": root}
    for path in sorted(documents):
        if not path:
            continue
        parent, _, name = path.rpartition("/")
        holder = known.get(parent)
        document = documents[path]
        if not isinstance(document, dict) or not is_safe_name(name):
            raise DamagedFileError(f"{path!r:.80} cannot be the path of an object in the consolidated metadata")
        if holder is None or holder.is_array:
            holder = _made(known, parent)
        known[path] = holder.members[name] = Record(cast("dict[str, Any]", document))
    return root


def _made(known: dict[str, Record], path: str) -> Record:
    """A group that has no document of its own."""
    holder = known[""]
    if any(not is_safe_name(name) for name in path.split("/")):
        raise DamagedFileError(f"{path!r:.80} cannot be the path of an object in the consolidated metadata")
    at = ""
    for name in path.split("/"):
        at = f"{at}/{name}".lstrip("/")
        if at not in known or known[at].is_array:
            known[at] = holder.members[name] = new_group()
        holder = known[at]
    return holder


def _read_folder(
    folder: Folder,
    path: str,
    read: Callable[[Folder, str], dict[str, Any] | None],
    document: dict[str, Any] | None = None,
    *,
    is_linked: bool = False,
) -> Record:
    """The record of a folder whose members are looked for when they are asked for."""

    def members() -> dict[str, Record]:
        found: dict[str, Record] = {}
        for name, linked in folder.names(folder.file(path) if path else folder.path, is_linked=is_linked):
            inner = f"{path}/{name}" if path else name
            try:
                one = read(folder, inner)
            except PhotonwbError as error:  # which hides none of the others
                found[name] = Record({}, error=error)
                continue
            if one is not None:
                found[name] = _read_folder(folder, inner, read, one, is_linked=linked)
        return found

    document = read(folder, path) if document is None else document
    assert document is not None
    return Record(document, members if document.get("node_type") == "group" else None)


def _read_document(folder: Folder, path: str) -> dict[str, Any] | None:
    return folder.document(folder.file(path, DOCUMENT) if path else folder.file(DOCUMENT))


def _read_legacy_document(folder: Folder, path: str) -> dict[str, Any] | None:
    parts = (path,) if path else ()
    for name, kind in ((ARRAY, "array"), (GROUP, "group")):
        document = folder.document(folder.file(*parts, name))
        if document is not None:
            return {**document, "node_type": kind, "attributes": folder.document(folder.file(*parts, ATTRIBUTES))}
    return None


# ---- writing


def tree_documents(root: Record, location: Callable[[str, Link], dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Documents of all nodes by path, "" for the root; `location` gives a link of a group as it is written."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [("", root)]
    while waiting:
        path, record = waiting.pop()

        def written(link: Link, path: str = path) -> dict[str, str]:
            return location(path, link)

        found[path] = record.document(written)
        waiting += [(f"{path}/{name}".lstrip("/"), member) for name, member in record.members.items()]
    return dict(sorted(found.items()))
