"""What people type by mistake is answered in plain words, before anything moves."""

import pytest

from obtura.acquisition.motor import LinearStepTriggerMaster, MeshStepTriggerMaster, VariableStepTriggerMaster
from obtura.devices.sim.distribution import SimulationCounter
from obtura.devices.slits import Slits
from obtura.ground.errors import DeviceError, UsageError

TOO_MANY = 10**12


def one_range(hall):
    return [hall.roby, 0, 1, TOO_MANY, 0.1, hall.diode]


def two_ranges(hall):
    return [hall.roby, 0, 1, 10**6, hall.robz, 0, 1, 10**6, 0.1, hall.diode]


@pytest.mark.parametrize(
    ("command", "arguments", "count"),
    [
        ("ascan", one_range, "1,000,000,000,001 positions"),
        ("dscan", one_range, "1,000,000,000,001 positions"),
        ("cscan", one_range, "1,000,000,000,000 positions"),
        ("sweepscan", one_range, "1,000,000,000,000 positions"),
        ("amesh", two_ranges, "1,000,002,000,001 positions"),
        ("pointscan", lambda hall: [hall.roby, range(TOO_MANY), 0.1, hall.diode], "1,000,000,000,000 positions"),
        ("loopscan", lambda hall: [TOO_MANY, 0.1, hall.diode], "1,000,000,000,000 points"),
        ("loopscan", lambda hall: [10**8, 0.1, SimulationCounter("peak")], "100,000,000 positions"),
    ],
)
def test_a_scan_of_too_many_points_is_refused(hall, command, arguments, count):
    with pytest.raises(UsageError, match=f"{count} are too many, "):
        hall.scan(command, *arguments(hall))


def test_so_are_masters_made_by_hand(hall):
    for make in (
        lambda: LinearStepTriggerMaster(TOO_MANY, hall.roby, 0, 1),
        lambda: MeshStepTriggerMaster(hall.roby, 0, 1, 10**6, hall.robz, 0, 1, 10**6),
        lambda: VariableStepTriggerMaster(hall.roby, range(TOO_MANY)),
    ):
        with pytest.raises(UsageError, match="positions are too many, 10,000,000 are the most"):
            make()


def test_positions_that_are_no_list_are_refused_with_the_usage(hall):
    with pytest.raises(UsageError, match="positions must be a list of numbers, got 3\nIntended usage: pointscan"):
        hall.scan("pointscan", hall.roby, 3, 0.1, hall.diode)


def test_a_function_to_find_a_position_must_be_one(hall):
    hall.scan("ascan", hall.roby, 0, 1, 2, 0.1, hall.diode)
    for command in (hall.bench.goto_custom, hall.bench.find_position):
        with pytest.raises(UsageError, match="func must be a function of positions and counts, func.x, y., got 3"):
            command(3)


def test_a_calculated_axis_can_not_be_passed_through(hall):
    slits = Slits("slits", hall.roby, hall.robz)
    for command in ("cscan", "sweepscan"):
        with pytest.raises(UsageError, match="slits_hgap is calculated from roby, robz, .* step it, e.g. with ascan"):
            hall.scan(command, slits["hgap"], 0, 1, 10, 0.1, hall.diode)


@pytest.mark.parametrize("mode", ["MEAN", "SAMPLES", "STATS"])
@pytest.mark.parametrize("count_time", [0, 0.1])
def test_an_array_in_the_place_of_a_number_is_told(hall, mode, count_time):
    hall.diode.conversion_function = lambda value: [value] * 3
    hall.diode.mode = mode
    with pytest.raises(DeviceError, match=r"counter diode read an array of shape \(3,\), expected one number"):
        hall.scan("loopscan", 1, count_time, hall.diode)


def test_blades_that_are_no_axes_are_told(hall):
    with pytest.raises(UsageError, match="s: front must be an axis: Slits.'s', front=..., back=....,"):
        Slits("s", {"front": hall.roby, "back": hall.robz})
    with pytest.raises(UsageError, match="s: back must be an axis"):
        Slits("s", hall.roby, 2)
