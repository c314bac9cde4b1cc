"""Groups, datasets, links: what every store does with its tree."""

from __future__ import annotations

import numpy as np
import pytest

from photonwb.errors import BrokenLinkError, ClosedFileError, InvalidValueError, NotFoundError, PhotonwbError, StorageError
from photonwb.storage.contract import REFERENCE, TEXT, Layout, Link, Reference, is_group

NUMBERS = Layout((3,), np.dtype("i4"))


@pytest.fixture
def tree(store):
    """/a/b/numbers, /a/z, /top."""
    a = store.root.create_group("a")
    a.create_group("b").create_dataset("numbers", NUMBERS, [1, 2, 3])
    a.create_group("z")
    store.root.create_dataset("top", Layout((), TEXT), "text")
    return store


def test_a_new_store_is_an_empty_group(store):
    root = store.root
    assert (root.path, root.name, list(root), len(root)) == ("/", "/", [], 0)
    assert root.store is store
    assert store.writable
    assert is_group(root)


def test_members_come_in_the_order_of_their_names(store):
    names = ["b", "a", "Z", "é", "a b", "a.b", "10", "9"]
    for name in names:
        store.root.create_group(name)
    assert list(store.root) == sorted(names)
    assert len(store.root) == len(names)


def test_members_are_found_by_name_and_by_path(tree, maker):
    root = maker.reopen(tree).root
    assert root["a"]["b"]["numbers"].path == "/a/b/numbers"
    assert root["a/b/numbers"].name == "numbers"
    assert root["a"]["/top"].path == "/top"
    assert is_group(root["a"])
    assert not is_group(root["top"])
    assert "a/b" in root
    assert "a/x" not in root
    assert "top/x" not in root
    assert 3 not in root
    assert "" not in root


def test_what_is_not_there_is_not_found(tree):
    for path in ("x", "a/x", "x/a", "top/x", "", ".", ".."):
        with pytest.raises(NotFoundError, match=r"has no member|no members"):
            tree.root[path]


def test_one_object_has_one_identity(tree):
    assert tree.root["a"]["b"].identity == tree.root["a/b"].identity
    assert tree.root["a/b"].identity != tree.root["a/z"].identity
    assert hash(tree.root["a"].identity) == hash(tree.root["a"].identity)


@pytest.mark.parametrize("name", ["", "a/b", "/", ".", "..", "nul\0"])
def test_names_that_no_member_can_have(store, name):
    for create in (
        store.root.create_group,
        lambda n: store.root.create_dataset(n, NUMBERS),
        lambda n: store.root.create_link(n, Link("/")),
    ):
        with pytest.raises(InvalidValueError, match="cannot be the name"):
            create(name)
    assert list(store.root) == []


def test_a_member_is_not_replaced_by_accident(tree):
    for create in (lambda: tree.root.create_group("a"), lambda: tree.root.create_dataset("a", NUMBERS)):
        with pytest.raises(InvalidValueError, match="already"):
            create()
    assert list(tree.root["a"]) == ["b", "z"]


def test_delete(tree):
    tree.root["a"].delete("b")
    assert list(tree.root["a"]) == ["z"]
    with pytest.raises(NotFoundError):
        tree.root["a/b"]
    with pytest.raises(NotFoundError):
        tree.root.delete("b")
    tree.root["a"].create_group("b")
    assert list(tree.root["a/b"]) == []


def test_delete_removes_the_link_and_not_its_target(tree):
    tree.root.create_link("soft", Link("/a/b"))
    tree.root.delete("soft")
    assert "soft" not in tree.root
    assert list(tree.root["a/b"]) == ["numbers"]


def test_move(tree, maker):
    tree.root["a"].move("b", tree.root["a/z"], "new")
    assert list(tree.root["a"]) == ["z"]
    moved = tree.root["a/z/new/numbers"]
    assert moved.path == "/a/z/new/numbers"
    assert list(moved.read()) == [1, 2, 3]
    tree.root.move("top", tree.root, "bottom")
    assert list(maker.reopen(tree).root) == ["a", "bottom"]


def test_moves_that_make_no_sense(tree, maker):
    other = maker.create("other.nwb")
    a = tree.root["a"]
    with pytest.raises(InvalidValueError, match="itself"):
        tree.root.move("a", a["b"], "a")
    with pytest.raises(InvalidValueError, match="another file"):
        tree.root.move("a", other.root, "a")
    with pytest.raises(InvalidValueError, match="already"):
        a.move("b", a, "z")
    with pytest.raises(NotFoundError):
        a.move("x", a, "y")
    assert list(a) == ["b", "z"]


def test_links_are_shown_and_not_followed(tree, maker):
    tree.root.create_link("soft", Link("/a/b"))
    tree.root.create_link("broken", Link("/nowhere"))
    tree.root.create_link("outside", Link("/x", "other.nwb"))
    root = maker.reopen(tree).root
    assert root["soft"] == Link("/a/b", None)
    assert root["broken"] == Link("/nowhere", None)
    assert root["outside"] == Link("/x", "other.nwb")
    assert list(root) == ["a", "broken", "outside", "soft", "top"]
    assert "broken" in root


def test_links_on_the_way_are_followed(tree):
    tree.root.create_link("soft", Link("/a"))
    tree.root["a/z"].create_link("inner", Link("/soft/b"))
    assert tree.root["soft/b"].path == "/a/b"
    assert tree.root["soft/z/inner/numbers"].path == "/a/b/numbers"
    assert tree.root["soft/z/inner"] == Link("/soft/b")
    assert "soft/z/inner/numbers" in tree.root


def test_follow_gives_the_path_without_links(tree):
    tree.root.create_link("one", Link("/two"))
    tree.root.create_link("two", Link("/a/z/three/b"))
    tree.root["a/z"].create_link("three", Link("/a"))
    assert tree.follow(tree.root["one"]).path == "/a/b"
    assert tree.follow(Reference("/one/numbers")).path == "/a/b/numbers"
    assert tree.follow(Link("/")).path == "/"


def test_relative_links_start_at_their_group(tree):
    z = tree.root["a/z"]
    z.create_link("near", Link("deep"))
    z.create_group("deep")
    assert tree.follow(z["near"], z).path == "/a/z/deep"
    assert tree.root["a/z/near"] == Link("deep")
    with pytest.raises(BrokenLinkError):
        tree.follow(z["near"])


def test_broken_links(tree):
    root = tree.root
    root.create_link("broken", Link("/nowhere"))
    root.create_link("through", Link("/top/x"))
    root.create_link("chain", Link("/broken/y"))
    for name in ("broken", "through", "chain"):
        with pytest.raises(BrokenLinkError, match=r"a\.nwb.*cannot be reached"):
            tree.follow(root[name], root)
    with pytest.raises(BrokenLinkError):
        root["broken/x"]
    with pytest.raises(BrokenLinkError):
        tree.follow(Reference("/nowhere"))
    with pytest.raises(BrokenLinkError, match="no longer exists"):
        tree.follow(Reference(""))


def test_circles_end(tree):
    tree.root.create_link("self", Link("/self"))
    tree.root.create_link("ping", Link("/pong"))
    tree.root.create_link("pong", Link("/ping/x"))
    for name in ("self", "ping", "pong"):
        with pytest.raises(BrokenLinkError, match="circle"):
            tree.follow(tree.root[name])


def test_links_into_other_files(tree, maker):
    other = maker.create("other.nwb")
    other.root.create_group("there").attributes["x"] = 1
    other.root.create_link("back", Link("/a/b", "a.nwb"))
    other.root.create_link("circle", Link("/circle", "a.nwb"))
    other = maker.reopen(other)
    tree.root.create_link("outside", Link("/there", "other.nwb"))
    tree.root.create_link("round", Link("/back/numbers", "other.nwb"))
    tree.root.create_link("circle", Link("/circle", "other.nwb"))
    tree.root.create_link("broken", Link("/there", "missing.nwb"))
    tree = maker.reopen(tree)
    there = tree.follow(tree.root["outside"])
    assert there.path == "/there"
    assert there.store is not tree
    assert there.attributes["x"] == 1
    # The way back ends in the store that is open already.
    numbers = tree.follow(tree.root["round"])
    assert numbers.store is tree
    assert list(numbers.read()) == [1, 2, 3]
    with pytest.raises(BrokenLinkError, match="circle"):
        tree.follow(tree.root["circle"])
    with pytest.raises(BrokenLinkError, match=r"missing\.nwb"):
        tree.follow(tree.root["broken"])


def test_references_stay_valid_when_their_target_moves(tree, maker):
    tree.root["a/z"].attributes["target"] = Reference("/a/b/numbers")
    tree.root["a"].move("b", tree.root, "elsewhere")
    tree = maker.reopen(tree)
    assert tree.root["a/z"].attributes["target"] == Reference("/elsewhere/numbers")


def test_a_reference_to_something_deleted_leads_nowhere(tree, maker):
    tree.root["a/z"].attributes["target"] = Reference("/a/b/numbers")
    tree.root["a"].delete("b")
    tree = maker.reopen(tree)
    reference = tree.root["a/z"].attributes["target"]
    assert reference == Reference("")
    with pytest.raises(BrokenLinkError):
        tree.follow(reference)


def test_a_reference_cannot_be_made_to_nothing(tree):
    with pytest.raises(BrokenLinkError):
        tree.root.attributes["target"] = Reference("/nowhere")
    assert "target" not in tree.root.attributes


def test_what_fails_leaves_nothing_behind(store):
    for wrong in ({"x": None}, {"ok": 1, "x": Reference("/nowhere")}):
        with pytest.raises(PhotonwbError):
            store.root.create_group("g", wrong)
        with pytest.raises(PhotonwbError):
            store.root.create_dataset("d", NUMBERS, [1, 2, 3], wrong)
    with pytest.raises(PhotonwbError):
        store.root.create_dataset("d", Layout((1,), REFERENCE), [Reference("/nowhere")])
    assert list(store.root) == []


def test_reading_does_not_change(tree, maker):
    tree = maker.reopen(tree)
    root, numbers = tree.root, tree.root["a/b/numbers"]
    assert not tree.writable
    changes = [
        lambda: root.create_group("new"),
        lambda: root.create_dataset("new", NUMBERS),
        lambda: root.create_link("new", Link("/")),
        lambda: root.delete("a"),
        lambda: root.move("a", root, "new"),
        lambda: root.attributes.update(new=1),
        lambda: numbers.write((), [3, 2, 1]),
    ]
    for change in changes:
        with pytest.raises(StorageError, match="reading only"):
            change()
    assert list(root) == ["a", "top"]
    assert list(numbers.read()) == [1, 2, 3]


def test_a_closed_store_says_so(tree, maker):
    tree.root.attributes["x"] = 1
    tree = maker.reopen(tree)
    numbers, group, attributes = tree.root["a/b/numbers"], tree.root["a"], tree.root.attributes
    tree.close()
    tree.close()
    assert tree.closed
    uses = [
        lambda: numbers.read(),
        lambda: numbers.byte_layout(),
        lambda: list(group),
        lambda: len(group),
        lambda: "b" in group,
        lambda: group["b"],
        lambda: attributes["x"],
        lambda: list(attributes),
        lambda: tree.follow(Link("/a")),
    ]
    for use in uses:
        with pytest.raises(ClosedFileError, match=r"a\.nwb"):
            use()
