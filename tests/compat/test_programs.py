"""Programs that use NWB files read ours: with pynwb, and with photonwb in its place."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from helpers import run_fresh
from photonwb import NWBHDF5IO
from photonwb.testing.mock import file, ophys

FRAMES, WIDTH, HEIGHT, ROIS = 20, 8, 6, 4


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A file with a movie, regions and traces, named as programs expect; and the arrays in it."""
    rng = np.random.default_rng(0)
    movie = rng.integers(0, 1000, (FRAMES, WIDTH, HEIGHT)).astype("uint16")
    traces = rng.random((FRAMES, ROIS))
    masks = rng.random((ROIS, WIDTH, HEIGHT))
    nwbfile = file.mock_NWBFile()
    plane = ophys.mock_ImagingPlane(name="ImagingPlane", nwbfile=nwbfile)
    ophys.mock_TwoPhotonSeries(name="TwoPhotonSeries", imaging_plane=plane, data=movie, nwbfile=nwbfile)
    regions = ophys.PlaneSegmentation(name="PlaneSegmentation", description="cells", imaging_plane=plane)
    for mask in masks:
        regions.add_roi(image_mask=mask)
    ophys.mock_ImageSegmentation(name="ImageSegmentation", plane_segmentations=[regions], nwbfile=nwbfile)
    responses = ophys.mock_RoiResponseSeries(name="RoiResponseSeries", data=traces, plane_segmentation=regions)
    ophys.mock_Fluorescence(name="Fluorescence", roi_response_series=[responses], nwbfile=nwbfile)
    folder = tmp_path_factory.mktemp("programs")
    with NWBHDF5IO(folder / "session.nwb", "w") as io:
        io.write(nwbfile)
    np.savez(folder / "expected.npz", movie=movie, traces=traces, masks=masks)
    return folder


PYNAPPLE = """
import pynapple
found = pynapple.load_file(path)
np.testing.assert_array_equal(np.asarray(found["TwoPhotonSeries"][:]), expected["movie"])
np.testing.assert_array_equal(found["RoiResponseSeries"].values, expected["traces"])
np.testing.assert_allclose(found["RoiResponseSeries"].times(), np.arange(20) / 50.0)
"""
IMAGING = """
from roiextractors import NwbImagingExtractor
imaging = NwbImagingExtractor(path)
assert imaging.get_num_samples() == 20
assert imaging.get_sampling_frequency() == 50.0
np.testing.assert_array_equal(imaging.get_series(5, 10), expected["movie"].transpose(0, 2, 1)[5:10])
"""
SEGMENTATION = """
from roiextractors import NwbSegmentationExtractor
segmentation = NwbSegmentationExtractor(path)
assert list(segmentation.get_roi_ids()) == [0, 1, 2, 3]
np.testing.assert_array_equal(segmentation.get_traces(name="raw"), expected["traces"])
np.testing.assert_array_equal(segmentation.get_roi_image_masks(), expected["masks"].transpose(2, 1, 0))
"""


@pytest.mark.parametrize(
    ("program", "code", "library"),
    [
        ("pynapple", PYNAPPLE, "pynwb"),
        ("pynapple", PYNAPPLE, "photonwb"),
        ("roiextractors", IMAGING, "pynwb"),
        ("roiextractors", IMAGING, "photonwb"),
        ("roiextractors", SEGMENTATION, "pynwb"),  # takes no arrays but those of h5py and zarr, by their classes
    ],
)
def test_reads_our_file(session, program, code, library):
    if find_spec(program) is None:
        pytest.skip(f"{program} is not installed (it comes with the extra 'test')")
    install = "import photonwb; photonwb.install_as_pynwb()" if library == "photonwb" else ""
    printed = run_fresh(f"""
import numpy as np
{install}
path = {str(session / "session.nwb")!r}
expected = np.load({str(session / "expected.npz")!r})
{code}
import sys
print("real" if "hdmf.build" in sys.modules else "stand-in")
""")
    assert printed.split()[-1] == ("stand-in" if library == "photonwb" else "real")
