"""`photonwb.recover`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from photonwb.errors import DamagedFileError, ExistingFileError, StorageError
from photonwb.recovery.report import Report
from photonwb.storage.remote import is_address

if TYPE_CHECKING:
    from photonwb import typing

__all__ = ["recover"]


def recover(path: typing.Path, output: typing.Path | None = None) -> Report:
    """Save what can be read of a damaged file in a new one.

    Parameters
    ----------
    path : path
        The file; it stays as it is, and so does its journal, if there is one.
    output : path, optional
        The new file. Default is the name of the old one with ".recovered" before its ending.

    Returns
    -------
    Report
        What could not be saved, and why. Print it.

    Raises
    ------
    ExistingFileError
        There is an output already.
    StorageError
        There is no such file, or nothing of it can be read.
    """
    from photonwb.io.replacing import replacing
    from photonwb.recovery.copying import Copier
    from photonwb.recovery.mending import mend
    from photonwb.recovery.names import ROOT
    from photonwb.storage.damaged import DamagedStore
    from photonwb.storage.new_file import NewStore

    if is_address(path):
        raise StorageError(f"{path}: only a file on this machine can be recovered; download it first")
    source_path = Path(os.path.abspath(path))
    if source_path.is_dir():
        raise StorageError(
            f"{source_path}: a folder is not mended: in a store of Zarr each object has files of its own, and what is whole can "
            "be read; export that, and leave out what cannot"
        )
    target_path = Path(os.path.abspath(output)) if output is not None else _beside(source_path)
    if target_path.exists():
        raise ExistingFileError(f"{target_path} exists already: give another path as output")
    report = Report(str(source_path), str(target_path))
    source = DamagedStore(source_path, ROOT)
    try:
        if source.missing:
            report.add("/", f"the last {source.missing} bytes", "the file is cut short")
        with replacing(target_path) as temporary:
            target = NewStore(temporary)
            try:
                copier = Copier(source, target, report)
                copier.copy()
                if not copier.count:
                    raise DamagedFileError(f"nothing of this file can be saved. {report}")
                mend(target, report, copier.references)
                copier.refer()
                report.saved = copier.count
            finally:
                target.close()
    finally:
        source.close()
    return report


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.recovered{path.suffix}")
