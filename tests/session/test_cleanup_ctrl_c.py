"""cleanup and Ctrl-C: wherever it lands, what was changed is put back, and nothing is torn."""

import gc
import math
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from obtura.devices.sim import SimulatedAxis
from obtura.session import cleanup as module
from obtura.session.cleanup import cleanup, error_cleanup
from obtura.works import shelter
from obtura.works.clock import clock, virtual_time

FILES = {module.__file__, shelter.__file__, __file__}


class PressAt:
    """Traces the bytecodes of a function and what it calls in FILES; at the n-th one presses Ctrl-C `times` times."""

    def __init__(self, n, times=1):
        self.left = n
        self.times = times
        self.landed = ""

    def __call__(self, function):
        sys._getframe().f_trace_opcodes = True  # before `settrace`, or Python 3.12 does not tell of bytecodes
        sys.settrace(self.enter)
        try:
            function()
        finally:
            sys.settrace(None)

    def enter(self, frame, event, arg):
        if frame.f_code.co_filename not in FILES or frame.f_code.co_name in ("enter", "look", "__call__"):
            return None
        frame.f_trace = self.look  # before the next line, or Python 3.12 and later do not tell of bytecodes
        frame.f_trace_opcodes = True
        return self.look

    def look(self, frame, event, arg):
        # A tracer can raise before any bytecode; a signal is looked at on entering a function, after a call and at
        # the end of a loop's turn only, and never while the line of the `with` leads from the body to `__exit__`.
        if event == "opcode" and not (frame.f_code is Bench.work.__code__ and frame.f_lineno == WITH):
            self.left -= 1
            if self.left == 0:
                self.landed = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
                sys.settrace(None)
                for _ in range(self.times):
                    signal.raise_signal(signal.SIGINT)
        return self.look


class Bench:
    """A motor, a shutter that is only a word, and what was done with it."""

    def __init__(self):
        self.roby = SimulatedAxis("roby", velocity=1)
        self.log = []

    def close(self):
        self.log.append("close")

    def work(self):
        with self.cleaning(self.roby, self.close, restore_list=["POS", "VEL"]):
            self.log.append("body")
            self.roby.velocity = 2
            self.roby.move(3)

    cleaning = staticmethod(cleanup)


WITH = Bench.work.__code__.co_firstlineno + 1


def press(n, times=1, kind=cleanup):
    """Work with a press at the n-th bytecode: the bench afterwards, and where it landed; "" when work was over."""
    pressing = PressAt(n, times)
    with virtual_time():
        bench = Bench()
        bench.cleaning = kind
        try:
            pressing(bench.work)
        except KeyboardInterrupt:
            bench.log.append("Ctrl-C")
        bench.position = bench.roby.position
    return bench, pressing.landed


@pytest.fixture(autouse=True)
def handler_is_left_as_it_was():
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


def test_wherever_ctrl_c_lands_all_is_put_in_order_and_it_is_delivered():
    n, places = 1, set()
    while True:
        bench, landed = press(n)
        if not landed:
            break
        places.add(landed.split()[1])
        assert bench.position == 0, landed
        assert bench.roby.velocity == 1, landed
        assert bench.log.count("close") == ("body" in bench.log or "close" in bench.log), landed
        assert bench.log[-1] == "Ctrl-C", landed
        n += 1
    assert {"work", "__enter__", "__exit__", "_put_in_order", "_go_back", "step", "take_down"} <= places
    assert bench.log == ["body", "close"]


def test_pressed_twice_it_ends_a_step_and_the_others_are_made():
    n = 1
    while True:
        bench, landed = press(n, times=2)
        if not landed:
            break
        assert bench.log[-1] == "Ctrl-C", landed
        if "body" in bench.log:
            made = ["close" in bench.log, bench.roby.velocity == 1, bench.position == 0]
            assert made.count(False) <= 1, landed
        n += 1


def test_error_cleanup_puts_in_order_after_a_ctrl_c_in_the_body():
    n, seen = 1, 0
    while True:
        bench, landed = press(n, kind=error_cleanup)
        if not landed:
            break
        if landed.endswith(" work") and "body" in bench.log and "close" in bench.log:
            assert bench.position == 0
            assert bench.log == ["body", "close", "Ctrl-C"]
            seen += 1
        n += 3
    assert seen


def test_a_second_press_stops_the_motor_that_goes_back(monkeypatch, capsys):
    with virtual_time() as source:
        roby, calls = SimulatedAxis("roby", velocity=1), []

        def wait(flag, seconds, wait=source.wait):
            if seconds > 0.5 and not calls:  # on its way back
                wait(None, 1.0)
                calls.append(roby.position)
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            return wait(flag, seconds)

        with pytest.raises(KeyboardInterrupt) as caught, cleanup(roby, restore_list=["POS"]):
            roby.velocity = float("inf")
            roby.move(3)
            roby.velocity = 1
            monkeypatch.setattr(clock, "wait", wait)
        assert 0 < roby.position <= calls[0] < 3
        assert not roby.is_moving
    assert caught.value.__notes__[0] == "in cleanup: roby goes back to 0"
    assert "Ctrl-C waits until cleanup is done: roby goes back to 0; press again" in capsys.readouterr().err


def test_a_press_while_contexts_are_entered_leaves_them_and_runs_no_body():
    class Slow:
        entered = left = 0

        def __enter__(self):
            self.entered += 1
            signal.raise_signal(signal.SIGINT)

        def __exit__(self, *error):
            self.left += 1

    slow = Slow()
    with pytest.raises(KeyboardInterrupt), cleanup(slow):
        raise AssertionError("the body was run")
    assert (slow.entered, slow.left) == (1, 1)


def test_an_error_of_the_body_is_raised_with_the_press_as_a_note():
    with pytest.raises(ValueError, match="body") as caught, cleanup(lambda: signal.raise_signal(signal.SIGINT)):
        raise ValueError("body")
    assert caught.value.__notes__ == ["then interrupted by Ctrl-C"]


def test_nested_ones_each_do_their_work():
    log = []

    def inner():
        log.append("inner")
        signal.raise_signal(signal.SIGINT)
        log.append("inner done")

    with pytest.raises(KeyboardInterrupt), cleanup(lambda: log.append("outer")):
        with cleanup(inner):
            log.append("body")
        raise AssertionError("it was not delivered between the two")
    assert log == ["body", "inner", "inner done", "outer"]


def test_where_ctrl_c_is_ignored_nothing_is_touched():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with cleanup(lambda: None):
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def alarm():
    """`alarm(s)` has Ctrl-C pressed by the kernel's timer, wherever the main thread is then."""
    gc.disable()  # Python swallows a Ctrl-C that lands in a callback of the garbage collector
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    gc.enable()


def test_real_signals_at_random_moments_find_all_in_order(alarm):
    chance, landed = random.Random(1), 0
    for _ in range(400):
        bench = Bench()
        bench.roby.velocity = bench.roby.acceleration = math.inf
        try:
            alarm(chance.uniform(1e-6, 6e-4))
            try:
                bench.work()
                time.sleep(0.001)
            except KeyboardInterrupt:
                landed += 1
            time.sleep(0)
        except KeyboardInterrupt:
            landed += 1
        alarm(0)
        assert bench.roby.position == 0
        assert bench.roby.velocity == math.inf
        assert bench.log.count("close") == ("body" in bench.log or "close" in bench.log)
    assert landed > 300
