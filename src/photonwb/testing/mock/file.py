"""Mocks of `photonwb.file`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from photonwb.file import NWBFile, Subject
from photonwb.testing.mock.utils import name_generator

__all__ = ["mock_NWBFile", "mock_Subject"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def mock_NWBFile(
    session_description: str = "session_description",
    identifier: str | None = None,
    session_start_time: datetime = _EPOCH,
    **kwargs: Any,
) -> NWBFile:
    """A file with nothing in it; further arguments are those of `NWBFile`."""
    return NWBFile(session_description, identifier or str(uuid4()), session_start_time, **kwargs)


def mock_Subject(
    age: str | None = "P50D",
    description: str = "this is a mock mouse.",
    sex: str | None = "F",
    subject_id: str | None = None,
    nwbfile: NWBFile | None = None,
) -> Subject:
    """A mouse; the subject of the file, when one is given."""
    subject = Subject(age=age, description=description, sex=sex, subject_id=subject_id or name_generator("subject"))
    if nwbfile is not None:
        nwbfile.subject = subject
    return subject
