"""What the nodes of all stores have in common: they are no more than a store and a path."""

from __future__ import annotations

from typing import Any

__all__ = ["MANY_TEXTS", "StoreNode"]

# So many texts are read without asking whether there can be so many.
MANY_TEXTS = 2**22


class StoreNode:
    """A group or a dataset; its class says of which store."""

    __slots__ = ("path", "store")

    def __init__(self, store: Any, path: str) -> None:
        self.store = store
        self.path = path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r} of {self.store.location!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.store is other.store and self.path == other.path

    def __hash__(self) -> int:
        return hash((id(self.store), self.path))

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2] or "/"
