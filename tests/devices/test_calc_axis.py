"""Calculated axes: slits, tables, what is made of them, and the real axes that they move."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline import elsewhere, press_ctrl_c, timeline

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import is_movable
from obtura.contracts.motion import MotionHook
from obtura.contracts.together import move_together, real_axes
from obtura.devices import CalcAxes, CalcAxis, Group, Slits, SoftAxis, SoftCounter
from obtura.devices.sim import FaultyAxis, SimulatedAxis
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def blade(name, **options):
    return SimulatedAxis(
        name, **{"unit": "mm", "velocity": 1, "acceleration": math.inf, "limits": (-10, 10), **options}
    )


def slits(**options):
    return Slits("s1", blade("sf", **options), blade("sb", **options), hgap="s1gap", hoffset="s1off")


class Table(CalcAxes):
    """Two legs, 10 apart."""

    def calc_from_real(self, real):
        return {"height": (real["front"] + real["back"]) / 2, "tilt": (real["front"] - real["back"]) / 10}

    def calc_to_real(self, pseudo):
        return {"front": pseudo["height"] + 5 * pseudo["tilt"], "back": pseudo["height"] - 5 * pseudo["tilt"]}


# -- where they are


def test_slits_are_a_gap_and_an_offset():
    s1 = slits()
    gap, offset = s1["hgap"], s1["hoffset"]
    assert is_movable(gap)
    assert (gap.name, offset.name, gap.unit) == ("s1gap", "s1off", "mm")
    assert list(s1.axes) == ["s1gap", "s1off"]
    assert gap.blocking is False
    gap.move(4)
    offset.move(1)
    assert (gap.position, offset.position) == (4, 1)
    assert (s1.real["front"].position, s1.real["back"].position) == (1, 3)


def test_four_blades_have_names_of_their_own():
    s1 = Slits("s1", *(blade(name) for name in ("f", "b", "u", "d")))
    assert list(s1.axes) == ["s1_hgap", "s1_hoffset", "s1_vgap", "s1_voffset"]
    Group(*s1.axes.values()).move("s1_hgap", 2, "s1_hoffset", 0.5, "s1_vgap", 4, "s1_voffset", -1)
    assert {tag: axis.position for tag, axis in s1.real.items()} == {"front": 0.5, "back": 1.5, "up": 1, "down": 3}
    with pytest.raises(UsageError, match="s1: slits have the blades front and back, up and down, or all four"):
        Slits("s1", front=blade("f"))


@given(st.lists(st.tuples(st.sampled_from(["height", "tilt"]), st.floats(-1, 1)), max_size=10))
def test_what_is_not_moved_stays_where_it_was_sent(moves):
    with virtual_time():
        table = Table(
            "table", {"front": blade("tf", steps_per_unit=100), "back": blade("tb")}, {"height": "h", "tilt": "t"}
        )
        sent = {"height": 0.0, "tilt": 0.0}
        for axis in table.axes.values():
            axis.tolerance = 0.01
        for tag, target in moves:
            table[tag].move(target)
            sent[tag] = target
        for tag, target in sent.items():
            assert table[tag].position == pytest.approx(target, abs=0.01)  # the legs stop at whole steps


@given(st.floats(-2, 2), st.floats(-2, 2), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_signs_and_offsets_of_all_axes_are_respected(target, offset, sign, real_sign):
    with virtual_time():
        s1 = slits(sign=real_sign, offset=offset)
        gap = s1["hgap"]
        gap.sign = sign
        gap.offset = offset
        gap.move(target)
        assert gap.position == pytest.approx(target, abs=1e-9)
        assert sum(axis.position for axis in s1.real.values()) == pytest.approx(gap.dial, abs=1e-9)


def test_setting_its_position_changes_its_offset_only():
    s1 = slits()
    s1["hgap"].move(2)
    s1["hgap"].position = 0
    assert s1["hgap"].offset == -2
    s1["hgap"].move(1)
    assert s1.real["front"].position == 1.5
    with pytest.raises(UsageError, match="s1gap: it is calculated: set the dial positions of its real axes"):
        s1["hgap"].dial = 0


# -- how they move


def test_the_real_axes_move_together():
    s1 = slits()
    assert s1["hgap"].estimate(8) == 4
    s1["hgap"].move(8, wait=False)
    clock.sleep(2)
    assert s1["hgap"].is_moving
    assert s1["hgap"].position == pytest.approx(4)
    s1["hgap"].wait_move()
    assert clock.time() == pytest.approx(4, abs=0.1)
    assert s1["hgap"].state == "READY"


def test_two_of_them_can_be_moved_together():
    s1 = slits()
    move_together([s1["hgap"], s1["hoffset"]], [4, 1])
    assert (s1["hgap"].position, s1["hoffset"].position) == (4, 1)
    with pytest.raises(UsageError, match="sf is moved by s1gap too: they can't be moved together"):
        Group(s1["hgap"], s1.real["front"])


def test_while_one_of_them_moves_the_others_refuse():
    s1 = slits()
    s1["hgap"].move(8, wait=False)
    with pytest.raises(DeviceBusyError, match="is moving"):
        s1["hoffset"].move(1)
    s1["hgap"].wait_move()
    assert s1["hgap"].position == 8


@pytest.mark.parametrize("who", ["hgap", "hoffset", "front"])
def test_stopped_from_elsewhere_all_rest(time, who):
    s1 = slits()
    stopped = s1.real[who] if who == "front" else s1[who]
    time.at(1, elsewhere(stopped.stop))
    with pytest.raises(DeviceError, match="s1gap: the move to 8 mm (was stopped|ended) at"):
        s1["hgap"].move(8)
    assert not any(axis.is_moving for axis in s1.real.values())
    s1["hgap"].move(1)


def test_ctrl_c_stops_the_real_axes(time):
    s1 = slits()
    time.at(1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        s1["hgap"].move(8)
    assert [axis.position for axis in s1.real.values()] == pytest.approx([1, 1])
    assert not s1["hgap"].is_moving


def test_when_one_real_axis_fails_the_others_are_stopped(time):
    front, back = FaultyAxis("front", velocity=1, acceleration=math.inf), blade("back")
    s1 = Slits("s1", front, back)
    time.at(1, lambda: setattr(front.motor, "fault", "overheated"))
    with pytest.raises(DeviceError, match=r"s1_hgap: the move to 8 failed at .*FAULT \(front: overheated\)"):
        s1["hgap"].move(8)
    assert not back.is_moving
    assert back.position < 2
    with pytest.raises(DeviceError, match=r"front can't be moved: FAULT \(overheated\)"):
        s1["hgap"].move(1)


def test_a_real_axis_that_cannot_set_off_stops_the_others():
    front, back = blade("front"), FaultyAxis("back", bad_start="no power")
    with pytest.raises(DeviceError, match="back: OSError: no power"):
        Slits("s1", front, back)["hgap"].move(8)
    assert not front.is_moving


def test_what_a_real_axis_says_of_its_arrival_is_told():
    front = FaultyAxis("front", unit="mm", drift=0.5)
    with pytest.raises(DeviceError, match="s1_hgap: the move to 4 mm ended at 4.5 mm") as caught:
        Slits("s1", front, blade("back"))["hgap"].move(4)
    assert "because front: the move to 2 mm ended at 2.5 mm" in caught.value.__notes__[0]


def test_only_positions_can_be_gone_to():
    gap = slits()["hgap"]
    for refuse in (lambda: gap.jog(1), gap.home, lambda: gap.hw_limit(1), gap.off):
        with pytest.raises(UsageError, match="s1gap: "):
            refuse()


def test_real_axes_may_have_backlash():
    s1 = slits(backlash=0.5)
    s1["hgap"].move(4)
    s1["hgap"].move(2)
    assert s1["hgap"].position == 2
    assert clock.time() == pytest.approx(2 + 1 + 2 * 0.5, abs=0.1)


# -- limits


def test_limits_of_real_axes_hold():
    gap = slits()["hgap"]
    gap.check_target(20)
    with pytest.raises(LimitError, match=r"s1gap at 21 mm: sf: move to 10.5 mm would exceed high limit \(10 mm\)"):
        gap.move(21)
    gap.limits = 0, 5
    with pytest.raises(LimitError, match=r"s1gap: move to 6 mm would exceed high limit \(5 mm\)"):
        gap.move(6)


def test_limits_of_real_axes_hold_for_a_group():
    s1 = slits()
    group = Group(*s1.axes.values())
    with pytest.raises(LimitError, match="s1gap at 5 mm and s1off at -10 mm: sf: move to 12.5 mm would exceed"):
        group.move("s1gap", 5, "s1off", -10)
    assert group.position == {"s1gap": 0, "s1off": 0}


def layered():
    """Slits whose front blade is on a table."""
    table = Table("table", {"front": blade("tf"), "back": blade("tb")}, {"height": "th", "tilt": "tt"}, unit="mm")
    return Slits("s1", table["height"], blade("sb", limits=(-99, 99)))


def test_limits_hold_through_several_layers():
    s1 = layered()
    with pytest.raises(LimitError, match="s1_hgap at 30 mm: th at 15 mm: tf: move to 15 mm would exceed high limit"):
        s1["hgap"].move(30)
    assert [axis.name for axis in real_axes([s1["hgap"]])] == ["th", "sb", "tf", "tb"]


def test_several_layers_move_and_stop_together(time):
    s1 = layered()
    s1["hgap"].move(4)
    assert s1["hgap"].position == 4
    assert [axis.position for axis in real_axes([s1["hgap"]])] == [2, 2, 2, 2]
    time.at(clock.time() + 1, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        s1["hgap"].move(12)
    assert [axis.position for axis in real_axes([s1["hgap"]])] == pytest.approx([3, 3, 3, 3])
    assert not any(axis.is_moving for axis in real_axes([s1["hgap"]]))


class Root(CalcAxes):
    """The square root, which negative numbers don't have."""

    def calc_from_real(self, real):
        return {"root": math.sqrt(real["x"])}

    def calc_to_real(self, pseudo):
        return {"x": pseudo["root"] ** 2 if pseudo["root"] < 5 else math.nan}


def test_what_cannot_be_calculated_is_no_position():
    class Inverse(Root):
        def calc_from_real(self, real):
            return {"root": real["x"]}

        def calc_to_real(self, pseudo):
            return {"x": 1 / pseudo["root"]}

    root = Root("calc", {"x": blade("x")}, {"root": "root"})["root"]
    with pytest.raises(LimitError, match="root at 6 can't be: x would have to go to nan"):
        root.move(6)
    inverse = Inverse("calc", {"x": blade("x")}, {"root": "inv"})["root"]
    with pytest.raises(LimitError, match="inv at 0 can't be: ZeroDivisionError"):
        inverse.move(0)


def test_an_error_in_the_calculation_has_the_name_of_the_axis():
    x = blade("x")
    root = Root("calc", {"x": x}, {"root": "root"})["root"]
    x.move(-1)
    with pytest.raises(DeviceError, match="root: ValueError: "):
        assert root.position


# -- what is seen of them


def test_its_state_is_that_of_its_real_axes():
    s1 = slits()
    front = s1.real["front"]
    assert s1["hgap"].state == "READY"
    front.off()
    assert str(s1["hgap"].state) == "OFF (sf: OFF (power is off))"
    front.on()
    front.disable("broken")
    with pytest.raises(DeviceError, match=r"sf can't be moved: DISABLED \(broken\)"):
        s1["hgap"].check()
    front.enable()
    s1["hgap"].disable("not today")
    with pytest.raises(DeviceError, match=r"s1gap can't be moved: DISABLED \(not today\)"):
        s1["hgap"].move(1)


def test_its_events_follow_the_real_axes():
    s1 = slits()
    seen = []
    s1["hgap"].on_event("position", seen.append)
    s1.real["front"].move(1)
    assert seen[-1] == 1
    s1["hgap"].off_event("position", seen.append)
    seen.clear()
    s1.real["front"].move(2)
    assert seen == []


def test_hooks_of_real_axes_are_called_too():
    log = []

    class Air(MotionHook):
        def pre_move(self, motions):
            log.append(sorted(f"{one.axis.name} {one.target:g}" for one in motions))

        def post_move(self, motions):
            log.append("off")

    air = Air()
    s1 = Slits("s1", blade("sf", motion_hooks=[air]), blade("sb", motion_hooks=[air]))
    s1["hgap"].move(2)
    s1["hgap"].move(4, wait=False)
    s1["hgap"].wait_move()
    assert log == [["sb 1", "sf 1"], "off", ["sb 2", "sf 2"], "off"]


def test_axes_may_be_made_one_by_one():
    table = Table("table", {"front": blade("tf"), "back": blade("tb")})
    height = CalcAxis("height", table, "height", unit="um", limits=(-1, 1))
    assert table["height"] is height
    with pytest.raises(LimitError, match="height: move to 2 um would exceed high limit"):
        height.move(2)
    with pytest.raises(UsageError, match="other: table has an axis for height already, height"):
        CalcAxis("other", table, "height")
    with pytest.raises(UsageError, match="table: calculated axis 'hight' is not known: did you mean 'height'"):
        assert table["hight"]


def test_real_axes_must_be_axes():
    with pytest.raises(UsageError, match="table: front must be an axis, got 5"):
        Table("table", {"front": 5})
    with pytest.raises(UsageError, match="table: it needs real axes"):
        Table("table", {})
    one = blade("one")
    with pytest.raises(UsageError, match="one is there twice"):
        Table("table", {"front": one, "back": one})


def test_a_real_axis_may_be_anything_that_moves():
    class Thing:
        position = 0.0

    soft = SoftAxis("soft", Thing(), unit="mm", blocking=True)
    gap = Slits("s1", soft, blade("sb"))["hgap"]
    assert gap.blocking
    gap.move(4)
    assert soft.position == 2


def test_they_show_themselves():
    s1 = slits()
    assert s1.__info__().splitlines() == [
        "Slits s1",
        "  s1gap  0 mm  hgap",
        "  s1off  0 mm  hoffset",
        "  sf     0 mm  front (real)",
        "  sb     0 mm  back (real)",
    ]
    assert s1["hgap"].__info__().splitlines()[-1] == "  made of      sf, sb"


def test_a_scan_records_the_real_axes_too():
    s1 = slits()
    chain = AcquisitionChain()
    master = LinearStepTriggerMaster(3, s1["hgap"], 0, 4)
    one = SoftCounter(value=lambda: 1.0, name="one", blocking=False)
    chain.add(master, SamplingCounterAcquisitionSlave(one, count_time=0, npoints=3))
    scan = Scan(chain, "slits", save=False)
    scan.run()
    data = scan.get_data()
    assert [data[f"axis:{name}"].tolist() for name in ("s1gap", "sf", "sb")] == [[0, 2, 4], [0, 1, 2], [0, 1, 2]]


def test_a_scan_out_of_the_real_limits_is_refused_before_it_moves():
    s1 = slits()
    chain = AcquisitionChain()
    one = SoftCounter(value=lambda: 1.0, name="one", blocking=False)
    master = LinearStepTriggerMaster(5, s1["hgap"], 0, 16, s1["hoffset"], 0, 4)
    chain.add(master, SamplingCounterAcquisitionSlave(one, count_time=0, npoints=5))
    with pytest.raises(LimitError, match="s1gap, s1off can't go there: sb: move to 12 mm would exceed high limit"):
        Scan(chain, "slits", save=False).run()
    assert s1.real["back"].position == 0
