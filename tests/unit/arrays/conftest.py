from __future__ import annotations

import builtins

import pytest

from photonwb.arrays import streams


@pytest.fixture(params=["as installed", "zlib alone"])
def library(request, monkeypatch):
    """The fast libraries, or what is left without them."""
    if request.param == "zlib alone":
        real = builtins.__import__

        def without(name, *arguments, **options):
            if name.partition(".")[0] in ("isal", "deflate"):
                raise ImportError(name)
            return real(name, *arguments, **options)

        monkeypatch.setattr(builtins, "__import__", without)
    for function in (streams._inflater, streams._deflater, streams._fast_stream):
        function.cache_clear()
    yield request.param
    for function in (streams._inflater, streams._deflater, streams._fast_stream):
        function.cache_clear()
