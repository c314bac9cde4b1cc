"""What a file and its journal are when the power fails, after each single thing that was done to them.

Everything that goes to the disk is noted while it happens, and then played back as far as one likes: as if all of it had arrived,
or as if of what was not synchronised some had been lost.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SECTOR = 512


class Operation(NamedTuple):
    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


class Disk:
    """Notes what is done to the files of a folder.

    Parameters
    ----------
    folder : Path
        Its files as they are now are where playing back begins.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.before = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.operations: list[Operation] = []
        for name in ("pwrite", "ftruncate", "fsync", "open", "unlink"):
            patch.setattr(os, name, self._noting(name, getattr(os, name)))

    def _noting(self, kind: str, original: Any) -> Any:
        note = getattr(self, f"_{kind}")

        def call(*arguments: Any, **more: Any) -> Any:
            note(*arguments)
            return original(*arguments, **more)

        return call

    def _name(self, descriptor: int) -> str | None:
        """Name of an open file of the folder, "." for the folder itself."""
        own = os.fstat(descriptor)
        for path in (self.folder, *self.folder.iterdir()):
            if os.path.samestat(path.stat(), own):
                return "." if path == self.folder else path.name
        return None

    def _add(self, kind: str, descriptor: int, offset: int = 0, data: bytes = b"") -> None:
        name = self._name(descriptor)
        if name is not None:
            self.operations.append(Operation(kind, name, offset, data))

    def _pwrite(self, descriptor: int, data: Any, offset: int) -> None:
        self._add("write", descriptor, offset, bytes(data))

    def _ftruncate(self, descriptor: int, length: int) -> None:
        self._add("truncate", descriptor, length)

    def _fsync(self, descriptor: int) -> None:
        self._add("sync", descriptor)

    def _open(self, path: Any, flags: int, *_: Any) -> None:
        path = Path(path)
        if path.parent == self.folder and flags & os.O_CREAT and not path.exists():
            self.operations.append(Operation("create", path.name))

    def _unlink(self, path: Any, *_: Any) -> None:
        if Path(path).parent == self.folder:
            self.operations.append(Operation("remove", Path(path).name))

    def states(self) -> Iterator[dict[str, bytes]]:
        """Content of the files after each operation, from none to all of them."""
        state = dict(self.before)
        yield dict(state)
        for operation in self.operations:
            _apply(state, operation)
            yield dict(state)

    def states_with_losses(self, seed: int, most: int = 150) -> Iterator[dict[str, bytes]]:
        """What the disk may hold after some of the operations, if of what was not synchronised some is lost, or torn."""
        chance = random.Random(seed)
        durable = dict(self.before)
        waiting: list[Operation] = []
        every = max(1, len(self.operations) // most)
        for number, operation in enumerate(self.operations):
            if operation.kind == "sync":
                # The folder keeps which files there are, each file its content.
                kept = ("create", "remove") if operation.name == "." else ("write", "truncate", "create")
                arrived = [one for one in waiting if one.kind in kept and operation.name in (".", one.name)]
                for one in arrived:
                    _apply(durable, one)
                waiting = [one for one in waiting if one not in arrived]
            else:
                waiting.append(operation)
            if number % every == 0 or operation.kind == "sync":
                state = dict(durable)
                for one in waiting:
                    if chance.random() < 0.7:
                        _apply(state, one, chance)
                yield state


def _apply(files: dict[str, bytes], operation: Operation, chance: random.Random | None = None) -> None:
    kind, name, offset, data = operation
    content = files.get(name, b"")
    if kind == "create":
        files.setdefault(name, b"")
    elif kind == "remove":
        files.pop(name, None)
    elif kind == "truncate" and name in files:
        files[name] = content[:offset].ljust(offset, b"\0")
    elif kind == "write" and name in files:
        if chance is not None and chance.random() < 0.5:  # torn between two sectors
            data = data[: chance.randrange(0, len(data) + SECTOR, SECTOR)]
        files[name] = content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


def put(folder: Path, state: dict[str, bytes]) -> None:
    """Let a folder hold exactly these files."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in state.items():
        (folder / name).write_bytes(content)
