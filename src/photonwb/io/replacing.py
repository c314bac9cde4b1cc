"""A file that takes the place of another one when it is complete."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from photonwb.errors import MissingFileError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["replacing"]


class replacing:  # noqa: N801 - a context manager, used like a function
    """Give the path of a temporary file that takes the place of `target` when the block ends without an error."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.temporary = target.with_name(f".{target.name}.{os.getpid()}.part")

    def __enter__(self) -> Path:
        if not self.target.parent.is_dir():
            raise MissingFileError(f"{self.target}: the folder {self.target.parent} does not exist; make it first")
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                with self.temporary.open("rb+") as file:
                    os.fsync(file.fileno())
                self.temporary.replace(self.target)
        finally:
            with suppress(OSError):  # it is gone when all went well
                self.temporary.unlink()
