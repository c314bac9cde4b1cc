"""A repacked file holds what its source holds, whatever that is."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.errors import InvalidValueError, MissingFileError
from photonwb.io.repacking import repack_file
from photonwb.simulation import as_nwbfile, simulate


@pytest.fixture
def source(tmp_path):
    photonwb.write(as_nwbfile(simulate(frames=30, width=48, height=40, cells=2)), tmp_path / "source.nwb")
    with h5py.File(tmp_path / "source.nwb", "r+") as file:
        extra = file.create_group("extra")
        extra["again"] = file["acquisition/TwoPhotonSeries/data"]  # a hard link
        extra["soft"] = h5py.SoftLink("/acquisition/TwoPhotonSeries")
        extra["outside"] = h5py.ExternalLink("other.nwb", "/x")
        extra.create_dataset("compound", data=np.array([(1, 2.5)], dtype=[("a", "i2"), ("b", ">f8")]))
        extra.create_dataset("references", data=np.array([file["acquisition"].ref, file["extra"].ref], dtype=h5py.ref_dtype))
        extra.create_dataset("texts", data=["a", "µ"], dtype=h5py.string_dtype())
        extra.create_dataset("growing", data=np.arange(5), maxshape=(None,), chunks=(2,))
        extra.attrs.update(text="é", numbers=np.arange(3, dtype="u1"), flag=True)
        extra.attrs["to"] = file["acquisition"].ref
    return tmp_path / "source.nwb"


def content(path):
    """All that is in a file, as plain values."""
    found = {}

    def plain(file, value):
        if isinstance(value, h5py.Reference):
            return file[value].name
        if isinstance(value, np.ndarray) and value.dtype == object:
            return [plain(file, each) for each in value]
        return value.tolist() if hasattr(value, "tolist") else value

    with h5py.File(path) as file:

        def visit(name, node):
            found[name] = {key: plain(file, value) for key, value in node.attrs.items()}
            if isinstance(node, h5py.Dataset):
                found[name]["values"] = (str(node.dtype), node.shape, node.maxshape, plain(file, node[()]))

        visit("", file)
        file.visititems(visit)
    return found


def test_everything_is_there(source, tmp_path):
    told = []
    repack_file(source, tmp_path / "copy.nwb", progress=lambda *now: told.append(now))
    old, new = content(source), content(tmp_path / "copy.nwb")
    old.pop("extra/again", None)
    for name, facts in old.items():
        values = facts.pop("values", None)
        copied = new[name].pop("values", None)
        assert new[name] == facts, name
        if values is not None:
            assert (copied[0], copied[1], copied[3]) == (values[0], values[1], values[3]), name
    with h5py.File(tmp_path / "copy.nwb") as file:
        assert file["extra/growing"].maxshape == (None,)
        assert file["extra"].get("soft", getlink=True).path == "/acquisition/TwoPhotonSeries"
        assert file["extra"].get("outside", getlink=True).filename == "other.nwb"
        assert file["extra"].get("again", getlink=True).path == "/acquisition/TwoPhotonSeries/data"
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_links_to_other_files_lead_there_from_another_folder(source, tmp_path):
    (tmp_path / "deeper").mkdir()
    repack_file(source, tmp_path / "deeper" / "copy.nwb")
    with h5py.File(tmp_path / "deeper" / "copy.nwb") as file:
        assert file["extra"].get("outside", getlink=True).filename == "../other.nwb"


def test_what_was_deleted_takes_no_room(source, tmp_path):
    with h5py.File(source, "r+") as file:
        file["large"] = np.random.default_rng(7).random(100_000)
        file["last"] = 1  # behind it in the file
    with h5py.File(source, "r+") as file:
        del file["large"]
    assert source.stat().st_size > 800_000
    repack_file(source, tmp_path / "copy.nwb")
    assert (tmp_path / "copy.nwb").stat().st_size < 500_000


@pytest.mark.parametrize("compression", ["fast", "none"])
def test_compression_and_chunks(source, tmp_path, compression):
    repack_file(source, tmp_path / "copy.nwb", compression=compression, frames=4)
    with h5py.File(tmp_path / "copy.nwb") as file:
        data = file["acquisition/TwoPhotonSeries/data"]
        assert data.compression == {"fast": "gzip", "none": None}[compression]
        assert data.chunks == {"fast": (4, 48, 40), "none": None}[compression]


def test_a_file_is_not_copied_over_itself(source, tmp_path):
    with pytest.raises(InvalidValueError, match="another path"):
        repack_file(source, source)
    with pytest.raises(MissingFileError):
        repack_file(tmp_path / "nothing.nwb", tmp_path / "copy.nwb")
    assert not (tmp_path / "copy.nwb").exists()
