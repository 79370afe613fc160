"""What a scan says before it starts: how long it will take, how much disk it needs; and what it learns."""

import math

import numpy as np
import pytest

from obtura.acquisition.continuous import SoftwarePositionTriggerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.devices.mca import MCA, Spectrum
from obtura.devices.sim.camera import SimulatedCamera
from obtura.display.heading import heading
from obtura.engine.history import History
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import UsageError
from obtura.ground.events import ScanBegan
from obtura.works.clock import clock


def made(hall, command, *arguments, **options):
    return hall.scan(command, *arguments, run=False, **options)


def really(scan):
    began = clock.time()
    scan.run()
    return clock.time() - began


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("loopscan", (10, 0.1)),
        ("ascan", ("roby", 5, 15, 20, 0.1)),
        ("a2scan", ("roby", 5, 15, "robz", 0, -60, 6, 0.1)),
        ("amesh", ("roby", 0, 4, 4, "robz", 0, 1, 2, 0.1)),
        ("pointscan", ("roby", [0, 5, 1, 40, -3], 0.2)),
        ("cscan", ("roby", 0, 10, 50, 0.1)),
        ("sweepscan", ("roby", 0, 1, 4, 0.5)),
        ("cmesh", ("roby", 0, 4, 40, "robz", 0, 1, 4, 0.1)),
    ],
)
def test_a_scan_takes_as_long_as_it_said(hall, command, arguments):
    given = [getattr(hall, each) if isinstance(each, str) else each for each in arguments]
    scan = made(hall, command, *given)
    estimate = scan.estimate()
    assert really(scan) == pytest.approx(estimate.total, rel=0.1)
    assert estimate.points == scan.scan_info["npoints"]


class SlowReadout:
    """An analyser whose spectrum is there 50 ms after it has counted."""

    blocking = False
    readout_time = 0.05

    def start(self, count_time):
        self.end = clock.time() + count_time + self.readout_time

    def stop(self):
        self.end = 0.0

    def is_counting(self):
        return clock.time() < self.end

    def read(self):
        return Spectrum(np.zeros(8, dtype=int), 0.1, 0.1)


def test_a_device_that_takes_time_to_read_out_is_counted_with_it(hall):
    camera = SimulatedCamera("camera", hall.roby, hall.robz, readout_time=0.04, size=(8, 8))
    for device, each in ((MCA("mca", SlowReadout(), 8), 0.15), (camera, 0.14)):
        scan = hall.bench.loopscan(10, 0.1, device, run=False)
        estimate = scan.estimate()
        assert estimate.total == pytest.approx(10 * each)
        assert really(scan) == pytest.approx(estimate.total, rel=0.1)


def test_pauses_are_counted_as_waiting(hall):
    assert made(hall, "loopscan", 5, 0.1, sleep_time=1).estimate().waiting == pytest.approx(4)
    assert made(hall, "ascan", hall.roby, 0, 1, 4, 0.1, stab_time=1).estimate().waiting == pytest.approx(5)


def test_nothing_is_touched_by_an_estimate(hall):
    scan = made(hall, "ascan", hall.roby, 5, 15, 20, 0.1)
    scan.estimate()
    assert hall.roby.position == 0
    assert scan.state is ScanState.IDLE


def test_many_different_steps_are_estimated_from_some_of_them(hall):
    positions = [math.sin(number) * 50 for number in range(500)]
    scan = made(hall, "pointscan", hall.roby, positions, 0)
    assert really(scan) == pytest.approx(scan.estimate().total, rel=0.02)


def test_an_endless_scan_says_so(hall):
    estimate = made(hall, "timescan", 0.1).estimate()
    assert estimate.points == 0
    assert math.isinf(estimate.total)
    assert str(estimate) == "Endless, until it is stopped"


def test_the_disk_that_is_needed_follows_from_the_channels(hall):
    class Camera(AcquisitionSlave):
        def __init__(self, npoints):
            super().__init__(name="camera", npoints=npoints)
            self.channels.append(AcquisitionChannel("camera:image", "uint16", (1000, 2000)))

    few, many = (made(hall, "loopscan", npoints, 0.1) for npoints in (10, 1010))
    scalars = 3 * 8  # elapsed time, epoch, diode
    assert many.estimate().bytes - few.estimate().bytes == 1000 * scalars
    for scan in (few, many):
        scan.acq_chain.add(scan.acq_chain.top_masters[0], Camera(scan.scan_info["npoints"]))
    assert many.estimate().bytes - few.estimate().bytes == 1000 * (scalars + 4_000_000)


def test_a_chain_of_levels_multiplies_its_points(hall):
    scan = made(hall, "cmesh", hall.roby, 0, 1, 10, hall.robz, 0, 1, 4, 0.1)
    assert scan.estimate().points == 50


def test_it_is_kept_with_the_data_and_told_in_the_heading_of_a_long_scan(hall):
    hall.scan("loopscan", 10, 0.1)
    hall.scan("ascan", hall.roby, 0, 10, 100, 0.5)
    short, long = hall.of(ScanBegan)
    assert short.scan_info["estimation"]["counting"] == pytest.approx(1)
    assert "Total" not in heading(short, ())
    assert heading(long, ()).splitlines()[3] == "Total 101 points, 0:00:57 (motion: 0:00:06, count: 0:00:50)"


def test_the_dead_time_of_a_point_is_learnt(hall):
    class Sluggish(AcquisitionSlave):
        blocking = False

        def prepare(self):
            clock.sleep(0.5)

    def slow():
        scan = made(hall, "loopscan", 10, 0.1)
        scan.acq_chain.add(scan.acq_chain.top_masters[0], Sluggish(name="sluggish"))
        return scan

    first = slow()
    assert first.estimate().total == pytest.approx(1)
    first.run()
    assert hall.learnt["diode sluggish timer"] == pytest.approx(0.5)
    second = slow()
    assert second.estimate().overhead == pytest.approx(5)
    assert really(second) == pytest.approx(second.estimate().total, rel=0.01)


def test_nothing_is_learnt_from_a_scan_that_was_cut_short(hall):
    scan = made(hall, "loopscan", 10, 0.1)
    scan.stop()
    scan.run()
    assert hall.learnt == {}


def test_a_device_without_an_estimate_does_not_keep_a_scan_from_running(hall, caplog):
    scan = made(hall, "ascan", hall.roby, 0, 1, 2, 0.1)
    hall.roby.estimate = lambda target: 1 / 0
    scan.run()
    assert scan.state is ScanState.DONE
    assert "no estimate of the scan" in caplog.text


def test_an_empty_chain_has_no_estimate(hall):
    with pytest.raises(UsageError, match="empty"):
        hall.bench.Scan(AcquisitionChain()).estimate()


def test_passes_back_and_forth_need_no_way_back(hall):
    def motion(**options):
        master = SoftwarePositionTriggerMaster(hall.roby, 0, 10, 10, 2.0, passes=4, **options)
        return master.effort(40).motion

    assert motion(backnforth=True) < motion() / 2


# -- what is remembered -----------------------------------------------------------------------------------------


def test_later_scans_count_more_than_earlier_ones():
    history = History()
    history.learn("timer diode", 1.0)
    history.learn("timer diode", 2.0)
    assert history.dead_time("timer diode") == pytest.approx(1.3)
    assert history.dead_time("never used") == 0


def test_it_can_be_kept_and_given_back():
    told = []
    history, later = History(), History()
    history.on_setting(lambda key, value: told.append((key, value)))
    history.learn("timer", 0.5)
    assert told == [("dead_time", {"timer": 0.5})]
    later.restore(history.settings())
    assert later.dead_time("timer") == 0.5
    with pytest.raises(UsageError, match="makes no sense"):
        later.restore({"dead_time": {"timer": -1}})


def test_what_was_not_used_for_longest_is_forgotten_first():
    history = History()
    for number in range(250):
        history.learn(f"device {number}", 1.0)
    assert len(history.settings()["dead_time"]) == 200
    assert history.dead_time("device 0") == 0
    assert history.dead_time("device 249") == 1
