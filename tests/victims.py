"""What is done to files by processes that get killed. Each says on a pipe when it begins, and what is certain to be on disk."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import numpy as np

import photonwb
from photonwb import TimeSeries
from photonwb.schema import bundled
from sessions import record_step, session

# What takes time is done before the processes begin.
for name in ("ophys", "io.editing", "io.recording", "storage.journaled", "storage.zarr_writing", "storage.zarr_documents"):
    import_module(f"photonwb.{name}")
bundled()

ADDED = np.arange(40000, dtype="float64")


def create(path: str, pipe: Any) -> None:
    nwbfile = session(timestamps=False)
    nwbfile.add_acquisition(TimeSeries(name="signal", data=ADDED, unit="V", rate=1.0))
    pipe.send("begin")
    photonwb.write(nwbfile, path)
    pipe.send("end")


def edit(path: str, pipe: Any) -> None:
    warnings.simplefilter("ignore")
    pipe.send("begin")
    with photonwb.NWBHDF5IO(path, "a") as io:
        nwbfile = io.read()
        nwbfile.add_acquisition(TimeSeries(name="signal", data=ADDED, unit="V", rate=1.0))
        for number in range(100):
            nwbfile.add_trial(start_time=float(number), stop_time=number + 1.0, side="left", licks=[1.0] * number)
        nwbfile.session_description = "changed"
        io.write(nwbfile)
    pipe.send("end")


def record(path: str, pipe: Any) -> None:
    warnings.simplefilter("ignore")
    pipe.send("begin")
    with photonwb.record(path, every_seconds=0.005) as recording:
        for number in range(100000):
            record_step(recording, number)
            if number % 10 == 9:
                recording.commit()
                pipe.send(number + 1)
    pipe.send("end")
