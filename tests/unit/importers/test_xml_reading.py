from __future__ import annotations

from io import BytesIO

import pytest

from photonwb.errors import DamagedFileError
from photonwb.importers.xml_reading import elements, parse_xml


def test_tags_without_namespaces():
    root = parse_xml('<?xml version="1.0"?><a:x xmlns:a="urn:a"><a:y k="µ"/><z/></a:x>', "m")
    assert [element.tag for element in root.iter()] == ["x", "y", "z"]
    assert root[0].get("k") == "µ"


def test_elements_come_one_after_the_other():
    events = elements(BytesIO(b"<x><y/></x>"), "m")
    assert [(event, element.tag) for event, element in events] == [("start", "x"), ("start", "y"), ("end", "y"), ("end", "x")]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<?xml version="1.0"?>\n<!-- innocent -->' + BOMB,
        "<!-- " + 9000 * "-x" + " -->" + BOMB,
        BOMB.encode("utf-16"),
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    ],
)
def test_a_dtd_is_refused(text):
    with pytest.raises(DamagedFileError, match=r"m\.xml: "):
        parse_xml(text, "m.xml")


@pytest.mark.parametrize("text", ["", "x", "<x>", "<x></y>", "<x>&a;</x>", "<x/><x/>", b"\xff\xfe\x00"])
def test_what_is_no_xml(text):
    with pytest.raises(DamagedFileError, match="not XML that can be read"):
        parse_xml(text, "m.xml")
