"""A point with frames is announced once they are saved: viewers come after the saver, in order, never for ever."""

import threading

import numpy as np
import pytest
from doubles import Watcher
from framing import FrameSaver, Snaps, camera_scan, frames

from obtura.engine import announcing, draining
from obtura.engine.outcome import Outcome
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo, Points, ScanClosed, Text
from obtura.works import gate


class Viewer(FrameSaver):
    """A viewer that takes frames; `saved()` is asked at each batch, and kept beside its points."""

    def __init__(self, saved=lambda: 0):
        super().__init__(essential=False)
        self.saved = saved
        self.told = []

    def receive(self, events):
        super().receive(events)
        self.told += [(event.channel, event.first, self.saved()) for event in events if isinstance(event, Points)]


def texts(consumer):
    return "".join(event.text for event in consumer.events if isinstance(event, Text))


def test_no_row_and_no_frame_is_shown_before_the_saver_has_its_frame():
    saver = FrameSaver(at_each=lambda events: threading.Event().wait(0.01))
    viewer = Viewer(lambda: len(saver.shelf.kept))
    camera_scan(Snaps(30), viewer, saver, npoints=30).run()
    rows = {channel for channel, *_ in viewer.told}
    assert len(rows) == 3, "the time, the epoch, the frames"
    last = max(channel for channel in rows if channel != 2)
    assert [first for channel, first, _ in viewer.told if channel == 2] == list(range(30))
    assert all(saved > first for channel, first, saved in viewer.told if channel in (2, last))


def test_a_row_waits_for_its_spectra_too_when_it_has_frames():
    number, spectrum, frame = (
        ChannelInfo(name, name, "float64", shape, None, "counter", 0, "device", per_point=True)
        for name, shape in (("number", ()), ("spectrum", (3,)), ("frame", (2, 2)))
    )
    terms = announcing.WithFrames([number, spectrum, frame], Outcome())
    assert terms.of(Points(2, 0, np.zeros((1, 2, 2))))()
    complete = terms.of(Points(0, 0, (7.0,)))
    assert not complete(), "savers have frames on the disk with whole rows"
    assert terms.of(Points(1, 0, np.zeros((1, 3)))) is None
    assert complete()


def test_a_viewer_gets_everything_in_the_order_in_which_it_happened():
    saver, viewer = FrameSaver(at_each=lambda events: threading.Event().wait(0.01)), Viewer()
    scan = camera_scan(Snaps(20, at_each=lambda number: scan.say(f"frame {number}")), viewer, saver, npoints=20)
    scan.run()
    assert [type(event) for event in viewer.events] == [type(event) for event in saver.events]
    assert texts(viewer) == texts(saver) == "".join(f"frame {number}\n" for number in range(20))
    assert np.array_equal(viewer.shelf.kept, frames(20))


def test_acquisition_does_not_wait_for_what_is_held_back():
    blocked = threading.Event()
    saver, viewer = FrameSaver(at_each=lambda events: blocked.wait(60)), Watcher("viewer", essential=False)

    def take(number):
        if number == 9:
            blocked.set()  # it would never come here otherwise

    camera_scan(Snaps(10, at_each=take), viewer, saver, npoints=10).run()
    assert sum(isinstance(event, Points) for event in viewer.events) == 20


def test_a_saver_that_hangs_holds_rows_back_for_a_while_and_it_is_said(monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE", 0.1)
    monkeypatch.setattr(announcing, "PATIENCE", 0.1)
    blocked, shown = threading.Event(), threading.Event()

    class Shown(Watcher):
        def receive(self, events):
            super().receive(events)
            if any(isinstance(event, Points) and event.first == 2 for event in self.events):
                shown.set()

    viewer = Shown("viewer", essential=False)
    saver = FrameSaver(at_each=lambda events: blocked.wait(60))

    def take(number):
        if number == 3:
            assert shown.wait(60)
            blocked.set()

    camera_scan(Snaps(4, at_each=take), viewer, saver, npoints=4).run()
    assert "the frames were not saved within 0.1 s: what follows is shown before they are safe" in texts(viewer)
    assert isinstance(viewer.events[-1], ScanClosed)


def test_a_saver_that_failed_is_not_waited_for():
    def fail(events):
        raise OSError("the disk is gone")

    viewer = Watcher("viewer", essential=False)
    with pytest.raises(OSError, match="the disk is gone"):
        camera_scan(Snaps(1000), viewer, FrameSaver(at_each=fail), npoints=1000).run()
    assert isinstance(viewer.events[-1], ScanClosed)
    assert any(isinstance(event, Points) for event in viewer.events)


def test_a_row_whose_frame_never_came_is_shown_when_the_scan_is_left():
    def take(number):
        if number == 2:
            raise ValueError("no frame")

    saver, viewer = FrameSaver(), Watcher("viewer", essential=False)
    with pytest.raises(ValueError, match="no frame"):
        camera_scan(Snaps(5, at_each=take), viewer, saver, npoints=5).run()
    assert [type(event) for event in viewer.events if not isinstance(event, Points)] == [
        type(event) for event in saver.events if not isinstance(event, Points)
    ]
    assert isinstance(viewer.events[-1], ScanClosed)


# -- the end ----------------------------------------------------------------------------------------------


def test_a_saver_that_hangs_at_the_end_is_given_up_and_closed_when_it_returns(monkeypatch):
    monkeypatch.setattr(draining, "PATIENCE", 0.2)
    blocked, closed = threading.Event(), threading.Event()

    class Hanging(FrameSaver):
        def close(self):
            super().close()
            assert blocked.is_set(), "nobody comes into the middle of what it does"
            closed.set()

    saver, viewer = Hanging(at_each=lambda events: blocked.wait(60)), Watcher("viewer", essential=False)
    with pytest.raises(SavingError, match=r"frame saver has received nothing for 0\.2 s and was given up"):
        camera_scan(Snaps(3), viewer, saver, npoints=3).run()
    assert isinstance(viewer.events[-1], ScanClosed) and not closed.is_set()
    blocked.set()
    assert closed.wait(60)
    assert len(saver.shelf.kept) == 3, "it has gone on by itself"
