"""Mocks of `photonwb.device`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photonwb.device import Device, DeviceModel
from photonwb.testing.mock.utils import make

if TYPE_CHECKING:
    from photonwb.file import NWBFile

__all__ = ["mock_Device", "mock_DeviceModel"]


def mock_Device(
    name: str | None = None,
    description: str = "description",
    manufacturer: str | None = None,
    model: DeviceModel | None = None,
    serial_number: str | None = None,
    nwbfile: NWBFile | None = None,
) -> Device:
    """A device; among the devices of the file, and its model among the models there, when one is given."""
    return make(Device, dict(locals()), _add_with_model)


def _add_with_model(nwbfile: NWBFile, device: Device) -> None:
    model = device.model
    if model is not None and nwbfile.device_models.get(model.name) is not model:
        nwbfile.add_device_model(model)
    nwbfile.add_device(device)


def mock_DeviceModel(
    name: str | None = None,
    manufacturer: str = "manufacturer",
    model_number: str | None = None,
    description: str = "description",
    nwbfile: NWBFile | None = None,
) -> DeviceModel:
    """A make of devices; among those of the file, when one is given."""
    return make(DeviceModel, dict(locals()), lambda file, made: file.add_device_model(made))
