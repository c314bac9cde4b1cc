"""Groups whose members are there, while the names of these lie where the file ends no more.

In the classic format of HDF5 a group has a tree of entries, in the order of the names, and a heap in which the names lie. The
heap of a group that grew is one of the last things in a file, so that a file that is cut short has often lost the names of its
largest groups, and little else of them. The entries still tell where each member is, of which kind, and how much room its name
took. What is beyond the end is left out of the tree.
"""

from __future__ import annotations

import struct
from itertools import combinations, pairwise, takewhile
from math import comb
from typing import TYPE_CHECKING, NamedTuple

from .damaged_headers import message_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["names_given"]

_HEAP = struct.Struct("<4sB3xQQQ")  # signature, version, bytes of names, first free place, where the names lie
_TREE = struct.Struct("<4sBBHQQ")  # signature, kind, level, number of entries, neighbours
_NODE = struct.Struct("<4sBxH")  # signature, version, number of entries
_ENTRY = struct.Struct("<QQI4xI12x")  # name, header, kind, value of a link
_NO_FREE_PLACE = 1
_GROUP, _LINK = 1, 2
_SHAPE, _MEMBERS = 0x01, 0x11  # messages of datasets and of groups
_COUNT = 6  # where a tree has the number of its entries
_MOST_GUESSES = 100_000
_MOST_NODES = 500  # of a tree, which may also be a chain


class _Entry(NamedTuple):
    name: int  # where in the heap
    header: int
    kind: int
    value: int


def names_given(
    read: Callable[[int, int], bytes], table: bytes, present: int, known: Sequence[tuple[str, str]]
) -> tuple[list[tuple[int, bytes]], int]:
    """What to put where, so that the members of a group have names again.

    Parameters
    ----------
    read : callable
        Gives so many bytes from an offset, or as many as there are.
    table : bytes
        Where the tree and the heap of the group are.
    present : int
        Where the file ends.
    known : sequence of (str, str)
        Names that the members may have, in their order, each with "group", "link", "array" (of several axes)
        or "dataset" (any other), and "?" if it is rare.

    Returns
    -------
    list of (offset, bytes)
        Empty when the names are there, or nothing can be done.
    int
        How many names were made up.
    """
    tree, heap = struct.unpack_from("<QQ", table)
    head = read(heap, _HEAP.size)
    if len(head) < _HEAP.size or head[:4] != b"HEAP":
        return [], 0
    _, version, size, _, place = _HEAP.unpack(head)
    if place + size <= present or size > 1 << 20:
        return [], 0
    entries = list(_entries(read, tree, set()))
    if not entries or any(entry.name >= size for entry in entries):
        return [], 0
    starts = sorted({entry.name for entry in entries} | {entry.value for entry in entries if entry.kind == _LINK} | {size})
    room = {start: end - start for start, end in pairwise(starts)}
    made_up = [f"lost{number:03}" for number in range(1, len(entries) + 1)]
    names = [one or other for one, other in zip(_standard_names(read, entries, room, known), made_up, strict=True)]
    if names != sorted(names):  # as HDF5 expects them
        names = made_up
    content = bytearray(size)
    for entry, name in zip(entries, names, strict=True):
        if len(name) >= room[entry.name]:
            return [], 0
        content[entry.name : entry.name + len(name)] = name.encode()
    patches = [(heap, _HEAP.pack(b"HEAP", version, size, _NO_FREE_PLACE, place)), (place, bytes(content))]
    return [*patches, *_shorter_trees(read, tree, set())], len(set(names) & set(made_up))


def _children(read: Callable[[int, int], bytes], address: int, seen: set[int]) -> tuple[int, int, list[int]]:
    """The level of a tree that was not seen yet, how many children it has, and where those are that are there."""
    head = read(address, _TREE.size)
    if address in seen or len(seen) == _MOST_NODES or len(head) < _TREE.size or head[:4] != b"TREE":
        return 0, 0, []
    seen.add(address)
    _, _, level, count, _, _ = _TREE.unpack(head)
    keys = read(address + _TREE.size, 16 * count + 8)
    children = [struct.unpack_from("<Q", keys, 16 * number + 8)[0] for number in range(min(count, len(keys) // 16))]
    signature = b"TREE" if level else b"SNOD"
    return level, count, list(takewhile(lambda child: read(child, 4) == signature, children))


def _entries(read: Callable[[int, int], bytes], address: int, seen: set[int]) -> Iterator[_Entry]:
    """The members of a group, in the order of their names, as far as they are there."""
    level, _, children = _children(read, address, seen)
    for child in children:
        if level:
            yield from _entries(read, child, seen)
            continue
        count = _NODE.unpack(read(child, _NODE.size).ljust(_NODE.size, b"\0"))[2]
        content = read(child + _NODE.size, count * _ENTRY.size)
        yield from (_Entry(*fields) for fields in _ENTRY.iter_unpack(content[: len(content) // _ENTRY.size * _ENTRY.size]))


def _shorter_trees(read: Callable[[int, int], bytes], address: int, seen: set[int]) -> Iterator[tuple[int, bytes]]:
    """Trees that end with what there is of them."""
    level, count, children = _children(read, address, seen)
    if len(children) < count:
        yield address + _COUNT, struct.pack("<H", len(children))
    for child in children if level else ():
        yield from _shorter_trees(read, child, seen)


def _standard_names(
    read: Callable[[int, int], bytes], entries: list[_Entry], room: dict[int, int], known: Sequence[tuple[str, str]]
) -> list[str]:
    """For each entry the known name that is in the right order, of the right kind and as long as the lost one, "" for several."""
    nothing = [""] * len(entries)
    if comb(len(known), len(entries)) > _MOST_GUESSES:
        return nothing
    kinds = [_kind(read, entry) for entry in entries]

    def fits(entry: _Entry, kind: str, candidate: tuple[str, str]) -> bool:
        return candidate[1].rstrip("?") == kind and len(candidate[0]) < room[entry.name]

    def merit(chosen: tuple[tuple[str, str], ...]) -> tuple[int, int]:
        """How many of the names take all the room that there is; and of the rare ones as few as possible."""
        exact = sum((len(name) + 8) // 8 * 8 == room[entry.name] for entry, (name, _) in zip(entries, chosen, strict=True))
        return exact, -sum(kind.endswith("?") for _, kind in chosen)

    fitting = [chosen for chosen in combinations(known, len(entries)) if all(map(fits, entries, kinds, chosen))]
    most = max(map(merit, fitting), default=(0, 0))
    best = [{name for name, _ in names} for names in zip(*(each for each in fitting if merit(each) == most), strict=True)]
    return [names.pop() if len(names) == 1 else "" for names in best] or nothing


def _kind(read: Callable[[int, int], bytes], entry: _Entry) -> str:
    if entry.kind == _LINK:
        return "link"
    messages = message_kinds(read, entry.header)
    if entry.kind == _GROUP or _MEMBERS in messages:
        return "group"
    axes = messages.get(_SHAPE, b"")[1:2]
    return "array" if axes > b"\1" else "dataset"
