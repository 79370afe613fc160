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
    assert str(AxisState("LIMNEG", "READY")) == "READY, LIMNEG"
    assert f"{AxisState('FAULT', reason='following error')}" == "FAULT (following error)"


@pytest.mark.parametrize("names", [(), ("READY", "MOVING"), ("READY", "RESTING")])
def test_states_that_make_no_sense_are_refused(names):
    with pytest.raises(UsageError):
        AxisState(*names)
