"""The documents of a store on their way to the disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .zarr_records import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .zarr_files import Folder

__all__ = ["write_documents"]


def write_documents(folder: Folder, documents: Mapping[str, dict[str, Any]]) -> None:
    """Write the document of each node into its folder, and all of them together into that of the root, which comes last.

    Parameters
    ----------
    folder : Folder
    documents : mapping
        By path, "" for the root.
    """
    texts = {path: json.dumps(document) for path, document in documents.items()}
    for path, text in texts.items():
        if path:
            folder.write(folder.file(path, DOCUMENT), text.encode())
    # Text that is there already: each node stands in it as in its own folder.
    inner = ", ".join(f"{json.dumps(path)}: {text}" for path, text in texts.items() if path)
    consolidated = f'{{"kind": "inline", "must_understand": false, "metadata": {{{inner}}}}}'
    root = f'{texts[""][:-1]}, "consolidated_metadata": {consolidated}}}'
    folder.write(folder.file(DOCUMENT), root.encode())
