"""Axes moved together, of which one does not set off: the others are stopped, but nobody else's move is."""

import inspect
import math
import sys
import threading

import pytest
from timeline import timeline

from obtura.contracts.motion import MotionHook
from obtura.contracts.scan_moves import ScanMoves
from obtura.contracts.together import move_together
from obtura.devices.group import Group
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.slits import Slits
from obtura.ground.errors import DeviceBusyError, DeviceError
from obtura.works.clock import Flag, clock


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def axis(name, **options):
    return SimulatedAxis(name, unit="mm", velocity=1, acceleration=1000, **options)


def test_one_that_somebody_else_moves_goes_on(time):
    ours, theirs, last = axis("ours"), axis("theirs"), axis("last")
    theirs.move(10, wait=False)
    with pytest.raises(DeviceBusyError, match="theirs is moving"):
        move_together([ours, theirs, last], [10, 0, 10])
    assert not ours.is_moving and not last.is_moving and theirs.is_moving
    theirs.wait_move()
    assert theirs.position == pytest.approx(10)


def test_alone_it_goes_on_too(time):
    theirs = axis("theirs")
    theirs.move(10, wait=False)
    with pytest.raises(DeviceBusyError):
        move_together([theirs], [0])
    theirs.wait_move()
    assert theirs.position == pytest.approx(10)


class Refusing(MotionHook):
    def pre_move(self, motions):
        raise DeviceError("the way is not free")


def test_a_hook_that_refuses_stops_nobody(time):
    ours, theirs = axis("ours", motion_hooks=[Refusing()]), axis("theirs")
    theirs.move(10, wait=False)
    with pytest.raises(DeviceError, match="not free"):
        move_together([ours, theirs], [10, 0])
    theirs.wait_move()
    assert theirs.position == pytest.approx(10)


def test_a_real_axis_that_somebody_else_moves_goes_on(time):
    front, back, ours = axis("front"), axis("back"), axis("ours")
    gap = Slits("slits", front=front, back=back).axes["slits_hgap"]
    front.move(10, wait=False)
    with pytest.raises(DeviceBusyError, match="front is moving"):
        move_together([gap, ours], [4, 10])
    assert not ours.is_moving and not back.is_moving
    front.wait_move()
    assert front.position == pytest.approx(10)


class Broken(SimulatedAxis):
    def begin(self, target, way=None):
        super().begin(target, way)
        raise DeviceError("the answer was lost")


def test_one_that_fails_as_it_sets_off_is_stopped_with_the_others(time):
    ours, broken = axis("ours"), Broken("broken", unit="mm", velocity=1, acceleration=1000)
    with pytest.raises(DeviceError, match="was lost"):
        Group(ours, broken).move(ours, 10, broken, 10)
    assert not ours.is_moving and not broken.is_moving
    assert ours.position < 0.1


def test_one_that_was_set_off_in_another_thread_meanwhile_goes_on(time):
    ours, theirs = axis("ours"), axis("theirs")

    class Meanwhile(MotionHook):
        def pre_move(self, motions):
            thread = threading.Thread(target=lambda: theirs.move(10, wait=False))
            thread.start()
            thread.join()

    ours.motion_hooks = (Meanwhile(),)
    with pytest.raises(DeviceBusyError):
        Group(ours, theirs).move(ours, 10, theirs, 5)
    clock.sleep(11)
    assert theirs.position == pytest.approx(10) and ours.position < 0.1


@pytest.mark.parametrize("how_many", [1, 2])
@pytest.mark.parametrize("velocity", [1.0, math.inf])
def test_ctrl_c_at_any_call_of_a_move_leaves_nothing_moving(time, velocity, how_many):
    """Where a signal is acted upon: as a function begins, and as it has ended; a driver's own ones included."""
    number = 1
    axes = [SimulatedAxis(f"axis{n}", unit="mm", velocity=velocity, acceleration=math.inf) for n in range(how_many)]
    while interrupted_at(number, lambda: move_together(axes, [10] * how_many)):
        for one in axes:
            assert not one.is_moving, number
            one.move(0)
            assert in_another_thread(lambda one=one: one.position) == 0  # its lock is free
        number += 1
    assert [one.position for one in axes] == [10] * how_many
    assert number > 20


@pytest.mark.parametrize("velocity", [1.0, math.inf])
def test_and_so_does_one_of_a_scan(time, velocity):
    number = 1
    roby = SimulatedAxis("roby", unit="mm", velocity=velocity, acceleration=math.inf)
    while interrupted_at(number, lambda: ScanMoves([roby]).go([10], Flag())):
        assert not roby.is_moving, number
        roby.move(0)
        number += 1
    assert roby.position == 10
    assert number > 20


def test_ctrl_c_at_any_call_of_a_move_leaves_no_real_axis_moving(time):
    number = 1
    front, back = axis("front"), axis("back")
    gap = Slits("slits", front=front, back=back).axes["slits_hgap"]
    while interrupted_at(number, lambda: move_together([gap], [4])):
        assert not front.is_moving and not back.is_moving, number
        gap.move(0)
        number += 1
    assert gap.position == pytest.approx(4)
    assert number > 20


def interrupted_at(number, function):
    """Call it with a Ctrl-C at that beginning or end of a function; False when it has fewer than that."""
    left = number

    def trace(frame, event, arg):
        nonlocal left
        if event != "line" and not frame.f_code.co_flags & inspect.CO_GENERATOR:  # as one is closed, Python swallows it
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def in_another_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
    thread.start()
    thread.join(10)
    return found[0]
