"""Captured print: into the record while a display is open, and everything put back afterwards."""

import contextlib
import copy
import functools
import inspect
import io
import itertools
import logging
import os
import signal
import sys
import threading

import pytest
from stage import running_in_a_thread

from obtura.display.capture import Capture, Captured, Mark
from obtura.ground.errors import ScanAbort
from obtura.works.interrupt import doors


def on_own_streams(test):
    """Run a test on a `sys.stdout` and `sys.stderr` that remember; those of a fixture pytest would replace."""

    @functools.wraps(test)
    def run(**arguments):
        with contextlib.redirect_stdout(io.StringIO()) as stdout, contextlib.redirect_stderr(io.StringIO()):
            test(stdout, **arguments)

    run.__signature__ = inspect.Signature(list(inspect.signature(test).parameters.values())[1:])
    return run


class Scan:
    """A capture and what was said into it."""

    def __init__(self):
        self.said = []
        self.capture = Capture(self.say)

    def say(self, stream, text):
        self.said.append((stream, text))
        if isinstance(text, Mark):
            text.reached.set()

    @property
    def text(self):
        return "".join(text for _, text in self.said)

    def __enter__(self):
        self.capture.install()
        return self

    def __exit__(self, *_):
        self.capture.remove()


@on_own_streams
def test_print_goes_into_the_record_and_not_to_the_stream(stdout):
    with Scan() as scan:
        print("opening")
        print("trouble", file=sys.stderr)
        sys.stdout.writelines(["a\n", "b\n"])
    assert scan.said == [
        ("stdout", "opening"),
        ("stdout", "\n"),
        ("stderr", "trouble"),
        ("stderr", "\n"),
        ("stdout", "a\n"),
        ("stdout", "b\n"),
    ]
    assert stdout.getvalue() == ""


@on_own_streams
def test_afterwards_the_very_same_streams_are_back(stdout):
    stderr = sys.stderr
    with Scan():
        assert sys.stdout is not stdout
        assert sys.stderr is not stderr
    assert sys.stdout is stdout
    assert sys.stderr is stderr


@on_own_streams
def test_a_stream_that_somebody_else_put_there_meanwhile_stays(stdout):
    theirs = io.StringIO()
    with Scan():
        sys.stdout = theirs
    assert sys.stdout is theirs


@on_own_streams
def test_a_redirection_inside_a_hook_works_as_ever(stdout):
    with Scan() as scan:
        with contextlib.redirect_stdout(io.StringIO()) as theirs:
            print("theirs")
        print("ours")
    assert theirs.getvalue() == "theirs\n"
    assert scan.text == "ours\n"


@on_own_streams
def test_write_returns_the_length_and_refuses_bytes(stdout):
    with Scan():
        assert sys.stdout.write("four") == 4
        with pytest.raises(TypeError, match="must be str, not bytes"):
            sys.stdout.write(b"bytes")


@on_own_streams
def test_flush_asks_for_everything_to_be_shown_and_does_not_wait(stdout):
    with Scan() as scan:
        print("x", end="", flush=True)
    assert scan.said == [("stdout", "x"), ("stdout", "")]


def test_everything_else_is_as_of_the_stream_beneath(tmp_path):
    with open(tmp_path / "out", "w", encoding="latin-1") as beneath:
        captured = Captured("stdout", beneath, lambda stream, text: None)
        captured.release()
        assert captured.encoding == "latin-1"
        assert captured.errors == "strict"
        assert captured.isatty() is False
        assert captured.writable() is True
        assert captured.fileno() == beneath.fileno()
        assert captured.buffer is beneath.buffer
        with pytest.raises(AttributeError):
            _ = captured.no_such_thing
    assert captured.closed


@on_own_streams
def test_a_captured_stream_can_be_looked_at(stdout):
    captured = Captured("stdout", stdout, lambda stream, text: None)
    assert repr(captured).startswith("Captured('stdout', <")
    assert copy.copy(captured).beneath is stdout


def test_a_process_without_streams_has_nothing_to_capture(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with Scan():
        assert sys.stdout is None
    assert sys.stderr is None


@on_own_streams
def test_whoever_kept_a_captured_stream_writes_to_the_one_beneath_afterwards(stdout):
    with Scan() as scan:
        handler = logging.StreamHandler(sys.stdout)
        handler.emit(logging.makeLogRecord({"msg": "during"}))
    handler.emit(logging.makeLogRecord({"msg": "after"}))
    assert scan.text == "during\n"
    assert stdout.getvalue() == "after\n"


@on_own_streams
def test_what_is_printed_after_the_end_was_shown_is_not_lost(stdout):
    with Scan() as scan:
        scan.capture.release()
        print("late", flush=True)
    assert scan.said == []
    assert stdout.getvalue() == "late\n"


class Broken(io.StringIO):
    def write(self, text):
        raise OSError(5, "Input/output error")

    flush = write


def test_a_hook_s_print_does_not_fail_because_the_screen_broke(monkeypatch):
    monkeypatch.setattr(sys, "stdout", broken := Broken())
    monkeypatch.setattr(broken, "flush", lambda: broken.write(""))
    with Scan() as scan:
        captured = sys.stdout
        scan.capture.release()
        print("closing the shutter", flush=True)
    with pytest.raises(OSError, match="Input/output"):
        print("after the scan it fails as ever", file=captured)


# -- captures on each other -----------------------------------------------------------------------------------


@on_own_streams
def test_a_scan_started_in_a_hook_prints_into_its_own_record(stdout):
    with Scan() as outer:
        print("before")
        with Scan() as inner:
            print("within")
        print("after")
    assert outer.text == "before\nafter\n"
    assert inner.text == "within\n"
    assert sys.stdout is stdout


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@on_own_streams
def test_captures_may_end_in_any_order(stdout, order):
    scans = [Scan().__enter__() for _ in range(3)]
    for ended, number in enumerate(order):
        scans[number].__exit__()
        print(f"{ended} ended")
    assert sys.stdout is stdout
    said = "".join(scan.text for scan in scans) + stdout.getvalue()
    assert sorted(said.splitlines()) == ["0 ended", "1 ended", "2 ended"]
    assert stdout.getvalue().endswith("2 ended\n")


@on_own_streams
def test_of_two_scans_in_two_threads_each_gets_what_its_own_thread_prints(stdout):
    opened, printed = threading.Event(), threading.Event()
    others = []

    def other():
        with Scan() as scan:
            others.append(scan)
            print("theirs")
            opened.set()
            printed.wait(60)

    with Scan() as mine, running_in_a_thread(other):
        opened.wait(60)
        print("mine")
        printed.set()
    assert mine.text == "mine\n"
    assert others[0].text == "theirs\n"
    assert sys.stdout is stdout


@on_own_streams
def test_a_thread_of_nobody_prints_into_the_newest_scan(stdout):
    with Scan() as outer, Scan() as inner, running_in_a_thread(lambda: print("from a lane")):
        pass
    assert inner.text == "from a lane\n"
    assert outer.text == ""


# -- the descriptor, other processes, Ctrl-C --------------------------------------------------------------------


class LateScan(Scan):
    """Its screen takes what was said only when told to."""

    def __init__(self):
        super().__init__()
        self.marks = []
        self.marked = threading.Event()

    def say(self, stream, text):
        self.said.append((stream, text))
        if isinstance(text, Mark):
            self.marks.append(text)
            self.marked.set()


def test_who_asks_for_the_descriptor_waits_for_the_screen(tmp_path, monkeypatch):
    monkeypatch.setattr("obtura.display.capture._SETTLE", 60)
    for ask in (lambda: sys.stdout.fileno(), lambda: sys.stdout.buffer):
        with open(tmp_path / "out", "w") as beneath, contextlib.redirect_stdout(beneath), LateScan() as scan:
            got = []
            with running_in_a_thread(lambda got=got, ask=ask: got.append(ask())):
                assert scan.marked.wait(60)
                assert got == []
                scan.marks[0].reached.set()
            assert got in ([beneath.fileno()], [beneath.buffer])


def test_who_asks_for_the_descriptor_does_not_wait_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("obtura.display.capture._SETTLE", 0.01)
    with open(tmp_path / "out", "w") as beneath, contextlib.redirect_stdout(beneath), LateScan():
        assert sys.stdout.fileno() == beneath.fileno()


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_prints_to_the_stream_for_nobody_reads_its_record(tmp_path):
    path = tmp_path / "out"
    with open(path, "w") as beneath, contextlib.redirect_stdout(beneath), Scan() as scan:
        child = os.fork()
        if child == 0:
            print("child", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    assert path.read_text() == "child\n"
    assert scan.text == ""


class Watched:
    is_stuck = False

    def on_press(self, why):
        pass


@on_own_streams
def test_ctrl_c_is_not_delivered_into_the_record_but_right_after(stdout):
    scan = Scan()

    def pressed(stream, text):
        os.kill(os.getpid(), signal.SIGINT)
        scan.said.append((stream, text))

    scan.capture = Capture(pressed)
    with doors.watch(Watched()), scan, pytest.raises(ScanAbort):
        doors.call(sys.stdout.write, "opening")
    assert scan.text == "opening"


@on_own_streams
def test_a_failing_record_does_not_leave_the_door_shut(stdout):
    def failing(stream, text):
        raise RuntimeError("no record")

    def hook():
        with pytest.raises(RuntimeError, match="no record"):
            print("x")
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("Ctrl-C was not delivered")

    capture = Capture(failing)
    capture.install()
    try:
        with doors.watch(Watched()), pytest.raises(ScanAbort):
            doors.call(hook)
    finally:
        capture.remove()


@on_own_streams
def test_a_finalizer_that_prints_in_the_middle_of_a_print_is_no_deadlock(stdout):
    scan = Scan()

    def say(stream, text):
        if text == "outer":
            print("from a finalizer", end="")
        scan.said.append((stream, text))

    scan.capture = Capture(say)
    with scan:
        print("outer", end="")
    assert scan.text == "from a finalizerouter"
