"""The README says what happens: its example runs, and its commands are those that are tested."""

from __future__ import annotations

import re

from helpers import CHECKOUT, run_fresh

README = (CHECKOUT / "README.md").read_text("utf-8")


def test_example_runs(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 1
    printed = run_fresh(f"import os; os.chdir({str(tmp_path)!r})\n{examples[0]}\nprint(frames.shape)")
    assert printed.split("\n")[-2] == "(10, 48, 64)"
    assert (tmp_path / "session.nwb").is_file()


def test_the_command_that_runs_the_tests_is_the_one_of_ci():
    install, test = "python -m pip install '.[test]'", "python -m pytest"
    assert f"    {install} && {test}\n" in README
    steps = re.findall(r"^step (.*)$", (CHECKOUT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert steps[:2] == [install, test]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", README):
        assert (CHECKOUT / target).exists(), target
