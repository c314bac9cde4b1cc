"""A file as a copy of another, with what was changed in memory.

What the model does not know is carried over too: the stored bytes are copied as they are, then only the changes are written.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.errors import InvalidValueError
from photonwb.io.editing import checked_plan, write_changes
from photonwb.io.writing import replacing
from photonwb.storage.hdf5 import HDF5Store

if TYPE_CHECKING:
    from photonwb import typing
    from photonwb.file import NWBFile

__all__ = ["export_file"]


def export_file(source: Any, nwbfile: NWBFile | None, path: typing.Path, *, cache_spec: bool = True) -> None:
    """Write what an open file holds, changed or not, into a new file.

    Parameters
    ----------
    source : NWBHDF5IO
        The open file.
    nwbfile : NWBFile, optional
        Its content with changes. Default is the content as it is.
    path : path
        Where to; must be another file.
    cache_spec : bool

    Raises
    ------
    InvalidValueError
        Source and target are the same file, or the content was not read from the source.
    """
    target = Path(os.path.abspath(path))
    if Path(os.path.abspath(source.source)) == target:
        raise InvalidValueError(f"{target}: a file cannot be exported over itself; choose another path")
    nwbfile = nwbfile or cast("NWBFile", source.read())
    if nwbfile._stored is None or nwbfile.get_read_io() is not source:
        raise InvalidValueError(f"{nwbfile._label()} was not read from {source.source}: write it with write() instead")
    with replacing(target) as temporary:
        shutil.copyfile(source.source, temporary)
        plan = checked_plan(nwbfile, os.fspath(temporary))
        if nwbfile.modified:
            store = HDF5Store(temporary, "r+")
            try:
                write_changes(store, plan, cache_spec=cache_spec)
            finally:
                store.close()
