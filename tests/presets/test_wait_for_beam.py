"""WaitForBeam: the scan is held up while there is no beam."""

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.errors import DeviceError, DeviceLostError, DeviceTimeoutError, ScanAbort, UsageError
from obtura.presets import WaitForBeam
from obtura.works.clock import clock


class Readings:
    """A counter that reads one value after the other, then the last one for ever; it logs when it was read."""

    name = "monitor"

    def __init__(self, *values):
        self.values = list(values)
        self.times = []

    def read(self):
        self.times.append(clock.time())
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, BaseException):
            raise value
        return value


class Moment(ScanPreset):
    """Notes when it was its turn."""

    def prepare(self, scan):
        self.time = clock.time()


def waited(lab, counter, **options):
    """For how long a scan is held up in its prepare phase."""
    scan, after = lab.scan(npoints=1), Moment()
    scan.add_preset(WaitForBeam(counter, 10, **options))
    scan.add_preset(after)
    scan.run()
    return after.time


@pytest.mark.parametrize("value", [10, 11.5, np.float64(12), math.inf, "12"])
def test_with_beam_nothing_is_waited_for_or_said(lab, value):
    counter = Readings(value)
    assert waited(lab, counter, settle=5) == 0
    assert len(counter.times) == 1
    assert lab.viewer.text == ""


@pytest.fixture
def terminal(monkeypatch):
    """The output goes to a terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_it_waits_until_the_beam_is_back_and_says_so(lab, terminal):
    counter = Readings(0, 9.9, 10)
    assert waited(lab, counter, poll=2) == pytest.approx(4)
    assert counter.times == pytest.approx([0, 2, 4])
    assert [line.strip() for line in lab.viewer.text.replace("\r", "\n").splitlines()] == [
        "Waiting for beam: monitor reads 0, 10 is wanted",
        "Waiting for beam: monitor reads 9.9, 10 is wanted",
        "Beam is back: monitor reads 10 after 4.0 s",
    ]


def test_its_lines_take_each_others_place_and_leave_nothing_behind(lab, terminal):
    waited(lab, Readings(3.14159265, 4, 20))
    *waiting, last = lab.viewer.text.splitlines(keepends=True)
    assert len(waiting) == 2
    assert all(line.endswith("\r") for line in waiting)
    assert last.endswith("\n")
    assert len({len(line) for line in [*waiting, last]}) == 1


def test_in_a_pipe_it_says_little_and_nothing_is_to_be_written_over(lab):
    waited(lab, Readings(*range(9), *[9] * 600, 20), poll=1)
    assert lab.viewer.text.splitlines(keepends=True) == [
        "Waiting for beam: monitor reads 0, 10 is wanted\n",
        *["Waiting for beam: monitor reads 9, 10 is wanted\n"] * 3,  # after 1, 3, and 7 minutes
        "Beam is back: monitor reads 20 after 609.0 s\n",
    ]


def test_the_beam_has_to_be_there_without_a_break(lab, terminal):
    counter = Readings(0, 20, 20, 5, 20)
    assert waited(lab, counter, settle=3, poll=1) == pytest.approx(4 + 3)
    assert "Beam is back: monitor reads 20, 3.0 s more to settle" in lab.viewer.text
    assert "Beam is back: monitor reads 20, 2.0 s more to settle" in lab.viewer.text


def test_it_looks_again_when_the_beam_should_have_settled_not_only_a_poll_later(lab):
    assert waited(lab, Readings(0, 20), settle=1.5, poll=1) == pytest.approx(1 + 1.5)


@pytest.mark.parametrize("settle", [0.1, 0.3, 0.7, 1 / 3])
def test_rounding_cannot_hold_it_up_for_ever(lab, settle):
    clock.sleep(0.1)
    assert waited(lab, Readings(0, 20), settle=settle, poll=0.1) == pytest.approx(0.2 + settle)


def test_no_number_is_no_beam(lab):
    assert waited(lab, Readings(math.nan, math.nan, 20), poll=1) == pytest.approx(2)
    assert "monitor reads nan" in lab.viewer.text


def test_a_real_counter_before_the_shutter_tells(lab):
    world = lab.line.world
    world.beam = 0.0

    class Operator(ScanPreset):
        def prepare(self, scan):
            world.beam = 1.0

    scan = lab.scan()
    scan.add_preset(Operator())
    scan.add_preset(WaitForBeam(lab.line.monitor, 50))
    scan.run()
    assert lab.viewer.text == ""


def test_per_point_it_waits_after_the_move_so_that_the_point_has_beam(lab):
    counter = Readings(20, 0, 20)
    lab.watch(counter, "read")
    scan = lab.scan()
    scan.acq_chain.add_preset(WaitForBeam(counter, 10, per_point=True))
    scan.run()
    assert lab.log == ["move 0", "read", "move 10", "read", "read"]


@pytest.mark.parametrize("error", [DeviceError("monitor: no answer"), ScanAbort("interrupted by Ctrl-C")])
def test_an_error_or_ctrl_c_ends_the_wait_and_the_scan(lab, error):
    scan = lab.scan()
    scan.add_preset(WaitForBeam(Readings(0, 0, error), 10))
    with pytest.raises(type(error)):
        scan.run()
    assert lab.log == []


def test_a_device_that_is_lost_is_no_beam_once_it_was_read(lab, terminal):
    lost, silent = DeviceLostError("monitor: not connected"), DeviceTimeoutError("monitor: did not answer")
    assert waited(lab, Readings(0, lost, silent, 20), poll=1.0) == 3
    assert "Waiting for beam: monitor: not connected, 10 is wanted" in lab.viewer.text


def test_one_that_is_lost_at_first_fails_the_scan(lab):
    scan = lab.scan()
    scan.add_preset(WaitForBeam(Readings(DeviceLostError("monitor: not connected"), 20), 10))
    with pytest.raises(DeviceLostError):
        scan.run()


@pytest.mark.parametrize("value", [None, "no beam", [1, 2]])
def test_a_counter_that_gives_no_number_is_named(lab, value):
    scan = lab.scan()
    scan.add_preset(WaitForBeam(Readings(value), 10))
    with pytest.raises(UsageError, match=r"WaitForBeam: monitor reads .*, which is no number"):
        scan.run()


@pytest.mark.parametrize(
    "options",
    [
        {"minimum": "10"},
        {"minimum": math.nan},
        {"minimum": math.inf},
        {"minimum": None},
        {"settle": -1},
        {"settle": math.inf},
        {"poll": 0},
        {"poll": -1},
        {"poll": math.inf},
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_are_refused(options):
    with pytest.raises(UsageError, match="WaitForBeam: "):
        WaitForBeam(Readings(0), **{"minimum": 10, **options})


def test_the_file_is_told_what_was_waited_for(lab):
    scan = lab.scan(npoints=1)
    scan.add_preset(WaitForBeam(Readings(20), 10, settle=2))
    scan.run()
    assert dict(lab.viewer.presets[0].parameters) == {
        **{"counter": "monitor", "minimum": "10", "settle": "2", "poll": "0.5", "per_point": "False"},
        **{"every_point": "False", "look_back": "0"},
    }


WAITING = """
from lab import Lab
from obtura.presets import ShutterPreset, WaitForBeam

class Dark:
    name = "dark"
    def read(self):
        print("reading", flush=True)
        return 0

lab = Lab()
lab.watch(lab.line.shutter, "open", "close")
scan = lab.scan()
scan.add_preset(ShutterPreset(lab.line.shutter))
scan.add_preset(WaitForBeam(Dark(), 10, poll=30))
try:
    scan.run()
except KeyboardInterrupt as error:
    print(type(error).__name__, scan.state.name, lab.log)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_a_real_ctrl_c_ends_the_wait_at_once_with_the_way_out_done():
    command = [sys.executable, "-c", WAITING]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "reading\n"
        interrupter = "import os, signal, sys, time; time.sleep(0.2); os.kill(int(sys.argv[1]), signal.SIGINT)"
        subprocess.run([sys.executable, "-c", interrupter, str(process.pid)], check=True)
        assert process.stdout.read() == "ScanAbort USER_ABORTED ['close']\n"
    assert process.returncode == 0


class Beam:
    """A monitor that a test switches; `at_read` is called at each reading."""

    name = "monitor"

    def __init__(self):
        self.value = 100.0
        self.reads = 0
        self.at_read = lambda: None

    def read(self):
        self.reads += 1
        self.at_read()
        return self.value


class AtPoint(ChainPreset):
    """Does something in the start of given attempts, counted over all points."""

    def __init__(self, **acts):
        self.acts = acts
        self.count = 0

    class Point(ChainIterationPreset):
        def __init__(self, owner):
            self.owner = owner

        def start(self):
            act = self.owner.acts.get(f"attempt{self.owner.count}")
            self.owner.count += 1
            if act:
                act()

    def get_iterator(self, acq_chain):
        while True:
            yield self.Point(self)


def test_a_point_during_which_the_beam_was_lost_is_taken_again_when_it_is_back(lab):
    beam = Beam()

    def lose():
        beam.value = 0.0

        def back():  # the next reading ends the point, the ones after that wait for beam
            beam.at_read = lambda: setattr(beam, "value", 100.0)

        beam.at_read = back

    scan = lab.scan(npoints=3)
    at_point = AtPoint(attempt1=lose)
    scan.acq_chain.add_preset(WaitForBeam(beam, 50, every_point=True, settle=2))
    scan.acq_chain.add_preset(at_point)
    scan.run()
    assert at_point.count == 4
    assert len(scan.get_data("diode")) == 3
    assert "point 1 is taken again: beam lost, monitor read 0, 50 is wanted\n" in lab.viewer.text
    assert lab.log.count("move 5") == 2


def test_with_every_point_a_short_loss_in_the_middle_is_noticed(lab):
    beam, lost = Beam(), threading.Event()

    def dip():
        beam.value = 0.0
        beam.at_read = lost.set
        assert lost.wait(60)  # another thread looks at it
        beam.value = 100.0

    scan = lab.scan(npoints=2)
    at_point = AtPoint(attempt0=dip)
    scan.acq_chain.add_preset(WaitForBeam(beam, 50, every_point=True, poll=0.001))
    scan.acq_chain.add_preset(at_point)
    scan.run()
    assert at_point.count == 3


def test_look_back_gives_a_lagging_counter_time_to_tell(lab):
    beam = Beam()
    began = []

    def lose():
        began.append(clock.time())
        beam.at_read = lambda: setattr(beam, "value", 0.0 if clock.time() < began[0] + 4 else 100.0)

    scan = lab.scan(npoints=1)
    at_point = AtPoint(attempt0=lose)
    scan.acq_chain.add_preset(WaitForBeam(beam, 50, every_point=True, look_back=3))
    scan.acq_chain.add_preset(at_point)
    scan.run()
    assert at_point.count == 2
    assert clock.time() >= began[0] + 6


def test_what_the_counter_raises_meanwhile_fails_the_scan(lab):
    beam = Beam()
    raised = threading.Event()

    def broken():
        raised.set()
        raise DeviceError("monitor is gone")

    def break_it():
        beam.at_read = broken
        assert raised.wait(60)
        beam.at_read = lambda: None

    scan = lab.scan(npoints=1)
    scan.acq_chain.add_preset(WaitForBeam(beam, 50, every_point=True, poll=0.001))
    scan.acq_chain.add_preset(AtPoint(attempt0=break_it))
    with pytest.raises(DeviceError, match="monitor is gone"):
        scan.run()


def test_every_point_is_for_a_chain_and_look_back_for_every_point(lab):
    with pytest.raises(UsageError, match=r"look_back must be at least 0 s, and goes with every_point=True"):
        WaitForBeam(Beam(), 50, look_back=1)
    with pytest.raises(UsageError, match="acts at each point"):
        lab.scan().add_preset(WaitForBeam(Beam(), 50, every_point=True))


def test_without_every_point_nothing_is_taken_again(lab):
    beam = Beam()
    scan = lab.scan(npoints=2)
    at_point = AtPoint(attempt1=lambda: setattr(beam, "value", 0.0))
    scan.acq_chain.add_preset(WaitForBeam(beam, 50, per_point=True))
    scan.acq_chain.add_preset(at_point)
    scan.run()
    assert at_point.count == 2


def test_after_a_pause_it_waits_as_at_the_beginning(lab):
    beam = Readings(100, 0, 0, 100)
    scan = lab.scan(npoints=2)
    scan.add_preset(WaitForBeam(beam, 50))
    scan.pause()
    thread = threading.Thread(target=lambda: (scan.wait_state("PAUSED", 10), scan.resume()))
    thread.start()
    scan.run()
    thread.join()
    assert "Beam is back: monitor reads 100" in lab.viewer.text
