"""What is special about files of CaImAn."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse

import photonwb
import synthetic_sources as synthetic
from photonwb.errors import DamagedFileError, StorageError
from photonwb.importers import import_session
from photonwb.importers.caiman import can_open, read


@pytest.fixture
def path(tmp_path):
    return synthetic.write_caiman(tmp_path / "caiman.hdf5")


def changed(path, **values) -> Any:
    with h5py.File(path, "r+") as file:
        for place, value in values.items():
            del file[f"estimates/{place}"]
            if value is not None:
                file[f"estimates/{place}"] = value
    return path


def test_what_stands_for_nothing_is_nothing(path):
    changed(path, F_dff="NoneType", YrA="NoneType", b="NoneType", shifts=np.empty(0), SNR_comp=np.empty(0))
    fragment = read(path)
    assert [trace.kind for trace in fragment.traces] == ["denoised", "deconvolved"]
    assert [regions.name for regions in fragment.regions] == ["PlaneSegmentation"]
    assert fragment.motions == []
    assert [column.name for column in fragment.regions[0].columns] == ["accepted", "r_value", "centroid"]


@pytest.mark.parametrize(
    ("good", "bad", "accepted"),
    [
        ([0], [1], [True, False]),
        (np.empty(0, int), [0, 1], [False, False]),
        ("NoneType", [1], [True, False]),
        ([1], "NoneType", [False, True]),
    ],
)
def test_accepted(path, good, bad, accepted):
    changed(path, idx_components=good, idx_components_bad=bad)
    (column,) = [column for column in read(path).regions[0].columns if column.name == "accepted"]
    assert column.values.tolist() == accepted


def test_an_evaluation_that_never_was(path):
    changed(path, idx_components="NoneType", idx_components_bad="NoneType")
    assert "accepted" not in [column.name for column in read(path).regions[0].columns]


def test_raw_signals_are_added_up_where_they_are_read(path):
    changed(path, YrA=np.arange(80.0).reshape(2, 40))
    (raw,) = [trace.data for trace in read(path).traces if trace.kind == "raw"]
    assert raw.shape == (40, 2)
    assert (raw[5:9] == (synthetic.traces() + np.arange(80.0).reshape(2, 40)).T[5:9]).all()


def test_shifts_are_x_first(path):
    (motion,) = read(path).motions
    assert (motion.shifts[3] == [-3, 6]).all()  # from (row, column) = (6, -3)


def test_the_centre_is_x_first(path):
    (column,) = [column for column in read(path).regions[0].columns if column.name == "centroid"]
    assert column.values.tolist() == [[24.0, 4.5], [2.5, 16.0]]


def test_background_has_a_table_of_its_own(path, tmp_path):
    nwbfile = import_session(path, None, synthetic.SAID)
    ophys = nwbfile.processing["ophys"]
    background = ophys["ImageSegmentation"]["BackgroundSegmentation"].rois
    background.image_shape = (34, 20)
    expected = np.arange(20 * 34, dtype="f4").reshape(20, 34, order="F")
    assert (background.image(0, axes="yx") == expected).all()
    assert ophys["Fluorescence"]["Background"].rois.table is ophys["ImageSegmentation"]["BackgroundSegmentation"]
    assert len(read(path, background=False).regions) == 1


def test_settings_name_nobody(path):
    assert "somebody" not in read(path).settings["caiman_params"]


def test_regions_of_a_volume(tmp_path):
    """Rows run fastest, depth slowest."""
    volume = np.zeros((4, 6, 3), "f4")
    volume[1, 4, 2], volume[3, 0, 1] = 5, 7
    with h5py.File(tmp_path / "volume.hdf5", "w") as file:
        file["dims"] = volume.shape
        matrix = scipy.sparse.csc_matrix(volume.reshape(-1, 1, order="F"))
        for key in ("data", "indices", "indptr", "shape"):
            file[f"estimates/A/{key}"] = getattr(matrix, key)
        file["estimates/C"] = np.ones((1, 10))
        file["params/data/fr"] = 3.0
    import_session(tmp_path / "volume.hdf5", tmp_path / "volume.nwb", synthetic.SAID)
    with photonwb.open(tmp_path / "volume.nwb") as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        assert sorted(map(tuple, table["voxel_mask"][0])) == [(0, 3, 1, 7.0), (4, 1, 2, 5.0)]


def test_a_dense_matrix(path):
    columns = np.stack([image.ravel(order="F") for image in synthetic.images()], axis=1)
    before = read(path).regions[0].masks
    masks = read(changed(path, A=columns)).regions[0].masks
    assert (masks.values == before.values).all()
    assert (masks.ends == before.ends).all()


def test_parts_that_do_not_fit(path):
    with pytest.raises(DamagedFileError, match=r"denoised traces of 2 components, got an array of shape \(3, 40\)"):
        read(changed(path, C=np.ones((3, 40)), YrA=None))
    with h5py.File(path, "r+") as file:
        file["dims"][...] = [5, 5]
    with pytest.raises(DamagedFileError, match="outside the 25 pixels"):
        read(path)
    with h5py.File(path, "r+") as file:
        del file["dims"]
    with pytest.raises(DamagedFileError, match="dims"):
        read(path)


def test_no_hdf5(tmp_path):
    (tmp_path / "a.hdf5").write_bytes(b"no HDF5")
    assert not can_open(tmp_path / "a.hdf5")
    with pytest.raises(StorageError, match=r"a\.hdf5"):
        read(tmp_path / "a.hdf5")
