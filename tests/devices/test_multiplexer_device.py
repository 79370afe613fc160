"""A multiplexer."""

import pytest

from obtura.devices.sim import SimulatedMultiplexer
from obtura.ground.errors import UsageError


@pytest.fixture
def multiplexer():
    return SimulatedMultiplexer("mux", {"trigger": ("timer", "roby"), "gate": ("off", "timer")})


def test_it_connects_an_output_to_an_input(multiplexer):
    multiplexer.switch("trigger", "roby")
    assert multiplexer.get_output("trigger") == "roby"
    assert multiplexer.get_output("gate") == "off"


@pytest.mark.parametrize(
    ("output", "input", "message"),
    [
        ("triger", "roby", "mux: output 'triger' is not known: did you mean 'trigger'? (known: trigger, gate)"),
        ("Gate", "off", "mux: output 'Gate' is not known: did you mean 'gate'? (known: trigger, gate)"),
        ("gate", "tmier", "mux: input of gate 'tmier' is not known: did you mean 'timer'? (known: off, timer)"),
        ("gate", "roby", "mux: input of gate 'roby' is not known (known: off, timer)"),
        ("gate", None, "mux: input of gate None is not known (known: off, timer)"),
        (3, "off", "mux: output 3 is not known (known: trigger, gate)"),
    ],
)
def test_what_it_has_not_is_refused_with_what_was_probably_meant(multiplexer, output, input, message):
    for refuse in (multiplexer.switch, multiplexer.check_switch):
        with pytest.raises(UsageError) as caught:
            refuse(output, input)
        assert str(caught.value) == message
    assert multiplexer.get_output("trigger") == "timer"
    assert multiplexer.get_output("gate") == "off"


def test_an_output_that_it_has_not_cannot_be_asked_for(multiplexer):
    with pytest.raises(UsageError, match="did you mean 'gate'"):
        multiplexer.get_output("gat")


def test_it_shows_every_output(multiplexer):
    assert multiplexer.__info__().splitlines() == [
        "multiplexer mux",
        "  trigger = timer  (of timer, roby)",
        "  gate    = off  (of off, timer)",
    ]
    assert repr(multiplexer) == "SimulatedMultiplexer('mux')"
