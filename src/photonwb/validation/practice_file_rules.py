"""Recommendations for the file, its subject and every object, by the names and levels of nwbinspector."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from photonwb.model.fields import Kind
from photonwb.validation.findings import Finding, Severity
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.base import ProcessingModule
    from photonwb.file import NWBFile
    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Field
    from photonwb.subject import Subject

__all__ = [
    "age",
    "age_range",
    "description",
    "empty_texts",
    "experiment_description",
    "experimenter",
    "experimenter_form",
    "file_extension",
    "institution",
    "keywords",
    "name_colons",
    "name_slashes",
    "processing_module_name",
    "publications",
    "session_id",
    "session_is_not_in_the_future",
    "session_is_not_old",
    "sex",
    "shared_identifier",
    "species",
    "species_form",
    "subject",
    "subject_id",
    "subject_id_slashes",
    "weight",
]

rule = enter_in("practice")

_CRITICAL = Severity.CRITICAL
_VIOLATION = Severity.BEST_PRACTICE_VIOLATION
_SUGGESTION = Severity.BEST_PRACTICE_SUGGESTION

_DURATION = r"P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(?:\.\d+)?S)?)?"
_DAYS = {"Y": 365.25, "M": 30.44, "W": 7.0, "D": 1.0}
_MODULES = ("behavior", "ecephys", "icephys", "misc", "ogen", "ophys", "retinotopy")
_NOTHING_SAID = {"", "no description", "no desc", "none", "placeholder"}


# ---- every object


@rule("check_name_slashes", _CRITICAL)
def name_slashes(container: AbstractContainer) -> Iterator[Problem]:
    """The name of an object has a slash or a backslash."""
    if "/" in container.name or "\\" in container.name:
        yield Problem("a slash in the name", "", "a name without slashes", repr(container.name), "rename the object")


@rule("check_name_colons", _SUGGESTION)
def name_colons(container: AbstractContainer) -> Iterator[Problem]:
    """The name of an object has a colon."""
    if ":" in container.name:
        yield Problem("a colon in the name", "", "a name without colons", repr(container.name), "rename the object")


@rule("check_description", _SUGGESTION)
def description(container: AbstractContainer) -> Iterator[Problem]:
    """The description of an object says nothing."""
    field = type(container).__fields__.get("description")
    if field is None:
        return
    value: Any = getattr(container, "description", None)
    # A description that may be left out, or that was, is nobody's mistake; one that says nothing is.
    if value is None or (value == "" and not field.required) or value == type(container).__defaults__.get("description"):
        return
    if str(value).strip().lower().rstrip(".") in _NOTHING_SAID:
        yield Problem(
            "a description that says nothing", _place(field), "what the object is", repr(value), "describe it, or leave it out"
        )


@rule("check_empty_string_for_optional_attribute", _SUGGESTION)
def empty_texts(container: AbstractContainer) -> Iterator[Problem]:
    """A text that may be left out is there, and empty."""
    for name, field in type(container).__fields__.items():
        if field.types[0] == "str" and not field.required and container.fields.get(name) == "":
            yield Problem(f"{name} is empty", _place(field), "a text, or nothing", "''", "leave it out")


def _place(field: Field) -> str:
    return f"{field.where}@{field.key}" if field.kind == Kind.ATTRIBUTE else field.path


@rule("check_processing_module_name", _SUGGESTION, "ProcessingModule")
def processing_module_name(module: ProcessingModule) -> Iterator[Problem]:
    """A processing module has none of the usual names, by which others find it."""
    if module.name not in _MODULES:
        yield Problem("not one of the usual names", "", ", ".join(_MODULES), repr(module.name), "use the nearest of these")


# ---- the file


@rule("check_session_start_time_old_date", _SUGGESTION, "NWBFile")
def session_is_not_old(nwbfile: NWBFile) -> Iterator[Problem]:
    """The session was before there was this kind of data."""
    start = nwbfile.session_start_time
    if start.year < 1980:
        yield Problem("a session of long ago", "session_start_time", "1980 or later", start.isoformat(), "correct the date")


@rule("check_session_start_time_future_date", _CRITICAL, "NWBFile")
def session_is_not_in_the_future(nwbfile: NWBFile) -> Iterator[Problem]:
    """The session has not been yet."""
    from datetime import datetime

    start = nwbfile.session_start_time
    if start > datetime.now(start.tzinfo):
        yield Problem(
            "a session in the future", "session_start_time", "a time in the past", start.isoformat(), "correct the date"
        )


@rule("check_experimenter_exists", _SUGGESTION, "NWBFile")
def experimenter(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file does not say who did the experiment."""
    yield from _is_given(nwbfile, "experimenter")


@rule("check_experimenter_form", _SUGGESTION, "NWBFile")
def experimenter_form(nwbfile: NWBFile) -> Iterator[Problem]:
    """The name of an experimenter is not in the form of catalogues."""
    for name in nwbfile.experimenter or ():
        if not re.fullmatch(r"[^,]+, [^,]+", name):
            yield Problem("not in the form of catalogues", "general/experimenter", "Last, First", repr(name))


@rule("check_experiment_description", _SUGGESTION, "NWBFile")
def experiment_description(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file does not say what the experiment was."""
    yield from _is_given(nwbfile, "experiment_description")


@rule("check_institution", _SUGGESTION, "NWBFile")
def institution(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file does not say where the experiment was done."""
    yield from _is_given(nwbfile, "institution")


@rule("check_keywords", _SUGGESTION, "NWBFile")
def keywords(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file has no keywords to be found by."""
    yield from _is_given(nwbfile, "keywords")


def _is_given(nwbfile: NWBFile, name: str) -> Iterator[Problem]:
    value: Any = getattr(nwbfile, name)
    if value is None or not len(value):
        yield Problem(f"no {name}", f"general/{name}", fix=f"set {name}")


@rule("check_doi_publications", _SUGGESTION, "NWBFile")
def publications(nwbfile: NWBFile) -> Iterator[Problem]:
    """A publication is not named by its DOI."""
    for name in nwbfile.related_publications or ():
        if not name.strip().lower().startswith(("doi:", "http://dx.doi.org/", "https://doi.org/")):
            yield Problem("not a DOI", "general/related_publications", "a form such as doi:10.1000/182", repr(name))


@rule("check_subject_exists", _CRITICAL, "NWBFile")
def subject(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file does not say who or what was recorded."""
    if nwbfile.subject is None:
        yield Problem("no subject", "general/subject", fix="set subject")


@rule("check_session_id_no_slashes", _VIOLATION, "NWBFile")
def session_id(nwbfile: NWBFile) -> Iterator[Problem]:
    """The name of the session has a slash, which names of files cannot have."""
    if "/" in (nwbfile.session_id or ""):
        yield Problem("a slash in session_id", "general/session_id", found=repr(nwbfile.session_id), fix="use another sign")


@rule("check_file_extension", _SUGGESTION, "NWBFile")
def file_extension(nwbfile: NWBFile) -> Iterator[Problem]:
    """The file has another extension than .nwb."""
    source = nwbfile.container_source
    if source is not None and not source.partition("?")[0].lower().endswith((".nwb", ".nwb.h5", ".nwb.zarr")):
        yield Problem("not the extension of NWB files", "", ".nwb", PurePath(source).suffix or "none", "rename the file")


def shared_identifier(identifier: str, file: str, other: str) -> Finding:
    """What is wrong with a file that has the identifier of another one: no rule, as it takes both."""
    return Finding(
        _CRITICAL,
        "check_unique_identifiers",
        "/identifier",
        f"also the identifier of {other}",
        "a text that no other file has",
        repr(identifier),
        "give each file an identifier of its own, such as str(uuid.uuid4())",
        "NWBFile",
        file,
    )


# ---- the subject


@rule("check_subject_age", _CRITICAL, "Subject")
def age(subject: Subject) -> Iterator[Problem]:
    """The age is neither a duration nor told by a date of birth."""
    if subject.age is None:
        if subject.date_of_birth is None:
            yield Problem("neither age nor date_of_birth", "age", "a duration such as P90D", "nothing", "set one of them")
    elif not all(re.fullmatch(_DURATION, part) for part in _age_parts(subject.age)):
        yield Problem("no ISO 8601 duration", "age", "P90D, or P90D/P120D for a range", repr(subject.age), "rewrite the age")


def _age_parts(text: str) -> list[str]:
    first, slash, second = text.partition("/")
    return [first, second] if slash and second else [first]


@rule("check_subject_proper_age_range", _SUGGESTION, "Subject")
def age_range(subject: Subject) -> Iterator[Problem]:
    """A range of ages ends before it begins."""
    parts = _age_parts(subject.age or "")
    matches = [re.fullmatch(_DURATION, part) for part in parts]
    days = [sum(float(part[:-1]) * _DAYS[part[-1]] for part in match.groups()[:4] if part) for match in matches if match]
    if len(days) == 2 and days[0] >= days[1]:
        yield Problem("a range that does not go up", "age", "the lower age first", repr(subject.age), "exchange the two")


@rule("check_subject_id_exists", _CRITICAL, "Subject")
def subject_id(subject: Subject) -> Iterator[Problem]:
    """The subject has no subject_id."""
    if not subject.subject_id:
        yield Problem("no subject_id", "subject_id", fix="set subject_id")


@rule("check_subject_id_no_slashes", _VIOLATION, "Subject")
def subject_id_slashes(subject: Subject) -> Iterator[Problem]:
    """The name of the subject has a slash, which names of files cannot have."""
    if "/" in (subject.subject_id or ""):
        yield Problem("a slash in subject_id", "subject_id", found=repr(subject.subject_id), fix="use another sign")


@rule("check_subject_sex", _CRITICAL, "Subject")
def sex(subject: Subject) -> Iterator[Problem]:
    """The sex is not told by one of the usual letters."""
    is_worm = subject.species in ("C. elegans", "Caenorhabditis elegans") or (subject.species or "").endswith("NCBITaxon_6239")
    known = ("XO", "XX") if is_worm else ("M", "F", "O", "U")
    if subject.sex not in known:
        yield Problem(
            "not one of the usual letters", "sex", ", ".join(known), repr(subject.sex), f"use {known[-1]!r} if it is not known"
        )


@rule("check_subject_species_exists", _VIOLATION, "Subject")
def species(subject: Subject) -> Iterator[Problem]:
    """The subject has no species."""
    if not subject.species:
        yield Problem("no species", "species", "a name such as Mus musculus", fix="set species")


@rule("check_subject_species_form", _VIOLATION, "Subject")
def species_form(subject: Subject) -> Iterator[Problem]:
    """The species is neither a Latin name nor an address in the NCBI taxonomy."""
    text = subject.species
    if text and not re.fullmatch(r"[A-Z][a-z]* [a-z]+( [a-z]+)?|https?://purl\.obolibrary\.org/obo/NCBITaxon_\d+", text):
        yield Problem("no Latin name", "species", "a name such as Mus musculus", repr(text), "use the Latin name")


@rule("check_subject_weight", _CRITICAL, "Subject")
def weight(subject: Subject) -> Iterator[Problem]:
    """The weight is not a number with a unit."""
    if subject.weight is not None and not re.fullmatch(r"\d+(\.\d+)? (kg|g|mg|lbs?|oz)", subject.weight):
        yield Problem("no number with a unit", "weight", "a form such as 0.025 kg", repr(subject.weight), "rewrite the weight")
