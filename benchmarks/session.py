"""The parts that every file of the benchmark has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def new_file(library: Any) -> Any:
    return library.NWBFile("a benchmark", "benchmark", datetime(2026, 1, 5, 14, tzinfo=UTC))


def new_plane(library: Any, nwbfile: Any, name: str = "plane") -> Any:
    """An imaging plane; all of a file share their microscope."""
    device = nwbfile.devices.get("microscope") or nwbfile.create_device(name="microscope")
    return nwbfile.create_imaging_plane(
        name=name,
        optical_channel=library.ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
        description="layer 2/3",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
    )


def new_segmentation(library: Any, nwbfile: Any, plane: Any, **arguments: Any) -> Any:
    """An empty table of regions."""
    module = nwbfile.create_processing_module(name="ophys", description="what was computed")
    segmentation = library.ophys.ImageSegmentation()
    module.add(segmentation)
    return segmentation.create_plane_segmentation(name="rois", description="somata", imaging_plane=plane, **arguments)


def segmentation_of(nwbfile: Any) -> Any:
    return nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]


def write(library: Any, nwbfile: Any, path: Any) -> None:
    with library.NWBHDF5IO(str(path), "w") as io:
        io.write(nwbfile)
