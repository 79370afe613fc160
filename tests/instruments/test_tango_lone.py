"""A scan whose only device that blocks is a Tango device: it is read on the scan's own thread, and Ctrl-C ends it."""

import math
import signal
import subprocess
import sys
import threading

import pytest

import obtura
from obtura.ground.errors import DeviceTimeoutError, ScanAbort
from obtura.instruments.tango import TangoCounter

SCANNING = """
import sys
import obtura
from obtura.instruments.tango import TangoCounter, TangoDevice

it = TangoDevice("it", sys.argv[1], timeout=200)
one, other = TangoCounter("one", it, "Current"), TangoCounter("other", it, "Spectrum", index=3)


class Ready(obtura.ScanPreset):
    def prepare(self, scan):
        self.connect_data_channels([one], lambda *_: None if scan.said else self.say(scan))

    def say(self, scan):
        scan.said = True
        print("READY", flush=True)

    def stop(self, scan):
        print("STOP", flush=True)


scan = obtura.loopscan(1000000, 0.0, one, run=False, save=False)
scan.said = False
scan.add_preset(Ready())
try:
    scan.run()
except KeyboardInterrupt:
    print(scan.state.name, flush=True)
sys.stdin.readline()
again = obtura.loopscan(3, 0.0, other, save=False)
print(again.get_data("other").tolist(), it.connection.count("connected since"))
"""


def test_ctrl_c_ends_a_scan_whose_server_hangs_and_what_was_asked_is_no_answer_to_the_next(beam):
    command = [sys.executable, "-c", SCANNING, beam.address("diode")]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == "READY\n"
            beam.hang()  # a reading waits now, for up to 200 s
            process.send_signal(signal.SIGINT)
            assert [process.stdout.readline() for _ in range(2)] == ["STOP\n", "USER_ABORTED\n"]
            beam.go_on()
            assert process.communicate("\n", timeout=120)[0] == "[3.0, 3.0, 3.0] 1\n"
        finally:
            beam.go_on()
            process.kill()


def loopscan_in_which(happens, counter):
    """A scan with no end, in which something is done once, while it is read."""
    scan = obtura.loopscan(1_000_000, 0.0, counter, run=False, save=False)
    timer = threading.Timer(0.1, happens, [scan])

    class Soon(obtura.ScanPreset):
        def start(self, _scan):
            timer.start()

    scan.add_preset(Soon())
    return scan


def test_a_server_that_dies_ends_the_scan_by_its_name_and_is_used_again(beam):
    counter = beam.counter(timeout=2.0)
    scan = loopscan_in_which(lambda _: beam.kill(), counter)
    with pytest.raises(obtura.DeviceError, match=f"current: tango://127.0.0.1:{beam.port}.*is not connected"):
        scan.run()
    assert scan.state is obtura.ScanState.KILLED
    assert "not connected since" in counter.connection and counter.trace[-1].error
    beam.start()
    assert list(obtura.loopscan(2, 0.0, beam.counter(timeout=20.0), save=False).get_data("current")) == [1.25, 1.25]


def test_a_server_that_hangs_ends_the_scan_after_its_timeout(beam):
    counter = beam.counter(timeout=2.0)
    with pytest.raises(DeviceTimeoutError, match="did not answer.* within 2 s"):
        loopscan_in_which(lambda _: beam.hang(), counter).run()
    beam.go_on()


def test_another_thread_stops_it_and_aborts_it(beam):
    counter = beam.counter(timeout=20.0)
    scan = loopscan_in_which(lambda scan: scan.stop(), counter)
    scan.run()
    assert scan.state is obtura.ScanState.DONE
    scan = loopscan_in_which(lambda scan: scan.abort(), counter)
    with pytest.raises(ScanAbort):
        scan.run()
    assert counter.read() == 1.25


def test_a_scan_in_a_thread_of_its_own_reads_it_too(beam):
    counter = beam.counter(timeout=20.0)
    scan = obtura.loopscan(3, 0.0, counter, run=False, save=False)
    thread = threading.Thread(target=scan.run)
    thread.start()
    thread.join()
    assert list(scan.get_data("current")) == [1.25] * 3


@pytest.mark.parametrize("timeout", [1e7, math.inf])
def test_a_time_limit_may_be_infinite(beam, timeout):
    counter = beam.counter(timeout=timeout)
    assert counter.read() == 1.25
    assert list(obtura.loopscan(1, 0, counter, save=False).get_data("current")) == [1.25]
    assert beam.device("diode").command("State", timeout=timeout).name == "ON"


def test_it_is_read_on_the_scans_own_thread(beam):
    device, threads = beam.device("diode", timeout=20.0), set()

    def note(value):
        threads.add(threading.current_thread())
        return value

    counters = [TangoCounter(name, device, name, mode="SINGLE") for name in ("Current", "Watched")]
    for counter in counters:
        counter.conversion_function = note
    obtura.loopscan(2, 0.0, *counters, save=False)
    assert threads == {threading.main_thread()}
