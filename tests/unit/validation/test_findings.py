"""Findings and lists of them."""

from __future__ import annotations

import json

from photonwb.validation import Finding, Findings, Severity

BAD = Finding(
    Severity.ERROR, "wrong_dtype", "/acquisition/movie/data@unit", "wrong", "text", "1.0", "write it", "TimeSeries", "a.nwb"
)
ODD = Finding(Severity.WARNING, "odd", "/general", "odd")
FINDINGS = Findings([BAD, ODD])


def test_a_finding_is_one_clear_line():
    assert str(BAD) == "ERROR [wrong_dtype] /acquisition/movie/data@unit (TimeSeries): wrong: expected text, got 1.0 -> write it"
    assert str(ODD) == "WARNING [odd] /general: odd"


def test_a_finding_has_what_errors_of_pynwb_have():
    assert (BAD.name, BAD.location, BAD.reason) == (
        "TimeSeries/data@unit",
        "acquisition/movie/data@unit",
        "wrong: expected text, got 1.0",
    )


def test_an_empty_list_is_false_and_fine():
    assert not Findings()
    assert Findings().ok
    assert str(Findings()) == "nothing found"


def test_errors_and_the_rest():
    assert FINDINGS.errors == [BAD]
    assert FINDINGS.warnings == [ODD]
    assert not FINDINGS.ok
    assert FINDINGS.warnings.ok
    assert FINDINGS.without(["odd"]) == [BAD]
    assert FINDINGS.at_least(Severity.CRITICAL) == [BAD]
    assert FINDINGS.at_least(Severity.WARNING) == [BAD, ODD]


def test_as_json():
    assert json.loads(FINDINGS.to_json(indent=1)) == FINDINGS.to_dicts()
    assert FINDINGS.to_dicts()[1] == {
        "severity": "WARNING", "code": "odd", "path": "/general", "message": "odd", "expected": "", "found": "", "fix": "",
        "object_type": "", "file": "",
    }  # fmt: skip


def test_severities_are_in_order():
    assert max(Severity) is Severity.ERROR
    assert Severity.CRITICAL > Severity.WARNING > Severity.BEST_PRACTICE_VIOLATION > Severity.BEST_PRACTICE_SUGGESTION
