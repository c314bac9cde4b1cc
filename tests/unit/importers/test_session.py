"""The one call, and the importers that it chooses from."""

from __future__ import annotations

import importlib.metadata
import re
from types import SimpleNamespace

import numpy as np
import pytest

import synthetic_sources as synthetic
from photonwb.errors import InvalidValueError, MissingFileError, NotFoundError
from photonwb.importers import Fragment, import_session, importer, importers, options_of, recognise, registry
from photonwb.importers.base import Plane


@pytest.fixture
def source(tmp_path):
    return synthetic.write_suite2p(tmp_path / "source")


def test_importers_say_what_they_are():
    for name, each in importers().items():
        assert each.name == name
        assert each.recognises
        for option in options_of(each).values():
            assert option.default is not option.empty
            assert option.annotation is not option.empty
            line = rf"^    (\w+, )*{option.name}(, \w+)* : "
            assert re.search(line, each.read.__doc__ or "", re.MULTILINE), f"{name}: {option.name} is not described"


def test_options_are_known_by_name():
    assert list(options_of(importer("suite2p"))) == ["movies", "second_channel"]
    with pytest.raises(NotFoundError, match="suite2p"):
        importer("suite3p")


def test_what_nobody_knows(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(InvalidValueError, match="format="):
        recognise(tmp_path / "notes.txt")
    with pytest.raises(MissingFileError):
        recognise(tmp_path / "none")


@pytest.mark.parametrize("name", sorted(importers()))
def test_no_importer_fails_on_strange_sources(name, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text.mat").write_text("no MATLAB")
    (tmp_path / "folder").mkdir()
    (tmp_path / "half.npy").write_bytes(b"\x93NUMPY\x01\x00")
    for path in tmp_path.iterdir():
        assert importer(name).can_open(path) is False


def test_a_mistaken_option_is_not_passed_over(source):
    with pytest.raises(InvalidValueError, match=r"movie.*movies, second_channel"):
        import_session(source, None, synthetic.SAID, movie=False)
    with pytest.raises(InvalidValueError, match="masks"):
        import_session(source, None, synthetic.SAID, masks="voxel")


def test_metadata_as_arguments(source):
    said = {key: value for key, value in synthetic.SAID.items() if key != "indicator"}
    nwbfile = import_session(source, None, said, indicator="jGCaMP8m", movies=False)
    assert nwbfile.imaging_planes["ImagingPlane"].indicator == "jGCaMP8m"
    assert "CorrectedTwoPhotonSeries" not in nwbfile.processing["ophys"].data_interfaces


def test_nothing_is_written_where_something_is_missing(source, tmp_path):
    with pytest.raises(InvalidValueError, match="indicator"):
        import_session(source, tmp_path / "session.nwb")
    assert not (tmp_path / "session.nwb").exists()


def test_a_movie_and_its_correction(source, tmp_path):
    """Two sources of one session: the movie that suite2p corrected is the one that was recorded."""
    raw = synthetic.movie() + 1
    np.save(tmp_path / "raw.npy", raw)
    path = tmp_path / "session.nwb"
    import_session([tmp_path / "raw.npy", source], path, synthetic.SAID | {"rate": synthetic.RATE}, axes="tyx")
    nwbfile = import_session([tmp_path / "raw.npy", source], None, synthetic.SAID | {"rate": 5}, axes="tyx")
    stack = nwbfile.processing["ophys"]["MotionCorrection"]["CorrectedImageStack"]
    assert stack.original is nwbfile.acquisition["TwoPhotonSeries"]
    assert (np.asarray(stack.original.frames[:]) == raw).all()
    assert (np.asarray(stack.corrected.frames[:]) == synthetic.movie()).all()
    expected = np.stack([-np.arange(40), 2 * np.arange(40)], axis=1)
    assert (np.asarray(stack.xy_translation.data) == expected).all()


def mine(path, *, loud: bool = False):
    fragment = Fragment(path)
    fragment.planes.append(Plane("Mine"))
    return fragment


def test_importers_of_others(monkeypatch, tmp_path):
    offered = SimpleNamespace(name="mine", recognises="*.mine", can_open=lambda path: path.suffix == ".mine", read=mine)

    def missing():
        raise ImportError("no such module")

    points = [SimpleNamespace(name="mine", load=lambda: offered), SimpleNamespace(name="broken", load=missing)]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == "photonwb.importers" else [])
    (tmp_path / "a.mine").write_bytes(b"")
    registry.importers.cache_clear()
    try:
        with pytest.warns(UserWarning, match="'broken'.*no such module"):
            assert recognise(tmp_path / "a.mine") is offered
        nwbfile = import_session(tmp_path / "a.mine", None, synthetic.SAID, loud=True)
        assert list(nwbfile.imaging_planes) == ["Mine"]
    finally:
        registry.importers.cache_clear()


def test_placeholders_make_a_file_that_others_read(source, tmp_path):
    import pynwb

    import_session(source, tmp_path / "session.nwb", allow_placeholders=True)
    assert list(pynwb.validate(path=str(tmp_path / "session.nwb"))) == []
    with pynwb.NWBHDF5IO(path=tmp_path / "session.nwb", mode="r") as io:
        assert io.read().imaging_planes["ImagingPlane"].indicator == "unknown"
