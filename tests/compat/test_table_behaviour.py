"""The same calls on tables of photonwb and of hdmf give the same results, errors and warnings.

Where we differ on purpose is listed at the end, with the reason, and checked to be a difference still.
"""

from __future__ import annotations

import warnings
from typing import Any

import hdmf.common as theirs
import numpy as np
import pandas as pd
import pytest
from hdmf.data_utils import DataChunkIterator

import photonwb.common as ours


def plain(value: Any) -> Any:
    """Results of both sides in one form: values, without the classes that hold them."""
    if isinstance(value, pd.DataFrame):
        return {
            "index": [value.index.name, *map(plain, value.index)],
            **{str(name): [plain(cell) for cell in value[name]] for name in value},
        }
    if hasattr(value, "colnames"):
        return "table", value.name, value.description, tuple(value.colnames), plain(value.id.data)
    if hasattr(value, "target"):
        return "index", value.name, plain(value.data), plain(value.target)
    if hasattr(value, "description") and hasattr(value, "data"):
        return type(value).__name__, value.name, value.description, plain(value.data)
    if hasattr(value, "data") and hasattr(value, "name") and not isinstance(value, np.ndarray):
        return type(value).__name__, value.name, plain(value.data)
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.void):
        return plain(list(value.item()))
    return value.item() if isinstance(value, np.generic) else value


def outcome(call: Any, lib: Any) -> tuple[Any, ...]:
    """What a call comes to: its result or the builtin error that it raises, and whether it warns."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = "gives", plain(call(lib))
        except (LookupError, ValueError, TypeError, AssertionError) as error:
            families = (IndexError, KeyError, ValueError, TypeError, AssertionError)
            result = "raises", *(base.__name__ for base in families if isinstance(error, base))
    return *result, len([each for each in seen if issubclass(each.category, UserWarning)])


def table(lib: Any, **more: Any) -> Any:
    made = lib.DynamicTable(name="t", description="d", **more)
    made.add_column(name="number", description="of number")
    made.add_column(name="words", description="of words", index=True)
    made.add_column(name="nested", description="of nested", index=2)
    made.add_column(name="pair", description="of pair")
    made.add_row(number=1.5, words=["a", "b"], nested=[[1], [2, 3]], pair=[0, 1])
    made.add_row(number=2.5, words=[], nested=[], pair=[2, 3], id=7)
    made.add_row(number=3.5, words=["c"], nested=[[], [4]], pair=[4, 5])
    return made


def arrays(lib: Any) -> Any:
    made = lib.DynamicTable(name="t", description="d", id=[5, 6, 7])
    made.add_column(name="number", description="d", data=np.array([1.5, 2.5, 3.5]))
    made.add_column(name="image", description="d", data=np.arange(12).reshape(3, 2, 2))
    made.add_column(name="flat", description="d", data=np.arange(4), index=np.array([1, 1, 4]))
    made.add_column(name="rows", description="d", data=[np.arange(2), np.arange(0), np.arange(1)], index=True)
    return made


def regions(lib: Any) -> Any:
    target = lib.DynamicTable(name="cells", description="d")
    target.add_column(name="area", description="d")
    target.add_column(name="label", description="d")
    for row in range(4):
        target.add_row(area=10.0 * row, label="abcd"[row], id=100 + row)
    made = lib.DynamicTable(name="t", description="d")
    made.add_column(name="cell", description="d", table=target)
    made.add_column(name="group", description="d", table=target, index=True)
    made.add_row(cell=3, group=[0, 1])
    made.add_row(cell=0, group=[2])
    made.add_row(cell=3, group=[])
    return made


def region(lib: Any, rows: Any = (3, 1, 3)) -> Any:
    return lib.DynamicTableRegion(name="r", data=list(rows), description="d", table=regions(lib).cell.table)


def made_from(call: Any) -> Any:
    """The table itself after a call on it."""

    def apply(lib: Any) -> Any:
        made = table(lib)
        result = call(made, lib)
        return [result if not hasattr(result, "colnames") else None, made, made.to_dataframe()]

    return apply


def columns_of(lib: Any) -> list[Any]:
    flat = lib.VectorData(name="flat", description="d", data=[1, 2, 3])
    index = lib.VectorIndex(name="flat_index", data=[2, 3], target=flat)
    return [lib.VectorData(name="a", description="d", data=[1, 2]), index, flat]


def declared(lib: Any) -> Any:
    class Declared(lib.DynamicTable):
        """A table with columns of its own."""

        __columns__ = (
            {"name": "start", "description": "of start", "required": True},
            {"name": "tags", "description": "of tags", "index": True},
            {"name": "waves", "description": "of waves", "index": 2},
            {"name": "cell", "description": "of cell", "table": True},
        )

    return Declared(name="t", description="d")


FRAME = pd.DataFrame(
    {"a": [1, 2], "b": [[1], [2, 3]], "c": [[1, 2], [3, 4]], "d": ["x", "y"]}, index=pd.Index([5, 6], name="number")
)

KEYS: list[Any] = [
    0,
    -1,
    3,
    -4,
    np.int64(1),
    slice(None),
    slice(1, 3),
    slice(None, None, 2),
    slice(5, 9),
    [0, 2],
    [2, 0],
    [],
    [7],
    np.array([1, 2]),
    "number",
    "words",
    "words_index",
    "nested",
    "id",
    "none",
    (0, "number"),
    (2, "words"),
    (0, "nested"),
    (0, "pair"),
    (1, "id"),
    (0, "none"),
    (9, "number"),
    (1, 2),
    1.5,
]

CALLS: dict[str, Any] = {}
for key in KEYS:
    if not (isinstance(key, tuple) and key[1] == "id"):
        CALLS[f"table[{key!r}]"] = lambda lib, key=key: table(lib)[key]
    if not isinstance(key, (str, tuple)):
        CALLS[f"arrays[{key!r}]"] = lambda lib, key=key: arrays(lib)[key]
        CALLS[f"regions[{key!r}]"] = lambda lib, key=key: regions(lib)[key]
        CALLS[f"regions.get({key!r}, index=False)"] = lambda lib, key=key: regions(lib).get(key, index=False)
        CALLS[f"table.get({key!r}, df=False)"] = lambda lib, key=key: table(lib).get(key, df=False)
        CALLS[f"words[{key!r}]"] = lambda lib, key=key: table(lib)["words"][key]
        CALLS[f"nested[{key!r}]"] = lambda lib, key=key: table(lib)["nested"][key]
        CALLS[f"number[{key!r}]"] = lambda lib, key=key: table(lib)["number"][key]
for key in (0, 2, 3, slice(None), slice(0, 2), [0, 2], [2, 0], np.array([1, 0]), "area", (0, "label"), (9, "label"), slice(0, 0)):
    CALLS[f"region[{key!r}]"] = lambda lib, key=key: region(lib)[key]
    CALLS[f"region.get({key!r}, index=True)"] = lambda lib, key=key: region(lib).get(key, index=True)

CALLS |= {
    "to_dataframe": lambda lib: table(lib).to_dataframe(),
    "to_dataframe exclude": lambda lib: table(lib).to_dataframe(exclude={"words", "pair"}),
    "to_dataframe arrays": lambda lib: arrays(lib).to_dataframe(),
    "to_dataframe regions": lambda lib: regions(lib).to_dataframe(),
    "to_dataframe index": lambda lib: regions(lib).to_dataframe(index=True),
    "get df index": lambda lib: table(lib).get(0, df=False, index=False),
    "get default": lambda lib: table(lib).get("none", 5),
    "exclude": lambda lib: table(lib).get([0, 1], df=False, exclude={"words"}),
    "empty": lambda lib: lib.DynamicTable(name="t", description="d").to_dataframe(),
    "attribute of a ragged column": lambda lib: [table(lib).words, table(lib).words_index, table(lib).nested_index_index],
    "columns": lambda lib: [column.name for column in table(lib).columns],
    "contains": lambda lib: [name in table(lib) for name in ("number", "words_index", "none", "id")],
    "length": lambda lib: [len(table(lib)), len(arrays(lib)), len(lib.DynamicTable(name="t", description="d"))],
    "region frame": lambda lib: region(lib).to_dataframe(),
    "region frame exclude": lambda lib: region(lib).to_dataframe(exclude={"area"}),
    "region shape": lambda lib: region(lib).shape,
    "region df": lambda lib: region(lib).get(0, df=False),
    "region outside": lambda lib: region(lib, [4]),
    "region negative": lambda lib: region(lib, [-1]),
    "region append": lambda lib: region(lib).append(4),
    "region extend": lambda lib: region(lib).extend([0, 9]),
    "region unchecked": lambda lib: (
        lib.DynamicTableRegion(name="r", data=[9], description="d", table=regions(lib).cell.table, validate_data=False).data
    ),
    "create_region": lambda lib: regions(lib).cell.table.create_region(name="r", region=slice(1, 3), description="d").data,
    "create_region list": lambda lib: regions(lib).cell.table.create_region(name="r", region=[0, 2], description="d").data,
    "create_region outside": lambda lib: regions(lib).create_region(name="r", region=slice(0, 9), description="d"),
    "create_region outside list": lambda lib: regions(lib).create_region(name="r", region=[9], description="d"),
    "foreign": lambda lib: [
        regions(lib).has_foreign_columns(),
        regions(lib).get_foreign_columns(),
        table(lib).has_foreign_columns(),
    ],
    "linked": lambda lib: [
        [link.source_table.name, link.source_column.name, link.target_table.name] for link in regions(lib).get_linked_tables()
    ],
    "row missing": made_from(lambda made, lib: made.add_row(number=1.0)),
    "row unknown": made_from(lambda made, lib: made.add_row(number=1.0, words=[], nested=[], pair=[1, 2], other=3)),
    "row dict": made_from(lambda made, lib: made.add_row({"number": 1.0, "words": [], "nested": [], "pair": [1, 2], "id": 4})),
    "row id": made_from(lambda made, lib: made.add_row(number=1.0, words=["x"], nested=[[1]], pair=[1, 2], id=7)),
    "row id unique": made_from(
        lambda made, lib: made.add_row(number=1.0, words=["x"], nested=[[1]], pair=[1, 2], id=7, enforce_unique_id=True)
    ),
    "row id type": made_from(lambda made, lib: made.add_row(number=1.0, words=["x"], nested=[[1]], pair=[1, 2], id="x")),
    "row ragged": made_from(lambda made, lib: made.add_row(number=1.0, words=["x"], nested=[[1]], pair=[1, 2, 3])),
    "row ragged unchecked": made_from(
        lambda made, lib: made.add_row(number=1.0, words=["x"], nested=[[1]], pair=[1, 2, 3], check_ragged=False)
    ),
    "column": made_from(lambda made, lib: made.add_column(name="new", description="d", data=[1, 2, 3])),
    "column array": made_from(lambda made, lib: made.add_column(name="new", description="d", data=np.arange(3))),
    "column short": made_from(lambda made, lib: made.add_column(name="new", description="d", data=[1])),
    "column absent": made_from(lambda made, lib: made.add_column(name="new", description="d")),
    "column again": made_from(lambda made, lib: made.add_column(name="number", description="d", data=[1, 2, 3])),
    "column ragged": made_from(lambda made, lib: made.add_column(name="new", description="d", data=[[1], [1, 2], []])),
    "column ragged unchecked": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[[1], [1, 2], []], check_ragged=False)
    ),
    "column index": made_from(lambda made, lib: made.add_column(name="new", description="d", data=[[1], [1, 2], []], index=True)),
    "column index ends": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[1, 2, 3], index=[1, 1, 3])
    ),
    "column index 2": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[[[1]], [[1, 2], []], []], index=2)
    ),
    "column index small": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[[[1]], [[1, 2], []], []], index=1)
    ),
    "column index of numbers": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[1, 2, 3], index=True)
    ),
    "column index object": made_from(
        lambda made, lib: made.add_column(name="new", description="d", data=[1, 2, 3], index=made.words_index)
    ),
    "column of a used name": made_from(lambda made, lib: made.add_column(name="get", description="d", data=[1, 2, 3])),
    "column enum and table": made_from(lambda made, lib: made.add_column(name="new", description="d", table=True, enum=True)),
    "columns given": lambda lib: lib.DynamicTable(name="t", description="d", columns=columns_of(lib)).to_dataframe(),
    "columns order": lambda lib: [
        each.name for each in lib.DynamicTable(name="t", description="d", columns=columns_of(lib), colnames=["flat", "a"]).columns
    ],
    "columns same name": lambda lib: lib.DynamicTable(name="t", description="d", columns=[*columns_of(lib), *columns_of(lib)]),
    "columns without target": lambda lib: lib.DynamicTable(name="t", description="d", columns=columns_of(lib)[:2]),
    "columns of lengths": lambda lib: lib.DynamicTable(
        name="t", description="d", columns=[*columns_of(lib), lib.VectorData(name="b", description="d", data=[1])]
    ),
    "columns and ids": lambda lib: lib.DynamicTable(name="t", description="d", columns=columns_of(lib), id=[1]),
    "colnames alone": lambda lib: lib.DynamicTable(name="t", description="d", colnames=["a"]),
    "columns as dicts": lambda lib: (
        lib.DynamicTable(
            name="t", description="d", columns=[{"name": "a"}, {"name": "b", "index": True, "description": "of b"}]
        ).columns
    ),
    "ids of text": lambda lib: lib.ElementIdentifiers(name="id", data=["a"]),
    "ids found": lambda lib: lib.ElementIdentifiers(name="id", data=[1, 2, 3]) == [3, 1, 5],
    "ids of one": lambda lib: lib.ElementIdentifiers(name="id", data=[1, 2, 3]) == 2,
    "declared": lambda lib: [declared(lib), declared(lib).tags, declared(lib).waves_index_index],
    "declared row": lambda lib: (lambda made: [made.add_row(start=1.0, tags=["a"]), made, made.tags])(declared(lib)),
    "declared None": lambda lib: (lambda made: [made.add_row(start=1.0, tags=None), made])(declared(lib)),
    "declared late": lambda lib: (lambda made: [made.add_row(start=1.0), made.add_row(start=1.0, tags=["a"])])(declared(lib)),
    "declared otherwise": lambda lib: declared(lib).add_column(name="tags", description="d"),
    "target_tables": lambda lib: type(declared(lib))(name="t", description="d", target_tables={"cell": regions(lib)}).cell.table,
    "target_tables wrong": lambda lib: type(declared(lib))(name="t", description="d", target_tables={"start": regions(lib)}),
    "from_dataframe": lambda lib: lib.DynamicTable.from_dataframe(df=FRAME, name="t").to_dataframe(),
    "from_dataframe columns": lambda lib: list(lib.DynamicTable.from_dataframe(df=FRAME, name="t").columns),
    "from_dataframe index": lambda lib: lib.DynamicTable.from_dataframe(df=FRAME, name="t", index_column="a").to_dataframe(),
    "from_dataframe described": lambda lib: list(
        lib.DynamicTable.from_dataframe(df=FRAME, name="t", columns=[{"name": "a", "description": "of a"}]).columns
    ),
    "from_dataframe missing": lambda lib: type(declared(lib)).from_dataframe(df=FRAME, name="t"),
    "equal": lambda lib: [table(lib) == table(lib), table(lib) == arrays(lib), table(lib) == 3],
    "rows of a column of a region": lambda lib: [list(region(lib)[rows, "a"]) for rows in (slice(0, 2), [2, 0])],
    "rows of a ragged column of a region": lambda lib: region(lib)[1:3, "b"],
    "columns named like attributes": lambda lib: lib.DynamicTable(
        name="t", description="d", columns=[lib.VectorData(name=each, description="d", data=[1]) for each in ("name", "parent")]
    ),
    "column named like an attribute": lambda lib: lib.DynamicTable(name="t", description="d").add_column(
        name="description", description="d"
    ),
    "identifiers of an iterator of other numbers": lambda lib: lib.ElementIdentifiers(
        name="id", data=DataChunkIterator(data=np.ones(3))
    ),
    "region by region": lambda lib: list(region(lib)),
    "vector by vector": lambda lib: list(regions(lib)["group"]),
    "element by element": lambda lib: [
        list(column) for column in lib.DynamicTable.from_dataframe(df=FRAME, name="t").columns[:2]
    ],
    "enum": lambda lib: (
        lambda e: [e.add_row("a"), e.add_row("b"), e.add_row("a"), e[0], list(e), list(e[:]), plain(e.data), e.elements.data]
    )(lib.EnumData(name="e", description="d", data=[])),
    "enum frame": lambda lib: (
        lambda made: [made.add_column(name="e", description="d", data=[1, 0], enum=["x", "y"]), made.to_dataframe()]
    )(lib.DynamicTable(name="t", description="d", id=[0, 1])),
    "enum row": lambda lib: (
        lambda made: [made.add_column(name="e", description="d", data=[1, 0], enum=["x", "y"]), list(made[1]["e"])][1]
    )(lib.DynamicTable(name="t", description="d", id=[0, 1])),
    "meanings": lambda lib: (lambda m: [m.add_row(value=1.5, meaning="x"), m.name, m.description, m.to_dataframe()])(
        lib.MeaningsTable(target=table(lib).number)
    ),
    "meanings of another": lambda lib: lib.DynamicTable(name="u", description="d").add_meanings_table(
        lib.MeaningsTable(target=table(lib).number)
    ),
    "vector": lambda lib: lib.VectorData(name="a", description="d"),
    "vector extended": lambda lib: (lambda v: [v.append(1), v.add_row(2), v.extend([3, 4]), v])(
        lib.VectorData(name="a", description="d")
    ),
    "vector without description": lambda lib: lib.VectorData(name="a"),
}


def categories(lib: Any) -> Any:
    def part(name: str, *names: str) -> Any:
        columns = [lib.VectorData(name=each, description="d", data=[f"{name}{each}{row}" for row in range(2)]) for each in names]
        return lib.DynamicTable(name=name, description="d", columns=columns)

    return lib.AlignedDynamicTable(
        name="main",
        description="d",
        columns=list(part("main", "a").columns),
        category_tables=[part("x", "b"), part("y", "b", "c")],
    )


for key in (
    0,
    slice(None),
    [1, 0],
    "a",
    "x",
    "none",
    ("y", "c"),
    (1, "y"),
    ("y", 1),
    (1, ("y", "c")),
    (1, "y", "c"),
    ("y", "c", 1),
    (1, 2, 3, 4),
):
    CALLS[f"aligned[{key!r}]"] = lambda lib, key=key: categories(lib)[key]
CALLS |= {
    "aligned names": lambda lib: [
        categories(lib).get_colnames(),
        categories(lib).get_colnames(include_category_tables=True),
        categories(lib).get_colnames(include_category_tables=True, ignore_category_ids=True),
        categories(lib).categories,
    ],
    "aligned frame": lambda lib: categories(lib).to_dataframe(),
    "aligned frame without ids": lambda lib: categories(lib).to_dataframe(ignore_category_ids=True),
    "aligned row": lambda lib: (lambda made: [made.add_row(a=1, x={"b": 2}, y={"b": 3, "c": 4}), made.to_dataframe()])(
        categories(lib)
    ),
    "aligned row missing": lambda lib: categories(lib).add_row(a=1, x={"b": 2}),
    "aligned column": lambda lib: (
        lambda made: [made.add_column(name="n", description="d", data=[1, 2], category="x"), made.to_dataframe()]
    )(categories(lib)),
    "aligned column nowhere": lambda lib: categories(lib).add_column(name="n", description="d", data=[1, 2], category="z"),
    "aligned contains": lambda lib: [each in categories(lib) for each in ("a", "x", "b", ("y", "c"), ("x", "c"))],
    "aligned category": lambda lib: [categories(lib).get_category("y"), categories(lib).get_category()],
    "aligned length": lambda lib: categories(lib).add_category(lib.DynamicTable(name="z", description="d")),
}

# What we do otherwise, and why.
DIFFERENT: dict[str, tuple[str, Any]] = {
    "row dict": ("a row as a dict may bring its identifier, as the argument `data` promises", ("gives",)),
    "enum": ("hdmf warns that its EnumData is experimental", ("gives",)),
    "enum frame": ("hdmf warns that its EnumData is experimental", ("gives",)),
    "enum row": ("`index` speaks of rows of other tables; hdmf gives the place of the element here", ("gives", ["x"])),
    "columns as dicts": ("a dict may describe a ragged column that is still empty", ("gives",)),
}


@pytest.mark.parametrize("name", [name for name in CALLS if name not in DIFFERENT])
def test_same_behaviour(name: str) -> None:
    mine, expected = outcome(CALLS[name], ours), outcome(CALLS[name], theirs)
    if expected[0] == "raises":  # our errors are of each kind that one of pynwb's is
        assert set(mine) >= set(expected)
    else:
        assert mine == expected


@pytest.mark.parametrize("name", DIFFERENT)
def test_listed_differences_are_differences(name: str) -> None:
    _, expected = DIFFERENT[name]
    mine = outcome(CALLS[name], ours)
    assert mine != outcome(CALLS[name], theirs)
    assert mine[: len(expected)] == expected
