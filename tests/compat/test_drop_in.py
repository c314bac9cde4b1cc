"""Libraries written for pynwb run on photonwb unchanged: each program below is run over both, in a process of its own."""

from __future__ import annotations

import warnings

import h5py
import numpy as np
import pandas as pd
import pynwb
import pytest
import tifffile

import photonwb
from compat.comparison import differences
from helpers import run_fresh
from photonwb.simulation import as_nwbfile, simulate

START = "import warnings; warnings.simplefilter('ignore')\n"
ON_PHOTONWB = START + "import photonwb; photonwb.install_as_pynwb()\n"
BRIEF = """
import numpy as np
def brief(values):
    array = np.asarray(values)
    return array.shape, str(array.dtype), float(np.nansum(array.astype(float))), array.ravel()[:5].tolist()
"""


def same_on_both(program: str) -> str:
    """What a program prints, on photonwb as on pynwb."""
    ours, theirs = run_fresh(ON_PHOTONWB + BRIEF + program), run_fresh(START + BRIEF + program)
    assert ours == theirs
    return ours


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.nwb"
    photonwb.write(as_nwbfile(simulate(frames=40, width=72, height=48, cells=3)), path)
    return path


# ---- the stand-ins

IMPORTS = """
import pynwb, hdmf, pynwb.ophys
from pynwb import NWBHDF5IO, NWBFile, TimeSeries, H5DataIO, get_manager, load_namespaces, register_class, validate, read_nwb
from pynwb.ophys import TwoPhotonSeries, PlaneSegmentation
from pynwb.misc import DynamicTable, TimeSeries as Same
from pynwb.testing.mock.ophys import mock_ImagingPlane
from hdmf.common import DynamicTable as Table, VectorData
from hdmf.common.table import VectorIndex
from hdmf.backends.hdf5.h5_utils import H5DataIO as Wrapper
from hdmf.data_utils import DataChunkIterator, GenericDataChunkIterator, AbstractDataChunkIterator
from hdmf.utils import LabelledDict
assert TimeSeries is Same and DynamicTable is Table and pynwb.ophys.TwoPhotonSeries is TwoPhotonSeries
assert pynwb.__version__.startswith("4.") and hdmf.__version__.startswith("6.")
namespace = {}
exec("from pynwb.ophys import *", namespace)
assert namespace["Fluorescence"] is pynwb.ophys.Fluorescence
print(sorted({each.__module__.partition(".")[0] for each in (NWBHDF5IO, NWBFile, Table, VectorIndex, Wrapper, LabelledDict)}))
"""


def test_names_are_found_wherever_pynwb_has_them():
    assert run_fresh(ON_PHOTONWB + IMPORTS) == "['photonwb']\n"
    assert run_fresh(START + IMPORTS) != "['photonwb']\n"


CLASSES = """
import json
found = []
for name in ("base", "behavior", "device", "ecephys", "epoch", "event", "file", "icephys", "image", "misc", "ogen", "ophys"):
    module = importlib.import_module(f"pynwb.{name}")
    for each, value in vars(module).items():
        if isinstance(value, type) and value.__module__.startswith(("pynwb.", "hdmf.common")):
            found.append((module.__name__, each))
print(json.dumps(found))
"""
MISSING = """
import json, sys
print([name for name in json.loads({found!r}) if not hasattr(importlib.import_module(name[0]), name[1])])
"""


def test_classes_are_also_found_in_modules_that_only_import_them():
    found = run_fresh("import importlib\n" + CLASSES)
    assert '["pynwb.ecephys", "Device"]' in found
    assert run_fresh(ON_PHOTONWB + "import importlib\n" + MISSING.format(found=found)) == "[['pynwb.file', 'PyNWBHERD']]\n"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("import hdmf.build", "ModuleNotFoundError"),
        ("from pynwb.ophys import NoSuchSeries", "ImportError"),
        ("import pynwb; pynwb.no_such_name", "AttributeError"),
    ],
)
def test_what_is_not_there_is_an_error_and_not_the_other_library(statement, error):
    code = f"try:\n    {statement}\nexcept {error} as error:\n    print(error)"
    said = run_fresh(ON_PHOTONWB + code)
    assert "photonwb" in said or said == "No module named 'hdmf.build'\n"


def test_every_stand_in_stands_for_something():
    run_fresh(
        "import photonwb, importlib\nfrom photonwb import drop_in\n"
        "for modules in drop_in._ALIASES.values():\n    for module in modules: importlib.import_module(module)"
    )


def test_it_is_too_late_once_pynwb_is_imported():
    with pytest.raises(photonwb.errors.StorageError, match="imported already"):
        photonwb.install_as_pynwb()


def test_arrays_pass_for_datasets_of_h5py_only_where_it_was_asked_for(demo):
    code = f"""
import h5py, photonwb
with photonwb.open({str(demo)!r}) as nwbfile:
    data = nwbfile.acquisition["TwoPhotonSeries"].data
    print(isinstance(data, h5py.Dataset), isinstance(data, photonwb.arrays.LazyArray), data[3].shape)
"""
    assert run_fresh(code) == "False True (72, 48)\n"
    assert run_fresh(ON_PHOTONWB + code) == "True True (72, 48)\n"


# ---- pynapple reads

PYNAPPLE = """
import pynapple
for path in {paths}:
    session = pynapple.load_file(path)
    for name in sorted(session.keys()):
        item = session[name]
        print(name, type(item).__name__, brief(item.values), brief(item.index.values), item.time_support.values.tolist())
        if hasattr(item, "metadata"):
            print(item.metadata.to_dict(), [str(column) for column in item.columns])
        print(brief(item[3:7].values), brief(item.get(1.0, 2.0).values))
    session.close()
"""


def test_pynapple_reads_the_same(demo, shared_data):
    real = [shared_data / "nwb/pynapple_inscopixcnmfe_A0634.nwb", shared_data / "nwb/neuroconv_nwb_test.nwb"]
    said = same_on_both(PYNAPPLE.format(paths=[str(path) for path in (demo, *real)]))
    assert "TwoPhotonSeries TsdTensor ((40, 72, 48), 'uint16'" in said
    assert "RoiResponseSeries TsdFrame ((35743, 10), 'float64'" in said
    assert "'Accepted': {0: 1, 1: 1" in said


# ---- roiextractors reads

IMAGING = """
from roiextractors import NwbImagingExtractor
movie = NwbImagingExtractor({path!r})
print(movie.get_image_shape(), movie.get_num_samples(), movie.get_sampling_frequency())
print(brief(movie.get_series(2, 7)), brief(movie.get_series()), brief(movie.get_timestamps()))
"""
SEGMENTATION = """
from roiextractors import NwbSegmentationExtractor
cells = NwbSegmentationExtractor({path!r})
names = cells.get_roi_ids()
print(names, cells.get_frame_shape(), cells.get_sampling_frequency(), cells.get_num_samples())
print({{name: brief(traces) for name, traces in cells.get_traces_dict().items() if traces is not None}})
print(brief(cells.get_traces(roi_ids=names[1:3], start_frame=3, end_frame=10)), brief(cells.get_timestamps()))
print({{name: brief(image) for name, image in cells.get_images_dict().items() if image is not None}})
print(brief(cells.get_roi_image_masks()), [brief(mask) for mask in cells.get_roi_pixel_masks(names[:3])])
"""


def test_roiextractors_reads_the_same_movie(demo):
    assert same_on_both(IMAGING.format(path=str(demo))).startswith("(48, 72) 40 15.0\n")


@pytest.mark.parametrize("name", ["neuroconv_nwb_test.nwb", "pynapple_inscopixcnmfe_A0634.nwb"])
def test_roiextractors_reads_the_same_cells(shared_data, name):
    said = same_on_both(SEGMENTATION.format(path=str(shared_data / "nwb" / name)))
    assert "'raw': " in said


# ---- nwbmatic writes: a file is created, changed in place three times, and read again

NWBMATIC = """
import sys
from unittest.mock import MagicMock
# Its windows ask for what is given below; there is no screen here.
sys.modules["tkinter"] = MagicMock(Tk=object, Toplevel=object, Frame=object)
import pynapple as nap
from nwbmatic import InscopixCNMFE

folder = {folder!r}
session = InscopixCNMFE.__new__(InscopixCNMFE)
session.session_information = dict(
    name="session", description="an example", experimenter="Somebody", lab="a lab", institution="an institution"
)
session.subject_information = dict(
    subject_id="m1", species="Mus musculus", sex="F", age="P90D", genotype="wt", weight="0.02 kg", description="a mouse"
)
session.position = nap.TsdFrame(t=np.arange(25.0), d=np.arange(50.0).reshape(25, 2), columns=["x", "y"])
session.epochs = {{"sleep": nap.IntervalSet(0, 10), "wake": nap.IntervalSet(10, 25)}}
session.ophys_information = dict(
    device=dict(name="Microscope", description="a microscope", manufacturer="a manufacturer"),
    OpticalChannel=dict(name="green", description="the channel", emission_lambda="510"),
    ImagingPlane=dict(
        name="ImagingPlane", description="the plane", excitation_lambda="920", indicator="GCaMP6f", location="VISp",
        imaging_rate="10",
    ),
    PlaneSegmentation=dict(name="PlaneSegmentation", description="the cells"),
)
session.create_nwb_file(folder)
session.load_inscopix_cnmfe(folder)
session.save_cnmfe_nwb(folder)
session.save_nwb_timeseries(nap.Tsd(t=np.arange(5.0), d=np.arange(5.0) ** 2), "squares")
session.save_nwb_intervals(nap.IntervalSet([0, 5], [1, 6]), "ripples", "short ones")

again = InscopixCNMFE(folder)
print(brief(again.C.values), brief(again.A), brief(again.position.values), sorted(again.epochs))
print(again.load_nwb_timeseries("squares"), again.load_nwb_intervals("ripples"))
"""


@pytest.fixture(scope="module")
def written_by_nwbmatic(shared_data, tmp_path_factory):
    """The file that nwbmatic writes from real traces and masks, over photonwb and over pynwb, and what it read of it."""
    with h5py.File(shared_data / "nwb/pynapple_inscopixcnmfe_A0634.nwb") as file:
        traces = np.asarray(file["processing/ophys/Fluorescence/RoiResponseSeries/data"])[:300]
        masks = np.asarray(file["processing/ophys/ImageSegmentation/PlaneSegmentation/image_mask"])
    found = {}
    for start in (ON_PHOTONWB, START):
        folder = tmp_path_factory.mktemp("nwbmatic")
        pd.DataFrame(traces).to_csv(folder / "session_traces.csv")
        tifffile.imwrite(folder / "session.tiff", masks)
        said = run_fresh(start + BRIEF + NWBMATIC.format(folder=str(folder)))
        found[start] = folder / "pynapplenwb/session.nwb", said
    return found


def test_what_nwbmatic_writes_it_reads_again(written_by_nwbmatic):
    (_, ours), (_, theirs) = written_by_nwbmatic.values()
    assert ours == theirs
    assert ours.startswith("((300, 10), 'float64'")


def test_what_nwbmatic_writes_over_photonwb_is_what_it_writes_over_pynwb(written_by_nwbmatic):
    ours, theirs = written_by_nwbmatic[ON_PHOTONWB][0], written_by_nwbmatic[START][0]
    assert list(pynwb.validate(path=str(ours))) == []
    with warnings.catch_warnings(), photonwb.open(theirs) as wanted, pynwb.NWBHDF5IO(path=ours, mode="r") as io:
        warnings.simplefilter("ignore")
        found = list(differences(wanted, io.read()))
    # They were not written at the same time, and identities are made at random.
    ignored = ("file_create_date", "session_start_time", "timestamps_reference_time", "object_id", "leads to")
    assert [text for text in found if not any(word in text for word in ignored)] == []
