"""Dates and durations in the one form that files keep: a date has a time zone, a duration is written as ISO 8601."""

from __future__ import annotations

import datetime as dt
import warnings

from photonwb.errors import InvalidTypeError
from photonwb.model.checks import mismatch

__all__ = ["iso_duration", "with_zone"]


def with_zone(date: dt.datetime, place: str, stacklevel: int = 3) -> dt.datetime:
    """The date, in the zone of this computer if it has none.

    Parameters
    ----------
    date : datetime.datetime
    place : str
        What to call the date in messages.
    stacklevel : int
        How far up the caller is whom a warning concerns.

    Raises
    ------
    InvalidTypeError
        If `date` is no datetime.
    """
    if not isinstance(date, dt.datetime):  # pyright: ignore[reportUnnecessaryIsInstance] - users pass anything
        raise InvalidTypeError(mismatch(place, "a datetime", date))
    if date.tzinfo is not None:
        return date
    warnings.warn(f"{place}: the date has no time zone, so it is taken as local time of this computer", stacklevel=stacklevel)
    return date.astimezone()


def iso_duration(duration: dt.timedelta) -> str:
    """A duration as days, hours, minutes and seconds in the notation of ISO 8601, for example ``P90DT0H0M0S``."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{duration.microseconds:06d}".rstrip("0").rstrip(".")
    return f"P{duration.days}DT{hours}H{minutes}M{seconds}{fraction}S"
