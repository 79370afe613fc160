"""`works.gate`: what must be safe first, and all behind it, is handed to viewers once the savers have it."""

import math
import threading

import pytest

from obtura.works import gate
from obtura.works.record import Record


class Reading:
    """Keeps what it receives, once `going` is set."""

    name = "reading"

    def __init__(self, going=True):
        self.going = threading.Event()
        if going:
            self.going.set()
        self.events = []
        self.got = threading.Condition()

    def receive(self, events):
        assert self.going.wait(60)
        with self.got:
            self.events += events
            self.got.notify_all()

    def until(self, *events):
        with self.got:
            assert self.got.wait_for(lambda: self.events[: len(events)] == list(events), 10), self.events


class Terms:
    """("row", n) waits for ("frame", n) to be written, and both to be received."""

    def __init__(self):
        self.frames = set()

    def of(self, event):
        if not isinstance(event, tuple):
            return None
        kind, number = event
        if kind == "frame":
            self.frames.add(number)
            return lambda: True
        return lambda: number in self.frames

    def late(self, complete):
        return f"late, {complete}"


class Both:
    """A record that a saver and a viewer read; heavy events are frames."""

    def __init__(self, room=0):
        self.record = Record(lambda event: 100 if isinstance(event, tuple) and event[0] == "frame" else 0)
        self.saver, self.viewer = Reading(going=False), Reading()
        viewer = self.record.enlist(self.viewer, pytest.fail, follows=True)
        self.record.begin(viewer, room)
        self.reader = self.record.enlist(self.saver, lambda error: None)
        self.record.guard(self.reader, Terms())
        self.record.begin(self.reader, math.inf)
        self.viewing = viewer

    def write(self, *events):
        for event in events:
            if isinstance(event, tuple) and event[0] == "frame":
                with self.record.lock:
                    self.record.post_heavy(event)
            else:
                self.record.write(event)

    def is_held(self):
        """Whether something is held back from the viewer."""
        return bool(self.viewing.waiting)


@pytest.fixture
def both():
    one = Both()
    yield one
    one.saver.going.set()
    one.record.close()


def test_what_need_not_be_safe_is_handed_over_at_once(both):
    both.write(1, 2, 3)
    both.viewer.until(1, 2, 3)
    assert both.saver.events == []


def test_all_behind_what_must_be_safe_waits_in_order(both):
    both.write(1, ("frame", 0), ("row", 0), 2, 3)
    both.viewer.until(1)
    assert both.is_held() and both.viewing.busy
    both.saver.going.set()
    both.viewer.until(1, ("row", 0), 2, 3)
    both.viewing.drained(lambda: None)
    assert both.saver.events == [1, ("frame", 0), ("row", 0), 2, 3]


def test_it_waits_for_what_is_not_written_yet_although_the_saver_has_it(both):
    both.saver.going.set()
    both.write(("row", 0), 1)
    both.reader.drained(lambda: None)
    assert both.is_held() and both.viewer.events == []
    both.write(("frame", 0))
    both.viewer.until(("row", 0), 1)


def test_a_viewer_with_room_gets_heavy_events_in_their_place():
    both = Both(room=1000)
    both.write(("frame", 0), 1, ("frame", 1), 2)
    assert both.is_held()
    both.saver.going.set()
    both.record.close()
    assert both.viewer.events == [("frame", 0), 1, ("frame", 1), 2]


def test_one_who_comes_later_waits_as_well(both):
    both.write(("frame", 0))
    late = Reading()
    reader = both.record.enlist(late, pytest.fail, "began", follows=True)
    both.record.begin(reader)
    both.write(("row", 0), 1)
    late.until("began")
    assert late.events == ["began"]
    both.saver.going.set()
    late.until("began", ("row", 0), 1)


def test_a_word_of_why_is_not_held_back(both):
    both.write(("frame", 0), ("row", 0))
    both.record.write("waiting for the saver", ahead=True)
    both.viewer.until("waiting for the saver")
    both.saver.going.set()
    both.viewer.until("waiting for the saver", ("row", 0))
    both.reader.drained(lambda: None)
    assert both.saver.events == [("frame", 0), ("row", 0), "waiting for the saver"]


@pytest.mark.parametrize("given_up", [True, False])
def test_a_saver_that_failed_or_was_given_up_is_not_waited_for(both, given_up):
    both.write(("frame", 0), ("row", 0), 1)
    assert both.is_held()
    if given_up:
        both.reader.give_up()
    else:
        both.saver.receive = None  # calling it fails
        both.saver.going.set()
    both.viewer.until(("row", 0), 1)


def test_patience_ends_it_is_said_and_once_the_saver_has_caught_up_things_are_as_before(both, monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE", 0.05)
    both.write(("frame", 0), ("row", 0), 1)
    both.viewer.until("late, True", ("row", 0), 1)
    both.write(("frame", 1), ("row", 1))
    both.viewer.until("late, True", ("row", 0), 1, ("row", 1))
    monkeypatch.setattr(gate, "PATIENCE", 100.0)
    both.saver.going.set()
    both.reader.drained(lambda: None)
    both.saver.going.clear()
    both.write(("frame", 2), ("row", 2))
    assert both.is_held()
