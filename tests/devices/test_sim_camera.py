"""The simulated camera: its spot follows the axes and the beam, frames take their time."""

import numpy as np
import pytest

from obtura.devices.sim import SimulatedAxis, SimulatedCamera, SimulatedShutter, World
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


class Hutch:
    """A camera of 60 x 80 pixels over two axes, behind an open shutter."""

    def __init__(self, seed=1, **options):
        self.world = World(seed)
        self.roby = SimulatedAxis("roby")
        self.robz = SimulatedAxis("robz")
        self.shutter = SimulatedShutter("shutter")
        self.shutter.open()
        given = {"size": (60, 80), "pixel_size": 0.1, "sigma": 0.5, "centre": (1.0, 0.0)} | options
        self.camera = SimulatedCamera("camera", self.roby, self.robz, self.world, [self.shutter], **given)

    def spot(self, exposure=1.0):
        """Where the spot is (row, column), and its light."""
        frame = self.camera.take(exposure).astype(float)
        rows, columns = np.indices(frame.shape)
        return (frame * rows).sum() / frame.sum(), (frame * columns).sum() / frame.sum(), frame.sum()


def test_the_spot_is_in_the_middle_with_the_axes_at_the_centre_and_follows_them():
    hutch = Hutch(dark=0)
    hutch.roby.move(1)
    assert hutch.spot()[:2] == pytest.approx((29.5, 39.5), abs=0.05)
    hutch.roby.move(2)
    assert hutch.spot()[:2] == pytest.approx((29.5, 49.5), abs=0.05)
    hutch.robz.move(0.5)
    assert hutch.spot()[:2] == pytest.approx((24.5, 49.5), abs=0.05)


def test_a_spot_that_leaves_the_frame_is_cut_off_and_then_gone():
    hutch = Hutch(dark=0)
    hutch.roby.move(1)
    whole = hutch.spot()[2]
    hutch.roby.move(1 + 4.0)  # the edge is 40 pixels away
    assert hutch.spot()[2] == pytest.approx(whole / 2, rel=0.05)
    for far in (20.0, -20.0):
        hutch.roby.move(far)
        assert hutch.camera.take(1.0).sum() == 0


def test_it_is_as_bright_as_the_beam_and_dark_behind_a_closed_shutter():
    hutch = Hutch(dark=0.5)
    hutch.roby.move(1)
    whole = hutch.spot()[2]
    assert whole == pytest.approx(10_000 * 2 * np.pi * 5**2 + 0.5 * 4800, rel=0.01)
    hutch.world.beam = 0.25
    assert hutch.spot()[2] == pytest.approx(whole / 4, rel=0.02)
    hutch.world.beam = 1.0
    hutch.shutter.close()
    assert hutch.camera.take(1.0).sum() == pytest.approx(0.5 * 4800, rel=0.1)
    assert hutch.camera.take(1.0).max() < 10


def test_twice_the_exposure_is_twice_the_light_and_its_noise_is_that_of_counting():
    hutch = Hutch(dark=0)
    hutch.roby.move(1)
    assert hutch.spot(0.2)[2] == pytest.approx(2 * hutch.spot(0.1)[2], rel=0.01)
    pixels = np.array([hutch.camera.take(0.1)[30, 40] for _ in range(200)], float)
    assert pixels.var() == pytest.approx(pixels.mean(), rel=0.4)


def test_pixels_saturate():
    hutch = Hutch(dtype="uint8", rate=1e6)
    hutch.roby.move(1)
    assert hutch.camera.take(1.0).max() == 255
    assert Hutch(dtype="uint8", dark=1e4).camera.take(0).min() == 255


def test_binning_adds_up_pixels():
    hutch = Hutch(dark=0, rate=500.0)
    hutch.roby.move(1.35)
    row, column, light = hutch.spot()
    for binning in (2, 4, 8):
        hutch.camera.binning = binning
        frame = hutch.camera.take(1.0)
        assert frame.shape == (60 // binning, 80 // binning)
        binned = hutch.spot()
        assert binned[2] == pytest.approx(light, rel=0.02)
        assert [(each + 0.5) * binning - 0.5 for each in binned[:2]] == pytest.approx([row, column], abs=0.2)


def test_the_same_seed_gives_the_same_frames_and_each_frame_has_noise_of_its_own():
    one, same, other = Hutch(7), Hutch(7), Hutch(8)
    first = one.camera.take(0.1)
    assert np.array_equal(first, same.camera.take(0.1))
    assert not np.array_equal(first, other.camera.take(0.1))
    assert not np.array_equal(first, one.camera.take(0.1))
    one.shutter.close()
    assert not np.array_equal(one.camera.take(0.1), one.camera.take(0.1)), "nor is the dark always the same"


def test_a_frame_takes_exposure_and_readout():
    camera = Hutch(readout_time=0.25).camera
    began = clock.time()
    camera.take(0.5)
    assert clock.time() - began == pytest.approx(0.75)


def test_it_sees_what_is_there_at_the_end_of_the_exposure():
    hutch = Hutch(dark=0, readout_time=1.0)
    hutch.roby.move(1)
    driver = hutch.camera.driver
    driver.prepare(1, 0.5, triggered=True)
    driver.start()
    driver.trigger()
    assert len(driver.read(0.6)) == 0
    hutch.shutter.close()
    assert driver.read(5.0).sum() > 1e5


def test_in_a_row_it_sets_its_own_pace_and_gives_blocks_of_what_is_finished():
    driver = Hutch(readout_time=0.1).camera.driver
    driver.prepare(10, 0.1, triggered=False)
    began = clock.time()
    driver.start()
    assert len(driver.read(0.15)) == 0
    assert len(driver.read(0.15)) == 1 and clock.time() - began == pytest.approx(0.2)
    clock.sleep(1.01)
    assert len(driver.read(0.0)) == 5
    clock.sleep(10)
    assert len(driver.read(0.0)) == 4, "as many as were asked for"
    assert len(driver.read(0.5)) == 0


def test_a_frame_can_be_asked_for_only_when_the_one_before_is_finished_and_not_more_often_than_prepared():
    driver = Hutch().camera.driver
    driver.prepare(2, 0.1, triggered=True)
    driver.start()
    driver.trigger()
    with pytest.raises(DeviceError, match="the frame before is not finished"):
        driver.trigger()
    driver.read(1.0)
    driver.trigger()
    driver.read(1.0)
    with pytest.raises(DeviceError, match="all frames that were prepared are taken"):
        driver.trigger()


def test_once_stopped_it_waits_no_more():
    driver = Hutch().camera.driver
    driver.prepare(1, 100.0, triggered=True)
    driver.trigger()
    driver.stop()
    began = clock.time()
    assert len(driver.read(50.0)) == 0 and clock.time() == began


def test_it_needs_neither_axes_nor_shutters():
    frame = SimulatedCamera("camera", size=(30, 40), world=World()).take(0.1)
    assert frame.shape == (30, 40) and frame.max() > 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (0, 10)},
        {"size": (10,)},
        {"size": (1.5, 2)},
        {"pixel_size": 0},
        {"sigma": -1},
        {"rate": float("nan")},
        {"dark": -1},
        {"readout_time": -0.1},
        {"centre": ("a", 0)},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError, match="camera: "):
        Hutch(**wrong)
    with pytest.raises(UsageError, match="does not stand in the simulated beam"):
        SimulatedCamera("camera", behind=[3])
