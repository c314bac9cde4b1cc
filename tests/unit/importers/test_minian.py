"""What is special about folders of Minian."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import zarr

import synthetic_sources as synthetic
from photonwb.errors import DamagedFileError, InvalidValueError, StorageError
from photonwb.importers.minian import can_open, read


@pytest.fixture
def folder(tmp_path):
    return synthetic.write_minian(tmp_path / "minian")


def test_times_of_the_frames_that_were_used(folder):
    """Minian took every second frame; frames came every 40 ms."""
    assert np.allclose(read(folder).traces[0].timing.timestamps, np.arange(40) * 0.08)


def test_times_beside_the_folder(folder):
    shutil.move(folder / "timeStamps.csv", folder.parent / "timeStamps.csv")
    assert np.allclose(read(folder).traces[0].timing.timestamps, np.arange(40) * 0.08)
    shutil.move(folder.parent / "timeStamps.csv", folder.parent / "elsewhere.csv")
    assert read(folder).traces[0].timing.timestamps is None
    assert len(read(folder, timestamps=str(folder.parent / "elsewhere.csv")).traces[0].timing.timestamps) == 40


def test_times_that_do_not_fit(folder):
    (folder / "timeStamps.csv").write_text("Frame Number,Time Stamp (ms)\n0,0\n1,40\n")
    with pytest.raises(InvalidValueError, match="frame 2"):
        read(folder)
    (folder / "timeStamps.csv").write_text("a,b\n0,0\n")
    with pytest.raises(InvalidValueError, match="Frame Number"):
        read(folder)


def test_what_there_is(folder):
    fragment = read(folder)
    assert [trace.kind for trace in fragment.traces] == ["denoised", "deconvolved", "baseline", "background"]
    background = fragment.regions[1]
    assert (background.masks.image(0, axes="yx") == synthetic.footprint()).all()
    assert (fragment.motions[0].shifts[3] == [-3, 3]).all()  # from (height, width) = (3, -3)
    assert len(read(folder, background=False).regions) == 1


def test_parts_that_do_not_fit(folder):
    shutil.rmtree(folder / "C.zarr" / "C")
    zarr.open_group(folder / "C.zarr", mode="a").create_array("C", data=np.ones((5, 40)))
    with pytest.raises(DamagedFileError, match=r"C\.zarr: expected a row for each of the 2 units"):
        read(folder)
    (folder / "A.zarr" / "A" / ".zarray").write_text("{")
    with pytest.raises(DamagedFileError, match="Zarr"):
        read(folder)


def test_no_folder_of_minian(tmp_path):
    assert not can_open(tmp_path)
    with pytest.raises(StorageError, match=r"A\.zarr"):
        read(tmp_path)
