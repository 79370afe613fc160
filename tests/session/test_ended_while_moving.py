"""SIGTERM and SIGHUP while an axis moves by hand: it is stopped, then the process ends by the signal."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

PROGRAM = """
import signal, sys, threading, time
from obtura import *
from obtura.devices.sim import SimulatedAxis
from obtura.scans.goto import go
from obtura.session.motion import Motion

roby, robz = SimulatedAxis("roby", velocity=0.1, switches=(-100, 100)), SimulatedAxis("robz", velocity=0.1)
for axis in (roby, robz):
    axis.motor.stop = lambda axis=axis, stop=axis.motor.stop: (print("stop", axis.name, flush=True), stop())

def tell():
    while not all(axis.is_moving for axis in (AXES,)):
        time.sleep(0.01)
    print("READY", flush=True)

threading.Thread(target=tell, daemon=True).start()
"""
COMMANDS = {
    "mv": "Motion().mv(roby, 100)",
    "umv": "Motion().umv(roby, 100)",
    "mv of two": "Motion().mv(roby, 100, robz, 100)",
    "goto": "go('goto_peak', [roby], [100], print)",
    "axis.move": "roby.move(100)",
    "axis.hw_limit": "roby.hw_limit(1)",
    "group.move": "from obtura.devices import Group; Group(roby, robz).move(roby, 100, robz, 100)",
}


@contextmanager
def running(code):
    """A program that has printed READY: the axes that it names move."""
    program = PROGRAM.replace("AXES", "roby, robz" if "robz" in code else "roby") + code
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            while (line := process.stdout.readline()) != "READY\n":
                assert line, "it ended before"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("command", "signum"), [*((command, signal.SIGTERM) for command in COMMANDS), ("mv", signal.SIGHUP)]
)
def test_the_axis_is_stopped_and_the_process_ends_by_the_signal(command, signum):
    with running(COMMANDS[command] + "\nprint('went on')") as process:
        process.send_signal(signum)
        said, _ = process.communicate(timeout=120)
    assert "stop roby" in said and "went on" not in said
    assert ("stop robz" in said) == ("robz" in COMMANDS[command])
    assert process.returncode == -signum


JOGGING = "roby.jog(0.1)\n"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_an_axis_that_jogs_while_nobody_waits_is_stopped_first(signum):
    with running(JOGGING + "time.sleep(60)") as process:
        process.send_signal(signum)
        said, _ = process.communicate(timeout=120)
    assert "stop roby" in said
    assert process.returncode == -signum


def test_one_that_jogs_and_one_that_is_moved_by_hand_are_stopped():
    with running(JOGGING + "Motion().mv(robz, 100)") as process:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
    assert "stop roby" in said and "stop robz" in said
    assert process.returncode == -signal.SIGTERM


def test_once_nothing_jogs_a_signal_does_what_it_did():
    code = JOGGING + "roby.stop(); print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("AXES", "roby") + code], stdout=subprocess.PIPE, text=True, timeout=120
    )
    assert done.returncode == 0 and "True" in done.stdout


def test_who_swallows_all_that_is_raised_is_ended_all_the_same():
    with running("try:\n    roby.move(100)\nexcept BaseException:\n    time.sleep(60)") as process:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
    assert "stop roby" in said
    assert process.returncode == -signal.SIGTERM


def test_a_signal_that_is_ignored_or_handled_is_left_to_whom_it_belongs():
    begin = "signal.signal(signal.SIGHUP, signal.SIG_IGN); signal.signal(signal.SIGTERM, lambda *_: print('mine'))\n"
    with running(begin + "roby.velocity = 5\nroby.move(20)\nprint(roby.position)") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
    assert said == "mine\n20.0\n"
    assert process.returncode == 0
