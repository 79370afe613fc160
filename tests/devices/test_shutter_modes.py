"""Who says when a shutter opens, how long that takes, and blocks during which it is open or closed."""

import pytest
from test_shutter_device import Stuck

from obtura.devices import Shutter, ShutterMode
from obtura.devices.sim import SimulatedShutter, SimulatedSwitch
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture
def gate():
    return SimulatedSwitch("gate", ["OPEN", "CLOSED"], "CLOSED")


@pytest.fixture
def shutter(gate):
    with virtual_time():
        yield SimulatedShutter("shutter", travel=0.5, external_control=gate)


def test_it_is_driven_by_hand_unless_told_otherwise(shutter, gate):
    assert shutter.mode is ShutterMode.MANUAL
    shutter.open()
    assert gate.get() == "CLOSED"
    assert shutter.__info__() == "shutter shutter: OPEN"


def test_in_mode_external_it_is_driven_through_the_switch(shutter, gate):
    shutter.mode = "external"
    assert shutter.mode == "EXTERNAL"
    shutter.open()
    assert gate.get() == "OPEN"
    assert shutter.is_open
    assert clock.time() == pytest.approx(0.5)
    shutter.close()
    assert gate.get() == "CLOSED"
    assert shutter.is_closed
    assert shutter.__info__() == "shutter shutter: CLOSED\n  mode EXTERNAL, through gate"


def test_in_mode_external_it_follows_the_switch_whoever_sets_it(shutter, gate):
    shutter.mode = "EXTERNAL"
    gate.set("open")
    assert shutter.state == "MOVING"
    clock.sleep(0.5)
    assert shutter.is_open
    assert shutter.state_string == "Open"


def test_a_mode_takes_over_what_the_switch_says(shutter, gate):
    gate.set("open")
    assert shutter.is_closed
    shutter.mode = "EXTERNAL"
    clock.sleep(0.5)
    assert shutter.is_open


@pytest.mark.parametrize("verb", ["open", "close"])
def test_in_mode_external_without_a_switch_it_is_refused(verb):
    shutter = SimulatedShutter("shutter", mode=ShutterMode.EXTERNAL)
    with pytest.raises(DeviceError, match=rf"shutter\.{verb} refused: in mode EXTERNAL .* no external control"):
        getattr(shutter, verb)()
    assert shutter.is_closed


@pytest.mark.parametrize("verb", ["open", "close", "__enter__", "check"])
def test_in_mode_configuration_it_is_refused(shutter, verb):
    shutter.mode = "CONFIGURATION"
    with pytest.raises(DeviceError, match=r"refused: it is in mode CONFIGURATION; set shutter\.mode = 'MANUAL'"):
        getattr(shutter, verb)()
    assert shutter.state == "UNKNOWN"
    assert shutter.blade.transmission == 0
    assert shutter.__info__() == "shutter shutter: UNKNOWN\n  mode CONFIGURATION"


@pytest.mark.parametrize("mode", ["manul", "", None, 3])
def test_a_mode_that_it_has_not_is_refused(shutter, mode):
    with pytest.raises(UsageError, match=r"shutter: mode .* is not known.*known: MANUAL, EXTERNAL, CONFIGURATION"):
        shutter.mode = mode
    assert shutter.mode == "MANUAL"


def test_a_switch_that_can_not_open_and_close_is_refused():
    with pytest.raises(UsageError, match="external control lamp needs OPEN and CLOSED, has OFF, ON"):
        SimulatedShutter("shutter", external_control=SimulatedSwitch("lamp"))


class Blind(Stuck):
    """Electronics that can't tell whether the signal from elsewhere has opened it, and note their mode."""

    def __init__(self):
        super().__init__("UNKNOWN")

    def set_mode(self, mode):
        self.log.append(str(mode))


def test_where_the_electronics_can_not_tell_the_switch_is_asked_and_the_known_time_waited(gate):
    driver = Blind()
    with virtual_time():
        shutter = Shutter("shutter", driver, mode="EXTERNAL", external_control=gate, opening_time=0.2, closing_time=3)
        shutter.open()
        assert shutter.is_open
        assert clock.time() == pytest.approx(0.2)
        shutter.open()
        assert clock.time() == pytest.approx(0.2)
        shutter.close(timeout=1)
        assert clock.time() == pytest.approx(1.2)
        shutter.open(timeout=0)
        assert clock.time() == pytest.approx(1.2)
    assert driver.log == ["EXTERNAL"]


def test_a_state_of_the_switch_that_says_nothing_of_the_shutter_is_unknown():
    gate = SimulatedSwitch("gate", ["OPEN", "CLOSED", "GATED"], "GATED")
    shutter = Shutter("shutter", Blind(), mode="EXTERNAL", external_control=gate)
    assert shutter.state == "UNKNOWN"


def test_the_electronics_are_told_of_the_mode_before_the_first_order():
    driver = Stuck("OPEN")
    driver.set_mode = lambda mode: driver.log.append(str(mode))
    shutter = Shutter("shutter", driver)
    assert driver.log == []
    shutter.open()
    shutter.open()
    assert driver.log == ["MANUAL", "open", "open"]


def test_a_mode_that_the_electronics_refuse_is_not_taken(shutter):
    def refuse(mode):
        raise DeviceError("shutter: no signal input")

    shutter.blade.set_mode = refuse
    with pytest.raises(DeviceError, match="no signal input"):
        shutter.mode = "EXTERNAL"
    assert shutter.mode == "MANUAL"


def test_how_long_it_takes_is_measured(shutter):
    assert shutter.opening_time is None
    assert shutter.measure_open_close_time() == pytest.approx((0.5, 0.5))
    assert shutter.opening_time == shutter.closing_time == pytest.approx(0.5)
    assert shutter.is_closed
    assert shutter.__info__() == "shutter shutter: CLOSED\n  opens in 0.5 s, closes in 0.5 s"


@pytest.mark.parametrize("seconds", [-1, "fast", float("nan")])
def test_a_time_that_makes_no_sense_is_refused(shutter, seconds):
    shutter.opening_time = 0.1
    with pytest.raises(UsageError, match="shutter: opening_time"):
        shutter.opening_time = seconds
    with pytest.raises(UsageError, match="shutter: closing_time"):
        SimulatedShutter("shutter", closing_time=seconds)
    assert shutter.opening_time == 0.1


def test_mode_and_times_are_kept_between_sessions(shutter, gate):
    kept = {}
    shutter.on_setting(kept.__setitem__)
    shutter.mode = "EXTERNAL"
    shutter.opening_time = 0.1
    shutter.closing_time = None
    assert kept == dict(shutter.settings()) == {"mode": "EXTERNAL", "opening_time": 0.1, "closing_time": None}
    again = SimulatedShutter("shutter", external_control=gate)
    again.restore({**kept, "of an older version": 3})
    assert dict(again.settings()) == kept
    again.open()
    assert gate.get() == "OPEN"
    assert again.is_open
    with pytest.raises(UsageError, match="opening_time"):
        again.restore({"mode": "MANUAL", "opening_time": -1})
    assert again.mode == "EXTERNAL"


def test_it_can_be_sent_off_without_waiting(shutter):
    shutter.open(timeout=0)
    assert clock.time() == 0
    assert shutter.state == "MOVING"


def test_it_has_as_long_as_it_is_given(shutter):
    with pytest.raises(DeviceError, match=r"shutter\.open failed: it says MOVING, not OPEN, after 0.1 s"):
        shutter.open(timeout=0.1)


class Body(Exception):
    pass


def test_a_block_with_it_closed_opens_it_again_only_if_it_was_open(shutter):
    with shutter.closed_context:
        assert shutter.is_closed
    assert shutter.is_closed
    assert clock.time() == 0
    shutter.open()
    with shutter.closed_context as same:
        assert same is shutter
        assert shutter.is_closed
    assert shutter.is_open


def test_a_block_with_it_open_closes_it_again_unless_it_was_open(shutter):
    with shutter.open_context:
        assert shutter.is_open
    assert shutter.is_closed
    shutter.open()
    with pytest.raises(Body), shutter.open_context:
        raise Body
    assert shutter.is_open


@pytest.mark.parametrize("context", ["open_context", "closed_context"])
def test_after_an_error_in_such_a_block_it_is_closed(shutter, context):
    if context == "closed_context":
        shutter.open()
    with pytest.raises(Body), getattr(shutter, context):
        raise Body
    assert shutter.is_closed


def test_a_block_that_can_not_open_it_says_that_first(shutter):
    shutter.mode = "CONFIGURATION"
    with pytest.raises(DeviceError, match=r"shutter\.open refused") as caught, shutter:
        pytest.fail("it did not open")
    assert [note.split(":")[0] for note in caught.value.__notes__] == ["then shutter.close refused"]


def test_the_external_control_is_a_switch():
    with pytest.raises(UsageError, match="shutter: external_control must be a switch, got 5"):
        SimulatedShutter("shutter", external_control=5)
