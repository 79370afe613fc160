"""Tango devices as counters, axes, shutters and multiplexers, on a real server."""

import math

import numpy as np
import pytest

from obtura.contracts import looking
from obtura.ground.errors import DeviceError, DeviceTimeoutError, LimitError, UsageError
from obtura.instruments.tango import Output, TangoAxis, TangoCounter, TangoMultiplexer, TangoShutter
from obtura.session.checking import check_of
from obtura.session.debugging import debug

# -- counters ---------------------------------------------------------------------------------------------------


def test_an_attribute_is_a_counter_with_its_unit(beam):
    counter = beam.counter()
    assert counter.read() == 1.25
    assert counter.unit == "mA"
    assert counter.check() is None
    assert TangoCounter("half", counter.controller, "Current", scale=0.5, offset=1, unit="A").read() == 1.625


@pytest.mark.parametrize(
    ("attribute", "options", "value"),
    [
        ("Spectrum", {"shape": [4]}, [0, 1, 2, 3]),
        ("Spectrum", {"shape": [-1]}, [0, 1, 2, 3]),
        ("Spectrum", {"index": 2}, 2),
        ("Empty", {"shape": [-1]}, []),
        ("Image", {"shape": [2, 3]}, [[0, 1, 2], [3, 4, 5]]),
        ("Kind", {}, 1),
        ("State", {}, 0),
        ("Flag", {}, 1),
        ("Text", {"words": {"HIGH": 1, "LOW": 0}}, 1),
    ],
)
def test_what_a_counter_makes_of_values(beam, attribute, options, value):
    assert np.array_equal(beam.counter(attribute, **options).read(), value)


def test_states_and_enums_have_names(beam):
    assert beam.counter("State").text == "ON"
    assert beam.counter("Kind").text == "THIN"


def test_the_result_of_a_command_is_a_counter(beam):
    device = beam.device("diode")
    assert TangoCounter("measured", device, command="Measure").read() == 4.5
    assert TangoCounter("exposed", device, command="Expose", argument=0.01).read() == 0.01


def test_counters_of_a_device_are_read_with_one_call(beam):
    device = beam.device("diode")
    counters = [TangoCounter(name, device, name) for name in ("Current", "Kind", "Flag")]
    both = [TangoCounter(f"s{index}", device, "Spectrum", index=index) for index in (1, 3)]
    measured = TangoCounter("measured", device, command="Measure")
    before = len(device.trace)
    assert device.read_all(*counters, *both, measured) == [1.25, 1, 1, 1, 3, 4.5]
    assert [each.sent for each in device.trace[before:]] == ["connect", "Current, Kind, Flag, Spectrum, Measure()"]


@pytest.mark.parametrize(
    ("mood", "attribute", "options", "words"),
    [
        ("", "Nope", {}, "Nope can't be read: API_AttrNotFound"),
        ("", "Text", {}, "'HIGH' is no number; say with `words`|HIGH is no number; say with `words`"),
        ("", "Spectrum", {}, r"an array of shape \(4,\) is no number"),
        ("", "Spectrum", {"index": 7}, "has no item 7"),
        ("short", "Spectrum", {"shape": [4]}, r"has the shape \(3,\), not \(4,\)"),
        ("raise", "Current", {}, "Current can't be read: RuntimeError: the card does not answer"),
        ("text", "Current", {}, "Current can't be read: "),
        ("ATTR_INVALID", "Current", {}, "Current has no valid value .ATTR_INVALID."),
    ],
)
def test_what_can_not_be_read_is_said_in_words(beam, mood, attribute, options, words):
    beam.misbehave("diode", mood)
    with pytest.raises(DeviceError, match=f"^diode_device:current: tango://127.*dbase=no .*({words})") as raised:
        beam.counter(attribute, **options).read()
    assert "\n" not in str(raised.value)


def test_an_attribute_in_alarm_has_a_value(beam):
    beam.misbehave("diode", "ATTR_ALARM")
    assert beam.counter().read() == 1.25


def test_what_is_wrong_with_a_counter_is_refused(beam):
    device = beam.device("diode")
    for options in ({}, {"attribute": "a", "command": "b"}, {"command": "b", "monitor": True}, {"scale": 0}):
        with pytest.raises(UsageError):
            TangoCounter("c", device, **options)
    assert not device.trace


# -- axes -------------------------------------------------------------------------------------------------------


def test_an_axis_takes_unit_limits_and_velocity_from_the_device(beam):
    axis = beam.axis()
    assert (axis.unit, axis.limits, axis.velocity) == ("mm", (-10, 10), 20)
    with pytest.raises(LimitError, match="mx: move to 11 mm would exceed high limit"):
        axis.move(11)
    assert beam.told() == []
    assert beam.axis(limits=(-1, 1)).limits == (-1, 1)


def test_an_axis_moves_and_arrives(beam):
    axis = beam.axis(offset=1.0, sign=-1)
    axis.move(0.5)
    assert axis.position == pytest.approx(0.5)
    assert axis.state.READY
    assert beam.told() == [("mx", "Position", 0.5)]
    axis.velocity = 40
    axis.move(0.7)
    assert beam.told()[1:] == [("mx", "Velocity", 40), ("mx", "Position", pytest.approx(0.3))]


def test_an_axis_that_is_stopped_says_where(beam):
    axis = beam.axis()
    axis.move(10, wait=False)
    assert axis.is_moving
    axis.stop()
    assert 0 <= axis.position < 10
    assert beam.told() == [("mx", "Position", 10), ("mx", "Stop", None)]
    with pytest.raises(DeviceError, match="mx: the move to 10 mm was stopped at"):
        axis.wait_move()


def test_without_a_stop_command_it_is_sent_to_where_it_is(beam):
    axis = beam.axis(stop=None)
    axis.move(10, wait=False)
    axis.stop()
    assert [each[1] for each in beam.told()] == ["Position", "Position"]


def test_an_axis_that_ends_elsewhere_is_an_error(beam):
    beam.misbehave("mx", "stuck")
    with pytest.raises(DeviceError, match="mx: the move to 5 mm ended at 0.1 mm"):
        beam.axis(lag=0.05).move(5)


@pytest.mark.parametrize("mood", ["OFF", "FAULT", "moving"])
def test_an_axis_that_can_not_set_off_is_there_when_a_session_opens(beam, mood):
    axis = beam.axis()
    if mood == "moving":
        axis.velocity = 1
        axis.move(5, wait=False)
    else:
        beam.misbehave("mx", mood)
    with pytest.raises(DeviceError):
        axis.check()
    assert check_of(axis)() is None
    beam.misbehave("mx", "")
    axis.stop()


def test_an_axis_that_is_nowhere_is_refused(beam):
    beam.misbehave("mx", "nowhere")
    with pytest.raises(DeviceError, match="mx: .* Position is nan, which is no place"):
        beam.axis().check()


def test_a_fault_is_said_in_the_devices_words(beam):
    axis = beam.axis()
    beam.misbehave("mx", "FAULT")
    with pytest.raises(DeviceError, match=r"mx can't be moved: FAULT \(FAULT: following error on axis 3\)"):
        axis.move(1)
    beam.misbehave("mx", "ALARM")
    assert axis.state.ready
    assert "following error on axis 3" in str(axis.state)
    axis.move(0.1)
    assert TangoAxis("other", beam.device("mx"), states={"alarm": "off"}).state.OFF


def test_a_refusal_of_the_server_is_passed_on(beam):
    with pytest.raises(DeviceError, match="mx.move failed: .*API_WAttrOutsideLimit: Set value for attribute Position"):
        beam.axis(limits=(-100, 100)).move(11)


# -- shutters and multiplexers ----------------------------------------------------------------------------------


def test_a_shutter_is_opened_and_closed(beam):
    shutter = beam.shutter()
    with shutter:
        assert shutter.state == "OPEN"
    assert shutter.state == "CLOSED"
    assert beam.told() == [("shutter", "Open", None), ("shutter", "Close", None)]


def test_a_shutter_may_be_a_boolean_or_an_enum(beam):
    stage = TangoShutter("wheel", beam.device("wheel"), attribute="Out")
    with stage:
        assert stage.state == "OPEN"
    assert stage.state == "CLOSED"
    wheel = TangoShutter("w", stage.device, attribute="Filter", open_value="OUT", closed_value="THICK")
    wheel.close()
    assert wheel.state == "CLOSED"
    assert beam.told() == [("wheel", "Out", True), ("wheel", "Out", False), ("wheel", "Filter", 2)]


def test_a_shutter_that_fails_says_why(beam):
    shutter = beam.shutter(timeout=3.0)
    beam.misbehave("shutter", "FAULT")
    for call in (shutter.open, shutter.check):
        with pytest.raises(DeviceError, match="says FAULT: no air pressure"):
            call()
    beam.misbehave("shutter", "raise")
    with pytest.raises(DeviceError, match="shutter.open failed: .* refused: RuntimeError: the card does not answer"):
        shutter.open()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"close": "Clsoe"}, "has no command 'Clsoe' .it has: .*Close.*Open"),
        ({"open": "Opne"}, "has no command 'Opne'"),
        (
            {"attribute": "Filter", "open_value": "OUT", "closed_value": "THIK"},
            "Filter has no 'THIK' .it has: OUT, THIN, THICK",
        ),
    ],
)
def test_a_shutter_that_could_not_be_closed_is_not_opened(beam, options, words):
    device = beam.device("wheel" if "attribute" in options else "shutter")
    shutter = TangoShutter("s", device, **options)
    for call in (shutter.check, shutter.open):
        with pytest.raises(DeviceError, match=words):
            call()
    assert beam.told() == []


def test_an_axis_that_could_not_be_stopped_is_not_moved(beam):
    axis = beam.axis(stop="Stopp")
    for call in (axis.check, lambda: axis.move(1)):
        with pytest.raises(DeviceError, match="mx: .* has no command 'Stopp' .it has: .*Stop"):
            call()
    assert beam.told() == []


def test_an_input_that_does_not_exist_is_found_before_it_is_needed(beam):
    wheel = TangoMultiplexer("w", beam.device("wheel"), {"filter": Output({"in": "THIN", "out": "OOT"}, "Filter")})
    with pytest.raises(DeviceError, match="w: .* Filter has no 'OOT' .it has: OUT, THIN, THICK"):
        wheel.check()


def test_outputs_are_switched_by_attributes_and_commands(beam):
    opiom = beam.multiplexer()
    opiom.switch("filter", "thick")
    opiom.switch("source", "b")
    opiom.switch("stage", "far")
    assert opiom.connections == {"filter": "thick", "source": "b", "stage": "far"}
    assert beam.told() == [("wheel", "Filter", 2), ("wheel", "Select", 1), ("wheel", "Far", None)]


def test_an_output_that_stays_where_it_is_is_an_error(beam):
    opiom = beam.multiplexer()
    opiom._driver._timeout = 0.1
    beam.misbehave("wheel", "stuck")
    with pytest.raises(DeviceTimeoutError, match="filter is connected to out, not thin, after 0.1 s"):
        opiom.switch("filter", "thin")


# -- all --------------------------------------------------------------------------------------------------------


def test_all_have_a_twin_a_connection_and_a_trace(beam, capsys):
    devices = {"counter": beam.counter(), "axis": beam.axis(), "shutter": beam.shutter()}
    devices |= {"multiplexer": beam.multiplexer(), "controller": beam.device("diode")}
    for twin, device in devices.items():
        assert device.twin == twin
        assert "not used yet" in device.connection and list(device.trace) == []
        device.check()
        assert "connected since" in device.connection and device.trace
        assert device.connection in device.__info__()
        debug(device)
        assert "'connect' -> 'connected'" in capsys.readouterr().out


def test_a_device_that_is_only_looked_at_is_told_nothing(beam, monkeypatch):
    axis, shutter, opiom = beam.axis(), beam.shutter(), beam.multiplexer()
    monkeypatch.setattr(looking, "_looking", True)
    for call in (lambda: axis.move(1), shutter.open, lambda: opiom.switch("filter", "thin")):
        with pytest.raises(DeviceError, match="refused: this is read-only"):
            call()
    assert beam.told() == []
    assert axis.position == 0 and shutter.state == "CLOSED" and math.isfinite(beam.counter().read())
