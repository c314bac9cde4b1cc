"""Pages for notebooks: they open, tell what is there, read no bulk data, and run nothing that a file says."""

from __future__ import annotations

from html.parser import HTMLParser

import h5py
import numpy as np
import pytest

import photonwb
from photonwb.arrays import LazyArray
from photonwb.base import TimeSeries
from photonwb.io.reading import StoredObject
from photonwb.simulation import as_nwbfile, simulate
from photonwb.validation import Finding, Findings, Severity

EVIL = "<img src=x onerror=alert(1)>"


class Checker(HTMLParser):
    """The tags of a page, which must be closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


@pytest.fixture
def path(tmp_path):
    photonwb.write(as_nwbfile(simulate(frames=5, width=48, height=40, cells=2)), tmp_path / "session.nwb")
    return tmp_path / "session.nwb"


def test_a_file_shows_its_parts_and_can_be_opened_and_closed(path):
    with photonwb.open(path) as nwbfile:
        page = parsed(nwbfile._repr_html_())
    said = " ".join(page.text)
    assert page.tags.count("details") > 10
    for words in ("TwoPhotonSeries", "5 × 48 × 40 uint16", "Mus musculus", "PlaneSegmentation", "GCaMP6f"):
        assert words in said


def test_no_bulk_data_are_read(path, monkeypatch):
    with photonwb.open(path) as nwbfile:
        table = nwbfile.processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        monkeypatch.setattr(LazyArray, "__getitem__", lambda *_: pytest.fail("an array was read"))
        for item in (nwbfile, table, nwbfile.acquisition, nwbfile.acquisition["TwoPhotonSeries"].data):
            assert parsed(item._repr_html_()).tags


def test_what_a_file_says_is_text(path):
    with h5py.File(path, "r+") as file:
        file["acquisition/TwoPhotonSeries"].attrs["comments"] = EVIL
        file.move("processing/ophys", f"processing/{EVIL}")
    with photonwb.open(path) as nwbfile:
        page = nwbfile._repr_html_()
    assert "img" not in parsed(page).tags
    assert EVIL in parsed(page).text
    series = TimeSeries("a<b", data=[1], unit=EVIL, rate=1.0)
    assert "img" not in parsed(series._repr_html_()).tags


def test_an_array_says_how_it_is_stored_even_when_the_file_is_closed(path):
    with photonwb.open(path) as nwbfile:
        data = nwbfile.acquisition["TwoPhotonSeries"].data
        said = " ".join(parsed(data._repr_html_()).text)
    assert "5 × 48 × 40" in said
    assert "in one piece" in said
    assert "cannot be read" in " ".join(parsed(data._repr_html_()).text)


def test_findings_are_a_table_with_the_severest_first():
    findings = Findings(
        [
            Finding(Severity.BEST_PRACTICE_SUGGESTION, "mild", "/b", "a flaw"),
            Finding(Severity.ERROR, "bad", "/a", EVIL, fix="mend it"),
        ]
    )
    page = parsed(findings._repr_html_())
    assert page.tags.count("tr") == 3
    assert "img" not in page.tags
    assert page.text.index("bad") < page.text.index("mild")
    assert "nothing found" in Findings()._repr_html_()


def test_a_damaged_object_hides_no_other(path):
    with h5py.File(path, "r+") as file:
        file["acquisition/TwoPhotonSeries"].attrs["neurodata_type"] = "a/b"
    with photonwb.open(path) as nwbfile:
        said = " ".join(parsed(nwbfile._repr_html_()).text)
    assert "CorrectedImageStack" in said


def test_large_collections_are_cut():
    nwbfile = as_nwbfile(simulate(frames=2, width=48, height=40, cells=1))
    for number in range(100):
        nwbfile.add_scratch(TimeSeries(f"series{number}", data=np.zeros(3), unit="m", rate=1.0))
    said = " ".join(parsed(nwbfile._repr_html_()).text)
    assert "100 objects" in said
    assert "… and 70 more" in said
    assert "series99" not in said


def test_a_table_without_a_length_hides_nothing_else(tmp_path):
    nwbfile = as_nwbfile(simulate(frames=3, width=40, height=40, cells=1))
    nwbfile.add_trial(start_time=0.0, stop_time=1.0)
    photonwb.write(nwbfile, tmp_path / "session.nwb")
    with h5py.File(tmp_path / "session.nwb", "r+") as file:
        attributes = dict(file["intervals/trials/id"].attrs)
        del file["intervals/trials/id"]
        file["intervals/trials/id"] = 3
        file["intervals/trials/id"].attrs.update(attributes)
    with photonwb.open(tmp_path / "session.nwb") as nwbfile:
        text = " ".join(parsed(nwbfile._repr_html_()).text)
        assert "cannot be counted" in text
        assert "start_time" in text


def test_a_page_reads_each_field_once_and_no_array(shared_data, monkeypatch):
    loads = []
    load = StoredObject.load
    monkeypatch.setattr(StoredObject, "load", lambda *those: (loads.append(those[2].name), load(*those))[1])
    monkeypatch.setattr(LazyArray, "__getitem__", lambda *_: pytest.fail("an array was read"))
    with photonwb.open(shared_data / "nwb/hdmfzarr_sub-healthy-simulated-beta_ses-162_ecephys.nwb") as nwbfile:
        page = nwbfile._repr_html_()
        count = len(loads)
        assert count < 250
        assert nwbfile._repr_html_() == page
        assert len(loads) == count
    said = " ".join(parsed(page).text)
    assert "Beta_Band_Voltage" in said
    assert "table → electrodes" in said.replace("  ", " ")


def test_what_everybody_says_is_left_out():
    series = TimeSeries("a", data=[1], unit="", rate=1.0, comments="slow", conversion=2.0)
    said = " ".join(parsed(series._repr_html_()).text)
    assert "conversion  2.0" in said
    assert "comments  slow" in said
    assert "unit  (empty)" in said
    assert "no description" not in said
    assert "offset" not in said
