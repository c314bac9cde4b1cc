"""Fixtures that all tests share; plain helpers are in `helpers.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No test asserts a time, not even that of an example: a busy machine is no mistake.
settings.register_profile("photonwb", deadline=None)
settings.load_profile("photonwb")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real files made by other programs: `$PHOTONWB_SHARED_DATA`, or `../shared/data` beside the checkout."""
    override = os.environ.get("PHOTONWB_SHARED_DATA")
    folder = Path(override) if override else CHECKOUT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    reason = f"no real files at {folder} (set PHOTONWB_SHARED_DATA to their folder)"
    expected = override or (os.environ.get("CI") == "true" and (CHECKOUT.parent / "shared").exists())
    if expected:
        pytest.fail(reason)
    pytest.skip(reason)
