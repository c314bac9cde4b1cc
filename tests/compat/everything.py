"""One file with every class and every option, built with whichever library is given: both have the same names.

`everything(library)` is called with pynwb and with photonwb; what the two files must have in common is then compared in
test_exchange.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

START = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=2)))


def library(name: str) -> Any:
    """The modules of pynwb or photonwb under one roof."""
    tables = "hdmf.common" if name == "pynwb" else "photonwb.common"
    parts = ("base", "core", "device", "ecephys", "behavior", "epoch", "file", "image", "misc", "ogen", "ophys")
    return SimpleNamespace(
        name=name,
        top=import_module(name),
        common=import_module(tables),
        **{part: import_module(f"{name}.{part}") for part in parts},
    )


def everything(lib: Any, folder: Any) -> Any:
    """An NWBFile with every class of the module `ophys` and of what it lives in."""
    rng = np.random.default_rng(7)
    nwbfile = lib.file.NWBFile(
        session_description="every class and every option",
        identifier="everything-1",
        session_start_time=START,
        file_create_date=[START + timedelta(days=1)],
        timestamps_reference_time=START + timedelta(seconds=5),
        experimenter=["Lovelace, Ada", "Curie, Marie"],
        experiment_description="all of it",
        session_id="session-1",
        institution="Institute of Everything",
        keywords=["two-photon", "calcium"],
        notes="notes",
        pharmacology="none",
        protocol="P-1",
        related_publications=["doi:10.1000/182"],
        slices="no slices",
        source_script="print('hello')",
        source_script_file_name="make.py",
        was_generated_by=[["photonwb", "0"], ["numpy", "2"]],
        data_collection="by hand",
        surgery="window",
        virus="AAV",
        stimulus_notes="gratings",
        lab="The Lab",
        subject=lib.file.Subject(
            subject_id="mouse-1",
            age="P90D",
            age__reference="birth",
            description="a mouse",
            genotype="wild type",
            sex="F",
            species="Mus musculus",
            strain="C57BL/6J",
            weight="0.025 kg",
            date_of_birth=datetime(2024, 2, 6, tzinfo=UTC),
        ),
    )
    planes, movie = imaging(lib, nwbfile, rng)
    processed(lib, nwbfile, planes, movie, rng)
    images(lib, nwbfile, rng)
    intervals(lib, nwbfile, movie)
    tables(lib, nwbfile, rng)
    nwbfile.add_scratch(lib.core.ScratchData("numbers", np.arange(6.0).reshape(2, 3), "six numbers"))
    nwbfile.add_scratch(lib.core.ScratchData("word", "hello", "one word"))
    nwbfile.add_analysis(series(lib, "analysed", np.arange(4.0)))
    others(lib, nwbfile, rng)
    return nwbfile


def series(lib: Any, name: str, data: Any, **options: Any) -> Any:
    arguments = {"name": name, "data": data, "unit": "a.u.", "rate": 10.0, **options}
    return lib.base.TimeSeries(**arguments)


def imaging(lib: Any, nwbfile: Any, rng: Any) -> Any:
    model = nwbfile.create_device_model(name="2p-9000", manufacturer="Scopes", model_number="9000", description="a model")
    microscope = nwbfile.create_device(name="microscope", description="two-photon", serial_number="42", model=model)
    green = lib.ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    red = lib.ophys.OpticalChannel(name="red", description="tdTomato", emission_lambda=580.5)
    plane = nwbfile.create_imaging_plane(
        name="plane0",
        optical_channel=[green, red],
        description="first plane",
        device=microscope,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="VISp",
        imaging_rate=30.0,
        reference_frame="bregma",
        origin_coords=[1.0, 2.0, 3.0],
        origin_coords_unit="millimeters",
        grid_spacing=[2.0, 2.0],
        grid_spacing_unit="micrometers",
    )
    deep = nwbfile.create_imaging_plane(
        name="plane 1 é",
        optical_channel=lib.ophys.OpticalChannel(name="only", description="d", emission_lambda=500.0),
        device=microscope,
        excitation_lambda=600.0,
        indicator="GFP",
        location="VISl",
    )
    movie = lib.ophys.TwoPhotonSeries(
        name="movie",
        imaging_plane=plane,
        data=rng.integers(0, 4000, (20, 12, 10), dtype=np.uint16),
        unit="n.a.",
        field_of_view=[1e-4, 1.2e-4],
        pmt_gain=1.5,
        scan_line_rate=8000.0,
        rate=30.0,
        starting_time=0.5,
        dimension=[12, 10],
        resolution=0.25,
        conversion=2.0,
        offset=1.0,
        comments="comments",
        description="the movie",
        control=np.zeros(20, dtype=np.uint8),
        control_description=["on"],
        device=microscope,
    )
    nwbfile.add_acquisition(movie)
    nwbfile.add_acquisition(
        lib.ophys.TwoPhotonSeries(
            name="volume",
            imaging_plane=plane,
            data=rng.random((5, 6, 4, 3), dtype=np.float32),
            unit="n.a.",
            field_of_view=np.array([1.0, 2.0, 3.0]),
            timestamps=[0.0, 0.5, 0.75, 2.0, 2.5],
        )
    )
    one_photon = lib.ophys.OnePhotonSeries(
        name="widefield",
        imaging_plane=deep,
        data=rng.integers(-5, 5, (4, 6, 8), dtype=np.int16),
        unit="n.a.",
        pmt_gain=2.0,
        scan_line_rate=1.0,
        exposure_time=0.01,
        binning=2,
        power=50.0,
        intensity=3.5,
        timestamps=np.array([0.0, 1.0, 2.0, 4.0]),
    )
    nwbfile.add_acquisition(one_photon)
    nwbfile.add_acquisition(
        lib.ophys.TwoPhotonSeries(
            name="external",
            imaging_plane=plane,
            external_file=["a.tif", "b.tif"],
            starting_frame=[0, 100],
            num_samples=150,
            format="external",
            rate=30.0,
            unit="n.a.",
        )
    )
    shared = series(lib, "shared_data", movie, timestamps=np.arange(20.0), rate=None)
    nwbfile.add_acquisition(shared)
    nwbfile.add_acquisition(series(lib, "shared_times", np.arange(20), timestamps=shared, rate=None))
    nwbfile.add_acquisition(
        series(lib, "flags", np.array([True, False, True]), continuity="step", timestamps=[1.0, 2.0, 3.0], rate=None)
    )
    return (plane, deep), movie


def processed(lib: Any, nwbfile: Any, planes: Any, movie: Any, rng: Any) -> None:
    plane, deep = planes
    module = nwbfile.create_processing_module(name="ophys", description="processed imaging")
    corrected = lib.image.ImageSeries(name="corrected", data=rng.random((20, 12, 10)), unit="n.a.", rate=30.0)
    shifts = lib.base.TimeSeries(name="xy_translation", data=rng.random((20, 2)), unit="pixels", rate=30.0)
    correction = lib.ophys.MotionCorrection()
    correction.create_corrected_image_stack(corrected=corrected, original=movie, xy_translation=shifts)
    correction.add_corrected_image_stack(
        lib.ophys.CorrectedImageStack(
            name="again",
            corrected=lib.image.ImageSeries(name="corrected", data=rng.random((20, 12, 10)), unit="n.a.", rate=30.0),
            original=movie,
            xy_translation=lib.base.TimeSeries(name="xy_translation", data=rng.random((20, 2)), unit="pixels", rate=30.0),
        )
    )
    module.add(correction)
    segmentation = lib.ophys.ImageSegmentation(name="segmentation")
    module.add(segmentation)
    pixels = segmentation.create_plane_segmentation(
        name="pixels", description="sparse", imaging_plane=plane, reference_images=movie
    )
    pixels.add_column(name="quality", description="how good")
    pixels.add_column(name="label", description="what it is called")
    pixels.add_column(name="neighbours", description="ids nearby", index=True)
    for roi in range(4):
        count = 2 + roi
        pixels.add_roi(
            pixel_mask=[(x, roi, 0.5 + x) for x in range(count)],
            id=10 * roi,
            quality=float(roi) / 3,
            label=f"cell {roi} µ",
            neighbours=list(range(roi)),
        )
    images = segmentation.create_plane_segmentation(name="images", description="dense", imaging_plane=plane)
    for roi in range(3):
        mask = np.zeros((12, 10))
        mask[roi : roi + 3, 2:5] = 0.5
        images.add_roi(image_mask=mask)
    voxels = lib.ophys.PlaneSegmentation(description="volumes", imaging_plane=deep)
    voxels.add_roi(voxel_mask=[(1, 2, 3, 0.5), (4, 5, 6, 1.0)])
    voxels.add_roi(voxel_mask=[(7, 8, 9, 2.0)])
    segmentation.add_plane_segmentation(voxels)
    fluorescence = lib.ophys.Fluorescence()
    module.add(fluorescence)
    everyone = pixels.create_roi_table_region(description="all of them")
    fluorescence.create_roi_response_series(
        name="raw", data=rng.random((20, 4)), rois=everyone, unit="lumens", rate=30.0, description="raw"
    )
    module.add(
        lib.ophys.DfOverF(
            name="dff",
            roi_response_series=lib.ophys.RoiResponseSeries(
                name="dff",
                data=rng.random((20, 2), dtype=np.float32),
                rois=pixels.create_roi_table_region(description="two", region=[3, 1]),
                unit="n.a.",
                timestamps=np.arange(20.0),
            ),
        )
    )


def images(lib: Any, nwbfile: Any, rng: Any) -> None:
    grey = lib.image.GrayscaleImage(name="grey", data=rng.random((5, 4)), resolution=1.5, description="mean")
    rgb = lib.image.RGBImage(name="rgb", data=rng.integers(0, 255, (5, 4, 3), dtype=np.uint8))
    rgba = lib.image.RGBAImage(name="rgba", data=rng.integers(0, 255, (5, 4, 4), dtype=np.uint8))
    order = lib.base.ImageReferences(name="order_of_images", data=[rgb, grey, rgba])
    pictures = lib.base.Images(name="pictures", images=[grey, rgb, rgba], description="pictures", order_of_images=order)
    nwbfile.add_stimulus_template(pictures)
    nwbfile.add_stimulus(
        lib.image.IndexSeries(
            name="shown", data=np.array([0, 1, 2, 1], dtype=np.uint32), unit="N/A", indexed_images=pictures, rate=1.0
        )
    )
    nwbfile.add_acquisition(
        lib.image.ImageSeries(name="camera", data=rng.integers(0, 255, (3, 4, 5, 3), dtype=np.uint8), unit="n.a.", rate=25.0)
    )


def intervals(lib: Any, nwbfile: Any, movie: Any) -> None:
    nwbfile.add_trial_column(name="correct", description="whether the mouse was right")
    nwbfile.add_trial_column(name="licks", description="times of licks", index=True)
    for trial in range(3):
        nwbfile.add_trial(
            start_time=float(trial), stop_time=trial + 0.5, correct=bool(trial % 2), licks=[0.1 * lick for lick in range(trial)]
        )
    nwbfile.add_epoch(0.5, 1.0, tags=["first", "good"], timeseries=[movie])
    nwbfile.add_epoch(1.0, 1.1, tags=["second"], timeseries=[movie])
    nwbfile.add_invalid_time_interval(0.75, 1.0, tags=["noise"], timeseries=[movie])
    custom = lib.epoch.TimeIntervals(name="running", description="bouts")
    custom.add_row(start_time=0.0, stop_time=1.0)
    custom.add_row(start_time=2.0, stop_time=3.5)
    nwbfile.add_time_intervals(custom)


def tables(lib: Any, nwbfile: Any, rng: Any) -> None:
    table = lib.common.DynamicTable(name="table", description="of every kind of column", id=[7, 8, 9])
    table.add_column(name="whole", description="integers", data=np.array([1, 2, 3], dtype=np.int32))
    table.add_column(name="text", description="texts", data=["a", "bé", ""])
    table.add_column(name="flag", description="booleans", data=np.array([True, False, True]))
    table.add_column(name="vector", description="three numbers each", data=rng.random((3, 3)))
    table.add_column(name="ragged", description="lists", data=[1.0, 2.0, 3.0, 4.0], index=[1, 1, 4])
    table.add_column(name="doubly", description="lists of lists", data=[[[1, 2], [3]], [[4]], [[5], [6, 7]]], index=2)
    table.add_column(name="kind", description="one of few", data=[0, 1, 0], enum=["left", "right"])
    target = lib.common.DynamicTable(
        name="target",
        description="is pointed to",
        columns=[lib.common.VectorData(name="x", description="a number", data=[1.0, 2.0])],
    )
    table.add_column(name="rows", description="rows of target", data=[0, 1, 1], table=target)
    nwbfile.add_acquisition(target)
    nwbfile.add_acquisition(table)
    first = lib.common.DynamicTable(
        name="first", description="c", columns=[lib.common.VectorData(name="a", description="d", data=[1, 2])]
    )
    second = lib.common.DynamicTable(
        name="second", description="c", columns=[lib.common.VectorData(name="b", description="d", data=["x", "y"])]
    )
    nwbfile.add_analysis(
        lib.common.AlignedDynamicTable(name="aligned", description="side by side", category_tables=[first, second], id=[0, 1])
    )


def others(lib: Any, nwbfile: Any, rng: Any) -> None:
    """Types of the other modules: they are carried along."""
    device = nwbfile.create_device(name="probe")
    group = nwbfile.create_electrode_group(name="shank", description="d", location="CA1", device=device)
    for channel in range(3):
        nwbfile.add_electrode(x=float(channel), y=0.0, z=0.0, location="CA1", group=group)
    region = nwbfile.create_electrode_table_region(region=[0, 2], description="two of them")
    nwbfile.add_acquisition(lib.ecephys.ElectricalSeries(name="voltage", data=rng.random((6, 2)), electrodes=region, rate=1000.0))
    position = lib.behavior.Position(name="position")
    position.add_spatial_series(
        lib.behavior.SpatialSeries(name="xy", data=rng.random((4, 2)), reference_frame="corner", rate=50.0, unit="m")
    )
    behavior = nwbfile.create_processing_module(name="behavior", description="what it did")
    behavior.add(position)
    site = lib.ogen.OptogeneticStimulusSite(name="site", device=device, description="d", excitation_lambda=473.0, location="VISp")
    nwbfile.add_ogen_site(site)
    nwbfile.add_stimulus(lib.ogen.OptogeneticSeries(name="light", data=[0.0, 1.0], site=site, rate=1.0))
    nwbfile.add_unit_column(name="score", description="how good")
    nwbfile.add_unit(spike_times=[0.1, 0.2, 0.5], score=1.0)
    nwbfile.add_unit(spike_times=[0.3], score=0.5)
