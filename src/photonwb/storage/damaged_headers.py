"""Object headers that go on where the file does not.

HDF5 refuses an object when part of its header is missing, even if that part held nothing but attributes. The root of a file is
such an object more often than not, since its last attributes are written last. In the classic format there is a way out: the
message that says where the header goes on is made one that says nothing; or one that says where the members of a group are, if
the missing part held that: the entry that leads to the group has a copy of it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from mmap import mmap

__all__ = ["member_table", "message_kinds", "root_header", "table_in", "without_missing_parts"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PREFIX = struct.Struct("<BxHII4x")  # version, number of messages, references, bytes of messages
_MESSAGE = struct.Struct("<HHB3x")  # kind, bytes, flags
_PLACE = struct.Struct("<QQ")
_NOTHING, _CONTINUATION, _MEMBER_TABLE = 0x00, 0x10, 0x11
_ENTRY = struct.Struct("<QII")  # in an entry for a group: its header, and that what follows is where its members are


def root_header(beginning: bytes) -> int | None:
    """Where the header of the root lies, from the first bytes of a file; None for other than the usual formats."""
    if not beginning.startswith(_SIGNATURE) or len(beginning) < 96:
        return None
    version = beginning[8]
    sizes = beginning[13:15] if version < 2 else beginning[9:11]
    at = {0: 64, 1: 68, 2: 36, 3: 36}.get(version)
    return struct.unpack_from("<Q", beginning, at)[0] if at is not None and sizes == b"\x08\x08" else None


def member_table(content: bytes | mmap, header: int) -> bytes | None:
    """Where the members of a group are, according to the entry that leads to it."""
    entry = _ENTRY.pack(header, 1, 0)
    at = content.find(entry)
    found = content[at + len(entry) : at + len(entry) + _PLACE.size]
    return bytes(found) if at >= 0 and len(found) == _PLACE.size else None


def without_missing_parts(
    read: Callable[[int, int], bytes], header: int, present: int, table_of: Callable[[int], bytes | None]
) -> list[tuple[int, bytes]]:
    """What to put where, so that a header ends with what there is of it.

    Parameters
    ----------
    read : callable
        Gives so many bytes from an offset.
    header : int
        Where the header lies.
    present : int
        Where the file ends.
    table_of : callable
        Gives what `member_table` does.

    Returns
    -------
    list of (offset, bytes)
        Empty when nothing is to be done, or nothing can be.
    """
    head = read(header, _PREFIX.size)
    if len(head) < _PREFIX.size or head[0] != 1:
        return []
    _, expected, _, nbytes = _PREFIX.unpack(head)
    missing: list[int] = []
    kinds: list[int] = []
    waiting = [(header + _PREFIX.size, nbytes)]
    while waiting and len(kinds) < expected:
        position, length = waiting.pop()
        for kind, at, data in _messages(read(position, length)):
            kinds.append(kind)
            if kind == _CONTINUATION and len(data) >= _PLACE.size:
                further, more = _PLACE.unpack_from(data)
                if further + more > present:
                    missing.append(position + at)
                else:
                    waiting.append((further, more))
    if not missing:
        return []
    patches = [(at, struct.pack("<H", _NOTHING)) for at in missing]
    table = table_of(header) if _MEMBER_TABLE not in kinds else None
    if table is not None:
        patches[0] = missing[0], _MESSAGE.pack(_MEMBER_TABLE, len(table), 0) + table
    return [*patches, (header + 2, struct.pack("<H", len(kinds)))]


def message_kinds(read: Callable[[int, int], bytes], header: int) -> dict[int, bytes]:
    """The messages in the first part of a header, by kind."""
    head = read(header, _PREFIX.size)
    if len(head) < _PREFIX.size or head[0] != 1:
        return {}
    return {kind: data for kind, _, data in _messages(read(header + _PREFIX.size, _PREFIX.unpack(head)[3]))}


def table_in(read: Callable[[int, int], bytes], header: int) -> bytes | None:
    """Where the members of a group are, according to its header."""
    table = message_kinds(read, header).get(_MEMBER_TABLE, b"")
    return table if len(table) >= _PLACE.size else None


def _messages(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, position and content of the messages in a part of a header."""
    at = 0
    while at + _MESSAGE.size <= len(block):
        kind, size, _ = _MESSAGE.unpack_from(block, at)
        start = at + _MESSAGE.size
        yield kind, at, block[start : start + size]
        at = start + size
