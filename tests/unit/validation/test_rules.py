"""The table of rules, and how they are run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from photonwb.errors import ClosedFileError
from photonwb.validation import LAYERS, Problem, Rule, Severity, rules
from photonwb.validation.rule_table import place, run


def test_every_rule_says_what_is_wrong():
    for rule in rules():
        assert rule.description.endswith("."), rule.code
        assert rule.layer in LAYERS


def test_codes_are_unique():
    assert [code for code, count in Counter(rule.code for rule in rules()).items() if count > 1] == []


def test_layers_have_their_severities():
    practice = {rule.severity for rule in rules("practice")}
    assert practice == {Severity.CRITICAL, Severity.BEST_PRACTICE_VIOLATION, Severity.BEST_PRACTICE_SUGGESTION}
    assert {rule.severity for rule in rules("ophys")} == {Severity.WARNING}
    assert {rule.severity for rule in rules("schema")} == {Severity.ERROR, Severity.WARNING}
    assert all(rule.code.startswith("check_") == (rule.layer == "practice") for rule in rules())


def test_the_table_is_the_sum_of_its_layers():
    assert rules() == sum((rules(layer) for layer in LAYERS), ())


@pytest.mark.parametrize(
    ("at", "expected"), [("", "/a/b"), ("c", "/a/b/c"), ("@unit", "/a/b@unit"), ("data@unit", "/a/b/data@unit")]
)
def test_place(at, expected):
    assert place("/a/b", at) == expected


def test_place_in_the_root():
    assert place("/", "a") == "/a"
    assert place("/", "@nwb_version") == "/@nwb_version"


@pytest.fixture
def table(monkeypatch):
    """Run made-up rules only."""

    def use(*checks: Any, view: Any = None) -> None:
        made = tuple(Rule(check.__name__, Severity.WARNING, "", "schema", check, view) for check in checks)
        monkeypatch.setattr("photonwb.validation.rule_table.rules_for", lambda layer, types: made)

    return use


def fails(subject: Any) -> Iterator[Problem]:
    yield Problem("before")
    raise ZeroDivisionError(subject)


def finds(subject: Any) -> Iterator[Problem]:
    yield Problem(f"looked at {subject}", "x", "1", "2", "do it", Severity.CRITICAL)


def test_a_rule_that_fails_does_not_hide_the_others(table):
    table(fails, finds)
    found = list(run("schema", "it", ("Thing", "Base"), "/it", "file.nwb"))
    assert [(finding.code, finding.path) for finding in found] == [("fails", "/it"), ("unreadable", "/it"), ("finds", "/it/x")]
    assert found[1].severity is Severity.ERROR
    assert "ZeroDivisionError: it" in found[1].message
    assert found[2] == (Severity.CRITICAL, "finds", "/it/x", "looked at it", "1", "2", "do it", "Thing", "file.nwb")


def test_a_closed_file_is_no_finding(table):
    def closed(subject: Any) -> Iterator[Problem]:
        raise ClosedFileError("closed")
        yield Problem("")

    table(closed)
    with pytest.raises(ClosedFileError):
        list(run("schema", "it", (), "/it", ""))


def test_rules_share_their_view(table):
    made: list[Any] = []

    def view(subject: Any) -> Any:
        made.append(subject)
        return f"view of {subject}"

    def also(subject: Any) -> Iterator[Problem]:
        yield Problem(subject)

    table(finds, also, view=view)
    found = list(run("schema", "it", (), "/it", ""))
    assert [finding.message for finding in found] == ["looked at view of it", "view of it"]
    assert made == ["it"]
