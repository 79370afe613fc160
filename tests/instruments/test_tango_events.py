"""What a device tells by events need not be asked for."""

import subprocess
import sys
import time

from obtura.instruments.tango import TangoCounter


def asked(device, what):
    return sum(each.sent == what for each in device.trace)


def patiently(condition):
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_monitored_counter_is_told_of_changes(beam):
    device = beam.device("diode")
    counter = TangoCounter("watched", device, "Watched", monitor=True)
    assert counter.read() == 1.25
    for value in (2.0, 3.0, 4.0):
        device.command("SetCurrent", value)
        assert patiently(lambda value=value: counter.read() == value)
    assert counter.watch.events >= 4  # with the first one, when it was subscribed to
    assert f"{counter.watch.events} events" in counter.__info__()


def test_it_is_not_asked_for_each_reading(beam):
    counter = TangoCounter("watched", beam.device("diode"), "Watched", monitor=True)
    counter.read()
    readings = [counter.read() for _ in range(200)]
    assert readings == [1.25] * 200
    assert asked(counter.controller, "Watched") < 10


def test_an_attribute_without_events_is_asked_each_time(beam):
    device = beam.device("diode")
    counter = TangoCounter("current", device, "Current", monitor=True)
    for value in (2.0, 3.0):
        device.command("SetCurrent", value)
        assert counter.read() == value
    assert counter.watch.events == 0


def test_a_lost_server_is_noticed_though_it_sends_no_event(beam, in_the_end, seconds):
    counter = TangoCounter("watched", beam.device("diode", timeout=0.3), "Watched", monitor=True)
    in_the_end(counter.read)
    beam.kill()
    assert patiently(lambda: seconds(counter.read)[1] is not None)
    beam.start()
    assert in_the_end(counter.read) == 1.25
    other = beam.device("diode")
    other.command("SetCurrent", 7.0)
    assert patiently(lambda: counter.read() == 7.0)


def test_the_state_of_an_axis_may_be_told(beam):
    axis = beam.axis(monitor=True)
    for target in (1, 2, 3):
        axis.move(target)
        assert axis.position == target
    axis.move(-9)
    polls = sum(each.sent == "State" for each in axis.trace)
    assert beam.told() == [("mx", "Position", target) for target in (1, 2, 3, -9)]
    assert polls < 20  # the last move alone takes 0.6 s, and is looked at every 0.02 s


EXIT = """
import sys
from obtura.instruments.tango import TangoCounter, TangoDevice
counter = TangoCounter("c", TangoDevice("d", sys.argv[1]), "Watched", monitor=True)
print(counter.read())
"""


def test_a_process_that_has_subscribed_ends_well(beam):
    command = [sys.executable, "-c", EXIT, beam.address("diode")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.25\n", "")
