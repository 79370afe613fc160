"""SIGTERM, SIGHUP and Ctrl-C from outside, also while Python can't run a handler; and where no scan is run at all."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cast import Repeating
from doubles import Around, make_scan
from harness import outcome_of

from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset


def scan_of(preset):
    chain = AcquisitionChain()
    chain.add(Repeating("timer", 2))
    scan = make_scan(chain, Around())
    scan.add_preset(preset)
    return scan


SCRIPT = """
import ctypes, signal, sys, time
sys.path[:0] = sys.argv[1:]
from cast import Repeating
from doubles import make_scan
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan
Scan.deadlines = Deadlines(hook=0.3, device=0.3)
libc = ctypes.CDLL(None)

class Shutter(ScanPreset):
    def prepare(self, scan):
        print("open", flush=True)
    def stop(self, scan):
        print("closed", flush=True)

class InC(ScanPreset):
    def prepare(self, scan):
        print("waiting", flush=True)
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            libc.usleep(900_000)  # gives Python no time to look at signals but once a second
    def stop(self, scan):
        print("stop", flush=True)

class Swallowing(InC):
    def prepare(self, scan):
        print("waiting", flush=True)
        while True:
            try:
                while True:
                    try:
                        time.sleep(0.05)
                    except BaseException:
                        pass
            except BaseException:  # what came between two lines of the inner loop
                pass

class Torn(Swallowing):  # as when another signal comes into the handler, and what is raised for that one ends it
    def prepare(self, scan):
        def at_its_second_line(frame, event, arg):
            if frame.f_lineno > frame.f_code.co_firstlineno + 1:
                raise RuntimeError("torn")
            return at_its_second_line
        def tear(frame, event, arg):
            if frame.f_code.co_name == "_on_signal" and frame.f_locals["signum"] == signal.SIGTERM:
                return at_its_second_line
        sys.settrace(tear)
        super().prepare(scan)

class Blocked(InC):
    def prepare(self, scan):
        print("waiting", flush=True)
        lock = ctypes.create_string_buffer(256)
        libc.pthread_mutex_init(lock, None)
        for _ in range(2):
            libc.pthread_mutex_lock(lock)  # the second time for ever, whatever signals come

class Sleeping(ScanPreset):
    def start(self, scan):
        print("waiting", flush=True)
        time.sleep(200)
    def stop(self, scan):
        time.sleep(0.1)

chain = AcquisitionChain()
chain.add(Repeating("timer", 2))
scan = make_scan(chain)
scan.add_preset(Shutter())
scan.add_preset({preset}())
try:
    scan.run()
except KeyboardInterrupt as error:
    print("run() raised", error, flush=True)
finally:
    print("ended", scan.state.name, flush=True)
"""


def play(preset, signum, later=None, after=3.0):
    """`later`: a second signal, `after` so many seconds from when the shutter closed; in 3 all has been left."""
    here = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("{preset}", preset), str(here), str(here.parents[1] / "src")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "open\n"
            assert process.stdout.readline() == "waiting\n"
            time.sleep(0.05)
            process.send_signal(signum)
            said = []
            if later is not None:
                said = [process.stdout.readline(), process.stdout.readline()]
                time.sleep(after)
                process.send_signal(later)
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    return "".join([*said, output]).splitlines(), process.returncode, errors


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_take_the_way_out_and_then_the_process_ends(signum):
    output, code, errors = play("Sleeping", signum)
    assert output == ["closed", "ended USER_ABORTED"]
    assert code == 128 + signum, errors


def test_a_signal_is_seen_while_the_main_thread_sits_in_c():
    """libc's usleep is called by ctypes: no handler runs before it is back; the shutter is closed long before."""
    output, code, errors = play("InC", signal.SIGINT)
    assert output[:2] == ["stop", "closed"], errors
    assert output[-1] == "ended USER_ABORTED"
    assert code == 0, errors


def test_sigterm_ends_the_process_whose_hook_swallows_everything():
    output, code, errors = play("Swallowing", signal.SIGINT, signal.SIGTERM)
    assert output[:2] == ["stop", "closed"], errors
    assert code == 128 + signal.SIGTERM, errors


def test_sigterm_while_the_rest_is_left_ends_that_process_too():
    output, code, errors = play("Swallowing", signal.SIGINT, signal.SIGTERM, after=0.0)
    assert output[:2] == ["stop", "closed"], errors
    assert code == 128 + signal.SIGTERM, errors


def test_sigterm_whose_handler_is_torn_ends_that_process_too():
    output, code, errors = play("Torn", signal.SIGINT, signal.SIGTERM, after=0.5)
    assert output[:2] == ["stop", "closed"], errors
    assert code == 128 + signal.SIGTERM, errors


@pytest.mark.parametrize("preset", ["Swallowing", "Blocked"])
def test_one_sigterm_ends_a_process_whose_hook_never_returns(preset):
    output, code, errors = play(preset, signal.SIGTERM)
    assert output[:2] == ["stop", "closed"], errors
    assert code == 128 + signal.SIGTERM, errors


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    seen = []

    class Looking(ScanPreset):
        def start(self, scan):
            seen.append(signal.getsignal(signal.SIGTERM))

    try:
        scan_of(Looking()).run()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [signal.SIG_IGN]


def test_who_had_the_descriptor_for_signals_still_gets_them():
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    reading.settimeout(60)
    before = signal.set_wakeup_fd(writing.fileno())

    class Pressing(ScanPreset):
        def start(self, scan):
            signal.raise_signal(signal.SIGINT)

    try:
        outcome_of(scan_of(Pressing()))
        assert reading.recv(8) == bytes([signal.SIGINT])
    finally:
        assert signal.set_wakeup_fd(before) == writing.fileno()
        reading.close()
        writing.close()


def test_a_scan_is_refused_in_a_forked_child():
    script = """
import os, sys
sys.path[:0] = sys.argv[1:]
from cast import Repeating
from doubles import make_scan
from obtura.contracts.chain import AcquisitionChain
chain = AcquisitionChain()
chain.add(Repeating("timer", 2))
scan = make_scan(chain)
if os.fork() == 0:
    try:
        scan.run()
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
scan.run()
print(scan.state.name, flush=True)
"""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", script, str(here), str(here.parents[1] / "src")],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    refused, ended = done.stdout.splitlines()
    assert "forked" in refused and "spawn" in refused
    assert ended == "DONE"


NESTED = """
import os, signal, sys
sys.path[:0] = sys.argv[1:]
from cast import Repeating
from doubles import Around, make_scan
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset

class Ending(Around):
    def finished(self, scan):  # the inner scan is closed, and still there
        os.kill(os.getpid(), signal.{signum})

def scan_in(around):
    chain = AcquisitionChain()
    chain.add(Repeating("timer", 2))
    return make_scan(chain, around)

class Shutter(ScanPreset):
    def prepare(self, scan):
        scan_in(Ending()).run()
    def stop(self, scan):
        print("closed", flush=True)

outer = scan_in(Around())
outer.add_preset(Shutter())
try:
    outer.run()
except KeyboardInterrupt as error:
    print("run() raised", type(error).__name__, flush=True)
finally:
    print("ended", outer.state.name, flush=True)
"""


@pytest.mark.parametrize(
    ("signum", "told", "code"), [("SIGINT", ["run() raised ScanAbort"], 0), ("SIGTERM", [], 128 + signal.SIGTERM)]
)
def test_a_signal_at_the_very_end_of_an_inner_scan_leaves_the_outer_one(signum, told, code):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", NESTED.replace("{signum}", signum), str(here), str(here.parents[1] / "src")],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.splitlines() == ["closed", *told, "ended USER_ABORTED"], done.stderr
    assert done.returncode == code, done.stderr
