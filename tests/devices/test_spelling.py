"""An attribute that is nearly one of an axis or a counter is a slip, and refused; others are the user's own."""

import pytest

from obtura.contracts.counters import SamplingCounter, SamplingCounterController
from obtura.devices.axis import Axis
from obtura.devices.sim.counters import SimulatedDiode
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.sim.world import World
from obtura.ground.errors import UsageError


@pytest.mark.parametrize(("slip", "meant"), [("velocty", "velocity"), ("tolerence", "tolerance"), ("limit", "limits")])
def test_a_slip_in_the_name_of_a_setting_of_an_axis_is_refused(slip, meant):
    roby = SimulatedAxis("roby")
    with pytest.raises(UsageError, match=f"roby has no '{slip}': did you mean '{meant}'?"):
        setattr(roby, slip, 3)
    assert not hasattr(roby, slip)


@pytest.mark.parametrize(
    ("slip", "meant"), [("mod", "mode"), ("units", "unit"), ("convertion_function", "conversion_function")]
)
def test_so_is_one_of_a_counter(slip, meant):
    diode = SimulatedDiode("diode", world=World())
    with pytest.raises(UsageError, match=f"diode has no '{slip}': did you mean '{meant}'?"):
        setattr(diode, slip, "LAST")


def test_other_names_may_be_given_to_anything():
    roby = SimulatedAxis("roby")
    roby.comment, roby._velocty = "squeaks", 1
    roby.comment = "oiled"
    roby.velocity = 3
    assert (roby.comment, roby.velocity) == ("oiled", 3)


def test_the_methods_of_a_class_of_ones_own_may_set_what_they_like():
    class Gauge(SamplingCounter):
        def __init__(self, name, controller):
            self.unites = "before"
            super().__init__(name, controller)
            self.modes = ["a"]

        def remember(self):
            self.units = "mbar"

    class Stage(SimulatedAxis):
        def __init__(self, name):
            super().__init__(name)
            self.limit = 4

    gauge = Gauge("gauge", SamplingCounterController("box"))
    gauge.remember()
    gauge.units = "bar"
    stage = Stage("stage")
    stage.limit = 5
    assert (gauge.unites, gauge.modes, gauge.units, stage.limit) == ("before", ["a"], "bar", 5)
    assert isinstance(stage, Axis)
