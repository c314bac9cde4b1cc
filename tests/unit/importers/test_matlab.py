"""What is special about EXTRACT and CNMF-E, which MATLAB saves."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

import synthetic_sources as synthetic
from photonwb.errors import DamagedFileError, NotFoundError
from photonwb.importers import cnmfe, extract, recognise
from photonwb.importers.hdf5 import open_mat, plain


def test_extract_without_a_rate_asks_for_it(tmp_path):
    fragment = extract.read(synthetic.write_extract(tmp_path / "output.mat"))
    assert fragment.traces[0].timing.rate is None
    assert any(each.startswith("rate ") for each in fragment.missing(synthetic.SAID))
    assert fragment.metadata["was_generated_by"] == [("EXTRACT", "1.1.0")]
    assert [(column.name, column.values.tolist()) for column in fragment.regions[0].columns] == [("accepted", [True, False])]


@pytest.mark.parametrize(("preprocess", "skip", "kind"), [(1, 0, "dff"), (1, 1, "raw"), (0, 0, "raw")])
def test_what_extract_did_to_the_movie_tells_the_kind_of_signal(tmp_path, preprocess, skip, kind):
    path = synthetic.write_extract(tmp_path / "output.mat")
    with h5py.File(path, "r+") as file:
        file["output/config/preprocess"][...] = preprocess
        file["output/config/skip_dff"] = np.array([[skip]], "u1")
    assert extract.read(path).traces[0].kind == kind


def test_extract_before_version_1(tmp_path):
    output = {"filters": synthetic.images().transpose(1, 2, 0), "traces": synthetic.traces(), "time": {"totalTime": 4711.0}}
    scipy.io.savemat(tmp_path / "old.mat", {"extractAnalysisOutput": output})
    assert recognise(tmp_path / "old.mat").name == "extract"
    fragment = extract.read(tmp_path / "old.mat")
    masks = fragment.regions[0].masks
    assert (masks.image(0, axes="yx") == synthetic.footprint()).all()
    assert (np.asarray(fragment.traces[0].data) == synthetic.traces().T).all()
    assert fragment.traces[0].timing.rate is None  # totalTime is how long the computation took


def test_cnmfe_knows_the_rate_it_was_told(tmp_path):
    fragment = cnmfe.read(synthetic.write_cnmfe(tmp_path / "results.mat"))
    assert {trace.timing.rate for trace in fragment.traces} == {synthetic.RATE}
    assert [trace.kind for trace in fragment.traces] == ["raw", "denoised", "deconvolved"]
    deconvolved = fragment.traces[2].data
    assert (deconvolved == np.diff(synthetic.traces(), axis=1, prepend=0).T).all()


def test_the_oracle_takes_the_time_of_the_computation_for_that_of_the_recording(tmp_path):
    from roiextractors import CnmfeSegmentationExtractor

    path = tmp_path / "ciatah.mat"
    with h5py.File(path, "w") as file:
        file["cnmfeAnalysisOutput/extractedImages"] = synthetic.images().transpose(0, 2, 1)
        file["cnmfeAnalysisOutput/extractedSignals"] = synthetic.traces().T
        file["cnmfeAnalysisOutput/Cn"] = synthetic.footprint().T
        file["cnmfeAnalysisOutput/time/totalTime"] = [[80.0]]
    oracle = CnmfeSegmentationExtractor(path)
    assert oracle.get_sampling_frequency() == 0.5  # 40 frames by 80 seconds of work
    assert oracle.get_frame_shape() == (34, 20)  # which is (width, height)
    fragment = cnmfe.read(path)
    assert fragment.traces[0].timing.rate is None
    assert fragment.regions[0].masks.image_shape == (34, 20)
    assert (fragment.regions[0].masks.image(0, axes="yx") == synthetic.footprint()).all()


def test_variables_that_lie_open(tmp_path):
    matrix = scipy.sparse.csc_matrix(np.stack([image.ravel(order="F") for image in synthetic.images()], axis=1).astype(float))
    scipy.io.savemat(tmp_path / "open.mat", {"A": matrix, "C": synthetic.traces(), "Cn": synthetic.footprint()})
    fragment = cnmfe.read(tmp_path / "open.mat")
    assert (fragment.regions[0].masks.image(0, axes="yx") == synthetic.footprint()).all()
    assert (fragment.pictures[0].data == synthetic.footprint().T).all()


def test_an_object_of_matlab_cannot_be_read(tmp_path):
    with h5py.File(tmp_path / "object.mat", "w") as file:
        file["neuron"] = np.array([[0xDD000000, 2, 1, 1, 1, 1]], "u4")
        file["neuron"].attrs["MATLAB_object_decode"] = 3
        file["#subsystem#/MCOS"] = [0]
    assert not cnmfe.can_open(tmp_path / "object.mat")
    with pytest.raises(NotFoundError, match="obj2struct"):
        cnmfe.read(tmp_path / "object.mat")


@pytest.mark.parametrize("module", [extract, cnmfe])
def test_a_variable_that_is_not_there(tmp_path, module):
    write = synthetic.write_extract if module is extract else synthetic.write_cnmfe
    path = write(tmp_path / "a.mat")
    with pytest.raises(NotFoundError, match="elsewhere"):
        module.read(path, variable="elsewhere")


def test_parts_that_do_not_fit(tmp_path):
    path = synthetic.write_extract(tmp_path / "output.mat")
    with h5py.File(path, "r+") as file:
        del file["output/temporal_weights"]
        file["output/temporal_weights"] = np.ones((5, 40))
    with pytest.raises(DamagedFileError, match="traces of 2 cells"):
        extract.read(path)
    path = synthetic.write_cnmfe(tmp_path / "results.mat")
    with h5py.File(path, "r+") as file:
        del file["results/C"]
        file["results/C"] = np.ones((40, 5))
    with pytest.raises(DamagedFileError, match="C of 2 components"):
        cnmfe.read(path)
    with h5py.File(path, "r+") as file:
        del file["results/options"], file["results/Cn"]
    with pytest.raises(DamagedFileError, match="d1"):
        cnmfe.read(path)


def test_damaged_files_of_matlab(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file" + b" " * 105 + b"\x00\x01IM" + b"\xff" * 64)
    assert not extract.can_open(tmp_path / "a.mat")
    with pytest.raises(DamagedFileError, match=r"a\.mat"):
        open_mat(tmp_path / "a.mat")


def test_plain_values(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["text"] = np.array([[ord(letter)] for letter in "raw"], "u2")
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
        file["number"], file["numbers"] = [[1.5]], [[1, 2]]
        file["nothing"] = np.zeros(2, "u8")
        file["nothing"].attrs["MATLAB_empty"] = 1
        file["data"] = np.zeros(1000)
        file["inner/flag"] = np.True_
        file["words"] = b"words"
        assert plain(file) == {"text": "raw", "number": 1.5, "numbers": [1, 2], "inner": {"flag": True}, "words": "words"}
