"""Multiplexers that are PVs of an IOC of EPICS base, in C."""

import math

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("pvxslibs", reason="the IOC in C comes with pvxslibs")

import base_ioc
from iocs import Served

import obtura
from obtura.contracts import looking
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.instruments.epics import PVCounter, PVMultiplexer, PVOutput, connect
from obtura.instruments.epics.link import Link
from obtura.works.clock import clock


@pytest.fixture(scope="module")
def shared(loopback_only, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    server = Served(*base_ioc.arguments(folder), folder=folder)
    server.start()
    yield server
    server.end()


@pytest.fixture
def server(shared, monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", shared.environment["EPICS_CA_ADDR_LIST"])
    return shared


OUTPUTS = {
    "trigger": PVOutput("B:mux:trigger"),
    "gate": PVOutput("B:mux:gate", readback_pv="B:mux:gate:now"),
    "mode": PVOutput("B:mux:mode", ["lin", "log"]),
    "range": PVOutput("B:mux:range", {"nA": 1e-9, "uA": 1e-6}, tolerance=1e-12),
}


@pytest.fixture
def mux(server):
    made = PVMultiplexer("mux", OUTPUTS)
    connect(made)
    for output, input in {"trigger": "roby", "gate": "Closed", "mode": "lin", "range": "nA"}.items():
        made.switch(output, input)
    return made


def test_enums_text_and_numbers_are_switched_and_read(mux):
    assert mux.twin == "multiplexer"
    for output, input in {"trigger": "timer", "gate": "Open", "mode": "log", "range": "uA"}.items():
        mux.switch(output, input)
    assert mux.connections == {"trigger": "timer", "gate": "Open", "mode": "log", "range": "uA"}
    assert Link("test", "B:mux:range").read("test") == 1e-6


def test_the_inputs_of_an_enum_are_its_states(mux):
    assert mux.getPossibleValues("trigger") == ["roby", "timer", "off"]
    with pytest.raises(UsageError, match=r"input of trigger .*robz"):
        mux.switch("trigger", "robz")
    with pytest.raises(UsageError, match="output"):
        mux.switch("triger", "roby")


def test_a_switch_returns_when_the_readback_has_followed(mux):
    mux.switch("gate", "Open")
    assert Link("test", "B:mux:gate:now").read_text("test") == "Open"


def test_a_readback_that_does_not_follow_is_named(server):
    mux = PVMultiplexer("mux", {"gate": PVOutput("B:mux:mode", ["lin", "log"], "B:mux:gate:now")}, patience=0.1)
    with pytest.raises(DeviceTimeoutError, match=r"mux.switch failed: gate is still none of its inputs .*gate:now"):
        mux.switch("gate", "log")


def test_what_is_none_of_the_inputs_is_an_error_with_the_value(mux):
    Link("test", "B:mux:range").put(5.0, "put").wait(math.inf)
    with pytest.raises(DeviceError, match=r"mux: range is 5.0, PV B:mux:range says; none of nA \(1e-09\), uA"):
        mux.get_output("range")
    assert "none of nA" in mux.__info__()


def test_a_pv_without_states_needs_inputs(server):
    mux = PVMultiplexer("mux", {"out": PVOutput("B:mux:range")})
    with pytest.raises(DeviceError, match="PV B:mux:range is no enum with named states: say with `inputs`"):
        mux.switch("out", "x")


@pytest.mark.parametrize(
    ("inputs", "why"), [([], "no inputs"), ({"a": 1, "b": "x"}, "all numbers"), ({"a": 1, "b": 1}, "same")]
)
def test_inputs_that_can_not_be_are_refused(inputs, why):
    with pytest.raises(UsageError, match=why):
        PVOutput("B:mux:range", inputs)


def test_a_preset_switches_it_for_a_scan_and_back(mux):
    seen = []

    class Look(obtura.ScanPreset):
        def start(self, _scan):
            seen.append(mux.connections)

    scan = obtura.loopscan(2, 0.01, PVCounter("range", "B:mux:range"), run=False, save=False)
    scan.add_preset(obtura.MultiplexerPreset(mux, "trigger", "timer", "gate", "Open"))
    scan.add_preset(Look())
    scan.run()
    assert (seen[0]["trigger"], seen[0]["gate"]) == ("timer", "Open")
    assert (mux.get_output("trigger"), mux.get_output("gate")) == ("roby", "Closed")


def test_it_tells_nothing_to_who_only_looks(mux, monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    with pytest.raises(DeviceError, match="read-only"):
        mux.switch("trigger", "timer")
    assert mux.get_output("trigger") == "roby"


def test_text_is_put_to_an_array_of_characters(server):
    text = "/a/path/that/is/longer/than/the/forty/characters/of/a/string"
    link = Link("test", "B:path")
    link.put(text, "put").wait(math.inf)
    assert link.read_text("test") == text


def test_a_server_that_hangs_dies_and_comes_back(server, in_the_end):
    mux = PVMultiplexer("mux", OUTPUTS, timeout=2.0)
    connect(mux)
    mux.switch("trigger", "roby")
    server.hang()
    clock.sleep(0.1)  # it is stopped thread by thread
    with pytest.raises(DeviceError, match=r"mux.switch failed: PV B:mux:trigger did not"):
        mux.switch("trigger", "timer")
    server.go_on()
    in_the_end(lambda: mux.switch("trigger", "off"))
    server.kill()
    while mux.links[0].connected:  # a call in the instant of its death would fail otherwise
        clock.sleep(0.005)
    for call in (lambda: mux.switch("trigger", "roby"), lambda: mux.get_output("gate"), mux.check):
        with pytest.raises(DeviceError, match="is the IOC running"):
            call()
    assert "not connected" in mux.connection
    assert "lost at" in mux.__info__()
    server.start()
    in_the_end(mux.check)
    in_the_end(lambda: mux.switch("trigger", "timer"))
    assert in_the_end(lambda: mux.get_output("trigger")) == "timer"


def test_one_that_is_down_keeps_no_preset_from_being_made():
    mux = PVMultiplexer("mux", {"trigger": PVOutput("B:nobody")}, timeout=0.05)
    obtura.MultiplexerPreset(mux, "trigger", "timer")
    assert mux.__info__().startswith("multiplexer mux: mux.info failed: PV B:nobody is not connected")
