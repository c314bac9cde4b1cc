"""Movie, masks, summary images and traces of one session agree in x and y, whatever program they came from.

Each format holds the same session, of an image that is not square with a bright region off the diagonal.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest
import zarr

import photonwb
import synthetic_sources as synthetic
from photonwb.importers import import_session
from photonwb.layouts.axis_order import evidence_on_masks, image_rows
from photonwb.layouts.traces import traces_of


def suite2p(folder):
    return [synthetic.write_suite2p(folder / "suite2p")], {}


def npy_movie(folder, name="movie.npy"):
    np.save(folder / name, synthetic.movie())
    return folder / name


def caiman(folder):
    return [npy_movie(folder), synthetic.write_caiman(folder / "caiman.hdf5")], {"axes": "tyx"}


def extract(folder):
    with h5py.File(folder / "movie.h5", "w") as file:
        file["imaging/movie"] = synthetic.movie().transpose(1, 2, 0)
    return [folder / "movie.h5", synthetic.write_extract(folder / "output.mat")], {"axes": "yxt", "rate": synthetic.RATE}


def extract_sparse(folder):
    source = synthetic.write_extract(folder / "output.mat", sparse=True)
    return [npy_movie(folder), source], {"axes": "tyx", "rate": synthetic.RATE}


def cnmfe(folder):
    zarr.save_array(folder / "movie.zarr", synthetic.movie().transpose(0, 2, 1))
    return [folder / "movie.zarr", synthetic.write_cnmfe(folder / "results.mat")], {"axes": "txy"}


def ciatah(folder):
    return [npy_movie(folder), synthetic.write_ciatah(folder / "ciatah.mat")], {"axes": "tyx", "rate": synthetic.RATE}


def minian(folder):
    return [npy_movie(folder), synthetic.write_minian(folder / "minian")], {"axes": "tyx", "rate": synthetic.RATE}


FORMATS = [suite2p, caiman, extract, extract_sparse, cnmfe, ciatah, minian]


@pytest.fixture(scope="module", params=FORMATS, ids=lambda function: function.__name__)
def path(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.__name__)
    sources, options = request.param(folder)
    metadata = synthetic.SAID if "rate" in options else synthetic.SAID | {"rate": synthetic.RATE}
    import_session(sources, folder / "session.nwb", metadata, **options)
    return folder / "session.nwb"


def movie_of(nwbfile):
    ophys = nwbfile.processing["ophys"].data_interfaces
    if nwbfile.acquisition:
        return nwbfile.acquisition["TwoPhotonSeries"]
    return ophys["CorrectedTwoPhotonSeries"]


def test_on_disk(path):
    with h5py.File(path) as opened:
        file: Any = opened
        acquired = file.get("acquisition/TwoPhotonSeries", file.get("processing/ophys/CorrectedTwoPhotonSeries"))
        stored = acquired["data"][()]
        assert stored.shape == (synthetic.FRAMES, synthetic.WIDTH, synthetic.HEIGHT)
        assert (stored == synthetic.movie().transpose(0, 2, 1)).all()
        table = file["processing/ophys/ImageSegmentation/PlaneSegmentation"]
        pixels = table["pixel_mask"][: table["pixel_mask_index"][0]]
        assert {(pixel["x"], pixel["y"]) for pixel in pixels} == {(x, y) for x in range(21, 28) for y in range(3, 7)}
        assert all(pixel["weight"] == synthetic.footprint()[pixel["y"], pixel["x"]] for pixel in pixels)
        bright = stored[:, pixels["x"], pixels["y"]].mean(axis=1)
        images = [image[()] for image in file["processing/ophys/SummaryImages"].values() if isinstance(image, h5py.Dataset)]
        assert images
        for image in images:
            assert image.shape == (synthetic.WIDTH, synthetic.HEIGHT)
            assert image[pixels["x"], pixels["y"]].min() > 2 * np.median(image)
        for series in file["processing/ophys/Fluorescence"].values():
            if series.name.endswith(("RoiResponseSeries", "Denoised")):
                assert np.allclose(series["data"][:, 0], bright)


def test_in_memory(path):
    with photonwb.open(path) as nwbfile:
        series = movie_of(nwbfile)
        assert (np.asarray(series.frames[:]) == synthetic.movie()).all()
        rois = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"].rois
        rois.image_shape = series.data.shape[1:]
        assert (rois.image(0, axes="yx") == synthetic.footprint()).all()
        assert (rois.image(1, axes="yx") == synthetic.dim_footprint()).all()


def test_signals_are_time_by_region(path):
    with photonwb.open(path) as nwbfile:
        ophys = nwbfile.processing["ophys"].data_interfaces
        found = [ophys[name] for name in ("Fluorescence", "DfOverF") if name in ophys]
        series = [each for container in found for each in container.roi_response_series.values()]
        assert series
        for each in series:
            assert each.data.shape == (synthetic.FRAMES, len(each.rois.data))
            if each.timestamps is None:
                assert each.rate == synthetic.RATE


def test_regions_as_images(tmp_path):
    """Some readers know no other masks; they are (region, x, y) then."""
    source = synthetic.write_suite2p(tmp_path / "suite2p")
    import_session(source, tmp_path / "images.nwb", synthetic.SAID, masks="image")
    with h5py.File(tmp_path / "images.nwb") as file:
        stored = file["processing/ophys/ImageSegmentation/PlaneSegmentation/image_mask"][()]
    assert (stored == synthetic.images().transpose(0, 2, 1)).all()


def test_as_users_ask_for_them(path):
    with photonwb.open(path) as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        assert (table.axis_order.order, movie_of(nwbfile).axis_order.order) == ("xy", "xy")
        assert {each.order for each in evidence_on_masks(table)} == {"xy"}
        assert (table.masks[:2] == synthetic.images()).all()
        kinds = [found.kind for found in traces_of(table)]
        assert {"raw", "denoised", "dff"} & set(kinds)
        for kind in kinds:
            found = nwbfile.traces(kind, table)
            assert found.data.shape == (synthetic.FRAMES, 2)
            assert kind not in ("raw", "denoised") or np.allclose(found.data[:, 0], synthetic.trace())
        images = nwbfile.processing["ophys"]["SummaryImages"].images.values()
        assert all(image_rows(image)[synthetic.ROWS, synthetic.COLUMNS].min() > image_rows(image)[10, 10] for image in images)
