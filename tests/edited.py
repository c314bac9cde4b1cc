"""A session that pynwb wrote, with an extension in it and with things that no tool for NWB knows."""

from __future__ import annotations

import json
import shutil
import warnings
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pynwb
from hdmf.common import VectorData
from pynwb.ophys import (
    Fluorescence,
    ImageSegmentation,
    ImagingPlane,
    OpticalChannel,
    RoiResponseSeries,
    TwoPhotonSeries,
)

TYPES = {
    "groups": [
        {
            "neurodata_type_def": "EditedSeries",
            "neurodata_type_inc": "TimeSeries",
            "doc": "power of a laser",
            "attributes": [{"name": "wavelength", "dtype": "float32", "doc": "in nm"}],
            "links": [{"name": "laser", "target_type": "Device", "doc": "the laser"}],
        }
    ]
}
NAMESPACE = {
    "namespaces": [
        {
            "name": "ndx-edited",
            "doc": "an extension for tests",
            "version": "0.1.0",
            "author": ["nobody"],
            "contact": ["nobody@nowhere"],
            "schema": [{"namespace": "core"}, {"source": "ndx-edited.extensions.json"}],
        }
    ]
}
ROIS = 5
SAMPLES = 40


def write_session(folder: Path) -> Path:
    """The session, in a new file of a folder."""
    (folder / "ndx-edited.extensions.json").write_text(json.dumps(TYPES))
    (folder / "ndx-edited.namespace.json").write_text(json.dumps(NAMESPACE))
    path = folder / "session.nwb"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "ndx-edited" not in pynwb.available_namespaces():
            pynwb.load_namespaces(str(folder / "ndx-edited.namespace.json"))
        nwbfile = _session()  # first, since the writer knows the classes that there are when it is made
        with pynwb.NWBHDF5IO(path, "w") as io:
            io.write(nwbfile)
    _add_unknown(path)
    return path


def copy_of(session: Path, folder: Path) -> Path:
    """A copy of the session to be changed."""
    return Path(shutil.copy(session, folder / "edited.nwb"))


def read_by_pynwb(path: Path) -> None:
    """See that pynwb can read all of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pynwb.NWBHDF5IO(path, "r") as io:
            for item in io.read().objects.values():
                repr(item)


def problems_of(path: Path) -> list[str]:
    """What pynwb says against a file, which it must be able to read. Takes its time."""
    read_by_pynwb(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [str(error) for error in pynwb.validate(path=str(path))]


def _session() -> pynwb.NWBFile:
    nwbfile = pynwb.NWBFile("edited", "edited", datetime(2024, 1, 1, tzinfo=UTC), keywords=["one", "two"], experimenter=["A, B"])
    scope = nwbfile.create_device("scope", description="old")
    laser = nwbfile.create_device("laser")
    channel = OpticalChannel("green", "d", 510.0)
    plane = nwbfile.create_imaging_plane("plane", channel, "d", scope, 920.0, "GCaMP", "VISp", origin_coords=[1.0, 2.0, 3.0])
    nwbfile.create_imaging_plane("unused", OpticalChannel("red", "d", 600.0), "d", scope, 920.0, "GCaMP", "VISl")
    frames = np.arange(SAMPLES * 6 * 4, dtype=np.uint16).reshape(SAMPLES, 6, 4)
    movie = TwoPhotonSeries(
        "movie", plane, data=pynwb.H5DataIO(frames, compression="gzip", maxshape=(None, 6, 4)), unit="n.a.", rate=10.0
    )
    nwbfile.add_acquisition(movie)
    one = pynwb.TimeSeries("one", np.arange(SAMPLES, dtype=float), "V", timestamps=np.arange(SAMPLES) * 0.25)
    nwbfile.add_acquisition(one)
    nwbfile.add_acquisition(pynwb.TimeSeries("two", np.arange(SAMPLES), "A", timestamps=one))
    _add_processed(nwbfile, plane)
    nwbfile.add_trial_column("tags", "d", index=True)
    nwbfile.add_trial_column("score", "d")
    for trial in range(5):
        nwbfile.add_trial(
            start_time=2.0 * trial, stop_time=2.0 * trial + 1, tags=["a"] * trial, score=trial / 2, timeseries=[one]
        )
    extended = pynwb.get_class("EditedSeries", "ndx-edited")
    nwbfile.add_acquisition(extended(name="extended", data=[1.0, 2.0], unit="W", rate=1.0, wavelength=920.0, laser=laser))
    return nwbfile


def _add_processed(nwbfile: pynwb.NWBFile, plane: ImagingPlane) -> None:
    segmentation = ImageSegmentation()
    module = nwbfile.create_processing_module("ophys", "d")
    module.add(segmentation)
    rois = segmentation.create_plane_segmentation("d", plane, "rois")
    for roi in range(ROIS):
        rois.add_roi(pixel_mask=[(roi % 6, roi % 4, 1.0)] * (roi + 1))
    rois.add_column("quality", "d", data=[float(roi) for roi in range(ROIS)])
    fluorescence = Fluorescence()
    module.add(fluorescence)
    traces = np.arange(SAMPLES * ROIS, dtype=float).reshape(SAMPLES, ROIS)
    region = rois.create_roi_table_region("all", region=list(range(ROIS)))
    fluorescence.create_roi_response_series("raw", traces, "a.u.", region, rate=10.0, starting_time=1.0)
    some = rois.create_roi_table_region("some", region=[4, 1])
    response = RoiResponseSeries("some", traces[:, :2], "a.u.", some, rate=10.0)
    module.add(response)
    cells = pynwb.core.DynamicTable("cells", "a cell for each region", columns=[VectorData("kind", "d", data=["x"] * ROIS)])
    cells.add_column("roi", "d", data=list(range(ROIS)), table=rois)
    module.add(cells)


def _add_unknown(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["acquisition/one"].attrs["leftover"] = np.array([b"a\xff", b""], dtype="S4")
        file["acquisition/one/data"].attrs["calibration"] = np.float16(1.5)
        file["acquisition/one"].create_dataset("unknown", data=[1, 2, 3], dtype=">i2")
        left = file.create_group("leftovers")
        left.attrs["nothing"] = h5py.Empty("f4")
        left.create_dataset("text", data="µ", dtype=h5py.string_dtype())
        left.create_dataset("packed", data=np.arange(5000) % 7, chunks=(1000,), compression="gzip", shuffle=True, fletcher32=True)
        left["link"] = h5py.SoftLink("/general/optophysiology/plane")
        left["broken"] = h5py.SoftLink("/nowhere")
        plane = file["general/optophysiology/plane"]
        left.create_dataset("references", data=[plane.ref, file["acquisition/movie"].ref], dtype=h5py.ref_dtype)
        left.attrs["reference"] = file["processing/ophys/ImageSegmentation/rois/quality"].ref
        file["processing/ophys/ImageSegmentation/rois/pixel_mask"].attrs["drawn by"] = "hand"
