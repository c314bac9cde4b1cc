"""Saving what can be saved of a file that something has broken.

The objects of the file are copied as they are stored, known or not, each on its own: what cannot be read is left out and told of.
Then the copy is mended where a part of something is gone: a series ends where its data or its timestamps do, a table has the rows
that all of its columns have, and what led to an object that was lost is taken away. The file itself is never touched.
"""

from __future__ import annotations

from photonwb.recovery.recovering import recover
from photonwb.recovery.report import Loss, Report

__all__ = ["Loss", "Report", "recover"]
