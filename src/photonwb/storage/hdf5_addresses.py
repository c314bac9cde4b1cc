"""Paths of objects by their address in the file.

An object reference is an address. HDF5 finds its path by a walk from the root that opens every object on its way: a fifth of a
second for each reference into a file of 10,000 groups, and hundreds of requests for a remote file. What is referred to is nearly
always near the one that refers, so this search goes outward from there, reads listings only, and remembers what it saw.
"""

from __future__ import annotations

import contextlib
from typing import Any

from .hdf5_library import h5g, h5l, h5o, name_bytes, name_text

__all__ = ["Addresses"]


class Addresses:
    """Finds paths by address, as long as the structure of the file does not change.

    Parameters
    ----------
    file_id : h5py FileID
    """

    def __init__(self, file_id: Any) -> None:
        self._file = file_id
        self._paths: dict[int, str] = {h5o.get_info(file_id).addr: "/"}
        self._members: dict[str, list[str]] = {}
        self._searched: set[str] = set()

    def path_of(self, address: int, near: str) -> str:
        """Path of the object at an address, '' when there is none; the search starts near a path."""
        while address not in self._paths:
            if near not in self._searched:
                self._search(near, address)
            if near == "/":
                break
            near = near.rpartition("/")[0] or "/"
        return self._paths.get(address, "")

    def _search(self, top: str, address: int) -> None:
        """Look through everything below a group, the near first."""
        level = [top]
        while level:
            members = [member for group in level for member in self._list(group)]
            if address in self._paths:
                return
            level = [member for member in members if self._is_group(member)]
        self._searched.add(top)

    def _list(self, group: str) -> list[str]:
        """Paths of the members, remembered with their addresses; an object with several names keeps the first that was seen."""
        members = self._members.get(group)
        if members is not None:
            return members
        members = self._members[group] = []
        prefix = name_bytes(group.rstrip("/")) + b"/"

        def note(name: bytes, info: Any) -> None:
            if info.type == h5l.TYPE_HARD:
                path = name_text(prefix + name)
                if self._paths.setdefault(info.u, path) == path:
                    members.append(path)

        # What cannot be listed (a dataset, a damaged group) has no members to offer.
        with contextlib.suppress(KeyError, OSError, RuntimeError, ValueError, TypeError):
            opened = h5g.open(self._file, name_bytes(group))
            opened.links.iterate(note, info=True)
        return members

    def _is_group(self, path: str) -> bool:
        with contextlib.suppress(KeyError, OSError, RuntimeError, ValueError):
            return h5o.get_info(self._file, name_bytes(path)).type == h5o.TYPE_GROUP
        return False
