"""What users say, what sources say, and what nobody says."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest

from photonwb.errors import InvalidTypeError, InvalidValueError, MissingFileError
from photonwb.importers.assembly import assemble
from photonwb.importers.base import Channel, Fragment, Instrument, Movie, Plane, Timing
from photonwb.importers.metadata import Metadata, load_metadata
from synthetic_sources import SAID


def fragment(*planes, **metadata):
    made = Fragment("source")
    made.planes += planes or [Plane("ImagingPlane")]
    made.metadata = metadata
    return made


def assembled(source, **said):
    return assemble([source], Metadata(SAID | said))


def test_all_that_is_missing_is_told_at_once():
    source = fragment()
    source.movies.append(Movie("movie", "ImagingPlane", [[[1]]]))
    with pytest.raises(InvalidValueError) as error:
        assemble([source], Metadata({}))
    message = str(error.value)
    required = "session_start_time session_description device location indicator excitation_lambda emission_lambda rate"
    for name in required.split():
        assert f"{name} (" in message
    assert "allow_placeholders=True" in message
    assert len(source.missing()) == 8
    assert source.missing(SAID | {"rate": 5}) == []


def test_placeholders_are_easy_to_see():
    nwbfile = assemble([fragment()], Metadata({"session_description": "known"}, placeholders=True))
    plane = nwbfile.imaging_planes["ImagingPlane"]
    assert (plane.indicator, plane.location, plane.device.name) == ("unknown", "unknown", "unknown")
    assert math.isnan(plane.excitation_lambda)
    assert math.isnan(plane.optical_channel[0].emission_lambda)
    assert nwbfile.session_start_time.year == 1970
    assert nwbfile.session_description == "known"


def test_a_rate_has_no_placeholder():
    source = fragment()
    source.movies.append(Movie("movie", "ImagingPlane", [[[1]]]))
    with pytest.raises(InvalidValueError, match="a file needs: rate"):
        assemble([source], Metadata({}, placeholders=True))


def test_users_go_before_sources():
    said = Plane("ImagingPlane", indicator="GCaMP8", imaging_rate=4.0)
    start = datetime(2020, 1, 2, tzinfo=UTC)
    source = fragment(said, session_start_time=start, lab="theirs", institution="theirs")
    nwbfile = assembled(source, lab="ours")
    assert nwbfile.session_start_time.isoformat() == SAID["session_start_time"]
    assert (nwbfile.lab, nwbfile.institution) == ("ours", "theirs")
    plane = nwbfile.imaging_planes["ImagingPlane"]
    assert (plane.indicator, plane.imaging_rate) == ("GCaMP6f", 4.0)


def test_one_plane_may_differ():
    nwbfile = assembled(fragment(Plane("ImagingPlane0"), Plane("ImagingPlane1")), planes={"ImagingPlane1": {"location": "CA1"}})
    assert [plane.location for plane in nwbfile.imaging_planes.values()] == ["VISp", "CA1"]


def test_planes_of_the_same_name_are_one_plane():
    first = fragment(Plane("ImagingPlane", indicator="GCaMP8", grid_spacing=(1e-6, 2e-6)))
    second = fragment(Plane("ImagingPlane", imaging_rate=3.0, indicator="other"))
    said = {key: value for key, value in SAID.items() if key != "indicator"}
    plane = assemble([first, second], Metadata(said)).imaging_planes["ImagingPlane"]
    assert (plane.indicator, plane.imaging_rate, list(plane.grid_spacing)) == ("GCaMP8", 3.0, [1e-6, 2e-6])


def test_channels_are_named_in_the_order_of_the_source():
    source = fragment(Plane("ImagingPlane", channels=(Channel("A", "first"), Channel("B", "second"))))
    said = {key: value for key, value in SAID.items() if key != "emission_lambda"}
    nwbfile = assemble([source], Metadata(said | {"channels": {"green": 510, "red": 610}}))
    found = [(c.name, c.description, c.emission_lambda) for c in nwbfile.imaging_planes["ImagingPlane"].optical_channel]
    assert found == [("green", "first", 510), ("red", "second", 610)]
    with pytest.raises(InvalidValueError, match="expected 2"):
        assemble([source], Metadata(said | {"channels": {"green": 510}}))
    with pytest.raises(InvalidValueError, match="give channels"):
        assembled(source)


def test_devices():
    source = fragment(Plane("ImagingPlane", device="scope"))
    source.instruments.append(Instrument("scope", "a scope", "Bruker", "Ultima", "123"))
    said = {key: value for key, value in SAID.items() if key != "device"}
    device = assemble([source], Metadata(said)).imaging_planes["ImagingPlane"].device
    assert (device.name, device.serial_number, device.model.name, device.model.manufacturer) == (
        "scope", "123", "Ultima", "Bruker",
    )  # fmt: skip
    device = assembled(source, device={"name": "mine", "description": "home-built"}).imaging_planes["ImagingPlane"].device
    assert (device.name, device.description) == ("mine", "home-built")


def test_a_subject():
    nwbfile = assembled(fragment(subject={"subject_id": "theirs", "sex": "F"}), subject={"subject_id": "m1"})
    assert (nwbfile.subject.subject_id, nwbfile.subject.sex) == ("m1", "F")
    assert assembled(fragment()).subject is None


def test_a_rate_that_users_give():
    assert Metadata({"rate": 5}).timing(Timing(30.0, 0.5), "ImagingPlane") == {"rate": 5.0, "starting_time": 0.5}
    assert Metadata({"planes": {"P": {"rate": 7}}}).timing(Timing(), "P") == {"rate": 7.0, "starting_time": 0.0}
    assert Metadata({"rate": 5}).timing(Timing(timestamps=[1, 2]), "P") == {"timestamps": [1, 2]}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"indicater": "x"}, "did you mean 'indicator'"),
        ({"planes": {"P": {"locaton": "x"}}}, "did you mean 'location'"),
        ({"session_start_time": "yesterday"}, "2024-05-06T14:00:00"),
        ({"device": {"description": "x"}}, "expected a name"),
    ],
)
def test_mistakes(said, message):
    with pytest.raises(InvalidValueError, match=message):
        assembled(fragment(), **said)


def test_planes_must_be_named():
    with pytest.raises(InvalidTypeError, match="names with values"):
        Metadata({"planes": {"P": "CA1"}})


def test_files(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(SAID))
    (tmp_path / "m.yaml").write_text("\n".join(f"{key}: {value}" for key, value in SAID.items()))
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "broken.json").write_text("{")
    start = datetime.fromisoformat(str(SAID["session_start_time"]))
    for name in ("m.json", "m.yaml"):
        said = Metadata(load_metadata(tmp_path / name)).given
        assert said["session_start_time"] == start
        assert said["indicator"] == "GCaMP6f"
    for name in ("list.yaml", "broken.yaml", "broken.json"):
        with pytest.raises(InvalidValueError, match=name):
            load_metadata(tmp_path / name)
    with pytest.raises(MissingFileError):
        load_metadata(tmp_path / "none.yaml")
    assert load_metadata(None) == {}
