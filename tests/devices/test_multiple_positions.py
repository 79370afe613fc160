"""Places with a label."""

import pytest
from timeline import press_ctrl_c, timeline

from obtura.devices import LabelledPosition, MultiplePositions, Target
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.works.clock import clock, virtual_time


class Stage:
    """Two axes and a beamstop on them; `log` has the order in which they set off."""

    def __init__(self, **options):
        self.roby = SimulatedAxis("roby", unit="mm", limits=(-10, 10))
        self.robz = SimulatedAxis("robz", unit="mm", limits=(-10, 10))
        self.beamstop = MultiplePositions(
            "beamstop",
            [
                LabelledPosition("IN", [Target(self.roby, 2.5, 0.01), Target(self.robz, 1, 0.2)], "in the beam"),
                LabelledPosition("OUT", [Target(self.roby, 7.5)]),
                LabelledPosition("far", [(self.roby, 5), (self.robz, 99)]),
            ],
            **options,
        )


@pytest.fixture
def stage():
    with virtual_time():
        yield Stage()


def test_it_goes_to_a_label_and_says_where_it_is(stage):
    assert stage.beamstop.position == "unknown"
    stage.beamstop.move("IN")
    assert stage.roby.position == 2.5
    assert stage.robz.position == 1
    assert stage.beamstop.position == "IN"
    stage.beamstop.OUT()
    assert stage.roby.position == 7.5
    assert stage.beamstop.position == "OUT"
    assert stage.beamstop.labels == ("IN", "OUT", "far")
    assert stage.beamstop.axes == (stage.roby, stage.robz)
    assert {"IN", "OUT"} <= set(dir(stage.beamstop))


def test_it_is_there_as_long_as_every_axis_is_within_its_tolerance(stage):
    stage.beamstop.move("IN")
    stage.robz.move(1.19)
    assert stage.beamstop.position == "IN"
    stage.robz.move(1.21)
    assert stage.beamstop.position == "unknown"


def test_its_axes_move_together_or_one_after_the_other():
    with virtual_time():
        Stage().beamstop.move("IN")
        together = clock.time()
    with virtual_time():
        Stage(move_simultaneous=False).beamstop.move("IN")
        assert clock.time() > together * 1.3


def test_it_can_set_off_without_waiting(stage):
    stage.beamstop.move("IN", wait=False)
    stage.beamstop.wait_move()
    assert stage.beamstop.position == "IN"
    assert stage.beamstop.state == "READY"


def test_ctrl_c_stops_axes_that_are_waited_for_later():
    with timeline() as time:
        stage = Stage()
        stage.beamstop.move("IN", wait=False)
        time.at(0.2, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            stage.beamstop.wait_move()
        assert stage.beamstop.state == "READY"
        assert 0 < stage.roby.position < 2.5


def test_somebody_has_to_wait_when_axes_move_one_after_the_other():
    stage = Stage(move_simultaneous=False)
    with virtual_time():
        with pytest.raises(UsageError, match="one after the other"):
            stage.beamstop.move("IN", wait=False)
        stage.beamstop.move("OUT", wait=False)  # one axis only
        stage.beamstop.wait_move()


def test_ctrl_c_stops_its_axes():
    with timeline() as time:
        stage = Stage()
        time.at(0.2, press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            stage.beamstop.move("IN")
        assert stage.beamstop.state == "READY"
        assert 0 < stage.roby.position < 2.5


def test_stop_brings_its_axes_to_rest(stage):
    stage.roby.move(5, wait=False)
    clock.sleep(0.2)
    assert stage.beamstop.state == "MOVING"
    stage.beamstop.stop()
    assert stage.beamstop.state == "READY"
    assert stage.roby.position < 5


def test_nothing_moves_when_a_target_is_out_of_limits(stage):
    with pytest.raises(LimitError, match="robz"):
        stage.beamstop.move("far")
    assert stage.roby.position == 0
    assert clock.time() == 0


def test_nothing_moves_when_an_axis_is_moving(stage):
    stage.robz.move(5, wait=False)
    with pytest.raises(DeviceError, match="robz is moving"):
        stage.beamstop.move("IN")
    assert stage.roby.position == 0


@pytest.mark.parametrize("label", ["in", "ON", None])
def test_a_label_that_it_has_not_is_refused(stage, label):
    with pytest.raises(UsageError, match=r"beamstop: label .* is not known.*known: IN, OUT, far"):
        stage.beamstop.move(label)


def test_what_is_neither_a_method_nor_a_label_is_no_attribute(stage):
    with pytest.raises(AttributeError, match="no attribute and no position 'nowhere'"):
        stage.beamstop.nowhere  # noqa: B018


@pytest.mark.parametrize("label", ["move", "position", "unknown", "", 3])
def test_a_label_that_means_something_else_is_refused(stage, label):
    with pytest.raises(UsageError, match="can't be a label"):
        stage.beamstop.create_position(label, [(stage.roby, 1)])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([], "half needs at least one target"),
        ([("roby", 3)], "half needs axes, got 'roby'"),
        ([(SimulatedAxis("robx"), 3)], "axis 'robx' is not known"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(stage, target, message):
    with pytest.raises(UsageError, match=message):
        stage.beamstop.create_position("half", target)
    assert "half" not in stage.beamstop.labels


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (("far",), "destination of roby must be a number"),
        ((1, -1), "tolerance of roby must not be negative"),
        ((1, "x"), "tolerance of roby must be a number"),
    ],
)
def test_a_number_that_is_none_is_refused(stage, numbers, message):
    with pytest.raises(UsageError, match=message):
        stage.beamstop.create_position("half", [(stage.roby, *numbers)])


def test_an_axis_may_be_in_a_position_once_only(stage):
    with pytest.raises(UsageError, match="roby is there twice"):
        stage.beamstop.create_position("half", [(stage.roby, 1), (stage.roby, 2)])


def test_a_label_may_be_there_once_only(stage):
    with pytest.raises(UsageError, match="the label 'a' is there twice"):
        MultiplePositions("m", [("a", [Target(stage.roby, 1)], ""), ("a", [Target(stage.roby, 2)], "")])
    with pytest.raises(UsageError, match="there is a position 'IN' already"):
        stage.beamstop.create_position("IN", [(stage.roby, 1)])


def test_positions_are_made_changed_and_removed(stage):
    stage.beamstop.create_position("half", [(stage.roby, 4), (stage.robz, 5, 0.5)], "half in")
    stage.beamstop.half()
    assert stage.beamstop.position == "half"
    stage.roby.move(4.5)
    stage.beamstop.update_position("half")
    assert stage.beamstop.position == "half"
    stage.beamstop.update_position("half", description="a bit in")
    stage.beamstop.update_position("half", [(stage.roby, 6)])
    assert stage.beamstop.position == "unknown"
    stage.beamstop.half()
    assert stage.roby.position == 6
    stage.beamstop.remove_position("half")
    assert stage.beamstop.labels == ("IN", "OUT", "far")
    with pytest.raises(UsageError, match="label 'half'"):
        stage.beamstop.remove_position("half")


def test_what_was_made_changed_and_removed_is_kept_between_sessions(stage):
    kept = {}
    stage.beamstop.on_setting(kept.__setitem__)
    stage.beamstop.create_position("half", [(stage.roby, 4), (stage.robz, 5, 0.5)], "half in")
    stage.beamstop.update_position("OUT", [(stage.roby, -3)])
    stage.beamstop.remove_position("far")
    assert set(kept) == {"half", "OUT", "far"}
    again = Stage()
    again.beamstop.restore(kept)
    assert again.beamstop.labels == ("IN", "OUT", "half")
    assert again.beamstop.settings() == stage.beamstop.settings()
    again.beamstop.half()
    assert again.robz.position == 5
    again.beamstop.OUT()
    assert again.roby.position == -3


def test_an_axis_of_a_removed_position_may_be_used_again():
    stage = Stage()
    alone = MultiplePositions("m", [LabelledPosition("a", [Target(stage.roby, 1)])], axes=[stage.robz])
    alone.remove_position("a")
    alone.create_position("b", [(stage.robz, 1), (stage.roby, 2)])
    assert alone.labels == ("b",)


def test_a_kept_position_of_an_axis_that_is_gone_is_left_out_and_said(stage, caplog):
    stage.beamstop.restore({"old": {"description": "", "target": [{"axis": "x", "destination": 1, "tolerance": None}]}})
    assert stage.beamstop.labels == ("IN", "OUT", "far")
    assert "beamstop: position old is left out: it needs x" in caplog.text


@pytest.mark.parametrize("kept", [3, {"target": []}, {"description": "", "target": [{"axis": "roby"}]}])
def test_settings_that_make_no_sense_are_refused(stage, kept):
    with pytest.raises(UsageError, match="old can't be a position"):
        stage.beamstop.restore({"IN": None, "old": kept})
    assert stage.beamstop.labels == ("IN", "OUT", "far")


def test_it_shows_its_positions_and_where_it_is(stage):
    stage.beamstop.move("IN")
    assert stage.beamstop.__info__().splitlines() == [
        "beamstop: IN",
        "*  IN   in the beam  roby = 2.5 mm (± 0.01), robz = 1 mm (± 0.2)",
        "   OUT               roby = 7.5 mm (± 0.0001)",
        "   far               roby = 5 mm (± 0.0001), robz = 99 mm (± 0.0001)",
        "roby = 2.5 mm, robz = 1 mm",
    ]
    assert repr(stage.beamstop) == "MultiplePositions('beamstop')"


@pytest.mark.parametrize("target", ["roby", 5])
def test_a_target_is_a_list_of_axes_with_their_destinations(stage, target):
    given = stage.roby if target == "roby" else [target]
    with pytest.raises(UsageError, match=r"beamstop: half: expected a list of \(axis, destination\)"):
        stage.beamstop.create_position("half", given)
    assert "half" not in stage.beamstop.labels
