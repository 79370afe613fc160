"""Devices that count by themselves and are fetched from in blocks."""

import numpy as np
import pytest
from meters import Meter, bench

from obtura.acquisition.continuous import MotorMaster
from obtura.acquisition.integrating import IntegratingCounterAcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController, SamplingCounter
from obtura.devices.sim.card import SimulatedCard
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.sim.world import World
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError, ScanAbort, UsageError
from obtura.works.clock import clock, virtual_time


class Card(IntegratingCounterController):
    """Answers with the number of each point; `log` has every call. `broken`: what it does wrong."""

    def __init__(self, broken="", **options):
        super().__init__("card", blocking=False, **options)
        self.broken = broken
        self.log = []
        self.done = 0
        for name in ("a", "b"):
            IntegratingCounter(name, self)

    def configure(self, count_time, npoints, points_per_trigger):
        self.log.append(("configure", count_time, npoints, points_per_trigger))
        if not points_per_trigger:
            self.done = npoints

    def prepare(self, *counters):
        self.log.append(("prepare", *[counter.name for counter in counters]))

    def start(self, *counters):
        self.log.append(("start",))

    def trigger(self, *counters):
        self.log.append(("trigger",))
        self.done += 0 if self.broken == "deaf" else 1

    def stop(self, *counters):
        self.log.append(("stop",))

    def get_values(self, from_index, *counters):
        count = min(self.done - from_index, 3)
        blocks = [list(range(from_index, from_index + count)) for _ in counters]
        if self.broken == "uneven":
            blocks[0].append(0)
        return blocks[1:] if self.broken == "short" else blocks


HARDWARE = {"trigger_type": "HARDWARE"}


def counted(card, npoints=4, count_time=0.1, *others, **settings):
    lab = bench()
    if settings:
        lab.default_chain.set_settings([{"device": card, "acquisition_settings": settings}])
    with virtual_time():
        return lab.loopscan(npoints, count_time, card, *others)


def test_by_default_each_point_is_triggered_and_in_its_row():
    card = Card()
    scan = counted(card)
    assert scan.get_data("a").tolist() == [0, 1, 2, 3]
    assert card.log == [
        ("configure", 0.1, 4, 1),
        ("prepare", "a", "b"),
        ("start",),
        *[("trigger",)] * 4,
        ("stop",),
    ]


def test_with_a_wire_it_is_started_once_and_gives_its_points_in_blocks():
    card = Card()
    scan = counted(card, 7, **HARDWARE)
    assert scan.get_data("b").tolist() == [*range(7)]
    assert card.log == [("configure", 0.1, 7, 0), ("prepare", "a", "b"), ("start",), ("stop",)]


def test_points_that_were_not_asked_for_are_left():
    card = Card()
    card.done = 5
    assert counted(card, 2).get_data("a").tolist() == [0, 1]


def test_values_are_converted_point_by_point():
    card = Card()
    card.counters["a"].conversion_function = lambda value: -value if value > 1 else 0
    assert counted(card, 4, **HARDWARE).get_data("a").tolist() == [0, 0, -2, -3]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("deaf", "card was triggered for point 0 and has not counted it after 1.1 s"),
        ("uneven", "card gave unequally many points: a 2, b 1"),
        ("short", "card gave points of 1 counters, not of 2"),
    ],
)
def test_a_card_that_goes_wrong_is_named_and_stopped(broken, message):
    card = Card(broken, timeout=1.0)
    with pytest.raises(DeviceError, match=message):
        counted(card)
    assert card.log[-1] == ("stop",)


def test_a_slave_takes_counters_of_one_card_only():
    with pytest.raises(UsageError, match="takes counters of one controller"):
        IntegratingCounterAcquisitionSlave(SamplingCounter("diode", Meter()), count_time=1)
    with pytest.raises(UsageError, match="takes counters of one controller"):
        IntegratingCounterAcquisitionSlave(Card().counters["a"], Card().counters["a"], count_time=1)


# -- the simulated card -----------------------------------------------------------------------------------------


def simulated(**options):
    return SimulatedCard("card", {"i0": 10000, "it": 4000}, world=World(), **options)


def test_the_simulated_card_counts_what_comes_in_its_gate():
    scan = counted(simulated(), 20, 0.1)
    assert scan.get_data("i0").shape == (20,)
    assert scan.get_data("i0").mean() == pytest.approx(1000, rel=0.05)
    assert scan.get_data("it").mean() == pytest.approx(400, rel=0.05)
    assert scan.get_data("i0").std() == pytest.approx(1000**0.5, rel=0.5)
    assert scan.get_data("i0").dtype.kind == "i"


def test_its_gates_take_their_time():
    card = simulated()
    card.configure(0.1, 3, 0)
    with virtual_time():
        card.start()
        assert len(card.get_values(0, card.counters["i0"])[0]) == 0
        clock.sleep(0.15)
        assert len(card.get_values(0, card.counters["i0"])[0]) == 1
        clock.sleep(1)
        assert len(card.get_values(1, card.counters["i0"])[0]) == 2


def test_with_a_wire_the_simulated_card_gives_all_points_by_its_own_clock():
    scan = counted(simulated(), 10, 0.1, SamplingCounter("diode", Meter()), **HARDWARE)
    assert scan.get_data("i0").shape == (10,)
    assert scan.get_data("diode").shape == (10,)


def test_without_an_end_it_counts_until_the_scan_is_stopped():
    card, lab = simulated(), bench()
    lab.default_chain.set_settings([{"device": card, "acquisition_settings": HARDWARE}])
    scan = lab.timescan(0.001, card, run=False)
    scan.acq_chain.add(scan.acq_chain.top_masters[0], _Watching(scan))
    scan.run()
    assert scan.state.name == "DONE"
    assert len(scan.get_data("i0")) >= 5


class _Watching(IntegratingCounterAcquisitionSlave):
    """Stops the scan once the card has given five points."""

    def __init__(self, scan):
        super().__init__(Card(), count_time=0)
        self._scan = scan

    def trigger(self):
        if len(self._scan.get_data("i0")) >= 5:
            self._scan.stop()

    def reading(self):
        pass


def test_ctrl_c_in_a_gate_keeps_the_points_before_it():
    card, lab = simulated(), bench()
    with virtual_time():
        scan = lab.loopscan(5, 0.1, card, run=False)
        card.get_values = lambda *arguments: _abort_at(3, scan, card, *arguments)
        with pytest.raises(ScanAbort):
            scan.run()
    assert len(scan.get_data("i0")) == 3


def _abort_at(point, scan, card, from_index, *counters):
    if from_index == point:  # the gate of this point does not close any more
        scan.abort()
        return [[] for _ in counters]
    return SimulatedCard.get_values(card, from_index, *counters)


def test_it_is_read_in_step_scans_too():
    with virtual_time():
        axis = SimulatedAxis("roby")
        scan = bench().ascan(axis, 0, 1, 4, 0.1, simulated())
    assert np.isfinite(scan.get_data("i0")).sum() == 5


def test_a_card_counts_on_while_the_motor_passes():
    card = simulated()
    with virtual_time():
        axis = SimulatedAxis("roby")
        master = MotorMaster(axis, 0, 1, time=1.0)
        chain = AcquisitionChain()
        counters = card.counters.values()
        slave = IntegratingCounterAcquisitionSlave(*counters, count_time=0.1, npoints=10, points_per_trigger=10)
        chain.add(master, slave)
        Scan(chain, save=False).run()
    assert slave.points_per_trigger == 10
    assert len(card.get_values(0, card.counters.i0)[0]) == 10


def test_it_is_triggered_in_each_interval_of_a_continuous_scan():
    with virtual_time():
        scan = bench().cscan(SimulatedAxis("roby"), 0, 1, 5, 0.1, simulated())
    assert len(scan.get_data("i0")) == len(scan.get_data("roby")) == 5


def test_what_it_takes_is_known_before():
    slave = IntegratingCounterAcquisitionSlave(Card().counters.a, count_time=0.5, npoints=10)
    assert slave.effort(10).counting == 5
    alone = IntegratingCounterAcquisitionSlave(Card().counters.a, count_time=0.5, npoints=10, trigger_type="HARDWARE")
    assert alone.effort(1).counting == 5


@pytest.mark.parametrize("given", [None, {"a": [1], "b": [2]}, [1.0, 2.0], iter([[1], [2]])])
def test_a_card_that_gives_no_list_of_points_is_named(given):
    card = Card()
    card.get_values = lambda from_index, *counters: given
    with pytest.raises(DeviceError, match=r"card\.get_values must give a list of points for each counter, got "):
        counted(card)


# -- by its own clock, and something moves ------------------------------------------------------------------------


class Still(SimulatedCard):
    """Notes whether the axis moved while it counted."""

    def __init__(self, axis):
        super().__init__("card", {"i0": 10000}, world=World())
        self.axis = axis
        self.starts = []

    def start(self, *counters):
        self.starts.append(round(self.axis.position, 3))
        assert not self.axis.is_moving
        super().start(*counters)


def stepped(command, *arguments, **options):
    with virtual_time():
        axis = SimulatedAxis("roby", unit="mm", velocity=1, acceleration=10)
        card, lab = Still(axis), bench()
        lab.default_chain.set_settings([{"device": card, "acquisition_settings": HARDWARE}])
        scan = getattr(lab, command)(axis, *arguments, card, SamplingCounter("diode", Meter()), save=False, **options)
    return card, scan


def test_below_steps_it_is_started_for_each_point_when_the_axis_stands_there():
    card, scan = stepped("ascan", 1, 4, 3, 0.1)
    assert card.starts == [1, 2, 3, 4]
    data = scan.get_data()
    assert len(data["i0"]) == len(data["diode"]) == 4 and data["i0"] == pytest.approx([1000] * 4, rel=0.2)
    assert all(info.per_point for info in data.channels if info.short_name in ("i0", "diode"))


def test_what_is_set_for_it_prevails():
    with virtual_time():
        card, lab = Card(), bench()
        settings = {**HARDWARE, "start_once": True, "prepare_once": True, "npoints": 4}
        lab.default_chain.set_settings([{"device": card, "acquisition_settings": settings}])
        lab.loopscan(4, 0.1, card, sleep_time=0.5)
    assert card.log.count(("start",)) == 1


def test_where_a_scan_sleeps_between_its_points_it_is_started_for_each():
    with virtual_time():
        card, lab = Card(), bench()
        lab.default_chain.set_settings([{"device": card, "acquisition_settings": HARDWARE}])
        lab.loopscan(4, 0.1, card, sleep_time=0.5)
    assert card.log.count(("start",)) == 4


def test_below_a_master_that_lets_it_go_on_by_itself_it_is_as_it_is_set():
    axis, card, lab = SimulatedAxis("roby", unit="mm", velocity=1, acceleration=10), Card(), bench()
    lab.default_chain.set_settings([{"device": card, "acquisition_settings": HARDWARE}])
    with virtual_time():
        chain = lab.default_chain.get({"npoints": 5, "count_time": 0.1}, [card], MotorMaster(axis, 0, 5, time=5))
        scan = Scan(chain, "fly", save=False)
        scan.run()
    assert card.log.count(("start",)) == 1 and len(scan.get_data("a")) == 5


@pytest.mark.parametrize("command", ["cscan", "sweepscan"])
def test_in_a_continuous_scan_it_is_refused_before_anything_moves(command):
    with pytest.raises(UsageError, match=r"card counts by its own clock \(trigger type HARDWARE\), from before roby"):
        stepped(command, 0, 4, 4, 0.1)


def test_a_card_on_a_wire_that_falls_silent_fails_the_scan_by_name():
    card = Card(timeout=2.0)
    card.configure = lambda count_time, npoints, points_per_trigger: setattr(card, "done", 3)
    with pytest.raises(DeviceError, match=r"card has given 3 points of 7 and no further one for 2\.1 s"):
        counted(card, 7, **HARDWARE)
    assert card.log[-1] == ("stop",)
