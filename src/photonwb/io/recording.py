"""Writing a file while the experiment goes on.

What is appended is checked and copied at once, then a thread of its own writes it: whoever acquires data does not wait for the
disk, unless so much is under way that it has to. At each commit point all series and tables are brought up to the same moment and
the file is a valid one, which others may read; a recording that dies leaves the file as it was at the last one. See
docs/recording.md.
"""

from __future__ import annotations

import atexit
import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from photonwb.common import DynamicTable
from photonwb.errors import ExistingFileError, InvalidValueError, NotFoundError, StorageError
from photonwb.io.appending import SeriesEnd, TableEnd
from photonwb.io.background import BackgroundWriter
from photonwb.io.editing import note_date
from photonwb.io.planning import Plan
from photonwb.io.reading import Reader, walk
from photonwb.io.stores import form_of
from photonwb.io.writing import write_file
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.io.appending import Addition
    from photonwb.model.container import AbstractContainer

__all__ = ["Recording", "record"]

# Samples are handed over in pieces of about so many bytes.
PIECE = 8 << 20
# How long the last commit waits for readers to close the file, in seconds.
PATIENCE_AT_END = 5.0


def record(
    path: typing.Path,
    nwbfile: NWBFile | None = None,
    *,
    mode: str | None = None,
    every_seconds: float | None = 5.0,
    every_bytes: int | None = 256 << 20,
    most_waiting: int = 128 << 20,
    when_full: str = "block",
) -> Recording:
    """Record into a file, frame by frame and row by row.

    Parameters
    ----------
    path : path
    nwbfile : NWBFile, optional
        What the new file begins with. A series to be recorded has empty data, `np.empty((0, 512, 512), "uint16")`, and empty
        timestamps if it gets some; a table has its columns and no rows. Left out, the file exists and is added to.
    mode : {"x", "w", "a"}, optional
        Make a file where there is none; replace what is there; add to a file. Default "x" with an `nwbfile`, "a" without.
    every_seconds : float, optional
        How long after the first addition since the last commit point the next one comes; None for no such limit.
    every_bytes : int, optional
        After how many bytes it comes.
    most_waiting : int, optional
        How many bytes may have been appended and not be written.
    when_full : {"block", "raise"}
        Whether `append` then waits, or raises `RecordingBehindError` and takes nothing.

    Returns
    -------
    Recording
        To be used in a `with` block, or closed.

    Raises
    ------
    ExistingFileError
        There is a file already.
    StorageError
        The file cannot be written, or is open elsewhere.

    Examples
    --------
    >>> with photonwb.record("session.nwb", nwbfile) as recording:  # doctest: +SKIP
    ...     for frame, time in camera:
    ...         recording.append("movie", frame, timestamps=time)
    """
    mode = mode or ("a" if nwbfile is None else "x")
    if mode not in ("x", "w", "a") or when_full not in ("block", "raise"):
        raise InvalidValueError(
            f"record: expected mode 'x', 'w' or 'a' and when_full 'block' or 'raise', got {mode!r} and {when_full!r}"
        )
    if form_of(path) == "zarr":
        raise StorageError(f"{os.fspath(path)}: Zarr is not recorded to; record a file .nwb, and export it when it is complete")
    if mode != "a":
        if nwbfile is None:
            raise InvalidValueError(f"record: a new file (mode {mode!r}) needs an nwbfile to begin with")
        if mode == "x" and Path(path).exists():
            raise ExistingFileError(
                f"{os.fspath(path)} exists already: choose another path, mode='w' to replace it, or mode='a' to add to it"
            )
        write_file(nwbfile, path)
    return Recording(path, nwbfile, every_seconds, every_bytes, most_waiting, when_full, is_new=mode != "a")


class Recording:
    """A file that is being recorded. Made by `record`; its methods may be called from several threads.

    Attributes
    ----------
    nwbfile : NWBFile
        The content of the file.
    """

    def __init__(
        self,
        path: typing.Path,
        nwbfile: NWBFile | None,
        every_seconds: float | None,
        every_bytes: int | None,
        most_waiting: int,
        when_full: str,
        *,
        is_new: bool,
    ) -> None:
        from photonwb.storage.journaled import JournaledStore

        self.path = os.path.abspath(path)
        self._store = JournaledStore(self.path, shared=True)
        try:
            self._reader = Reader(self._store, self)
            self.nwbfile = self._reader.root()
            self._plan = Plan(nwbfile, self.path) if nwbfile is not None else None
        except BaseException:
            self._store.close()
            raise
        self._ends: dict[str, Any] = {}
        self._is_dated = is_new
        # Whoever appends holds this one: what is taken from different threads comes one after the other.
        self._taking = threading.Lock()
        self._names: dict[type[AbstractContainer], dict[str, list[str]]] = {}
        self._writer = BackgroundWriter(self._store, every_seconds, every_bytes, most_waiting, when_full)
        self._process = os.getpid()
        atexit.register(self.close)  # while there still is an interpreter that HDF5 can write through

    # ---- what is appended

    def append(self, series: str | TimeSeries, data: Any, timestamps: Any = None, *, control: Any = None) -> None:
        """Add a sample (a frame, the values of all ROIs, ...) or several to a series.

        Parameters
        ----------
        series : str or TimeSeries
            By its name, its path in the file, or itself.
        data : array-like, shape of a sample, or (n, ...)
            Copied: it may be changed afterwards.
        timestamps : float or array-like, shape (n,), optional
            For a series that has timestamps, and only then.
        control : int or array-like, shape (n,), optional
            For a series that has labels of its samples.

        Raises
        ------
        InvalidValueError, InvalidTypeError
            The data do not fit; nothing of them was taken.
        RecordingBehindError
            Too much is under way, and the recording was told to raise.
        StorageError
            The recording has stopped, because something could not be written.
        """
        with self._taking:
            end: SeriesEnd = self._end(series, TimeSeries)
            addition = end.addition(data, timestamps, control)
            values = addition[0][1]
            rows = max(1, PIECE * len(values) // max(1, values.nbytes))
            self._writer.check_room(sum(array.nbytes for _, array in addition))
            for start in range(0, len(values), rows):
                self._take([(tail, array[start : start + rows]) for tail, array in addition])

    def append_row(self, table: str | DynamicTable, id: int | None = None, **columns: Any) -> None:
        """Add a row to a table.

        Parameters
        ----------
        table : str or DynamicTable
            By its name, its path in the file, or itself.
        id : int, optional
            By default the number of the row.
        **columns
            The value for each column; for a ragged column the list of its values.

        Raises
        ------
        InvalidValueError, InvalidTypeError, RecordingBehindError, StorageError
            As for `append`.
        """
        self.append_rows(table, None if id is None else [id], **{name: [value] for name, value in columns.items()})

    def append_rows(self, table: str | DynamicTable, id: Sequence[int] | None = None, **columns: Any) -> None:
        """Add several rows to a table: of each column the values of all of them."""
        with self._taking:
            end: TableEnd = self._end(table, DynamicTable)
            addition = end.addition(columns, id)
            self._writer.check_room(sum(array.nbytes for _, array in addition))
            self._take(addition)

    def _take(self, addition: Addition) -> None:
        # A copy, since a camera may fill the same array again.
        copies = [(tail, array.copy()) for tail, array in addition]
        for tail, array in addition:
            tail.length += len(array)
        self._writer.take(copies)

    # ---- finding series and tables

    def _end(self, what: Any, kind: type[AbstractContainer]) -> Any:
        self._writer.check()
        path = self._path_of(what, kind)
        end = self._ends.get(path)
        if end is None:
            with self._writer.pausing():
                found: Any = self._object_at(path)
                if not isinstance(found, kind):
                    raise InvalidValueError(f"{self.path}: expected a {kind.__name__} at {path}, got {found._label()}")
                if isinstance(found, TimeSeries):
                    end = SeriesEnd(self._store, found)
                else:
                    end = TableEnd(
                        self._store,
                        cast("DynamicTable", found),
                        path_of=lambda target: self._path_of(target, type(target)),
                        pausing=self._writer.pausing,
                    )
                if not self._is_dated:
                    note_date(self._store)
                    self._is_dated = True
            self._ends[path] = end
        return end

    def _object_at(self, path: str) -> AbstractContainer:
        node: Any = self._store.root[path.strip("/")]
        return self._reader.object_at(self._reader.follow(node, self._store.root))

    def _path_of(self, what: Any, kind: type[AbstractContainer]) -> str:
        """Path in the file of an object, or of what has this name."""
        if not isinstance(what, str):
            stored = what._stored
            path = self._plan.path_of(what) if self._plan is not None else None
            if path is None and stored is not None and os.path.abspath(stored.location) == self.path:
                path = stored.path
            if path is None:
                raise InvalidValueError(f"{self.path}: {what._label()} is no part of this file; give the path of what is meant")
            return path
        if "/" in what:
            return f"/{what.strip('/')}"
        if what not in self._paths_by_name(kind):
            raise NotFoundError(f"{self.path}: there is no {kind.__name__} {what!r}, only {sorted(self._paths_by_name(kind))}")
        paths = self._paths_by_name(kind)[what]
        if len(paths) > 1:
            raise InvalidValueError(f"{self.path}: several objects are called {what!r}; give the path: {', '.join(paths)}")
        return paths[0]

    def _paths_by_name(self, kind: type[AbstractContainer]) -> dict[str, list[str]]:
        found = self._names.get(kind)
        if found is None:
            found = self._names[kind] = {}
            with self._writer.pausing():
                for item in walk(self.nwbfile):
                    if isinstance(item, kind) and item._stored is not None:
                        found.setdefault(item.name, []).append(cast("Any", item._stored).path)
        return found

    # ---- commit points

    def commit(self, patience: float = 1.0) -> bool:
        """Bring all that was appended into the file, as a commit point.

        Parameters
        ----------
        patience : float
            Seconds to wait for readers to close the file.

        Returns
        -------
        bool
            Whether it is to be seen by readers who open the file now. As long as one has the file open it is not; what was
            appended is safe nevertheless.

        Raises
        ------
        StorageError
            It could not be written; the file is as it was at the last commit point.
        """
        self._writer.commit(patience)
        return self._store.is_settled

    def close(self) -> None:
        """Commit what was appended, and close the file; once more does nothing, nor does it in a copy made by a fork."""
        atexit.unregister(self.close)
        if self._store.closed or self._process != os.getpid():
            return
        try:
            self._writer.close(PATIENCE_AT_END)
        finally:
            is_settled = self._store.is_settled
            self._store.close()
        if not is_settled:
            warnings.warn(
                f"{self.path}: a reader has the file open, so that what was recorded last is in the journal beside it, and gets "
                "into the file when photonwb opens it next; keep the two together until then",
                stacklevel=2,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recording of {self.path!r}, {'closed' if self._store.closed else 'going on'}>"
