from __future__ import annotations

import json

import pytest

from photonwb.errors import MissingFileError, SchemaError
from photonwb.schema import GroupSpec, bundled

NAMESPACE = """
namespaces:
- name: ndx-test
  doc: A test.
  version: 0.1.0
  author: [A]
  schema:
  - namespace: core
  - source: ndx-test.extensions.yaml
    doc: Types.
"""
TYPES = """
groups:
- neurodata_type_def: Movie
  neurodata_type_inc: TwoPhotonSeries
  doc: A movie.
  attributes:
  - {name: day, dtype: text, doc: When., value: 2024-01-02}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ndx-test.namespace.yaml").write_text(NAMESPACE)
    (tmp_path / "ndx-test.extensions.yaml").write_text(TYPES)
    return tmp_path


def test_yaml(folder):
    catalog = bundled().load_namespaces(folder / "ndx-test.namespace.yaml")
    assert catalog.namespaces == bundled().namespaces | {"ndx-test": "0.1.0"}
    spec = catalog.resolve("Movie")
    assert isinstance(spec, GroupSpec)
    assert spec.link("imaging_plane") is not None
    day = spec.attribute("day")
    assert day is not None
    assert day.value == "2024-01-02"
    assert "ndx-test" not in bundled().namespaces


def test_texts_are_as_files_cache_them(folder):
    texts = bundled().load_namespaces(str(folder / "ndx-test.namespace.yaml")).texts("ndx-test")
    assert set(texts) == {"namespace", "ndx-test.extensions"}
    (header,) = json.loads(texts["namespace"])["namespaces"]
    assert header["schema"] == [{"namespace": "core"}, {"source": "ndx-test.extensions"}]
    assert header["author"] == ["A"]


def test_json(tmp_path):
    header = {"name": "ndx-test", "version": "0.1.0", "schema": [{"namespace": "core"}, {"source": "types.json"}]}
    (tmp_path / "namespace.json").write_text(json.dumps({"namespaces": [header]}))
    (tmp_path / "types.json").write_text(json.dumps({"groups": [{"neurodata_type_def": "A", "neurodata_type_inc": "Device"}]}))
    assert bundled().load_namespaces(tmp_path / "namespace.json").ancestors("A")[:2] == ("A", "Device")


def test_extensions_add_up(folder):
    more = NAMESPACE.replace("ndx-test", "ndx-more").replace("namespace: core", "namespace: ndx-test")
    (folder / "more.yaml").write_text(more)
    (folder / "ndx-more.extensions.yaml").write_text("groups: [{neurodata_type_def: Film, neurodata_type_inc: Movie, doc: x}]")
    catalog = bundled().load_namespaces(folder / "ndx-test.namespace.yaml").load_namespaces(folder / "more.yaml")
    assert catalog.ancestors("Film")[:3] == ("Film", "Movie", "TwoPhotonSeries")


@pytest.mark.parametrize(
    "text",
    ["", "7", "namespaces: []", "namespaces: [7]", "namespaces: [{version: 1}]", "a: [", "!!python/object:os.system {}",
     "namespaces: [{name: x, schema: [7]}]", "namespaces: 7"],
)  # fmt: skip
def test_broken_files(folder, text):
    (folder / "broken.yaml").write_text(text)
    with pytest.raises(SchemaError):
        bundled().load_namespaces(folder / "broken.yaml")


def test_a_missing_file(folder):
    with pytest.raises(FileNotFoundError, match=r"gone\.yaml does not exist"):
        bundled().load_namespaces(folder / "gone.yaml")
    (folder / "there.yaml").write_text(NAMESPACE.replace("extensions", "missing"))
    with pytest.raises(MissingFileError, match=r"missing\.yaml does not exist"):
        bundled().load_namespaces(folder / "there.yaml")
