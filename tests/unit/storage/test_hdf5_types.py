"""What stands in an HDF5 file that we write, seen with h5py; and what we make of the files of others."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest

from photonwb.arrays import LazyArray
from photonwb.errors import DamagedFileError, InvalidTypeError, InvalidValueError, StorageError
from photonwb.storage import hdf5
from photonwb.storage.contract import ASCII, REFERENCE, TEXT, Layout, Link, Reference, Typed

# A member may be a group, a dataset or a link; a test knows which.
HDF5Store: Any = hdf5.HDF5Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.nwb"


@pytest.fixture
def store(path):
    with HDF5Store(path, "w") as store:
        yield store


@pytest.fixture
def raw(path):
    """A file of h5py; what is in it is found by `reopened`."""
    with h5py.File(path, "w") as file:
        yield file


def reopened(file) -> Any:
    if isinstance(file, hdf5.HDF5Store):
        file.close()
        return h5py.File(file.location, "r")
    location = file.filename
    file.close()
    return HDF5Store(location)


def assert_text(type_id, cset):
    assert type_id.is_variable_str()
    assert type_id.get_cset() == cset
    assert type_id.get_strpad() == h5py.h5t.STR_NULLTERM


class TestWritten:
    def test_the_file_is_one_that_old_programs_read(self, store, path):
        store.root.create_group("g").create_dataset("d", Layout((2,), np.dtype("i4")), [1, 2])
        store.root.attributes["x"] = 1
        store.close()
        content = path.read_bytes()
        assert content[:9] == b"\x89HDF\r\n\x1a\n\0"
        assert b"OHDR" not in content

    def test_the_same_content_gives_the_same_bytes(self, tmp_path):
        contents = set()
        for name in ("a", "b"):
            with HDF5Store(tmp_path / name, "w") as store:
                store.root.create_group("g", {"x": "text"}).create_dataset("d", Layout((2,), np.dtype("i4")), [1, 2])
            contents.add((tmp_path / name).read_bytes())
        assert len(contents) == 1

    def test_text(self, store):
        root = store.root
        root.attributes["utf8"] = "ü"
        root.attributes["ascii"] = Typed("2020", ASCII)
        root.attributes["list"] = ["a", "b"]
        root.create_dataset("utf8", Layout((), TEXT), "ü")
        root.create_dataset("ascii", Layout((1,), ASCII), ["2020"])
        with reopened(store) as file:
            assert file.attrs["utf8"] == "ü"
            assert file["utf8"][()] == "ü".encode()
            for name, cset in (("utf8", h5py.h5t.CSET_UTF8), ("ascii", h5py.h5t.CSET_ASCII)):
                assert_text(h5py.h5a.open(file.id, name.encode()).get_type(), cset)
                assert_text(file[name].id.get_type(), cset)
            assert h5py.h5a.open(file.id, b"utf8").shape == ()
            assert h5py.h5a.open(file.id, b"list").shape == (2,)

    def test_numbers(self, store):
        store.root.attributes.update(i=1, f=1.5, u=np.uint8(1), b=True, list=[1, 2])
        with reopened(store) as file:
            types = {name: h5py.h5a.open(file.id, name.encode()).get_type() for name in file.attrs}
            assert types["i"].equal(h5py.h5t.STD_I64LE)
            assert types["f"].equal(h5py.h5t.IEEE_F64LE)
            assert types["u"].equal(h5py.h5t.STD_U8LE)
            assert types["b"].get_class() == h5py.h5t.ENUM
            assert types["b"].get_super().equal(h5py.h5t.STD_I8LE)
            assert [types["b"].get_member_name(i) for i in range(2)] == [b"FALSE", b"TRUE"]
            assert file.attrs["list"].shape == (2,)

    def test_references(self, store):
        store.root.create_group("g").attributes["to"] = Reference("/g")
        store.root.create_dataset("table", Layout((2,), REFERENCE), [Reference("/g"), None])
        with reopened(store) as file:
            assert file[file["g"].attrs["to"]].name == "/g"
            assert h5py.h5a.open(file["g"].id, b"to").get_type().equal(h5py.h5t.STD_REF_OBJ)
            assert h5py.h5a.open(file["g"].id, b"to").shape == ()
            assert file[file["table"][0]].name == "/g"
            assert not file["table"][1]

    def test_compounds_are_packed(self, store):
        element = (("x", np.dtype("u4")), ("weight", np.dtype("f4")), ("label", TEXT), ("to", REFERENCE))
        store.root.create_dataset("pixels", Layout((1,), element), [(1, 0.5, "a", Reference("/"))])
        store.root.create_dataset("masks", Layout((1,), element[:2]), [(1, 0.5)])
        with reopened(store) as file:
            assert file["masks"].id.get_type().get_size() == 8
            stored = file["pixels"].id.get_type()
            assert [stored.get_member_offset(i) for i in range(4)] == [0, 4, 8, 16]
            assert stored.get_size() == 24
            assert file[file["pixels"][0]["to"]].name == "/"

    def test_links(self, store):
        store.root.create_link("soft", Link("/g"))
        store.root.create_link("external", Link("/g", "other.nwb"))
        with reopened(store) as file:
            assert file.get("soft", getlink=True).path == "/g"
            assert file.get("external", getlink=True).filename == "other.nwb"

    def test_layouts(self, store):
        root = store.root
        root.create_dataset("plain", Layout((4, 4), np.dtype("f4")), np.zeros((4, 4)))
        filters = (("shuffle", {}), ("gzip", {"level": 3}), ("fletcher32", {}))
        root.create_dataset("chunked", Layout((4, 4), np.dtype("f4"), (None, 4), (2, 8), filters, 1.5))
        root.create_dataset("lzf", Layout((4,), np.dtype("f4"), chunks=(2,), filters=(("lzf", {}),)), np.arange(4))
        root.create_dataset("scaled", Layout((4,), np.dtype("i4"), chunks=(2,), filters=(("scaleoffset", {}),)), np.arange(4))
        assert root["scaled"].layout.filters[0][0] == "scaleoffset"
        root.create_dataset("scaled again", root["scaled"].layout, np.arange(4))
        with reopened(store) as file:
            assert file["plain"].chunks is None
            assert file["plain"].maxshape == (4, 4)
            chunked = file["chunked"]
            # HDF5 takes no chunk that is longer than an axis of fixed length.
            assert (chunked.chunks, chunked.maxshape, chunked.fillvalue) == ((2, 4), (None, 4), 1.5)
            assert (chunked.shuffle, chunked.compression, chunked.compression_opts, chunked.fletcher32) == (True, "gzip", 3, True)
            assert file["lzf"].compression == "lzf"
            assert file["lzf"][:].tolist() == [0, 1, 2, 3]
            assert file["scaled again"][:].tolist() == [0, 1, 2, 3]
            assert file["scaled again"].scaleoffset is not None

    def test_filters_of_plugins(self, store):
        hdf5plugin = pytest.importorskip("hdf5plugin")
        zstd = hdf5plugin.Zstd(clevel=5)
        filters = ((str(zstd.filter_id), {"options": zstd.filter_options}),)
        numbers = np.arange(100)
        dataset = store.root.create_dataset("zstd", Layout((100,), numbers.dtype, chunks=(50,), filters=filters), numbers)
        assert dataset.filters == filters
        assert dataset.byte_layout().filters == filters
        with reopened(store) as file:
            np.testing.assert_array_equal(file["zstd"][:], numbers)

    @pytest.mark.parametrize("name", ["blosc", "64999"])
    def test_filters_that_are_not_there(self, store, name):
        with pytest.raises(InvalidValueError, match="hdf5plugin"):
            store.root.create_dataset("d", Layout((4,), np.dtype("i4"), chunks=(2,), filters=((name, {}),)))

    def test_text_with_nul(self, store):
        with pytest.raises(InvalidValueError, match="NUL"):
            store.root.attributes["x"] = "a\0b"
        with pytest.raises(InvalidValueError, match="NUL"):
            store.root.create_dataset("d", Layout((1,), TEXT), ["a\0b"])
        with pytest.raises(InvalidValueError, match="ASCII"):
            store.root.attributes["x"] = Typed("ü", ASCII)
        assert len(store.root.attributes) == len(store.root) == 0

    def test_elements_that_hdf5_does_not_know(self, store):
        with pytest.raises(InvalidTypeError, match="HDF5 cannot store"):
            store.root.create_dataset("d", Layout((1,), np.dtype("M8[s]")))
        assert "d" not in store.root


class TestLargeAttributes:
    def test_they_can_be_given_at_creation(self, store):
        names = [f"column {i}" for i in range(9000)]
        starts = np.arange(9000)
        store.root.create_group("g", {"colnames": names, "small": 1})
        store.root.create_dataset("d", Layout((), TEXT), "x", {"starting_frame": starts})
        # Such an object takes large ones later, too.
        store.root["g"].attributes["more"] = starts
        with reopened(store) as file:
            assert list(file["g"].attrs["colnames"]) == names
            np.testing.assert_array_equal(file["d"].attrs["starting_frame"], starts)
            np.testing.assert_array_equal(file["g"].attrs["more"], starts)

    def test_an_error_says_why_they_cannot_be_given_later(self, store):
        group = store.root.create_group("g", {"x": "old"})
        with pytest.raises(InvalidValueError, match=r"/g: attribute 'x' .* 64 KiB .* when the object is created"):
            group.attributes["x"] = np.arange(9000)
        assert dict(group.attributes) == {"x": "old"}


class TestFilesOfOthers:
    def test_text_of_all_kinds(self, raw):
        raw.attrs["fixed"] = np.bytes_(b"fixed")
        raw.attrs["array"] = np.array([b"a", b"bcd"])
        raw.attrs["utf8"] = np.array("ü".encode(), h5py.string_dtype("utf-8", 5))
        raw["latin"] = np.bytes_(b"\xfc")
        raw.create_dataset("never", (2,), h5py.string_dtype())
        for name, padding in (("spaces", h5py.h5t.STR_SPACEPAD), ("nul", h5py.h5t.STR_NULLPAD)):
            kind = h5py.h5t.C_S1.copy()
            kind.set_size(6)
            kind.set_strpad(padding)
            dataset = h5py.h5d.create(raw.id, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))
            dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(b"ab cd ", "S6"), kind)
        with reopened(raw) as store:
            root = store.root
            assert root.attributes["fixed"] == "fixed"
            assert list(root.attributes["array"]) == ["a", "bcd"]
            assert root.attributes["utf8"] == "ü"
            assert root["latin"].read() == "\udcfc"
            assert root["latin"].layout.element == ASCII
            assert list(root["never"].read()) == ["", ""]
            assert root["spaces"].read() == "ab cd"
            assert root["nul"].read() == "ab cd "

    def test_what_has_no_value(self, raw):
        raw.attrs["empty"] = h5py.Empty("f8")
        raw["empty"] = h5py.Empty("S5")
        with reopened(raw) as store:
            assert store.root.attributes["empty"] is None
            assert store.root["empty"].read() is None
            assert store.root["empty"].byte_layout() is None
            assert store.root["empty"].layout.shape == ()

    def test_enumerations(self, raw):
        kind = h5py.enum_dtype({"RED": 0, "BLUE": 2}, basetype="u1")
        raw["colours"] = np.array([0, 2], kind)
        raw["bool"] = np.array([True, False])
        with reopened(raw) as store:
            colours = store.root["colours"]
            assert colours.read().dtype == np.uint8
            assert colours.read().dtype.metadata is None
            assert colours.dtype.metadata is None
            assert colours.read().tolist() == [0, 2]
            assert store.root["bool"].read().dtype == bool
            # The names are kept by a copy.
            assert h5py.check_enum_dtype(colours.layout.element) == {"RED": 0, "BLUE": 2}

    def test_lists_of_numbers(self, raw):
        lists = raw.create_dataset("lists", (2,), h5py.vlen_dtype("i4"))
        lists[0], lists[1] = [1, 2, 3], [4]
        with reopened(raw) as store:
            values = store.root["lists"].read()
            assert values.dtype == object
            assert [value.tolist() for value in values] == [[1, 2, 3], [4]]
            assert store.root["lists"].byte_layout() is None

    def test_a_kind_of_list_that_does_not_exist(self, raw, path):
        raw.create_dataset("lists", (1,), h5py.vlen_dtype("u1"))
        start = h5py.h5t.vlen_create(h5py.h5t.STD_U8LE).encode()[2:10]
        raw.close()
        content = path.read_bytes()
        assert content.count(start) == 1
        # HDF5 itself would end the process here.
        path.write_bytes(content.replace(start, start[:1] + b"\x06" + start[2:]))
        with HDF5Store(path) as store, pytest.raises(DamagedFileError, match="makes no sense"):
            store.root["lists"].read()

    def test_arrays_in_elements(self, raw):
        kind = np.dtype([("a", "i4", (2,)), ("b", "f8")])
        raw["rows"] = np.array([([1, 2], 0.5)], kind)
        raw.attrs["row"] = np.array([([1, 2], 0.5)], kind)
        with reopened(raw) as store:
            for rows in (store.root["rows"].read(), store.root.attributes["row"]):
                assert rows["a"].tolist() == [[1, 2]]
                assert rows["b"].tolist() == [0.5]

    def test_tables_of_old_writers(self, raw):
        kind = np.dtype([("idx", "i4"), ("name", "S4"), ("long", h5py.string_dtype()), ("to", h5py.ref_dtype)])
        raw.create_group("target")
        rows = raw.create_dataset("rows", (2,), kind)
        rows[0] = (1, b"abc", "ü", raw["target"].ref)
        with reopened(raw) as store:
            values = store.root["rows"].read()
            assert values[0].tolist() == (1, "abc", "ü", Reference("/target"))
            assert values[1].tolist() == (0, "", "", None)

    def test_big_endian_numbers_stay_so(self, raw):
        raw["big"] = np.array([1, 2], ">i4")
        with reopened(raw) as store:
            assert store.root["big"].dtype == np.dtype(">i4")
            assert store.root["big"].read().tolist() == [1, 2]

    def test_complex_numbers(self, raw):
        raw["complex"] = np.array([1 + 2j])
        with reopened(raw) as store:
            assert store.root["complex"].read().tolist() == [1 + 2j]

    def test_references_to_regions(self, raw):
        raw["d"] = np.arange(4)
        raw.attrs["region"] = raw["d"].regionref[:2]
        with reopened(raw) as store, pytest.raises(StorageError, match="regions"):
            store.root.attributes["region"]

    def test_named_types_are_no_members(self, raw):
        raw["type"] = np.dtype("i4")
        with reopened(raw) as store, pytest.raises(StorageError, match="neither group nor dataset"):
            store.root["type"]

    def test_references_in_a_large_file_are_found_nearby(self, raw):
        for i in range(300):
            raw.create_group(f"many/g{i}")
        near = raw.create_group("processing/ophys/table/column")
        near.attrs["target"] = raw.create_group("processing/ophys/masks/mask").ref
        with reopened(raw) as store:
            assert store.root["processing/ophys/table/column"].attributes["target"] == Reference("/processing/ophys/masks/mask")
            assert store.path_at(1, "/many") == ""

    def test_an_object_of_two_names_has_one_identity(self, raw):
        raw["a"] = np.arange(3)
        raw["b"] = raw["a"]
        raw["c"] = np.arange(3)
        with reopened(raw) as store:
            assert store.root["a"].identity == store.root["b"].identity != store.root["c"].identity


class TestByteLayout:
    NUMBERS = np.arange(40, dtype="i4").reshape(8, 5)

    @pytest.mark.parametrize("userblock", [0, 1024])
    def test_places_are_where_the_bytes_lie(self, path, userblock):
        with h5py.File(path, "w", userblock_size=userblock) as file:
            file["plain"] = self.NUMBERS
            file.create_dataset("chunked", data=self.NUMBERS, chunks=(4, 3))
        content = path.read_bytes()
        with HDF5Store(path) as store:
            plain = store.root["plain"].byte_layout()
            assert (plain.path, plain.shape, plain.dtype, plain.chunks, plain.filters) == (
                str(path),
                (8, 5),
                np.dtype("i4"),
                None,
                (),
            )
            ((key, place),) = plain.places.items()
            assert key == ()
            assert content[place.offset : place.offset + place.size] == self.NUMBERS.tobytes()
            chunked = store.root["chunked"].byte_layout()
            assert set(chunked.places) == {(0, 0), (0, 1), (1, 0), (1, 1)}
            place = chunked.places[1, 0]
            assert content[place.offset : place.offset + place.size] == self.NUMBERS[4:, :3].tobytes()

    def test_what_was_never_written_has_no_place(self, store):
        store.root.create_dataset("plain", Layout((3,), np.dtype("i4"), fill=7))
        chunked = store.root.create_dataset("chunked", Layout((4,), np.dtype("i4"), (None,), (2,), fill=7))
        assert store.root["plain"].byte_layout().places == {}
        assert store.root["plain"].byte_layout().fill == 7
        chunked.write((slice(2, 4),), 1)
        assert list(chunked.byte_layout().places) == [(1,)]

    @pytest.mark.parametrize(
        ("order", "chunks", "is_one_piece"),
        [
            ([0, 1, 2], (3, 5), True),
            ([0, 2, 1], (3, 5), False),
            ([1, 2], (3, 5), False),
            ([0, 1], (3, 5), False),
            ([0, 1, 2], (3, 4), False),
        ],
    )
    def test_chunks_of_whole_rows_in_a_row_are_one_piece(self, path, order, chunks, is_one_piece):
        with h5py.File(path, "w") as file:
            dataset = file.create_dataset("d", (8, 5), "i4", chunks=chunks, fillvalue=9)
            for number in order:
                dataset[3 * number : 3 * number + 3] = self.NUMBERS[3 * number : 3 * number + 3]
            expected = dataset[...]
        with HDF5Store(path) as store:
            layout = store.root["d"].byte_layout()
            assert (layout.chunks, list(layout.places) == [()]) == ((None, True) if is_one_piece else (chunks, False))
            assert store.root["d"].chunks == chunks
            assert np.array_equal(LazyArray(store.root["d"])[...], expected)

    def test_filters_that_were_skipped_are_told(self, path):
        with h5py.File(path, "w") as file:
            dataset = file.create_dataset("d", (4,), "i4", chunks=(2,), compression="gzip", shuffle=True)
            dataset.id.write_direct_chunk((2,), np.arange(2, dtype="i4").tobytes(), filter_mask=3)
        with HDF5Store(path) as store:
            layout = store.root["d"].byte_layout()
            assert layout.filters == (("shuffle", {}), ("gzip", {"level": 4}))
            assert layout.places[1,].skipped_filters == 3

    def test_what_was_just_written_is_in_the_file(self, store, path):
        layout = store.root.create_dataset("d", Layout((4,), np.dtype("i4"), chunks=(4,)), [1, 2, 3, 4]).byte_layout()
        place = layout.places[0,]
        assert path.read_bytes()[place.offset : place.offset + place.size] == np.arange(1, 5, dtype="i4").tobytes()

    def test_tables_of_numbers_have_places(self, path):
        table = np.array([(1, 0.5, True)], [("x", "u4"), ("weight", "f4"), ("on", "?")])
        with h5py.File(path, "w") as file:
            file["table"] = table
        with HDF5Store(path) as store:
            layout = store.root["table"].byte_layout()
            assert layout.dtype == table.dtype
            place = layout.places[()]
            assert path.read_bytes()[place.offset : place.offset + place.size] == table.tobytes()

    def test_what_only_hdf5_can_read_has_none(self, path, tmp_path):
        with h5py.File(path, "w") as file:
            file["text"] = ["a"]
            file["fixed text"] = np.array([b"a"])
            file["references"] = np.array([file.ref], h5py.ref_dtype)
            source = h5py.VirtualSource(path, "other", (2,))
            layout = h5py.VirtualLayout((2,), "i4")
            layout[:] = source
            file.create_virtual_dataset("virtual", layout)
            file.create_dataset("external", data=np.arange(2), external=[(str(tmp_path / "raw"), 0, 16)])
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_layout(h5py.h5d.COMPACT)
            h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_I32LE, h5py.h5s.create_simple((2,)), properties)
            odd = h5py.h5t.STD_I32LE.copy()
            odd.set_precision(24)
            h5py.h5d.create(file.id, b"24 bits", odd, h5py.h5s.create_simple((2,)))
        with HDF5Store(path) as store:
            for name in store.root:
                assert store.root[name].byte_layout() is None, name
                assert np.shape(store.root[name].read()) == store.root[name].shape
        with HDF5Store(path, trusted=False) as store:
            for name in ("virtual", "external"):
                with pytest.raises(StorageError, match="other files"):
                    store.root[name].read()


def test_members_of_a_compound_with_room_between_them(raw):
    rows = np.zeros(3, np.dtype([("x", "u1"), ("weight", "f8")], align=True))
    rows["x"], rows["weight"] = [1, 2, 3], [0.5, 1.5, 2.5]
    raw.create_dataset("rows", data=rows)
    found = reopened(raw).root["rows"]
    assert found.byte_layout().dtype == rows.dtype
    assert LazyArray(found)[1:].tolist() == [(2, 1.5), (3, 2.5)]
