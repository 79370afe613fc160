"""Soft counters: any value of any object."""

import functools
import time

import pytest

from obtura.devices import SoftCounter
from obtura.ground.errors import UsageError


class Oven:
    """What a user has. `asked` counts how often the device behind the property was asked."""

    def __init__(self, name="oven"):
        self.name = name
        self.power = 20
        self.asked = 0

    @property
    def temperature(self):
        self.asked += 1
        return 300.0

    @property
    def value(self):
        return 1.5

    def pressure(self):
        return 5


class Slotted:
    __slots__ = ("value",)


class Proxy:
    """Knows its attributes only when asked, as clients of control systems do."""

    def __getattr__(self, name):
        if name == "flow":
            return lambda: 7
        if name == "level":
            return 8
        raise AttributeError(name)


def thermometer():
    return 21.5


@pytest.mark.parametrize(
    ("counter", "fullname", "value"),
    [
        (SoftCounter(Oven(), "power"), "oven:power", 20),
        (SoftCounter(Oven(), "temperature"), "oven:temperature", 300),
        (SoftCounter(Oven(), "pressure"), "oven:pressure", 5),
        (SoftCounter(Oven()), "oven:oven", 1.5),
        (SoftCounter(Oven(), "power", name="P"), "oven:P", 20),
        (SoftCounter(value=thermometer), "thermometer:thermometer", 21.5),
        (SoftCounter(thermometer), "thermometer:thermometer", 21.5),
        (SoftCounter(value=Oven().pressure), "oven:pressure", 5),
        (SoftCounter(value=lambda: 3, name="three"), "three:three", 3),
        (SoftCounter(value=functools.partial(abs, -2), name="two"), "partial:two", 2),
        (SoftCounter(Proxy(), "flow"), "Proxy:flow", 7),
        (SoftCounter(Proxy(), "level"), "Proxy:level", 8),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_attributes_properties_methods_and_functions_can_be_counted(counter, fullname, value):
    assert counter.read() == value
    assert counter.fullname == fullname


def test_readings_can_be_converted_and_have_a_unit():
    counter = SoftCounter(Oven(), "temperature", apply=lambda kelvin: kelvin - 273.15, unit="C")
    assert counter.read() == pytest.approx(26.85)
    assert counter.__info__() == "counter oven:temperature = 26.85 C"


def test_making_one_does_not_touch_the_device():
    oven = Oven()
    SoftCounter(oven, "temperature")
    assert oven.asked == 0


def test_a_slot_that_is_still_empty_can_be_named():
    thing = Slotted()
    counter = SoftCounter(thing)
    thing.value = 3
    assert counter.read() == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Oven(), "temprature"), "Oven has no attribute 'temprature': did you mean 'temperature'?"),
        ((object(),), "object has no attribute 'value'"),
        ((), "give an object, or a function"),
        ((None, 5), "no name can be found|expected the name of an attribute or a function, got 5"),
        ((lambda: 3,), "no name can be found for the function"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        SoftCounter(*arguments)


def test_counters_of_one_object_share_the_controller_that_reads_them_in_turn():
    oven, other = Oven(), Oven()
    power, pressure = SoftCounter(oven, "power"), SoftCounter(value=oven.pressure)
    assert power.controller is pressure.controller
    assert power.controller.sample([pressure, power]) == [5, 20]
    assert SoftCounter(other, "power").controller is not power.controller


def test_a_counter_blocks_unless_told_otherwise():
    oven = Oven()
    assert SoftCounter(value=time.time, name="now").controller.blocking is True
    assert SoftCounter(oven, "power", blocking=False).controller.blocking is False
    assert SoftCounter(oven, "temperature").controller.blocking is True  # one that blocks holds up the others


def test_an_error_of_the_object_comes_through():
    oven = Oven()
    counter = SoftCounter(oven, "power")
    del oven.power
    with pytest.raises(AttributeError, match="power"):
        counter.read()
