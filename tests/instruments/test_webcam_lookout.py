"""Which frames are fresh: those that arrived after they were asked for, were not under way, and were waited for."""

import time
from multiprocessing import Pipe
from types import SimpleNamespace

import pytest

from obtura.instruments.video import lookout
from obtura.instruments.video.lookout import Lookout, Order

BUFFERED, LIVE = 1e-4, 0.04
"""Seconds for which a frame is waited for."""


class Script:
    """Time that passes only while frames are waited for, and the frames; frame n is the number n. At the end of each of
    `waits` a frame comes, or, if it is None, one that is broken. `asked` at the beginning of a frame, by number.
    """

    def __init__(self, waits, asked=None):
        self.waits, self.asked = list(waits), asked or {}
        self.now, self.worked = 100.0, 0.0
        self.grabbed = -1
        self.looking = None

    def monotonic(self):
        return self.now

    def thread_time(self):
        return self.worked

    def grab(self):
        self.grabbed += 1
        if self.grabbed in self.asked:
            self.looking._order = Order(*self.asked[self.grabbed], self.now)
        if self.grabbed >= len(self.waits):
            return False
        self.now += self.waits[self.grabbed]
        return True

    def retrieve(self):
        return True, self.grabbed


@pytest.fixture
def fresh(monkeypatch):
    """Run a script, and tell which frames were handed over, each with the number of its order."""

    def run(script, lag):
        monkeypatch.setattr(
            lookout, "time", SimpleNamespace(monotonic=script.monotonic, thread_time=script.thread_time)
        )
        what = {"source": "http://nobody/", "lag": lag, "timeout": 1.0, "colour": False}
        ours, theirs = Pipe()
        with ours, theirs:
            script.looking = Lookout(theirs, what)
            script.looking._frame = lambda video: video.retrieve()[1]
            script.looking._order = Order("hold", 0, script.now)
            script.looking._look(script)
        posts = []
        while not script.looking._posts.empty():
            posts.append(script.looking._posts.get())
        return [(order, frame) for kind, order, frame, *_ in posts if kind == "frame"]

    assert lookout.time is time
    return run


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_the_frames_under_way_are_left_out(fresh, lag):
    assert fresh(Script([LIVE] * 20, {6: ("take", 1)}), lag) == [(1, 6 + lag)]


def test_one_that_came_just_before_it_was_asked_for_does_not_count(fresh):
    class Late(Script):
        def grab(self):
            came = super().grab()
            if self.grabbed == 6:
                self.looking._order = Order("take", 1, self.now + 1e-6)
            return came

    assert fresh(Late([LIVE] * 20), 0) == [(1, 7)]


def test_what_had_lain_in_a_buffer_is_left_out_however_much_it_is(fresh):
    waits = [LIVE] * 10 + [BUFFERED] * 10 + [LIVE] * 5
    assert fresh(Script(waits, {10: ("take", 1)}), 1) == [(1, 21)]
    assert fresh(Script(waits, {15: ("take", 1)}), 0) == [(1, 20)]


def test_each_order_has_one_frame(fresh):
    asked = {5: ("take", 1), 10: ("take", 2), 11: ("take", 3), 15: ("rest", 3)}
    assert fresh(Script([LIVE] * 20, asked), 1) == [(1, 6), (3, 12)]


def test_all_frames_in_a_row_are_handed_over_also_those_that_come_late_together(fresh):
    waits = [LIVE] * 12 + [BUFFERED] * 3 + [LIVE] * 5
    asked = {8: ("run", 1), 18: ("hold", 1)}
    assert fresh(Script(waits, asked), 1) == [(1, number) for number in range(9, 18)]


def test_work_is_no_waiting(fresh):
    """A frame that takes as long to decode as the camera to give it had not been waited for."""

    class Busy(Script):
        def grab(self):
            self.worked += self.waits[self.grabbed + 1] if self.grabbed + 1 in (10, 11, 12) else 0.0
            return super().grab()

    assert fresh(Busy([LIVE] * 20, {10: ("take", 1)}), 0) == [(1, 13)]
