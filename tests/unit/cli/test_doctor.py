"""The doctor explains a file, and a mended copy has what the file has, without what was wrong."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest

import photonwb
import written_by
from photonwb.base import TimeSeries
from photonwb.cli import main
from photonwb.cli.overview import size
from photonwb.simulation import as_nwbfile, simulate


@pytest.fixture(scope="module")
def wide():
    return simulate(frames=5, width=100, height=40, cells=6)


@pytest.fixture
def ill_file(tmp_path, wide):
    """Masks with x and y exchanged, timestamps for a rate, gaps, an empty text, no specification."""
    nwbfile = as_nwbfile(wide)
    nwbfile.add_acquisition(TimeSeries("even", data=np.arange(40.0), unit="m", timestamps=5 + np.arange(40) / 8))
    times = np.arange(40) / 8
    times[20:] += 3
    nwbfile.add_acquisition(TimeSeries("gap", data=np.arange(40.0), unit="m", timestamps=times))
    nwbfile.institution = ""
    cells = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
    photonwb.write(nwbfile, tmp_path / "ill.nwb")
    assert cells.rois.values["x"].max() > 40
    with h5py.File(tmp_path / "ill.nwb", "r+") as file:
        masks = file["processing/ophys/ImageSegmentation/PlaneSegmentation/pixel_mask"]
        values = masks[:]
        values["x"], values["y"] = values["y"].copy(), values["x"].copy()
        masks[...] = values
        del file["specifications"]
        del file.attrs[".specloc"]
    return tmp_path / "ill.nwb"


def test_it_explains_parts_sizes_costs_and_timing(session_file, capsys):
    assert main(["doctor", str(session_file)]) == 0
    said = capsys.readouterr().out
    assert "chunks 30 × 48 × 40, gzip; 115 kB, stored as " in said
    assert "one frame of 3.8 kB takes reading 115 kB (30 times as much)" in said
    assert "findings: none" in said
    assert main(["doctor", str(session_file), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    storage = facts["movies"][0]["storage"]
    assert (storage["bytes"], storage["useful"]) == (30 * 48 * 40 * 2, 48 * 40 * 2)
    assert facts["findings"] == []


def test_it_tells_gaps(ill_file):
    from photonwb.cli.overview import timing_of

    with photonwb.open(ill_file) as nwbfile:
        timing = timing_of(nwbfile.acquisition["gap"])
    assert timing["gaps"] == [{"after_sample": 19, "seconds": 3.125}]
    assert timing["interval"] == 0.125


def test_a_mended_copy(ill_file, tmp_path, capsys, wide):
    assert main(["doctor", str(ill_file)]) == 0
    assert f"photonwb doctor {ill_file} --fix --output" in capsys.readouterr().out
    before = ill_file.read_bytes()
    assert main(["doctor", str(ill_file), "--fix", "--output", str(tmp_path / "mended.nwb"), "--json"]) == 0
    mended = json.loads(capsys.readouterr().out)["mended"]
    gone = {each["check_function_name"] for each in mended["gone"]}
    assert {"swapped_axes", "no_specification", "check_regular_timestamps", "check_empty_string_for_optional_attribute"} <= gone
    assert mended["failed"] == []
    assert ill_file.read_bytes() == before
    with photonwb.open(tmp_path / "mended.nwb") as nwbfile:
        cells = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        for mask, wanted in zip(cells.rois.masks(), wide.masks, strict=True):
            assert np.allclose(np.column_stack([mask["x"], mask["y"], mask["weight"]]), wanted)
        even = nwbfile.acquisition["even"]
        assert (even.rate, even.starting_time, even.timestamps) == (8.0, 5.0, None)
        assert nwbfile.institution is None


def test_the_file_itself_is_never_mended(session_file, tmp_path, capsys):
    own = shutil.copy(session_file, tmp_path / "session.nwb")
    assert main(["doctor", str(own), "--fix"]) == 2
    assert main(["doctor", str(own), "--fix", "-o", str(own), "--overwrite"]) == 4
    assert "is the file that is read" in capsys.readouterr().err


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (38400, "38.4 kB"), (2.5e12, "2.5 TB"), (None, "?")])
def test_sizes_for_people(count, text):
    assert size(count) == text


# ---- axes

WRITERS = {  # of which objects the axes are not those of the standard, and how that is known
    written_by.caiman: {"TwoPhotonSeries": "provenance", "PlaneSegmentation": "provenance"},
    written_by.suite2p: {"PlaneSegmentation": "bounds", "Backgrounds_0": "provenance"},
    written_by.allensdk: {"cell_specimen_table": "bounds", "images": "provenance"},
    written_by.roiextractors_2020: {"PlaneSegmentation": "provenance"},
    written_by.matnwb: {},
}


@pytest.mark.parametrize("writer", WRITERS)
def test_axes_of_other_writers_are_told_and_put_right(writer, tmp_path, capsys):
    session = written_by.Session()
    source = written_by.written(writer, tmp_path / "other.nwb", session)
    main(["doctor", str(source), "--json"])
    facts = json.loads(capsys.readouterr().out)
    known = {each["path"].rpartition("/")[2]: each["axis_order"] for each in (*facts["movies"], *facts["segmentations"])}
    told = [each for each in facts["findings"] if each["check_function_name"] == "axis_order"]
    assert {each["object_name"] for each in told} == set(WRITERS[writer])
    assert all(known[name]["how"] == how for name, how in WRITERS[writer].items() if name in known)

    main(["doctor", str(source), "--fix", "-o", str(tmp_path / "mended.nwb")])
    said = capsys.readouterr().out
    assert "axes of movies and masks, and how that is known" in said
    assert said.count("  mended  axis_order") == len(told)
    with photonwb.open(tmp_path / "mended.nwb") as nwbfile:
        (table,) = [item for item in nwbfile.all_children() if item.neurodata_type == "PlaneSegmentation"]
        assert table.axis_order.is_standard
        assert np.array_equal(table.masks[: len(session.masks)], session.masks)  # without a warning
        for movie in nwbfile.acquisition.values():
            if movie.external_file is None:
                assert np.array_equal(movie.data[:].transpose(0, 2, 1), session.movie)
        for images in (item for item in nwbfile.all_children() if item.neurodata_type == "Images"):
            assert next(iter(images.images.values())).data.shape == (session.width, session.height)
    with photonwb.open(source) as nwbfile:
        assert "photonwb" not in [str(row[0]) for row in nwbfile.was_generated_by or ()]


def test_a_file_without_signs_is_told_to_be_as_declared(session_file, capsys):
    assert main(["doctor", str(session_file)]) == 0
    assert "x first (standard: nothing in the file tells of this movie but the standard" in capsys.readouterr().out


def test_pixels_counted_from_one_are_put_right(tmp_path, capsys):
    session = written_by.Session(margin=0)
    source = written_by.written(written_by.matnwb, tmp_path / "other.nwb", session, pixels=True)
    main(["doctor", str(source), "--fix", "-o", str(tmp_path / "mended.nwb")])
    assert "PlaneSegmentation: x first, pixels counted from 1 (bounds: " in capsys.readouterr().out
    with photonwb.open(tmp_path / "mended.nwb") as nwbfile:
        (table,) = [item for item in nwbfile.all_children() if item.neurodata_type == "PlaneSegmentation"]
        assert table.axis_order.is_standard
        assert np.allclose(table.masks[:], session.masks)
