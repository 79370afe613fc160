"""What a scan asks and tells an axis at each point, and that nothing is taken for granted between two of them."""

import math

import pytest

from obtura.acquisition.motor import VariableStepTriggerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.motion import MotionHook
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.devices import Axis, AxisDriver, AxisState
from obtura.devices.encoder import Encoder
from obtura.devices.sim import SimulatedAxis, SimulatedMotor
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError, LimitError


class Told(AxisDriver):
    """Is there at once; keeps what it is asked and told."""

    blocking = False

    def __init__(self):
        self.log = []
        self.place = 0.0

    def start_move(self, target, velocity, acceleration):
        self.log.append(f"to {target:g}")
        self.place = target

    def stop(self):
        self.log.append("stop")

    def position(self):
        self.log.append("position")
        return self.place

    def state(self):
        self.log.append("state")
        return AxisState("READY")


class At(ChainIterationPreset):
    """Calls `after` when the point is taken."""

    def __init__(self, after):
        self.after = after

    def stop(self):
        self.after()


class Between(ChainPreset):
    """Calls `action` between point 0 and point 1."""

    def __init__(self, action):
        self.action = action

    def get_iterator(self, acq_chain):
        yield At(self.action)


def at_once(**options):
    return SimulatedAxis("roby", unit="mm", velocity=math.inf, acceleration=math.inf, **options)


def scan(hall, axis, action):
    """Points at 0, 5 and 10; `action` is called after the first."""
    return run(hall, axis, Between(action))


def run(hall, axis, preset):
    taken = hall.scan("ascan", axis, 0, 10, 2, 0, run=False, save=False)
    taken.acq_chain.add_preset(preset)
    taken.run()
    return taken


@pytest.mark.parametrize("blocking", [True, False])
def test_at_each_point_an_axis_is_told_once_and_asked_four_times(hall, blocking):
    driver = Told()
    driver.blocking = blocking
    roby = Axis("roby", driver, velocity=1)
    seen = []
    scan(hall, roby, lambda: seen.extend(driver.log))
    # May it set off, where to, is it there, where is it; and where is it when the point is taken.
    assert seen[-5:] == ["state", "to 0", "state", "position", "position"]
    assert driver.log[len(seen) :][:10] == [
        *["state", "to 5", "state", "position", "position"],
        *["state", "to 10", "state", "position", "position"],
    ]


def test_axes_that_move_together_are_asked_no_more_than_one_that_moves_alone(hall):
    log = []
    fast, slow = Told(), Told()
    fast.log = slow.log = log
    roby, robz = Axis("roby", fast, velocity=1), Axis("robz", slow, velocity=1)
    hall.scan("amesh", roby, 0, 5, 1, robz, 1, 2, 1, 0, save=False)
    to_a_point = ["state", "to 5", "state", "position"]  # may it set off, where to, is it there, where is it
    stays = ["state", "position"]
    taken = ["position", "position"]
    first = log.index("to 5") - 1
    assert log[first : first + 8] == [*to_a_point, *stays, *taken]


def test_a_motor_in_memory_that_takes_its_time_is_waited_for(hall):
    roby = SimulatedAxis("roby", unit="mm", velocity=10, acceleration=100)
    there = []
    scan(hall, roby, lambda: there.append((roby.position, roby.is_moving)))
    assert there == [(0, False)]
    assert roby.position == 10


def test_the_offset_may_change_between_two_points(hall):
    roby = at_once()
    taken = scan(hall, roby, lambda: setattr(roby, "offset", 100.0))
    assert taken.get_data(roby) == pytest.approx([0, 5, 10])
    assert roby.dial == pytest.approx(-90)


def test_so_may_the_velocity(hall):
    roby = at_once()
    scan(hall, roby, lambda: setattr(roby, "acceleration", 1e9))
    assert roby.position == 10


def test_so_may_the_limits(hall):
    roby = at_once()
    with pytest.raises(LimitError, match=r"roby: move to 5 mm would exceed high limit \(4 mm\)"):
        scan(hall, roby, lambda: setattr(roby, "limits", (-1.0, 4.0)))
    assert roby.position == 0


def test_a_motor_that_is_switched_off_between_two_points_ends_the_scan(hall):
    roby = at_once()
    with pytest.raises(DeviceError, match=r"roby can't be moved: OFF; roby.on\(\) switches it on"):
        scan(hall, roby, roby.off)


def test_a_motor_that_is_moved_between_two_points_goes_on_from_there(hall):
    roby = at_once()
    assert scan(hall, roby, lambda: roby.move(-3)).get_data(roby) == pytest.approx([0, 5, 10])


def test_a_position_is_what_is_read_when_the_point_is_taken(hall):
    roby = at_once()

    class Push(ChainIterationPreset):
        def start(self):
            roby.motor.set_position(roby.motor.position() + 0.25)

    class Pushing(ChainPreset):
        def get_iterator(self, acq_chain):
            while True:
                yield Push()

    pushed = run(hall, roby, Pushing())
    assert pushed.get_data(roby) == pytest.approx([0.25, 5.25, 10.25])


def test_a_hook_that_an_axis_gets_between_two_points_is_called_from_then_on(hall):
    told = []

    class Noting(MotionHook):
        def pre_move(self, motions):
            told.append(motions[0].target)

        def post_move(self, motions):
            told.append("there")

    roby = at_once()
    scan(hall, roby, lambda: setattr(roby, "motion_hooks", (Noting(),)))
    assert told == [5, "there", 10, "there"]


def test_who_listens_from_between_two_points_on_hears_of_each_move(hall):
    told = []
    roby = at_once()
    scan(hall, roby, lambda: roby.on_event("move_done", told.append))
    assert told[:4] == [False, True, False, True]


def test_the_goal_is_kept_for_a_session_that_is_killed_meanwhile(hall):
    kept = []
    roby = at_once()
    scan(hall, roby, lambda: roby.on_setting(lambda key, value: kept.append((key, value))))
    assert kept[:4] == [
        ("dial", {"from": 0.0, "to": 5.0}),
        ("dial", 5.0),
        ("dial", {"from": 5.0, "to": 10.0}),
        ("dial", 10.0),
    ]


class Off(Encoder):
    """Reads what it is told to."""

    def __init__(self):
        super().__init__("scale", tolerance=0.1)
        self.off = 0.0
        self.motor = None

    def read(self):
        return self.motor.position() + self.off


def test_an_encoder_is_looked_at_after_each_move(hall):
    encoder = Off()
    roby = at_once(encoder=encoder)
    encoder.motor = roby.motor
    with pytest.raises(DeviceError, match="after the move to 5 mm its encoder scale reads 5.5"):
        scan(hall, roby, lambda: setattr(encoder, "off", 0.5))


class Drifting(SimulatedMotor):
    """Ends `drift` beyond its target."""

    drift = 0.0

    def start_move(self, target, velocity, acceleration):
        super().start_move(target + self.drift, velocity, acceleration)


def test_one_that_is_at_once_elsewhere_ends_the_scan(hall):
    motor = Drifting()
    roby = Axis("roby", motor, "mm", velocity=math.inf, acceleration=math.inf)
    with pytest.raises(DeviceError, match="the move to 5 mm ended at 5.5 mm, further off than the tolerance"):
        scan(hall, roby, lambda: setattr(motor, "drift", 0.5))


class Broken(SimulatedMotor):
    """In memory, and has a fault as soon as it has set off."""

    broken = False

    def state(self):
        return AxisState("FAULT", reason="following error") if self.broken else super().state()

    def start_move(self, target, velocity, acceleration):
        super().start_move(target, velocity, acceleration)
        self.broken = target == 5


def test_one_that_is_there_with_a_fault_ends_the_scan(hall):
    roby = Axis("roby", Broken(), "mm", velocity=math.inf, acceleration=math.inf)
    with pytest.raises(DeviceError, match=r"roby: the move to 5 mm failed at 5 mm: FAULT \(following error\)"):
        hall.scan("ascan", roby, 0, 10, 2, 0, save=False)


class Mute(SimulatedMotor):
    """Does not answer when it is asked where it is after the move to 5."""

    def position(self):
        if self._course[3] == 5:
            raise OSError("no answer")
        return super().position()


def test_one_that_does_not_answer_as_it_sets_off_is_named(hall):
    roby = Axis("roby", Mute(), "mm", velocity=math.inf, acceleration=math.inf)
    with pytest.raises(DeviceError, match="roby: OSError: no answer"):
        hall.scan("ascan", roby, 0, 10, 2, 0, save=False)


@pytest.mark.parametrize("below", [[1, 2], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_a_motor_below_a_motor_stays_at_its_last_position_when_it_has_come_to_its_end(below):
    upper, lower = at_once(), SimulatedAxis("robz", unit="mm", velocity=math.inf, acceleration=math.inf)
    chain = AcquisitionChain()
    chain.add(VariableStepTriggerMaster(upper, [0, 5, 10]), VariableStepTriggerMaster(lower, below))
    taken = Scan(chain, "two motors")
    taken.run()
    assert taken.get_data("axis:roby") == pytest.approx([0, 5, 10])
    assert taken.get_data("axis:robz") == pytest.approx([below[min(point, len(below) - 1)] for point in range(3)])
