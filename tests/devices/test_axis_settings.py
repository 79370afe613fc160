"""What of an axis outlives a session, and who hears of it."""

import json
import math

import pytest
from controller import Stage
from hypothesis import given
from hypothesis import strategies as st
from timeline import elsewhere, timeline

from obtura.devices import Axis
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceBusyError, DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def an_axis(**options):
    return SimulatedAxis("roby", **{"unit": "mm", "limits": (-100, 100), "velocity": 10, **options})


def stored(axis):
    """A dictionary that follows the settings of an axis, through JSON as a store would."""
    kept = dict(axis.settings())
    axis.on_setting(lambda key, value: kept.__setitem__(key, json.loads(json.dumps(value))))
    return kept


# -- the next session


def test_what_was_set_holds_in_the_next_session():
    roby = an_axis()
    kept = stored(roby)
    roby.velocity, roby.acceleration, roby.backlash, roby.sign = 5, 50, 0.1, -1
    roby.move(3)
    roby.position = 7
    roby.limits = -1, 20
    again = an_axis()
    again.restore(kept)
    names = ("position", "dial", "offset", "sign", "velocity", "acceleration", "backlash", "limits", "dial_limits")
    for name in names:
        assert getattr(again, name) == pytest.approx(getattr(roby, name)), name
    assert dict(again.settings()) == dict(roby.settings())


@given(st.floats(-50, 50), st.floats(-50, 50), st.sampled_from([1, -1]))
def test_a_simulated_axis_is_where_it_was(target, offset, sign):
    with virtual_time():
        roby, again = an_axis(), an_axis()
        kept = stored(roby)
        roby.sign, roby.offset = sign, offset
        roby.move(roby.dial2user(target))
        again.restore(kept)
        assert again.position == roby.position


def test_what_is_as_configured_is_not_kept():
    roby = an_axis()
    kept = stored(roby)
    roby.velocity = 5
    roby.velocity = 10
    assert kept["velocity"] is None
    changed = an_axis(velocity=20)
    changed.restore(kept)
    assert changed.velocity == 20


def test_a_controller_that_knows_where_it_is_is_not_told():
    roby = Axis("roby", Stage())
    kept = stored(roby)
    roby.move(3)
    assert kept == {"dial": None}
    assert "dial" not in roby.settings()


def test_apply_config_returns_to_the_configuration_but_keeps_offset_and_sign():
    roby = an_axis(backlash=1)
    kept = stored(roby)
    roby.velocity, roby.acceleration, roby.backlash, roby.limits, roby.offset = 5, 7, 2, (0, 1), 0.5
    roby.apply_config()
    assert (roby.velocity, roby.acceleration, roby.backlash, roby.dial_limits) == (10, 100, 1, (-100, 100))
    assert roby.offset == 0.5
    assert [key for key, value in kept.items() if value is not None] == ["dial", "offset"]
    roby.apply_config("offset")
    assert roby.offset == 0
    with pytest.raises(UsageError, match="setting 'velocty' is not known: did you mean 'velocity'"):
        roby.apply_config("velocty")


def test_the_configuration_can_be_looked_at():
    roby = an_axis()
    roby.velocity = 5
    assert roby.config["velocity"] == 10
    assert roby.config["limits"] == [-100, 100]


@pytest.mark.parametrize(
    "settings",
    [
        *({"velocity": -1}, {"velocity": "fast"}, {"limits": [1]}, {"sign": 3}, {"dial": "here"}),
        *({"dial": {"from": 0, "to": "there"}}, {"offset": math.nan}),
    ],
)
def test_settings_that_cannot_be_are_refused_as_a_whole(settings):
    roby = an_axis()
    with pytest.raises(UsageError, match="roby"):
        roby.restore({"acceleration": 3, **settings})
    assert roby.acceleration == 100
    assert roby.position == 0


def test_keys_of_other_versions_and_absent_values_are_left_alone():
    roby = an_axis()
    roby.restore({"colour": "blue", "velocity": None, "dial": None})
    assert roby.velocity == 10
    assert roby.notices() == []


def test_a_velocity_that_is_not_allowed_any_more_gives_way_to_the_configured_one():
    roby = an_axis(velocity_high_limit=15)
    roby.restore({"velocity": 50, "offset": 3})
    assert (roby.velocity, roby.offset) == (10, 3)
    assert roby.notices() == ["roby: velocity 50 would exceed its high limit (15): it is 10, as configured"]


# -- a session that ends in the middle of a move


def test_killed_on_its_way_a_simulated_axis_is_at_its_target_and_says_so():
    roby = an_axis(offset=1)
    kept = stored(roby)
    roby.move(10, wait=False)
    clock.sleep(0.3)
    at_the_kill = dict(kept)
    assert at_the_kill["dial"] == {"from": -0.0, "to": 9}
    again = an_axis(offset=1)
    again.restore(at_the_kill)
    assert again.position == 10
    assert again.notices() == [
        "roby: the last session ended while it moved from 1 mm to 10 mm; it is taken to be at 10 mm"
    ]
    again_kept = dict(at_the_kill)
    again.on_setting(again_kept.__setitem__)
    assert again_kept["dial"] == 9  # nobody is told a second time


def test_killed_on_its_way_a_real_axis_says_to_look():
    roby = Axis("roby", Stage(), unit="mm")
    kept = {}
    roby.restore({"dial": {"from": 0, "to": 10}})
    assert roby.notices() == ["roby: the last session ended while it moved from 0 mm to 10 mm; look where it is"]
    roby.on_setting(kept.__setitem__)
    assert kept == {"dial": None}


def test_killed_while_it_jogs_it_is_where_it_began():
    roby = an_axis()
    kept = stored(roby)
    roby.jog(1)
    assert kept["dial"] == {"from": 0, "to": None}
    again = an_axis()
    again.restore(kept)
    assert again.position == 0
    assert again.notices() == ["roby: the last session ended while it moved from 0 mm; it is taken to be at 0 mm"]
    roby.stop()


def test_stopped_on_its_way_it_is_kept_where_it_stands(time):
    roby = an_axis()
    kept = stored(roby)
    time.at(0.3, elsewhere(roby.stop))
    with pytest.raises(DeviceError, match="was stopped"):
        roby.move(10)
    assert kept["dial"] == roby.position < 10


def test_of_a_move_nobody_waits_for_the_end_is_kept_too():
    roby = an_axis()
    kept = stored(roby)
    roby.move(10, wait=False)
    while kept["dial"] != 10:
        clock.sleep(0.01)
    assert not roby.is_moving


def test_nobody_may_listen():
    roby = an_axis()
    kept = stored(roby)
    roby.on_setting(None)
    roby.velocity = 1
    assert "velocity" not in kept


# -- disabled


def test_a_disabled_axis_refuses_everything_and_leaves_the_controller_alone():
    stage = Stage()
    roby = Axis("roby", stage)
    roby.disable("its encoder is broken")
    stage.error_of.update(position=OSError(), state=OSError())
    message = r"roby is disabled \(its encoder is broken\); roby.enable\(\) ends that"
    for refuse in (lambda: roby.position, roby.on, lambda: roby.rmove(1), lambda: setattr(roby, "position", 1)):
        with pytest.raises(DeviceError, match=message):
            refuse()
    for refuse in (roby.check, lambda: roby.move(1), lambda: roby.jog(1)):
        with pytest.raises(DeviceError, match=r"roby.*enable\(\) ends that"):
            refuse()
    assert roby.state == "DISABLED"
    assert str(roby.state) == "DISABLED (its encoder is broken)"
    assert roby.disabled
    roby.stop()
    assert stage.log == []


def test_enabled_again_it_moves():
    roby = an_axis()
    roby.disable()
    roby.enable()
    roby.move(1)
    assert roby.position == 1


def test_it_is_disabled_in_the_next_session_too():
    roby = an_axis()
    roby.move(4)
    kept = stored(roby)
    roby.disable("broken")
    again = an_axis()
    again.restore(kept)
    assert again.state == "DISABLED"
    assert again.notices() == ["roby is disabled: broken (roby.enable() ends that)"]
    again.enable()
    assert again.position == 4


def test_a_moving_axis_is_not_disabled_but_a_dead_one_is():
    stage = Stage()
    roby = Axis("roby", stage)
    roby.move(5, wait=False)
    with pytest.raises(DeviceBusyError, match="roby is moving"):
        roby.disable()
    stage.error_of["state"] = OSError("no answer")
    roby.disable("no answer since Monday")
    assert roby.disabled


# -- who wants to know


def test_events_tell_what_happens():
    roby = an_axis(acceleration=math.inf)
    seen = []
    for event in ("move_done", "state", "position", "dial", "velocity", "offset", "limits", "disabled"):
        roby.on_event(event, lambda value, event=event: seen.append((event, value)))
    roby.velocity = 20
    roby.move(4)
    assert seen[0] == ("velocity", 20)
    assert seen[1][0] == "move_done"
    assert seen[1][1] is False
    assert seen[2] == ("state", "MOVING")
    assert [value for event, value in seen if event == "position"] == pytest.approx([0, 2, 4], abs=1e-6)
    assert seen[-1] == ("move_done", True)
    seen.clear()
    roby.position = 10
    assert sorted({event for event, _ in seen}) == ["offset", "position"]
    assert ("position", 10) in seen
    seen.clear()
    roby.limits = 0, 20
    roby.disable()
    assert seen == [("limits", (0, 20)), ("disabled", True)]


def test_somebody_may_stop_listening():
    roby, seen = an_axis(), []
    roby.on_event("move_done", seen.append)
    roby.off_event("move_done", seen.append)
    roby.off_event("move_done", seen.append)
    roby.move(1)
    assert seen == []


def test_a_callback_that_fails_is_logged_and_breaks_nothing(caplog):
    roby, seen = an_axis(), []
    roby.on_event("move_done", lambda done: 1 / 0)
    roby.on_event("move_done", seen.append)
    roby.move(1)
    assert seen == [False, True]
    assert "roby: a callback on move_done failed: ZeroDivisionError" in caplog.text


def test_an_event_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="roby: event 'postion' is not known: did you mean 'position'"):
        an_axis().on_event("postion", print)


def test_a_move_nobody_waits_for_tells_its_end():
    roby, seen = an_axis(), []
    roby.on_event("move_done", seen.append)
    roby.move(1, wait=False)
    while seen != [False, True]:
        clock.sleep(0.01)
    roby.wait_move()
    assert roby.position == 1
