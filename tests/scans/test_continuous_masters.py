"""Masters of a motion under way: where they trigger, what they refuse, and the velocity afterwards."""

import math

import pytest

from obtura.acquisition.continuous import (
    JogMotorMaster,
    MotorMaster,
    SoftwarePositionTriggerMaster,
    SweepMotorMaster,
)
from obtura.acquisition.motor import VariableStepTriggerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.devices.soft import SoftAxis
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, LimitError, ScanAbort, UsageError
from obtura.works.clock import clock


class Noting(AcquisitionSlave):
    """Notes where the axis is, and how fast, when it is triggered; then it is busy for a while."""

    blocking = False

    def __init__(self, axis, busy=0.0, **options):
        super().__init__(name="noting", **options)
        self.channels.append(AcquisitionChannel("noting:position"))
        self.axis = axis
        self.busy = busy
        self.times = []

    def reading(self):
        self.times.append(clock.time())
        here = self.axis.position
        clock.sleep(self.busy)
        self.channels[0].emit(here)


class Card(AcquisitionSlave):
    """A card on a wire: it is armed once and reads blocks by itself."""

    def __init__(self, npoints):
        super().__init__(name="card", npoints=npoints, trigger_type=self.HARDWARE, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel("card:value"))

    def reading(self):
        for first in range(0, self.npoints, 2):
            self.channels[0].emit([float(first), first + 1.0])


def chained(hall, master, *slaves):
    chain = AcquisitionChain()
    chain.add(master)
    for slave in slaves:
        chain.add(master, slave)
    return hall.bench.Scan(chain, "by_hand", save=False)


# -- where it triggers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end"), [(0, 10), (10, 0), (-3, -1)])
def test_slaves_are_triggered_at_equal_intervals_at_constant_speed(hall, start, end):
    slave = Noting(hall.roby)
    master = SoftwarePositionTriggerMaster(hall.roby, start, end, npoints=5, time=2.0, timestamps=True)
    scan = chained(hall, master, slave)
    scan.run()
    step = (end - start) / 5
    expected = [start + point * step for point in range(5)]
    assert scan.get_data("noting:position") == pytest.approx(expected, abs=2e-3)
    assert scan.get_data(hall.roby) == pytest.approx(expected, abs=2e-3)
    assert scan.get_data("roby_time") == pytest.approx([0, 0.4, 0.8, 1.2, 1.6], abs=1e-3)


def test_the_motor_master_triggers_once_at_the_start_of_the_range(hall):
    slave = Noting(hall.roby)
    scan = chained(hall, MotorMaster(hall.roby, 2, 8, time=3), slave)
    scan.run()
    assert scan.get_data("noting:position") == pytest.approx([2], abs=2e-3)
    before = 2**2 / (2 * 100)
    assert hall.roby.position == pytest.approx(8 + before)


def test_without_a_time_it_passes_at_the_velocity_of_the_axis(hall):
    master = MotorMaster(hall.roby, 0, 10)
    assert master.velocity == 10
    assert master.undershoots() == pytest.approx((0.5, 0.5))


def test_margins_are_added_to_the_undershoot_and_one_that_is_given_prevails(hall):
    master = MotorMaster(hall.roby, 0, 10, undershoot_start_margin=1, undershoot_end_margin=2)
    assert master.undershoots() == pytest.approx((1.5, 2.5))
    assert MotorMaster(hall.roby, 0, 10, undershoot=3).undershoots() == (3, 3)


def test_back_and_forth_it_triggers_at_the_same_distances_from_both_ends(hall):
    slave = Noting(hall.roby)
    master = SoftwarePositionTriggerMaster(hall.roby, 0, 4, npoints=4, time=1.0, passes=3, backnforth=True)
    scan = chained(hall, master, slave)
    scan.run()
    assert scan.get_data("noting:position") == pytest.approx([0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3], abs=1e-2)


def test_several_regions_are_passed_in_one_go_without_triggers_between_them(hall):
    slave = Noting(hall.roby)
    master = SoftwarePositionTriggerMaster(hall.roby, [0, 6], [2, 10], [4, 2], time=5.0)
    scan = chained(hall, master, slave)
    scan.run()
    assert (master.npoints, master.velocity) == (6, 2)
    assert scan.get_data("noting:position") == pytest.approx([0, 0.5, 1, 1.5, 6, 8], abs=2e-3)
    assert slave.times[4] - slave.times[3] == pytest.approx(4.5 / 2, abs=1e-2)  # no stop on the way


def test_regions_are_passed_back_from_their_ends(hall):
    slave = Noting(hall.roby)
    master = SoftwarePositionTriggerMaster(hall.roby, [4, 1], [3, 0], 2, time=1.0, passes=2, backnforth=True)
    scan = chained(hall, master, slave)
    scan.run()
    expected = [4, 3.5, 1, 0.5, 0, 0.5, 3, 3.5]
    assert scan.get_data("noting:position") == pytest.approx(expected, abs=1e-2)


def test_the_time_that_is_told_of_a_late_point_is_that_of_its_region(hall):
    master = SoftwarePositionTriggerMaster(hall.roby, [0, 6], [2, 10], [2, 20], time=2.0)
    with pytest.raises(DeviceError, match="an interval takes 0.04 s"):
        chained(hall, master, Noting(hall.roby, busy=0.15)).run()


@pytest.mark.parametrize(
    ("start", "end", "npoints", "message"),
    [
        ([0, 6], [2], 3, "must be lists of one length, a place for each region; got 2, 1 and 2"),
        ([0, 1], [2, 3], 3, "must follow one another in one direction, got 0 to 2, 1 to 3"),
        ([0, 5], [2, 4], 3, "must follow one another in one direction, got 0 to 2, 5 to 4"),
        ([0, 2], [1, 2], 3, "start and end must differ, got 2 twice"),
        ([0, 2], [1, 3], [1, 0], "npoints must be a whole number of at least 1, got 0"),
        ([0, "2"], [1, 3], 1, "start and end must be finite numbers, got '2'"),
        ([], [], [], "must be lists of one length"),
    ],
)
def test_regions_that_make_no_sense_are_refused(hall, start, end, npoints, message):
    with pytest.raises(UsageError, match=f"roby: .*{message}"):
        SoftwarePositionTriggerMaster(hall.roby, start, end, npoints, time=1)


def test_iteration_presets_are_called_once_a_pass(hall):
    class Each(ChainPreset):
        def __init__(self):
            self.calls = 0

        def get_iterator(self, acq_chain):
            class One(ChainIterationPreset):
                def start(one):
                    self.calls += 1

            while True:
                yield One()

    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 4, 4, 1.0, passes=3), Noting(hall.roby))
    each = Each()
    scan.acq_chain.add_preset(each)
    scan.run()
    assert each.calls == 3


def test_a_sweep_passes_each_interval_while_the_slave_counts(hall):
    slave = Noting(hall.roby, busy=0.5)
    scan = chained(hall, SweepMotorMaster(hall.roby, 0, 4, time=2.0, npoints=4), slave)
    scan.run()
    assert scan.get_data("noting:position") == pytest.approx([0, 1, 2, 3], abs=2e-3)
    assert scan.get_data(hall.roby) == pytest.approx([0.5, 1.5, 2.5, 3.5])


def test_a_jog_goes_on_until_its_function_says_that_it_is_enough(hall):
    slave = Noting(hall.roby)
    scan = chained(hall, JogMotorMaster(hall.roby, 5, -2.0, lambda axis: axis.position < 0), slave)
    scan.run()
    assert scan.get_data("noting:position") == pytest.approx([5], abs=2e-3)
    assert -0.2 < hall.roby.position < 0
    assert not hall.roby.is_moving


def test_a_jog_without_a_function_goes_on_until_the_slaves_are_done(hall):
    scan = chained(hall, JogMotorMaster(hall.roby, 0, 2.0), Noting(hall.roby, busy=3.0))
    scan.run()
    assert hall.roby.position == pytest.approx(6, abs=0.1)


def test_a_card_on_a_wire_reads_its_blocks_by_itself(hall):
    scan = chained(hall, MotorMaster(hall.roby, 0, 1, time=1), Card(6))
    scan.run()
    assert scan.get_data("card:value") == pytest.approx([0, 1, 2, 3, 4, 5])


# -- levels ------------------------------------------------------------------------------------------------------


def test_a_fast_axis_below_a_slow_one_passes_once_at_each_of_its_steps(hall):
    slave = Noting(hall.roby, npoints=6)
    chain = AcquisitionChain()
    slow = VariableStepTriggerMaster(hall.robz, [1, 2])
    fast = SoftwarePositionTriggerMaster(hall.roby, 0, 3, npoints=3, time=1.0, backnforth=True, name="line")
    chain.add(slow, fast)
    chain.add(fast, slave)
    scan = hall.bench.Scan(chain, "mesh", save=False)
    scan.run()
    assert scan.get_data("noting:position") == pytest.approx([0, 1, 2, 3, 2, 1], abs=1e-2)
    assert scan.get_data(hall.robz) == pytest.approx([1, 2])
    assert [info.name for info in scan.get_data().channels if info.per_point] == ["axis:roby", "noting:position"]


# -- what is refused -----------------------------------------------------------------------------------------------


def refused(hall, master, error, match):
    scan = chained(hall, master, Noting(hall.roby))
    with pytest.raises(error, match=match):
        scan.run()
    assert hall.roby.position == 0
    assert hall.roby.velocity == 10


def test_the_undershoot_counts_for_the_limits(hall):
    refused(hall, MotorMaster(hall.roby, 0, 100, time=20), LimitError, r"100\.12.*exceed high limit.*0\.125 mm outside")


def test_the_way_back_counts_for_the_limits_too(hall):
    hall.roby.limits = (-0.05, 50)
    refused(hall, MotorMaster(hall.roby, 0, 10, time=2, backnforth=True, passes=2), LimitError, "low limit")


def test_a_velocity_that_the_axis_does_not_have_is_refused(hall):
    refused(hall, MotorMaster(hall.roby, 0, 10, time=0.5), UsageError, "20 mm/s is too fast, the limit is 10 mm/s")


def test_the_limits_of_the_velocity_count_where_the_axis_has_some(hall):
    hall.roby._velocity_limits = (1.0, 50.0)
    refused(hall, MotorMaster(hall.roby, 0, 10, time=20), UsageError, "0.5 mm/s is too slow, the limit is 1 mm/s")
    chained(hall, MotorMaster(hall.roby, 0, 10, time=0.5), Noting(hall.roby)).run()


@pytest.mark.parametrize(
    "wrong",
    [{"start": math.nan}, {"end": 0}, {"time": -1}, {"npoints": 0}, {"passes": 0}, {"undershoot": -1}],
    ids=str,
)
def test_arguments_that_make_no_sense_are_refused(hall, wrong):
    arguments = {"start": 0, "end": 1, "npoints": 2, "time": 1} | wrong
    with pytest.raises(UsageError, match="roby"):
        SoftwarePositionTriggerMaster(hall.roby, **arguments)


def test_an_axis_without_a_velocity_is_refused(hall):
    class Box:
        position = 0.0

    axis = SoftAxis("box", Box(), blocking=False)
    with pytest.raises(UsageError, match="box is there at once"):
        chained(hall, MotorMaster(axis, 0, 1), Noting(axis)).run()
    with pytest.raises(UsageError, match="is not an axis"):
        MotorMaster(Box(), 0, 1)


# -- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_slave_that_does_not_keep_up_is_named_with_what_to_change(hall):
    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 1.0), Noting(hall.roby, busy=0.2))
    with pytest.raises(
        DeviceError, match=r"took 0\.2 s \(noting\), an interval takes 0\.1 s; count for a shorter time"
    ):
        scan.run()
    assert not hall.roby.is_moving
    assert hall.roby.velocity == 10


def test_a_slave_may_take_nearly_all_of_its_interval(hall):
    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 1.0), Noting(hall.roby, busy=0.0999))
    scan.run()
    assert scan.state is ScanState.DONE


def test_an_axis_that_comes_to_rest_on_the_way_is_an_error(hall):
    class Stopping(Noting):
        def reading(self):
            super().reading()
            hall.roby._driver.stop()

    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 1.0), Stopping(hall.roby))
    with pytest.raises(DeviceError, match="roby came to rest at 0"):
        scan.run()
    assert hall.roby.velocity == 10


def test_the_velocity_is_restored_when_a_slave_fails(hall):
    class Failing(Noting):
        def reading(self):
            raise DeviceError("broken")

    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 2.0), Failing(hall.roby))
    with pytest.raises(DeviceError, match="broken"):
        scan.run()
    assert not hall.roby.is_moving
    assert hall.roby.velocity == 10


def test_an_abort_on_the_way_stops_the_axis_and_restores_its_velocity(hall):
    class Aborting(Noting):
        def reading(self):
            super().reading()
            if len(self.times) == 3:
                scan.abort()

    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 2.0), Aborting(hall.roby))
    with pytest.raises(ScanAbort):
        scan.run()
    assert scan.state is ScanState.USER_ABORTED
    assert not hall.roby.is_moving
    assert hall.roby.position < 5
    assert hall.roby.velocity == 10


def test_the_velocity_is_the_scans_during_a_pass_only(hall):
    class Watching(ChainPreset):
        def __init__(self):
            self.velocities = []

        def get_iterator(self, acq_chain):
            while True:
                yield self.Each(self.velocities)

        class Each(ChainIterationPreset):
            def __init__(self, velocities):
                self.velocities = velocities

            def start(self):
                self.velocities.append(hall.roby.velocity)

    slave = Noting(hall.roby)
    scan = chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 4, 4, 2.0, passes=2), slave)
    scan.acq_chain.add_preset(preset := Watching())
    scan.run()
    assert preset.velocities == [10, 10]
    assert hall.roby.velocity == 10


def test_no_session_keeps_the_velocity_of_a_pass(hall):
    kept = []
    hall.roby.on_setting(lambda key, value: kept.append((key, value)))
    chained(hall, SoftwarePositionTriggerMaster(hall.roby, 0, 4, 4, 2.0), Noting(hall.roby)).run()
    assert [key for key, _ in kept if key == "velocity"] == []


def test_an_axis_that_can_only_be_set_gets_its_velocity_back(hall):
    class Plain:
        """An axis of somebody else: everything of the simulated one but its loan of a velocity."""

        def __getattr__(self, name):
            if name == "use_velocity":
                raise AttributeError(name)
            return getattr(hall.roby, name)

    for method in ("position", "limits", "is_moving", "velocity"):
        setattr(Plain, method, property(lambda axis, method=method: getattr(hall.roby, method)))
    Plain.velocity = Plain.velocity.setter(lambda axis, value: setattr(hall.roby, "velocity", value))
    for method in ("check", "check_target", "move", "wait_move", "stop", "estimate"):
        setattr(
            Plain, method, lambda axis, *args, method=method, **options: getattr(hall.roby, method)(*args, **options)
        )
    slave = Noting(hall.roby)
    chained(hall, SoftwarePositionTriggerMaster(Plain(), 0, 4, 4, 2.0), slave).run()
    assert len(slave.times) == 4
    assert hall.roby.velocity == 10


def test_motion_hooks_are_called_around_the_whole(hall):
    calls = []

    class Hook:
        def ready(self):
            """It needs nothing."""

        def pre_scan(self, axes):
            calls.append("pre_scan")

        def post_scan(self, axes):
            calls.append("post_scan")

    hall.roby.motion_hooks = [Hook()]
    master = SoftwarePositionTriggerMaster(hall.roby, 0, 4, 4, 2.0, passes=2)
    hall.roby.motion_hooks = []
    chained(hall, master, Noting(hall.roby)).run()
    assert calls == ["pre_scan", "post_scan"]
