"""What goes wrong in the functions of a calculated axis, and what is shown when an axis below does not answer."""

import pytest

from obtura.devices import CalcAxes, Group, LabelledPosition, MultiplePositions
from obtura.devices.sim import FaultyAxis, SimulatedAxis
from obtura.ground.errors import DeviceError
from obtura.works.clock import virtual_time


class Lift(CalcAxes):
    """As high as its leg; `wrong` is raised, or given, by `calc_to_real`."""

    wrong = None

    def calc_from_real(self, real):
        return {"height": real["leg"]}

    def calc_to_real(self, pseudo):
        if isinstance(self.wrong, Exception):
            raise self.wrong
        return self.wrong


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (KeyError("front"), "height at 3: lift.calc_to_real failed: KeyError: 'front'"),
        (TypeError("no number"), "height at 3: lift.calc_to_real failed: TypeError: no number"),
        (5, "lift.calc_to_real must give a dict of positions by tag, it gave 5"),
    ],
)
def test_a_slip_in_the_function_is_named_and_nothing_moves(wrong, message):
    leg = SimulatedAxis("leg")
    lift = Lift("lift", real={"leg": leg}, pseudo={"height": "height"})
    lift.wrong = wrong
    with pytest.raises(DeviceError, match=message):
        lift["height"].move(3)
    assert leg.position == 0


def test_what_an_axis_does_not_say_hides_nothing_else():
    with virtual_time():
        tired, roby = FaultyAxis("tired", unit="mm"), SimulatedAxis("roby", unit="mm", position=2)
        lift = Lift("lift", real={"leg": tired, "other": roby}, pseudo={"height": "height"})
        wheel = MultiplePositions("wheel", [LabelledPosition("in", [(roby, 2), (tired, 0)])])
        tired.motor.bad_position = tired.motor.bad_state = "no power"
        assert Group(tired, roby).__info__().splitlines() == [
            "group: !ERR: tired: OSError: no power",
            "  tired  !ERR: tired: OSError: no power",
            "  roby   2 mm",
        ]
        assert "  roby " in lift.__info__()
        assert "2 mm  other (real)" in lift.__info__()
        assert wheel.__info__().splitlines()[0] == "wheel: !ERR: tired: OSError: no power"
        assert wheel.__info__().endswith("roby = 2 mm, tired = !ERR: tired: OSError: no power")
