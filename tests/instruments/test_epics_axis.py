"""An axis that is made of PVs of a live IOC."""

import math
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from halting import halt

from obtura.contracts.devices import is_movable
from obtura.ground.errors import DeviceBusyError, DeviceError, DeviceTimeoutError, LimitError, UsageError
from obtura.works.clock import clock

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.instruments.epics import PVAxis

PLAIN = {"done_pv": None, "stop_pv": None, "velocity_pv": None}
KINDS = {"with done and stop": {}, "setpoint and readback only": PLAIN}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def axis(request, beamline):
    return beamline.axis(**request.param)


@pytest.fixture
def other_thread():
    with ThreadPoolExecutor(1) as pool:
        yield pool


def wait_until(condition):
    while not condition():
        clock.sleep(0.005)


def test_it_is_movable_and_blocks(axis):
    assert is_movable(axis)
    assert axis.blocking


def test_a_move_returns_when_it_is_there(axis, beamline):
    axis.check()
    axis.move(2.0)
    assert axis.position == pytest.approx(2.0, abs=axis.tolerance)
    assert not axis.is_moving
    assert beamline.puts() == [("axis", "2.0")]


def test_a_move_without_wait_returns_at_once_and_can_be_waited_for(axis, beamline):
    beamline.put(axis__velocity=1.0)
    axis.move(2.0, wait=False)
    assert axis.is_moving
    assert axis.position < 1.9
    axis.wait_move()
    assert axis.position == pytest.approx(2.0, abs=axis.tolerance)
    axis.wait_move()  # nothing to wait for


def test_unit_and_limits_are_the_pvs(axis):
    assert axis.unit == "mm"
    assert axis.limits == (-10.0, 10.0)


def test_given_unit_and_limits_win(beamline):
    axis = beamline.axis(unit="deg", high_limit=3)
    assert (axis.unit, axis.limits) == ("deg", (-10.0, 3.0))


def test_a_pv_without_limits_has_none(beamline):
    assert PVAxis("free", beamline.pv("axis:velocity")).limits == (-math.inf, math.inf)


@pytest.mark.parametrize("target", [10.001, -1e9, math.nan, math.inf])
def test_a_target_out_of_the_limits_is_refused_and_nothing_is_put(beamline, target):
    axis = beamline.axis()
    with pytest.raises(LimitError, match=r"mx: .* is outside of the limits -10 to 10 mm of PV T:axis"):
        axis.move(target)
    assert beamline.puts() == []


def test_an_estimate_is_distance_by_velocity(beamline):
    assert beamline.axis().estimate(5.0) == pytest.approx(0.25)
    assert beamline.axis().estimate(0.0) == 0.0
    assert beamline.axis(velocity_pv=None, patience=7.0).estimate(5.0) == 7.0


def test_stop_from_another_thread_ends_a_waiting_move(axis, beamline, other_thread):
    beamline.put(axis__velocity=1.0)
    moving = other_thread.submit(axis.move, 9.0)
    wait_until(lambda: axis.position > 0.2)
    axis.stop()
    stopped_at = axis.position
    with pytest.raises(DeviceError, match=r"mx was stopped at .* on its way to 9"):
        moving.result()
    clock.sleep(0.05)
    assert axis.position == stopped_at < 5.0
    assert not axis.is_moving
    axis.move(stopped_at + 0.1)


def test_stop_is_put_to_the_stop_pv_or_else_the_readback_to_the_setpoint(beamline):
    beamline.put(axis__velocity=1.0)
    for options, puts_to in (({}, "axis:stop"), (PLAIN, "axis")):
        axis = beamline.axis(**options)
        axis.move(9.0, wait=False)
        axis.stop()
        assert [pv for pv, _ in beamline.puts()][-1] == puts_to


def test_stop_touches_nothing_that_is_at_rest(axis, beamline):
    axis.stop()
    axis.move(1.0)
    axis.stop()
    assert beamline.puts() == [("axis", "1.0")]


def test_where_nobody_says_whether_it_moves_it_is_told_to_stop(beamline):
    axis = beamline.axis(timeout=2.0)
    beamline.put(axis__velocity=0.5)
    axis.move(9.0, wait=False)
    halt(beamline.ioc.pid)
    try:
        with pytest.raises(DeviceTimeoutError, match="mx.stop failed: .* did not answer"):
            axis.stop()
    finally:
        os.kill(beamline.ioc.pid, signal.SIGCONT)
    wait_until(lambda: ("axis:stop", "1.0") in beamline.puts())
    assert axis.position < 9.0


def test_its_state_says_whether_it_moves(axis, beamline):
    assert axis.state == "READY"
    beamline.put(axis__velocity=1.0)
    axis.move(9.0, wait=False)
    assert axis.state == "MOVING"
    axis.stop()
    assert axis.state.ready


def test_limits_the_wrong_way_round_are_refused():
    with pytest.raises(UsageError, match="high_limit 1 is below low_limit 5"):
        PVAxis("mx", "T:axis", low_limit=5, high_limit=1)


def test_an_axis_moved_by_somebody_else_is_moving_and_can_be_stopped(beamline):
    axis = beamline.axis()
    beamline.put(axis__velocity=1.0, axis=9.0)
    assert axis.is_moving
    axis.stop()
    assert not axis.is_moving
    assert axis.position < 5.0


def test_an_axis_that_moves_takes_no_other_target(axis, beamline):
    beamline.put(axis__velocity=1.0)
    axis.move(9.0, wait=False)
    with pytest.raises(DeviceBusyError, match="mx is moving"):
        axis.move(1.0)
    axis.stop()
    assert ("axis", "1.0") not in beamline.puts()


def test_an_axis_that_is_stuck_is_an_error_and_is_told_to_stop(axis, beamline):
    beamline.put(axis__velocity=0.0)
    axis.patience = 2.0
    with pytest.raises(DeviceError, match=r"mx.move failed: PV T:axis:readback is at 0 and has come no nearer"):
        axis.move(3.0)
    wait_until(lambda: len(beamline.puts()) == 2)  # a stop waits for no confirmation
    assert beamline.puts()[1:] in ([("axis:stop", "1.0")], [("axis", "0.0")])
    beamline.put(axis__velocity=20.0)
    axis.move(1.0)


def test_a_long_move_is_waited_for_as_long_as_it_comes_nearer(beamline):
    axis = beamline.axis(patience=1.5)
    beamline.put(axis__velocity=0.5)
    axis.move(1.5)
    assert axis.position == pytest.approx(1.5, abs=axis.tolerance)


def test_many_targets_are_checked_with_few_questions_to_the_ioc(beamline, monkeypatch):
    axis = beamline.axis()
    axis.check_target(1.0)
    asked = []
    wire = type(axis._setpoint.wire)
    send = wire.send
    monkeypatch.setattr(wire, "send", lambda self, these: (asked.append(these), send(self, these)))
    for x in range(2000):
        axis.check_target(x / 1000)
    axis.position  # noqa: B018
    assert 0 < len(asked) < 100


def test_a_pv_that_says_that_it_moves_is_a_done_pv_that_is_0_at_rest(beamline, m1):
    m1.velocity = 4.0
    axis = PVAxis("mx", "T:m1", "T:m1.RBV", 0.01, done_pv="T:m1.MOVN", stop_pv="T:m1.STOP", done_value=0)
    axis.move(1.0, wait=False)
    assert axis.is_moving
    axis.wait_move()
    assert not axis.is_moving
    assert axis.position == pytest.approx(1.0, abs=0.01)


def test_what_stops_it_may_be_another_value_than_1(beamline):
    beamline.put(axis__velocity=1.0)
    axis = beamline.axis(stop_value=2)
    axis.move(9.0, wait=False)
    axis.stop()
    assert beamline.puts()[-1] == ("axis:stop", "2.0")


def test_its_velocity_can_be_set_where_there_is_one(beamline):
    axis = beamline.axis()
    axis.velocity = 7.0
    assert (axis.velocity, beamline.puts()) == (7.0, [("axis:velocity", "7.0")])
    for wrong in (0, -1, math.inf):
        with pytest.raises(UsageError, match="velocity must be a finite number greater than 0"):
            axis.velocity = wrong
    with pytest.raises(UsageError, match="mx has no velocity: say with `velocity_pv`"):
        _ = beamline.axis(velocity_pv=None).velocity


def test_it_shows_position_limits_and_pvs(beamline):
    axis = beamline.axis()
    axis.check()
    first, *pvs = axis.__info__().splitlines()
    assert first == "axis mx: 0 mm, limits -10 to 10"
    assert [pv.split()[1] for pv in pvs] == [
        f"T:axis{name}:" for name in ("", ":readback", ":done", ":stop", ":velocity")
    ]


def test_threads_may_use_one_axis_together(beamline):
    axis = beamline.axis()
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(axis.position)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0.0] * 8
