from __future__ import annotations

import pickle

import numpy as np
import pytest

from photonwb.arrays import DataChunk, DataChunkIterator, GenericDataChunkIterator
from photonwb.errors import InvalidTypeError, InvalidValueError

FRAMES = np.arange(7 * 3 * 2).reshape(7, 3, 2)


class Numbers(GenericDataChunkIterator):
    """Goes through an array in memory."""

    def __init__(self, array, **options):
        self.array = array
        super().__init__(**options)

    def _get_data(self, selection):
        return self.array[selection]

    def _get_maxshape(self):
        return self.array.shape

    def _get_dtype(self):
        return self.array.dtype


class PickledNumbers(Numbers):
    def _to_dict(self):
        return {"array": self.array.tolist(), "buffer_shape": self.buffer_shape, "chunk_shape": self.chunk_shape}

    @staticmethod
    def _from_dict(dictionary):
        return PickledNumbers(np.array(dictionary.pop("array")), **dictionary)


def rebuilt(iterator, shape):
    array = np.full(shape, -1)
    for chunk in iterator:
        assert chunk.data is not None
        array[chunk.selection or ()] = chunk.data
    return array


@pytest.mark.parametrize("buffer_size", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("kind", ["array", "generator"])
def test_pieces_along_an_axis(buffer_size, axis, kind):
    data = FRAMES if kind == "array" else iter(np.moveaxis(FRAMES, axis, 0))
    iterator = DataChunkIterator(data, buffer_size=buffer_size, iter_axis=axis)
    assert iterator.dtype == FRAMES.dtype
    expected: list[int | None] = [*FRAMES.shape]
    if kind == "generator":
        expected[axis] = None
    assert iterator.maxshape == tuple(expected)
    assert np.array_equal(rebuilt(iterator, FRAMES.shape), FRAMES)
    assert iterator.chunk_index == -(-FRAMES.shape[axis] // buffer_size)
    with pytest.raises(StopIteration):
        next(iterator)


def test_a_list_knows_its_shape():
    iterator = DataChunkIterator(FRAMES.tolist(), buffer_size=4)
    assert iterator.maxshape == (7, 3, 2)
    assert iterator.recommended_data_shape() == (7, 3, 2)
    assert iterator.recommended_chunk_shape() is None
    assert np.array_equal(rebuilt(iterator, (7, 3, 2)), FRAMES)


def test_a_range_knows_its_length():
    assert DataChunkIterator(range(10), buffer_size=3).maxshape == (10,)


@pytest.mark.parametrize("buffer_size", [1, 2, 5])
def test_missing_elements_leave_gaps(buffer_size):
    elements = [None, 1, 2, None, None, 3, None, 4, 5, None]
    iterator = DataChunkIterator(iter(elements), maxshape=(10,), buffer_size=buffer_size)
    assert rebuilt(iterator, 10).tolist() == [-1, 1, 2, -1, -1, 3, -1, 4, 5, -1]


def test_what_it_reads_ahead_is_not_lost():
    iterator = DataChunkIterator.from_iterable(iter([[1, 2], [3, 4]]))
    assert iterator.recommended_data_shape() == (1, 2)
    assert [chunk.data.tolist() for chunk in iterator] == [[[1, 2]], [[3, 4]]]


def test_nothing_at_all_needs_a_type():
    with pytest.raises(InvalidValueError, match="dtype"):
        DataChunkIterator(iter([]))
    iterator = DataChunkIterator(maxshape=(None, 3), dtype=np.dtype("f4"))
    assert (iterator.maxshape, iterator.dtype, list(iterator)) == ((None, 3), "f4", [])


def test_a_chunk():
    chunk = DataChunk(np.arange(3), (slice(2, 5), 4))
    assert (len(chunk), chunk.dtype, chunk.shape, chunk.get_min_bounds()) == (3, int, (3,), (5, 5))
    assert chunk.astype("f4").dtype == "f4"
    assert np.array_equal(chunk, np.arange(3))
    assert len(DataChunk()) == 0
    assert DataChunk(selection=3).get_min_bounds() == (4,)
    with pytest.raises(InvalidTypeError, match="integers and slices"):
        DataChunk(selection=[1, 2]).get_min_bounds()
    with pytest.raises(InvalidValueError, match="no data"):
        _ = DataChunk().dtype


@pytest.mark.parametrize("shapes", [{}, {"chunk_shape": (2, 3, 1)}, {"chunk_shape": (2, 1, 1), "buffer_shape": (4, 3, 1)}])
def test_buffers_tile_the_array(shapes):
    iterator = Numbers(FRAMES, **shapes)
    assert iterator.recommended_chunk_shape() == shapes.get("chunk_shape", (7, 3, 2))
    assert iterator.recommended_data_shape() == iterator.maxshape == FRAMES.shape
    chunks = list(iterator)
    assert len(chunks) == iterator.num_buffers
    assert np.array_equal(rebuilt(chunks, FRAMES.shape), FRAMES)


def test_default_shapes_keep_to_their_sizes():
    class Large(Numbers):
        def _get_maxshape(self):
            return (100_000, 512, 512)

    iterator = Large(np.zeros(1, "u2"), chunk_mb=4, buffer_gb=0.5)
    assert iterator.chunk_shape == (7, 512, 512)
    assert iterator.buffer_shape == (7 * 136, 512, 512)


def test_the_default_shape_can_be_told_by_a_subclass():
    class Framewise(Numbers):
        def _get_default_chunk_shape(self, chunk_mb):
            assert chunk_mb == 10.0
            return (1, *self.maxshape[1:])

    assert Framewise(FRAMES, buffer_gb=1e-7).buffer_shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buffer_gb": 1, "buffer_shape": (7, 3, 2)}, "either buffer_shape or buffer_gb"),
        ({"chunk_mb": 1, "chunk_shape": (7, 3, 2)}, "either chunk_shape or chunk_mb"),
        ({"chunk_mb": 0}, "chunk_mb must be greater"),
        ({"buffer_gb": -1}, "buffer_gb must be greater"),
        ({"chunk_shape": (8, 3, 2)}, "do not go together"),
        ({"chunk_shape": (2, 3, 2), "buffer_shape": (3, 3, 2)}, "do not go together"),
        ({"chunk_shape": (0, 3, 2)}, "do not go together"),
        ({"chunk_shape": (3, 2)}, "does not go with data"),
    ],
)
def test_shapes_that_do_not_go_together(options, message):
    with pytest.raises(InvalidValueError, match=message):
        Numbers(FRAMES, **options)


def test_progress_is_shown():
    events: list[object] = []

    class Bar:
        def __init__(self, total, desc):
            events.append((total, desc))

        def update(self, n):
            events.append(n)

        def close(self):
            events.append("closed")

    options = {"desc": "writing", "total": 9}
    with pytest.warns(UserWarning, match="total"):
        iterator = Numbers(
            FRAMES,
            chunk_shape=(1, 3, 2),
            buffer_shape=(3, 3, 2),
            display_progress=True,
            progress_bar_class=Bar,
            progress_bar_options=options,
        )
    list(iterator)
    assert events == [(3, "writing"), 1, 1, 1, "closed"]
    assert options == {"desc": "writing", "total": 9}


def test_pickling_is_for_those_that_say_how():
    again = pickle.loads(pickle.dumps(PickledNumbers(FRAMES, chunk_shape=(2, 3, 2))))
    assert again.chunk_shape == (2, 3, 2)
    assert np.array_equal(rebuilt(again, FRAMES.shape), FRAMES)
    with pytest.raises(NotImplementedError):
        pickle.dumps(Numbers(FRAMES))
