"""The step scans: which points they take, what they are called, where motors are at the end."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.acquisition.motor import MeshStepTriggerMaster
from obtura.contracts.presets import ChainPreset
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.soft import SoftCounter
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.ground.events import ScanEnded
from obtura.scans.bench import COMMANDS, Bench
from obtura.session.messages import told

NUMBERS = ("", "2", "3", "4", "5")


def ranges(hall, motors, start, stop):
    return [value for axis in hall.axes[:motors] for value in (axis, start, stop)]


@pytest.mark.parametrize("motors", range(1, 6))
def test_an_absolute_scan_moves_all_its_motors_together(hall, motors):
    scan = hall.scan(f"a{NUMBERS[motors - 1]}scan", *ranges(hall, motors, 1, 3), 2, 0.01)
    for axis in hall.axes[:motors]:
        assert scan.get_data(axis) == pytest.approx([1, 2, 3])
        assert axis.position == pytest.approx(3)


@pytest.mark.parametrize("motors", range(1, 6))
def test_a_relative_scan_goes_around_where_its_motors_are_and_returns_them(hall, motors):
    for number, axis in enumerate(hall.axes):
        axis.move(number)
    scan = hall.scan(f"d{NUMBERS[motors - 1]}scan", *ranges(hall, motors, -1, 1), 2, 0.01)
    for number, axis in enumerate(hall.axes[:motors]):
        assert scan.get_data(axis) == pytest.approx([number - 1, number, number + 1])
        assert axis.position == pytest.approx(number)


def test_ranges_in_a_list_say_the_same_for_any_number_of_motors(hall):
    scan = hall.scan("anscan", [(hall.roby, 0, 2), (hall.robz, 5, 6)], 2, 0.01)
    assert scan.name == "a2scan"
    assert scan.scan_info["title"] == "a2scan roby 0 2 robz 5 6 2 0.01"
    assert scan.get_data("robz") == pytest.approx([5, 5.5, 6])
    back = hall.scan("dnscan", [(hall.roby, 0, 2)], 2, 0.01)
    assert back.name == "dscan"
    assert hall.roby.position == pytest.approx(2)


@pytest.mark.parametrize(("motors", "name"), [(1, "anmesh"), (2, "amesh"), (3, "a3mesh")])
def test_a_mesh_is_called_as_the_command_that_would_do_the_same(hall, motors, name):
    ranges = [(motor, 0, 1, 1) for motor in (hall.roby, hall.robz, SimulatedAxis("robx"))[:motors]]
    scan = hall.scan("anmesh", ranges, 0.01, run=False)
    assert scan.name == name
    assert scan.scan_info["title"].startswith(f"{name} roby 0 1 1 ")


@pytest.mark.parametrize("command", ["anscan", "anmesh", "lookupscan"])
def test_motors_return_after_an_absolute_scan_when_asked_to(hall, command):
    hall.roby.move(7)
    first = {"anscan": [(hall.roby, 0, 2)], "anmesh": [(hall.roby, 0, 2, 2), (hall.robz, 0, 1, 1)]}
    rest = {"anscan": (2, 0.01)}
    given = first.get(command, [(hall.roby, [0, 2])])
    hall.scan(command, given, *rest.get(command, (0.01,)), restore_motor_positions=True)
    assert hall.roby.position == pytest.approx(7)
    assert hall.robz.position == pytest.approx(0)


def test_a_relative_mesh_returns_both_motors_after_an_error_too(hall):
    class Fails(ChainPreset):
        def before_stop(self, acq_chain):
            raise RuntimeError("no")

    hall.roby.move(3)
    hall.robz.move(4)
    scan = hall.scan("dmesh", hall.roby, -1, 1, 2, hall.robz, -1, 1, 1, 0.01, run=False)
    scan.acq_chain.add_preset(Fails())
    with pytest.raises(RuntimeError, match="no"):
        scan.run()
    assert scan.get_data("roby") == pytest.approx([2, 3, 4, 2, 3, 4])
    assert (hall.roby.position, hall.robz.position) == pytest.approx((3, 4))


def test_a_grid_of_three_motors_has_the_first_as_the_fastest(hall):
    scan = hall.scan("a3mesh", hall.roby, 0, 1, 1, hall.robz, 0, 2, 2, hall.gap, 0, 3, 1, 0.01)
    assert scan.get_data("roby") == pytest.approx([0, 1] * 6)
    assert scan.get_data("robz") == pytest.approx([0, 0, 1, 1, 2, 2] * 2)
    assert scan.get_data("gap") == pytest.approx([0] * 6 + [3] * 6)
    info = scan.scan_info
    assert (info["npoints"], info["npoints1"], info["npoints2"], info["npoints3"]) == (12, 2, 3, 2)
    assert info["data_dim"] == 3


def test_the_relative_grid_of_three_motors_returns_all_three(hall):
    hall.gap.move(5)
    scan = hall.scan("d3mesh", hall.roby, 0, 1, 1, hall.robz, 0, 1, 1, hall.gap, 0, 1, 1, 0.01, backnforth=True)
    assert scan.get_data("gap") == pytest.approx([5] * 4 + [6] * 4)
    assert [axis.position for axis in hall.axes[:3]] == pytest.approx([0, 0, 5])


@given(st.lists(st.integers(2, 4), min_size=1, max_size=4), st.booleans())
def test_every_point_of_a_grid_is_taken_once_and_back_and_forth_never_jumps(sizes, backnforth):
    axes = [SimulatedAxis(f"axis{number}") for number in range(len(sizes))]
    flat = [value for axis, size in zip(axes, sizes, strict=True) for value in (axis, 0, size - 1, size)]
    columns = np.array(MeshStepTriggerMaster(*flat, backnforth=backnforth).positions)
    assert len({tuple(point) for point in columns.T}) == columns.shape[1] == np.prod(sizes)
    if backnforth:
        assert (np.abs(np.diff(columns, axis=1)).sum(axis=0) == 1).all()


def test_a_lookup_scan_follows_its_lists(hall):
    moves = [(hall.roby, [0, 5, 1]), (hall.robz, np.array([3.0, 3.0, 4.0]))]
    scan = hall.scan("lookupscan", moves, 0.01, scan_type="spiral", scan_params={"data_dim": 2})
    assert scan.get_data("roby") == pytest.approx([0, 5, 1])
    assert scan.get_data("robz") == pytest.approx([3, 3, 4])
    assert scan.name == scan.scan_info["type"] == "spiral"
    assert scan.scan_info["data_dim"] == 2
    assert scan.scan_info["title"] == "spiral 0.01 on motors (roby,robz)"


def test_a_point_scan_goes_through_a_list(hall):
    scan = hall.scan("pointscan", hall.roby, [4, 4.5, 6], 0.01)
    assert scan.get_data("roby") == pytest.approx([4, 4.5, 6])
    assert scan.scan_info["title"] == "pointscan roby 3 points 0.01"
    assert scan.scan_info["npoints"] == 3


@pytest.mark.parametrize(
    ("command", "arguments", "problem"),
    [
        ("a2scan", lambda hall: [hall.roby, 0, 1, "robz", 0, 1, 5, 0.1], "motor must be an axis"),
        ("a2scan", lambda hall: [hall.roby, 0, 1, hall.roby, 0, 1, 5, 0.1], "Duplicated axis roby"),
        ("anscan", lambda hall: [hall.roby, 5, 0.1], "expected a list of"),
        ("anscan", lambda hall: [[(hall.roby, 0)], 5, 0.1], "expected .motor, start, stop., got"),
        ("anmesh", lambda hall: [[(hall.roby, 0, 1)], 0.1], "expected .motor, start, stop, intervals., got"),
        ("lookupscan", lambda hall: [[hall.roby, [1, 2]], 0.1], "expected a list of .motor, positions."),
        ("dmesh", lambda hall: [hall.roby, 0, 1, 0, hall.robz, 0, 1, 1, 0.1], "intervals1 must be at least 1"),
        ("d5scan", lambda hall: [hall.roby, 0, 1, 5, 0.1], "motor3 is missing"),
    ],
)
def test_wrong_arguments_are_answered_with_the_usage(hall, command, arguments, problem):
    with pytest.raises(UsageError, match=problem) as refused:
        hall.scan(command, *arguments(hall))
    assert f"Intended usage: {command}(" in str(refused.value)
    assert f"Example: {command}(" in str(refused.value)


@pytest.mark.parametrize("command", ["a2scan", "amesh"])
def test_every_position_of_every_motor_is_checked_before_anything_moves(hall, command):
    arguments = {
        "a2scan": (hall.roby, 0, 1, hall.robz, 0, 500, 3),
        "amesh": (hall.roby, 0, 1, 1, hall.robz, 0, 500, 1),
    }
    with pytest.raises(LimitError, match="robz"):
        hall.scan(command, *arguments[command], 0.1)
    assert hall.roby.position == hall.robz.position == 0


def test_arguments_may_be_given_by_name(hall):
    scan = hall.bench.a2scan(
        hall.roby, 0, 1, motor2=hall.robz, start2=2, stop2=3, intervals=1, count_time=0.01, name="mine", title="my scan"
    )
    assert scan.get_data("robz") == pytest.approx([2, 3])
    assert (scan.name, scan.scan_info["title"], scan.state) == ("mine", "my scan", ScanState.DONE)


def test_every_command_says_what_it_does_and_what_it_takes():
    for name in COMMANDS:
        command = getattr(Bench, name)
        assert inspect.getdoc(command), name
        assert next(iter(inspect.signature(command).parameters)) in ("bench", "self"), name
    assert [*inspect.signature(Bench.a3scan).parameters][1:12] == [
        *("motor1", "start1", "stop1", "motor2", "start2", "stop2", "motor3", "start3", "stop3"),
        *("intervals", "count_time"),
    ]


@pytest.mark.parametrize("positions", [5, None, iter([1, 2])])
def test_pointscan_says_what_it_takes(hall, positions):
    with pytest.raises(UsageError, match="pointscan: positions must be a list of numbers, got .*\nIntended usage"):
        hall.scan("pointscan", hall.roby, positions, 0.01)


class Sticking(SimulatedAxis):
    """Fails to go to 0, its place."""

    def begin(self, target, way=None):
        if target == 0:
            raise OSError("the cable came off")
        super().begin(target, way)


def test_a_return_that_fails_says_so_and_where_the_motor_stands(hall):
    axis = Sticking("slow", unit="mm", velocity=10, acceleration=100)
    with pytest.raises(DeviceError) as caught:
        hall.scan("dscan", axis, -1, 1, 1, 0.01)
    words = "the return of slow to 0 mm failed: OSError: the cable came off; slow stands at 1 mm"
    assert str(caught.value) == words
    assert hall.of(ScanEnded)[-1].message == words


def test_a_return_that_fails_after_another_error_is_told_with_it(hall):
    axis = Sticking("slow", unit="mm", velocity=10, acceleration=100)
    with pytest.raises(DeviceError, match="the counter came off") as caught:
        hall.bench.dscan(axis, -1, 1, 1, 0.01, SoftCounter(value=broken, name="counter", blocking=False))
    told_lines = told(caught.value).splitlines()
    assert told_lines[2] == (
        "    then the return of slow to 0 mm failed: OSError: the cable came off; slow stands at -1 mm"
    )


def broken():
    raise DeviceError("the counter came off")
