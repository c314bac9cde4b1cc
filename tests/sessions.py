"""Small sessions that several tests write, change and record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

import photonwb
from photonwb import NWBFile, TimeSeries
from photonwb.ophys import OpticalChannel, TwoPhotonSeries

SHAPE = (12, 10)


def frame(number: int) -> Any:
    """A frame that says which one it is."""
    return np.full(SHAPE, number, "uint16") + np.arange(SHAPE[1], dtype="uint16")


def session(*, timestamps: bool = True) -> NWBFile:
    """A session to be recorded: a movie, a signal, and a table, all of them empty."""
    nwbfile = NWBFile("a mouse on a wheel", "session-1", datetime(2026, 1, 5, 14, tzinfo=UTC))
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
        description="layer 2/3",
        location="V1",
        device=nwbfile.create_device(name="microscope"),
        indicator="GCaMP6f",
        excitation_lambda=920.0,
    )
    movie = photonwb.H5DataIO(np.empty((0, *SHAPE), "uint16"), chunks=(4, *SHAPE), maxshape=(None, *SHAPE), compression="gzip")
    nwbfile.add_acquisition(TwoPhotonSeries(name="movie", imaging_plane=plane, data=movie, unit="n.a.", rate=30.0))
    times: dict[str, Any] = {"timestamps": np.empty(0)} if timestamps else {"rate": 100.0}
    nwbfile.add_acquisition(TimeSeries(name="wheel", data=np.empty((0,), "float32"), unit="m", **times))
    nwbfile.add_trial_column("side", "which side")
    nwbfile.add_trial_column("licks", "times of licks", index=True)
    return nwbfile


def record_step(recording: Any, number: int) -> None:
    """Append to all that `session` has, one after the other."""
    recording.append("movie", frame(number))
    recording.append("wheel", number / 2, timestamps=number / 100)
    licks = [number + part / 4 for part in range(number % 3)]
    recording.append_row("trials", start_time=float(number), stop_time=number + 0.5, side=f"side {number % 2}", licks=licks)


def recorded_steps(nwbfile: NWBFile) -> int:
    """How many steps a file holds, once it is sure that they are right; the last one may be there in part."""
    movie, wheel = nwbfile.acquisition["movie"], nwbfile.acquisition["wheel"]
    count = len(movie.data)
    assert np.array_equal(movie.data[...], [frame(number) for number in range(count)] if count else np.empty((0, *SHAPE)))
    assert len(wheel.data) == len(wheel.timestamps)
    assert count >= len(wheel.data) >= len(nwbfile.trials) >= count - 1
    assert np.array_equal(wheel.data[...], np.arange(len(wheel.data)) / 2)
    assert np.array_equal(wheel.timestamps[...], np.arange(len(wheel.data)) / 100)
    rows = len(nwbfile.trials)
    if rows:
        assert list(nwbfile.trials.side[...]) == [f"side {number % 2}" for number in range(rows)]
        assert [list(row) for row in nwbfile.trials["licks"][:]] == [
            [number + part / 4 for part in range(number % 3)] for number in range(rows)
        ]
    return rows
