from __future__ import annotations

import warnings

import pytest

from photonwb.device import Device, DeviceModel
from photonwb.errors import InvalidTypeError, InvalidValueError


def test_a_device_of_a_model():
    model = DeviceModel("Bergamo III", "Thorlabs", "B3", "two-photon microscope")
    device = Device("scope", "upright", serial_number="17", model=model)
    assert (model.manufacturer, model.model_number, model.description) == ("Thorlabs", "B3", "two-photon microscope")
    assert (device.name, device.description, device.serial_number) == ("scope", "upright", "17")
    assert device.model is model
    assert device.manufacturer is device.model_number is device.model_name is None


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("manufacturer", "DeviceModel.manufacturer"),
        ("model_number", "DeviceModel.model_number"),
        ("model_name", "DeviceModel.name"),
    ],
)
def test_what_moved_to_the_model_says_so(field, place):
    with pytest.warns(DeprecationWarning, match=f"Device.{field} is deprecated: use {place} ") as caught:
        device = Device("scope", **{field: "x"})
    assert caught[0].filename == __file__
    assert getattr(device, field) == "x"


def test_only_what_is_given_is_deprecated():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Device("scope", "", serial_number="")


def test_fields_can_be_set_later():
    device = Device("scope")
    device.description = "new"
    device.model = DeviceModel("m", "Thorlabs")
    assert (device.description, device.model.name) == ("new", "m")
    device.model = None
    assert device.model is None


def test_a_model_is_made_by_someone():
    with pytest.raises(InvalidTypeError, match=r"DeviceModel 'm'\.manufacturer: a value is required"):
        DeviceModel("m", None)  # type: ignore[arg-type]
    model = DeviceModel("m", "Thorlabs")
    with pytest.raises(InvalidTypeError, match=r"DeviceModel 'm'\.manufacturer"):
        model.manufacturer = None  # type: ignore[assignment]
    assert model.manufacturer == "Thorlabs"


def test_a_model_is_not_a_text():
    with pytest.raises(InvalidTypeError, match=r"Device 'scope'\.model: expected a DeviceModel, got str 'Bergamo'"):
        Device("scope", model="Bergamo")  # type: ignore[arg-type]


def test_names_that_a_file_cannot_hold():
    with pytest.raises(InvalidValueError, match="'a/b'"):
        Device("a/b")
