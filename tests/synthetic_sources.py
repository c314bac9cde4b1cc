"""One small session in the formats of the programs that importers read.

The image is not square and its one bright region lies off the diagonal, so that a movie, mask or image whose axes were exchanged
cannot pass for what it should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import scipy.io
import scipy.sparse
import zarr

if TYPE_CHECKING:
    from pathlib import Path

FRAMES, HEIGHT, WIDTH = 40, 20, 34
ROWS, COLUMNS = slice(3, 7), slice(21, 28)  # of the bright region
RATE = 12.5

SAID = {
    "session_start_time": "2024-05-06T14:00:00+02:00",
    "session_description": "a mouse on a wheel",
    "device": "microscope",
    "location": "VISp",
    "indicator": "GCaMP6f",
    "excitation_lambda": 920,
    "emission_lambda": 510,
}


def footprint() -> Any:
    """Weights of the bright region, (rows, columns), no two alike."""
    image = np.zeros((HEIGHT, WIDTH), np.float32)
    image[ROWS, COLUMNS] = np.arange(1, 29, dtype=np.float32).reshape(4, 7)
    return image


def dim_footprint() -> Any:
    """A second region, in a corner, that never does anything."""
    image = np.zeros((HEIGHT, WIDTH), np.float32)
    image[15:18, 2:4] = 0.5
    return image


def movie() -> Any:
    """Frames (time, row, column): dark but for the region, which gets brighter."""
    brightness = np.arange(FRAMES) * 3 + 100
    return (10 + (footprint() > 0) * brightness[:, None, None]).astype(np.int16)


def trace() -> Any:
    return movie()[:, ROWS, COLUMNS].mean(axis=(1, 2), dtype=np.float32)


def traces() -> Any:
    """(region, time), as most programs have it."""
    return np.stack([trace(), np.full(FRAMES, 10, np.float32)])


def images() -> Any:
    return np.stack([footprint(), dim_footprint()])


def stat(images: Any) -> Any:
    cells = np.empty(len(images), object)
    for number, image in enumerate(images):
        y, x = np.nonzero(image)
        cells[number] = {
            "ypix": y,
            "xpix": x,
            "lam": image[y, x],
            "med": [float(np.median(y)), float(np.median(x))],
            "npix": len(y),
            "skew": np.float32(number),
            "overlap": np.arange(len(y)) % 2 == 0,
        }
    return cells


def write_suite2p(folder: Path, plane: int = 0, **options: Any) -> Path:
    """A plane of suite2p, as versions before 1.0 write it."""
    place = folder / f"plane{plane}"
    place.mkdir(parents=True)
    mean = movie().mean(axis=0, dtype=np.float32)
    ops = {
        "Ly": HEIGHT, "Lx": WIDTH, "fs": RATE, "nplanes": 1, "nchannels": 1, "nframes": FRAMES, "meanImg": mean,
        "yrange": [2, HEIGHT], "xrange": [5, WIDTH - 1], "Vcorr": mean[2:, 5:-1], "max_proj": movie().max(axis=0)[2:, 5:-1],
        "xoff": np.arange(FRAMES, dtype=np.int32), "yoff": -2 * np.arange(FRAMES, dtype=np.int32),
    }  # fmt: skip
    np.save(place / "ops.npy", np.array(ops | options, object))
    np.save(place / "stat.npy", stat(images()))
    np.save(place / "iscell.npy", np.array([[1, 0.9], [0, 0.2]]))
    np.save(place / "F.npy", traces())
    np.save(place / "Fneu.npy", traces() * np.float32(0.1))
    np.save(place / "spks.npy", np.diff(traces(), axis=1, prepend=0))
    movie().tofile(place / "data.bin")
    return folder


def write_caiman(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["dims"] = [HEIGHT, WIDTH]
        estimates = file.create_group("estimates")
        matrix = scipy.sparse.csc_matrix(np.stack([image.ravel(order="F") for image in images()], axis=1))
        for key in ("data", "indices", "indptr", "shape"):
            estimates[f"A/{key}"] = getattr(matrix, key)
        estimates["C"] = traces()
        estimates["S"] = np.diff(traces(), axis=1, prepend=0)
        estimates["YrA"] = np.zeros((2, FRAMES))
        estimates["F_dff"] = traces() / 10 - 1
        estimates["Cn"] = movie().mean(axis=0)
        estimates["sn"] = movie().mean(axis=0).ravel(order="F")
        estimates["b"] = np.ones((HEIGHT * WIDTH, 1)) * np.arange(HEIGHT * WIDTH)[:, None]
        estimates["f"] = np.ones((1, FRAMES))
        estimates["SNR_comp"], estimates["r_values"] = [5.0, 1.0], [0.9, 0.1]
        estimates["cnn_preds"] = "NoneType"
        estimates["idx_components"], estimates["idx_components_bad"] = [0], [1]
        estimates["shifts"] = np.stack([np.arange(FRAMES), -np.arange(FRAMES)], axis=1) * [2.0, 1.0]  # row, column
        estimates["center"] = [[4.5, 24.0], [16.0, 2.5]]
        file["params/data/fr"] = RATE
        file["params/data/caiman_version"] = "1.9.0"
        file["params/data/fnames"] = [b"/home/somebody/movie.tif"]
        file["params/init/gSig"] = [3, 3]
    return path


def write_extract(path: Path, sparse: bool = False) -> Path:
    """As MATLAB does in version 7.3: all axes reversed."""
    with h5py.File(path, "w") as file:
        if sparse:
            write_sparse(file, "output/spatial_weights", np.stack([image.ravel(order="F") for image in images()], axis=1))
        else:
            file["output/spatial_weights"] = images().transpose(0, 2, 1)
        file["output/temporal_weights"] = traces()
        file["output/info/summary_image"] = movie().mean(axis=0).T
        file["output/info/version"] = np.array([[ord(letter)] for letter in "1.1.0"], np.uint16)
        file["output/info/version"].attrs["MATLAB_class"] = np.bytes_("char")
        file["output/info/cellcheck/is_bad"] = [[0.0], [1.0]]
        file["output/config/preprocess"] = np.array([[0]], np.uint8)
    return path


def write_sparse(file: Any, place: str, matrix: Any) -> None:
    columns = scipy.sparse.csc_matrix(matrix)
    group = file.create_group(place)
    group.attrs["MATLAB_sparse"] = np.uint64(matrix.shape[0])
    group["data"], group["ir"], group["jc"] = columns.data, columns.indices.astype("u8"), columns.indptr.astype("u8")


def write_cnmfe(path: Path) -> Path:
    """The results of CNMF-E itself, as MATLAB does in version 7.3."""
    with h5py.File(path, "w") as file:
        write_sparse(file, "results/A", np.stack([image.ravel(order="F") for image in images()], axis=1).astype(float))
        file["results/C_raw"] = file["results/C"] = traces().T
        write_sparse(file, "results/S", np.diff(traces(), axis=1, prepend=0).astype(float))
        file["results/Cn"] = movie().mean(axis=0).T
        file["results/options/d1"], file["results/options/d2"] = [[float(HEIGHT)]], [[float(WIDTH)]]
        file["results/Fs"] = [[RATE]]
    return path


def write_ciatah(path: Path) -> Path:
    """What CIAtah keeps of CNMF-E, in the format of MATLAB before 7.3."""
    output = {
        "extractedImages": images().transpose(1, 2, 0),
        "extractedSignals": traces(),
        "extractedSignalsEst": traces(),
        "Cn": movie().mean(axis=0),
        "time": {"totalTime": 4711.0},
    }
    scipy.io.savemat(path, {"cnmfeAnalysisOutput": output})
    return path


def write_minian(folder: Path) -> Path:
    folder.mkdir()
    arrays = {
        "A": images(),
        "C": traces(),
        "S": np.diff(traces(), axis=1, prepend=0),
        "b0": np.ones((2, FRAMES)),
        "max_proj": movie().max(axis=0),
        "b": footprint(),
        "f": np.arange(FRAMES),
        "motion": np.stack([np.arange(FRAMES), -np.arange(FRAMES)], axis=1),
    }
    for key, values in arrays.items():
        group = zarr.open_group(folder / f"{key}.zarr", mode="w", zarr_format=2)
        group.create_array(key, data=values)
        if key in "CS":
            group.create_array("frame", data=np.arange(FRAMES) * 2)
    lines = ["Frame Number,Time Stamp (ms),Buffer Index", *(f"{number},{number * 40},0" for number in range(2 * FRAMES))]
    (folder / "timeStamps.csv").write_text("\n".join(lines))
    return folder
