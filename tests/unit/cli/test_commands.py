"""Each command as its users meet it: a process that prints results, and ends with a code that says what came of it."""

from __future__ import annotations

import io
import json
import shutil

import h5py
import numpy as np
import pytest

import photonwb
from helpers import modules_loaded_by
from photonwb.analysis.projections import project
from photonwb.cli import COMMANDS, main
from photonwb.ophys import TwoPhotonSeries
from photonwb.simulation import as_nwbfile
from synthetic_sources import SAID


@pytest.fixture
def own_file(session_file, tmp_path):
    """A copy that may be changed."""
    return shutil.copy(session_file, tmp_path / "session.nwb")


def test_help_answers_without_loading_what_takes_time():
    code = """
from photonwb.cli import COMMANDS, main
for command in ["--help", *COMMANDS]:
    try:
        main([command, "--help"])
    except SystemExit as end:
        assert end.code == 0
"""
    loaded = modules_loaded_by(code)
    assert {f"photonwb.cli.{name}" for name in COMMANDS if name != "import"} <= loaded
    assert loaded & {"numpy", "h5py", "matplotlib", "pandas", "photonwb.file"} == set()


def test_help_lists_all_commands(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {name} " in said for name in COMMANDS)


def test_info(photonwb_command, session_file):
    done = photonwb_command("info", session_file)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["movie", "/acquisition/TwoPhotonSeries", "30", "×", "48", "×", "40", "uint16", "15", "Hz", "1.933", "s"] in lines
    facts = json.loads(photonwb_command("info", session_file, "--json").stdout)
    assert facts["movies"][0]["shape"] == [30, 48, 40]
    assert facts["planes"][0]["channels"] == [{"name": "green", "emission_lambda": 510.0}]
    assert facts["segmentations"][0]["rois"] == 3
    assert facts["unreadable"] == []


def test_tree(session_file, capsys):
    assert main(["tree", str(session_file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["session.nwb", "NWBFile"]
    assert any("30 × 48 × 40  uint16  photons  15 Hz" in line for line in lines)
    assert main(["tree", str(session_file), "DfOverF/DfOverF"]) == 2
    assert "photonwb tree" in capsys.readouterr().err
    assert main(["tree", str(session_file), "/processing/ophys/DfOverF", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [item["neurodata_type"] for item in facts] == ["DfOverF", "RoiResponseSeries", "DynamicTableRegion"]
    assert facts[1]["shape"] == [30, 3]


def test_validate_many_files_at_once(photonwb_command, session_file, tmp_path, recording, monkeypatch):
    nwbfile = as_nwbfile(recording)
    nwbfile.subject.sex, nwbfile.identifier = "female", "bad"
    (tmp_path / "deep" / "er").mkdir(parents=True)
    photonwb.write(nwbfile, tmp_path / "deep" / "er" / "bad.nwb")
    shutil.copy(session_file, tmp_path / "deep" / "good.nwb")
    done = photonwb_command("validate", "deep", session_file, "--jobs", "2")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith("deep/er/bad.nwb: CRITICAL [check_subject_sex]")
    assert second.startswith(f"{session_file}: CRITICAL [check_unique_identifiers] /identifier (NWBFile)")
    assert "deep/good.nwb" in second
    assert done.stderr == "3 files: 2 CRITICAL\n"
    monkeypatch.chdir(tmp_path)
    assert main(["validate", "deep", "--fail-on", "error", "-q", "-j1"]) == 0
    assert main(["validate", "deep", "--format", "json", "--output", "report.json", "--fail-on", "never", "-j1"]) == 0
    (message,) = json.loads((tmp_path / "report.json").read_text())["messages"]
    nwbinspector = {"message", "importance", "check_function_name", "object_type", "object_name", "location", "file_path"}
    assert nwbinspector | {"id", "severity"} <= set(message)
    assert (message["importance"], message["check_function_name"]) == ("CRITICAL", "check_subject_sex")
    assert (message["severity"], message["file_path"]) == ("ERROR", "deep/er/bad.nwb")


def test_validate_leaves_out_what_was_said(session_file, own_file, capsys):
    with photonwb.open(own_file, "r+") as nwbfile:
        nwbfile.keywords = None
        nwbfile.subject.species = "mouse"
        nwbfile.get_read_io().write(nwbfile)
    assert main(["validate", str(own_file), "--format", "jsonl"]) == 0
    codes = [json.loads(line)["check_function_name"] for line in capsys.readouterr().out.splitlines()]
    assert codes == ["check_subject_species_form", "check_keywords"]
    assert main(["validate", str(own_file), "--config", "dandi", "--min-severity", "critical"]) == 1
    assert "CRITICAL [check_subject_species_form]" in capsys.readouterr().out
    assert main(["validate", str(own_file), "--ignore", "check_subject_species_form", "--layer", "practice"]) == 0
    assert "check_subject_species_form" not in capsys.readouterr().out
    assert main(["validate", str(session_file)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["info", "tree", "doctor", "validate"])
def test_links_out_of_the_folder_are_followed_if_the_file_is_trusted(command, own_file, tmp_path, capsys):
    (tmp_path / "strange").mkdir()
    link = tmp_path / "strange" / "link.nwb"
    shutil.copy(own_file, link)
    with h5py.File(link, "r+") as file:
        name = next(iter(file["acquisition"]))
        del file["acquisition"][name]
        file["acquisition/elsewhere"] = h5py.ExternalLink(str(own_file), f"/acquisition/{name}")
    main([command, str(link)])
    printed = capsys.readouterr().out
    assert "outside of the folder" in printed or "out of the folder" in printed
    main([command, str(link), "--trusted"])
    assert "the folder" not in capsys.readouterr().out


def test_convert_gives_the_current_version_of_the_standard(own_file, tmp_path, capsys):
    with h5py.File(own_file, "r+") as file:
        file.attrs["nwb_version"] = "2.5.0"
    assert main(["convert", str(own_file), str(tmp_path / "new.nwb"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["source_nwb_version"], facts["nwb_version"]) == ("2.5.0", "2.11.0")
    assert photonwb.validate(tmp_path / "new.nwb") == []


def test_repack_changes_nothing_but_how_it_is_stored(session_file, tmp_path, capsys, recording):
    assert main(["repack", str(session_file), str(tmp_path / "new.nwb"), "--frames", "3"]) == 0
    assert photonwb.validate(tmp_path / "new.nwb") == []
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'new.nwb'}: ")
    with photonwb.open(tmp_path / "new.nwb") as nwbfile:
        movie = nwbfile.acquisition["TwoPhotonSeries"].data
        assert movie.chunks == (3, 48, 40)
        assert (movie[:] == recording.raw).all()


def test_export(session_file, tmp_path, recording):
    tifffile, pandas = pytest.importorskip("tifffile"), pytest.importorskip("pandas")

    def exported(name, file):
        assert main(["export", str(session_file), name, "-o", str(tmp_path / file), "-q"]) == 0
        return tmp_path / file

    assert (tifffile.imread(exported("corrected", "movie.tiff")) == recording.corrected.swapaxes(1, 2)).all()
    assert (np.load(exported("corrected", "movie.npy")) == recording.corrected).all()
    assert np.allclose(tifffile.imread(exported("mean", "mean.tif")), recording.corrected.mean(axis=0).T)
    table = pandas.read_csv(exported("/processing/ophys/DfOverF/DfOverF", "dff.csv"))
    assert list(table) == ["time", "roi_0", "roi_1", "roi_2"]
    assert np.allclose(table.iloc[:, 1:], recording.dff, atol=1e-5)
    assert list(pandas.read_csv(exported("PlaneSegmentation", "cells.csv"))["id"]) == [0, 1, 2]


def test_export_of_a_video(own_file, tmp_path, capsys):
    pytest.importorskip("av")
    movie = str(tmp_path / "movie.mp4")
    assert main(["export", str(own_file), "corrected", "-o", movie, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["rate"], facts["shape"]) == (15, [30, 48, 40])
    assert photonwb.movies.open_movie(movie).shape == (30, 48, 40)
    assert main(["export", str(own_file), "corrected", "-o", movie, "--overwrite", "--rate", "60", "--contrast", "0", "500"]) == 0
    assert "60 frames per second, from 0 (black) to 500 (white)" in capsys.readouterr().out
    with photonwb.open(own_file, "r+") as nwbfile:
        series = nwbfile.acquisition["TwoPhotonSeries"]
        series.rate, series.timestamps = None, np.arange(30) / 25 + (np.arange(30) > 20)
        nwbfile.get_read_io().write(nwbfile)
    assert main(["export", str(own_file), "TwoPhotonSeries", "-o", movie, "--overwrite"]) == 0
    assert " 25 frames per second" in capsys.readouterr().out


def test_export_of_a_plane_of_a_volume_as_a_video(own_file, tmp_path, capsys):
    pytest.importorskip("av")
    volume = np.zeros((5, 48, 40, 2), np.uint16)
    volume[..., 1] = np.arange(48)[:, np.newaxis] * 5
    with photonwb.open(own_file, "r+") as nwbfile:
        plane = nwbfile.acquisition["TwoPhotonSeries"].imaging_plane
        nwbfile.add_acquisition(TwoPhotonSeries("volume", plane, volume, "n.a.", rate=5.0))
        nwbfile.get_read_io().write(nwbfile)
    movie = tmp_path / "movie.mp4"
    arguments = ["export", str(own_file), "volume", "-o", str(movie), "--contrast", "0", "255"]
    assert main([*arguments, "--plane", "1"]) == 0
    shown = photonwb.movies.open_movie(movie)[:].astype(float)
    assert shown.shape == (5, 48, 40)
    assert np.abs(shown - volume[..., 1]).mean() < 5
    for wrong in ([], ["--plane", "2"]):
        assert main([*arguments, "--overwrite", *wrong]) == 2


@pytest.mark.parametrize(
    ("name", "file"),
    [("green", "x.npy"), ("corrected", "x.csv"), ("DfOverF", "x.npy"), ("mean", "x.xls"), ("mean", "x.mp4"), ("green", "x.tif")],
)
def test_what_cannot_be_exported_so_is_wrong_use(session_file, tmp_path, capsys, name, file):
    assert main(["export", str(session_file), name, "-o", str(tmp_path / file)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_export_of_all_results(session_file, tmp_path, capsys, recording):
    folder = tmp_path / "suite2p"
    assert main(["export", str(session_file), "--to", "suite2p", "-o", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": [str(folder / "plane0")]}
    assert np.load(folder / "plane0" / "F.npy").shape == (3, 30)
    assert main(["export", str(session_file), "--to", "suite2p", "-o", str(folder)]) == 4
    assert "--overwrite" in capsys.readouterr().err
    arguments = ["export", str(session_file), "--to", "npy", "-o", str(tmp_path / "signals"), "--progress", "json"]
    assert main(arguments) == 0
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(said[-1][key], said[-1]["task"]) for key in ("done", "total")] == [(said[-1]["total"], "export")] * 2
    assert main(["export", str(session_file), "-o", str(tmp_path / "x.npy")]) == 2


def test_recover(own_file, tmp_path, capsys):
    assert main(["recover", str(own_file)]) == 0
    assert "nothing is lost" in capsys.readouterr().out
    assert photonwb.validate(tmp_path / "session.recovered.nwb") == []
    assert main(["recover", str(own_file)]) == 4
    with h5py.File(own_file, "r+") as file:
        offset = file["acquisition/TwoPhotonSeries/data"].id.get_chunk_info(0).byte_offset
    content = bytearray((tmp_path / "session.nwb").read_bytes())
    content[offset : offset + 100] = bytes(100)
    (tmp_path / "broken.nwb").write_bytes(content)
    assert main(["recover", str(tmp_path / "broken.nwb"), "-o", str(tmp_path / "new.nwb"), "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["losses"][0]["path"].startswith("/acquisition/TwoPhotonSeries")
    assert facts["output"] == str(tmp_path / "new.nwb")


def test_project(photonwb_command, session_file, tmp_path, recording):
    done = photonwb_command("project", session_file, "-o", "images.npz", "--progress", "json", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["series"].endswith("/corrected")
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert (told[-1]["task"], told[-1]["done"], told[-1]["total"]) == ("project", 30, 30)
    wanted = project(recording.corrected.swapaxes(1, 2))
    with np.load(tmp_path / "images.npz") as images:
        assert {name: images[name].tolist() for name in images} == {name: image.tolist() for name, image in wanted.items()}


@pytest.mark.parametrize("suffix", ["npy", "tiff", "png"])
def test_project_in_other_forms(session_file, tmp_path, suffix, recording):
    pytest.importorskip({"tiff": "tifffile", "png": "matplotlib"}.get(suffix, "numpy"))
    target = tmp_path / f"image.{suffix}"
    movie = "/acquisition/TwoPhotonSeries"
    assert main(["project", str(session_file), "--series", movie, "--max", "-o", str(target), "-q"]) == 0
    if suffix == "png":
        assert target.read_bytes().startswith(b"\x89PNG")
    else:
        import tifffile

        image = np.load(target) if suffix == "npy" else tifffile.imread(target)
        assert (image == recording.raw.max(axis=0).T).all()


def test_traces_go_to_the_standard_output(photonwb_command, session_file, recording):
    done = photonwb_command("traces", session_file)
    assert (done.returncode, done.stderr) == (0, "")
    values = np.loadtxt(io.StringIO(done.stdout), delimiter=",", skiprows=1)
    assert np.allclose(values[:, 0], np.arange(30) / 15)
    assert np.allclose(values[:, 1:], recording.fluorescence, rtol=1e-5)


def test_dff_in_a_file(session_file, tmp_path, recording):
    target = tmp_path / "dff.npy"
    assert main(["dff", str(session_file), "--percentile", "20", "-o", str(target)]) == 0
    assert np.allclose(np.load(target), recording.dff, atol=1e-5)
    assert main(["dff", str(session_file), "--window", "1", "--method", "median", "-o", str(target), "--overwrite"]) == 0


def test_results_can_be_stored_in_the_file_itself(own_file):
    for command in (["project", "--mean", "--corr"], ["dff", "--window", "1"], ["traces"]):
        assert main([command[0], str(own_file), *command[1:], "--store"]) == 0
    assert photonwb.validate(own_file) == []
    with photonwb.open(own_file) as nwbfile:
        ophys = nwbfile.processing["ophys"]
        assert set(ophys["SummaryImages2"].images) == {"mean", "correlation"}
        assert np.allclose(ophys["SummaryImages2"]["mean"].data[:], ophys["SummaryImages"]["mean"].data[:])
        stored = ophys["Fluorescence"]["RoiResponseSeries2"]
        assert np.allclose(stored.data[:], ophys["Fluorescence"]["RoiResponseSeries"].data[:], rtol=1e-5)
        assert "over 1 s" in ophys["DfOverF"]["DfOverF2"].description


def test_import(photonwb_command, tmp_path, recording):
    np.save(tmp_path / "movie.npy", recording.raw)
    done = photonwb_command("import", "movie.npy", "-o", "new.nwb", "--axes", "txy")
    assert done.returncode == 2
    assert "indicator" in done.stderr
    pairs = [part for name, value in {**SAID, "rate": 15}.items() for part in ("--set", f"{name}={value}")]
    done = photonwb_command("import", "movie.npy", "-o", "new.nwb", "--axes", "txy", *pairs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "30 × 48 × 40" in done.stdout
    with photonwb.open(tmp_path / "new.nwb") as nwbfile:
        (movie,) = nwbfile.acquisition.values()
        assert (movie.data[:] == recording.raw).all()
        assert movie.rate == 15


def test_debug_shows_where_an_error_arose(tmp_path):
    for arguments in (["--debug", "tree"], ["tree", "--debug"]):
        with pytest.raises(photonwb.errors.MissingFileError):
            main([*arguments, str(tmp_path / "nothing.nwb")])


def test_import_of_a_link(tmp_path, recording, capsys):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "movie.tif", recording.raw.swapaxes(1, 2))
    (tmp_path / "nwb").mkdir()
    target = tmp_path / "nwb" / "new.nwb"
    pairs = [f"--set={name}={value}" for name, value in {**SAID, "rate": 15}.items()]
    assert main(["import", str(tmp_path / "movie.tif"), "--link", "-o", str(target), *pairs]) == 0
    with photonwb.open(target, trusted=True) as nwbfile:
        (movie,) = nwbfile.acquisition.values()
        assert list(movie.external_file) == ["../movie.tif"]
        assert (movie.frames[:] == recording.raw.swapaxes(1, 2)).all()


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["info"], ["dff", "x.nwb", "--percentile", "200"], ["project", "x.nwb"]])
def test_wrong_use(photonwb_command, arguments):
    done = photonwb_command(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr
