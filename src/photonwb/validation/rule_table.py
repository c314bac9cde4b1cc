"""The table of all rules.

A rule is a small function that looks at one object and yields a `Problem` for each thing that is wrong. It enters itself with
`rule`, so that the table tells what is checked, how much it matters and for which type of object. Rules of the layer "schema"
look at what is stored (`stored.Item`), those of "ophys" and "practice" at objects of the model, read or just made.

Rules may run over damaged data: one that fails says so in a finding of its own, and the others go on.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from photonwb.errors import ClosedFileError, PhotonwbError, UntrustedLinkError
from photonwb.validation.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["LAYERS", "Problem", "Rule", "enter_in", "place", "rules", "rules_for", "run"]

_MODULES = {
    "schema": ("file_rules", "value_rules", "structure_rules", "link_rules", "table_rules"),
    "ophys": ("plane_rules", "mask_rules", "series_rules"),
    "practice": ("practice_file_rules", "practice_series_rules", "practice_table_rules", "practice_ophys_rules"),
}
LAYERS = tuple(_MODULES)


class Problem(NamedTuple):
    """What a rule says; the rest of the finding follows from the rule and the object."""

    message: str
    at: str = ""  # relative to the object: "data", "data@unit", "@rate"
    expected: str = ""
    found: str = ""
    fix: str = ""
    severity: Severity | None = None  # if it is not that of the rule


class Rule(NamedTuple):
    """A rule, as the table lists it."""

    code: str
    severity: Severity
    for_type: str  # "" for objects of all types
    layer: str
    check: Callable[[Any], Iterable[Problem]]
    view: Callable[[Any], Any] | None = None  # what the rule looks at in place of the object; made once for all rules

    @property
    def description(self) -> str:
        """What is wrong where the rule finds something."""
        return (self.check.__doc__ or "").partition("\n")[0].strip()


_table: dict[str, list[Rule]] = {layer: [] for layer in LAYERS}


def _enter(
    code: str, severity: Severity, for_type: str = "", view: Callable[[Any], Any] | None = None, *, layer: str
) -> Callable[[Any], Any]:
    def enter(check: Callable[[Any], Iterable[Problem]]) -> Callable[[Any], Iterable[Problem]]:
        _table[layer].append(Rule(code, severity, for_type, layer, check, view))
        return check

    return enter


def enter_in(layer: str) -> Callable[..., Callable[[Any], Any]]:
    """The decorator ``rule(code, severity, for_type="", view=None)`` for the rules of one layer."""
    return partial(_enter, layer=layer)


def rules(layer: str | None = None) -> tuple[Rule, ...]:
    """All rules, or those of one layer."""
    return tuple(rule for name in (LAYERS if layer is None else (layer,)) for rule in _rules_of(name))


@cache
def _rules_of(layer: str) -> tuple[Rule, ...]:
    for module in _MODULES[layer]:
        import_module(f"photonwb.validation.{module}")
    return tuple(_table[layer])


@lru_cache(maxsize=4096)
def rules_for(layer: str, types: tuple[str, ...]) -> tuple[Rule, ...]:
    """Rules of a layer for objects that are of all these types."""
    return tuple(rule for rule in rules(layer) if not rule.for_type or rule.for_type in types)


def place(path: str, at: str) -> str:
    """Path of something inside the object at a path; see `Problem.at`."""
    if not at or at.startswith("@"):
        return path + at
    return f"{path.rstrip('/')}/{at}"


def run(layer: str, subject: Any, types: tuple[str, ...], path: str, file: str) -> Iterator[Finding]:
    """What the rules of a layer find in one object; `types` are its own and those it inherits from."""
    name = types[0] if types else ""
    views: dict[Any, Any] = {None: subject}
    for rule in rules_for(layer, types):
        try:
            if rule.view is not None and rule.view not in views:
                views[rule.view] = rule.view(subject)
            for problem in rule.check(views[rule.view]):
                yield Finding(
                    severity=problem.severity or rule.severity,
                    code=rule.code,
                    path=place(path, problem.at),
                    message=problem.message,
                    expected=problem.expected,
                    found=problem.found,
                    fix=problem.fix,
                    object_type=name,
                    file=file,
                )
        except ClosedFileError:
            raise
        except Exception as error:  # noqa: BLE001 - damaged data may raise anything, and must not hide the rest of the file
            yield unreadable(error, path, name, file)


def unreadable(error: Exception, path: str, object_type: str, file: str) -> Finding:
    """The finding for an object that cannot be read."""
    if isinstance(error, UntrustedLinkError):
        fix = "validate with trusted=True if you know who made the file"
        message = "was not looked at, as it leads out of the folder of the file"
        return Finding(Severity.WARNING, "untrusted_link", path, message, fix=fix, object_type=object_type, file=file)
    # What the layers below do not expect follows from a mistake that other rules tell.
    is_damage = isinstance(error, (PhotonwbError, OSError, MemoryError))
    fix = "the file may be damaged here: restore it from a copy, or delete the object"
    return Finding(
        Severity.ERROR,
        "unreadable",
        path,
        f"{'cannot be read' if is_damage else 'makes no sense'} ({type(error).__name__}: {error})",
        fix=fix if is_damage else "mend what else is found in it",
        object_type=object_type,
        file=file,
    )
