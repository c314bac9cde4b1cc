"""Stores of Zarr that were damaged by chance: their documents, their chunks, the files themselves."""

from __future__ import annotations

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

__all__ = ["mutated_store"]

# What may stand in the place of any value of a document.
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**40,
    2**63,
    2**64,
    1e308,
    float("nan"),
    "",
    ".",
    "..",
    "../../../../../etc",
    "/etc/passwd",
    "object_reference",
    "string",
    "float64",
    "zstd",
    "\udcff\0",
    [],
    [[]],
    [0],
    [-1, 1],
    [2**40],
    {},
    {"name": "x"},
    {"name": "struct", "configuration": {"fields": [{"name": "a", "data_type": "string"}]}},
    {"name": "numcodecs.lzma", "configuration": {}},
    {"_REFERENCE": {"source": ".", "path": "/nowhere"}},
    {"_REFERENCE": {"source": "../x.nwb", "path": 3}},
    [{"name": "..", "path": "/", "source": "."}],
    [{"name": "loop", "path": "/acquisition", "source": "."}],
)


def mutated_store(source: Path, target: Path, seed: int) -> str:
    """Copy a store with a few faults; returns what they are."""
    chance = random.Random(seed)
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    kinds = [_document, _document, _document, _chunk, _file]
    return "; ".join(chance.choice(kinds)(target, chance) for _ in range(chance.randint(1, 3)))


def _document(store: Path, chance: random.Random) -> str:
    path = store / "zarr.json" if chance.random() < 0.7 else chance.choice(sorted(store.rglob("zarr.json")))
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return f"{path} is damaged already"
    places = list(_places(document, ()))
    # The specifications are the greater part of each store.
    wanted = [place for place in places if not any(str(step).startswith("specifications/") for step in place)]
    place = chance.choice(wanted or places)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    kind = chance.choice(("replace", "replace", "remove", "exchange", "rename"))
    value: Any = "removed"
    if kind == "remove":
        del holder[place[-1]]
    elif kind == "rename" and isinstance(holder, dict):
        value = chance.choice(("../outside", "a/b/c", "", ".", "x", "zarr.json"))
        holder[value] = holder.pop(place[-1])
    else:
        value = copy.deepcopy(chance.choice(STRANGE))
        if kind == "exchange":
            other: Any = document
            for step in chance.choice(places):
                other = other[step]
            value = copy.deepcopy(other)
        holder[place[-1]] = value
    try:
        text = json.dumps(document)
    except (ValueError, RecursionError):
        return "a circle that cannot be written"
    if chance.random() < 0.05:
        text = text[: chance.randrange(len(text))]
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return f"{path.relative_to(store)}: {place} {kind} {str(value)[:60]}"


def _places(value: Any, place: tuple[Any, ...]) -> Any:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*place, step)
        yield from _places(inner, (*place, step))


def _chunk(store: Path, chance: random.Random) -> str:
    paths = [path for path in sorted(store.rglob("*")) if path.is_file() and path.name != "zarr.json"]
    path = chance.choice(paths)
    data = bytearray(path.read_bytes())
    kind = chance.choice(("flip", "flip", "cut", "empty", "longer", "noise"))
    if kind == "flip" and data:
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(min(len(data), 64))] = chance.randrange(256)
    elif kind == "cut":
        data = data[: chance.randrange(len(data) + 1)]
    elif kind == "empty":
        data = bytearray()
    elif kind == "longer":
        data += bytes(chance.randrange(100))
    else:
        data = bytearray(chance.randbytes(len(data)))
    path.write_bytes(data)
    return f"{path.relative_to(store)}: {kind}"


def _file(store: Path, chance: random.Random) -> str:
    path = chance.choice([path for path in sorted(store.rglob("*")) if path.exists()])
    kind = chance.choice(("remove", "folder", "link out", "link round"))
    if path.is_dir() and kind != "folder":
        shutil.rmtree(path)
    elif path.is_file():
        path.unlink()
    if kind == "folder":
        path.mkdir(exist_ok=True)
    elif kind == "link out":
        path.symlink_to("/etc")
    elif kind == "link round":
        path.symlink_to(store)
    return f"{path.relative_to(store)}: {kind}"
