"""The bundled standard against the official one, as it comes with pynwb and hdmf."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import hdmf
import numpy as np
import pynwb
import pytest
from hdmf import spec as oracle
from ruamel.yaml import YAML

from photonwb.schema import GroupSpec, LinkSpec, ReferenceSpec, bundled

if TYPE_CHECKING:
    from collections.abc import Callable

HEADERS = {
    "core": Path(pynwb.__path__[0], "nwb-schema/core/nwb.namespace.yaml"),
    "hdmf-common": Path(hdmf.__path__[0], "common/hdmf-common-schema/common/namespace.yaml"),
    "hdmf-experimental": Path(hdmf.__path__[0], "common/hdmf-common-schema/common/namespace.yaml"),
}


@cache
def official(path):
    return YAML(typ="safe", pure=True).load(path)


def header(name):
    return next(found for found in official(HEADERS[name])["namespaces"] if found["name"] == name)


def sources():
    return [(name, entry["source"]) for name in HEADERS for entry in header(name)["schema"] if "source" in entry]


def types():
    return [(namespace, name) for namespace, names in bundled().types().items() for name in names]


# ---------------------------------------------------------------------------------------------------- as written


def without_docs(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: without_docs(value) for key, value in raw.items() if key != "doc"}
    return [without_docs(item) for item in raw] if isinstance(raw, list) else raw


@pytest.mark.parametrize("namespace", HEADERS)
def test_header(namespace):
    expected = without_docs(header(namespace))
    for entry in expected["schema"]:
        entry.pop("title", None)
        if "source" in entry:
            entry["source"] = entry["source"].removesuffix(".yaml")
    (found,) = json.loads(bundled().texts(namespace)["namespace"])["namespaces"]
    assert without_docs(found) == expected
    assert bundled().namespaces[namespace] == found["version"]


def test_sources():
    assert {(namespace, source) for namespace in HEADERS for source in bundled().texts(namespace) if source != "namespace"} == {
        (namespace, source.removesuffix(".yaml")) for namespace, source in sources()
    }


@pytest.mark.parametrize(("namespace", "source"), sources())
def test_structure_as_written(namespace, source):
    """Everything but the docs is the same, key by key."""
    expected = official(HEADERS[namespace].parent / source)
    found = json.loads(bundled().texts(namespace)[source.removesuffix(".yaml")])
    assert set(found) == {"datasets", "groups"}
    for kind in ("datasets", "groups"):
        assert without_docs(found[kind]) == without_docs(expected.get(kind) or [])


def docs(raw, path=""):
    """Every doc with where it stands."""
    if isinstance(raw, list):
        for number, item in enumerate(raw):
            yield from docs(item, f"{path}/{item.get('name', number) if isinstance(item, dict) else number}")
    elif isinstance(raw, dict):
        if "doc" in raw:
            yield path, raw["doc"]
        for key, value in raw.items():
            yield from docs(value, f"{path}/{key}")


def words(text):
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


@pytest.mark.parametrize(("namespace", "source"), sources())
def test_docs_are_ours(namespace, source):
    ours = dict(docs(json.loads(bundled().texts(namespace)[source.removesuffix(".yaml")])))
    theirs = dict(docs(official(HEADERS[namespace].parent / source)))
    assert ours.keys() == theirs.keys()
    for path, text in ours.items():
        assert text.strip() == text != "", path
        assert len(words(text)) <= 25, path
        theirs_said = " ".join(words(theirs[path]))
        for run in zip(*(words(text)[start:] for start in range(6)), strict=False):
            assert " ".join(run) not in theirs_said, path
        assert len(words(text)) <= 3 or " ".join(words(text)) != theirs_said, path


# ------------------------------------------------------------------------------------------- with inheritance


@cache
def catalogs() -> Any:
    return pynwb.get_manager().type_map.namespace_catalog


def is_official(spec: Any) -> bool:
    return isinstance(spec, oracle.Spec)


def shapes(value):
    """One shape, or several, as a tuple of shapes."""
    if value is None:
        return None
    several = any(isinstance(item, (list, tuple)) for item in value)
    return tuple(tuple(item) if isinstance(item, (list, tuple)) else (item,) for item in (value if several else [list(value)]))


def dtype(value: Any) -> Any:
    if isinstance(value, (oracle.RefSpec, ReferenceSpec)):
        return value.target_type, value.reftype
    if isinstance(value, (list, tuple)):
        return [(member.name, dtype(member.dtype)) for member in value]
    return value


def facts_of_data(spec: Any) -> dict[str, Any]:
    """What datasets and attributes say, from their spec or from ours."""
    theirs = is_official(spec)
    dims, shape = (shapes(spec.dims), shapes(spec.shape)) if theirs else (spec.dims, spec.shape)
    if theirs and dims and all(name.startswith("dim_") for names in dims for name in names):
        dims = None  # made up by hdmf where only a shape is given
    default = spec.default_value if theirs else spec.default
    return {"dtype": dtype(spec.dtype), "dims": dims, "shape": shape, "default": default, "value": spec.value}


def facts_of_attribute(spec):
    return facts_of_data(spec) | {"required": spec.required}


def identity(spec: Any) -> dict[str, Any]:
    """What is said of a child besides its members."""
    if isinstance(spec, (oracle.LinkSpec, LinkSpec)):
        return {"target": spec.target_type, "quantity": spec.quantity}
    theirs = is_official(spec)
    return {
        "name": spec.name,
        "default name": spec.default_name,
        "def": spec.data_type_def if theirs else spec.type_def,
        "inc": spec.data_type_inc if theirs else spec.type_inc,
        "quantity": spec.quantity,
        "linkable": spec.linkable,
    }


def type_name(spec: Any) -> str | None:
    if isinstance(spec, (oracle.LinkSpec, LinkSpec)):
        return spec.target_type
    return spec.data_type if is_official(spec) else spec.type_name


def facts(spec: Any, expand: Callable[[Any], Any], depth: int = 0) -> dict[str, Any]:
    """All that a spec says, as plain dictionaries."""
    found = identity(spec)
    if isinstance(spec, (oracle.LinkSpec, LinkSpec)):
        return found
    found["attributes"] = {attribute.name: facts_of_attribute(attribute) for attribute in spec.attributes}
    if not isinstance(spec, (oracle.GroupSpec, GroupSpec)):
        return found | facts_of_data(spec)
    for kind in ("datasets", "groups", "links"):
        found[kind] = {}
        for child in getattr(spec, kind):
            # hdmf merges the types of direct children only, and that of a child not at all if it is at work on this type.
            nested = depth > 0 and (kind == "links" or type_name(child))
            described = identity(child) if nested else facts(expand(child), expand, depth + 1)
            found[kind][child.name or f"<{type_name(child)}>"] = described
        assert len(found[kind]) == len(getattr(spec, kind))
    return found


@pytest.mark.parametrize(("namespace", "name"), types())
def test_resolved(namespace, name):
    catalog = bundled()

    def expand(child):
        return catalog.expand(child, namespace) if isinstance(child, GroupSpec) else child

    assert facts(catalog.resolve(name, namespace), expand) == facts(catalogs().get_spec(namespace, name), lambda child: child)


@pytest.mark.parametrize(("namespace", "name"), types())
def test_ancestors(namespace, name):
    assert bundled().ancestors(name) == catalogs().get_hierarchy(namespace, name)
    assert all(bundled().is_a(name, ancestor) for ancestor in catalogs().get_hierarchy(namespace, name))


@pytest.mark.parametrize("namespace", HEADERS)
def test_every_type_is_there(namespace):
    registered = catalogs().get_namespace(namespace).catalog.get_registered_types()
    assert {name for name in registered if bundled().namespace_of(name) == namespace} == set(bundled().types()[namespace])


# ------------------------------------------------------------------------------------------------- cached in a file


def test_pynwb_understands_our_texts(tmp_path):
    """A file that caches our texts in place of the official ones is valid by them."""
    path = tmp_path / "ours.nwb"
    start = datetime(2024, 1, 2, tzinfo=UTC)
    # hdmf's decorators hide the signatures from a type checker.
    nwb: Any = pynwb
    file = nwb.NWBFile(session_description="A session.", identifier="1", session_start_time=start)
    device = file.create_device(name="microscope")
    channel = nwb.ophys.OpticalChannel(name="green", description="Green.", emission_lambda=520.0)
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="V1.",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
    )
    frames = np.zeros((2, 3, 4), "u2")
    file.add_acquisition(nwb.ophys.TwoPhotonSeries(name="movie", imaging_plane=plane, data=frames, unit="n/a", rate=30.0))
    file.add_trial(start_time=0.0, stop_time=1.0)
    with nwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    with h5py.File(path, "r+") as stored:
        specifications: Any = stored["specifications"]
        for namespace, version in bundled().namespaces.items():
            group = specifications.require_group(f"{namespace}/{version}")
            group.clear()
            for source, text in bundled().texts(namespace).items():
                group[source] = text
    assert nwb.validate(path=str(path)) == []
    with h5py.File(path, "r+") as stored:
        del stored["acquisition/movie/data"]
    errors = nwb.validate(path=str(path))
    # Which of the types of a movie lacks it depends on what was loaded into pynwb before; where and what does not.
    assert {error.location for error in errors} == {"acquisition/movie"}
    assert all(error.name.endswith("/data") and "missing" in error.reason for error in errors)
