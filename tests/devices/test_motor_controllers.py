"""Motor controllers in the manner of BLISS: a class for several axes, made in Python."""

import threading

import pytest
from boxes import mockup

from obtura.contracts.motion import MotionHook
from obtura.devices.bliss import (
    BuiltState,
    Controller,
    ControllerAxis,
    ModuloAxis,
    Motion,
    NoSettingsAxis,
    StaticConfig,
)
from obtura.devices.bliss.methods import add_axis_method, object_method
from obtura.devices.bliss.mockup import FaultyMockup, Mockup
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def in_virtual_time():
    with virtual_time():
        yield


# -- axes and their controller --------------------------------------------------------------------------------


def test_an_axis_speaks_units_and_its_controller_steps():
    box = mockup()
    roby = box.get_axis("roby")
    began = clock.time()
    roby.move(2.5)
    assert box.read_position(roby) == 2500
    assert clock.time() - began == pytest.approx(0.35, abs=0.01), "velocity and acceleration were told"
    assert box.get_axis("roby") is roby is box.axes["roby"]


def test_parts_of_steps_are_not_rounded():
    roby = mockup({"steps_per_unit": 1}).get_axis("roby")
    roby.move(0.25)
    assert roby.position == 0.25


class Cutting(Mockup):
    """Makes whole steps: what is beyond them is cut off."""

    def start_one(self, motion):
        super().start_one(Motion(motion.axis, float(int(motion.target_pos)), motion.delta))


def test_a_controller_that_makes_whole_steps_gets_as_near_as_they_allow():
    box = mockup({"steps_per_unit": 100}, kind=Cutting)
    roby = box.get_axis("roby")
    roby.move(1.2399)
    assert roby.position == pytest.approx(1.23) and roby.set_position == 1.2399
    box.start_one = lambda motion: None
    with pytest.raises(DeviceError, match="roby: the move to 1.26 mm ended at 1.23 mm, further off than"):
        roby.move(1.26)


def test_a_move_of_less_than_a_step_is_made():
    roby = mockup({"steps_per_unit": 1}).get_axis("roby")
    roby.move(0.5)
    roby.move(0.75)
    assert roby.position == 0.75


def test_without_a_velocity_none_is_told():
    box = mockup({"velocity": None, "acceleration": None})
    roby = box.get_axis("roby")
    roby.move(5)
    assert roby.position == 5
    assert box.read_velocity(roby) == float("inf")


def test_acctime_stands_for_an_acceleration():
    assert mockup({"acceleration": None, "acctime": 0.5}).get_axis("roby").acceleration == 20


def test_what_else_is_said_of_an_axis_is_in_its_config():
    roby = mockup({"channel": 3, "tags": ["a"]}).get_axis("roby")
    assert roby.config.get("channel", int) == 3
    assert roby.config.get("channel") == "3", "text unless a converter is given"
    assert roby.config.get("tags") == ["a"]
    assert roby.config.get("missing", int, 7) == 7
    assert roby.config.get("steps_per_unit", float) == 1000
    with pytest.raises(KeyError, match="the configuration of roby has no 'missing'"):
        roby.config.get("missing")
    roby.config.set("channel", 4)
    assert roby.config["channel"] == 4


def test_limits_are_checked_before_the_controller_hears_of_a_move():
    roby = mockup({"low_limit": -1, "high_limit": 1}).get_axis("roby")
    with pytest.raises(LimitError, match="roby: move to 2 mm would exceed high limit"):
        roby.move(2)


def test_it_jogs_searches_and_is_switched():
    roby = mockup({"home_position": 3, "switches": [-5, 7]}).get_axis("roby")
    roby.jog(-2)
    clock.sleep(1.0)
    roby.stop()
    assert -2.1 < roby.position < -1.9
    roby.home()
    assert roby.position == 3 and "HOME" in roby.state
    roby.hw_limit(1)
    assert roby.position == 7 and "LIMPOS" in roby.state
    roby.off()
    assert roby.state == "OFF"
    roby.on()
    roby.dial = 1.0
    assert roby.position == 7 and roby.dial == 1.0, "the user position stays"


def test_what_a_controller_can_not_do_is_refused_in_plain_words():
    class Poor(Controller):
        blocking = False

        def read_position(self, axis):
            return 0.0

        def state(self, axis):
            return BuiltState("READY")

    axis = Poor({"name": "poor", "axes": [{"name": "x"}]}).get_axis("x")
    with pytest.raises(UsageError, match="x: its controller can't search a home switch"):
        axis.home()
    with pytest.raises(UsageError, match="x: its power can't be switched"):
        axis.off()
    with pytest.raises(
        DeviceError, match=r"x: NotImplementedError: its controller must override start_one\(motion\) or start_all"
    ):
        axis.move(1)


def test_a_controller_that_only_starts_and_stops_all_will_do():
    class All(Mockup):
        def start_one(self, motion):
            Controller.start_one(self, motion)

        def start_all(self, *motions):
            for motion in motions:
                Mockup.start_one(self, motion)

        def stop(self, axis):
            Controller.stop(self, axis)

        def stop_all(self, *motions):
            for motion in motions:
                Mockup.stop(self, motion.axis)

    axis = mockup(kind=All).get_axis("roby")
    axis.move(1, wait=False)
    clock.sleep(0.05)
    axis.stop()
    assert 0 < axis.position < 1


def test_a_move_is_announced_with_its_target_and_distance():
    seen = []

    class Told(Mockup):
        def prepare_move(self, motion):
            seen.append(motion)

    axis = mockup({"backlash": 0}, kind=Told).get_axis("roby")
    axis.move(1)
    axis.move(3)
    assert seen[1] == Motion(axis, 3000.0, 2000.0, user_target_pos=3.0)


def test_initialize_is_called_once_and_again_when_it_failed():
    calls = []

    class Shy(Mockup):
        def initialize(self):
            calls.append("box")
            if len(calls) == 1:
                raise OSError("no answer")
            super().initialize()

        def initialize_axis(self, axis):
            calls.append(axis.name)
            super().initialize_axis(axis)

        def finalize(self):
            calls.append("end")

    box = mockup({"name": "a"}, {"name": "b"}, kind=Shy)
    box.close()
    with pytest.raises(OSError, match="no answer"):
        box.get_axis("a")
    box.get_axis("a")
    box.get_axis("b")
    box.close()
    assert calls == ["box", "box", "a", "b", "end"]


def test_who_is_not_there_is_told():
    with pytest.raises(UsageError, match=r"box has no 'robz' among its axes \(roby\)"):
        mockup().get_axis("robz")


def test_methods_marked_for_axes_are_had_by_them():
    class Marked(Mockup):
        @object_method
        def park(self, axis, where=0):
            """Park."""
            return axis.name, where

        @object_method(types_info=("None", "str"))
        def who(self, axis):
            return axis.name

        def initialize_axis(self, axis):
            super().initialize_axis(axis)
            add_axis_method(axis, self.whisper)

        def whisper(self, axis):
            return axis.name.lower()

    axis = mockup(kind=Marked).get_axis("roby")
    assert (axis.park(3), axis.who(), axis.whisper()) == (("roby", 3), "roby", "roby")


def test_an_encoder_of_the_controller_is_compared_after_a_move():
    box = mockup({"encoder": "$enc"}, encoders=[{"name": "enc", "steps_per_unit": 50, "tolerance": 0.1}])
    axis = box.get_axis("roby")
    axis.move(1)
    assert axis.measured_position == 1
    axis.encoder.error = 0.5
    with pytest.raises(DeviceError, match="its encoder enc reads 2.5 mm"):
        axis.move(2)
    axis.encoder.set(2.0)
    assert axis.encoder.error == 0
    assert axis.encoder.counter.read() == 2.0


def test_kinds_of_axes():
    box = mockup(
        {"class": "ModuloAxis", "name": "rot", "modulo": 360}, {"class": "NoSettingsAxis", "name": "none", "channel": 1}
    )
    rot, none = box.get_axis("rot"), box.get_axis("none")
    rot.move(350)
    rot.move(10)
    assert isinstance(rot, ModuloAxis) and rot.position == 10 and box.read_position(rot) == 10_000
    heard = []
    none.on_setting(lambda key, value: heard.append(key))
    none.velocity = 5
    none.move(1)
    assert isinstance(none, NoSettingsAxis) and none.settings() == {} and heard == []
    with pytest.raises(UsageError, match="a ModuloAxis needs modulo"):
        mockup({"class": "ModuloAxis"}).get_axis("roby")


def test_faults_of_a_mockup():
    box = mockup(kind=FaultyMockup)
    axis = box.get_axis("roby")
    axis.move(1)
    box.bad_start = True
    with pytest.raises(DeviceError, match="roby: OSError: the motor does not answer to start"):
        axis.move(2)
    box.bad_start = False
    box.fault_state = True
    with pytest.raises(DeviceError, match="roby can't be moved: FAULT"):
        axis.move(2)


def test_a_call_that_hangs_does_not_keep_stop_from_its_controller():
    hung, let_go = threading.Event(), threading.Event()

    class Hangs(Mockup):
        stopped = False

        def read_position(self, axis):
            if threading.current_thread().name == "hangs":
                hung.set()
                let_go.wait(60)
            return super().read_position(axis)

        def stop(self, axis):
            self.stopped = True

    box = mockup(kind=Hangs)
    axis = box.get_axis("roby")
    thread = threading.Thread(target=lambda: axis.position, name="hangs")
    thread.start()
    hung.wait(60)
    axis._usable.stop()
    assert box.stopped
    let_go.set()
    thread.join()


def test_one_call_at_a_time_is_made_to_a_controller():
    together = []

    class Watched(Mockup):
        busy = False

        def state(self, axis):
            together.append(self.busy)
            self.busy = True
            state = super().state(axis)
            self.busy = False
            return state

    box = mockup({"name": "a"}, {"name": "b"}, kind=Watched)
    axes = [box.get_axis("a"), box.get_axis("b")]
    threads = [threading.Thread(target=lambda axis=axis: [axis.state for _ in range(200)]) for axis in axes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 400 and not any(together)


def test_a_state_that_is_none_is_told():
    class Silent(Mockup):
        def state(self, axis):
            return BuiltState() if axis.name == "empty" else "READY"

    box = mockup({"name": "empty"}, {"name": "text"}, kind=Silent)
    for name in ("empty", "text"):
        with pytest.raises(DeviceError, match=rf"{name}: its controller's state\(\) must give an AxisState"):
            _ = box.get_axis(name).state


# -- states ---------------------------------------------------------------------------------------------------


def test_a_state_is_put_together():
    state = BuiltState()
    assert not state
    state.create_state("PARKED", "out of the way")
    state.set("MOVING")
    state.set("READY")
    state.set("PARKED")
    assert state == "READY" and state.PARKED and not state.MOVING and state.ready
    other = state.new()
    assert not other
    other.set("PARKED")
    state.unset("READY")
    assert str(state) == str(other) == "PARKED (out of the way)"
    state.clear()
    assert not state and not state.ready
    with pytest.raises(UsageError, match="'PARKD' is not known"):
        state.set("PARKD")
    assert str(BuiltState(("PARKED", "away"), "READY")) == "READY (Axis is READY) | PARKED (away)"


def test_a_config_is_a_mapping():
    config = StaticConfig({"a": 1})
    assert dict(config) == {"a": 1} and len(config) == 1 and config.config_dict == {"a": 1}


def test_an_axis_can_be_made_for_any_hardware():
    box = mockup()
    axis = ControllerAxis("other", box, steps_per_unit=10)
    assert box.axes["other"] is axis


class Seen(MotionHook):
    """Takes down what hooks written for BLISS ask of a motion."""

    def __init__(self):
        self.seen = []

    def pre_move(self, motion_list):
        self.seen += [(one.axis.name, one.target_pos, one.user_target_pos, one.type) for one in motion_list]


def test_a_hook_may_ask_for_steps():
    hook = Seen()
    roby = mockup({"motion_hooks": [hook], "sign": -1}).get_axis("roby")
    roby.move(2)
    assert hook.seen == [("roby", -2000, 2, "move")]
