"""The standard as data: which types there are, and what objects of each hold.

>>> from photonwb.schema import bundled
>>> bundled().ancestors("TwoPhotonSeries")
('TwoPhotonSeries', 'ImageSeries', 'TimeSeries', 'NWBDataInterface', 'NWBContainer', 'Container')
"""

from photonwb.schema.catalog import Catalog, bundled
from photonwb.schema.specification import (
    AttributeSpec,
    DatasetSpec,
    DType,
    GroupSpec,
    LinkSpec,
    MemberSpec,
    Quantity,
    ReferenceSpec,
    TypedSpec,
    Value,
)

__all__ = [
    "AttributeSpec",
    "Catalog",
    "DType",
    "DatasetSpec",
    "GroupSpec",
    "LinkSpec",
    "MemberSpec",
    "Quantity",
    "ReferenceSpec",
    "TypedSpec",
    "Value",
    "bundled",
]
