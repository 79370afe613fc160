"""A motor record of a live server: ours, which can do what a real one does rarely."""

import math
import os
import signal
import threading

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from halting import halt
from motors import meddle, told, wait_until

from obtura.contracts import looking
from obtura.contracts.devices import is_movable
from obtura.contracts.together import move_together
from obtura.ground.errors import DeviceBusyError, DeviceError, DeviceTimeoutError, LimitError, UsageError
from obtura.instruments.epics import MotorRecord, connect
from obtura.instruments.epics.link import Link


def test_it_is_an_axis_that_moves_to_where_it_is_sent(m1, beamline):
    assert is_movable(m1)
    assert m1.twin == "axis"
    m1.check()
    m1.move(2.0)
    assert m1.position == pytest.approx(2.0, abs=m1.tolerance)
    assert told(beamline) == [("m1.VAL", "2.0")]
    assert (m1.unit, m1.limits, m1.dial_limits, m1.tolerance) == ("mm", (-10.0, 10.0), (-10.0, 10.0), 0.01)


def test_without_wait_it_returns_at_once(m1):
    m1.velocity = 5.0
    m1.move(2.0, wait=False)
    assert m1.is_moving
    assert m1.state == "MOVING"
    with pytest.raises(DeviceBusyError, match="m1 is moving"):
        m1.move(1.0)
    m1.wait_move()
    assert m1.position == pytest.approx(2.0, abs=0.01)


def test_velocity_and_acceleration_are_the_records(m1, beamline):
    m1.velocity = 4.1
    m1.acceleration = 20.0
    assert (m1.velocity, m1.acctime) == (4.1, pytest.approx(0.2))
    assert m1.estimate(4.1) > 1.0
    with pytest.raises(LimitError, match=r"velocity 50 is outside of 0.1 to 20 \(T:m1.VBAS, VMAX\)"):
        m1.velocity = 50.0
    assert told(beamline)[0] == ("m1.VELO", "4.1")


@pytest.mark.parametrize("target", [10.5, -11, math.nan])
def test_a_target_out_of_soft_limits_is_refused_and_nothing_is_put(m1, beamline, target):
    with pytest.raises(LimitError, match=r"outside of the limits -10 to 10 mm \(T:m1.LLM, T:m1.HLM\)"):
        m1.move(target)
    assert told(beamline) == []


def test_limits_that_are_equal_are_none(m1):
    m1.limits = (0.0, 0.0)
    assert m1.limits == (-math.inf, math.inf)


def test_setting_the_position_changes_the_offset_and_the_limits_go_with_it(m1, beamline):
    m1.move(2.0)
    m1.position = 5.0
    assert (m1.position, m1.dial, m1.offset, m1.limits) == (5.0, 2.0, 3.0, (-7.0, 13.0))
    m1.move(6.0)
    assert m1.dial == pytest.approx(3.0, abs=0.01)


def test_setting_the_dial_goes_through_set_mode_and_leaves_the_position(m1, beamline):
    m1.move(2.0)
    m1.dial = 1.0
    assert (m1.position, m1.dial, m1.offset) == (pytest.approx(2.0), 1.0, pytest.approx(1.0))
    assert [put for put in told(beamline) if "SET" in put[0]] == [("m1.SET", "Set"), ("m1.SET", "Use")]


def test_a_record_that_counts_the_other_way(m1):
    Link("test", "T:m1.DIR").put("Neg", "put").wait(math.inf)
    m1.move(2.0)
    assert (m1.sign, m1.dial, m1.user2dial(2.0), m1.dial2user(-2.0)) == (-1, pytest.approx(-2.0), -2.0, 2.0)


def test_a_record_in_set_mode_is_not_moved(m1, beamline):
    Link("test", "T:m1.SET").put("Set", "put").wait(math.inf)
    with pytest.raises(DeviceError, match=r"T:m1.SET is Set, so that a move would change its calibration"):
        m1.move(2.0)
    with pytest.raises(DeviceError, match=r"T:m1.SET is Set"):
        m1.check()
    assert [pv for pv, _ in told(beamline)] == ["m1.SET"]
    assert "SET" in m1.state


@pytest.mark.parametrize("mode", ["Stop", "Pause"])
def test_a_record_that_is_held_is_not_moved(m1, beamline, mode):
    Link("test", "T:m1.SPMG").put(mode, "put").wait(math.inf)
    with pytest.raises(DeviceError, match=rf"m1 can't be moved: T:m1.SPMG is {mode}; put Go there"):
        m1.move(2.0)
    assert m1.state == "HELD"


def test_somebody_pauses_it_on_its_way(m1):
    m1.velocity = 2.0
    m1.move(5.0, wait=False)
    wait_until(lambda: m1.position > 0.2)
    Link("test", "T:m1.SPMG").put("Pause", "put").wait(math.inf)
    with pytest.raises(DeviceError, match=r"it ended at .* on its way to 5: T:m1.SPMG is Pause"):
        m1.wait_move()


WRONG = {
    "switch 1": r"m1.move failed: it ended at 1 on its way to 5: it is at its high limit switch \(T:m1.HLS is 1\)",
    "refuses": r"m1.move failed: it was refused at 0 .*out of its soft limits \(T:m1.LVIO is 1\)",
    "short": r"it ended at 4.5 on its way to 5: it missed its target and ran out of retries \(T:m1.MISS is 1\)",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_move_that_ends_elsewhere_says_why(m1, words):
    meddle(words)
    with pytest.raises(DeviceError, match=WRONG[words]):
        m1.move(5.0)


def test_off_the_switch_it_can_be_moved_again(m1):
    meddle("switch 1")
    with pytest.raises(DeviceError, match="high limit switch"):
        m1.move(5.0)
    assert "LIMPOS" in m1.state
    assert m1.state.ready
    m1.move(0.5)
    assert m1.state == "READY"
    assert "LIMPOS" not in m1.state


FAULTS = {
    "stall": r"slip or stall, e.g. a following error \(SLIP_STALL, bit 7 of T:m1.MSTA\)",
    "problem": r"the driver does not poll any more, .* \(PROBLEM, bit 10 of T:m1.MSTA\)",
    "comm": r"the controller does not answer \(COMM_ERR, bit 13 of T:m1.MSTA\)",
}


@pytest.mark.parametrize("words", FAULTS)
def test_bits_of_msta_are_states_in_words(m1, words):
    meddle(words)
    assert "FAULT" in m1.state
    with pytest.raises(DeviceError, match=rf"m1 can't be moved: {FAULTS[words]}"):
        m1.check()


def test_a_following_error_in_mid_move(m1):
    m1.velocity = 2.0
    m1.move(5.0, wait=False)
    wait_until(lambda: m1.position > 0.2)
    meddle("slip")
    with pytest.raises(DeviceError, match=r"m1.move failed: it ended at .* on its way to 5: slip or stall"):
        m1.wait_move()


def test_a_record_that_has_lost_its_motor_is_a_fault_by_name(m1):
    meddle("dead")
    assert "FAULT" in m1.state
    assert "INVALID, COMM" in m1.state.reason
    with pytest.raises(DeviceError, match="has no valid value"):
        m1.check()


def test_a_motor_that_does_not_come_nearer_is_given_up_and_stopped(m1, beamline):
    m1.patience = 0.3
    meddle("stuck")
    with pytest.raises(DeviceTimeoutError, match=r"RBV is .* and has come no nearer to 5 for 0.3 s, .*DMOV says that"):
        m1.move(5.0)
    wait_until(lambda: told(beamline)[-1] == ("m1.STOP", "1.0"))


def test_stop_from_another_thread(m1, beamline):
    m1.velocity = 2.0
    errors = []

    def move():
        try:
            m1.move(9.0)
        except DeviceError as error:
            errors.append(str(error))

    moving = threading.Thread(target=move)
    moving.start()
    wait_until(lambda: m1.position > 0.2)
    m1.stop()
    moving.join()
    assert len(errors) == 1
    assert "m1 was stopped at" in errors[0]
    assert not m1.is_moving
    m1.stop()
    assert [pv for pv, _ in told(beamline)].count("m1.STOP") == 1


def test_it_jogs_until_it_is_stopped_and_not_beyond_a_limit(m1, beamline):
    m1.jog(3.0)
    wait_until(lambda: m1.position > 0.1)
    assert m1.jog_velocity == 3.0
    m1.stop()
    assert m1.jog_velocity == 0.0
    assert told(beamline)[:2] == [("m1.JVEL", "3.0"), ("m1.JOGF", "1.0")]
    m1.jog(-20.0)
    m1.wait_move()
    assert m1.position == pytest.approx(-10.0)
    with pytest.raises(LimitError, match="can't jog further"):
        m1.jog(-1.0)


def test_it_searches_its_home_switch(m1, beamline):
    m1.home(-1)
    assert "HOME" in m1.state
    assert told(beamline) == [("m1.HOMR", "1.0")]
    meddle("switch 1")
    with pytest.raises(UsageError):
        m1.home(2)


def test_motors_move_together_and_one_that_fails_stops_the_other(m1, beamline):
    m2 = MotorRecord("m2", "T:m2")
    m1.velocity = m2.velocity = 4.0
    move_together([m1, m2], [1.0, 2.0])
    assert (m1.position, m2.position) == (pytest.approx(1.0, abs=0.01), pytest.approx(2.0, abs=0.01))
    meddle("switch 1.2")
    with pytest.raises(DeviceError, match="m1.move failed"):
        move_together([m1, m2], [2.0, -9.0])
    assert not m2.is_moving
    assert m2.position > -8


def test_nothing_is_told_by_who_only_looks(m1, beamline, monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    for call in (lambda: m1.move(1.0), lambda: m1.jog(1.0), lambda: setattr(m1, "velocity", 1.0)):
        with pytest.raises(DeviceError, match="read-only, devices are asked and told nothing"):
            call()
    assert told(beamline) == []
    assert m1.position == 0.0


def test_it_tells_how_it_is_connected_and_what_was_said(m1):
    m1.move(1.0)
    assert "PVs connected; " in m1.connection
    assert "T:m1.VAL := 1.0" in [exchange.sent for exchange in m1.trace]
    assert "state: READY" in m1.__info__()


def test_where_nobody_says_whether_it_moves_it_is_told_to_stop(mortal_beamline):
    ioc = mortal_beamline.ioc
    axis = MotorRecord("m1", "M:m1", timeout=2.0)
    connect(axis)
    axis.velocity = 2.0
    axis.move(9.0, wait=False)
    halt(ioc.pid)
    try:
        with pytest.raises(DeviceTimeoutError, match="m1.stop failed: .* did not answer"):
            axis.stop()
    finally:
        os.kill(ioc.pid, signal.SIGCONT)
    wait_until(lambda: ("m1.STOP", "1.0") in told(mortal_beamline))


def test_a_server_that_is_killed_hangs_and_comes_back(mortal_beamline, in_the_end):
    ioc = mortal_beamline.ioc
    axis = MotorRecord("m1", "M:m1", timeout=2.0, patience=2.5)
    connect(axis)
    axis.velocity = 2.0
    axis.move(5.0, wait=False)
    halt(ioc.pid)
    with pytest.raises(DeviceError, match=r"m1.move failed: PV M:m1\.\w+ did not answer within 2 s"):
        axis.wait_move()
    os.kill(ioc.pid, signal.SIGCONT)
    in_the_end(axis.stop)
    in_the_end(lambda: axis.move(0.1))
    axis.move(5.0, wait=False)
    ioc.kill()
    with pytest.raises(DeviceError, match=r"m1.\w+ failed: PV M:m1\.\w+ .*(lost at|did not answer)"):
        axis.wait_move()
    for call in (axis.stop, axis.check, lambda: axis.position, lambda: axis.limits):
        with pytest.raises(DeviceError, match="is the IOC running"):
            call()
    assert "not connected" in axis.connection
    assert axis.__info__().startswith("axis m1: unknown")
    ioc.start()
    in_the_end(axis.check)
    in_the_end(lambda: axis.move(1.0))
