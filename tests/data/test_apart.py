"""A call that hangs or crashes does so in a process apart, and is told."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from math import sqrt

import pytest

from obtura.data.apart import Apart, NoAnswer


def test_what_a_function_returns_and_raises_there_is_returned_and_raised_here():
    with Apart() as other:
        assert other.ask(5, sqrt, 9) == 3.0
        with pytest.raises(ValueError, match="math domain"):
            other.ask(5, sqrt, -1)


def test_one_process_serves_all_questions_until_one_hangs_then_there_is_another():
    with Apart() as other:
        first = other.ask(5, os.getpid)
        assert first == other.ask(5, os.getpid) != os.getpid()
        with pytest.raises(NoAnswer, match="does not come back"):
            other.ask(0.2, sum, range(10**18))  # for ever
        assert other.ask(5, os.getpid) not in (first, os.getpid())
    assert not_there(first)


def test_so_does_one_that_sleeps_for_ever():
    with Apart() as other, pytest.raises(NoAnswer, match="does not come back"):
        other.ask(0.05, time.sleep, 1000)


def test_a_process_that_is_asked_nothing_waits():
    with Apart() as other:
        first = other.ask(0.2, os.getpid)
        time.sleep(2.6)  # longer than it may take by the clock
        assert other.ask(5, os.getpid) == first


def test_a_crash_is_told_with_its_signal():
    with Apart() as other:
        with pytest.raises(NoAnswer, match="does not survive reading it \\(SIGABRT\\)"):
            other.ask(5, os.abort)
        assert other.ask(5, sqrt, 9) == 3.0


def test_a_process_that_ends_by_itself_is_no_damaged_file():
    with Apart() as other, pytest.raises(RuntimeError, match="exit code 3"):
        other.ask(5, os._exit, 3)


HUNG = """
from obtura.data.apart import Apart
with Apart() as other:
    print(other.ask(5, __import__("os").getpid), flush=True)
    other.ask(600, sum, range(10**18))
"""


def test_ctrl_c_ends_both_at_once():
    with subprocess.Popen([sys.executable, "-c", HUNG], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        there = int(process.stdout.readline())
        while process.poll() is None:  # one that comes in the instant before a read is seen when that returns only
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
    assert not_there(there)


def not_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
