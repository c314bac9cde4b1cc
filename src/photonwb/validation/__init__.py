"""Validation that explains: what is wrong with a file, where, and what to do about it.

>>> photonwb.validate("session.nwb")  # doctest: +SKIP
>>> for rule in photonwb.validation.rule_table():  # doctest: +SKIP
...     print(rule.code, rule.severity.name, rule.description)
"""

from photonwb.validation.findings import Finding, Findings, Severity
from photonwb.validation.rule_table import LAYERS, Problem, Rule, rules
from photonwb.validation.validating import validate

__all__ = ["LAYERS", "Finding", "Findings", "Problem", "Rule", "Severity", "rules", "validate"]
