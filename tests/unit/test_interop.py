"""What docs/interop.md shows runs."""

from __future__ import annotations

import re

import pytest

import photonwb
from helpers import CHECKOUT
from photonwb.simulation import as_nwbfile, simulate
from web import serving

PAGE = (CHECKOUT / "docs" / "interop.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interop")
    photonwb.write(as_nwbfile(simulate(frames=120, width=48, height=40, cells=3)), folder / "session.nwb")
    return folder


def test_there_are_examples():
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(folder, number, monkeypatch):
    monkeypatch.chdir(folder)
    with serving() as server:
        server.files["/session.nwb"] = (folder / "session.nwb").read_bytes()
        code = EXAMPLES[number].replace("https://example.org/session.nwb", server.url("/session.nwb"))
        # There is no bucket here.
        code = code.replace('"s3://bucket/session.nwb", storage_options={"anon": True}', repr(server.url("/session.nwb")))
        names = {"photonwb": photonwb}
        exec(code, names)
        assert (number < 2) == bool(server.requests)
    shapes = {"frames": (10, 48, 40), "brightest": (48, 40), "rows": (120, 40, 48), "part": (46, 2), "image": (40, 48)}
    for name in shapes.keys() & names.keys():
        assert names[name].shape == shapes[name]
