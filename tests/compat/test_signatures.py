"""Names, order and defaults of arguments equal pynwb's and hdmf's, but for what docs/migrating.md lists with a reason.

The table there is read by these tests: a difference that it does not list fails, and so does a row that is no longer true.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from typing import Any, NamedTuple

import pytest

from helpers import CHECKOUT

# Module of photonwb -> the modules whose names it takes over.
MODULES = {
    "photonwb.base": ["pynwb.base"],
    "photonwb.core": ["pynwb.core"],
    "photonwb.device": ["pynwb.device"],
    "photonwb.epoch": ["pynwb.epoch"],
    "photonwb.event": ["pynwb.event"],
    "photonwb.file": ["pynwb.file"],
    "photonwb.image": ["pynwb.image"],
    "photonwb.ophys": ["pynwb.ophys"],
    "photonwb.common": ["hdmf.common.table", "hdmf.common.alignedtable"],
    "photonwb.model.container": ["hdmf.container"],
    "photonwb.testing.mock.base": ["pynwb.testing.mock.base"],
    "photonwb.testing.mock.device": ["pynwb.testing.mock.device"],
    "photonwb.testing.mock.file": ["pynwb.testing.mock.file"],
    "photonwb.testing.mock.ophys": ["pynwb.testing.mock.ophys"],
    "photonwb.testing.mock.utils": ["pynwb.testing.mock.utils"],
}
TOP = "photonwb"  # compared with what pynwb itself offers
SPECIAL = {"__len__", "__getitem__", "__contains__", "__iter__", "__enter__", "__exit__", "__eq__", "__bool__", "__array__"}


class Argument(NamedTuple):
    name: str
    default: Any = inspect.Parameter.empty


ANY_KEYWORD = Argument("**")


def arguments(function: Any) -> list[Argument] | None:
    """Arguments without self; from hdmf's docval where it hides the signature. None: a builtin that does not say."""
    function = getattr(function, "__func__", function)
    declared = getattr(function, "__docval__", None)
    if declared is not None:
        found = [Argument(each["name"], each.get("default", inspect.Parameter.empty)) for each in declared["args"]]
        return [*found, ANY_KEYWORD] if declared.get("allow_extra") else found
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if parameters and parameters[0].name in {"self", "cls"}:
        del parameters[0]
    return [
        ANY_KEYWORD if each.kind is each.VAR_KEYWORD else Argument(each.name, each.default)
        for each in parameters
        if each.kind is not each.VAR_POSITIONAL
    ]


def plain(default: Any) -> str:
    """A default as text."""
    if default is inspect.Parameter.empty:
        return "required"
    return getattr(default, "__name__", repr(default))


def same_default(ours: Any, theirs: Any) -> bool:
    """Whether two defaults mean the same. A list or dict is shared by all calls, so None or a tuple takes its place here."""
    if isinstance(theirs, list | dict):
        return ours == tuple(theirs) or (ours is None and not theirs)
    return plain(ours) == plain(theirs) or (type(ours) is type(theirs) and bool(ours == theirs))


def compare_arguments(ours: list[Argument], theirs: list[Argument]) -> list[str]:
    mine, other = [each.name for each in ours], [each.name for each in theirs]
    found = [f"no argument {name}" for name in other if name not in mine]
    found += [f"new argument {name}" for name in mine if name not in other]
    common = [each for each in ours if each.name in other]
    established = [each.name for each in common if each is not ANY_KEYWORD]
    # A new argument must not take the position of an established one.
    if established != [name for name in other if name in established] or mine[: len(established)] != established:
        found.append("order of arguments")
    defaults = {each.name: each.default for each in theirs}
    for each in common:
        if not same_default(each.default, defaults[each.name]):
            found.append(f"default of {each.name}: {plain(each.default)}, not {plain(defaults[each.name])}")
    return found


def compare_callables(ours: Any, theirs: Any) -> list[str]:
    mine, other = arguments(ours), arguments(theirs)
    return [] if mine is None or other is None else compare_arguments(mine, other)


def members_of(cls: type) -> dict[str, tuple[type, Any]]:
    """Public names of a class with the class that defines each, and its raw value there."""
    found: dict[str, tuple[type, Any]] = {}
    for owner in reversed(cls.__mro__):
        if owner.__module__ != "builtins":
            for name, value in vars(owner).items():
                if not name.startswith("_") or name in SPECIAL:
                    found[name] = (owner, value)
    return found


def compare_classes(ours: type, theirs: type) -> list[tuple[str, str]]:
    """(member, difference) of two classes; a member that both inherit from counterparts is compared there."""
    found = [("__init__", each) for each in compare_callables(ours.__init__, theirs.__init__)]
    parents = {parent.__name__ for parent in ours.__mro__[1:]}
    for name, (owner, value) in sorted(members_of(theirs).items()):
        if owner is not theirs and owner.__name__ in parents:
            continue
        try:
            mine = inspect.getattr_static(ours, name)
        except AttributeError:
            found.append((name, "missing"))
            continue
        function = getattr(value, "__func__", value)
        if inspect.isfunction(function) and name not in SPECIAL:
            if isinstance(mine, property):
                found.append((name, "property, not method"))
            else:
                found += [(name, each) for each in compare_callables(mine, value)]
    return found


def offered_by(module: Any) -> dict[str, Any]:
    """Public classes and functions that a module of pynwb or hdmf defines, and those that it promises."""
    promised = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    defined = {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }
    return {**defined, **promised}


def oracle_of(module: str) -> dict[str, Any]:
    if module == TOP:
        pynwb = importlib.import_module("pynwb")
        return {**offered_by(pynwb), "validate": pynwb.validate}
    return {name: value for each in MODULES[module] for name, value in offered_by(importlib.import_module(each)).items()}


def subjects() -> list[tuple[str, str]]:
    return [(module, name) for module in [*MODULES, TOP] for name in sorted(oracle_of(module))]


def table_lines() -> list[str]:
    text = (CHECKOUT / "docs" / "migrating.md").read_text("utf-8")
    return text.split("<!-- differences:start -->")[1].split("<!-- differences:end -->")[0].strip().splitlines()[2:]


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def listed() -> dict[tuple[str, str], set[tuple[str, str]]]:
    """The table of docs/migrating.md: (module, name) -> {(member, difference)}."""
    rows: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for line in table_lines():
        where, members, found, _ = cells_of(line)
        module, _, name = where.strip("`").rpartition(".")
        full = "photonwb" + (f".{module}" if module else "")
        names = re.findall(r"`([^`]+)`", members) or [""]
        rows[full, name] |= {(each, difference.strip()) for each in names for difference in found.split(";")}
    return rows


def differences(module: str, name: str) -> set[tuple[str, str]]:
    theirs = oracle_of(module)[name]
    try:
        ours = getattr(importlib.import_module(module), name)
    except AttributeError:
        return {("", "missing")}
    if inspect.isclass(theirs):
        if not inspect.isclass(ours):
            return {("", "not a class")}
        return set(compare_classes(ours, theirs))
    return {("", each) for each in compare_callables(ours, theirs)}


@pytest.mark.parametrize(("module", "name"), subjects(), ids=lambda each: each)
def test_differences_are_the_listed_ones(module, name):
    found = differences(module, name)
    expected = listed().get((module, name), set())
    where = f"{module}.{name}".removeprefix("photonwb.")
    unlisted = [
        f"| `{where}` | {f'`{member}`' if member else ''} | {text} | (reason) |" for member, text in sorted(found - expected)
    ]
    assert not unlisted, "not listed in docs/migrating.md:\n" + "\n".join(unlisted)
    gone = sorted(expected - found)
    assert not gone, f"listed in docs/migrating.md for {where}, but not true: {gone}"


@pytest.mark.parametrize("line", table_lines())
def test_every_row_gives_a_reason(line):
    assert len(cells_of(line)) == 4
    assert len(cells_of(line)[3].split()) > 3


def test_every_row_speaks_of_something_that_pynwb_has():
    assert set(listed()) <= set(subjects())


def test_each_kind_of_difference_is_found():
    class Theirs:
        def __init__(self, name, data, unit="m"): ...

        def shrink(self): ...

        def grow(self, by=1): ...

        @staticmethod
        def turn(angle, **more): ...

        size = property(lambda self: 0)

    class Ours:
        def __init__(self, data, name, unit="s"): ...

        def grow(self, by, again=True): ...

        @staticmethod
        def turn(angle): ...

    assert set(compare_classes(Ours, Theirs)) == {
        ("__init__", "order of arguments"),
        ("__init__", "default of unit: 's', not 'm'"),
        ("shrink", "missing"),
        ("grow", "new argument again"),
        ("grow", "default of by: required, not 1"),
        ("turn", "no argument **"),
        ("size", "missing"),
    }
    assert compare_classes(Theirs, Theirs) == []
