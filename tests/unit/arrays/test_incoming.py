from __future__ import annotations

import dask.array
import h5py
import numpy as np
import pytest
import zarr

from h5py_source import H5pySource
from photonwb.arrays import DataChunk, DataChunkIterator, GenericDataChunkIterator, H5DataIO, LazyArray, incoming
from photonwb.arrays import incoming as incoming_function
from photonwb.errors import InvalidTypeError, InvalidValueError

MOVIE = np.random.default_rng(0).integers(0, 300, (30, 8, 6), dtype="u2")


def gathered(data, chunks=None):
    """The blocks put together, and how many there were."""
    found = incoming(data) if not isinstance(data, tuple(_KINDS)) else data
    blocks = list(found.blocks(chunks))
    shape = [max((place[axis].stop for place, _ in blocks), default=0) for axis in range(len(found.shape))]
    array = np.zeros(shape, found.dtype)
    for place, values in blocks:
        assert values.dtype == found.dtype
        array[place] = values
    return array, len(blocks)


_KINDS = [type(incoming_function([1]))]


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of five frames."""
    from importlib import import_module

    monkeypatch.setattr(import_module("photonwb.arrays.incoming"), "BLOCK", 5 * MOVIE[0].nbytes)


@pytest.mark.parametrize(
    ("values", "dtype", "shape"),
    [
        ([1, 2], "i8", (2,)),
        ([1, 2.5], "f8", (2,)),
        ([[1, 2], [3.5, 4]], "f8", (2, 2)),
        ([True, False], "?", (2,)),
        ((1, 2, 3), "i8", (3,)),
        (range(4), "i8", (4,)),
        ([], "f8", (0,)),
        ([[], []], "f8", (2, 0)),
        (["a", "béta"], "O", (2,)),
        ([["a"], ["b"]], "O", (2, 1)),
        ([b"a", b"bc"], "S2", (2,)),
        ([np.float32(1), np.float32(2)], "f4", (2,)),
        ([np.float32(1), 2], "f8", (2,)),
        ([2**63, 1], "u8", (2,)),
        (5, "i8", ()),
        (2.5, "f8", ()),
        ("text", "O", ()),
        (np.array(["a", "b"]), "O", (2,)),
        (np.array(["a"], np.dtypes.StringDType()), "O", (1,)),
        ([(1, 2), (3, 4)], "i8", (2, 2)),
    ],
)
def test_types_and_shapes(values, dtype, shape):
    found = incoming(values)
    assert (found.dtype, found.shape) == (np.dtype(dtype), shape)
    if 0 not in shape:
        array, _ = gathered(values)
        assert array.tolist() == np.asarray(values).tolist()


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1, "a"], InvalidTypeError, "int and text"),
        ([1, None], InvalidTypeError, "NoneType"),
        (["a", None], InvalidTypeError, "NoneType and text"),
        ([[1], [2, 3]], InvalidValueError, "row 1 has 2 elements, row 0 1"),
        ([[1, 2], 3], InvalidValueError, "row 1 has no elements"),
        ([[[1, 2], [3]]], InvalidValueError, "further down"),
        ([2**64], InvalidValueError, "64 bits"),
        ([2**63, -1], InvalidValueError, "both -1 and 9223372036854775808"),
        ([np.zeros(2), np.zeros(3)], InvalidValueError, "array 1 has shape"),
        (iter([]), InvalidValueError, "without elements"),
        (H5DataIO(), InvalidValueError, "neither data"),
    ],
)
def test_what_makes_no_array(values, error, message):
    with pytest.raises(error, match=message):
        incoming(values)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["numpy", "h5py", "lazy", "zarr", "dask", "list of arrays", "generator", "wrapped", "view"])
def test_arrays_come_in_bounded_blocks(tmp_path, kind):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("data", data=MOVIE, chunks=(2, 8, 6), compression="gzip")
        kinds = {
            "numpy": lambda: MOVIE,
            "h5py": lambda: dataset,
            "lazy": lambda: LazyArray(H5pySource(tmp_path / "a.h5")),
            "zarr": lambda: zarr.array(MOVIE, chunks=(3, 8, 6)),
            "dask": lambda: dask.array.from_array(MOVIE, chunks=(4, 8, 6)),  # pyright: ignore[reportArgumentType] - said wrongly by dask
            "list of arrays": lambda: list(MOVIE),
            "generator": lambda: (frame for frame in MOVIE),
            "wrapped": lambda: H5DataIO(MOVIE, chunks=(2, 8, 6)),
            "view": lambda: MOVIE[:, ::-1],
        }
        file.flush()
        data = kinds[kind]()
        array, count = gathered(data, (2, 8, 6))
    assert np.array_equal(array, MOVIE[:, ::-1] if kind == "view" else MOVIE)
    assert count >= 5


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_whole_chunks_of_the_target():
    source = zarr.array(MOVIE, chunks=(3, 8, 6))
    places = [place for place, _ in incoming(source).blocks((2, 4, 3))]
    assert [place[0].start for place in places] == [0, 4, 8, 12, 16, 20, 24, 28]
    assert all(place[1] == slice(0, 8) for place in places)


def test_frames_that_are_filled_again_and_again():
    frame = np.zeros(3, int)

    def frames():
        for number in range(10):
            frame[:] = number
            yield frame

    assert gathered(frames())[0].tolist() == [[number] * 3 for number in range(10)]

    def chunks():
        for number in range(10):
            frame[:] = number
            yield DataChunk(frame[np.newaxis], np.s_[number : number + 1, :])

    class Chunks(DataChunkIterator):
        def __init__(self):
            super().__init__(maxshape=(10, 3), dtype=np.dtype(int))
            self.chunks = chunks()

        def __next__(self):
            return next(self.chunks)

    assert gathered(Chunks())[0].tolist() == [[number] * 3 for number in range(10)]


def test_a_generator_is_not_used_before_its_blocks_are():
    taken: list[int] = []

    def frames():
        for number in range(4):
            taken.append(number)
            yield np.full(2, number)

    found = incoming(frames())
    assert found.shape == (None, 2)
    assert taken == [0]


def test_generators_of_plain_values():
    assert gathered(iter([1.5, 2.5]))[0].tolist() == [1.5, 2.5]
    assert gathered(text for text in ["a", "bc"])[0].tolist() == ["a", "bc"]
    assert gathered([number, number + 1] for number in range(3))[0].tolist() == [[0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize(
    ("elements", "error", "message"),
    [
        ([1, 2.5], InvalidTypeError, "element 1 holds float64, the first one int64"),
        ([[1, 2], [3]], InvalidValueError, r"element 1 has shape \(1,\), those before it \(2,\)"),
        ([1, None], InvalidTypeError, "element 1 is None"),
    ],
)
def test_generators_that_change_their_mind(elements, error, message):
    with pytest.raises(error, match=message):
        list(incoming(iter(elements)).blocks())


def test_chunk_iterators():
    found = incoming(DataChunkIterator(iter(MOVIE), buffer_size=4))
    assert (found.shape, found.dtype, found.options) == ((None, 8, 6), MOVIE.dtype, {"maxshape": (None, 8, 6)})
    assert np.array_equal(gathered(found)[0], MOVIE)
    columns = incoming(DataChunkIterator(iter(np.moveaxis(MOVIE, 1, 0)), iter_axis=1))
    assert columns.shape == (30, None, 6)
    assert np.array_equal(gathered(columns)[0], MOVIE)


@pytest.mark.usefixtures("small_blocks")
def test_large_buffers_are_cut():
    class Buffers(GenericDataChunkIterator):
        def _get_data(self, selection):
            return MOVIE[selection]

        def _get_maxshape(self):
            return MOVIE.shape

        def _get_dtype(self):
            return MOVIE.dtype

    found = incoming(H5DataIO(Buffers(chunk_shape=(2, 8, 6), buffer_shape=(20, 8, 6)), compression="gzip"))
    assert found.options == {"chunks": (2, 8, 6), "maxshape": MOVIE.shape, "compression": "gzip"}
    array, count = gathered(found, (2, 8, 6))
    assert np.array_equal(array, MOVIE)
    assert count == 8  # 4 + 4 + 4 + 4 + 4, 4 + 4 + 2


class Placed:
    """Any object that works as an iterator of chunks, with one block."""

    dtype = np.dtype("i8")
    maxshape = (4, None)

    def __init__(self, values, selection):
        self.chunks = iter([DataChunk(np.asarray(values), selection)])

    def __iter__(self):
        return self.chunks

    def __next__(self):
        return next(self.chunks)

    def recommended_chunk_shape(self):
        return None


@pytest.mark.parametrize(
    ("values", "selection", "place"),
    [
        ([[1, 2]], np.s_[2:3, 0:2], (slice(2, 3), slice(0, 2))),
        ([1, 2], np.s_[2, :2], (slice(2, 3), slice(0, 2))),
        ([1, 2], 3, (slice(3, 4), slice(0, 2))),
        ([[1, 2]], slice(1, 2), (slice(1, 2), slice(0, 2))),
        ([[1], [2]], np.s_[..., 5:6], (slice(0, 2), slice(5, 6))),
        (7, (1, 2), (slice(1, 2), slice(2, 3))),
    ],
)
def test_places_of_chunks(values, selection, place):
    ((found, array),) = incoming(Placed(values, selection)).blocks()
    assert found == place
    assert array.ravel().tolist() == np.ravel(values).tolist()


@pytest.mark.parametrize(
    ("values", "selection"),
    [
        ([[1, 2]], np.s_[0:2, 0:2]),
        ([[1, 2]], np.s_[0:2:2, 0:2]),
        ([1, 2], [0, 1]),
        ([1, 2], np.s_[-1, :]),
        ([[1], [2]], np.s_[3:5, :1]),
        ([[[1]]], np.s_[0:1, 0:1]),
        ([1, 2], (0, 0, slice(None))),
    ],
)
def test_places_that_do_not_fit(values, selection):
    with pytest.raises(InvalidValueError, match="cannot be put at"):
        list(incoming(Placed(values, selection)).blocks())


def test_wrappers_say_how_to_store():
    found = incoming(H5DataIO([1, 2], compression="gzip", chunks=(2,)))
    assert found.options == {"compression": "gzip", "chunks": (2,)}
    assert incoming(H5DataIO([1, 2], compression=False)).options == {"compression": False}
    empty = incoming(H5DataIO(shape=(3, 4), dtype="f4", maxshape=(None, 4)))
    assert (empty.shape, empty.dtype, empty.options, list(empty.blocks())) == ((3, 4), "f4", {"maxshape": (None, 4)}, [])
