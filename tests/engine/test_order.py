"""The order of a good scan, DESIGN 2.1, call by call."""

import io
import time

import pytest
from cast import Chained, Master, Motor, OwnPace, Slave, Timer, Whole, named
from doubles import Around, MemoryAxis, make_scan
from recording import World

from obtura.contracts.chain import AcquisitionChain
from obtura.engine.states import ScanState
from obtura.ground.events import HookEntered, IterationDone, Points, StateChanged
from obtura.works.clock import virtual_time

PHASES = ("prepare", "start", "before_stop", "stop")


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


def calls(world, *wanted):
    """What was called, in order; only these phases."""
    return [name for name in world.names() if name.rpartition(".")[2] in (wanted or PHASES)]


def words(text):
    """The names in a text, so that an order reads like the one of DESIGN."""
    return text.split()


def one_timer(world, *slaves, npoints=2):
    chain = AcquisitionChain()
    timer = Timer(0.1, npoints=npoints).in_world(world)
    for slave in slaves:
        chain.add(timer, slave.in_world(world))
    if not slaves:
        chain.add(timer)
    return chain


def test_two_points_with_a_preset_of_each_level_run_in_the_order_of_the_design():
    world = World()
    chain = one_timer(world, Slave("diode"))
    scan = make_scan(chain)
    scan.add_preset(named(Whole, "S", world))
    chain.add_preset(named(Chained, "C", world))
    scan.run()
    assert calls(world) == words(
        """
        S.prepare
        C.prepare
        CI0.prepare
        diode.prepare  timer.prepare
        S.start
        C.start
        CI0.start
        diode.start  timer.start
        CI0.stop
        CI1.prepare  diode.prepare  timer.prepare  CI1.start  diode.start  timer.start  CI1.stop
        C.before_stop
        timer.stop  diode.stop
        C.stop
        S.stop
        """
    )


def test_every_call_of_one_point_has_its_place():
    world = World()
    chain = one_timer(world, Slave("diode"), npoints=1)
    chain.add_preset(named(Chained, "C", world))
    make_scan(chain).run()
    assert world.names() == words(
        """
        timer.validate  diode.validate  timer.metadata  diode.metadata
        C.prepare  C.get_iterator
        timer.next  C.next  CI0.prepare  diode.prepare  timer.prepare
        C.start  CI0.start
        diode.start  timer.start  timer.trigger  diode.trigger  diode.reading  timer.wait_ready  diode.wait_ready
        CI0.stop
        timer.next
        C.before_stop  timer.stop  diode.stop  C.close  C.stop
        """
    )


def test_a_motor_over_a_timer_over_a_counter_prepares_and_starts_deepest_first_and_stops_masters_first():
    world = World()
    motor = Motor(2, MemoryAxis(), 0.0, 1.0).in_world(world)
    timer = Timer(0.1, npoints=2).in_world(world)
    chain = AcquisitionChain()
    chain.add(motor, timer)
    chain.add(timer, Slave("diode").in_world(world))
    make_scan(chain).run()
    assert calls(world) == words(
        """
        diode.prepare timer.prepare axis.prepare
        diode.start timer.start axis.start
        diode.prepare timer.prepare axis.prepare
        diode.start timer.start axis.start
        axis.stop timer.stop diode.stop
        """
    )


def test_a_step_motor_stands_still_from_the_start_hook_of_an_iteration_on():
    axis, seen = MemoryAxis(), []
    world = World()
    world.call = lambda name, *args: seen.append((name, axis.position, axis.is_moving)) or (args and args[0]())
    motor = Motor(2, axis, 0.0, 1.0).in_world(world)
    chain = AcquisitionChain()
    chain.add(motor, Slave("diode").in_world(world))
    chain.add_preset(named(Chained, "C", world))
    make_scan(chain).run()
    at = {name: position for name, position, _ in seen}
    assert at["CI1.prepare"] == 0.0, "it moves after the prepare hook"
    assert at["CI1.start"] == at["CI1.stop"] == 1.0
    assert not any(moving for _, _, moving in seen)


def test_presets_of_a_level_are_entered_as_they_were_added_and_left_in_reverse():
    world = World()
    chain = one_timer(world, npoints=2)
    scan = make_scan(chain)
    for name in ("S1", "S2", "S3"):
        scan.add_preset(named(Whole, name, world))
    for name in ("C1", "C2"):
        chain.add_preset(named(Chained, name, world))
    scan.run()
    assert [name for name in calls(world) if not name.startswith("timer")] == words(
        """
        S1.prepare S2.prepare S3.prepare  C1.prepare C2.prepare  C1I0.prepare C2I0.prepare
        S1.start S2.start S3.start  C1.start C2.start  C1I0.start C2I0.start  C2I0.stop C1I0.stop
        C1I1.prepare C2I1.prepare  C1I1.start C2I1.start  C2I1.stop C1I1.stop
        C2.before_stop C1.before_stop  C2.stop C1.stop  S3.stop S2.stop S1.stop
        """
    )


def two_top_masters(world, first=2, second=2):
    chain = AcquisitionChain()
    for name, npoints in (("A", first), ("B", second)):
        chain.add(Master(name, npoints).in_world(world), Slave(f"{name.lower()}_diode").in_world(world))
        chain.top_masters[-1].terminator = False
    for name in "CD":
        chain.add_preset(named(Chained, name, world), chain.top_masters["CD".index(name)])
    return chain


def test_two_top_masters_each_run_their_own_presets_and_iterations():
    world = World()
    chain = two_top_masters(world, 2, 3)
    make_scan(chain).run()

    def its(letter, master):
        owners = (letter, f"{letter}I", master, f"{master.lower()}_diode")
        return [name for name in calls(world) if name.rpartition(".")[0].rstrip("0123456789") in owners]

    point = "{0}I{1}.start {2}_diode.start {3}.start {0}I{1}.stop"
    again = "{0}I{1}.prepare {2}_diode.prepare {3}.prepare " + point
    for letter, master, points in (("C", "A", 2), ("D", "B", 3)):
        places = (letter, 0, master.lower(), master)
        expected = "{0}.prepare {0}I0.prepare {2}_diode.prepare {3}.prepare {0}.start ".format(*places)
        expected += point.format(*places)
        for number in range(1, points):
            expected += " " + again.format(letter, number, master.lower(), master)
        expected += " {0}.before_stop {3}.stop {2}_diode.stop {0}.stop".format(*places)
        assert its(letter, master) == words(expected)


def test_all_branches_are_prepared_before_scan_presets_start_and_all_left_before_they_stop():
    world = World()
    chain = two_top_masters(world)
    scan = make_scan(chain)
    scan.add_preset(named(Whole, "S", world))
    scan.run()
    order = calls(world)
    first_prepare = order.index("S.start")
    assert order[:first_prepare] == words(
        """
        S.prepare
        C.prepare CI0.prepare a_diode.prepare A.prepare
        D.prepare DI0.prepare b_diode.prepare B.prepare
        """
    )
    assert order[-1] == "S.stop"


def test_two_branches_write_a_record_in_which_each_hook_names_its_branch_and_point():
    world, around = World(), Around()
    chain = two_top_masters(world)
    make_scan(chain, around).run()
    for branch, owner in enumerate("CD"):
        entered = [event for event in around.viewer.of(HookEntered) if event.owner == f"{owner}I"]
        assert {event.branch for event in entered} == {branch}
        assert [event.point for event in entered] == [0, 0, 0, 1, 1, 1]
        done = [event.point for event in around.viewer.of(IterationDone) if event.branch == branch]
        assert done == [0, 1]


def test_data_of_an_iteration_are_in_the_record_before_its_stop_hook():
    world, around = World(), Around()
    chain = one_timer(world, Slave("diode", blocking=True))
    chain.add_preset(named(Chained, "C", world))
    make_scan(chain, around).run()
    events = around.viewer.events
    for point in range(2):
        stop = next(
            number
            for number, event in enumerate(events)
            if isinstance(event, HookEntered) and (event.hook, event.point) == ("stop", point)
        )
        channels = {event.channel for event in events[:stop] if isinstance(event, Points) and event.first == point}
        assert channels == {0, 1, 2}
        assert any(isinstance(event, IterationDone) and event.point == point for event in events[:stop])


def test_prepare_once_and_start_once_happen_for_the_first_iteration_only():
    world = World()
    slaves = (Slave("once", prepare_once=True), Slave("armed", prepare_once=True, start_once=True), Slave("each"))
    make_scan(one_timer(world, *slaves, npoints=3)).run()
    counts = {
        name: (world.began(f"{name}.prepare"), world.began(f"{name}.start")) for name in ("once", "armed", "each")
    }
    assert counts == {"once": (1, 3), "armed": (1, 1), "each": (3, 3)}
    assert world.began("armed.trigger") == 3


def test_start_once_alone_is_not_prepared_again_while_it_runs():
    world = World()
    make_scan(one_timer(world, Slave("armed", start_once=True), npoints=3)).run()
    assert (world.began("armed.prepare"), world.began("armed.start")) == (1, 1)


class Slow(OwnPace):
    """Reads its points only when the master has come to its end."""

    def take(self):
        while self.world.began("timer.wait_ready") < 3:
            time.sleep(0.0005)
        super().take()


def test_a_slave_that_reads_at_its_own_pace_is_waited_for_at_the_end_and_not_at_each_iteration():
    world, around = World(), Around()
    chain = one_timer(world, Slow("mca", npoints=6), npoints=3)
    scan = make_scan(chain, around)
    scan.run()
    assert scan.state is ScanState.DONE
    assert len(around.viewer.of(IterationDone)) == 3
    assert list(scan.get_data("mca:value")) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert world.position("end", "mca.reading") < world.position("begin", "timer.stop")


def test_a_hardware_slave_that_is_started_each_time_is_waited_for_at_each_iteration():
    world = World()
    wired = Slave("wired", blocking=True, trigger_type=Slave.HARDWARE)
    chain = one_timer(world, wired, npoints=2)
    chain.add_preset(named(Chained, "C", world))
    make_scan(chain).run()
    assert world.began("wired.trigger") == 0
    log = [(entry.what, entry.key) for entry in world.log]
    for point in range(2):
        read = log.index(("end", f"wired.reading#{point}"))
        assert log.index(("end", f"wired.start#{point}")) < read < log.index(("begin", f"CI{point}.stop#0"))


def test_devices_of_a_level_are_called_together_and_the_next_level_waits_for_all():
    world = World()
    lanes = [Slave(f"lane{number}", blocking=True) for number in range(4)]
    make_scan(one_timer(world, *lanes, npoints=1)).run()
    log = [(entry.what, entry.name) for entry in world.log]
    for phase in ("prepare", "start"):
        ended = max(log.index(("end", f"{lane.name}.{phase}")) for lane in lanes)
        assert ended < log.index(("begin", f"timer.{phase}"))
    assert log.index(("end", "timer.stop")) < min(log.index(("begin", f"{lane.name}.stop")) for lane in lanes)


def test_the_states_are_told_in_order():
    around = Around()
    scan = make_scan(one_timer(World()), around)
    scan.run()
    assert [event.state for event in around.viewer.of(StateChanged)] == ["STARTING", "RUNNING", "STOPPING"]
    assert around.viewer.events[-1].state == "DONE"


def test_masters_without_iterations_leave_what_was_entered():
    world = World()
    chain = AcquisitionChain()
    chain.add(Master("none", npoints=0).in_world(world), OwnPace("mca", npoints=2).in_world(world))
    chain.add_preset(named(Chained, "C", world))
    scan = make_scan(chain)
    scan.run()
    assert scan.state is ScanState.DONE
    assert calls(world) == words("C.prepare C.start C.before_stop C.stop")


def test_a_branch_without_iterations_does_not_end_the_others_unless_it_is_a_terminator():
    world = World()
    chain = two_top_masters(world, 0, 3)
    scan = make_scan(chain)
    scan.run()
    assert list(scan.get_data("b_diode:value")) == [0.0, 1.0, 2.0]


class Detector:
    """A device that is set up once per scan."""

    name = "detector"

    def __init__(self, world, error=None):
        self.world, self.error = world, error

    def apply_parameters(self, parameters):
        self.world.call(f"detector set to {parameters}")
        if self.error is not None:
            raise self.error


class SetUp(Slave):
    def __init__(self, device):
        super().__init__("slave")
        self.devices = (device,)
        self.ctrl_params = {"gain": 2}


def test_parameters_of_a_device_are_applied_once_just_before_its_first_prepare():
    world = World()
    scan = make_scan(one_timer(world, SetUp(Detector(world))))
    told = io.StringIO()
    scan.explain(told)
    assert [line.strip() for line in told.getvalue().splitlines() if "slave" in line][:2] == [
        "slave.apply_parameters",
        "slave.prepare",
    ]
    scan.run()
    names = [name for name in world.names() if name.startswith("detector") or name.endswith("prepare")]
    assert names[:2] == ["detector set to {'gain': 2}", "slave.prepare"]
    assert sum(name.startswith("detector") for name in names) == 1


def test_a_device_whose_parameters_can_t_be_applied_is_stopped_and_never_prepared():
    world = World()
    scan = make_scan(one_timer(world, SetUp(Detector(world, ValueError("no such gain")))))
    with pytest.raises(ValueError, match="no such gain"):
        scan.run()
    assert calls(world, "prepare", "stop") == ["slave.stop"]
