"""An axis that a running scan uses is moved by that scan and its hooks, by nobody else."""

import contextlib
import threading

import pytest

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.devices.group import Group
from obtura.devices.slits import Slits
from obtura.ground.errors import DeviceBusyError, UsageError
from obtura.session.motion import Motion


class Pausing(ScanPreset):
    """Holds the scan at its start, so that somebody else can do something meanwhile; then the scan goes on."""

    def __init__(self):
        self.reached, self.go_on = threading.Event(), threading.Event()

    def start(self, scan):
        self.reached.set()
        assert self.go_on.wait(60)


@contextlib.contextmanager
def running(scan):
    """The body runs while `scan` runs in another thread; at the end the scan must have ended well."""
    pausing = Pausing()
    scan.add_preset(pausing)
    thread = threading.Thread(target=scan.run)
    thread.start()
    assert pausing.reached.wait(60)
    try:
        yield
    finally:
        pausing.go_on.set()
        thread.join()
    assert scan.state.name == "DONE" and scan.get_data("diode").tolist() == [4.0] * len(scan.get_data("diode"))


def ways(axis):
    """The ways to set an axis off by hand."""
    return [
        lambda: Motion().mv(axis, 1),
        lambda: Motion().umvr(axis, 1),
        lambda: Motion().mvd(axis, 1),
        lambda: axis.move(1),
        lambda: axis.move(1, wait=False),
        lambda: axis.rmove(1),
        lambda: axis.jog(1),
        lambda: axis.home(),
        lambda: Group(axis).move(axis, 1),
    ]


@pytest.mark.parametrize("way", range(9))
def test_it_is_refused_by_name_to_everybody_else_and_the_scan_goes_on(hall, way):
    scan = hall.scan("ascan", hall.roby, 0, 3, 3, 0, run=False)
    with running(scan):
        with pytest.raises(DeviceBusyError, match=r"roby is used by scan 1 \(ascan\) that is running; wait until"):
            ways(hall.roby)[way]()
        hall.robz.move(2)
    ways(hall.roby)[way]()
    hall.roby.stop()
    assert hall.robz.position == pytest.approx(2)


def test_going_to_a_peak_is_refused_too(hall):
    before = hall.scan("ascan", hall.roby, 0, 3, 3, 0)
    with running(hall.scan("ascan", hall.roby, 0, 3, 3, 0, run=False)), pytest.raises(DeviceBusyError, match="used by"):
        before.goto_custom(lambda x, y: 1.0)


def test_with_a_calculated_axis_its_real_ones_are_in_use_and_the_other_way_round(hall):
    slits = Slits("slits", front=hall.slit, back=hall.gap)
    gap = slits.axes["slits_hgap"]
    with running(hall.scan("ascan", gap, 0, 3, 3, 0, run=False)):
        with pytest.raises(DeviceBusyError, match="slit is used by scan 1"):
            hall.slit.move(1)
        with pytest.raises(DeviceBusyError, match="slit is in use by ascan"):
            hall.scan("ascan", hall.slit, 0, 3, 3, 0)
    with (
        running(hall.scan("ascan", hall.slit, 0, 3, 3, 0, run=False)),
        pytest.raises(DeviceBusyError, match="moves slit, which is used by"),
    ):
        gap.move(1)


class Moving(ScanPreset):
    """Moves an axis in each of its hooks, on whichever thread that is."""

    def __init__(self, axis):
        self.axis = axis
        self.threads = set()

    def move(self, *data):
        self.threads.add(threading.current_thread().name)
        self.axis.move(self.axis.position + 0.1)

    async def prepare(self, scan):
        self.move()

    def start(self, scan):
        self.move()

    def stop(self, scan):
        self.move()


class MovingAtEachPoint(ChainPreset):
    """Moves an axis before each point."""

    def __init__(self, axis):
        self.axis = axis

    def get_iterator(self, acq_chain):
        axis = self.axis

        class Move(ChainIterationPreset):
            def start(self):
                axis.rmove(0.1)

        while True:
            yield Move()


def test_hooks_of_the_scan_move_it_on_every_thread(hall):
    scan = hall.scan("ascan", hall.roby, 0, 3, 3, 0, run=False)
    moving = Moving(hall.roby)
    scan.add_preset(moving)
    scan.acq_chain.add_preset(MovingAtEachPoint(hall.roby))
    with running(scan):
        pass
    assert len(moving.threads) == 2  # the private loop for an async hook, and that of run()
    assert scan.get_data("axis:roby") == pytest.approx([0.2, 1.1, 2.1, 3.1])


def test_afterwards_it_is_free_again_whatever_happened(hall):
    scan = hall.scan("ascan", hall.roby, 0, 5000, 3, 0, run=False)
    with pytest.raises(ValueError, match="exceed"):
        scan.run()
    thread = threading.Thread(target=hall.roby.move, args=(1,))
    thread.start()
    thread.join()
    assert hall.roby.position == pytest.approx(1)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("a2scan", lambda gap, front: (gap, 0, 3, front, 0, 3, 3, 0)),
        ("d2scan", lambda gap, front: (front, 0, 3, gap, 0, 3, 3, 0)),
        ("amesh", lambda gap, front: (gap, 0, 3, 3, front, 0, 3, 3, 0)),
        ("cmesh", lambda gap, front: (front, 0, 3, 3, gap, 0, 3, 3, 0.1)),
        ("lookupscan", lambda gap, front: ([(gap, [1, 2]), (front, [1, 2])], 0)),
    ],
)
def test_a_calculated_axis_and_one_of_its_own_are_refused_together_before_anything_moves(hall, command, arguments):
    slits = Slits("slits", front=hall.slit, back=hall.gap)
    with pytest.raises(UsageError, match="slit is moved by slits_hgap too: they can't be moved together"):
        hall.scan(command, *arguments(slits.axes["slits_hgap"], hall.slit))
    assert (hall.slit.position, hall.gap.position) == (0, 0)
