"""A switch."""

import pytest

from obtura.devices import Switch, SwitchDriver
from obtura.devices.sim import SimulatedSwitch
from obtura.ground.errors import UsageError


def test_it_is_set_and_asked_and_capitals_make_no_difference():
    switch = SimulatedSwitch("gain", ["low", "High"])
    assert switch.get() == "LOW"
    switch.set("high")
    assert switch.get() == "HIGH"
    assert switch.states_list() == ["LOW", "HIGH"]
    assert switch.__info__() == "switch gain: HIGH  (of LOW, HIGH)"
    assert repr(switch) == "SimulatedSwitch('gain')"


def test_it_begins_in_the_state_that_it_is_given():
    assert SimulatedSwitch("lamp", state="on").get() == "ON"
    with pytest.raises(UsageError, match="lamp: state 'ONN' is not known: did you mean 'ON'"):
        SimulatedSwitch("lamp", state="onn")


@pytest.mark.parametrize("state", ["hihg", "", None, 3])
def test_a_state_that_it_has_not_is_refused(state):
    switch = SimulatedSwitch("gain", ["low", "high"])
    with pytest.raises(UsageError, match=r"gain: state .* is not known.*\(known: LOW, HIGH\)"):
        switch.set(state)
    assert switch.get() == "LOW"


@pytest.mark.parametrize("states", [[], ["on", "ON"]])
def test_states_must_be_there_once(states):
    with pytest.raises(UsageError, match="states must be names"):
        SimulatedSwitch("gain", states)


def test_what_the_electronics_say_beyond_its_states_is_unknown():
    class Loose(SwitchDriver):
        def set(self, state):
            pass

        def get(self):
            return "between"

    assert Switch("gain", Loose(), ["low", "high"]).get() == "UNKNOWN"
