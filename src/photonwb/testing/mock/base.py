"""Mocks of `photonwb.base`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.base import TimeSeries
from photonwb.testing.mock.utils import make

if TYPE_CHECKING:
    from photonwb.file import NWBFile
    from photonwb.typing import ArrayLike

__all__ = ["mock_TimeSeries"]


def mock_TimeSeries(
    name: str | None = None,
    data: ArrayLike | None = None,
    unit: str = "volts",
    resolution: float = -1.0,
    conversion: float = 1.0,
    timestamps: ArrayLike | None = None,
    starting_time: float | None = None,
    rate: float | None = None,
    comments: str = "no comments",
    description: str = "no description",
    control: ArrayLike | None = None,
    control_description: ArrayLike | None = None,
    continuity: str | None = None,
    nwbfile: NWBFile | None = None,
    offset: float = 0.0,
) -> TimeSeries:
    """Four samples at 10 Hz; acquired, when a file is given."""
    arguments = dict(locals())
    if timestamps is None and rate is None:
        arguments["rate"] = 10.0
    return make(TimeSeries, arguments, lambda file, made: file.add_acquisition(made), data=_samples)


def _samples() -> ArrayLike:
    import numpy as np

    return np.arange(1, 5)
