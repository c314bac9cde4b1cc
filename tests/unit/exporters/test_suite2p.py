"""Regions and signals go to suite2p and come back the same."""

from __future__ import annotations

import numpy as np
import pytest

import photonwb
import synthetic_sources as synthetic
from photonwb.errors import ExistingFileError, InvalidValueError, NotFoundError
from photonwb.exporters import export_suite2p, export_traces
from photonwb.importers import import_session
from photonwb.importers.npy import load_npy
from photonwb.testing.mock.file import mock_NWBFile


@pytest.fixture
def source(tmp_path):
    return synthetic.write_suite2p(tmp_path / "source")


def test_what_suite2p_wrote_comes_back(source, tmp_path):
    import_session(source, tmp_path / "session.nwb", synthetic.SAID)
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        (folder,) = export_suite2p(nwbfile, tmp_path / "exported")
    before = source / "plane0"
    for name in ("F", "Fneu", "spks", "iscell"):
        assert (np.load(folder / f"{name}.npy") == np.load(before / f"{name}.npy")).all()
    for ours, theirs in zip(load_npy(folder / "stat.npy"), load_npy(before / "stat.npy"), strict=True):
        assert set(theirs) <= set(ours)
        for key, value in theirs.items():
            assert np.array_equal(ours[key], value), key
    ops, expected = load_npy(folder / "ops.npy"), load_npy(before / "ops.npy")
    assert (ops["Ly"], ops["Lx"], ops["fs"], ops["nframes"]) == (20, 34, 12.5, 40)
    assert (ops["meanImg"] == expected["meanImg"]).all()
    assert (ops["Vcorr"][2:, 5:-1] == expected["Vcorr"]).all()


def test_an_export_is_a_source(source, tmp_path):
    first = import_session(source, None, synthetic.SAID)
    export_suite2p(first, tmp_path / "exported")
    again = import_session(tmp_path / "exported", None, synthetic.SAID)
    tables = [each.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"] for each in (first, again)]
    assert (tables[0].rois.values == tables[1].rois.values).all()
    assert (tables[0].rois.ends == tables[1].rois.ends).all()


def test_two_planes(tmp_path):
    folder = tmp_path / "source"
    for plane in (0, 1):
        synthetic.write_suite2p(folder, plane, nplanes=2)
    paths = export_suite2p(import_session(folder, None, synthetic.SAID), tmp_path / "exported")
    assert [path.name for path in paths] == ["plane0", "plane1"]
    assert load_npy(paths[1] / "ops.npy")["nplanes"] == 2


def test_nothing_is_overwritten_unasked(source, tmp_path):
    nwbfile = import_session(source, None, synthetic.SAID)
    with pytest.raises(ExistingFileError, match="overwrite=True"):
        export_suite2p(nwbfile, source)
    with pytest.raises(NotFoundError, match="regions of interest"):
        export_suite2p(mock_NWBFile(), tmp_path)


@pytest.mark.parametrize("format", ["csv", "npy", "parquet"])
def test_signals_as_tables(source, tmp_path, format):
    nwbfile = import_session(source, None, synthetic.SAID)
    if format == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    paths = export_traces(nwbfile, tmp_path / "tables", format)
    assert sorted(path.stem for path in paths) == ["Deconvolved", "Neuropil", "RoiResponseSeries"]
    path = tmp_path / "tables" / f"RoiResponseSeries.{format}"
    if format == "csv":
        header = path.read_text().splitlines()[0]
        assert header == "time,0,1"
        values = np.loadtxt(path, delimiter=",", skiprows=1)
        times, values = values[:, 0], values[:, 1:].astype("f4")
    elif format == "npy":
        values, times = np.load(path), np.load(path.with_name("RoiResponseSeries_times.npy"))
    else:
        import pandas as pd

        table = pd.read_parquet(path)
        times, values = table["time"].to_numpy(), table[["0", "1"]].to_numpy()
    assert (values == synthetic.traces().T).all()
    assert np.allclose(times, np.arange(40) / 12.5)
    with pytest.raises(ExistingFileError):
        export_traces(nwbfile, tmp_path / "tables", format)


def test_an_unknown_format(source, tmp_path):
    with pytest.raises(InvalidValueError, match="csv, npy, parquet"):
        export_traces(import_session(source, None, synthetic.SAID), tmp_path, "xls")
