"""Rules on links: where they lead, and where objects have several names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.errors import PhotonwbError
from photonwb.schema import LinkSpec
from photonwb.storage.contract import Link
from photonwb.storage.links import descend
from photonwb.validation.findings import Severity
from photonwb.validation.matching import expected_type
from photonwb.validation.rule_table import Problem, enter_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photonwb.validation.stored import Item, Member

__all__ = [
    "broken_link",
    "hard_link",
    "illegal_link",
    "link_beside_target",
    "link_to_link",
    "relative_link",
    "same_target_name",
    "second_hard_link",
    "untrusted_link",
]

rule = enter_in("schema")


def _links(item: Item) -> Iterator[tuple[Member, Link]]:
    for member in item.members.values():
        if member.link is not None:
            yield member, member.link


@rule("broken_link", Severity.ERROR)
def broken_link(item: Item) -> Iterator[Problem]:
    """A link leads to nothing, or a member cannot be opened."""
    for member in item.members.values():
        if member.node is not None or member.is_untrusted:
            continue
        wanted = next((expected_type(child) for child in item.places[member.name] if expected_type(child)), None)
        link = member.link
        if link is None:
            yield Problem(
                f"a member {member.problem}", member.name, wanted or "", fix="the file is damaged here: restore or delete it"
            )
            continue
        found = f"{link.file}:{link.path}" if link.file else link.path
        fix = "put the other file back beside this one" if link.file else "let it lead to an existing object, or delete it"
        yield Problem("a link leads nowhere", member.name, wanted or "an object", found, fix)


@rule("untrusted_link", Severity.WARNING)
def untrusted_link(item: Item) -> Iterator[Problem]:
    """A link leads out of the folder of the file, and was not followed."""
    for member in item.members.values():
        if member.is_untrusted and member.link is not None:
            found = f"{member.link.file}:{member.link.path}" if member.link.file else member.link.path
            fix = "validate with trusted=True if you know who made the file"
            yield Problem("a link out of the folder of the file was not followed", member.name, found=found, fix=fix)


@rule("relative_link", Severity.ERROR)
def relative_link(item: Item) -> Iterator[Problem]:
    """A link to a relative path, which pynwb loses and MatNWB refuses."""
    for member, link in _links(item):
        if member.node is not None and link.file is None and not link.path.startswith("/"):
            path = member.node.path
            yield Problem("a link with a relative path", member.name, path, link.path, f"let it lead to {path}")


@rule("link_to_link", Severity.WARNING)
def link_to_link(item: Item) -> Iterator[Problem]:
    """A link leads to another link, so that pynwb cannot export the file."""
    for member, link in _links(item):
        if member.node is None or link.file is not None:
            continue
        try:
            direct = descend(item.node, link.path)
        except PhotonwbError:
            continue
        if isinstance(direct, Link):
            path = member.node.path
            yield Problem("a link to a link", member.name, path, link.path, f"let it lead to {path}")


@rule("same_target_name", Severity.WARNING)
def same_target_name(item: Item) -> Iterator[Problem]:
    """Two links in a group lead to objects of the same name, of which pynwb shows one only."""
    seen: dict[str, str] = {}
    for member, _ in _links(item):
        if member.node is None or any(child.name for child in item.places[member.name]):
            continue
        other = seen.setdefault(member.node.name, member.name)
        if other != member.name:
            yield Problem(
                f"this link and {other!r} lead to objects of the same name {member.node.name!r}",
                member.name,
                fix="rename one of the objects",
            )


@rule("link_beside_target", Severity.ERROR)
def link_beside_target(item: Item) -> Iterator[Problem]:
    """A link and its target are in the same group, so that pynwb cannot read the file."""
    for member, _ in _links(item):
        node = member.node
        if (
            node is not None
            and member.types
            and node.store is item.node.store
            and node.path.rpartition("/")[0] == item.path.rstrip("/")
        ):
            yield Problem(f"a link beside its target {node.name!r}", member.name, found=node.path, fix="delete the link")


@rule("illegal_link", Severity.ERROR)
def illegal_link(item: Item) -> Iterator[Problem]:
    """A link stands where the standard wants the object itself."""
    for matching in item.matchings:
        for child, members in matching.found:
            for member in members:
                if member.link is not None and not isinstance(child, LinkSpec) and not child.linkable:
                    yield Problem("a link where the object itself belongs", member.name, fix="put the object there")


@rule("hard_link", Severity.ERROR)
def hard_link(item: Item) -> Iterator[Problem]:
    """An object, or a hard link to one, stands where the standard wants a soft link: pynwb does not see it."""
    for matching in item.matchings:
        for child, members in matching.found:
            for member in members:
                if isinstance(child, LinkSpec) and member.link is None and member.node is not None:
                    yield Problem(
                        "no soft link",
                        member.name,
                        f"a soft link to a {child.target_type}",
                        "the object itself, or a hard link",
                        "replace it by a soft link to the absolute path of the object",
                    )


@rule("second_hard_link", Severity.ERROR)
def second_hard_link(item: Item) -> Iterator[Problem]:
    """A stored object has a second name, by a hard link."""
    if item.link is not None or item.first_path == item.path:
        return
    same_name = item.first_path.rpartition("/")[2] == item.path.rpartition("/")[2]
    yield Problem(
        f"this is the same stored object as {item.first_path}",
        expected="a soft link",
        found="a hard link",
        fix="replace one of the two by a soft link to the other",
        # Under another name, pynwb fails to read the object; under the same, it only fails to export it.
        severity=Severity.WARNING if same_name else None,
    )
