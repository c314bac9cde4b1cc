"""An HDF5 file that is changed in place, each commit as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .hdf5 import HDF5Store
from .journaled_file import JournaledFile

if TYPE_CHECKING:
    from photonwb.typing import Path

__all__ = ["JournaledStore"]


class JournaledStore(HDF5Store):
    """An existing HDF5 file, open for changes that `commit` makes durable; those after the last commit are forgotten.

    Parameters
    ----------
    path : path
    shared : bool
        Whether others may read the file meanwhile; they see the last commit.

    Raises
    ------
    StorageError
        The file is open elsewhere, may not be written, or is no HDF5 file.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._change = JournaledFile(path, shared=shared)
        try:
            super().__init__(self._change, "r+")
        except BaseException:
            self._change.close()
            raise

    @property
    def is_settled(self) -> bool:
        """Whether the file holds all that was committed; False while a reader of a shared file stands in the way."""
        return self._change.is_settled

    def commit(self, patience: float = 0.0) -> None:
        """Make all changes since the last commit durable: all of them, or none.

        Parameters
        ----------
        patience : float
            Seconds to wait for readers of a shared file to close it. After that the changes are no less durable, but not seen
            by readers before a later commit.
        """
        self.flush()
        self._change.commit(patience)

    def close(self) -> None:
        """Close the file; what was not committed is forgotten."""
        try:
            super().close()
        finally:
            self._change.close()
