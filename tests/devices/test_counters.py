"""Counters and their controllers: what they are made of and how they show themselves."""

import pytest

from obtura.contracts.counters import (
    Counter,
    CounterController,
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
    SamplingMode,
)
from obtura.devices import SoftCounter
from obtura.devices.sim import SimulatedAxis, SimulatedDiode, SimulatedShutter, Spot
from obtura.devices.sim.counters import ConstantCounter, RandomCounter
from obtura.devices.sim.world import shared_world
from obtura.ground.errors import UsageError
from obtura.works.clock import virtual_time


class Box(SamplingCounterController):
    def __init__(self, **options):
        super().__init__("box", **options)

    def read(self, counter):
        return 2.0


def test_arguments_come_as_name_controller_conversion_then_mode_and_unit():
    box = Box()
    sampling = SamplingCounter("a", box, abs, SamplingMode.LAST, "V")
    plain = Counter("b", CounterController("card"), abs, "mA", int, (3,))
    assert (sampling.conversion_function, sampling.mode.name, sampling.unit) == (abs, "LAST", "V")
    assert (plain.conversion_function, plain.unit, plain.dtype.kind, plain.shape) == (abs, "mA", "i", (3,))


def test_a_unit_in_the_place_of_the_conversion_is_noticed():
    with pytest.raises(UsageError, match="a: conversion_function must be a function, got 'mm'; is it the unit"):
        SamplingCounter("a", Box(), "mm")


@pytest.mark.parametrize("name", ["", "a:b"])
def test_a_name_must_be_one(name):
    with pytest.raises(UsageError, match="must not be empty nor contain a colon"):
        Counter(name, CounterController("card"))


def test_a_controller_makes_counters_and_has_them_by_name():
    box = Box()
    counter = box.create_counter(SamplingCounter, "a", unit="V")
    assert box.counters == {"a": counter}
    assert box.counters.a is counter
    assert "a" in dir(box.counters)
    with pytest.raises(AttributeError, match="there is no counter 'aa': did you mean 'a'?"):
        _ = box.counters.aa


def test_shape_and_type_may_be_properties_of_a_subclass():
    class Spectrum(Counter):
        shape = property(lambda self: (self.controller.size,))
        dtype = property(lambda self: int)

    controller = CounterController("mca")
    controller.size = 7
    assert Spectrum("s", controller).shape == (7,)


@pytest.mark.parametrize("frequency", [0, -1, "fast"])
def test_a_frequency_is_greater_than_zero(frequency):
    box = Box()
    with pytest.raises(ValueError, match="box: max_sampling_frequency must be a number"):
        box.max_sampling_frequency = frequency
    assert box.max_sampling_frequency is None


def test_the_raw_value_is_that_before_the_conversion():
    counter = SamplingCounter("a", Box(), lambda value: 10 * value)
    assert (counter.raw_read, counter.read()) == (2.0, 20.0)


def test_they_show_what_they_are_without_asking_the_hardware():
    box = Box()
    assert box.__info__() == "Box box\n  no counters"
    SamplingCounter("a", box, unit="V", mode="STATS")
    SamplingCounter("s", box, shape=(3, 2), dtype=int)
    assert box.__info__() == "Box box\n  a in V, STATS\n  s, 3 x 2 int64"
    assert box.counters.a.__info__() == "counter box:a in V, STATS"
    assert (repr(box), repr(box.counters.a)) == ("Box('box')", "SamplingCounter('box:a')")


def test_a_counter_that_is_read_cheaply_shows_its_value_and_mode():
    assert SoftCounter(value=lambda: 3.0, name="three", mode="LAST", unit="V").__info__() == (
        "counter three:three = 3 V (LAST)"
    )


def test_controllers_that_were_not_finished_say_what_is_missing():
    with pytest.raises(NotImplementedError, match="must override read"):
        SamplingCounter("a", SamplingCounterController("box")).read()
    card = IntegratingCounterController("card")
    with pytest.raises(NotImplementedError, match="must override get_values"):
        card.get_values(0, IntegratingCounter("a", card))


# -- simulated ones -----------------------------------------------------------------------------------------------


def test_simulated_devices_that_are_given_no_world_share_one():
    with virtual_time():
        roby, shutter = SimulatedAxis("roby", velocity=100), SimulatedShutter("shutter")
        diode = SimulatedDiode("diode", spots=[Spot(roby, 0, 1)], behind=[shutter], dark=0)
        assert abs(diode.read()) < 1
        shutter.open()
        assert diode.read() > 500
        shared_world().beam = 0.0
        try:
            assert abs(diode.read()) < 1
        finally:
            shared_world().beam = 1.0
    others = ConstantCounter("four"), RandomCounter("any", low=2, high=3)
    assert {one.controller for one in (diode, *others)} == {diode.controller}
    assert 2 <= others[1].read() <= 3


def test_what_does_not_stand_in_the_beam_is_refused():
    with pytest.raises(UsageError, match="behind: 'shutter' does not stand in the simulated beam"):
        SimulatedDiode("diode", behind=["shutter"])
