"""Imports point one way (docs/design.md, Layers). Annotations count too: a layer does not know those above it."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from helpers import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUND = {"errors", "typing"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "typing": set(),
    "schema": GROUND,
    "arrays": GROUND,
    "storage": GROUND | {"arrays"},
    "movies": GROUND | {"arrays"},
    "model": GROUND | {"schema", "arrays", "movies"},
    "io": GROUND | {"schema", "arrays", "storage", "movies", "model"},
}
BASE = set(ALLOWED) | {"facade"}
# They use what a user can use.
USERS = {"drop_in", "exporters", "importers", "plots", "recovery", "simulation", "testing", "tree", "validation"}
ALLOWED |= dict.fromkeys(USERS, BASE)
ALLOWED["exporters"] = BASE | {"importers"}  # undo what those do
ALLOWED |= dict.fromkeys(("viewer", "cli"), BASE | USERS | {"viewer"})

# Libraries that own the structure of files stay where files are opened.
FILE_LIBRARIES = {"h5py", "zarr", "fsspec"}
MAY_OPEN_FILES = {"storage", "io", "importers", "drop_in"}
NEVER = {"pynwb", "hdmf", "hdmf_zarr", "nwbinspector"}


def layer_of(module: str) -> str:
    """The layer of a dotted name inside the package; what is in no package of its own is the model."""
    first = module.split(".")[1] if "." in module else ""
    if not first or first.startswith("__"):
        return "facade"
    return first if first in ALLOWED else "model"


def imported_names(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of each import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from photonwb import io` imports a module, `from photonwb import NWBFile` a name of the facade.
            for alias in node.names:
                is_module = module == "photonwb" and _is_module(alias.name)
                yield node.lineno, f"{module}.{alias.name}" if is_module else module


def _is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def violations(source: str, module: str, package: str) -> list[str]:
    """Sentences on the imports of one module that point the wrong way."""
    own = layer_of(module)
    found: list[str] = []
    for line, name in imported_names(ast.parse(source), package):
        root = name.split(".")[0]
        if root in NEVER:
            found.append(f"{module}:{line} imports {name}, which only tests may use")
        elif root in FILE_LIBRARIES and own not in MAY_OPEN_FILES:
            found.append(f"{module}:{line} ({own}) imports {name}, which only {sorted(MAY_OPEN_FILES)} may use")
        elif root == "photonwb" and own != "facade":
            target = layer_of(name)
            if target != own and target not in ALLOWED[own]:
                found.append(f"{module}:{line} ({own}) imports {name} ({target})")
    return found


def module_and_package(path: Path) -> tuple[str, str]:
    parts = ("photonwb", *path.relative_to(PACKAGE).with_suffix("").parts)
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), ".".join(parts[:-1])
    return ".".join(parts), ".".join(parts[:-1])


def test_every_import_points_down():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert paths
    wrong = [sentence for path in paths for sentence in violations(path.read_text("utf-8"), *module_and_package(path))]
    assert not wrong, "\n".join(wrong)


def test_schema_uses_the_standard_library_alone():
    # An extension may be written in YAML: whoever loads one has PyYAML, nobody else needs it.
    allowed = {"photonwb", "yaml"} | sys.stdlib_module_names
    for path in (PACKAGE / "schema").rglob("*.py"):
        for line, name in imported_names(ast.parse(path.read_text("utf-8")), "photonwb.schema"):
            assert name.split(".")[0] in allowed, f"{path.name}:{line} imports {name}"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("photonwb.ophys", "from photonwb.io.reading import read"),
        ("photonwb.ophys", "def f():\n    from photonwb import storage"),
        ("photonwb.ophys", "from photonwb import NWBFile"),
        ("photonwb.ophys", "from .storage import hdf5"),
        ("photonwb.ophys", "def f():\n    import h5py"),
        ("photonwb.arrays.lazy", "from ..storage.contract import Dataset"),
        ("photonwb.arrays.lazy", "if TYPE_CHECKING:\n    from photonwb.base import TimeSeries"),
        ("photonwb.storage.hdf5", "from photonwb.schema import catalog"),
        ("photonwb.io.reading", "from photonwb.validation import check"),
        ("photonwb.cli", "import pynwb.ophys"),
        ("photonwb", "from hdmf.common import DynamicTable"),
    ],
)
def test_a_wrong_import_is_seen(module, source):
    package = module if module.count(".") == 0 else module.rpartition(".")[0]
    assert len(violations(source, module, package)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("photonwb.ophys", "from photonwb.base import TimeSeries\nfrom .errors import InvalidValueError\nimport numpy"),
        ("photonwb.storage.hdf5", "import h5py\nfrom photonwb.arrays.source import ByteLayout"),
        ("photonwb.plots.images", "from photonwb import NWBFile"),
        ("photonwb", "def __getattr__(name):\n    from photonwb.io import NWBHDF5IO"),
    ],
)
def test_a_right_import_passes(module, source):
    assert violations(source, module, module.rpartition(".")[0] or module) == []
