"""Whatever people do with a session, in whatever order: scans that end well and otherwise, devices that go away and
return or hang, presets that come and go, a session that is opened anew, another one that scans or reads beside it in
the same directory; after each step everything is in order.

OBTURA_EXAMPLES=1000 tries that many beamtimes, other ones each time.
"""

import gc
import itertools
import logging
import os
import signal
import threading
import time
from contextlib import closing, contextmanager

import beamlines
import h5py
import pytest
from beamtime import POINTS, Counting, CountingChain, Trip, fails, from_a_thread
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from other_session import Other, was_refused

from obtura import ShutterPreset
from obtura.devices.shutter_driver import ShutterState
from obtura.engine.deadlines import Deadlines
from obtura.engine.states import ScanState
from obtura.ground.errors import SavingError, ScanAbort
from obtura.session.config import Config
from obtura.session.opening import load_session
from obtura.session.settings import Settings, settings_path
from obtura.testing import Leftovers

YAML = """
- {name: world, class: World}
- {name: sim, class: SimulatedController}
- {name: roby, class: FaultyAxis, velocity: 1000, acceleration: 1000000}
- {name: diode, class: SimulatedDiode, controller: $sim, world: $world}
- {name: box, class: FaultyCounter}
- {name: shutter, class: FaultyShutter, travel: 0.001}
- {name: far, class: FaultyCounter}
- {name: lab, class: Session, exclude-objects: [far], saving: {base_path: ../data}}
- {name: other, class: Session, config-objects: [far], saving: {base_path: ../data, template: lab}}
"""
WRITTEN = 1000.0
LATER = "- {name: robz, class: SimulatedAxis}\n"

DONE, ABORTED, KILLED = ScanState.DONE, ScanState.USER_ABORTED, ScanState.KILLED

EXAMPLES = os.environ.get("OBTURA_EXAMPLES")
BEAMTIMES = settings(
    max_examples=int(EXAMPLES or 12),
    stateful_step_count=20,
    derandomize=EXAMPLES is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],  # a smaller beamtime would take minutes to find
)


HANG = 2.0
"""Seconds that a device hangs."""
SHORT = Deadlines(hook=0.7, device=0.7, hurried=0.7)
"""Those of scans whose devices hang."""
BOUND = 20.0
"""Seconds that a scan with a device that hangs takes at the most; it takes some."""


class Beamtime(RuleBasedStateMachine):
    """What is known of the session from outside: `away`, `velocity`, `standing`, the number of the last scan.

    `other`: another session, in another process.
    """

    def __init__(self, directory, other):
        super().__init__()
        self.directory = beamlines.write(directory, YAML)
        self.other = other
        self.other.ask(open=str(directory))
        self.before = Leftovers()
        self.number = self.number_of_other = 0
        self.velocity = WRITTEN
        self.scan = None
        self.open()

    def open(self):
        self.session = load_session("lab", self.directory, display=False)
        self.away = set()
        self.standing = {}
        assert self.session.roby.velocity == self.velocity, "it was not kept"
        self.session.roby.velocity = self.velocity  # the thread that writes settings is there from the first one on
        self.left = Leftovers()

    def close(self):
        self.session.close()
        with closing(Settings(settings_path(Config.load(self.directory)))) as store:
            kept = store.get("roby")["velocity"]
        assert kept == (None if self.velocity == WRITTEN else self.velocity), "None: as the YAML has it"
        self.before.check()

    def teardown(self):
        self.close()
        self.other.ask(close=True)

    # -- presets ------------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(["scan1", "scan2", "chain1", "chain2", "beam"]))
    def add_preset(self, name):
        made = {"b": lambda: ShutterPreset(self.session.shutter), "s": Counting, "c": CountingChain}[name[0]]()
        self.session.add_preset(made, name)
        self.standing[name] = made

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def remove_preset(self, data):
        name = data.draw(st.sampled_from(sorted(self.standing)))
        self.session.remove_preset(name=name)
        del self.standing[name]

    # -- devices ------------------------------------------------------------------------------------------

    def faults(self):
        """Where a device fails, by its name."""
        session = self.session
        return {
            "box": (session.box, "bad_every"),
            "roby": (session.roby.motor, "bad_start"),
            "shutter": (session.shutter.blade, "bad_open"),
        }

    @rule(name=st.sampled_from(["box", "roby", "shutter"]))
    def goes_away_or_returns(self, name):
        device, attribute = self.faults()[name]
        self.away ^= {name}
        setattr(device, attribute, name in self.away)

    @rule(velocity=st.sampled_from([500.0, WRITTEN, 2000.0]))
    def set_velocity(self, velocity):
        self.session.roby.velocity = self.velocity = velocity

    # -- the session ----------------------------------------------------------------------------------------

    @rule(written_anew=st.booleans())
    def open_anew(self, written_anew):
        """Closed, and opened again; the YAML may have changed meanwhile."""
        self.close()
        if written_anew:
            (self.directory / "beamline.yml").write_text(LATER + YAML)
        self.open()
        assert not written_anew or self.session.robz.position == 0.0

    # -- scans ----------------------------------------------------------------------------------------------

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), save=st.booleans())
    def scan_to_its_end(self, moves, save):
        self.run(self.made(moves, save), {DONE})

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), point=st.sampled_from(POINTS))
    def scan_that_fails(self, moves, point):
        self.run(self.made(moves), {KILLED}, Trip(point, fails))

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), point=st.sampled_from(POINTS))
    def scan_that_is_aborted(self, moves, point):
        scan = self.made(moves)
        self.run(scan, {ABORTED}, Trip(point, from_a_thread(scan.abort)))

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), point=st.sampled_from(POINTS))
    def scan_that_is_stopped(self, moves, point):
        scan = self.made(moves)
        self.run(scan, {DONE}, Trip(point, from_a_thread(scan.stop)))

    @rule(
        moves=st.sampled_from(["", "ascan", "dscan"]),
        point=st.sampled_from(POINTS[: POINTS.index("C.before_stop")]),
        then=st.sampled_from(["resume", "stop", "abort"]),
    )
    def scan_that_is_paused(self, moves, point, then):
        scan, seen = self.made(moves), []

        def go_on():
            scan.wait_state("PAUSED", 20)
            if scan.state is ScanState.PAUSED:  # else it failed before
                seen.append(self.session.shutter.state)
            getattr(scan, then)()

        def happens():
            threads.append(threading.Thread(target=go_on))
            threads[0].start()
            scan.pause()

        threads = []
        self.run(scan, {ABORTED if then == "abort" else DONE}, Trip(point, happens))
        for thread in threads:
            thread.join()
        assert set(seen) <= {ShutterState.CLOSED}, f"while it was paused the shutter was {seen}"
        assert seen or self.away, "it was not paused"
        assert len(scan.get_data()["box:box"]) == 3 or then != "resume" or self.away

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), name=st.sampled_from(["box", "roby", "shutter"]))
    def scan_in_which_a_device_hangs(self, moves, name):
        session, scan_class = self.session, self.session.bench.Scan
        before, scan_class.deadlines = scan_class.deadlines, SHORT
        scan = self.made(moves)
        scan_class.deadlines = before
        involved = {"box": True, "roby": bool(moves), "shutter": "beam" in self.standing}[name]
        session.box.hang_every, session.box.hang_for = int(name == "box"), HANG
        session.roby.motor.hang = "start" if name == "roby" else ""
        session.shutter.blade.hangs_in_open = HANG if name == "shutter" else 0.0

        def abort():
            time.sleep(HANG / 8)
            if involved:  # else the scan may have ended
                scan.abort()

        thread = threading.Thread(target=abort)
        thread.start()
        began = time.monotonic()
        self.run(scan, {ABORTED} if involved else {DONE}, points={0, 1, 2, 3})
        assert time.monotonic() - began < BOUND
        session.box.hang_every, session.roby.motor.hang, session.shutter.blade.hangs_in_open = 0, "", 0.0
        thread.join()
        self.left.check()  # what came back too late is over, too

    # -- another session --------------------------------------------------------------------------------------

    @rule(into=st.sampled_from(["data", "aside"]))
    def the_other_session_scans(self, into):
        number = self.other.ask(scan=into)["number"]
        if into == "data":
            assert number > self.number
            self.number = number

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]), into=st.sampled_from(["data", "aside"]))
    def scan_while_the_other_session_scans(self, moves, into):
        """Into one file only one can scan at a time: the other is refused, and has moved nothing."""
        scan = self.made(moves)
        self.other.tell(scan=into)
        self.run(scan, {DONE, KILLED} if into == "data" else {DONE})
        answer = self.other.answer()
        refused = isinstance(self.raised, SavingError)
        if refused:
            assert was_refused(self.raised), self.raised
            self.scan = None
        assert refused + ("refused" in answer) <= (into == "data")
        assert self.raised is None or refused or self.away, self.raised
        if into == "data" and "number" in answer:
            assert answer["number"] > self.number
            assert refused or answer["number"] != scan.scan_number
            self.number_of_other = answer["number"]

    @rule(moves=st.sampled_from(["", "ascan", "dscan"]))
    def scan_while_the_other_session_reads(self, moves):
        scan = self.made(moves)
        self.other.tell(read=str(self.directory.parent / "data" / "lab" / "data.h5"))
        try:
            self.run(scan, {DONE})
        finally:
            self.other.tell(stop=True)
        assert self.other.answer()["times"]
        self.other.answer()

    def made(self, moves, save=True):
        """A scan of three points."""
        session = self.session
        options = {"run": False, "save": save}
        if moves:
            return getattr(session.bench, moves)(session.roby, 0, 1, 2, 0.001, session.diode, session.box, **options)
        return session.bench.loopscan(3, 0.001, session.diode, session.box, **options)

    def run(self, scan, expected, trip=None, points=None):
        """Run it; a device that is away, if the scan comes to it, fails it."""
        away = self.away & ({"box", "roby"} if scan.name != "loopscan" else {"box"})
        if "beam" in self.standing:
            away |= self.away & {"shutter"}
        if trip is not None:
            trip.put_on(scan)
        with ctrl_c_arrives():
            try:
                scan.run()
                raised = None
            except BaseException as error:
                raised = error
        self.scan, self.raised = scan, raised
        self.points = points or ({3} if trip is None and not away else {0, 1, 2, 3})
        if away and points:
            expected = {*expected, KILLED}
        elif away:
            expected = {KILLED} if trip is None or not trip.reached else {*expected, KILLED}
        try:
            assert trip is None or trip.reached or away, f"{trip.point} was not reached"
            assert scan.state in expected, f"{scan.name} is {scan.state.name} after {raised!r}"
            assert (raised is None) == (scan.state is DONE), f"{scan.state.name} after {raised!r}"
            assert isinstance(raised, ScanAbort) == (scan.state is ABORTED), f"{scan.state.name} after {raised!r}"
            assert raised is None or scan.errors[0] is raised
        except AssertionError as error:
            raise error from raised

    # -- what holds after each step -------------------------------------------------------------------------

    @invariant()
    def presets_were_left_as_often_as_entered(self):
        for name, preset in self.standing.items():
            if name != "beam":
                assert preset.entered == preset.left, f"{name} was entered {preset.entered}, left {preset.left} times"

    @invariant()
    def the_shutter_is_closed_and_the_axis_still(self):
        assert self.session.shutter.state is ShutterState.CLOSED
        assert not self.session.roby.is_moving

    @invariant()
    def nothing_is_left_behind(self):
        self.left.check()

    @invariant()
    def what_was_set_holds(self):
        assert self.session.roby.velocity == self.velocity

    @invariant()
    def the_file_has_the_points_and_the_numbers_go_up(self):
        scan = self.scan
        if scan is None or not scan.scan_info.get("filename"):
            self.scan = None
            self.number, self.number_of_other = max(self.number, self.number_of_other), 0
            return
        assert scan.scan_number > self.number, f"{scan.scan_number} after {self.number}: {self.raised!r}"
        self.number, self.number_of_other = max(scan.scan_number, self.number_of_other), 0
        data = scan.get_data()
        with h5py.File(scan.scan_info["filename"]) as file:
            entry = file[f"{scan.scan_number}.1"]
            reason = {DONE: "SUCCESS", ABORTED: "USER_ABORT", KILLED: "FAILURE"}[scan.state]
            assert entry["end_reason"][()].decode() == reason
            for channel in data:
                rows = entry["measurement"][channel.rpartition(":")[2]]
                assert rows[:].tolist() == list(data[channel]), f"{channel}: {rows[:]} in the file, {data[channel]}"
            assert len(data["box:box"]) in self.points, f"{len(data['box:box'])} points"
        self.scan = None


@contextmanager
def ctrl_c_arrives():
    """Python swallows a signal that lands in a callback of the garbage collector, and hypothesis has one."""
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()
    try:
        yield
    finally:
        gc.callbacks[:] = callbacks


@pytest.fixture(autouse=True)
def quiet():
    log = logging.getLogger("obtura")
    level, before = log.level, signal.getsignal(signal.SIGINT)
    log.setLevel(logging.CRITICAL + 1)
    yield
    log.setLevel(level)
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture
def other(home):
    other = Other()
    yield other
    other.end()


@pytest.mark.timeout(1000 if EXAMPLES is None else 0)
def test_after_each_step_of_a_beamtime_everything_is_in_order(other, tmp_path):
    number = itertools.count()

    def beamtime():
        return Beamtime(tmp_path / f"beamtime{next(number)}" / "line", other)

    run_state_machine_as_test(beamtime, settings=BEAMTIMES)
