"""The animal or person that was recorded from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from photonwb.core import NWBContainer
from photonwb.dates import iso_duration, with_zone
from photonwb.errors import InvalidValueError
from photonwb.model.checks import mismatch
from photonwb.model.fields import attribute, dataset

__all__ = ["Subject"]


class Subject(NWBContainer, neurodata_type="Subject"):
    """The animal or person that was recorded from.

    Parameters
    ----------
    age : str or timedelta, optional
        As an ISO 8601 duration, for example ``"P90D"``; a timedelta is turned into one. ``"P90D/P120D"`` is a range.
    age__reference : {"birth", "gestational"}
        What the age counts from.
    sex : str, optional
        ``"F"``, ``"M"``, ``"U"`` (unknown) or ``"O"`` (other).
    species : str, optional
        Latin name, for example ``"Mus musculus"``.
    weight : float or str, optional
        With its unit, for example ``"0.02 kg"``; a number is taken as kilograms.
    date_of_birth : datetime, optional
        Without a time zone it is taken as local time.

    Raises
    ------
    InvalidValueError
        If `age__reference` is anything else.
    """

    age: str | None = dataset("Age as an ISO 8601 duration, or a range of two.")
    age__reference: str | None = attribute("What the age counts from: 'birth' or 'gestational'.", of="age", key="reference")
    description: str | None = dataset("What is worth knowing about the subject.")
    genotype: str | None = dataset("Genetic strain, or what was altered; wild type if nothing was.")
    sex: str | None = dataset("'F', 'M', 'U' (unknown) or 'O' (other).")
    species: str | None = dataset("Latin name of the species.")
    subject_id: str | None = dataset("Name of the subject, unique in the lab.")
    weight: str | None = dataset("Weight with its unit.")
    date_of_birth: datetime | None = dataset("When the subject was born.", dtype="isodatetime")
    strain: str | None = dataset("Name of the strain.")

    def __init__(
        self,
        age: str | timedelta | None = None,
        age__reference: str = "birth",
        description: str | None = None,
        genotype: str | None = None,
        sex: str | None = None,
        species: str | None = None,
        subject_id: str | None = None,
        weight: float | str | None = None,
        date_of_birth: datetime | None = None,
        strain: str | None = None,
    ) -> None:
        given: dict[str, Any] = locals() | {"name": "subject"}
        if age__reference not in ("birth", "gestational") and not self._in_construct_mode:
            raise InvalidValueError(mismatch("Subject.age__reference", "'birth' or 'gestational'", age__reference))
        if isinstance(age, timedelta):
            given["age"] = iso_duration(age)
        if weight is not None and not isinstance(weight, str):
            given["weight"] = f"{float(weight)} kg"
        if date_of_birth is not None:
            given["date_of_birth"] = with_zone(date_of_birth, "Subject.date_of_birth")
        self._init(given)
