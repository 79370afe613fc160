"""An axis: what it accepts, how it moves, how it is stopped."""

import math
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from controller import Stage
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.contracts.devices import is_movable
from obtura.devices import Axis, AxisState
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def roby(stage):
    return Axis("roby", stage, unit="mm", limits=(-100, 100), velocity=1, acceleration=math.inf)


@pytest.fixture
def time():
    with timeline() as source:
        yield source


def test_an_axis_is_what_scans_move(roby):
    assert is_movable(roby)
    assert roby.blocking is True


# -- what it accepts


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (200, "roby: move to 200 mm would exceed high limit (100 mm)"),
        (-100.5, "roby: move to -100.5 mm would exceed low limit (-100 mm)"),
    ],
)
def test_a_target_out_of_limits_is_refused_in_plain_words(roby, stage, target, message):
    for refuse in (roby.check_target, roby.move, roby.rmove):
        with pytest.raises(LimitError) as caught:
            refuse(target)
        assert str(caught.value) == message
    assert stage.log == []


@pytest.mark.parametrize("target", [math.nan, math.inf, -math.inf, None, "5", True, [5], 1j, np.array([5.0])])
def test_what_is_no_position_is_refused(roby, stage, target):
    roby.limits = -math.inf, math.inf
    for refuse in (roby.check_target, roby.move, roby.rmove):
        with pytest.raises(UsageError, match="roby: "):
            refuse(target)
    assert stage.log == []


@pytest.mark.parametrize("target", [5, 5.0, np.float64(5), np.int32(5), np.float32(5), 100, -100])
def test_every_kind_of_number_within_limits_is_a_position(roby, target, time):
    roby.move(target)
    assert roby.position == target


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("velocity", 0),
        ("velocity", -1),
        ("velocity", "fast"),
        ("velocity", math.nan),
        ("acceleration", 0),
        ("limits", (1, 0)),
        ("limits", (0, math.nan)),
        ("limits", 5),
        ("limits", (0, 1, 2)),
    ],
)
def test_settings_that_make_no_sense_are_refused(roby, attribute, value):
    before = getattr(roby, attribute)
    with pytest.raises(UsageError, match="roby: "):
        setattr(roby, attribute, value)
    assert getattr(roby, attribute) == before


# -- how it moves


def test_a_move_returns_when_it_is_there(roby, time):
    roby.move(3)
    assert roby.position == 3
    assert clock.time() == pytest.approx(3, abs=0.03)
    roby.rmove(-1)
    assert roby.position == 2
    assert roby.state == "READY"


def test_a_move_that_need_not_be_waited_for_returns_at_once(roby, time):
    roby.move(3, wait=False)
    assert clock.time() == 0
    assert roby.is_moving
    assert str(roby.state) == "MOVING (Axis is MOVING)"
    roby.wait_move()
    assert roby.position == 3
    assert not roby.is_moving
    roby.wait_move()


def test_waiting_for_a_move_that_somebody_else_began_is_possible(roby, stage, time):
    stage.start_move(2, 1, 1)  # a hand on the controller's front panel
    roby.wait_move()
    assert roby.position == 2


def test_moving_while_moving_is_an_error_and_disturbs_nothing(roby, stage, time):
    roby.move(3, wait=False)
    for refuse in (roby.check, lambda: roby.move(1), lambda: roby.rmove(1)):
        with pytest.raises(DeviceBusyError, match="roby is moving"):
            refuse()
    roby.wait_move()
    assert roby.position == 3
    assert stage.log == ["start 3"]


def test_two_threads_cannot_send_it_to_two_places(roby, stage, time):
    errors = []

    def intrude():
        try:
            roby.move(-3)
        except DeviceBusyError as error:
            errors.append(error)

    time.at(1, elsewhere(intrude))
    roby.move(3)
    assert len(errors) == 1
    assert roby.position == 3
    assert stage.log == ["start 3"]


def test_the_estimate_follows_from_velocity_and_acceleration(roby, time):
    roby.velocity, roby.acceleration = 2, 4
    assert roby.estimate(10) == pytest.approx(5.5)
    assert roby.estimate(0) == 0


def test_a_move_that_ends_somewhere_else_is_an_error(roby, stage, time):
    stage.ends_off = 0.01
    with pytest.raises(DeviceError, match=r"roby: the move to 3 mm ended at 3.01 mm, .* tolerance of 0.0001 mm"):
        roby.move(3)
    roby.tolerance = 0.1
    roby.move(2)


def test_a_limit_switch_that_ended_a_move_is_named(roby, stage, time):
    stage.ends_off, stage.names = -1, ("READY", "LIMPOS")
    with pytest.raises(DeviceError, match="LIMPOS"):
        roby.move(3)


def test_a_fault_is_named_before_during_and_after(roby, stage, time):
    stage.names, stage.reason = ("FAULT",), "following error"
    with pytest.raises(DeviceError, match=r"roby can't be moved: FAULT \(following error\)"):
        roby.move(3)
    assert stage.log == []
    stage.names = ("READY",)
    time.at(1, lambda: setattr(stage, "names", ("FAULT",)))
    with pytest.raises(DeviceError, match=r"roby: the move to 3 mm failed at 1 mm: FAULT \(following error\)"):
        roby.move(3)
    assert stage.log == ["start 3", "stop"]


def test_a_fault_is_an_error_also_at_the_target(roby, stage, time):
    roby.move(3, wait=False)
    clock.sleep(4)
    stage.names, stage.reason = ("FAULT",), "too hot"
    with pytest.raises(DeviceError, match=r"roby: the move to 3 mm failed at 3 mm: FAULT \(too hot\)"):
        roby.wait_move()


@pytest.mark.parametrize("method", ["position", "state", "start_move"])
def test_an_error_of_the_controller_gets_the_name_of_the_axis(roby, stage, time, method):
    stage.error_of[method] = OSError("no answer")
    with pytest.raises(DeviceError, match="roby: OSError: no answer") as caught:
        roby.move(3)
    assert isinstance(caught.value.__cause__, OSError)


# -- how it is stopped


def test_stopped_from_elsewhere_a_waiting_move_ends_at_once_with_an_error(roby, stage, time):
    time.at(1, elsewhere(roby.stop))
    with pytest.raises(DeviceError, match="roby: the move to 3 mm was stopped at 1 mm"):
        roby.move(3)
    assert clock.time() == pytest.approx(1)
    assert stage.log == ["start 3", "stop"]
    roby.move(2)
    assert roby.position == 2


def test_whoever_waits_later_hears_of_the_stop_too(roby, time):
    roby.move(3, wait=False)
    clock.sleep(1)
    roby.stop()
    with pytest.raises(DeviceError, match="was stopped at 1 mm"):
        roby.wait_move()


def test_at_rest_nothing_is_stopped(roby, stage, time):
    roby.stop()
    roby.move(1)
    roby.stop()
    roby.wait_move()
    assert stage.log == ["start 1"]


def test_ctrl_c_in_a_waiting_move_stops_the_axis(roby, stage, time):
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        roby.move(3)
    assert stage.log == ["start 3", "stop"]
    assert roby.position == pytest.approx(1)
    assert not roby.is_moving


def test_ctrl_c_while_waiting_for_a_move_stops_the_axis(roby, stage, time):
    roby.move(3, wait=False)
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        roby.wait_move()
    assert stage.log == ["start 3", "stop"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("wait", [True, False])
def test_a_move_that_fails_to_set_off_is_stopped(roby, stage, time, error, wait):
    stage.error_of["start_move"] = error("half way into the command")
    with pytest.raises(DeviceError if error is OSError else error):
        roby.move(3, wait=wait)
    assert stage.log == ["start 3", "stop"]
    assert not roby.is_moving


def test_when_stopping_fails_too_both_are_told(roby, stage, time):
    time.at(1, press_ctrl_c)
    stage.error_of["stop"] = OSError("no answer")
    with pytest.raises(KeyboardInterrupt) as caught:
        roby.move(3)
    assert caught.value.__notes__ == ["then roby could not be stopped: roby: OSError: no answer"]


def test_a_stop_that_comes_before_the_axis_has_set_off_is_not_lost(stage):
    """The command to stop reaches the controller before the one to move, which it would take for a stop at rest."""
    stopping = threading.Event()

    class Slow(Stage):
        def start_move(self, target, velocity, acceleration):
            self.stopper = threading.Thread(target=roby.stop)
            self.stopper.start()
            assert stopping.wait(60)
            super().start_move(target, velocity, acceleration)

        def stop(self):
            super().stop()
            stopping.set()

    slow = Slow()
    roby = Axis("roby", slow, velocity=1)
    with virtual_time(), pytest.raises(DeviceError, match="was stopped at 0"):
        roby.move(3)
    slow.stopper.join(60)
    assert slow.log == ["stop", "start 3", "stop"]


INTERRUPTED = """
import sys
from obtura.devices.sim import SimulatedAxis
roby = SimulatedAxis("roby", velocity=1, acceleration=1000)
print("go", flush=True)
try:
    roby.move(1000)
except KeyboardInterrupt:
    print("interrupted", 0 < roby.position < 1000, roby.is_moving)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_a_real_ctrl_c_stops_it():
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "go\n"
        interrupter = "import os, signal, sys, time; time.sleep(1); os.kill(int(sys.argv[1]), signal.SIGINT)"
        subprocess.run([sys.executable, "-c", interrupter, str(process.pid)], check=True)
        assert process.stdout.read() == "interrupted True False\n"
    assert process.returncode == 0


# -- for people


def test_it_shows_itself(roby, stage, time):
    assert repr(roby) == "Axis('roby')"
    roby.move(2.5)
    stage.names = ("READY", "LIMPOS")
    assert roby.__info__().splitlines() == [
        "axis roby",
        "  position     2.5 mm",
        "  dial         2.5 mm (offset 0 mm, sign 1)",
        "  state        READY (Axis is READY) | LIMPOS (at the high limit switch)",
        "  limits       -100 to 100 mm",
        "  dial limits  -100 to 100 mm",
        "  velocity     1 mm/s",
        "  tolerance    0.0001 mm",
    ]


def test_states_compare_as_users_write_them(roby, time):
    assert roby.state == AxisState("READY") == "READY"
