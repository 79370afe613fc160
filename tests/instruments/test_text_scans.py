"""Scans on an instrument that is spoken to in text: what it heard, in its order, and what is left when it dies."""

import math
import threading
import time

import pytest
from accidents import PHASES, accident_at

import obtura
from obtura.devices.text import TcpLine, TextAxis, TextCounter, TextInstrument
from obtura.testing import Conversation

SOON = 60.0
"""Seconds for a scan whose instrument is dead; the timeouts are 0.15 s."""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# -- the order of what it hears -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["tcp", "serial"])
def test_a_valve_opens_and_closes_around_each_point_of_an_ascan(pace, controller, way):
    made = controller(pace, way)
    scan = obtura.ascan(made.setpoint, 0, 2, 2, 0.02, made.pressure, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(made.valve, per_point=True))
    scan.run()
    assert pace.told() == [
        told for x in ("0.0", "1.0", "2.0") for told in (f"SOUR1 {x}", "OUTP1:STAT 1", "OUTP1:STAT 0")
    ]
    assert list(scan.get_data("setpoint")) == [0.0, 1.0, 2.0]
    assert all(34 < value < 36 for value in scan.get_data("pressure"))


def test_the_counter_is_read_while_the_valve_is_open_and_never_else(pace, controller):
    made = controller(pace)
    scan = obtura.loopscan(3, 0.05, made.pressure, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(made.valve, per_point=True))
    scan.run()
    heard = pace.heard()
    first = heard.index("OUTP1:STAT 1")
    assert heard[0] == "*IDN?"
    is_open, points = False, 0
    for text in heard[first:]:
        if text.startswith("OUTP1:STAT "):
            is_open, points = text.endswith("1"), points + text.endswith("1")
        elif text == "SENS1?":
            assert is_open
    assert points == 3 and not is_open


class Noting(obtura.ScanPreset):
    """Has the instrument hear what is called."""

    def __init__(self, it, name):
        self.it, self.name = it, name

    def prepare(self, scan):
        self.it.command(f"SYST:SET {self.name}.prepare")

    def start(self, scan):
        self.it.command(f"SYST:SET {self.name}.start")

    def stop(self, scan):
        self.it.command(f"SYST:SET {self.name}.stop")


def test_presets_and_devices_are_heard_in_the_order_of_the_design(pace, controller):
    made = controller(pace)
    scan = obtura.ascan(made.setpoint, 0, 1, 1, 0.0, made.pressure, run=False, save=False)
    scan.add_preset(Noting(made.it, "S"))
    scan.acq_chain.add_preset(obtura.ShutterPreset(made.valve, per_point=True))
    scan.run()
    heard = [text for text in pace.heard() if not text.endswith("?") or text == "SENS1?"]
    assert heard == [
        "SENS1?",  # it is checked before anything is done
        *["SYST:SET S.prepare", "SOUR1 0.0", "SYST:SET S.start", "OUTP1:STAT 1", "SENS1?", "OUTP1:STAT 0"],
        *["SOUR1 1.0", "OUTP1:STAT 1", "SENS1?", "OUTP1:STAT 0"],
        "SYST:SET S.stop",
    ]


def test_a_motor_of_others_is_scanned_and_returns(motor):
    it = TextInstrument("it", tcp=motor.url, end="CRLF", acknowledge="^T=")
    axis = TextAxis(
        "m", it, "T={position}", "P?", done="S?", done_answer="idle", stop="H", unit="mm", limits=(0, 250), poll=0.01
    )
    try:
        axis.move(3)
        scan = obtura.dscan(axis, -1, 1, 2, 0.01, TextCounter("where", it, "P?"), save=False)
        assert list(scan.get_data("where")) == pytest.approx([2, 3, 4])
        assert axis.position == pytest.approx(3)
        axis.move(200, wait=False)
        axis.stop()
        assert 3 <= axis.position < 200 and not axis.is_moving
        axis.limits = (-10, 300)
        with pytest.raises(obtura.DeviceError, match="refuses 'T=-1.0': it answers 'err: not 0<=T<=250'"):
            axis.move(-1)
    finally:
        it.line.close()


# -- what is refused ------------------------------------------------------------------------------------------


def test_a_scan_is_refused_before_anything_is_told_when_the_instrument_is_another(pace, controller):
    made = controller(pace)
    other = TextInstrument("other", line=made.it.line, identify="PACE6000")
    scan = obtura.ascan(made.setpoint, 0, 1, 1, 0.01, TextCounter("c", other, "SENS1?"), run=False)
    with pytest.raises(obtura.DeviceError, match="which does not match 'PACE6000': is it the right instrument?"):
        scan.run()
    assert pace.told() == []


def test_a_scan_is_refused_when_a_counter_answers_rubbish_or_the_instrument_is_dead(pace, controller, seconds):
    made = controller(pace, timeout=2.0)
    made.it.command("SOUR1:SLEW rubbish")
    pace.forget()
    slew = TextCounter("slew", made.it, "SOUR1:SLEW?")
    with pytest.raises(obtura.DeviceError, match=r"pace:slew: the answer to 'SOUR1:SLEW\?', 'rubbish', is no number"):
        obtura.ascan(made.setpoint, 0, 1, 1, 0.01, slew)
    assert pace.told() == []
    pace.kill()
    took, error = seconds(lambda: obtura.ascan(made.setpoint, 0, 1, 1, 0.01, made.pressure))
    assert took < SOON
    assert "not connected since" in str(error)


# -- it dies in each phase ------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", PHASES)
def test_an_instrument_that_is_started_anew_in_any_phase_is_met_again(pace, controller, phase):
    made = controller(pace, timeout=20.0)
    made.pressure.policy = "retry 1"  # a question that it took into its grave

    def strike():
        pace.kill()
        pace.start()

    scan, accident = accident_at(phase, made.setpoint, made.pressure, made.valve, strike)
    scan.run()
    assert accident.struck and accident.left
    assert scan.state is obtura.ScanState.DONE
    assert len(scan.get_data("pressure")) == 3
    assert made.valve.is_closed
    assert pace.told()[-2:] == ["OUTP1:STAT 1", "OUTP1:STAT 0"]


@pytest.mark.parametrize("phase", PHASES)
def test_an_instrument_that_dies_in_any_phase_is_named_and_the_way_out_is_done(pace, controller, phase, seconds):
    made = controller(pace, timeout=2.0)
    scan, accident = accident_at(phase, made.setpoint, made.pressure, made.valve, pace.kill)
    took, error = seconds(scan.run)
    assert took < SOON
    assert accident.struck and accident.left
    if phase == "stop":  # nothing is asked of it any more
        assert error is None
    else:
        assert isinstance(error, obtura.DeviceError)
        assert f"tcp {pace.url}" in str(error)
        assert scan.state is obtura.ScanState.KILLED
    pace.start()
    again = obtura.ascan(made.setpoint, 0, 1, 1, 0.01, made.pressure, save=False)
    assert len(again.get_data("pressure")) == 2


def test_an_instrument_that_hangs_ends_the_scan_in_time_and_what_is_late_is_no_answer(pace, controller, seconds):
    made = controller(pace, timeout=2.0)
    scan, _ = accident_at("count", made.setpoint, made.pressure, made.valve, pace.hang)
    took, error = seconds(scan.run)
    assert took < SOON
    assert "did not answer" in str(error)
    pace.go_on()
    time.sleep(0.1)
    assert made.valve.state in ("OPEN", "CLOSED")
    made.valve.close()
    again = obtura.ascan(made.setpoint, 0, 1, 1, 0.01, made.pressure, save=False)
    assert all(34 < value < 36 for value in again.get_data("pressure"))


# -- policies -------------------------------------------------------------------------------------------------


def counters_answered(first, second, policy):
    """A scan of two counters whose instrument answers so; and what they read."""
    said = [("A?", "1")] + ([] if policy == "optional" else [("B?", "1")])  # the check
    for a, b in zip(first, second, strict=True):
        said += [("A?", a)] if a else []
        said += [("B?", b)] if b else []
    with Conversation(*said) as line:
        box = TextInstrument("box", line=line)
        one, two = TextCounter("one", box, "A?"), TextCounter("two", box, "B?")
        two.policy = policy
        scan = obtura.loopscan(3, 0, one, two, run=False, save=False)
        scan.run()
    return [list(scan.get_data(name)) for name in ("one", "two")]


def test_a_counter_that_may_fail_drops_out_and_the_other_goes_on():
    # Read together they fail; then one after the other.
    first, second = ["1", "2", "2", None, "3"], ["10", "junk", None, "junk", None]
    one, two = counters_answered(first, second, "optional")
    assert one == [1, 2, 3]
    assert two[0] == 10 and all(map(math.isnan, two[1:]))


def test_a_counter_that_is_tried_again_is_read():
    one, two = counters_answered(["1", "2", "2", "3"], ["10", "junk", "20", "30"], "retry 1")
    assert (one, two) == ([1, 2, 3], [10, 20, 30])


# -- presets --------------------------------------------------------------------------------------------------


def test_a_scan_waits_for_an_answer_to_be_large_enough(pace, controller):
    made = controller(pace)
    made.it.command("SOUR1:SLEW 0")
    beam = TextCounter("beam", made.it, "SOUR1:SLEW?")
    pace.forget()
    scan = obtura.loopscan(2, 0.01, made.pressure, run=False, save=False)
    scan.add_preset(obtura.WaitForBeam(beam, 1.0, poll=0.01))

    def come_back():
        while pace.heard().count("SOUR1:SLEW?") < 3:
            time.sleep(0.01)
        other.write("SOUR1:SLEW 5")

    other = TcpLine(pace.url)
    back = threading.Thread(target=come_back)
    back.start()
    scan.run()
    back.join()
    other.close()
    heard = pace.heard()
    assert heard.count("SOUR1:SLEW?") > 2
    assert "SENS1?" not in heard[heard.index("SOUR1:SLEW?") : heard.index("SOUR1:SLEW 5")]


def test_a_setting_is_switched_for_the_time_of_a_scan(pace, controller):
    made = controller(pace)
    scan = obtura.loopscan(1, 0.01, made.pressure, run=False, save=False)
    scan.add_preset(obtura.MultiplexerPreset(made.mode, "slew", "MAX"))
    scan.run()
    assert pace.told() == ["SOUR1:SLEW:MODE MAX", "SOUR1:SLEW:MODE LIN"]
    with pytest.raises(obtura.UsageError, match="did you mean 'MAX'"):
        obtura.MultiplexerPreset(made.mode, "slew", "MAXI")
