"""Datasets: layouts, selections, writing in pieces, growing."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from photonwb.errors import InvalidValueError
from photonwb.storage.contract import TEXT, Layout

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = count()
NUMBERS = np.arange(5 * 40 * 3, dtype="i4").reshape(5, 40, 3)

LAYOUTS = {
    "contiguous": Layout(NUMBERS.shape, NUMBERS.dtype),
    "chunked": Layout(NUMBERS.shape, NUMBERS.dtype, chunks=(2, 16, 2)),
    "growing": Layout(NUMBERS.shape, NUMBERS.dtype, (None, 40, 10), (1, 40, 3)),
    "compressed": Layout(NUMBERS.shape, NUMBERS.dtype, chunks=(5, 7, 3), filters=(("shuffle", {}), ("gzip", {"level": 6}))),
    "checked": Layout(NUMBERS.shape, NUMBERS.dtype, chunks=(4, 4, 2), filters=(("gzip", {"level": 1}), ("fletcher32", {}))),
}


@pytest.fixture(params=LAYOUTS)
def numbers(request, store):
    return store.root.create_dataset("numbers", LAYOUTS[request.param], NUMBERS)


@pytest.fixture
def plain(store):
    return store.root.create_dataset("plain", LAYOUTS["chunked"], NUMBERS)


@st.composite
def selections(draw, shape):
    """What numpy calls basic indexing, with an index array in the place of one of the parts at times."""
    parts = draw(npst.basic_indices(shape, allow_newaxis=False))
    parts = list(parts) if isinstance(parts, tuple) else [parts]
    if len(parts) > len(shape):
        parts.remove(Ellipsis)  # dots that stand for nothing
    if parts and draw(st.booleans()):
        place = draw(st.integers(0, len(parts) - 1))
        dots = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
        axis = place if place < dots else len(shape) - len(parts) + place
        if place != dots:
            length = shape[axis]
            positions = st.lists(st.integers(-length, length - 1), max_size=6).map(lambda found: np.array(found, int))
            masks = st.lists(st.booleans(), min_size=length, max_size=length).map(np.array)
            parts[place] = draw(positions | masks)
    return tuple(parts)


@MANY
@given(selection=selections(NUMBERS.shape))
def test_selections_are_those_of_numpy(store, selection):
    name = "numbers"
    dataset = store.root[name] if name in store.root else store.root.create_dataset(name, LAYOUTS["chunked"], NUMBERS)
    found, expected = dataset.read(selection), NUMBERS[selection]
    assert np.shape(found) == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_every_layout_comes_back(numbers, maker):
    layout = numbers.layout
    reopened = maker.reopen(numbers.store).root["numbers"]
    assert reopened.layout == layout
    assert reopened.shape == NUMBERS.shape
    assert reopened.dtype == NUMBERS.dtype
    assert reopened.chunks == layout.chunks
    assert reopened.filters == layout.filters
    assert "numbers" in reopened.description
    np.testing.assert_array_equal(reopened.read(), NUMBERS)
    np.testing.assert_array_equal(reopened.source().read((slice(1, 4, 2), ..., -1)), NUMBERS[1:4:2, ..., -1])


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_kept_as_given(store, name):
    assert store.root.create_dataset("d", LAYOUTS[name]).layout == LAYOUTS[name]


def test_selections_of_text(store):
    names = np.array(["a", "b", "ü", ""], object).reshape(2, 2)
    dataset = store.root.create_dataset("names", Layout((2, 2), TEXT), names)
    assert dataset.dtype == object
    assert dataset.read((1, 0)) == "ü"
    assert list(dataset.read((slice(None, None, -1), 0))) == ["ü", "a"]
    assert dataset.read(([1, 1, 0],)).tolist() == [["ü", ""], ["ü", ""], ["a", "b"]]


@pytest.mark.parametrize(
    "selection",
    [
        (5,),
        (-6,),
        (0, 0, 0, 0),
        (0, [40]),
        (Ellipsis, Ellipsis),
        (np.zeros(4, bool),),
        (1.5,),
        ("a",),
        (True,),
        ([0.5],),
    ],
    ids=repr,
)
def test_selections_that_do_not_exist(plain, selection):
    with pytest.raises(IndexError):
        plain.read(selection)


def test_what_is_read_can_be_changed(plain):
    plain.read()[:] = 0
    plain.read((0,))[:] = 0
    np.testing.assert_array_equal(plain.read(), NUMBERS)


def test_write_into_places(numbers, maker):
    expected = NUMBERS.copy()
    for place, values in [
        ((slice(1, 3), slice(None), slice(0, 1)), NUMBERS[1:3, :, :1] * -1),
        ((slice(0, 5, 2),), 7),
        ((slice(4, 5), slice(30, 40, 3)), np.array([1, 2, 3])),
        ((slice(2, 2),), np.zeros((0, 40, 3), "i4")),
    ]:
        numbers.write(place, values)
        expected[place] = values
    np.testing.assert_array_equal(maker.reopen(numbers.store).root["numbers"].read(), expected)


def test_write_blocks(numbers, maker):
    blocks = [
        ((slice(start, start + 1), slice(half, half + 20), slice(0, 3)), NUMBERS[start : start + 1, half : half + 20] + 1000)
        for start in range(5)
        for half in (0, 20)
    ]
    numbers.write_blocks(iter(blocks))
    np.testing.assert_array_equal(maker.reopen(numbers.store).root["numbers"].read(), NUMBERS + 1000)


def test_blocks_make_a_dataset_grow(store, maker):
    layout = Layout((0, 40, 3), NUMBERS.dtype, (None, 40, 3), (2, 40, 3), (("gzip", {"level": 1}),))
    for name, element in (("numbers", NUMBERS.dtype), ("text", TEXT)):
        values = NUMBERS if name == "numbers" else NUMBERS.astype(str).astype(object)
        growing = store.root.create_dataset(name, layout._replace(element=element))
        growing.write_blocks(
            ((slice(start, start + 1), slice(None), slice(0, 3)), values[start : start + 1]) for start in range(5)
        )
        assert growing.shape == NUMBERS.shape
    root = maker.reopen(store).root
    np.testing.assert_array_equal(root["numbers"].read(), NUMBERS)
    np.testing.assert_array_equal(root["text"].read().astype("i4"), NUMBERS)


@MANY
@given(data=st.data())
def test_blocks_in_any_order_and_size(store, data):
    filters = data.draw(
        st.sampled_from([(), (("gzip", {"level": 1}),), (("shuffle", {}), ("gzip", {"level": 9}), ("fletcher32", {}))])
    )
    chunks = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 5)))
    fill = data.draw(st.sampled_from([None, 9]))
    expected = np.full((7, 5), 0 if fill is None else fill, "i2")
    dataset = store.root.create_dataset(f"n{next(NAMES)}", Layout((7, 5), expected.dtype, (None, 5), chunks, filters, fill))
    for _ in range(data.draw(st.integers(0, 3))):
        blocks = []
        for start, end, left, right in data.draw(
            st.lists(st.tuples(*[st.integers(0, 7)] * 2, *[st.integers(0, 5)] * 2), max_size=5)
        ):
            place = (slice(min(start, end), max(start, end)), slice(min(left, right), max(left, right)))
            values = np.full(expected[place].shape, data.draw(st.integers(-100, 100)), "i2")
            blocks.append((place, values))
            expected[place] = values
        dataset.write_blocks(blocks)
        np.testing.assert_array_equal(dataset.read(), expected)


def test_errors_of_whoever_makes_blocks_are_theirs(plain):
    def blocks():
        yield (slice(0, 1), slice(0, 40), slice(0, 3)), NUMBERS[:1]
        raise ValueError("the camera is on fire")

    with pytest.raises(ValueError, match=r"^the camera is on fire$"):
        plain.write_blocks(blocks())


@pytest.mark.parametrize(
    "place", [(slice(0, 6), slice(0, 40), slice(0, 3)), (slice(0, 5),), (slice(0, 5, 2), slice(0, 40), slice(0, 3))], ids=repr
)
def test_blocks_that_do_not_fit(plain, place):
    with pytest.raises(InvalidValueError):
        plain.write_blocks([(place, NUMBERS)])
    np.testing.assert_array_equal(plain.read(), NUMBERS)


@pytest.mark.parametrize(
    ("place", "values"), [((slice(0, 2),), np.zeros((3, 40, 3), "i4")), ((), np.zeros(4, "i4")), ((), 1.5), ((), 2**40)], ids=repr
)
def test_values_that_do_not_go_there(plain, place, values):
    with pytest.raises(InvalidValueError):
        plain.write(place, values)
    np.testing.assert_array_equal(plain.read(), NUMBERS)


def test_a_value_of_another_shape_is_refused(store):
    with pytest.raises(InvalidValueError, match=r"shape \(3,\), got \(2,\)"):
        store.root.create_dataset("d", Layout((3,), np.dtype("i4")), [1, 2])
    assert "d" not in store.root


def test_elements_that_nobody_wrote(store, maker):
    store.root.create_dataset("zero", Layout((2,), np.dtype("f8")))
    store.root.create_dataset("seven", Layout((2,), np.dtype("i2"), fill=7))
    store.root.create_dataset("text", Layout((2,), TEXT))
    root = maker.reopen(store).root
    assert list(root["zero"].read()) == [0.0, 0.0]
    assert list(root["seven"].read()) == [7, 7]
    assert root["seven"].layout.fill == 7
    assert list(root["text"].read()) == ["", ""]


def test_resize(store, maker):
    growing = store.root.create_dataset(
        "growing", Layout((2, 3), np.dtype("i4"), (None, 4), (2, 2), fill=-1), [[0, 1, 2], [3, 4, 5]]
    )
    growing.resize((3, 4))
    growing.write((slice(2, 3),), 9)
    growing = maker.reopen(store, writable=True).root["growing"]
    assert growing.read().tolist() == [[0, 1, 2, -1], [3, 4, 5, -1], [9, 9, 9, 9]]
    growing.resize((1, 2))
    growing.resize((2, 2))
    assert growing.read().tolist() == [[0, 1], [-1, -1]]
    assert growing.layout.shape == (2, 2)
    for shape in ((2, 5), (2,), (-1, 2)):
        with pytest.raises(InvalidValueError, match="may grow to"):
            growing.resize(shape)


def test_an_axis_can_start_empty(store, maker):
    empty = store.root.create_dataset("empty", Layout((0, 3), np.dtype("i4"), (None, 3), (2, 3)))
    assert empty.read().shape == (0, 3)
    assert empty.read((slice(None), 1)).shape == (0,)
    empty.resize((2, 3))
    empty.write((), [[1, 2, 3], [4, 5, 6]])
    assert maker.reopen(store).root["empty"].read().tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_fixed_dataset_does_not_grow(store):
    fixed = store.root.create_dataset("fixed", Layout((2,), np.dtype("i4")), [1, 2])
    with pytest.raises(InvalidValueError, match="may grow to"):
        fixed.resize((3,))


@pytest.mark.parametrize(
    "layout",
    [
        Layout((2,), np.dtype("i4"), (None,)),
        Layout((2,), np.dtype("i4"), filters=(("gzip", {}),)),
        Layout((2,), np.dtype("i4"), chunks=(1, 1)),
        Layout((2,), np.dtype("i4"), chunks=(0,)),
        Layout((), np.dtype("i4"), chunks=()),
        Layout((2,), np.dtype("i4"), (1,), (1,)),
    ],
    ids=repr,
)
def test_layouts_that_make_no_sense(store, layout):
    with pytest.raises(InvalidValueError):
        store.root.create_dataset("d", layout)
    assert "d" not in store.root
