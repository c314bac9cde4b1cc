"""What the public modules promise: `__all__` holds real names, and each of them says what it is."""

from __future__ import annotations

import builtins
import importlib
import pkgutil
import types

import pytest

import photonwb

MODULES = sorted(module.name for module in pkgutil.walk_packages(photonwb.__path__, "photonwb."))


@pytest.mark.parametrize("name", ["photonwb", *MODULES])
def test_every_promised_name_is_there_and_says_what_it_is(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    names = getattr(module, "__all__", [])  # a module for the eyes of its package promises nothing
    assert len(set(names)) == len(names)
    for each in names:
        value = getattr(module, each)
        if isinstance(value, type | types.FunctionType) and value.__module__.startswith("photonwb"):
            assert (value.__doc__ or "").strip(), f"{name}.{each} has no docstring"


@pytest.mark.parametrize("name", sorted(set(photonwb._MODULES) - {"testing"}))
def test_every_module_that_users_know_says_what_is_in_it(name):
    assert getattr(photonwb, name).__all__


def test_dir_shows_the_names_that_are_loaded_at_first_use():
    assert set(photonwb.__all__) <= set(dir(photonwb))


def test_a_star_import_hides_no_builtin():
    for name in ("photonwb", *MODULES):
        assert not set(getattr(importlib.import_module(name), "__all__", ())) & set(dir(builtins)), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(photonwb, "no_such_name")  # noqa: B009 - a type checker would refuse the plain access
