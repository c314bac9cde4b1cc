"""Classes made from a specification, for the types that nobody wrote a class for.

The standard has many types that an optical experiment rarely needs, and extensions add their own. What the specification of such
a type says is enough for a class: fields, constructor, collections, columns. Nothing that a file says can make this fail: a type
that makes no sense becomes a plain object of the nearest type that does.

Classes of extensions belong to the catalog that they were made from, because two files may mean different things by one name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from photonwb.core import MultiContainerInterface, NWBContainer, NWBData, NWBDataInterface
from photonwb.errors import PhotonwbError, SchemaError
from photonwb.model import registry
from photonwb.model.fields import Field, Kind
from photonwb.model.generated_fields import fields_for, members_of
from photonwb.model.generated_init import REQUIRED, Constructor, parameters_of
from photonwb.model.labelled import adder, creator, getter
from photonwb.model.later import Later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from photonwb.model.container import AbstractContainer
    from photonwb.model.fields import Shapes
    from photonwb.model.generated_fields import Member
    from photonwb.schema import Catalog
    from photonwb.schema.specification import DatasetSpec, GroupSpec

__all__ = ["SERIES", "Additions", "FromSchema", "Recipe", "class_for", "offered"]

# The modules of the standard whose classes are made here.
_MODULES = tuple(
    f"photonwb.{name}" for name in ("ecephys", "behavior", "misc", "ogen", "icephys", "event", "retinotopy", "resources")
)

_made: WeakKeyDictionary[Catalog, dict[tuple[str, str], type[AbstractContainer]]] = WeakKeyDictionary()


SERIES = "resolution conversion timestamps starting_time rate comments description control control_description offset"
"""The arguments that most series end with."""


class Additions:
    """Base of the methods that users know of a type and that no specification tells."""

    def _before(self, given: dict[str, Any]) -> None:
        """Amend the arguments of the constructor."""

    def _after(self, given: Mapping[str, Any]) -> None:
        """Finish the object once its fields are set."""


class Recipe(NamedTuple):
    """What users expect of a type and its specification does not say.

    Attributes
    ----------
    arguments : str
        Established order of the arguments of the constructor, "!" after those that are required though the specification does
        not say so; "" for the order of the specification.
    defaults : dict
        Established defaults.
    given : dict
        What the class below is given where no argument says it.
    names : dict
        Established names of fields, by their place in the file.
    shapes : dict
        Shapes that are taken though the specification has fewer.
    singular : str
        What the methods of the collection are called after.
    methods : type, optional
        Further methods.
    retired : str
        What to use instead of a type that new files must not have.
    """

    arguments: str = ""
    defaults: Mapping[str, Any] = {}
    given: Mapping[str, Any] = {}
    names: Mapping[str, str] = {}
    shapes: Mapping[str, Shapes] = {}
    singular: str = ""
    methods: type[Additions] | None = None
    retired: str = ""


if TYPE_CHECKING:

    class FromSchema:
        """How a type checker sees a class that is made from a specification: it takes anything and has anything."""

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

else:
    FromSchema = object


def class_for(
    neurodata_type: str, namespace: str, catalog: Catalog, *, dataset: bool = False, register: bool = False
) -> type[AbstractContainer]:
    """The class for a type: the written one if there is one, else one made from the specification.

    Parameters
    ----------
    neurodata_type, namespace : str
        As a file names them.
    catalog : Catalog
        The specifications of that file.
    dataset : bool
        Whether the object in question is a dataset, should nothing be known of its type.
    register : bool
        Whether the class is to stand for the type in all files.

    Returns
    -------
    type
        At worst a plain container that bears the name of the type.
    """
    known = registry.known_class(neurodata_type, namespace)
    if known is not None:
        return known
    made = _made.setdefault(catalog, {})
    key = namespace, neurodata_type
    if key not in made:
        try:
            made[key] = _make(neurodata_type, namespace, catalog)
        except (PhotonwbError, TypeError, ValueError, AttributeError, RecursionError):
            # Whatever is wrong with a specification, the objects of its type can be looked at.
            made[key] = _plain(neurodata_type, namespace, catalog, NWBData if dataset else NWBContainer)
    found = made[key]
    if register:
        for cls in found.__mro__:
            if getattr(cls, "__catalog__", None) is not None and "neurodata_type" in cls.__dict__:
                registry.enter(cls)
    return found


def _make(neurodata_type: str, namespace: str, catalog: Catalog) -> type[AbstractContainer]:
    from photonwb.schema import bundled

    # Types of the standard are the same in all files, however old the specification in the file.
    standard = bundled().types()
    is_standard = neurodata_type in standard.get(namespace, ())
    home = namespace if is_standard else catalog.namespace_of(neurodata_type, namespace)
    if home in standard and neurodata_type in standard[home]:
        return registry.known_class(neurodata_type, home) or _class_of_standard(neurodata_type, home)
    if home != namespace:
        return class_for(neurodata_type, home, catalog)
    lineage = catalog.ancestors(neurodata_type, home)
    base = class_for(lineage[1], home, catalog) if len(lineage) > 1 else None
    cls = _class_over(base, neurodata_type, home, catalog, Recipe())
    type.__setattr__(cls, "__catalog__", catalog)
    return cls


def _class_of_standard(neurodata_type: str, namespace: str) -> type[AbstractContainer]:
    """A class of the standard; the module of its part of the standard knows what users expect of it."""
    from importlib import import_module

    for module in map(import_module, _MODULES):
        if neurodata_type in module.RECIPES:
            return standard_class(neurodata_type, namespace, module.RECIPES[neurodata_type], module.__name__)
    return standard_class(neurodata_type, namespace, Recipe(), __name__)


def standard_class(neurodata_type: str, namespace: str, recipe: Recipe, module: str) -> type[AbstractContainer]:
    """Make and register the class of a type of the bundled standard."""
    from photonwb.schema import bundled

    catalog = bundled()
    lineage = catalog.ancestors(neurodata_type, namespace)
    base = class_for(lineage[1], namespace, catalog) if len(lineage) > 1 else None
    cls = _class_over(base, neurodata_type, namespace, catalog, recipe)
    cls.__module__ = module
    registry.enter(cls)
    return cls


def _plain(neurodata_type: str, namespace: str, catalog: Catalog, otherwise: type[AbstractContainer]) -> type[AbstractContainer]:
    """A class without fields of its own, of the nearest type that makes sense."""
    try:
        lineage = catalog.ancestors(neurodata_type, namespace)
    except (SchemaError, RecursionError):
        lineage = ()
    found = (registry.known_class(name, "core") for name in lineage[1:])
    base = next((cls for cls in found if cls is not None), otherwise)
    name = neurodata_type.replace("\0", "").encode("utf-8", "replace").decode()
    return type(base)(name, (base,), {"__module__": __name__, "neurodata_type": neurodata_type, "namespace": namespace})


def _class_over(
    base: type[AbstractContainer] | None, neurodata_type: str, namespace: str, catalog: Catalog, recipe: Recipe
) -> type[AbstractContainer]:
    """A class with everything that the specification of a type adds to its base."""
    spec = catalog.resolve(neurodata_type, namespace)
    if base is None:
        base = NWBContainer if hasattr(spec, "groups") else NWBData
    below = _spec_of(base, catalog)
    members = {member.place: member for member in members_of(spec)}
    inherited = {member.place: member for member in members_of(below)} if below is not None else {}
    body: dict[str, Any] = {"__module__": __name__, "__doc__": spec.doc, "neurodata_type": neurodata_type, "namespace": namespace}
    if hasattr(base, "add_column"):
        from photonwb.model.generated_columns import column_attributes, columns_for

        body |= columns_for(spec, below, base, catalog, namespace)
        members = _without_columns(members, base, catalog, namespace)
        members |= {member.place: member for member in column_attributes(spec, catalog, namespace)}
        inherited |= {member.place: member for member in column_attributes(below, catalog, namespace)}
    fields = fields_for(members, inherited, base, recipe.names)
    body |= fields
    for name, shapes in recipe.shapes.items():
        fields[name].shapes = shapes
    for name, field in fields.items():
        if field.kind == Kind.CHILDREN and not hasattr(base, name):
            body |= _collection_methods(name, field, recipe.singular or name, namespace, catalog)
    if base is NWBDataInterface and any(field.kind == Kind.CHILDREN for field in fields.values()):
        base = MultiContainerInterface
    bases = (base,) if recipe.methods is None else (recipe.methods, base)
    cls: type[AbstractContainer] = type(base)(neurodata_type, bases, body)
    _give_constructor(cls, base, spec, fields, recipe)
    return cls


def _without_columns(
    members: dict[Any, Member], base: type[AbstractContainer], catalog: Catalog, namespace: str
) -> dict[Any, Member]:
    """Members of a table that are not among its columns, identifiers and categories, which it has in its own way."""
    kinds = ("VectorData", "ElementIdentifiers", *(["DynamicTable"] if hasattr(base, "add_category") else []))
    return {
        place: member
        for place, member in members.items()
        if member.kind != Kind.CHILD or not any(catalog.is_a(member.type, kind, namespace) for kind in kinds)
    }


def _spec_of(cls: type[AbstractContainer], catalog: Catalog) -> GroupSpec | DatasetSpec | None:
    """What the type of a class says; None where the class says it all."""
    try:
        return getattr(cls, "__catalog__", catalog).resolve(cls.neurodata_type, cls.namespace)
    except SchemaError:
        return None


def _give_constructor(
    cls: type[AbstractContainer],
    base: type[AbstractContainer],
    spec: GroupSpec | DatasetSpec,
    fields: dict[str, Field],
    recipe: Recipe,
) -> None:
    """Arguments: those of the base, then the new fields, those that are required first; or in the established order."""
    wanted = parameters_of(base)
    told = _defaults_of(spec, cls)
    if recipe.arguments:
        names = recipe.arguments.split()
    else:
        names = [name for name in (*wanted, *(name for name in fields if name not in wanted)) if not _is_fixed(cls, name)]
    if spec.name is not None:
        names = [name for name in names if name != "name"]
        recipe = recipe._replace(given={"name": spec.name, **recipe.given})
    given = {"name": spec.default_name, **told, **recipe.defaults}
    parameters = {name.rstrip("!"): _default_of(name, cls, wanted, fields, given) for name in names}
    parameters |= {name: value for name, value in recipe.defaults.items() if name in parameters}
    if not recipe.arguments:
        parameters = dict(sorted(parameters.items(), key=lambda item: item[1] is not REQUIRED))
    cls.__defaults__ = {**base.__defaults__, **{name: value for name, value in given.items() if value is not None}}
    type.__setattr__(cls, "__init__", Constructor(cls, base, parameters, recipe))


def _is_fixed(cls: type[AbstractContainer], name: str) -> bool:
    field = cls.__fields__.get(name)
    return field is not None and field.fixed is not None


def _default_of(
    name: str, cls: type[AbstractContainer], wanted: Mapping[str, Any], fields: Mapping[str, Field], given: Mapping[str, Any]
) -> Any:
    """Default of an argument: what is given for it, what the base has, or what the field tells."""
    if name.endswith("!"):
        return REQUIRED
    if given.get(name) is not None:
        return given[name]
    field = cls.__fields__.get(name)
    if field is not None and field.fixed is not None:
        return field.fixed
    needed = name in fields and fields[name].required and fields[name].kind not in (Kind.CHILDREN, Kind.CONTENT)
    if name in wanted and not (needed and wanted[name] is None):
        return wanted[name]
    return REQUIRED if needed or (name == "data" and field is not None) else None


def _defaults_of(spec: GroupSpec | DatasetSpec, cls: type[AbstractContainer]) -> dict[str, Any]:
    """Defaults that the specification gives, by the names of the fields."""
    found: dict[tuple[str, str, str], Any] = {}
    for attribute in spec.attributes:
        found["@", "", attribute.name] = attribute.default
    for dataset in getattr(spec, "datasets", ()):
        if dataset.name and not dataset.type_name:
            found["/", "", dataset.name] = dataset.default
            found |= {("@", dataset.name, attribute.name): attribute.default for attribute in dataset.attributes}
    defaults: dict[str, Any] = {}
    for name, field in cls.__fields__.items():
        default = found.get(("@" if field.kind == Kind.ATTRIBUTE else "/", field.where, field.key or ""))
        if default is not None:
            defaults[name] = default
    return defaults


class _LaterType(Later):
    """The class of the elements of a collection, which may be made only after that of the collection."""

    def __init__(self, neurodata_type: str, namespace: str, catalog: Catalog) -> None:
        super().__init__(__name__, neurodata_type)
        self._arguments = neurodata_type, namespace, catalog

    @property
    def __wrapped__(self) -> Any:
        return class_for(*self._arguments)


def _collection_methods(name: str, field: Field, called: str, namespace: str, catalog: Catalog) -> dict[str, Any]:
    """The methods of a collection, and access to its objects by `[name]`."""
    element: Any = _LaterType(field.element_names[0], namespace, catalog)

    def get(self: Any, name: str | None = None) -> Any:
        """The object of that name, or without a name the only one."""
        return self._get(collection, name)

    collection = name
    return {
        f"add_{called}": adder(element, name),
        f"get_{called}": getter(element, name),
        f"create_{called}": creator(element, name),
        "__getitem__": get,
    }


def offered(module: str, recipes: Mapping[str, Recipe], name: str) -> type[AbstractContainer]:
    """The class of the standard that a module offers by a name; made at its first use."""
    if name not in recipes:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    found = registry.known_class(name, "core")
    if found is None:
        from photonwb.schema import bundled

        found = standard_class(name, bundled().namespace_of(name, "core"), recipes[name], module)
    return found
