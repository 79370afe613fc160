"""`works.interrupt`: Ctrl-C comes in only where a door is open."""

import os
import signal
import sys
import threading
import time

import pytest

from obtura.ground.errors import ScanAbort
from obtura.works import interrupt
from obtura.works.interrupt import Doors


class Run:
    """Counts how often it was told of Ctrl-C."""

    def __init__(self):
        self.told = 0

    def on_interrupt(self):
        self.told += 1

    is_stuck = False

    def on_press(self, why):
        self.told += 1

    def attend(self):
        """Nothing is left to be done."""


@pytest.fixture
def former():
    """The handler that was there before: counts."""
    presses = []
    before = signal.signal(signal.SIGINT, lambda *_: presses.append(1))
    yield presses
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def doors(former):
    return Doors()


def press():
    signal.raise_signal(signal.SIGINT)


def test_a_press_in_an_open_door_is_raised_there_and_the_run_is_told(doors):
    run = Run()
    with doors.watch(run):
        with pytest.raises(ScanAbort):
            doors.call(press)
        assert run.told == 1


def test_a_press_outside_of_a_door_waits_for_the_next_one(doors):
    run, called = Run(), []
    with doors.watch(run):
        press()
        assert run.told == 1, "it is told at once"
        with pytest.raises(ScanAbort):
            doors.call(called.append, 1)
    assert called == [], "it comes in before the call is made"


def test_a_call_gives_what_the_function_returns_or_raises(doors):
    with doors.watch(Run()):
        assert doors.call(max, 1, 2) == 2
        assert doors.call(int, "11", 2) == 3
        with pytest.raises(KeyError, match="no"):
            doors.call({}.__getitem__, "no")
        press()
        with pytest.raises(ScanAbort):
            doors.call(time.sleep, 10)


def test_one_delivery_in_two_seconds(doors, monkeypatch):
    seen = []

    def hook():
        try:
            press()
        except ScanAbort:
            press()  # in the hook's own clean-up: it is not torn
            seen.append("cleaned up")
            raise

    with doors.watch(run := Run()):
        with pytest.raises(ScanAbort):
            doors.call(hook)
        assert seen == ["cleaned up"]
        assert run.told == 2
        doors.call(seen.append, "within two seconds nothing more comes in")
        monkeypatch.setattr(interrupt, "AGAIN", 0.0)
        with pytest.raises(ScanAbort):
            doors.call(seen.append, "not called")
    assert len(seen) == 2


def test_a_door_that_is_shut_from_user_code_delivers_on_reopening(doors):
    log = []

    def user_code():
        was = doors.shut()
        log.append("engine")
        press()
        log.append("engine ends")
        doors.reopen(was)
        log.append("not reached")

    with doors.watch(Run()), pytest.raises(ScanAbort):
        doors.call(user_code)
    assert log == ["engine", "engine ends"]


def test_shutting_a_shut_door_and_reopening_it_opens_nothing(doors):
    with doors.watch(Run()):
        was = doors.shut()
        press()
        doors.reopen(was)
        assert was == interrupt.SHUT
        doors.forget()
        doors.call(lambda: None)


def test_presses_that_were_acted_upon_can_be_forgotten(doors):
    with doors.watch(run := Run()):
        press()
        doors.forget()
        doors.call(lambda: None)
        assert run.told == 1


def test_no_door_opens_in_a_barred_call_not_even_in_a_run_inside(doors):
    outer, inner, log = Run(), Run(), []

    def hook():
        press()
        doors.call(press)
        with doors.watch(inner):
            doors.call(press)
            log.append("inner run")
        log.append("done")

    with doors.watch(outer):
        doors.barred(hook)
        assert log == ["inner run", "done"]
        assert (outer.told, inner.told) == (3, 0)
        with pytest.raises(ScanAbort):
            doors.call(log.append, "not called")


def test_a_barred_call_that_raises_lifts_the_bar(doors):
    with doors.watch(Run()):
        with pytest.raises(ZeroDivisionError):
            doors.barred(lambda: 1 / 0)
        with pytest.raises(ScanAbort):
            doors.call(press)


def test_nested_runs_are_told_both_and_the_handler_stays_until_the_outer_one_ends(doors, former):
    outer, inner = Run(), Run()
    with doors.watch(outer):
        with doors.watch(inner):
            press()
        press()
    press()
    assert (outer.told, inner.told, len(former)) == (2, 1, 1)


def test_an_inner_run_shuts_the_door_of_the_hook_it_was_started_in_and_opens_it_again(doors):
    log = []

    def hook():
        with doors.watch(Run()):
            press()
            log.append("the inner run's own code is not interrupted")
            doors.forget()
        log.append("the hook goes on")
        press()

    with doors.watch(Run()), pytest.raises(ScanAbort):
        doors.call(hook)
    assert len(log) == 2


def test_a_press_that_waits_when_the_inner_run_ends_comes_into_the_hook(doors):
    log = []

    def hook():
        with doors.watch(Run()):
            press()
        log.append("not reached")

    with doors.watch(Run()), pytest.raises(ScanAbort):
        doors.call(hook)
    assert log == []


def test_the_former_handler_is_back_whatever_ends_the_body(doors, former):
    mine = signal.getsignal(signal.SIGINT)
    for error in (ValueError, KeyboardInterrupt, SystemExit, ScanAbort):
        with pytest.raises(error), doors.watch(Run()):
            assert signal.getsignal(signal.SIGINT) is not mine
            raise error
        assert signal.getsignal(signal.SIGINT) is mine


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_an_ignored_sigint_stays_ignored_and_a_default_one_is_restored(doors, handler):
    signal.signal(signal.SIGINT, handler)
    with doors.watch(run := Run()):
        if handler is signal.SIG_IGN:
            press()
            assert doors.call(lambda: "called") == "called"
            assert run.told == 0
    assert signal.getsignal(signal.SIGINT) == handler


def test_a_press_between_the_run_and_the_former_handler_reaches_the_former_handler(doors, former):
    run = Run()

    def pressing(frame, event, arg):
        if frame.f_code.co_name == "_uninstall" and event == "call":
            press()

    with doors.watch(run):
        sys.setprofile(pressing)
    sys.setprofile(None)
    assert (run.told, len(former)) == (0, 1)


def test_a_press_just_before_the_run_is_known_is_told_to_it(doors, former):
    class Pressing(list):
        def append(self, run):
            press()
            super().append(run)

    doors._runs = Pressing()
    with doors.watch(run := Run()):
        assert run.told == 1
    assert former == []


def test_off_the_main_thread_nothing_is_touched(doors, former):
    mine = signal.getsignal(signal.SIGINT)
    result = []

    def elsewhere():
        with doors.watch(run := Run()):
            result.append(signal.getsignal(signal.SIGINT) is mine)
            result.append(doors.call(lambda: "called"))
            result.append(doors.barred(lambda: "barred"))
            doors.reopen(doors.shut())
            doors.forget()
            doors.press(run)
            result.append(run.told)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(60)
    assert result == [True, "called", "barred", 1]
    assert former == []


def test_pressing_for_a_run_in_the_main_thread_interrupts_its_sleep_from_any_thread(doors):
    with doors.watch(run := Run()):
        pressing = threading.Timer(0.02, doors.press, [run])
        pressing.start()
        began = time.monotonic()
        with pytest.raises(ScanAbort):
            doors.call(time.sleep, 200)
        assert time.monotonic() - began < 60
        pressing.join(60)
    assert run.told == 1


def test_pressing_tells_whether_a_signal_did_it(doors, former):
    watched, other = Run(), Run()
    with doors.watch(watched):
        assert doors.press(watched) is True
        assert doors.press(other) is False
        assert (watched.told, other.told) == (1, 1)
    assert doors.press(watched) is False
    assert watched.told == 2
    assert former == []


def test_pressing_for_another_run_leaves_the_one_of_this_thread_alone(doors):
    with doors.watch(mine := Run()):
        doors.call(doors.press, Run())
    assert mine.told == 0


def test_pressing_in_the_open_door_of_the_own_run_interrupts_at_once(doors):
    after = []
    with doors.watch(run := Run()), pytest.raises(ScanAbort):
        doors.call(lambda: (doors.press(run), after.append(1)))
    assert after == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_doors_of_its_own():
    main = interrupt.doors
    with main.watch(Run()):
        # a bare fork: what multiprocessing does, without its threads
        child = os.fork()
        if child == 0:
            os._exit(0 if main._runs == [] and main.main == -1 else 1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
