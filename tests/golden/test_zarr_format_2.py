"""A store that hdmf-zarr 0.13 wrote, in format 2, with references in pickles, has the values that its makers expect of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import photonwb


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "zarr"


@pytest.fixture(scope="module")
def expected(folder):
    return json.loads((folder / "hdmfzarr_nwb_zarrv2_expected.json").read_text("utf-8"))


@pytest.fixture(scope="module", params=["as it is", "without consolidated metadata", "in format 3", "in HDF5"])
def nwbfile(request, folder, tmp_path_factory):
    source = folder / "hdmfzarr_nwb_zarrv2_test.nwb.zarr"
    if request.param == "without consolidated metadata":
        with photonwb.NWBZarrIO(source, mode="r-") as io:
            yield io.read()
        return
    path = source
    if request.param.startswith("in "):
        path = tmp_path_factory.mktemp("converted") / ("a.nwb.zarr" if "3" in request.param else "a.nwb")
        photonwb.export(source, path)
    with photonwb.open(path) as opened:
        yield opened


def test_the_session_is_what_was_written(nwbfile, expected):
    assert nwbfile.identifier == expected["identifier"]
    assert nwbfile.session_description == expected["session_description"]
    assert nwbfile.experiment_description == expected["experiment_description"]
    assert (nwbfile.session_id, nwbfile.lab, nwbfile.institution) == tuple(
        expected[name] for name in ("session_id", "lab", "institution")
    )
    start = nwbfile.session_start_time
    assert [start.year, start.month, start.day] == [expected[f"session_start_time_{part}"] for part in ("year", "month", "day")]
    assert {name: getattr(nwbfile.subject, name) for name in ("subject_id", "species", "sex", "age")} == {
        "subject_id": expected["subject_id"],
        "species": expected["subject_species"],
        "sex": expected["subject_sex"],
        "age": expected["subject_age"],
    }


def test_arrays_are_what_was_written(nwbfile, expected):
    series = nwbfile.acquisition[expected["ephys_name"]]
    assert series.data.shape == tuple(expected["ephys_data_shape"])
    np.testing.assert_array_equal(series.data[:], expected["ephys_data"])
    np.testing.assert_allclose(series.timestamps[:], expected["ephys_timestamps"])


def test_tables_and_what_they_refer_to_are_what_was_written(nwbfile, expected):
    assert len(nwbfile.devices) == expected["n_devices"]
    group = nwbfile.electrode_groups[expected["electrode_group_name"]]
    assert group.device is nwbfile.devices[expected["device_name"]]
    assert len(nwbfile.electrodes) == expected["n_electrodes"]
    assert [target.name for target in nwbfile.electrodes["group"][:]] == [group.name] * expected["n_electrodes"]
    assert nwbfile.electrodes["group"][0] is group
    assert nwbfile.acquisition[expected["ephys_name"]].electrodes.table is nwbfile.electrodes
    assert list(nwbfile.units["quality"][:]) == expected["unit_quality_labels"]
    times = [nwbfile.units["spike_times"][row] for row in range(expected["n_units"])]
    assert [len(row) for row in times] == expected["unit_spike_counts"]
    for found, row in zip(times, expected["unit_spike_times"], strict=True):
        np.testing.assert_array_equal(found, row)


def test_nothing_is_against_the_standard(nwbfile):
    assert photonwb.validate(nwbfile.get_read_io().source).errors == []
