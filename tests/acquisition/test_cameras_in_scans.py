"""Cameras in scans: one frame a trigger, or all in a row."""

import threading

import numpy as np
import pytest
from meters import bench

from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import TriggerMode
from obtura.contracts.cameras import FrameCounter
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.devices.sim import ConstantCounter, SimulatedAxis, SimulatedCamera, SimulatedController, World
from obtura.engine.scan import Scan
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def camera():
    made = SimulatedCamera("camera", world=World(), size=(20, 30), sigma=0.2, readout_time=0.01)
    made.roi_counters["spot"] = 10, 5, 10, 10
    return made


def run(camera, *counters, **options):
    """A scan of one point in which the camera gives its frames by itself."""
    chain = AcquisitionChain()
    slave = CameraAcquisitionSlave(*(counters or [camera.image]), **options)
    chain.add(SoftwareTimerMaster(0.1, npoints=1), slave)
    scan = Scan(chain, "burst", save=False)
    scan.run()
    return scan


def test_a_camera_counts_its_frames_and_regions(camera):
    scan = bench().loopscan(4, 0.1, camera, save=False)
    view = scan.get_data(camera)
    assert view.shape == (4, 20, 30) and view is not None
    assert scan.get_data("spot_sum").tolist() == [int(frame[5:15, 10:20].sum()) for frame in view]
    assert scan.get_data(camera.counters["spot_max"]).tolist() == [frame[5:15, 10:20].max() for frame in view]
    assert scan.scan_info["npoints"] == 4


def test_regions_can_be_counted_without_the_frames(camera):
    scan = bench().loopscan(2, 0.1, camera.roi_counters, save=False)
    assert [name for name in scan.get_data() if name.startswith("camera:")] == [
        f"camera:spot_{each}" for each in ("sum", "avg", "std", "min", "max")
    ]


def test_it_exposes_for_the_count_time_or_as_it_is_set(camera):
    long = bench().loopscan(1, 1.0, camera, save=False).get_data("spot_sum")[0]
    camera.exposure = 0.1
    short = bench().loopscan(1, 1.0, camera, save=False).get_data("spot_sum")[0]
    assert short == pytest.approx(long / 10, rel=0.1)


def test_the_spot_follows_the_axis_of_the_scan():
    roby = SimulatedAxis("roby")
    camera = SimulatedCamera("camera", roby, world=World(), size=(20, 60), sigma=0.2)
    scan = bench().ascan(roby, -0.5, 0.5, 2, 1.0, camera, save=False)
    columns = [int(frame.sum(axis=0).argmax()) for frame in scan.get_data("camera")]
    assert columns == pytest.approx([19.5, 29.5, 39.5], abs=1.6)


def test_other_counters_count_meanwhile(camera):
    four = ConstantCounter("four", SimulatedController())
    scan = bench().loopscan(3, 0.1, camera, four, save=False)
    assert {len(data) for data in scan.get_data().values()} == {3}


def test_in_a_row_it_gives_its_frames_at_its_own_pace(camera):
    began = clock.time()
    scan = run(camera, camera.image, camera.counters["spot_sum"], count_time=0.04, npoints=50, trigger_type="HARDWARE")
    view = scan.get_data("camera")
    assert len(view) == len(scan.get_data("spot_sum")) == 50 and len(scan.get_data("elapsed_time")) == 1
    assert clock.time() - began >= 50 * 0.05 - 1e-6
    assert scan.get_data("spot_sum")[-1] == view[-1, 5:15, 10:20].sum()


def test_the_default_chain_can_have_it_take_its_frames_in_a_row(camera):
    hall = bench()
    hall.default_chain.set_settings([{"device": camera, "acquisition_settings": {"trigger_type": "HARDWARE"}}])
    scan = hall.loopscan(6, 0.1, camera.image, save=False)
    assert len(scan.get_data("camera")) == 6
    (slave,) = scan.acq_chain.get_node_from_devices(camera)
    assert slave.trigger_type is TriggerMode.HARDWARE


def test_a_camera_may_be_started_for_a_few_frames_at_each_point(camera):
    chain = AcquisitionChain()
    options = {"trigger_type": "HARDWARE", "prepare_once": False, "start_once": False}
    chain.add(SoftwareTimerMaster(0.1, npoints=3), CameraAcquisitionSlave(camera, count_time=0.1, npoints=4, **options))
    slave = chain.nodes_list[1]
    slave.add_counter(camera.image)
    scan = Scan(chain, "bursts", save=False)
    scan.run()
    assert len(scan.get_data("camera")) == 12


def test_counters_of_ones_own_are_worked_out_from_frames(camera):
    class Profile(FrameCounter):
        def of(self, frames):
            return frames.sum(axis=1)

    profile = Profile("profile", camera, shape=(30,), conversion_function=lambda value: value / 2)
    scan = bench().loopscan(2, 0.1, camera.image, profile, save=False)
    assert np.array_equal(scan.get_data("profile"), np.asarray(scan.get_data("camera")).sum(axis=1) / 2)


def test_a_scan_says_how_long_it_exposes(camera):
    scan = bench().loopscan(10, 0.1, camera, run=False, save=False)
    (slave,) = scan.acq_chain.get_node_from_devices(camera)
    assert slave.effort(10).counting == pytest.approx(1.1)
    assert scan.estimate().counting == pytest.approx(1.1)


# -- looks in hooks ---------------------------------------------------------------------------------------


class Looking(ChainPreset):
    """Takes a frame before each point."""

    def __init__(self, camera):
        self.camera = camera
        self.seen = []

    def get_iterator(self, chain):
        while True:
            yield Look(self)


class Look(ChainIterationPreset):
    def __init__(self, owner):
        self.owner = owner

    def start(self):
        self.owner.seen.append(self.owner.camera.take(0.05).shape)


def test_a_hook_may_look_through_the_camera_of_the_scan_between_two_points(camera):
    looking = Looking(camera)
    scan = bench().loopscan(4, 0.1, camera, save=False, run=False)
    scan.acq_chain.add_preset(looking)
    scan.run()
    assert looking.seen == [(20, 30)] * 4
    assert len(scan.get_data("camera")) == 4


def test_while_it_takes_frames_in_a_row_nobody_may_look(camera):
    looking = Looking(camera)
    hall = bench()
    hall.default_chain.set_settings([{"device": camera, "acquisition_settings": {"trigger_type": "HARDWARE"}}])
    scan = hall.timescan(1.0, camera.image, npoints=100, save=False, run=False)
    scan.acq_chain.add_preset(looking)
    with pytest.raises(DeviceBusyError, match="camera is taking frames for a scan"):
        scan.run()
    assert camera.taking is False
    assert camera.take(0.1).shape == (20, 30)


# -- what goes wrong --------------------------------------------------------------------------------------


def test_a_camera_that_gives_no_frame_fails_the_scan_by_name(camera, monkeypatch):
    camera.timeout = 3.0

    def nothing(wait):
        clock.sleep(wait)
        return np.empty((0, 20, 30), "uint16")

    monkeypatch.setattr(camera.driver, "read", nothing)
    with pytest.raises(DeviceError, match=r"camera was asked for frame 0 and has not given it after 3\.11 s"):
        bench().loopscan(2, 0.1, camera, save=False)


def test_frames_of_another_shape_fail_the_scan(camera, monkeypatch):
    monkeypatch.setattr(camera.driver, "read", lambda wait: np.zeros((1, 5, 5), "uint16"))
    with pytest.raises(DeviceError, match=r"camera gave frames of shape \(1, 5, 5\), expected \(n, 20, 30\)"):
        bench().loopscan(2, 0.1, camera, save=False)


def test_a_scan_made_before_the_binning_was_changed_is_refused(camera):
    scan = bench().loopscan(2, 0.1, camera, save=False, run=False)
    camera.binning = 2
    with pytest.raises(UsageError, match="camera gives frames of 10 x 15 pixels now, not of 20 x 30"):
        scan.run()


def test_counters_of_two_cameras_or_of_none_are_refused(camera):
    other = SimulatedCamera("other", world=World(), size=(20, 30))
    four = ConstantCounter("four", SimulatedController())
    for wrong in ([camera.image, other.image], [four], []):
        with pytest.raises(UsageError, match="a camera slave takes counters of one camera"):
            CameraAcquisitionSlave(*wrong, count_time=1)
    with pytest.raises(UsageError, match="exposure"):
        CameraAcquisitionSlave(camera, count_time=1, exposure=-1)


def test_an_aborted_row_of_frames_ends_soon_and_keeps_what_there_is(camera):
    scans = []

    def stop_after_some(counter, name, data):
        if len(scans[0].get_data("camera")) >= 5:
            threading.Thread(target=scans[0].abort).start()

    chain = AcquisitionChain()
    slave = CameraAcquisitionSlave(camera.image, count_time=0.1, npoints=100_000, trigger_type="HARDWARE")
    chain.add(SoftwareTimerMaster(0.1, npoints=1), slave)
    scan = Scan(chain, "burst", save=False)
    scans.append(scan)

    class Watch(ChainPreset):
        def prepare(self, chain):
            scan.connect_data(self, [camera.image], stop_after_some)

        def stop(self, chain):
            scan.disconnect_data(self)

    chain.add_preset(Watch())
    with pytest.raises(KeyboardInterrupt):
        scan.run()
    assert scan.state is ScanState.USER_ABORTED
    assert 5 <= len(scan.get_data("camera")) < 100_000
    assert camera.take(0.1).shape == (20, 30)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.full((1, 20, 30), 70_000, "int32"), "camera gave frames of int32, expected uint16"),
        (np.full((1, 20, 30), 0.5), "camera gave frames of float64, expected uint16"),
        (None, "camera gave None, expected an array of frames"),
    ],
)
def test_frames_whose_pixels_would_come_out_as_others_fail_the_scan(camera, monkeypatch, given, message):
    monkeypatch.setattr(camera.driver, "read", lambda wait: given)
    with pytest.raises(DeviceError, match=message):
        bench().loopscan(2, 0.1, camera, save=False)


def test_frames_of_a_smaller_kind_of_number_are_taken(camera, monkeypatch):
    monkeypatch.setattr(camera.driver, "read", lambda wait: np.full((1, 20, 30), 7, "uint8"))
    scan = bench().loopscan(1, 0.1, camera, save=False)
    assert np.asarray(scan.get_data("camera")).dtype == "uint16"
    assert np.asarray(scan.get_data("camera")).tolist() == np.full((1, 20, 30), 7).tolist()


def falling_silent(camera, monkeypatch, after):
    """The camera gives so many frames and then no more."""
    read, given = camera.driver.read, []

    def silent(wait):
        if len(given) >= after:
            clock.sleep(wait)
            return np.empty((0, 20, 30), "uint16")
        frames = read(wait)[: after - len(given)]
        given.extend(frames)
        return frames

    monkeypatch.setattr(camera.driver, "read", silent)


@pytest.mark.parametrize("given", [0, 3])
def test_a_camera_in_a_row_that_falls_silent_fails_the_scan_by_name(camera, monkeypatch, given):
    camera.timeout = 3.0
    falling_silent(camera, monkeypatch, given)
    words = rf"camera has given {given} frames of 50 and no further one for 3\.05 s; is it connected"
    with pytest.raises(DeviceError, match=words):
        run(camera, camera.image, count_time=0.04, npoints=50, trigger_type="HARDWARE")


def test_a_camera_in_a_row_may_be_silent_as_long_as_the_scan_itself_goes_on(camera, monkeypatch):
    camera.timeout = 3.0
    chain = AcquisitionChain()
    slave = CameraAcquisitionSlave(camera.image, count_time=0.04, npoints=2, trigger_type="HARDWARE")
    chain.add(SoftwareTimerMaster(20, npoints=1), slave)
    read = camera.driver.read

    def late(wait):
        if clock.time() < 19:
            clock.sleep(wait)
            return np.empty((0, 20, 30), "uint16")
        return read(wait)

    monkeypatch.setattr(camera.driver, "read", late)
    scan = Scan(chain, "burst", save=False)
    scan.run()
    assert len(scan.get_data("camera")) == 2


def test_a_camera_started_for_each_point_that_falls_silent_fails_the_scan(camera, monkeypatch):
    camera.timeout = 3.0
    falling_silent(camera, monkeypatch, 2)
    axis, hall = SimulatedAxis("roby", unit="mm", velocity=10, acceleration=100), bench()
    hall.default_chain.set_settings([{"device": camera, "acquisition_settings": {"trigger_type": "HARDWARE"}}])
    with pytest.raises(DeviceError, match="camera has given 0 frames of 1 and no further one for") as caught:
        hall.ascan(axis, 0, 3, 3, 0.1, camera, save=False)
    assert "in camera.reading, point 2 of 4" in caught.value.__notes__
