"""What a file holds, side by side with what the specification says of it.

Everything is looked at as stored, not as objects of the model: an object that the model could not even read is still examined.
Members and attributes are read once, when a rule first asks, and kept as long as the item is looked at.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from photonwb.errors import BrokenLinkError, PhotonwbError, SchemaError, UntrustedLinkError
from photonwb.schema import DatasetSpec, GroupSpec, LinkSpec
from photonwb.storage.contract import Link, is_group
from photonwb.validation.element_types import element_of_value, is_accepted
from photonwb.validation.matching import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from photonwb.schema import AttributeSpec, Catalog, TypedSpec
    from photonwb.storage.contract import Dataset, ElementType, Group, Store
    from photonwb.validation.matching import Child, Matching

__all__ = ["Item", "Member", "Specified", "StoredFile", "TypeFacts", "only_text"]

Node = Any  # a Group or a Dataset


class TypeFacts(NamedTuple):
    """What is known of a type by its name and namespace."""

    types: tuple[str, ...] = ()  # itself and those it inherits from
    spec: TypedSpec | None = None
    home: str = ""  # the namespace that defines it
    problem: str = ""


class Member(NamedTuple):
    """A member of a group, with what a link leads to."""

    name: str
    node: Node | None
    link: Link | None = None
    problem: str = ""
    types: tuple[str, ...] = ()
    is_untrusted: bool = False


class Specified(NamedTuple):
    """A value that is stored, and what is said of it: an attribute, or the content of a dataset."""

    at: str
    spec: AttributeSpec | DatasetSpec
    element: ElementType | None
    shape: tuple[int, ...]
    read: Callable[[], Any]


class StoredFile:
    """A file under examination.

    Parameters
    ----------
    store : Store
    catalog : Catalog
        The specifications that its objects must follow.
    """

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self.store = store
        self.catalog = catalog
        self.paths: dict[Hashable, str] = {}  # where each object was met first
        self.object_ids: dict[str, str] = {}  # and each object_id
        self._facts: dict[tuple[str, str], TypeFacts] = {}
        self._slots: dict[int, Slots] = {}
        self._is_plain: dict[int, tuple[TypedSpec, bool]] = {}  # with what it is of, which so keeps its id
        self._attributes: dict[tuple[str, str], dict[str, Any]] = {}

    @cached_property
    def is_of_this_version(self) -> bool:
        """Whether the specification at hand is that of the version which the file says it follows."""
        return only_text(self.attributes(self.store.root).get("nwb_version")) == self.catalog.namespaces.get("core")

    @cached_property
    def carries_specification(self) -> bool:
        """Whether the standard is cached in the file."""
        return "specifications/core" in self.store.root

    def items(self) -> Iterator[Item]:
        """Everything in the file that the specification speaks of, parents first."""
        facts = self.facts("NWBFile", "core")
        waiting = [Item(self, self.store.root, "/", (facts.spec,) if facts.spec else ())]
        while waiting:
            item = waiting.pop()
            if item.link is None or item.node.store is not self.store:
                item.first_path = self.paths.setdefault(self._identity(item), item.path)
            yield item
            # A second name of a group adds nothing, and might be one inside itself.
            if item.first_path == item.path:
                waiting.extend(reversed(item.children()))

    def _identity(self, item: Item) -> Hashable:
        try:
            return item.node.identity
        except PhotonwbError:
            return item.path

    def facts(self, neurodata_type: str, namespace: str) -> TypeFacts:
        """What is known of a type."""
        key = neurodata_type, namespace
        found = self._facts.get(key)
        if found is None:
            try:
                home = self.catalog.namespace_of(*key)
                types, spec = self.catalog.ancestors(*key), self.catalog.resolve(*key)
                found = TypeFacts(types, spec, home)
            except SchemaError as error:
                found = TypeFacts(problem=str(error))
            self._facts[key] = found
        return found

    def slots(self, spec: GroupSpec) -> Slots:
        """The places for members in a specification."""
        found = self._slots.get(id(spec))
        if found is None:
            found = self._slots[id(spec)] = Slots(spec)
        return found

    def adds_nothing(self, child: TypedSpec, facts: TypeFacts) -> bool:
        """Whether the specification of a child says no more of it than that it has a type."""
        if isinstance(child, GroupSpec):
            return not (child.attributes or child.datasets or child.groups or child.links)
        if id(child) not in self._is_plain:
            inherited = self.facts(child.type_name or "", facts.home).spec
            is_plain = isinstance(inherited, DatasetSpec) and _content(child) == _content(inherited)
            self._is_plain[id(child)] = child, is_plain
        return self._is_plain[id(child)][1]

    def attributes(self, node: Node) -> dict[str, Any]:
        """All attributes of a node; an error in place of the value of one that cannot be read."""
        key = node.store.location, node.path
        found = self._attributes.get(key)
        if found is None:
            found = self._attributes[key] = {}
            stored = node.attributes
            try:
                names = list(stored)
            except PhotonwbError as error:
                found["?"] = error
                names = []
            for name in names:
                try:
                    found[name] = stored[name]
                except PhotonwbError as error:
                    found[name] = error
        return found

    def type_of(self, node: Node) -> tuple[str, str]:
        """Type and namespace that a node says it is of; "" for what it does not say."""
        attributes = self.attributes(node)
        return only_text(attributes.get("neurodata_type", attributes.get("data_type"))), only_text(attributes.get("namespace"))

    def member(self, group: Group, name: str) -> Member:
        """A member of a group, its link followed."""
        link: Link | None = None
        try:
            node: Any = group[name]
            if isinstance(node, Link):
                link = node
                node = group.store.follow(link, group)
            neurodata_type, namespace = self.type_of(node)
        except BrokenLinkError as error:
            return Member(name, None, link, str(error), is_untrusted=isinstance(error, UntrustedLinkError))
        except PhotonwbError as error:
            return Member(name, None, link, f"cannot be read: {error}")
        return Member(name, node, link, "", self.facts(neurodata_type, namespace).types if neurodata_type else ())

    def specs_for(self, node: Node, children: Iterable[Child]) -> tuple[TypedSpec, ...]:
        """What holds for a node: what its type says, and what is said of it in addition where it stands."""
        neurodata_type, namespace = self.type_of(node)
        facts = self.facts(neurodata_type, namespace) if neurodata_type else TypeFacts()
        specs = [facts.spec] if facts.spec is not None else []
        for child in children:
            if not isinstance(child, LinkSpec) and isinstance(child, GroupSpec) == is_group(node):
                if not specs:
                    specs.append(child if child.type_name is None else self.catalog.expand(child))
                elif child.type_name is None or not self.adds_nothing(child, facts):
                    specs.append(child)
        return tuple(specs)


class Item:
    """A stored group or dataset, with what the specification says of it."""

    def __init__(self, file: StoredFile, node: Node, path: str, specs: tuple[TypedSpec, ...], link: Link | None = None) -> None:
        self.file = file
        self.node = node
        self.path = path
        self.specs = specs
        self.link = link
        self.first_path = path

    @property
    def is_group(self) -> bool:
        """Whether it is a group, not a dataset."""
        return is_group(self.node)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """All attributes; an error in place of the value of one that cannot be read."""
        return self.file.attributes(self.node)

    @cached_property
    def type(self) -> str:
        """Its neurodata_type, "" for a mere folder or dataset."""
        return self.file.type_of(self.node)[0]

    @cached_property
    def namespace(self) -> str:
        """The namespace that it says its type is of."""
        return self.file.type_of(self.node)[1]

    @property
    def types(self) -> tuple[str, ...]:
        """Its type and those it inherits from; empty when it has none, or one that is not known."""
        return self.file.facts(self.type, self.namespace).types if self.type else ()

    @cached_property
    def members(self) -> dict[str, Member]:
        """Members of the group by name; of a dataset, none."""
        if not self.is_group:
            return {}
        group = cast("Group", self.node)
        left_out = _specification_names(self) if self.path == "/" else ()
        return {name: self.file.member(group, name) for name in group if name not in left_out}

    @cached_property
    def matchings(self) -> list[Matching]:
        """The members sorted by children, for each specification of the group."""
        specs = [spec for spec in self.specs if isinstance(spec, GroupSpec)]
        return [self.file.slots(spec).match(self.members.values()) for spec in specs]

    @cached_property
    def places(self) -> dict[str, list[Child]]:
        """For each member, which children of the specification it is; none for what is not specified."""
        places: dict[str, list[Child]] = {name: [] for name in self.members}
        for matching in self.matchings:
            for child, members in matching.found:
                for member in members:
                    places[member.name].append(child)
        return places

    def children(self) -> list[Item]:
        """What is to be looked at next: what lies in this group, and values that it shares by link."""
        try:
            members, places = self.members, self.places
        except PhotonwbError:
            return []  # every rule that looked at the members has told so
        return [item for name, member in members.items() if (item := self._child(member, places[name])) is not None]

    def _child(self, member: Member, children: list[Child]) -> Item | None:
        """A member to be looked at; None for one that is not specified, or that is looked at elsewhere."""
        try:
            specs = self.file.specs_for(member.node, children) if member.node is not None else ()
            if not specs or (member.link is not None and not self._is_new_behind_link(member)):
                return None
        except PhotonwbError:
            return None  # its owner cannot be read, as is told there
        return Item(self.file, member.node, self._path_of(member), specs, member.link)

    def _is_new_behind_link(self, member: Member) -> bool:
        """Whether something behind a link has to be looked at from here, too."""
        node = member.node
        if node.store is not self.node.store:  # type: ignore[union-attr]
            return True
        if member.types or is_group(node):  # type: ignore[arg-type]
            return False
        # Values that series share: what is asked of them here may be more than where they lie.
        owner, _, name = node.path.rpartition("/")  # type: ignore[union-attr]
        there = self.file.facts(*self.file.type_of(self.file.store.root[owner.lstrip("/")])).spec if owner else None
        asked = there.dataset(name) if isinstance(there, GroupSpec) else None
        return any(child != asked for child in self.places[member.name])

    def _path_of(self, member: Member) -> str:
        if member.node.store is not self.node.store and member.types:  # type: ignore[union-attr]
            return cast("Any", member.node).path
        return f"{self.path.rstrip('/')}/{member.name}"

    @cached_property
    def specifications(self) -> dict[str, list[str]]:
        """Of a file: versions of each namespace whose specification is in it."""
        found: dict[str, list[str]] = {}
        if "specifications" in self.node:
            group: Any = self.node["specifications"]
            for namespace in group if is_group(group) else ():
                versions: Any = group[namespace]
                found[namespace] = list(versions) if is_group(versions) else []
        return found

    @cached_property
    def specified(self) -> list[Specified]:
        """The values stored here that the specification says something of."""
        found: list[Specified] = []
        for spec in self.specs:
            for attribute in spec.attributes:
                value = self.attributes.get(attribute.name)
                if value is not None and not isinstance(value, Exception):
                    shape = getattr(value, "shape", ())
                    element = self._attribute_element(attribute, value)
                    found.append(Specified(f"@{attribute.name}", attribute, element, shape, _given(value)))
            if isinstance(spec, DatasetSpec) and not self.is_group:
                found.append(Specified("", spec, self.element, self.shape, self.read))
        return found

    def _attribute_element(self, attribute: AttributeSpec, value: Any) -> ElementType | None:
        """What an attribute is made of; a format with but one kind of integers does not tell whether they have a sign."""
        element = element_of_value(value)
        if self.node.store.has_typed_attributes or getattr(element, "name", "") != "int64" or value.min() < 0:
            return element
        import numpy as np

        unsigned = np.dtype("uint64")
        return unsigned if is_accepted(attribute.dtype, unsigned) else element

    # Of a dataset.

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the dataset."""
        return cast("Dataset", self.node).shape

    @cached_property
    def element(self) -> ElementType:
        """What its elements are."""
        return cast("Dataset", self.node).layout.element

    def read(self) -> Any:
        """All its values."""
        return self._values

    @cached_property
    def _values(self) -> Any:
        return cast("Dataset", self.node).read()


def only_text(value: Any) -> str:
    """A text, also one in an array of one; "" for anything else."""
    if getattr(value, "shape", ()) == (1,):
        value = value[0]
    return value if isinstance(value, str) else ""


def _content(spec: DatasetSpec) -> tuple[Any, ...]:
    return spec.dtype, spec.shape, spec.value, spec.attributes


def _given(value: Any) -> Callable[[], Any]:
    return lambda: value


def _specification_names(root: Item) -> tuple[str, ...]:
    """Members of the root that hold specifications, which do not speak of themselves."""
    location = root.attributes.get(".specloc")
    path = getattr(location, "path", location)
    return ("specifications", path.strip("/") if isinstance(path, str) else "specifications")
