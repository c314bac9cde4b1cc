"""A partial file holds, at each commit point, the beginning of each array, all of it; and the whole file in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.arrays import layouts
from photonwb.base import TimeSeries
from photonwb.image import ImageSeries
from photonwb.io import datasets, resuming

ARRAYS = {
    "wide": np.arange(90 * 120, dtype="f8").reshape(90, 120),  # a row of it is several blocks
    "long": np.arange(9000, dtype="i4"),
    "movie": np.arange(60 * 12 * 10, dtype="u2").reshape(60, 12, 10),
    "short": np.arange(5.0),
}


@pytest.fixture
def nwbfile(monkeypatch):
    monkeypatch.setattr(datasets, "LARGE", 10_000)
    monkeypatch.setattr(resuming, "EVERY", 0)
    sizes = {"SMALL": 1000, "MOVIE_CHUNK": 1200, "CHUNK": 1600, "TRACE_RUN": 64, "TRACE_CHUNK": (400, 1600), "TRACE_ROW": 12_000}
    for name, nbytes in sizes.items():
        monkeypatch.setattr(layouts, name, nbytes)
    monkeypatch.setattr(import_module("photonwb.arrays.incoming"), "BLOCK", 3000)
    made = photonwb.NWBFile("a session", "resuming", datetime(2024, 5, 6, tzinfo=UTC))
    for name, data in ARRAYS.items():
        made.add_acquisition((ImageSeries if name == "movie" else TimeSeries)(name, data=data, unit="V", rate=1.0))
    return made


def held(path):
    with h5py.File(path) as file:
        return {name: file[f"acquisition/{name}/data"][:] for name in ARRAYS}


def test_each_commit_point_is_one_to_go_on_from(nwbfile, tmp_path):
    part, target = tmp_path / ".part", tmp_path / "out.nwb"
    seen, lengths = [], []

    def stop_now_and_then(done, total):
        assert 0 <= done <= total == sum(ARRAYS[name].nbytes for name in ("wide", "long", "movie"))
        seen.append(done)
        if len(seen) % 20 == 0:
            raise KeyboardInterrupt

    for _ in range(100):
        try:
            resuming.write_resumably(nwbfile, target, part, stop_now_and_then)
        except KeyboardInterrupt:
            assert not target.exists()
            found = held(part)
            for name, values in found.items():
                np.testing.assert_array_equal(values, ARRAYS[name][: len(values)])
            assert len(found["short"]) == 5
            lengths.append(sum(map(len, found.values())))
        else:
            break
    assert len(set(lengths)) > 3
    assert lengths == sorted(lengths)
    for name, values in held(target).items():
        np.testing.assert_array_equal(values, ARRAYS[name])
    assert [path.name for path in tmp_path.iterdir()] == ["out.nwb"]
    assert nwbfile.acquisition["wide"].container_source == str(target)


def test_it_is_stored_as_if_it_had_been_written_at_once(nwbfile, tmp_path):
    photonwb.write(nwbfile, tmp_path / "once.nwb")
    resuming.write_resumably(nwbfile, tmp_path / "steps.nwb", tmp_path / ".part")
    with h5py.File(tmp_path / "once.nwb") as once, h5py.File(tmp_path / "steps.nwb") as steps:
        for name in ARRAYS:
            of_one, of_other = (file[f"acquisition/{name}/data"] for file in (once, steps))
            for fact in ("shape", "maxshape", "chunks", "dtype", "compression", "shuffle"):
                assert getattr(of_one, fact) == getattr(of_other, fact)
            assert (of_one[:] == of_other[:]).all()


def test_only_one_process_writes_a_partial_file(nwbfile, tmp_path):
    part = tmp_path / ".part"

    def begin_another(done, total):
        if done:
            resuming.write_resumably(nwbfile, tmp_path / "out.nwb", part)

    with pytest.raises(photonwb.errors.StorageError, match="open"):
        resuming.write_resumably(nwbfile, tmp_path / "out.nwb", part, begin_another)
