"""A program that does with files all that a reader can, and tells which errors were not ours.

Run it as a process of its own: what damages it does no harm to the tests. Each line that it is given is the path of a good file
and a seed; it answers with a line when it is done with the file that the two make.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import photonwb
from faults.mutating import mutated
from photonwb.errors import PhotonwbError, StorageError, UnreadableObjectError
from photonwb.io.reading import walk
from photonwb.io.replacing import remove
from photonwb.model.container import AbstractContainer
from photonwb.tree import tree_lines

# No more elements of an array are read, and no more memory is to be had.
MOST_ELEMENTS = 100_000
MOST_MEMORY = 6 << 30


class Outcome:
    """What went wrong in a file: errors of ours, which are as they should be, and all others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ours: set[str] = set()
        self.foreign: list[str] = []
        self.nameless: list[str] = []

    @contextlib.contextmanager
    def noting(self, what: str) -> Any:
        try:
            yield
        except PhotonwbError as error:
            self.ours.add(type(error).__name__)
            told = "\n".join((str(error), *getattr(error, "__notes__", ())))
            # What does not agree with each other names the objects; all else names the file.
            if isinstance(error, (StorageError, UnreadableObjectError)) and self.path.name not in told:
                self.nameless.append(f"{what}: {type(error).__name__}: {told}"[:400])
        except Exception:  # noqa: BLE001 - exactly what is looked for
            self.foreign.append(f"{what}\n{traceback.format_exc(limit=-8)}")


def examine(path: Path, turn: int | None = None) -> Outcome:
    """Open, walk, touch, read and validate a file, and do with it what else can be done: all, or what it is the turn of."""
    outcome = Outcome(path)
    with outcome.noting("open"), photonwb.open(path) as nwbfile:
        waiting: list[AbstractContainer] = [nwbfile]
        seen = {id(nwbfile)}
        while waiting:
            for inner in _touched(waiting.pop(), outcome):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    waiting.append(inner)
        with outcome.noting("walk"):
            list(walk(nwbfile))
        with outcome.noting("tree"):
            tree_lines(nwbfile)
    with outcome.noting("validate"):
        photonwb.validate(path)
    before = _content(path)
    for number, work in enumerate(_WORKS):
        if turn is None or turn % len(_WORKS) == number:
            with outcome.noting(work.__name__):
                work(path, outcome)
    if _content(path) != before:
        outcome.foreign.append("the file was changed\n")
    for left in path.parent.glob(f"*{path.name}.*"):
        outcome.foreign.append(f"a file was left\n{left.name}")
        remove(left)
    return outcome


def _content(path: Path) -> Any:
    """The bytes of a file, or of all files in the folder of a store."""
    if path.is_file():
        return path.read_bytes()
    return {file: file.read_bytes() for file in path.rglob("*") if not file.is_symlink() and file.is_file()}


def _copy(path: Path, copy: Path) -> None:
    if path.is_file():
        shutil.copy(path, copy)
    else:
        shutil.copytree(path, copy, symlinks=True)


def _show(path: Path, outcome: Outcome) -> None:
    with photonwb.open(path) as nwbfile:
        nwbfile._repr_html_()
        for item in nwbfile.acquisition:
            nwbfile.acquisition[item].copy()


def _save(path: Path, outcome: Outcome) -> None:
    saved = path.with_name(f"saved-{path.name}")
    try:
        str(photonwb.recover(path, saved))
        photonwb.open(saved).close()
    finally:
        remove(saved)


def _change(path: Path, outcome: Outcome) -> None:
    """Change a copy, once in its fields and once in its order."""
    copy = path.with_name(f"changed-{path.name}")
    try:
        for change in (_set_fields, _rearrange):
            remove(copy)
            _copy(path, copy)
            outcome.path = copy
            with outcome.noting(change.__name__), photonwb.open(copy, "r+") as nwbfile:
                change(nwbfile)
    finally:
        outcome.path = path
        remove(copy)


def _set_fields(nwbfile: Any) -> None:
    nwbfile.lab = "another"
    for name in nwbfile.acquisition:
        with contextlib.suppress(PhotonwbError):
            nwbfile.acquisition[name].comments = "changed"
    nwbfile.diff()


def _rearrange(nwbfile: Any) -> None:
    for name in list(nwbfile.devices)[:1]:
        nwbfile.rename(nwbfile.devices[name], "another")
    for collection in (nwbfile.acquisition, nwbfile.processing):
        for name in list(collection)[:1]:
            nwbfile.remove(collection[name], cascade=True)


def _take_parts(path: Path, outcome: Outcome) -> None:
    part = path.with_name(f"part-{path.name}")
    options: list[dict[str, Any]] = [
        {},
        {"time": (0, 3)},
        {"rois": [0]},
        {"include": "acquisition/*"},
        {"exclude": "acquisition/*"},
        {"compression": "small", "chunks": True},
        {"data": "link"},
    ]
    for each in options:
        with outcome.noting(f"export {each}"):
            photonwb.export(path, part, **each)
            photonwb.open(part).close()
        remove(part)


def _record(path: Path, outcome: Outcome) -> None:
    copy = path.with_name(f"recorded-{path.name}")
    _copy(path, copy)
    outcome.path = copy
    try:
        with outcome.noting("record"), photonwb.record(copy) as recording:
            for name in recording.nwbfile.acquisition:
                with outcome.noting("append"):
                    series = recording.nwbfile.acquisition[name]
                    if not getattr(getattr(series, "data", None), "shape", ()):
                        continue
                    times = None if getattr(series, "timestamps", None) is None else 1e9
                    recording.append(f"/acquisition/{name}", series.data[-1:], timestamps=times)
    finally:
        outcome.path = path
        remove(copy)


_WORKS = (_show, _save, _change, _take_parts, _record)


def _touched(item: AbstractContainer, outcome: Outcome) -> list[AbstractContainer]:
    """Objects in the fields of one, after each field was read."""
    found: list[AbstractContainer] = []
    for what in ("name", "object_id", "parent", "neurodata_type", "container_source", "children"):
        with outcome.noting(f"{what} of {type(item).__name__}"):
            getattr(item, what)
    with outcome.noting(f"repr of {type(item).__name__}"):
        repr(item)
    for name in type(item).__fields__:
        with outcome.noting(f"{type(item).__name__}.{name}"):
            value: Any = getattr(item, name)
            if hasattr(value, "keys") and not isinstance(value, AbstractContainer):
                for key in list(value):
                    with outcome.noting(f"{type(item).__name__}.{name}[]"):
                        found.append(value[key])
            elif isinstance(value, AbstractContainer):
                found.append(value)
            elif isinstance(value, (list, tuple)):
                found += [each for each in value if isinstance(each, AbstractContainer)]
            elif hasattr(value, "shape"):
                _read(value)
    if hasattr(item, "colnames"):
        _read_table(item, outcome)
    return found


def _read_table(table: Any, outcome: Outcome) -> None:
    with outcome.noting("rows of a table"):
        if len(table) <= 1000:
            table.to_dataframe()
        _ = table[0] if len(table) else None
        _ = table[-1:]


def _read(array: Any) -> None:
    repr(array)
    if not array.shape:
        array[()]
        return
    within = max(1, MOST_ELEMENTS // max(1, *array.shape[1:], 1))
    lengths = [min(array.shape[0], within), *(min(length, 1000) for length in array.shape[1:])]
    array[tuple(slice(length) for length in lengths)]
    if all(array.shape):
        array[tuple(-1 for _ in array.shape)]


def main() -> None:
    """Work on the files named in the input, in a folder of one's own."""
    with contextlib.suppress(ImportError):  # where there is no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        source, seed = json.loads(line)
        damaged = folder / f"damaged-{seed}.nwb"
        damaged.write_bytes(mutated(Path(source).read_bytes(), seed))
        outcome = examine(damaged, seed)
        damaged.unlink()
        sys.stdout.write(
            json.dumps({"ours": sorted(outcome.ours), "foreign": outcome.foreign, "nameless": outcome.nameless}) + "\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
