"""Frames of cameras: how they are looked at, and that they do not fill the memory."""

import gc
import threading

import numpy as np
import pytest
from doubles import Around, make_scan
from framing import SHAPE, Film, FrameSaver, Snaps, camera_scan, frame, frames
from hypothesis import given
from hypothesis import strategies as st

from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.engine import audience, datapath
from obtura.engine.frames import FramesGoneError, memory
from obtura.engine.frameview import FrameView
from obtura.ground.events import Points, Text
from obtura.works.clock import virtual_time

SIZE = frame(0).nbytes


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def room_for_four(monkeypatch):
    """No more than four frames stay in memory."""
    gc.collect()
    monkeypatch.setattr(memory, "limit", 4 * SIZE)


# -- the view ---------------------------------------------------------------------------------------------------


class Whole:
    """All frames in one array."""

    name = "camera:image"
    dtype = np.dtype("uint16")
    shape = SHAPE

    def __init__(self, count):
        self.array = frames(count)
        self.largest = 0

    def read(self, first, stop):
        assert 0 <= first < stop <= len(self.array)
        self.largest = max(self.largest, stop - first)
        return self.array[first:stop].copy()


slices = st.slices(7) | st.slices(3)
inside = st.sampled_from([(), (1,), (-1, 2), (slice(1, 3),), (slice(None), 0), (slice(None), slice(0, 2)), (..., 1)])


@given(which=st.integers(-5, 4) | slices | st.lists(st.integers(-5, 4)), rest=inside)
def test_it_is_indexed_as_an_array_is(which, rest):
    whole = Whole(5)
    view = FrameView(whole, 5)
    if isinstance(which, list) and len(rest) > 1:  # numpy pairs such lists up with further numbers
        expected = whole.array[which][(slice(None), *rest)] if which else np.empty((0, *SHAPE))[(slice(None), *rest)]
    elif isinstance(which, list):
        expected = whole.array[np.array(which, int)][(slice(None), *rest)]
    else:
        expected = whole.array[(which, *rest)]
    got = view[(which, *rest)]
    assert got.shape == expected.shape
    assert np.array_equal(got, expected)


def test_it_has_what_an_array_has():
    view = FrameView(Whole(5), 5)
    assert (len(view), view.shape, view.ndim, view.dtype) == (5, (5, 3, 4), 3, np.dtype("uint16"))
    assert (view.size, view.nbytes) == (60, 120)
    assert np.array_equal(np.asarray(view), frames(5))
    assert np.asarray(view, float).dtype == float
    assert np.mean(view) == frames(5).mean()
    assert [int(one[0, 0]) for one in view] == [0, 100, 200, 300, 400]
    assert np.array_equal(view[...], frames(5)) and np.array_equal(view[()], frames(5))
    assert np.array_equal(view[..., 0], frames(5)[..., 0])
    assert np.array_equal(view[np.array([True, False, False, True, False])], frames(5)[[0, 3]])
    assert repr(view) == "<FrameView camera:image: uint16 (5, 3, 4)>"


def test_an_empty_one_is_an_empty_array():
    view = FrameView(Whole(0), 0)
    assert np.asarray(view).shape == (0, 3, 4) and list(view) == [] and view[:, 1].shape == (0, 4)


@pytest.mark.parametrize("which", [5, -6, (0, 3), (0, 0, 4), (0, 0, 0, 0), (..., ...), [5], [[0]], [True]])
def test_what_is_not_there_is_an_index_error(which):
    with pytest.raises(IndexError):
        FrameView(Whole(5), 5)[np.array(which) if isinstance(which, list) else which]


def test_a_name_is_no_index():
    with pytest.raises(TypeError, match="frames are numbered"):
        FrameView(Whole(5), 5)["roi"]


def test_a_cut_through_all_frames_reads_them_in_pieces(monkeypatch):
    monkeypatch.setattr("obtura.engine.frameview.AT_ONCE", 2 * SIZE)
    whole = Whole(50)
    assert np.array_equal(FrameView(whole, 50)[:, 1, 2], frames(50)[:, 1, 2])
    assert whole.largest == 2


# -- in memory --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["camera", "camera:image", "image"])
def test_the_frames_of_a_scan_are_a_view(key):
    scan = camera_scan(Snaps(3), npoints=3)
    scan.run()
    view = scan.get_data(key)
    assert isinstance(view, FrameView)
    assert np.array_equal(view, frames(3))
    assert "camera:image: 3 points (3, 4)" in repr(scan.get_data())


def test_blocks_and_single_frames_are_the_same():
    scan = camera_scan(Film([1, 4, 2, 1]))
    scan.run()
    view = scan.get_data("camera")
    assert np.array_equal(view, frames(8))
    assert np.array_equal(view[3:6], frames(3, 3)) and np.array_equal(view[-1], frame(7))


def test_a_frame_that_was_handed_out_is_ones_own():
    scan = camera_scan(Snaps(1))
    scan.run()
    scan.get_data("camera")[0][:] = 0
    assert np.array_equal(scan.get_data("camera")[0], frame(0))


def test_without_a_saver_the_newest_frames_stay_and_the_others_are_told_to_be_gone(room_for_four):
    scan = camera_scan(Snaps(10), npoints=10)
    scan.run()
    view = scan.get_data("camera")
    assert len(view) == 10
    assert np.array_equal(view[-4:], frames(4, 6))
    with pytest.raises(FramesGoneError, match="frames 0 to 5 of camera:image: not there any more; they were not"):
        np.asarray(view)
    with pytest.raises(FramesGoneError, match="frame 5 of camera:image"):
        view[5]


def test_one_bound_holds_for_all_scans_together(room_for_four):
    scans = [camera_scan(Snaps(3), npoints=3) for _ in range(3)]
    for scan in scans:
        scan.run()
        assert memory.used <= 4 * SIZE
    assert np.array_equal(scans[2].get_data("camera"), frames(3))
    assert np.array_equal(scans[1].get_data("camera")[-1], frame(2))
    with pytest.raises(FramesGoneError):
        scans[0].get_data("camera")[-1]


def test_a_frame_larger_than_the_bound_is_kept_until_the_next_comes(monkeypatch):
    monkeypatch.setattr(memory, "limit", 1)
    scan = camera_scan(Snaps(2), npoints=2)
    scan.run()
    assert np.array_equal(scan.get_data("camera")[1], frame(1))
    with pytest.raises(FramesGoneError):
        scan.get_data("camera")[0]


def test_what_is_forgotten_makes_room(room_for_four):
    for _ in range(20):
        camera_scan(Snaps(3), npoints=3).run()
    gc.collect()
    scan = camera_scan(Snaps(4), npoints=4)
    scan.run()
    assert np.array_equal(scan.get_data("camera"), frames(4))


# -- with a saver -----------------------------------------------------------------------------------------------


def test_what_is_not_in_memory_any_more_comes_from_the_saver(room_for_four):
    saver = FrameSaver()
    scan = camera_scan(Snaps(10), saver, npoints=10)
    scan.run()
    assert np.array_equal(saver.shelf.kept, frames(10))
    view = scan.get_data("camera")
    assert np.array_equal(view[7:], frames(3, 7)) and saver.shelf.asked == []
    assert np.array_equal(view, frames(10))
    assert saver.shelf.asked == [(0, 6)]
    assert np.array_equal(view[::3], frames(10)[::3])


def test_it_can_be_looked_at_while_the_scan_runs(room_for_four):
    seen = []

    def look(number):
        view = scan.get_data("camera")
        assert len(view) == number
        seen.append(np.array_equal(view, frames(number)))

    scan = camera_scan(Snaps(12, at_each=look), FrameSaver(), npoints=12)
    scan.run()
    assert seen == [True] * 12


def test_what_the_saver_has_not_yet_put_away_stays_in_memory(room_for_four):
    blocked = threading.Event()
    saver = FrameSaver(at_each=lambda events: blocked.wait(60))

    def look(number):
        if number == 7:
            assert saver.shelf.count == 0 and np.array_equal(scan.get_data("camera"), frames(7))
            blocked.set()

    scan = camera_scan(Snaps(8, at_each=look), saver, npoints=8)
    scan.run()
    assert np.array_equal(scan.get_data("camera"), frames(8))


def test_the_scan_waits_between_two_points_for_a_saver_that_is_far_behind(monkeypatch):
    monkeypatch.setattr(audience, "BEHIND", 3 * SIZE)
    loads = []
    saver = FrameSaver(at_each=lambda events: threading.Event().wait(0.02))

    def take(number):
        reader = next(one for one, _ in scan._run._audience._readers if one.receiver is saver)
        loads.append(reader.load)

    scan = camera_scan(Snaps(40, at_each=take), saver, npoints=40)
    scan.run()
    assert np.array_equal(saver.shelf.kept, frames(40))
    assert max(loads) <= 4 * SIZE
    assert any(isinstance(event, Text) and "waiting for frame saver" in event.text for event in saver.events)


def test_a_camera_at_its_own_pace_waits_too_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(datapath, "BEHIND", 2 * SIZE)
    loads = []
    saver = FrameSaver(at_each=lambda events: threading.Event().wait(0.002))

    def take(number):
        loads.append(next(one for one, _ in scan._run._audience._readers if one.receiver is saver).load)

    scan = camera_scan(Film([1] * 60, take), saver)
    scan.run()
    assert np.array_equal(saver.shelf.kept, frames(60))
    assert max(loads) <= 5 * SIZE


def test_a_saver_that_fails_ends_a_scan_that_waits_for_it(monkeypatch):
    monkeypatch.setattr(datapath, "BEHIND", 2 * SIZE)

    def fail(events):
        if any(isinstance(event, Points) for event in events):
            raise OSError("the disk is full")

    scan = camera_scan(Film([1] * 100), FrameSaver(at_each=fail))
    with pytest.raises(OSError, match="the disk is full"):
        scan.run()


def test_only_who_takes_frames_gets_them_and_a_viewer_that_is_far_behind_misses_some(monkeypatch):
    monkeypatch.setattr(audience, "BEHIND", 2 * SIZE)
    going = threading.Event()
    viewer = FrameSaver(essential=False, at_each=lambda events: going.wait(60))
    around = Around(viewer)
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=30), Snaps(30, at_each=lambda number: number == 29 and going.set()))
    make_scan(chain, around).run()
    numbers = [event.first for event in viewer.of(Points) if np.ndim(event.values) == 3]
    assert numbers[:2] == [0, 1] and 2 <= len(numbers) < 30
    assert numbers == sorted(numbers)
    assert not [event for event in around.saver.of(Points) if np.ndim(event.values) > 2]


def test_a_point_that_was_cut_off_leaves_no_frame_without_its_row():
    def fail(number):
        if number == 2:
            raise ValueError("no more")

    chain = AcquisitionChain()
    timer = SoftwareTimerMaster(0, npoints=5)
    chain.add(timer, Snaps(5))
    chain.add(timer, Snaps(5, "second", fail))
    scan = make_scan(chain)
    with pytest.raises(ValueError, match="no more"):
        scan.run()
    assert {name: len(data) for name, data in scan.get_data().items()} == {
        "timer:elapsed_time": 2,
        "timer:epoch": 2,
        "camera:image": 2,
        "second:image": 2,
    }
