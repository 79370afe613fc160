"""A hook that never returns is ended, and named with its line."""

import asyncio
import contextlib
import subprocess
import sys
import threading
import time

import pytest
from test_assert_preset_ok import FIRST_CALLS, Opens, message, surroundings

from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
from obtura.ground.errors import UsageError
from obtura.testing import try_preset
from obtura.testing.faults import press


class Swallows(Opens):
    def prepare(self, scan):
        while True:
            try:
                time.sleep(1)
            except BaseException as error:
                self.last = error


class SwallowsInStop(Opens):
    def prepare(self, scan): ...

    def stop(self, scan):
        Swallows.prepare(self, scan)


class Suppresses(Opens):
    def prepare(self, scan):
        while True:
            with contextlib.suppress(BaseException):
                threading.Event().wait()


class SwallowsTwice(Opens):
    def prepare(self, scan):
        while True:
            try:
                while True:
                    try:
                        self.last = self.shutter.state
                    except BaseException as error:
                        self.last = error
            except BaseException as error:
                self.last = error


class IsLocked(Opens):
    def prepare(self, scan):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()


class AwaitsForEver(Opens):
    async def prepare(self, scan):
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("preset", "hook", "line"),
    [
        (Swallows, "prepare", "in prepare: "),
        (SwallowsInStop, "stop", "in stop: Swallows.prepare(self, scan)"),
        (Suppresses, "prepare", "in prepare: threading.Event().wait()"),
        (SwallowsTwice, "prepare", "in prepare: "),
        (IsLocked, "prepare", "in prepare: lock.acquire()"),
        (AwaitsForEver, "prepare", "async def prepare"),
    ],
)
def test_a_hook_that_never_returns_is_named_with_its_line_and_ended(preset, hook, line):
    before, trace = surroundings(), sys.gettrace()
    report = try_preset(preset, limit=2.0)
    assert report.hangs and report.faults == 0
    (finding,) = report.findings
    assert finding.what.startswith(f"{preset.__name__}.{hook} hangs; it ")
    assert f": {__file__}:" in finding.what and line in finding.what
    assert "Nothing was tried after that" in str(report)
    assert surroundings() == before
    assert sys.gettrace() is trace


class HangsAfterCtrlC(Opens):
    def start(self, scan):
        try:
            super().start(scan)
        except KeyboardInterrupt:
            threading.Event().wait()


def test_one_that_hangs_only_after_a_fault_is_named_with_the_case():
    text = message(HangsAfterCtrlC, only=FIRST_CALLS, limit=2.0)
    assert "HangsAfterCtrlC.start hangs" in text
    assert "once with: Ctrl-C before HangsAfterCtrlC.start" in text or "once with: Ctrl-C before shutter.open" in text


def test_one_that_hangs_is_named_also_where_scans_give_up_soon(monkeypatch):
    monkeypatch.setattr(Scan, "deadlines", Deadlines(hook=0.2, hurried=0.1))
    assert "HangsAfterCtrlC.start hangs" in message(HangsAfterCtrlC, only=FIRST_CALLS, limit=2.0)


class HasADeadlineOfItsOwn(Opens):
    deadline = 0.1

    def __init__(self, shutter):
        super().__init__(shutter)
        self.failed = True

    def start(self, scan):
        super().start(scan)
        self.failed = False

    def stop(self, scan):
        super().stop(scan)
        if self.failed:
            threading.Event().wait()


def test_one_that_its_own_deadline_ends_is_named():
    text = message(HasADeadlineOfItsOwn, only="raise before HasADeadlineOfItsOwn.start, " + FIRST_CALLS)
    assert "HasADeadlineOfItsOwn.stop hangs; it was given up after its deadline" in text


def test_a_ctrl_c_of_the_user_in_a_good_scan_is_no_finding():
    class Pressed(Opens):
        def start(self, scan):
            press()

    with pytest.raises(KeyboardInterrupt):
        try_preset(Pressed, only=FIRST_CALLS)


def test_a_limit_must_be_a_time():
    with pytest.raises(UsageError, match="limit must be a number of seconds above 0, got 0"):
        try_preset(Opens, limit=0)


def test_code_that_no_signal_reaches_ends_the_process_with_the_same_words():
    program = """
import signal
from obtura import ScanPreset
from obtura.testing import assert_preset_ok
from obtura.works import leash

leash.ATTEMPTS = 3

class Deaf(ScanPreset):
    def prepare(self, scan):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGINT])
        while True:
            pass

assert_preset_ok(Deaf, limit=0.2)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 1
    assert "Deaf.prepare hangs; it was ended after 0.2 s" in ended.stderr
    assert "so this process ends" in ended.stderr
