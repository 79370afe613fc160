"""Motion hooks: what has to happen around the motion of an axis."""

import signal

import pytest
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import VariableStepTriggerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.motion import MotionHook
from obtura.contracts.together import move_together
from obtura.devices import Group, SoftAxis, SoftCounter
from obtura.devices.sim import FaultyAxis, SimulatedAxis
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, LimitError, ScanAbort, UsageError
from obtura.works.clock import clock


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


class Brake(MotionHook):
    """Keeps a log; `refusal` is raised by the method of that name."""

    def __init__(self, name="brake", log=None, **refusal):
        self.name, self.refusal = name, refusal
        self.log = [] if log is None else log

    def init(self):
        self._say("init")

    def pre_move(self, motions):
        self._say("pre_move", *(f"{one.axis.name} {one.origin:g}>{one.target:g}" for one in motions))

    def post_move(self, motions):
        assert not any(one.axis.is_moving for one in motions)
        self._say("post_move", *(one.axis.name for one in motions))

    def pre_scan(self, axes):
        self._say("pre_scan", *(axis.name for axis in axes))

    def post_scan(self, axes):
        self._say("post_scan", *(axis.name for axis in axes))

    def _say(self, method, *words):
        self.log.append(" ".join([self.name, method, *words]))
        if method in self.refusal:
            raise self.refusal[method]


def an_axis(name, *hooks, **options):
    return SimulatedAxis(name, velocity=10, motion_hooks=hooks, **options)


def test_it_is_called_around_each_move_and_initialised_once():
    brake = Brake()
    roby = an_axis("roby", brake)
    roby.move(3)
    roby.rmove(-1)
    assert brake.log == [
        *("brake init", "brake pre_move roby 0>3", "brake post_move roby"),
        *("brake pre_move roby 3>2", "brake post_move roby"),
    ]


def test_a_refusal_moves_nothing_and_is_paired():
    brake = Brake(pre_move=RuntimeError("no air"))
    roby = an_axis("roby", brake)
    with pytest.raises(RuntimeError, match="no air"):
        roby.move(3)
    assert roby.position == 0
    assert brake.log == ["brake init", "brake pre_move roby 0>3", "brake post_move roby"]


def test_of_several_hooks_the_last_is_left_first():
    log = []
    roby = an_axis("roby", Brake("air", log), Brake("brake", log, pre_move=RuntimeError("stuck")))
    with pytest.raises(RuntimeError, match="stuck"):
        roby.move(1)
    assert [line for line in log if "init" not in line] == [
        *("air pre_move roby 0>1", "brake pre_move roby 0>1", "brake post_move roby", "air post_move roby")
    ]


def test_a_move_out_of_limits_calls_no_hook():
    brake = Brake()
    with pytest.raises(LimitError):
        an_axis("roby", brake, limits=(-1, 1)).move(3)
    assert brake.log == []


def test_it_is_left_after_a_stop_ctrl_c_or_failure(time):
    brake = Brake()
    roby = an_axis("roby", brake)
    time.at(0.1, elsewhere(roby.stop))
    time.at(0.5, press_ctrl_c)
    with pytest.raises(DeviceError, match="was stopped"):
        roby.move(3)
    with pytest.raises(KeyboardInterrupt):
        roby.move(100)
    faulty = FaultyAxis("faulty", bad_start=True)
    faulty.motion_hooks = (brake,)
    with pytest.raises(DeviceError, match="the motor does not answer"):
        faulty.move(1)
    assert [line.split()[1] for line in brake.log] == ["init", *["pre_move", "post_move"] * 3]


def test_what_fails_on_the_way_out_is_told_and_hides_nothing():
    log = []
    hooks = [Brake(name, log, post_move=RuntimeError(f"{name} is stuck")) for name in ("air", "brake")]
    with pytest.raises(RuntimeError, match="brake is stuck") as caught:
        an_axis("roby", *hooks).move(1)
    assert caught.value.__notes__ == ["then RuntimeError: air is stuck"]
    faulty = FaultyAxis("faulty", drift=1)
    faulty.motion_hooks = tuple(hooks)
    with pytest.raises(DeviceError, match="ended at 2") as caught:
        faulty.move(1)
    assert caught.value.__notes__ == ["then RuntimeError: brake is stuck", "then RuntimeError: air is stuck"]


def test_a_move_that_is_not_waited_for_is_left_when_it_ends():
    brake = Brake()
    roby = an_axis("roby", brake)
    roby.move(3, wait=False)
    assert brake.log[-1].startswith("brake pre_move")
    roby.wait_move()
    assert brake.log[-1] == "brake post_move roby"


def test_nobody_waits_and_it_is_left_nevertheless():
    brake = Brake()
    roby = an_axis("roby", brake)
    roby.move(3, wait=False)
    clock.sleep(10)
    while brake.log[-1] != "brake post_move roby":
        clock.sleep(0)
    assert roby.position == 3


def test_searches_are_moves_too():
    brake = Brake()
    roby = an_axis("roby", brake, home_switch=1)
    roby.home()
    roby.jog(1)
    roby.stop()
    roby.wait_move()
    assert [line.removeprefix("brake ") for line in brake.log] == [
        *("init", "pre_move roby 0>nan", "post_move roby", "pre_move roby 1>nan", "post_move roby")
    ]


def test_one_hook_of_several_axes_is_called_once_for_all():
    brake = Brake()
    roby, robz, free = an_axis("roby", brake), an_axis("robz", brake), an_axis("free")
    move_together([roby, free, robz], [1, 2, 3])
    assert brake.log[1:] == ["brake pre_move roby 0>1 robz 0>3", "brake post_move roby robz"]
    group = Group(roby, robz)
    group.rmove(roby, 1, wait=False)
    group.wait_move()
    assert brake.log[3:] == ["brake pre_move roby 1>2", "brake post_move roby"]


# -- scans


def a_scan(*axes_positions):
    chain = AcquisitionChain()
    one = SoftCounter(value=lambda: 1.0, name="one", blocking=False)
    master = VariableStepTriggerMaster(*axes_positions)
    chain.add(master, SamplingCounterAcquisitionSlave(one, count_time=0, npoints=master.npoints))
    return Scan(chain, "test", save=False)


def test_a_scan_is_surrounded_and_so_is_each_of_its_moves():
    brake = Brake()
    roby, robz = an_axis("roby", brake), an_axis("robz", brake)
    a_scan(roby, [1, 2], robz, [3, 4]).run()
    assert brake.log == [
        "brake init",
        "brake pre_scan roby robz",
        "brake pre_move roby 0>1 robz 0>3",
        "brake post_move roby robz",
        "brake pre_move roby 1>2 robz 3>4",
        "brake post_move roby robz",
        "brake post_scan roby robz",
    ]


def test_a_scan_that_fails_is_left_once():
    brake = Brake()
    roby, robz = an_axis("roby", brake), SoftAxis("robz", None, lambda: 0.0, lambda target: 1 / 0, blocking=False)
    with pytest.raises(DeviceError, match="robz: ZeroDivisionError"):
        a_scan(roby, [1, 2], robz, [3, 4]).run()
    assert [line.split()[1] for line in brake.log] == ["init", "pre_scan", "pre_move", "post_move", "post_scan"]


def test_a_hook_may_refuse_a_scan():
    log = []
    roby = an_axis("roby", Brake("air", log, pre_scan=RuntimeError("no air")), Brake("brake", log))
    with pytest.raises(RuntimeError, match="no air"):
        a_scan(roby, [1, 2]).run()
    assert log == ["air init", "air pre_scan roby", "air post_scan roby"]
    assert roby.position == 0


def test_a_scan_that_is_refused_calls_no_hook():
    brake = Brake()
    with pytest.raises(LimitError):
        a_scan(an_axis("roby", brake, limits=(0, 1)), [0, 2]).run()
    assert brake.log == []


@pytest.mark.parametrize("together", [False, True])
def test_the_hooks_of_a_move_come_before_those_of_the_next(together):
    brake = Brake()
    roby = an_axis("roby", brake)
    if together:
        Group(roby).move(roby, 3, wait=False)
    else:
        roby.move(3, wait=False)
    roby.stop()
    roby.move(7)
    assert brake.log[1:] == [
        "brake pre_move roby 0>3",
        "brake post_move roby",
        "brake pre_move roby 0>7",
        "brake post_move roby",
    ]


def test_searches_too_wait_for_the_hooks_of_the_move_before():
    brake = Brake()
    roby = an_axis("roby", brake)
    roby.move(3, wait=False)
    roby.stop()
    roby.home()
    assert [line.split()[1] for line in brake.log] == ["init", *["pre_move", "post_move"] * 2]


def test_what_is_no_hook_is_refused():
    for wrong in (None, [Brake], ["brake"]):
        with pytest.raises(UsageError, match="roby: motion_hooks must be a list of MotionHook objects, got "):
            SimulatedAxis("roby", motion_hooks=wrong)


class Pressing(Brake):
    """Presses Ctrl-C `times` times while it is left."""

    times = 1

    def post_move(self, motions):
        for _ in range(self.times):
            signal.raise_signal(signal.SIGINT)
        super().post_move(motions)


def test_ctrl_c_waits_until_a_hook_is_left(caplog):
    brake, before = Pressing(), signal.getsignal(signal.SIGINT)
    roby = an_axis("roby", brake)
    with pytest.raises(KeyboardInterrupt):
        roby.move(3)
    assert brake.log[-1] == "brake post_move roby"
    assert roby.position == 3
    assert "Ctrl-C waits until the motion hooks of roby are done" in caplog.text
    assert signal.getsignal(signal.SIGINT) is before


def test_pressed_again_it_ends_that_hook_and_the_others_are_left():
    log = []
    pads, brake = Brake("pads", log), Pressing("brake", log)
    brake.times = 2
    with pytest.raises(KeyboardInterrupt):
        an_axis("roby", pads, brake).move(3)
    assert "brake post_move roby" not in log
    assert log[-1] == "pads post_move roby"


def test_in_a_scan_ctrl_c_waits_until_a_hook_is_left():
    brake = Pressing()
    roby = an_axis("roby", brake)
    scan = a_scan(roby, [1, 2])
    with pytest.raises(ScanAbort):
        scan.run()
    assert [line.split()[1] for line in brake.log[-2:]] == ["post_move", "post_scan"]
    assert scan.state is ScanState.USER_ABORTED


def test_a_move_that_is_not_waited_for_leaves_no_handler_of_ctrl_c():
    before = signal.getsignal(signal.SIGINT)
    roby = an_axis("roby", Brake())
    roby.move(3, wait=False)
    assert signal.getsignal(signal.SIGINT) is before
    roby.wait_move()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_hook_that_holds_a_yield_would_do_nothing_and_is_refused():
    class Yielding(MotionHook):
        def pre_move(self, motions):
            yield

    with pytest.raises(UsageError, match="Yielding.pre_move holds a `yield`, .* belongs into `post_move`"):
        an_axis("roby", Yielding())
