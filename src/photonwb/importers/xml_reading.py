"""XML of other programs, without what XML can do to its reader: a document with a DTD, and thus with entities, is refused."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from photonwb.errors import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO
    from xml.etree.ElementTree import Element

__all__ = ["elements", "parse_xml"]


def parse_xml(text: str | bytes, label: str) -> Element:
    """The root of a document, its tags without namespaces.

    Raises
    ------
    DamagedFileError
        Not XML, or XML with a DTD.
    """
    stream = BytesIO(text.encode("utf-8") if isinstance(text, str) else text)
    # The last element to end is the first one that began.
    return [element for _, element in elements(stream, label)][-1]


def elements(stream: BinaryIO, label: str) -> Iterator[tuple[str, Element]]:
    """The starts and ends of the elements of a document, as they come; tags without namespaces.

    Raises
    ------
    DamagedFileError
        Not XML, or XML with a DTD.
    """
    _refuse_dtd(stream, label)
    try:
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 - there is no DTD
            element.tag = element.tag.rpartition("}")[2]
            yield event, element
    except ET.ParseError as error:
        raise DamagedFileError(f"{label}: not XML that can be read: {error}") from error


class _RootReachedError(Exception):
    """All that may stand before the root was seen."""


def _refuse_dtd(stream: BinaryIO, label: str) -> None:
    """A DTD can only stand before the root; so only that much is read."""

    def refuse(*_: Any) -> None:
        raise DamagedFileError(f"{label}: XML with a DTD is not read, since that can make a reader fetch or compute without end")

    def stop(*_: Any) -> None:
        raise _RootReachedError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    start = stream.tell()
    try:
        while piece := stream.read(4096):
            parser.Parse(piece)
    except _RootReachedError:
        pass
    except expat.ExpatError as error:
        raise DamagedFileError(f"{label}: not XML that can be read: {error}") from error
    stream.seek(start)
