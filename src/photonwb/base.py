"""What the other modules of the standard build on: time series, processing modules, single images and references to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from photonwb.core import MultiContainerInterface, NWBData
from photonwb.errors import InvalidTypeError
from photonwb.model.fields import attribute, child, children, content
from photonwb.model.labelled import LabelledDict, adder, creator, getter
from photonwb.references import TimeSeriesReference, TimeSeriesReferenceVectorData
from photonwb.timeseries import TimeSeries

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView

    from photonwb.common import DynamicTable
    from photonwb.core import NWBDataInterface
    from photonwb.typing import Array, ArrayLike, Several

__all__ = [
    "BaseImage",
    "ExternalImage",
    "Image",
    "ImageReferences",
    "Images",
    "ProcessingModule",
    "TimeSeries",
    "TimeSeriesReference",
    "TimeSeriesReferenceVectorData",
]


class ProcessingModule(MultiContainerInterface, neurodata_type="ProcessingModule"):
    """Results of one stage of the analysis, by name; used like a dict.

    Parameters
    ----------
    name : str
        For example "ophys".
    description : str
    data_interfaces : list, tuple or dict of NWBDataInterface or DynamicTable, optional
        The results.
    """

    description: str = attribute("What the results are.")
    data_interfaces: LabelledDict[NWBDataInterface | DynamicTable] = children("The results, by name.")

    def __init__(
        self, name: str, description: str, data_interfaces: Several[NWBDataInterface | DynamicTable] | None = None
    ) -> None:
        self._init(locals())

    @property
    def containers(self) -> LabelledDict[NWBDataInterface | DynamicTable]:
        """The results, by name; the same as `data_interfaces`."""
        return self.data_interfaces

    def add(self, data_interfaces: Several[NWBDataInterface | DynamicTable]) -> Any:
        """Add one or several results (one, a list, tuple or dict)."""
        return self._add("data_interfaces", data_interfaces)

    def get(self, name: str | None = None) -> Any:
        """Get the result of that name; without a name, the only one."""
        return self._get("data_interfaces", name)

    def __getitem__(self, name: str | None = None) -> Any:
        return self._get("data_interfaces", name)

    def __contains__(self, name: object) -> bool:
        return name in self.data_interfaces

    def __iter__(self) -> Iterator[str]:
        return iter(self.data_interfaces)

    def __len__(self) -> int:
        return len(self.data_interfaces)

    def keys(self) -> KeysView[str]:
        """Names of the results."""
        return self.data_interfaces.keys()

    def values(self) -> ValuesView[NWBDataInterface | DynamicTable]:
        """The results."""
        return self.data_interfaces.values()

    def items(self) -> ItemsView[str, NWBDataInterface | DynamicTable]:
        """Names and results."""
        return self.data_interfaces.items()


class BaseImage(NWBData, neurodata_type="BaseImage"):
    """Base of single images, whether their pixels are in the file or elsewhere."""

    description: str | None = attribute("What the image shows.")

    def __init__(self, name: str, data: Any, description: str | None = None) -> None:
        self._init(locals())


class Image(BaseImage, neurodata_type="Image"):
    """One image.

    Parameters
    ----------
    name : str
    data : array-like, shape (x, y), (x, y, 3) or (x, y, 4)
        The pixels; the last axis, if there is a third, is colour (and transparency).
    resolution : float, optional
        Pixels per centimeter.
    description : str, optional
    """

    data: Array = content("The pixels.", dtype="numeric", shape=((None, None), (None, None, 3), (None, None, 4)))
    resolution: float | None = attribute("Pixels per centimeter.")

    def __init__(self, name: str, data: ArrayLike, resolution: float | None = None, description: str | None = None) -> None:
        self._init(locals())


class ExternalImage(BaseImage, neurodata_type="ExternalImage"):
    """One image that stays in a file of its own.

    Parameters
    ----------
    name : str
    data : str
        Path or URL of the image.
    image_format : {"PNG", "JPEG", "GIF"}
    description : str, optional
    image_mode : str, optional
        How colours are stored, for example "RGB", "RGBA", "grayscale", "LA".
    """

    data: str = content("Path or URL of the image.", dtype="text")
    image_format: str = attribute("Format of the image.", one_of=("PNG", "JPEG", "GIF"))
    image_mode: str | None = attribute("How colours are stored.")

    def __init__(
        self, name: str, data: str, image_format: str, description: str | None = None, image_mode: str | None = None
    ) -> None:
        self._init(locals())


class ImageReferences(NWBData, neurodata_type="ImageReferences"):
    """The images of an `Images` group in an order.

    Parameters
    ----------
    name : str
        "order_of_images" for the order of an `Images` group.
    data : sequence of BaseImage

    Raises
    ------
    InvalidTypeError
        An item is no image.
    """

    data: Array = content("The images, in order.", dtype="reference", shape=(None,))

    def __init__(self, name: str, data: ArrayLike) -> None:
        for position, image in enumerate(cast("Iterable[object]", data)):
            if not isinstance(image, BaseImage):
                raise InvalidTypeError(
                    f"ImageReferences {name!r}.data: expected images only, got {type(image).__name__} at position {position}"
                )
        self._init(locals())


class Images(MultiContainerInterface, neurodata_type="Images"):
    """A collection of images, by name, with an order if they are going to be counted.

    Parameters
    ----------
    name : str
    images : list, tuple or dict of BaseImage, optional
    description : str
    order_of_images : ImageReferences, optional
        Each of the images once; must be there when an `IndexSeries` counts them.
    """

    images: LabelledDict[BaseImage] = children("The images, by name.")
    description: str = attribute("What the images have in common.")
    order_of_images: ImageReferences | None = child("The images in the order in which they are counted.")

    def __init__(
        self,
        name: str,
        images: Several[BaseImage] | None = None,
        description: str = "no description",
        order_of_images: ImageReferences | None = None,
    ) -> None:
        self._init(locals())

    add_image = adder(BaseImage, "images")
    get_image = getter(BaseImage, "images")
    create_image = creator(BaseImage, "images")

    def __getitem__(self, name: str | None = None) -> BaseImage:
        return self._get("images", name)
