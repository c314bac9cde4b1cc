"""Sessions out of the files that microscopes and analysis programs write.

>>> from photonwb.importers import import_session
>>> import_session("suite2p", "session.nwb", metadata="session.yaml")  # doctest: +SKIP
"""

from __future__ import annotations

from photonwb.importers.base import Fragment, Importer
from photonwb.importers.registry import importer, importers, options_of, recognise
from photonwb.importers.session import import_session

__all__ = ["Fragment", "Importer", "import_session", "importer", "importers", "options_of", "recognise"]
