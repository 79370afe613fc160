"""Faulty simulated motors: every fault that an axis has to cope with."""

import math
import threading

import pytest
from timeline import timeline

from obtura.contracts.together import move_together
from obtura.devices import Slits
from obtura.devices.sim import FaultyAxis, SimulatedAxis
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"bad_start": True}, "roby: OSError: the motor does not answer to start"),
        ({"bad_start": "no power"}, "roby: OSError: no power"),
        ({"bad_position": True}, "roby: OSError: the motor does not answer to position"),
        ({"bad_state": True}, "roby: OSError: the motor does not answer to state"),
        ({"fault": True}, r"roby can't be moved: FAULT$"),
        ({"fault": "overheated"}, r"roby can't be moved: FAULT \(overheated\)"),
        ({"drift": 0.5}, "roby: the move to 3 mm ended at 3.5 mm"),
        ({"switches": (-1, 1)}, r"roby: the move to 3 mm ended at 1 mm, .* \(READY, LIMPOS\)"),
    ],
)
def test_a_fault_is_an_error_of_the_axis(fault, message):
    roby = FaultyAxis("roby", unit="mm", **fault)
    with pytest.raises(DeviceError, match=message):
        roby.move(3)


def test_without_faults_it_is_a_simulated_axis():
    roby = FaultyAxis("roby", limits=(-5, 5))
    roby.move(3)
    assert roby.position == 3
    assert roby.__info__().splitlines()[1] == "  position      3"


def test_a_stop_that_fails_is_told(time):
    roby = FaultyAxis("roby", velocity=1, bad_stop=True)
    roby.move(10, wait=False)
    with pytest.raises(DeviceError, match="the motor does not answer to stop"):
        roby.stop()
    roby.motor.bad_stop = False
    roby.stop()
    assert not roby.is_moving


def test_stuck_it_moves_for_ever_until_it_is_stopped(time):
    roby = FaultyAxis("roby", stuck=True)
    roby.move(3, wait=False)
    clock.sleep(1000)
    assert roby.is_moving
    roby.stop()
    assert roby.position == 0
    with pytest.raises(DeviceError, match="the move to 3 was stopped at 0"):
        roby.wait_move()


def test_a_call_that_hangs_returns_when_it_is_let_go():
    roby = FaultyAxis("roby", hang="position")
    done = threading.Event()
    thread = threading.Thread(target=lambda: (roby.position, done.set()))
    thread.start()
    assert not done.wait(0.05)
    roby.motor.hang = ""
    thread.join(60)
    assert done.is_set()


def test_a_dead_controller_is_shown_not_raised():
    roby = FaultyAxis("roby", unit="mm", bad_position="no answer", limits=(-1, 1), acceleration=math.inf)
    assert roby.__info__().splitlines() == [
        "axis roby",
        "  position     !ERR: roby: OSError: no answer",
        "  dial         !ERR: roby: OSError: no answer",
        "  state        READY (Axis is READY)",
        "  limits       -1 to 1 mm",
        "  dial limits  -1 to 1 mm",
        "  velocity     10 mm/s",
        "  tolerance    0.0001 mm",
    ]


def test_a_fault_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="roby: hang 'stopp' is not known: did you mean 'stop'"):
        FaultyAxis("roby", hang="stopp")


def test_an_axis_that_does_not_say_whether_it_moves_is_told_to_stop():
    tired = FaultyAxis("tired", velocity=1)
    tired.move(10, wait=False)
    clock.sleep(2)
    tired.motor.bad_state = True
    with pytest.raises(DeviceError, match="tired: OSError: the motor does not answer to state"):
        tired.stop()
    tired.motor.bad_state = False
    clock.sleep(0.1)  # to slow down
    assert not tired.is_moving
    assert tired.position < 3


def test_of_several_axes_one_that_does_not_say_whether_it_moves_is_told_to_stop(time):
    tired, roby = FaultyAxis("tired", velocity=1), SimulatedAxis("roby", velocity=1)
    time.at(2, lambda: setattr(tired.motor, "bad_state", True))
    with pytest.raises(DeviceError, match="tired: OSError: the motor does not answer to state"):
        move_together([tired, roby], [10, 10])
    tired.motor.bad_state = False
    assert not tired.is_moving
    assert not roby.is_moving
    assert max(tired.position, roby.position) < 3


def test_a_calculated_axis_stops_each_of_its_real_ones():
    tired, roby = FaultyAxis("tired", velocity=1, unit="mm"), SimulatedAxis("roby", velocity=1, unit="mm")
    gap = Slits("slits", front=tired, back=roby, hgap="gap").axes["gap"]
    gap.move(20, wait=False)
    tired.motor.bad_stop = True
    with pytest.raises(DeviceError, match="tired: OSError: the motor does not answer to stop"):
        gap.halt()
    tired.motor.bad_stop = False
    clock.sleep(1)
    assert not roby.is_moving
    tired.stop()
