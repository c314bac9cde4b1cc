"""The demonstration, as a user runs it: a process of its own in an empty folder."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

import photonwb
from helpers import PACKAGE, modules_loaded_by, run_fresh
from photonwb.cli import main

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ["--frames", "20"]
BARE = """
import sys
extras = ("matplotlib", "pandas", "scipy", "zarr", "numcodecs", "dask", "xarray", "fsspec", "tifffile", "yaml")
sys.modules.update(dict.fromkeys(extras))
from photonwb.cli import main
sys.exit(main())
"""  # as it is installed without any extra


def photonwb_command(*arguments: str, folder: Path, start: tuple[str, ...] = ("-m", "photonwb")):
    command = [sys.executable, *start, *arguments]
    environment = {"PYTHONUTF8": "1", "PATH": "", "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The folder after a demonstration, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    done = photonwb_command("demo", *QUICK, folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout


def test_the_file_holds_a_session_and_has_no_faults(shown):
    folder, _ = shown
    with photonwb.open(folder / "demo.nwb") as nwbfile:
        assert nwbfile.acquisition["TwoPhotonSeries"].data.shape == (20, 160, 120)
    assert photonwb.validate(folder / "demo.nwb") == []


def test_each_step_is_told_with_its_time(shown):
    steps = [line for line in shown[1].splitlines() if " ms" in line]
    assert len(steps) == 9
    assert "20 frames of 160 × 120 pixels, 16 cells" in shown[1]
    assert "as written" in shown[1]
    assert "no findings" in shown[1]


def test_the_tree_is_shown(shown):
    assert "│   └── TwoPhotonSeries              TwoPhotonSeries      20 × 160 × 120  uint16  photons  15 Hz" in shown[1]


def test_the_picture_is_one(shown):
    import matplotlib.image

    picture = matplotlib.image.imread(shown[0] / "demo.png")
    assert picture.shape[0] > 400
    assert len({tuple(pixel) for pixel in picture[::7, ::7].reshape(-1, picture.shape[2])}) > 50


def test_what_it_says_to_do_next_works(shown):
    folder, said = shown
    code = "\n".join(line.removeprefix("    ") for line in said.partition("Go on in Python:")[2].splitlines())
    assert "photonwb.open" in code
    checks = "assert frame.shape == (120, 160); assert len(cells) == 16; assert len(signals) == 20"
    run_fresh(f"import os; os.chdir({str(folder)!r})\n{code}\n{checks}")


def test_it_can_be_done_again_and_makes_the_same(shown):
    folder, _ = shown
    with photonwb.open(folder / "demo.nwb") as nwbfile:
        before = nwbfile.acquisition["TwoPhotonSeries"].data[:]
    assert photonwb_command("demo", *QUICK, folder=folder).returncode == 0
    with photonwb.open(folder / "demo.nwb") as nwbfile:
        assert (nwbfile.acquisition["TwoPhotonSeries"].data[:] == before).all()


def test_without_matplotlib_all_but_the_picture_is_there(tmp_path):
    done = photonwb_command("demo", *QUICK, folder=tmp_path, start=("-c", BARE))
    assert done.returncode == 0, done.stderr
    assert "pip install 'photonwb[plots]'" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["demo.nwb"]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("no/such/folder/demo.nwb", "there is no folder"),
        (".", "is a folder"),
        ("other.nwb", "exists already"),
        ("mine.nwb", "exists already"),
        ("demo.png", "is where the picture goes"),
    ],
)
def test_a_wrong_path_is_one_line_and_nothing_is_lost(tmp_path, monkeypatch, capsys, output, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.nwb").write_text("somebody's data")
    (tmp_path / "mine.png").write_text("somebody's picture")
    assert main(["demo", *QUICK, "-o", output]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("photonwb demo: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"other.nwb", "mine.png"}
    assert (tmp_path / "other.nwb").read_text() == "somebody's data"


def test_a_number_of_frames_that_is_none_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--frames", "0"])
    assert stopped.value.code == 2
    assert "at least 1" in capsys.readouterr().err


def test_help_loads_nothing_that_takes_time():
    code = "from photonwb.cli import main\ntry:\n    main(['demo', '--help'])\nexcept SystemExit:\n    pass"
    loaded = modules_loaded_by(code)
    assert "photonwb.cli" in loaded
    assert loaded & {"numpy", "h5py", "matplotlib", "photonwb.file", "photonwb.io", "inspect"} == set()


def test_the_command_is_installed_under_its_name():
    (script,) = entry_points(group="console_scripts", name="photonwb")
    assert script.load() is main
