"""Scans on Tango devices: what the server was told, in its order, and what is left when it dies."""

import signal
import subprocess
import sys
import time

import pytest
from accidents import PHASES, accident_at

import obtura
from obtura.instruments.tango import TangoCounter

SOON = 60.0
"""Seconds for a scan whose server is dead; the timeouts are 1 s."""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


OPEN, CLOSE, READ = ("shutter", "Open", None), ("shutter", "Close", None), ("diode", "read Current", None)


def at(position):
    return ("mx", "Position", position)


def note(what):
    return ("wheel", "Select", what)


class Noting(obtura.ScanPreset):
    """Has the server hear what is called."""

    def __init__(self, device):
        self.device = device

    def prepare(self, scan):
        self.device.command("Select", 100)

    def start(self, scan):
        self.device.command("Select", 101)

    def stop(self, scan):
        self.device.command("Select", 102)


# -- the order of what it hears -------------------------------------------------------------------------------


def test_an_ascan_is_heard_in_the_order_of_the_design(beam):
    axis, counter, shutter = beam.axis(), beam.counter(), beam.shutter()
    scan = obtura.ascan(axis, 0.5, 1.5, 2, 0.0, counter, run=False)
    scan.add_preset(Noting(beam.device("wheel")))
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    assert beam.heard() == [
        READ,  # it is checked before anything is done
        *[note(100), at(0.5), note(101), OPEN, READ, CLOSE],
        *[at(1.0), OPEN, READ, CLOSE],
        *[at(1.5), OPEN, READ, CLOSE],
        note(102),
    ]
    assert list(scan.get_data("mx")) == [0.5, 1.0, 1.5]
    assert list(scan.get_data("current")) == [1.25] * 3


def test_a_counter_is_read_while_the_shutter_is_open_and_never_else(beam):
    scan = obtura.loopscan(3, 0.05, beam.counter(), run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(beam.shutter(), per_point=True))
    scan.run()
    heard = beam.heard()
    is_open, points = False, 0
    for each in heard[heard.index(OPEN) :]:
        if each == READ:
            assert is_open
        else:
            is_open, points = each == OPEN, points + (each == OPEN)
    assert points == 3 and not is_open
    assert scan.state is obtura.ScanState.DONE


def test_a_dscan_returns_the_axis(beam):
    axis = beam.axis()
    axis.move(3)
    scan = obtura.dscan(axis, -1, 1, 2, 0.0, TangoCounter("where", axis.device, "Position"), save=False)
    assert list(scan.get_data("where")) == [2, 3, 4]
    assert axis.position == 3
    assert beam.told()[1:] == [at(2), at(3), at(4), at(3)]


def test_a_hundred_attributes_are_read_with_one_call_a_point(beam):
    device = beam.device("many")
    counters = [TangoCounter(f"c{number}", device, f"c{number}") for number in range(100)]
    scan = obtura.loopscan(5, 0.0, *counters, save=False)
    data = scan.get_data()
    assert [data[f"many_device:c{number}"][-1] for number in range(100)] == list(range(100))
    readings = [each for each in device.trace if each.sent.startswith("c0, c1, ")]
    assert len(readings) == 1 + 5  # it is checked first


def test_a_spectrum_and_a_state_in_a_scan(beam):
    device = beam.device("diode")
    spectrum = TangoCounter("spectrum", device, "Spectrum", shape=[4])
    scan = obtura.loopscan(2, 0.0, spectrum, TangoCounter("state", device, "State"), save=False)
    assert scan.get_data("spectrum").shape == (2, 4)
    assert list(scan.get_data("state")) == [0, 0]


# -- what goes wrong ------------------------------------------------------------------------------------------


def test_a_scan_is_refused_before_anything_is_told_when_an_attribute_is_not_there(beam):
    wrong = TangoCounter("wrong", beam.device("diode"), "Nope")
    with pytest.raises(obtura.DeviceError, match="wrong: .*Nope can't be read: API_AttrNotFound"):
        obtura.ascan(beam.axis(), 0, 1, 1, 0.0, wrong)
    assert beam.told() == []


def test_an_invalid_attribute_is_nan_where_that_is_wanted(beam, capsys):
    device = beam.device("diode")
    counter, flag = TangoCounter("current", device, "Current"), TangoCounter("flag", device, "Flag")
    beam.misbehave("diode", "ATTR_INVALID")
    with pytest.raises(obtura.DeviceError, match="Current has no valid value .ATTR_INVALID."):
        obtura.loopscan(2, 0.0, counter, flag, save=False)
    counter.policy = "optional"
    scan = obtura.loopscan(2, 0.0, counter, flag, save=False)
    assert all(value != value for value in scan.get_data("current"))
    assert list(scan.get_data("flag")) == [1, 1]
    assert "current dropped out" in capsys.readouterr().err


def test_a_server_that_refuses_in_the_middle_ends_the_scan_and_the_shutter_is_closed(beam):
    axis, counter, shutter = beam.axis(), beam.counter(), beam.shutter()
    scan = obtura.ascan(axis, 0, 1, 1, 0.0, counter, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))

    class Break(obtura.ScanPreset):
        def start(self, scan):
            beam.misbehave("diode", "raise")

    scan.add_preset(Break())
    with pytest.raises(obtura.DeviceError, match="Current can't be read: RuntimeError: the card does not answer"):
        scan.run()
    assert beam.told() == [at(0), OPEN, CLOSE]


@pytest.mark.parametrize("mood", ["late 0.1", "late 60"])
def test_a_server_that_answers_late_or_never(beam, seconds, mood):
    counter = beam.counter(timeout=2.0 if mood == "late 60" else 20.0)
    scan = obtura.loopscan(2, 0.0, counter, run=False, save=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(beam.shutter(), per_point=True))

    class Slow(obtura.ScanPreset):
        def start(self, scan):
            beam.misbehave("diode", mood)

    scan.add_preset(Slow())
    took, error = seconds(scan.run)
    assert took < SOON
    if mood == "late 60":
        assert isinstance(error, obtura.DeviceError) and "did not answer within 2 s" in str(error)
        assert beam.told() == [OPEN, CLOSE]
        beam.kill()  # it is still late
    else:
        assert error is None and len(scan.get_data("current")) == 2


@pytest.mark.parametrize("phase", PHASES)
def test_a_server_that_is_started_anew_in_any_phase_is_used_again(beam, phase):
    axis, counter, shutter = beam.axis(20.0), beam.counter(timeout=20.0), beam.shutter(20.0)

    def strike():
        beam.kill()
        beam.start()

    scan, accident = accident_at(phase, axis, counter, shutter, strike)
    scan.run()
    assert accident.struck and accident.left
    assert scan.state is obtura.ScanState.DONE
    assert len(scan.get_data("current")) == 3
    assert shutter.is_closed
    assert beam.told()[-2:] == [OPEN, CLOSE]


@pytest.mark.parametrize("phase", PHASES)
def test_a_server_that_dies_in_any_phase_is_named_and_the_way_out_is_done(beam, phase, seconds):
    axis, counter, shutter = beam.axis(2.0), beam.counter(timeout=2.0), beam.shutter(2.0)
    scan, accident = accident_at(phase, axis, counter, shutter, beam.kill)
    took, error = seconds(scan.run)
    assert took < SOON
    assert accident.struck and accident.left
    if phase == "stop":  # nothing is asked of it any more
        assert error is None
    else:
        assert isinstance(error, obtura.DeviceError)
        assert f"tango://127.0.0.1:{beam.port}" in str(error)
        assert scan.state is obtura.ScanState.KILLED
    beam.start()
    again = obtura.ascan(beam.axis(20.0), 0, 1, 1, 0.01, beam.counter(timeout=20.0), save=False)
    assert len(again.get_data("current")) == 2


INTERRUPTED = """
import sys
import obtura
from obtura.instruments.tango import TangoAxis, TangoCounter, TangoDevice, TangoShutter

mx, front_end, diode = (TangoDevice(f"d{number}", address) for number, address in enumerate(sys.argv[1:]))
scan = obtura.ascan(TangoAxis("mx", mx), 0, 10, 1, 0.0, TangoCounter("c", diode, "Current"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(TangoShutter("shutter", front_end)))


class Ready(obtura.ChainIterationPreset):
    def stop(self):
        print("READY", flush=True)


class Tell(obtura.ChainPreset):
    def get_iterator(self, chain):
        yield Ready()


scan.acq_chain.add_preset(Tell())
try:
    scan.run()
except KeyboardInterrupt:
    print(scan.state)
"""


def test_ctrl_c_stops_the_axis_and_closes_the_shutter(beam):
    beam.device("mx").write_attribute("Velocity", 0.5)
    beam.forget()
    command = [sys.executable, "-c", INTERRUPTED, *map(beam.address, ("mx", "shutter", "diode"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "READY\n"
        until = time.monotonic() + 60
        while at(10) not in beam.told() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert "USER_ABORTED" in process.communicate(timeout=120)[0]
    assert beam.told() == [at(0), OPEN, at(10), ("mx", "Stop", None), CLOSE]
