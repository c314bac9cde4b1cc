"""Signals as tables: CSV for everybody, NPY for programs, Parquet for both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.errors import ExistingFileError, InvalidValueError
from photonwb.exporters.results import signals_of, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.ophys import RoiResponseSeries

__all__ = ["export_traces"]

_AT_ONCE = 4096  # frames


def export_traces(nwbfile: NWBFile, folder: typing.Path, format: str = "csv", *, overwrite: bool = False) -> list[Path]:
    """Write the signals of all regions, a file for each series.

    Parameters
    ----------
    nwbfile : NWBFile
    folder : path
        Where to put the files, each named after its series.
    format : {"csv", "npy", "parquet"}
        A table with the time in seconds and a column for each region, named by its id in the table of regions. An array
        (time, regions) in case of "npy", the times beside it.
    overwrite : bool
        Whether to replace files that are there already.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ExistingFileError
        There is such a file already.
    InvalidValueError
        An unknown format.
    """
    if format not in _WRITERS:
        raise InvalidValueError(f"format: expected one of {', '.join(_WRITERS)}, got {format!r}")
    all_series = [signals for table in tables_of(nwbfile) for signals in signals_of(nwbfile, table)]
    target = Path(folder)
    paths = [target / f"{'DfOverF_' if is_dff else ''}{series.name}.{format}" for series, is_dff in all_series]
    for path in paths:
        if path.exists() and not overwrite:
            raise ExistingFileError(f"{path} exists already: choose another folder, or overwrite=True")
    target.mkdir(parents=True, exist_ok=True)
    for path, (series, _) in zip(paths, all_series, strict=True):
        _WRITERS[format](series, path)
    return paths


def _columns(series: RoiResponseSeries) -> list[str]:
    """The id of each region, in the order of the columns."""
    import numpy as np

    rows = np.asarray(series.rois.data[:])
    return [str(number) for number in np.asarray(series.rois.table.id.data[:])[rows]]


def _times(series: RoiResponseSeries) -> Any:
    import numpy as np

    return np.asarray(series.get_timestamps()[:])


def _write_csv(series: RoiResponseSeries, path: Path) -> None:
    import numpy as np

    times = _times(series)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(["time", *_columns(series)]) + "\n")
        for first in range(0, len(times), _AT_ONCE):
            block = np.asarray(series.data[first : first + _AT_ONCE])
            for time, values in zip(times[first : first + _AT_ONCE].tolist(), block, strict=True):
                # The shortest text that gives the same number again.
                file.write(",".join([repr(time), *map(str, values)]) + "\n")


def _write_npy(series: RoiResponseSeries, path: Path) -> None:
    import numpy as np

    np.save(path, np.asarray(series.data[:]))
    np.save(path.with_name(f"{path.stem}_times.npy"), _times(series))


def _write_parquet(series: RoiResponseSeries, path: Path) -> None:
    try:
        import pandas as pd

        frame = pd.DataFrame(series.data[:], columns=_columns(series))
        frame.insert(0, "time", _times(series))
        frame.to_parquet(path)
    except ImportError:
        raise ImportError("writing Parquet needs pandas and pyarrow: pip install pandas pyarrow") from None


_WRITERS: dict[str, Callable[[RoiResponseSeries, Path], None]] = {
    "csv": _write_csv,
    "npy": _write_npy,
    "parquet": _write_parquet,
}
