"""Large files whose writing can be interrupted at any time and goes on where it was.

A partial file beside the target gets everything but the large arrays first, as a whole or not at all. Then the arrays grow in it,
with a commit point every few seconds; their lengths say how far it has come. At the end it takes the place of the target. Whoever
gives the path of a partial file that exists says that it was begun with the same sources.
"""

from __future__ import annotations

import math
import os
import time
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.arrays import incoming
from photonwb.arrays.sliced import SlicedArray
from photonwb.io.datasets import converted_blocks, is_postponed
from photonwb.io.planning import Plan
from photonwb.io.replacing import replacing
from photonwb.io.stores import form_of
from photonwb.io.writing import claim, write_file, write_plan
from photonwb.storage.contract import Link
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from photonwb import typing
    from photonwb.file import NWBFile
    from photonwb.storage.contract import Block, Dataset

__all__ = ["Growing", "blocks_from", "finish", "write_resumably"]

# Seconds between commit points.
EVERY = 5.0


class Growing(NamedTuple):
    """An array that may not yet be as long in the partial file as it is going to be.

    Parameters
    ----------
    path : str
        Of its dataset.
    length : int
        Of the first axis, in the end.
    blocks : callable
        Gives the blocks that are missing in the dataset.
    """

    path: str
    length: int
    blocks: Callable[[Dataset], Iterator[Block]]


def write_resumably(
    nwbfile: NWBFile, path: typing.Path, part: Path, progress: Callable[[int, int], object] | None = None
) -> None:
    """Write a file by way of a partial one, or finish the partial one that is there.

    A store of Zarr is written at once: nothing is left of one that was interrupted.

    Parameters
    ----------
    nwbfile : NWBFile
    path : path
        What is there is replaced once the new file is complete.
    part : path
        The partial file, in the same folder.
    progress : callable, optional
        Called with the number of bytes of arrays done, and of all.

    Raises
    ------
    InvalidValueError
        Something in the model would make the file unreadable; nothing was written.
    StorageError
        The file cannot be written, or is being written. The partial file is as it was at the last commit point.
    """
    target = Path(os.path.abspath(path))
    if form_of(target) == "zarr":
        write_file(nwbfile, target)
        return
    plan = Plan(nwbfile, str(target))
    plan.check()
    if not part.exists():
        with replacing(part) as temporary:
            write_plan(plan, temporary, postpone=True)
    finish(part, _growing(plan), progress)
    part.replace(target)
    claim(plan, str(target))


def _growing(plan: Plan) -> Iterator[Growing]:
    for container, path in plan.objects():
        field = type(container).__fields__.get("data")
        data: Any = container.fields.get("data") if isinstance(container, TimeSeries) else None
        if field is not None and is_postponed(container, field, data):

            def blocks(node: Dataset, container: Any = container, field: Any = field, data: Any = data) -> Iterator[Block]:
                return converted_blocks(container, field, blocks_from(data, node), node.layout.element)

            yield Growing(f"{path}/data", len(data), blocks)


def blocks_from(data: Any, node: Dataset) -> Iterator[Block]:
    """The blocks of an array that lie behind the end of a dataset, which holds the rest of it."""
    import numpy as np

    start = node.shape[0]
    rest = SlicedArray(data, 0, np.arange(start, len(data))) if start else data
    for (rows, *others), values in incoming(rest).blocks(node.layout.chunks):
        yield (slice(rows.start + start, rows.stop + start), *others), values


def finish(part: Path, arrays: Iterable[Growing], progress: Callable[[int, int], object] | None = None) -> None:
    """Let the arrays of a partial file grow until they are complete.

    Parameters
    ----------
    part : path
    arrays : iterable of Growing
        Those that are links in the file are passed over.
    progress : callable, optional
        Called with the number of bytes done, earlier ones included, and of all.

    Raises
    ------
    StorageError
        It cannot be written, or is being written. It is as it was at the last commit point.
    """
    from photonwb.storage.journaled import JournaledStore

    with closing(JournaledStore(part)) as store:
        found: list[tuple[Any, Growing]] = [(store.root[array.path.strip("/")], array) for array in arrays]
        nodes = [(node, array) for node, array in found if not isinstance(node, Link)]
        done = sum(node.shape[0] * _row_bytes(node) for node, _ in nodes)
        total = sum(array.length * _row_bytes(node) for node, array in nodes)

        def tell(nbytes: int) -> None:
            nonlocal done
            done += nbytes
            if progress is not None:
                progress(done, total)

        def told(blocks: Iterator[Block]) -> Iterator[Block]:
            for place, values in blocks:
                yield place, values
                tell(values.nbytes)

        tell(0)
        for node, array in nodes:
            if node.shape[0] < array.length:
                blocks = told(array.blocks(node))
                for first in blocks:
                    node.write_blocks(_for_a_while(chain([first], blocks), node.shape[1:]))
                    store.commit()


def _row_bytes(node: Dataset) -> int:
    return math.prod(node.shape[1:]) * node.dtype.itemsize


def _for_a_while(blocks: Iterator[Block], row: tuple[int, ...]) -> Iterator[Block]:
    """Blocks until it is time for a commit point and all rows that have begun are complete."""
    end = time.monotonic() + EVERY
    for place, values in blocks:
        yield place, values
        if time.monotonic() >= end and all(axis.stop == length for axis, length in zip(place[1:], row, strict=True)):
            return
