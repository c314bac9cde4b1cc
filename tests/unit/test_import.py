"""What an import loads: a script that only asks for a name must not wait for numpy."""

from __future__ import annotations

import pytest

from helpers import modules_loaded_by, run_fresh

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


def test_a_heavy_import_would_be_seen():
    assert "numpy" in modules_loaded_by("import photonwb, numpy")


@pytest.mark.parametrize("first", ["photonwb.device", "photonwb.ophys", "photonwb.common"])
def test_a_class_is_found_whatever_was_imported_before(first):
    code = f"import {first}; from photonwb.model.registry import known_class; print(known_class('NWBFile', 'core'))"
    assert run_fresh(code).strip() == "<class 'photonwb.file.NWBFile'>"
