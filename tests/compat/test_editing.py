"""One file with edits of every kind in it, one commit after the other, in the eyes of pynwb and its validator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pynwb
import pytest

import photonwb
from edited import ROIS, SAMPLES, problems_of, write_session

pytestmark = pytest.mark.filterwarnings("ignore")


def grow(nwbfile: Any) -> None:
    one = nwbfile.acquisition["one"]
    nwbfile.acquisition["movie"].append(np.ones((3, 6, 4), np.uint16))
    one.append([1.0, 2.0], timestamps=[100.0, 101.0])
    nwbfile.acquisition["two"].append([7, 8])
    nwbfile.add_trial(start_time=20.0, stop_time=21.0, tags=["x"] * 300, score=9.5, timeseries=[one])
    rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
    rois.add_roi(pixel_mask=[(1, 1, 0.5)] * 300, quality=8.0)
    rois.add_column("labels", "d", data=[["a"]] * (ROIS + 1), index=True)


def rearrange(nwbfile: Any) -> None:
    nwbfile.rename(nwbfile.imaging_planes["plane"], "V1")
    nwbfile.rename(nwbfile.acquisition["one"], "first")
    nwbfile.create_processing_module("behavior", "d")
    nwbfile.move(nwbfile.acquisition["two"], nwbfile.processing["behavior"])
    nwbfile.replace(nwbfile.devices["scope"], photonwb.device.Device("scope", description="better"))
    nwbfile.trials.rename_column("tags", "words")


def take_out(nwbfile: Any) -> None:
    nwbfile.remove(nwbfile.imaging_planes["unused"])
    nwbfile.remove(nwbfile.trials["score"])
    nwbfile.remove(nwbfile.processing["ophys"]["Fluorescence"]["raw"], cascade=True)


def test_pynwb_finds_nothing_wrong_after_edits_of_every_kind(tmp_path: Path) -> None:
    path = write_session(tmp_path)
    for edit in (grow, rearrange, take_out):
        with photonwb.open(path, "r+") as nwbfile:
            edit(nwbfile)
    assert problems_of(path) == []
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwbfile = io.read()
        assert nwbfile.acquisition["movie"].data.shape == (SAMPLES + 3, 6, 4)
        assert nwbfile.acquisition["movie"].imaging_plane is nwbfile.imaging_planes["V1"]
        assert nwbfile.imaging_planes["V1"].device.description == "better"
        assert nwbfile.processing["behavior"]["two"].timestamps is nwbfile.acquisition["first"].timestamps
        assert len(nwbfile.trials["words"][5]) == 300
        assert nwbfile.trials["timeseries"][5][0].timeseries is nwbfile.acquisition["first"]
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["rois"]
        assert [len(mask) for mask in rois["pixel_mask"][:]] == [1, 2, 3, 4, 5, 300]
        assert "Fluorescence" not in nwbfile.processing["ophys"].data_interfaces
        assert len(nwbfile.file_create_date) == 4
