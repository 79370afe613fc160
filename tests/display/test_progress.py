"""The line below the table: how far, how long still."""

from datetime import UTC, datetime

import pytest

from obtura.display.progress import Progress
from obtura.display.screen import Screen
from obtura.ground.events import IterationDone, ScanBegan, StateChanged


def began(npoints):
    return ScanBegan(1, "loopscan", "loopscan", datetime.now(UTC), {"npoints": npoints}, ("timer",), (), (), {}, {})


def after(points, npoints=100, seconds=1.0):
    progress = Progress()
    progress.take(began(npoints))
    for point in range(points):
        progress.take(IterationDone(0, point, 10 + point * seconds, seconds))
    return progress


def test_the_time_left_follows_from_the_points_before():
    assert after(11).line == "point 11 of 100, 0:01:29 left"


@pytest.mark.parametrize("progress", [after(1), after(0), after(100), after(99), after(10, npoints=0), after(9, 10)])
def test_nothing_is_told_when_nothing_is_known_or_little_is_left(progress):
    assert progress.line == ""


def test_a_scan_that_ends_has_nothing_left():
    progress = after(11)
    progress.take(StateChanged("STOPPING", 30.0))
    assert progress.line == ""


def test_a_pause_does_not_count():
    progress = after(11)
    progress.take(StateChanged("PAUSED", 20.5))
    assert progress.line == ""
    progress.take(StateChanged("RUNNING", 1020.5))
    progress.take(IterationDone(0, 11, 1021, 1.0))
    assert progress.line == "point 12 of 100, 0:01:28 left"


class Stream:
    """Keeps what is written."""

    def __init__(self, terminal):
        self.written = ""
        self._terminal = terminal

    def isatty(self):
        return self._terminal

    def write(self, text):
        self.written += text

    def flush(self):
        pass


def test_the_line_is_wiped_out_by_what_comes_next(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Stream(terminal=True)
    screen = Screen(stream, None)
    screen.lines("row 1\n")
    screen.status("point 1")
    screen.flush()
    assert stream.written == "row 1\npoint 1\r"
    screen.text("stdout", "\nhello\n")
    screen.status("")
    screen.flush()
    assert stream.written == "row 1\npoint 1\r\r\x1b[K\nhello\n"


def test_it_never_stands_in_a_line_that_somebody_else_has_begun(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Stream(terminal=True)
    screen = Screen(stream, None)
    screen.text("stdout", "half a line")
    screen.status("point 1")
    screen.flush()
    assert stream.written == "half a line"


def test_a_pipe_gets_none():
    stream = Stream(terminal=False)
    screen = Screen(stream, None)
    screen.status("point 1")
    screen.flush()
    assert stream.written == ""
