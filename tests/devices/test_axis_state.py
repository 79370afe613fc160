"""The state of an axis."""

import pytest

from obtura.devices import AxisState
from obtura.ground.errors import UsageError


def test_it_is_a_set_of_names():
    state = AxisState("LIMPOS", "READY")
    assert "READY" in state
    assert "MOVING" not in state
    assert set(state) == {"READY", "LIMPOS"}
    assert state == AxisState("READY", "LIMPOS")
    assert len({state, AxisState("READY", "LIMPOS"), AxisState("READY")}) == 2


def test_it_is_equal_to_each_of_its_names():
    assert AxisState("READY", "LIMPOS") == "READY"
    assert AxisState("READY") != "MOVING"
    assert not AxisState("READY") != "READY"  # noqa: SIM202 - the operator is what is tested


def test_it_reads_well():
    assert str(AxisState("READY")) == "READY (Axis is READY)"
    assert str(AxisState("LIMNEG", "READY")) == "READY (Axis is READY) | LIMNEG (at the low limit switch)"
    assert f"{AxisState('FAULT', reason='following error')}" == "FAULT (following error)"
    assert AxisState("LIMNEG", "READY").names == "READY, LIMNEG"
    assert repr(AxisState("FAULT", "LIMPOS", reason="too hot")) == "AxisState('LIMPOS, FAULT (too hot)')"


@pytest.mark.parametrize("names", [(), ("READY", "MOVING"), ("READY", "RESTING")])
def test_states_that_make_no_sense_are_refused(names):
    with pytest.raises(UsageError):
        AxisState(*names)


def test_states_of_ones_own_have_a_description():
    state = AxisState("READY", ("PARKED", "the mirror is out of the way"))
    assert state == "PARKED"
    assert state.PARKED
    assert state.ready
    assert str(state) == "READY (Axis is READY) | PARKED (the mirror is out of the way)"
    assert not AxisState(("PARKED", "out of the way")).ready


@pytest.mark.parametrize("state", ["PARKED", "REDY", ("parked", "lower case"), ("PARKED", ""), ("PARKED",), 5])
def test_a_state_of_ones_own_needs_a_name_in_capitals_and_a_description(state):
    with pytest.raises(UsageError, match="AxisState"):
        AxisState("READY", state)


def test_a_misspelt_state_gets_the_close_one():
    with pytest.raises(UsageError, match="'REDY' is not known: did you mean READY"):
        AxisState("REDY")


@pytest.mark.parametrize("name", ["READY", "LIMPOS", "LIMNEG", "HOME"])
def test_at_rest_without_obstacle_it_can_set_off(name):
    assert AxisState(name).ready
    for obstacle in ("FAULT", "OFF", "DISABLED"):
        assert not AxisState(name, obstacle).ready


def test_each_name_can_be_asked_for():
    state = AxisState("MOVING", "LIMPOS")
    assert state.moving
    assert (state.MOVING, state.LIMPOS, state.READY, state.HOME) == (True, True, False, False)
    with pytest.raises(AttributeError, match="no attribute 'PARKED'"):
        assert state.PARKED


@pytest.mark.parametrize("name", ["FAULT", "OFF", "DISABLED"])
def test_the_reason_explains_what_is_in_the_way(name):
    assert str(AxisState("LIMPOS", name, reason="the fuse is blown")).endswith(f"{name} (the fuse is blown)")
    assert str(AxisState(name)) != f"{name} ()"
