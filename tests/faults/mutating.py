"""Damaged files, made of good ones: the same seed gives the same damage.

What matters in a file is a small part of its bytes, so most damage is done close to the signatures of the structures of HDF5.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["mutated"]

_SIGNATURES = re.compile(rb"\x89HDF|TREE|HEAP|SNOD|GCOL|OHDR|OCHK|FRHP|FHDB|FHIB|BTHD|BTLF|BTIN|FSHD|EAHD|FAHD|SMTB")
# What lies behind a signature, roughly: one node of a tree, one heap, a few headers.
_REACH = 700
# Numbers that programs trip over, as they lie in a file.
_TRICKY = tuple(
    number.to_bytes(size, "little")
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2, 127, 255, 2 ** (8 * size - 1), 2 ** (8 * size) - 1, 2 ** (8 * size) - 8)
    if number < 2 ** (8 * size)
)


def mutated(content: bytes, seed: int) -> bytes:
    """The content of a file with some damage."""
    chance = random.Random(seed)
    damaged = bytearray(content)
    kinds = chance.choices(list(_KINDS), list(_KINDS.values()), k=chance.choice((1, 1, 1, 2, 3, 8)))
    for kind in kinds:
        kind(damaged, chance, _places(content))
    return bytes(damaged)


@lru_cache(maxsize=32)
def _places(content: bytes) -> tuple[int, ...]:
    return tuple(match.start() for match in _SIGNATURES.finditer(content))


def _place(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> int:
    if places and chance.random() < 0.8:
        return min(chance.choice(places) + chance.randrange(_REACH), len(damaged) - 1)
    return chance.randrange(len(damaged))


def _flip_bit(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    damaged[_place(damaged, chance, places)] ^= 1 << chance.randrange(8)


def _tricky_number(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    number = chance.choice(_TRICKY)
    start = _place(damaged, chance, places) // len(number) * len(number)
    damaged[start : start + len(number)] = number


def _other_address(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    """Let something lead to another structure, which may hold the one that leads there."""
    start = _place(damaged, chance, places) // 8 * 8
    damaged[start : start + 8] = (chance.choice(places or (0,))).to_bytes(8, "little")


def _copy(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    length = chance.choice((8, 16, 64, 512))
    source, target = (_place(damaged, chance, places) // 8 * 8 for _ in range(2))
    piece = damaged[source : source + length]
    damaged[target : target + len(piece)] = piece


def _erase(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    start, length = _place(damaged, chance, places), chance.choice((4, 32, 512, 4096))
    end = min(start + length, len(damaged))
    damaged[start:end] = chance.choice((b"\0", b"\xff")) * (end - start)


def _noise(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    start, length = _place(damaged, chance, places), chance.choice((2, 8, 64))
    damaged[start : start + length] = chance.randbytes(length)


def _cut(damaged: bytearray, chance: random.Random, places: tuple[int, ...]) -> None:
    """Cut short, but as a file system does it that fills what is missing with zeros: HDF5 finds the length it expects."""
    start = chance.randrange(len(damaged) // 2, len(damaged))
    damaged[start:] = bytes(len(damaged) - start) if chance.random() < 0.7 else b""


_KINDS: dict[Callable[[bytearray, random.Random, tuple[int, ...]], None], int] = {
    _flip_bit: 6,
    _tricky_number: 6,
    _other_address: 3,
    _copy: 2,
    _erase: 2,
    _noise: 2,
    _cut: 1,
}
