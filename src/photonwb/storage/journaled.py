"""An HDF5 file that is changed in place, each commit as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .hdf5 import HDF5Store
from .journal import JournaledFile

if TYPE_CHECKING:
    from photonwb.typing import Path

__all__ = ["JournaledStore"]


class JournaledStore(HDF5Store):
    """An existing HDF5 file, open for changes that `commit` makes durable; those after the last commit are forgotten.

    Parameters
    ----------
    path : path

    Raises
    ------
    StorageError
        The file is open elsewhere, may not be written, or is no HDF5 file.
    """

    def __init__(self, path: Path) -> None:
        self._change = JournaledFile(path)
        try:
            super().__init__(self._change, "r+")
        except BaseException:
            self._change.close()
            raise

    def commit(self) -> None:
        """Make all changes since the last commit durable: all of them, or none."""
        self.flush()
        self._change.commit()

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        try:
            super().close()
        finally:
            self._change.close()
