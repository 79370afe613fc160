"""The demo beamline: one world, in which things depend on each other."""

from statistics import fmean, stdev

import pytest

from obtura.contracts.devices import SamplingCounter, is_movable
from obtura.devices.sim import (
    ConstantCounter,
    RandomCounter,
    SimulatedController,
    World,
    demo_beamline,
)
from obtura.works.clock import clock, virtual_time


@pytest.fixture
def line():
    with virtual_time():
        yield demo_beamline()


def mean(counter, readings=400):
    return fmean(counter.read() for _ in range(readings))


def test_it_has_what_the_demo_session_exports(line):
    names = line._asdict()
    assert list(names) == [
        *("world", "roby", "robz", "monitor", "diode", "diode2", "shutter", "cover", "multiplexer", "mca", "camera"),
        *("machine", "slits", "slits_hgap", "slits_hoffset"),
    ]
    assert all(getattr(device, "name", name) == name for name, device in names.items())
    assert [name for name, device in names.items() if is_movable(device)] == [
        *("roby", "robz", "slits_hgap", "slits_hoffset")
    ]
    counters = [device for device in names.values() if isinstance(device, SamplingCounter)]
    assert [counter.fullname for counter in counters] == [
        *("simulation:monitor", "simulation:diode", "simulation:diode2")
    ]
    assert line.diode.controller.max_sampling_frequency == 1000
    assert line.diode.controller.blocking is False


def test_behind_the_closed_shutter_it_is_dark(line):
    line.roby.move(5)
    readings = [line.diode.read() for _ in range(400)]
    assert fmean(readings) == pytest.approx(0, abs=0.2)
    assert stdev(readings) == pytest.approx(1, abs=0.2)


def test_without_a_current_in_the_machine_there_is_no_beam(line):
    assert mean(line.monitor) == pytest.approx(100, abs=5)
    line.machine.dump()
    assert mean(line.monitor) == pytest.approx(0, abs=1)


def test_the_slits_move_their_blades(line):
    line.slits_hgap.move(3)
    assert [blade.position for blade in line.slits.real.values()] == [1.5, 1.5]


def test_the_beam_has_a_gaussian_profile_over_roby(line):
    seen = []
    with line.shutter:
        for position in (-5, 3, 5, 7):
            line.roby.move(position)
            seen.append(mean(line.diode))
    assert seen == pytest.approx([0, 606.5, 1000, 606.5], abs=10)


def test_the_diode_sees_the_shutter_open_and_close(line):
    line.roby.move(5)
    line.shutter.blade.go(out=True)
    clock.sleep(0.025)
    assert mean(line.diode) == pytest.approx(500, abs=10)
    clock.sleep(0.025)
    assert mean(line.diode) == pytest.approx(1000, abs=10)


def test_the_diode_sees_the_axis_move(line):
    with line.shutter:
        line.roby.move(10, wait=False)
        clock.sleep(line.roby.estimate(10) / 2 + 0.05)
        assert mean(line.diode) > 900


def test_the_second_diode_is_behind_the_cover_and_over_both_axes(line):
    line.roby.move(5)
    with line.shutter:
        assert mean(line.diode2) == pytest.approx(0, abs=1)
        line.cover.set_out()
        assert mean(line.diode2) == pytest.approx(1000, abs=10)
        line.robz.move(2)
        assert mean(line.diode2) == pytest.approx(606.5, abs=10)
    assert mean(line.diode2) == pytest.approx(0, abs=1)


def test_the_monitor_sees_the_beam_before_the_shutter(line):
    assert mean(line.monitor) == pytest.approx(100, abs=3)
    line.world.beam = 0
    assert mean(line.monitor) == pytest.approx(0, abs=0.5)
    with line.shutter:
        line.roby.move(5)
        assert mean(line.diode) == pytest.approx(0, abs=0.5)


def test_the_same_seed_gives_the_same_readings_whatever_else_is_read(line):
    first, second, other = demo_beamline(seed=7), demo_beamline(seed=7), demo_beamline(seed=8)
    mean(second.monitor)
    readings = [[each.diode.read() for _ in range(5)] for each in (first, second, other)]
    assert readings[0] == readings[1] != readings[2]


def test_each_device_has_noise_of_its_own(line):
    assert [line.diode.read() for _ in range(5)] != [line.diode2.read() for _ in range(5)]


def test_there_are_counters_that_need_no_beam():
    controller, world = SimulatedController(), World()
    constant = ConstantCounter("four", controller, unit="V")
    random = RandomCounter("random", controller, world, 2, 3)
    assert [constant.read() for _ in range(3)] == [4, 4, 4]
    assert constant.__info__() == "counter simulation:four = 4 V"
    readings = controller.sample([random, constant, random])
    assert readings[1] == 4
    assert 2 <= readings[0] <= 3
    assert readings[0] != readings[2]
    assert set(controller.counters) == {"four", "random"}
