"""Adding results to the file that they were worked out of, as a whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from photonwb.cli.output import told

if TYPE_CHECKING:
    from collections.abc import Callable, Container

__all__ = ["add", "add_traces", "unused_name"]


def add(nwbfile: Any, make: Callable[[Any], Any]) -> None:
    """Add what `make` makes of the processing module for optical physiology to that module, and write the file.

    Parameters
    ----------
    nwbfile : NWBFile
        Open for changes.
    make : callable
        Takes the module; gives an object to add, or None when it has put it into the module itself.
    """
    module = nwbfile.processing.get("ophys") or nwbfile.create_processing_module("ophys", "Processed optical physiology.")
    made = make(module)
    if made is not None:
        module.add(made)
    io = nwbfile.get_read_io()
    with told(Path(io.source)):
        io.write(nwbfile)


def add_traces(nwbfile: Any, holder_type: type, name: str, **values: Any) -> None:
    """Add a RoiResponseSeries to the Fluorescence or DfOverF of the module, which is made where there is none."""

    def make(module: Any) -> Any:
        held = module.data_interfaces.values()
        holder = next((item for item in held if isinstance(item, holder_type)), None)
        made = holder_type() if holder is None else holder
        made.create_roi_response_series(name=unused_name(made.roi_response_series, name), **values)
        return made if holder is None else None

    add(nwbfile, make)


def unused_name(names: Container[str], name: str) -> str:
    """The name, with a number where it is taken."""
    number, found = 1, name
    while found in names:
        number += 1
        found = f"{name}{number}"
    return found
