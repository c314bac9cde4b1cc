"""Files made by others, from schema 2.0b to 2.8: everything in them is read, and equal to what pynwb reads."""

from __future__ import annotations

from pathlib import Path

import pynwb
import pytest

import photonwb
from compat.comparison import differences
from photonwb.io.reading import walk

NAMES = [
    "hdmfzarr_sub-healthy-simulated-beta_ses-162_ecephys.nwb",
    "neuroconv_nwb_test.nwb",
    "nwbexplorer_test_RoiResponseSeries.nwb",
    "nwbexplorer_test_TwoPhotonSeries.nwb",
    "pynapple_inscopixcnmfe_A0634.nwb",
    "pynwb_2.1.0_imageseries_no_data.nwb",
    "pynwb_2.1.0_nwbfile_with_extension.nwb",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_read(shared_data: Path, name: str) -> None:
    with photonwb.open(shared_data / "nwb" / name) as nwbfile:
        for item in walk(nwbfile):
            for field in type(item).__fields__:
                getattr(item, field)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_pynwb_reads_the_same(shared_data: Path, name: str) -> None:
    path = shared_data / "nwb" / name
    with photonwb.open(path) as ours, pynwb.NWBHDF5IO(path, "r") as io:
        assert list(differences(ours, io.read())) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_they_are_written_again_without_loss(shared_data: Path, name: str, tmp_path: Path) -> None:
    with photonwb.open(shared_data / "nwb" / name) as nwbfile:
        photonwb.write(nwbfile, tmp_path / "again.nwb")
        with photonwb.open(tmp_path / "again.nwb") as again:
            # Today's standard has a namespace for tables, and takes an age to count from birth where nothing is said.
            found = [text for text in differences(nwbfile, again) if ".namespace" not in text and "age__reference" not in text]
            assert found == []
        with pynwb.NWBHDF5IO(tmp_path / "again.nwb", "r") as io:
            io.read()
