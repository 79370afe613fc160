"""What Tango devices do when a server is down, hangs, is restarted, is late, or never answers."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from served_tango import free_port

from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.instruments.tango import TangoAxis, TangoCounter, TangoDevice, TangoShutter

SOON = 60.0
"""Seconds for a call to a server that is dead or hangs; the timeouts are 0.3 s."""

NOBODY = "is not connected .ConnectionRefusedError.*: is its device server running, and the address right?"


def test_a_server_that_is_not_there_is_said_at_once_and_asked_nothing_before(seconds):
    device = TangoDevice("nobody", f"tango://127.0.0.1:{free_port()}/t/x/mx#dbase=no", timeout=0.3)
    counter, axis, shutter = TangoCounter("c", device, "c"), TangoAxis("mx", device), TangoShutter("s", device)
    assert "not used yet" in device.connection
    calls = [device.check, counter.read, axis.check, lambda: axis.move(1), shutter.open, shutter.check]
    for call in calls:
        took, error = seconds(call)
        assert NOBODY.split(".")[0] in str(error), error
        assert took < SOON
    assert "not connected since" in device.connection
    assert "not connected" in axis.__info__() and "not connected" in shutter.__info__()
    assert (axis.unit, counter.unit) == (None, None)
    device.close()


def test_a_device_that_the_server_has_not_is_said(beam):
    with pytest.raises(DeviceError, match="its server has no such device: is the name right"):
        beam.device("nope", timeout=3.0).check()


def test_a_server_that_was_killed_and_is_back_is_used_again(beam, in_the_end):
    counter, shutter = beam.counter(timeout=2.0), beam.shutter(timeout=2.0)
    assert in_the_end(counter.read) == 1.25
    in_the_end(shutter.open)
    beam.kill()
    for call in (counter.read, shutter.close, counter.read):
        with pytest.raises(DeviceError, match="is not connected"):
            call()
    assert "not connected since" in counter.connection and counter.connection.count("running") == 1
    beam.start()
    assert in_the_end(counter.read) == 1.25
    in_the_end(shutter.close)
    assert shutter.state == "CLOSED"


def test_a_server_that_is_back_is_found_by_the_next_call(beam):
    counter, axis = beam.counter(), beam.axis()
    counter.read()
    axis.move(0.1)
    beam.kill()
    beam.start()
    assert counter.read() == 1.25
    axis.move(0.2)
    assert beam.told()[-1] == ("mx", "Position", 0.2)


def test_a_server_that_is_being_started_is_waited_for(beam):
    counter = beam.counter(timeout=60.0)
    counter.read()
    beam.kill()
    later = threading.Timer(0.3, beam.start)
    later.start()
    assert counter.read() == 1.25
    later.join()


def test_a_server_that_listens_but_is_not_there_yet_is_waited_for_also_after_a_failure(beam):
    counter = beam.counter(timeout=2.0)
    counter.read()
    beam.kill()
    with pytest.raises(DeviceError, match="is not connected"):
        counter.read()
    counter.controller.link.timeout = 60.0

    door = socket.create_server(("127.0.0.1", beam.port))

    def come_back():
        for _ in range(2):  # who knocks is sent away; Tango lets nobody knock again for a second
            door.accept()[0].close()
        door.close()
        beam.start()

    back = threading.Thread(target=come_back)
    back.start()
    try:
        assert counter.read() == 1.25
    finally:
        back.join()


def test_a_server_that_hangs_is_waited_for_so_long_and_no_longer(beam, seconds, in_the_end):
    counter = beam.counter(timeout=0.3)
    in_the_end(counter.read)
    beam.hang()
    try:
        for _ in range(3):
            took, error = seconds(counter.read)
            assert isinstance(error, DeviceTimeoutError), error
            assert "did not answer" in str(error)
            assert took < SOON
    finally:
        beam.go_on()
    assert in_the_end(counter.read) == 1.25


def test_a_server_that_hangs_before_it_was_ever_connected(beam, seconds, in_the_end):
    counter = beam.counter(timeout=0.3)
    beam.hang()
    try:
        took, error = seconds(counter.read)
        assert isinstance(error, DeviceTimeoutError), error
        assert took < SOON
    finally:
        beam.go_on()
    assert in_the_end(counter.read) == 1.25


def test_a_late_answer_is_an_error_and_taken_for_no_other(beam, in_the_end):
    counter = beam.counter(timeout=2.0)
    beam.misbehave("diode", "late 4")
    with pytest.raises(DeviceTimeoutError, match="did not answer within 2 s; does its device server hang"):
        counter.read()
    device = beam.device("diode", timeout=10)
    device.command("Misbehave", "")
    device.command("SetCurrent", 2.5)
    assert in_the_end(counter.read) == 2.5


def test_a_long_command_has_its_own_time_and_keeps_nobody_from_asking(beam):
    device, other = beam.device("diode", timeout=2.0), beam.counter()
    began = time.monotonic()
    assert device.command("Expose", 1.5, timeout=200) == 1.5
    assert time.monotonic() - began >= 1.5
    with pytest.raises(DeviceTimeoutError, match=r"Expose failed: .* did not answer .*within 2 s"):
        device.command("Expose", 4.0)
    with pytest.raises(DeviceTimeoutError, match=r"Expose failed: .* did not answer .*within 2.2 s"):
        device.command("Expose", 60.0, timeout=2.2)
    assert other.controller.link.timeout == 3.0
    with pytest.raises(DeviceTimeoutError, match="diode_device.Measure failed: .* is busy: its server is still at"):
        beam.device("diode", timeout=10).command("Measure")
    beam.kill()  # it is still exposing


def test_a_long_command_of_a_server_that_dies_ends(beam):
    device = beam.device("diode", timeout=2.0)
    later = threading.Timer(0.3, beam.kill)
    later.start()
    with pytest.raises(DeviceError, match="Expose failed: .*(not connected|was lost)"):
        device.command("Expose", 30.0, timeout=240)
    later.join()


EXIT = """
import sys
from obtura.instruments.tango import TangoDevice
from obtura.ground.errors import DeviceError
device = TangoDevice("d", sys.argv[1], timeout=200)
device.check()
print("READY", flush=True)
sys.stdin.readline()
try:
    TangoDevice("new", sys.argv[1], timeout=0.1).check()  # its lane is stuck in Tango's client for some seconds
except DeviceError as error:
    print(type(error).__name__)
"""


def test_a_process_ends_well_while_a_call_has_not_come_back(beam):
    command = [sys.executable, "-c", EXIT, beam.address("diode")]
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "READY\n"
        beam.hang()
        try:
            said = process.communicate("\n", timeout=120)
        finally:
            beam.go_on()
    assert (process.returncode, *said) == (0, "DeviceTimeoutError\n", "")


CTRL_C = """
import os, signal, sys, threading, time
from obtura.instruments.tango import TangoDevice
device = TangoDevice("d", sys.argv[1], timeout=200)
device.check()
print("READY", flush=True)
began = time.monotonic()
try:
    device.command("Expose", 100.0)
except KeyboardInterrupt:
    print(time.monotonic() - began < 60)
"""


def test_ctrl_c_ends_the_wait_though_the_server_does_not_answer(beam):
    command = [sys.executable, "-c", CTRL_C, beam.address("diode")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "READY\n"
        time.sleep(0.3)  # it is in the command, or just before: either must end
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120)[0] == "True\n"
    beam.kill()  # it is still exposing


ABSENT = """
import sys
sys.modules["tango"] = None
from obtura.instruments.tango import TangoCounter, TangoDevice
from obtura.ground.errors import UsageError
device = TangoDevice("d", "id01/motor/mx")
try:
    TangoCounter("c", device, "Current").read()
except UsageError as error:
    print(error)
"""


def test_without_pytango_the_message_names_the_extra():
    done = subprocess.run([sys.executable, "-c", ABSENT], capture_output=True, text=True, timeout=240)
    assert done.stdout == "Tango needs PyTango: pip install 'obtura[tango]'\n", done.stderr


def test_it_is_imported_only_when_it_is_used():
    look = "import sys, obtura, obtura.instruments.tango; print('tango' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=240)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize(
    ("device", "host", "words"),
    [
        ("id01/motor", None, "expected a device, as id01/motor/mx"),
        ("tango://nowhere/id01/motor/mx", None, "expected a device"),
        ("id01/motor/mx#dbase=no", None, "without a database its server must be told"),
        ("tango://h:1/id01/motor/mx", "h:2", "has a host already"),
        ("id01/motor/mx", "h", "expected host:port for tango_host"),
    ],
)
def test_what_is_no_address_is_refused(device, host, words):
    with pytest.raises(UsageError, match=words):
        TangoDevice("d", device, tango_host=host)


def test_without_a_database_that_is_said(monkeypatch):
    host = f"127.0.0.1:{free_port()}"
    monkeypatch.setitem(os.environ, "TANGO_HOST", host)
    device = TangoDevice("d", "id01/motor/mx", timeout=0.3)
    with pytest.raises(DeviceError, match=f"d: tango id01/motor/mx .*TANGO_HOST={host}"):
        device.check()
    device.close()
