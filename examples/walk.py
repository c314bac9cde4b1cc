"""Look at each field of every NWB file in a folder.

    python examples/walk.py folder

Prints the tree of each file, then reads everything in it, a few values of each array, and tells what could not be read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import photonwb
from photonwb.errors import PhotonwbError
from photonwb.tree import tree_lines

if TYPE_CHECKING:
    from photonwb.model.container import AbstractContainer


def touch(item: AbstractContainer) -> tuple[int, list[str]]:
    """Read all fields of an object.

    Returns
    -------
    read : int
        How many have a value.
    failed : list of str
        A sentence on each that could not be read.
    """
    read, failed = 0, list[str]()
    for name in item.__fields__:
        try:
            value = getattr(item, name)
            _touch_array(value)
            read += value is not None
        except PhotonwbError as error:
            failed.append(f"{item.neurodata_type} {item.name!r}, {name}: {error}")
    return read, failed


def _touch_array(value: Any) -> None:
    """Read the first and the last element along the first axis."""
    if getattr(value, "shape", None) and value.shape[0]:
        for place in (0, -1):
            value[place]


def walk(folder: Path) -> dict[str, list[str]]:
    """Print each file, and give what could not be read of it."""
    failures: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.nwb")):
        with photonwb.open(path) as nwbfile:
            print(*tree_lines(nwbfile), sep="\n")
            objects = list(nwbfile.objects.values())
            touched = [touch(item) for item in objects]
        failures[path.name] = [sentence for _, failed in touched for sentence in failed]
        print(f"read {sum(read for read, _ in touched)} fields of {len(objects)} objects\n", *failures[path.name], sep="\n")
    return failures


if __name__ == "__main__":
    sys.exit(any(walk(Path(sys.argv[1])).values()))
