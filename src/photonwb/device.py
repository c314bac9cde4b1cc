"""Devices, and the models (in the sense of makes) that they are of.

The standard moved what all devices of a make have in common from `Device` to `DeviceModel`. The old fields of `Device` stay
readable and writable, since files have them; giving one to a new device says where it belongs now.
"""

from __future__ import annotations

import warnings

from photonwb.core import NWBContainer
from photonwb.model.fields import attribute, link

__all__ = ["Device", "DeviceModel"]

_MOVED = {
    "manufacturer": "DeviceModel.manufacturer",
    "model_number": "DeviceModel.model_number",
    "model_name": "DeviceModel.name",
}


class DeviceModel(NWBContainer, neurodata_type="DeviceModel"):
    """The make of a device: what all devices of one product have in common.

    Parameters
    ----------
    name : str
        What the model is usually called, for example "Bergamo III".
    manufacturer : str
        Who makes it, for example "Thorlabs".
    model_number : str, optional
        Model, part or product number.
    description : str, optional
    """

    manufacturer: str = attribute("Who makes it.")
    model_number: str | None = attribute("Model, part or product number.")
    description: str | None = attribute("Free text on the model.")

    def __init__(self, name: str, manufacturer: str, model_number: str | None = None, description: str | None = None) -> None:
        self._init(locals())


class Device(NWBContainer, neurodata_type="Device"):
    """One device that took part in the acquisition: a microscope, a camera, a stimulator.

    Parameters
    ----------
    name : str
    description : str, optional
        Free text on the device.
    manufacturer, model_number, model_name : str, optional
        Deprecated: say them once, in a `DeviceModel`, and pass that as `model`.
    serial_number : str, optional
    model : DeviceModel, optional
        The make of the device.
    """

    description: str | None = attribute("Free text on the device.")
    manufacturer: str | None = attribute("Who makes it; deprecated, belongs to the model.")
    model_number: str | None = attribute("Model, part or product number; deprecated, belongs to the model.")
    model_name: str | None = attribute("Name of the model; deprecated, belongs to the model.")
    serial_number: str | None = attribute("Serial number of this one device.")
    model: DeviceModel | None = link("The make of the device.")

    def __init__(
        self,
        name: str,
        description: str | None = None,
        manufacturer: str | None = None,
        model_number: str | None = None,
        model_name: str | None = None,
        serial_number: str | None = None,
        model: DeviceModel | None = None,
    ) -> None:
        self._init(locals())
        for field, place in _MOVED.items():
            if field in self.__dict__:
                warnings.warn(
                    f"Device.{field} is deprecated: use {place} and pass that DeviceModel as the model of the device",
                    DeprecationWarning,
                    stacklevel=2,
                )
