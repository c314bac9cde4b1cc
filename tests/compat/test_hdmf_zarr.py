"""One file with every class and every option travels between photonwb and hdmf-zarr, both ways, and stays the same.

hdmf-zarr asks for a newer Python than photonwb does: it is taken from an environment of its own, whose Python is
`$PHOTONWB_HDMF_ZARR_PYTHON`, or that of a folder `venv312` beside the checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest

import photonwb
from compat.comparison import differences
from compat.everything import everything, library
from helpers import CHECKOUT

pytestmark = pytest.mark.filterwarnings("ignore")

# JSON has no unsigned integers, which the validator of pynwb insists on: it finds this in what hdmf-zarr writes, too.
LOST_IN_JSON = "binning): incorrect type - expected 'uint8', got 'int64'"


@pytest.fixture(scope="module")
def hdmf_zarr() -> Any:
    """Calls the program `compat.zarr_exchange` in the Python that has hdmf-zarr."""
    given = os.environ.get("PHOTONWB_HDMF_ZARR_PYTHON")
    beside = [folder / "venv312" / "bin" / "python" for folder in CHECKOUT.parents]
    python = Path(given) if given else next((path for path in beside if path.exists()), None)
    if python is None:
        pytest.skip("no Python with hdmf-zarr (set PHOTONWB_HDMF_ZARR_PYTHON to it)")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "src"), str(CHECKOUT / "tests")])}

    def call(*arguments: Any) -> Any:
        command = [python, "-m", "compat.zarr_exchange", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return call


def written(form: str, folder: Path) -> Path:
    path = folder / f"photonwb{form}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        photonwb.write(everything(library("photonwb"), folder), path)
    return path


@pytest.fixture(scope="module")
def written_by_us(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(".nwb.zarr", tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def written_by_hdmf(tmp_path_factory: pytest.TempPathFactory, hdmf_zarr: Any) -> Path:
    path = tmp_path_factory.mktemp("theirs") / "hdmf.nwb.zarr"
    hdmf_zarr("write", path)
    return path


def compare(path: Path, other: Path) -> list[str]:
    with photonwb.open(path) as ours, photonwb.open(other) as theirs:
        return list(differences(ours, theirs))


def test_what_we_write_hdmf_zarr_reads_equal(written_by_us: Path, hdmf_zarr: Any) -> None:
    assert hdmf_zarr("compare", written_by_us) == []


def test_what_we_write_validates_as_what_hdmf_zarr_writes(written_by_us: Path, written_by_hdmf: Path, hdmf_zarr: Any) -> None:
    found = hdmf_zarr("validate", written_by_us)
    assert all(error.endswith(LOST_IN_JSON) for error in found), found
    assert found == hdmf_zarr("validate", written_by_hdmf)
    assert photonwb.validate(written_by_us).errors == []


def test_what_hdmf_zarr_writes_we_read_equal(written_by_hdmf: Path, hdmf_zarr: Any) -> None:
    assert hdmf_zarr("compare", written_by_hdmf) == []
    assert photonwb.validate(written_by_hdmf).errors == []


def test_an_hdf5_file_becomes_a_store_that_hdmf_zarr_reads(tmp_path: Path, hdmf_zarr: Any) -> None:
    source, store = written(".nwb", tmp_path), tmp_path / "exported.nwb.zarr"
    photonwb.export(source, store)
    assert hdmf_zarr("compare", store) == []
    assert compare(source, store) == []


def test_a_store_of_hdmf_zarr_becomes_an_hdf5_file(written_by_hdmf: Path, tmp_path: Path) -> None:
    photonwb.export(written_by_hdmf, tmp_path / "exported.nwb")
    assert compare(written_by_hdmf, tmp_path / "exported.nwb") == []


def test_what_hdmf_zarr_exports_of_our_hdf5_files_we_read(tmp_path: Path, hdmf_zarr: Any) -> None:
    source = written(".nwb", tmp_path)
    hdmf_zarr("convert", source, tmp_path / "exported.nwb.zarr")
    assert compare(source, tmp_path / "exported.nwb.zarr") == []


def test_codecs_of_numcodecs_are_those_of_hdmf_zarr(tmp_path: Path, hdmf_zarr: Any) -> None:
    """Shuffle and zlib of HDF5 stay what they are, under names that hdmf-zarr has for them too."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nwbfile = everything(library("photonwb"), tmp_path)
        data = photonwb.H5DataIO(np.arange(100_000), compression="gzip", shuffle=True, chunks=(1000,))
        nwbfile.add_acquisition(photonwb.TimeSeries("compressed", data, "V", rate=1.0))
        photonwb.write(nwbfile, tmp_path / "a.nwb")
    photonwb.export(tmp_path / "a.nwb", tmp_path / "a.nwb.zarr")
    document = json.loads((tmp_path / "a.nwb.zarr/acquisition/compressed/data/zarr.json").read_text())
    assert [codec["name"] for codec in document["codecs"]] == ["bytes", "numcodecs.shuffle", "numcodecs.zlib"]
    assert hdmf_zarr("compare", tmp_path / "a.nwb.zarr") == []


def test_real_files_become_stores_and_files_again(shared_data: Path, tmp_path: Path, hdmf_zarr: Any) -> None:
    for source in sorted((shared_data / "nwb").glob("*.nwb")):
        store, back = tmp_path / f"{source.stem}.nwb.zarr", tmp_path / source.name
        photonwb.export(source, store)
        photonwb.export(store, back)
        assert compare(source, store) == []
        assert compare(source, back) == []
        assert hdmf_zarr("compare", store) == []
