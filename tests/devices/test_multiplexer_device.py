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


def test_how_it_is_connected_can_be_stored_and_recalled(multiplexer):
    multiplexer.switch("trigger", "roby")
    multiplexer.store("scan")
    multiplexer.switch("trigger", "timer")
    multiplexer.switch("gate", "timer")
    multiplexer.recall("scan")
    assert multiplexer.connections == {"trigger": "roby", "gate": "off"}
    assert multiplexer.stored == ("scan",)
    assert multiplexer.__info__().endswith("\n  stored: scan")
    multiplexer.forget("scan")
    assert multiplexer.stored == ()


@pytest.mark.parametrize("method", ["recall", "forget"])
def test_what_is_not_stored_is_refused_with_what_was_probably_meant(multiplexer, method):
    multiplexer.store("scan")
    with pytest.raises(UsageError, match="mux: stored state 'scna' is not known: did you mean 'scan'?"):
        getattr(multiplexer, method)("scna")


@pytest.mark.parametrize("name", ["", None, 3])
def test_what_is_stored_needs_a_name(multiplexer, name):
    with pytest.raises(UsageError, match="give it a name"):
        multiplexer.store(name)


def test_what_is_stored_is_kept_between_sessions(multiplexer):
    kept = {}
    multiplexer.on_setting(kept.__setitem__)
    multiplexer.switch("trigger", "roby")
    multiplexer.store("scan")
    assert kept == dict(multiplexer.settings()) == {"stored": {"scan": {"trigger": "roby", "gate": "off"}}}
    again = SimulatedMultiplexer("mux", multiplexer.outputs)
    again.restore({**kept, "of an older version": 3})
    again.recall("scan")
    assert again.get_output("trigger") == "roby"


def test_what_was_stored_of_an_input_that_is_gone_switches_nothing(multiplexer):
    multiplexer.restore({"stored": {"old": {"trigger": "roby", "gate": "shutter"}}})
    with pytest.raises(UsageError, match="mux: input of gate 'shutter' is not known"):
        multiplexer.recall("old")
    assert multiplexer.get_output("trigger") == "timer"


@pytest.mark.parametrize("stored", [3, {"old": 3}])
def test_settings_that_make_no_sense_are_refused(multiplexer, stored):
    multiplexer.store("good")
    with pytest.raises(UsageError, match="mux: stored states must be"):
        multiplexer.restore({"stored": stored})
    assert multiplexer.stored == ("good",)


def test_it_has_the_names_that_users_of_bliss_know(multiplexer):
    assert multiplexer.getOutputList() == ["trigger", "gate"]
    assert multiplexer.getPossibleValues("gate") == ["off", "timer"]
    multiplexer.storeCurrentStat("before")
    multiplexer.switch("gate", "timer", synchronous=True)
    assert multiplexer.getOutputStat("gate") == "timer"
    assert multiplexer.getGlobalStat() == {"trigger": "timer", "gate": "timer"}
    assert multiplexer.getSavedStats() == ["before"]
    multiplexer.restoreStat("before")
    assert multiplexer.getOutputStat("gate") == "off"
    multiplexer.rmStat("before")
    assert multiplexer.getSavedStats() == []
