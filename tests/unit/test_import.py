"""What an import loads: a script that only asks for a name must not wait for numpy."""

from __future__ import annotations

import pytest

import photonwb
from helpers import modules_loaded_by, run_fresh
from photonwb.testing.mock.file import mock_NWBFile

HEAVY = {"numpy", "h5py", "zarr", "pandas", "matplotlib", "scipy", "dask", "xarray", "fsspec", "tifffile", "isal"}
SLOW = {"inspect", "dataclasses"}  # of the standard library, and noticeable in the time of an import


def test_the_package_is_light():
    loaded = modules_loaded_by("import photonwb")
    assert "photonwb" in loaded
    assert loaded & (HEAVY | SLOW) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "from photonwb import NWBFile; from photonwb.ophys import TwoPhotonSeries",
        "from photonwb import NWBHDF5IO, TimeSeries",
        "import photonwb.base, photonwb.core, photonwb.device, photonwb.epoch, photonwb.file, photonwb.image, photonwb.ophys",
        "import photonwb.common",
        "from photonwb.testing.mock.ophys import mock_TwoPhotonSeries",
    ],
)
def test_the_model_is_light(statement):
    loaded = modules_loaded_by(statement)
    assert any(name.startswith("photonwb.") for name in loaded)
    assert loaded & (HEAVY | SLOW) == set()


def test_the_list_of_importers_is_light():
    # To find those of other packages, importlib.metadata loads `inspect` from Python 3.12 on.
    loaded = modules_loaded_by("import photonwb.exporters; from photonwb.importers import importers; importers()")
    assert "photonwb.importers.registry" in loaded
    assert loaded & HEAVY == set()


def one_value_after(statement, tmp_path):
    """Modules of photonwb that reading one value imports, in a program that begins with a statement."""
    nwbfile = mock_NWBFile()
    nwbfile.add_acquisition(photonwb.TimeSeries("trace", [1.0, 2.0, 4.0], "V", rate=1.0))
    photonwb.write(nwbfile, tmp_path / "a.nwb")
    code = (
        f"{statement}; import sys; before = set(sys.modules)\n"
        f"with photonwb.NWBHDF5IO({str(tmp_path / 'a.nwb')!r}, 'r') as io:\n"
        "    assert io.read().acquisition['trace'].data[2] == 4\n"
        "print('|'.join(name for name in set(sys.modules) - before if name.startswith('photonwb')))"
    )
    return set(run_fresh(code).strip("\n").split("|")) - {""}


def test_a_program_that_has_h5py_imports_nothing_in_the_midst_of_its_first_read(tmp_path):
    assert one_value_after("import h5py, photonwb; photonwb.NWBHDF5IO", tmp_path) == set()


def test_one_value_is_read_without_what_writes_and_mends(tmp_path):
    loaded = one_value_after("import photonwb; photonwb.NWBHDF5IO", tmp_path)
    assert "photonwb.storage.hdf5" in loaded
    assert not {
        name for name in loaded if any(word in name for word in ("writ", "encod", "edit", "damage", "journal", "recover"))
    }
    assert len(loaded) <= 24


def test_a_heavy_import_would_be_seen():
    assert "numpy" in modules_loaded_by("import photonwb, numpy")


@pytest.mark.parametrize("first", ["photonwb.device", "photonwb.ophys", "photonwb.common"])
def test_a_class_is_found_whatever_was_imported_before(first):
    code = f"import {first}; from photonwb.model.registry import known_class; print(known_class('NWBFile', 'core'))"
    assert run_fresh(code).strip() == "<class 'photonwb.file.NWBFile'>"
