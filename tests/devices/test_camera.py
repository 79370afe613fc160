"""A camera as a device: frames, exposure, binning, regions, what outlives a session."""

import numpy as np
import pytest

from obtura.contracts.cameras import CameraDriver
from obtura.devices.camera import Camera
from obtura.ground.errors import DeviceBusyError, DeviceError, UsageError
from obtura.works.clock import clock, virtual_time


class Ramp(CameraDriver):
    """Gives frames of 4 rows and 6 columns in which pixel (y, x) is 10 y + x; `late`: s until a frame comes."""

    readout_time = 0.5
    binnings = (1, 2)

    def __init__(self, late=0.0):
        self.late = late
        self.binning = 1
        self.calls = []
        self.asked = False

    @property
    def frame_shape(self):
        return 4 // self.binning, 6 // self.binning

    @property
    def dtype(self):
        return np.dtype("uint16")

    def set_binning(self, binning):
        self.binning = binning

    def prepare(self, nframes, exposure, triggered):
        self.calls.append(("prepare", nframes, exposure, triggered))

    def start(self):
        self.calls.append("start")

    def trigger(self):
        self.calls.append("trigger")
        self.due = clock.time() + self.late

    def read(self, wait):
        clock.sleep(min(wait, max(self.due - clock.time(), 0)))
        if clock.time() < self.due:
            return np.empty((0, *self.frame_shape), "uint16")
        rows, columns = np.indices(self.frame_shape)
        return (10 * rows + columns)[np.newaxis].astype("uint16")

    def stop(self):
        self.calls.append("stop")


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def camera():
    return Camera("camera", Ramp())


FRAME = np.array([[10 * y + x for x in range(6)] for y in range(4)])


# -- a look through it ------------------------------------------------------------------------------------


def test_a_frame_can_be_taken_at_any_time(camera):
    assert np.array_equal(camera.take(0.2), FRAME)
    assert camera.driver.calls == [("prepare", 1, 0.2, True), "start", "trigger", "stop"]


@pytest.mark.parametrize(("own", "asked", "used"), [(None, None, 1.0), (3.0, None, 3.0), (3.0, 0.1, 0.1)])
def test_it_is_exposed_as_asked_or_as_set_or_for_a_second(camera, own, asked, used):
    camera.exposure = own
    camera.take(asked)
    assert camera.driver.calls[0] == ("prepare", 1, used, True)


def test_it_waits_for_a_frame_but_not_for_ever():
    assert np.array_equal(Camera("camera", Ramp(late=3.0), timeout=4.0).take(0.1), FRAME)
    camera = Camera("camera", Ramp(late=60.0), timeout=4.0)
    began = clock.time()
    with pytest.raises(DeviceError, match=r"camera gave no frame within 4\.6 s"):
        camera.take(0.1)
    assert clock.time() - began == pytest.approx(4.6, abs=0.11)
    assert camera.driver.calls[-1] == "stop"


def test_while_a_scan_waits_for_frames_it_is_busy(camera):
    camera.taking = True
    with pytest.raises(DeviceBusyError, match="camera is taking frames for a scan"):
        camera.take()
    assert camera.driver.calls == []


@pytest.mark.parametrize("exposure", [-1, float("nan"), float("inf"), "1", True])
def test_an_exposure_is_a_number_of_seconds(camera, exposure):
    with pytest.raises(UsageError, match="camera: exposure"):
        camera.exposure = exposure
    with pytest.raises(UsageError, match="camera: exposure"):
        camera.take(exposure)
    assert camera.exposure is None


# -- counters ---------------------------------------------------------------------------------------------


def test_its_frames_are_a_counter_of_the_shape_that_is_set(camera):
    assert (camera.image.fullname, camera.image.shape, camera.image.dtype) == ("camera:image", (4, 6), np.uint16)
    camera.binning = 2
    assert camera.image.shape == (2, 3)
    frames = np.ones((2, 2, 3))
    assert camera.image.values(frames) is frames


def test_binnings_that_it_has_not_are_refused(camera):
    for wrong in (3, 0, True, "2", None):
        with pytest.raises(UsageError, match="camera: binning must be one of 1, 2"):
            camera.binning = wrong
    assert camera.binning == 1


def values(camera, name):
    return camera.counters[name].values(FRAME[np.newaxis]).tolist()


def test_a_region_has_counters(camera):
    statistics = camera.roi_counters.add("spot", 1, 2, 3, 2)
    part = FRAME[2:4, 1:4]
    assert list(camera.counters) == ["image", "spot_sum", "spot_avg", "spot_std", "spot_min", "spot_max"]
    assert [counter.values(FRAME[np.newaxis])[0] for counter in statistics] == [
        *(part.sum(), part.mean(), part.std(), part.min(), part.max())
    ]
    assert camera.roi_counters.statistics("spot") is statistics
    assert statistics.sum is camera.counters["spot_sum"]


def test_sums_of_small_integers_do_not_overflow(camera):
    camera.roi_counters["all"] = 0, 0, 6, 4
    assert camera.counters["all_sum"].values(np.full((1, 4, 6), 255, "uint8")).tolist() == [24 * 255]


def test_a_region_is_in_pixels_of_the_detector_however_it_is_binned(camera):
    camera.roi_counters["spot"] = 2, 0, 2, 2
    before = values(camera, "spot_sum")
    camera.binning = 2
    binned = FRAME.reshape(2, 2, 3, 2).sum(axis=(1, 3))
    assert camera.counters["spot_sum"].values(binned[np.newaxis]).tolist() == before


def test_a_region_can_be_moved_and_taken_away(camera):
    rois = camera.roi_counters
    rois["spot"] = 0, 0, 1, 1
    counter = camera.counters["spot_sum"]
    rois["spot"] = 5, 3, 1, 1
    assert camera.counters["spot_sum"] is counter and values(camera, "spot_sum") == [35]
    rois["dark"] = 0, 0, 2, 2
    assert list(rois) == ["spot", "dark"] and rois["spot"] == (5, 3, 1, 1) and len(rois.counters) == 10
    del rois["spot"]
    assert "spot_sum" not in camera.counters and list(rois) == ["dark"]
    rois.clear()
    assert list(camera.counters) == ["image"] and not rois


@pytest.mark.parametrize(
    "region",
    [(0, 0, 7, 1), (0, 0, 1, 5), (6, 0, 1, 1), (-1, 0, 2, 2), (0, 0, 0, 1), (0, 0, 1), (0.5, 0, 1, 1), "0011", None],
)
def test_what_does_not_lie_on_the_detector_is_no_region(camera, region):
    with pytest.raises(UsageError, match="camera: the region 'spot'"):
        camera.roi_counters["spot"] = region
    assert list(camera.counters) == ["image"]


def test_names_that_cannot_be(camera):
    camera.roi_counters["spot"] = 0, 0, 1, 1
    for name in ("a b", "", "a:b", 3):
        with pytest.raises(UsageError, match="needs a name"):
            camera.roi_counters[name] = 0, 0, 1, 1
    with pytest.raises(UsageError, match="did you mean 'spot'"):
        camera.roi_counters.remove("spott")
    with pytest.raises(UsageError, match="there are: spot"):
        camera.roi_counters.remove("spot", "other")
    assert list(camera.roi_counters) == ["spot"]


# -- what it says, what it keeps --------------------------------------------------------------------------


def test_it_says_how_it_is_set(camera):
    assert camera.__info__().splitlines() == [
        "camera camera: 6 x 4 pixels, uint16",
        "exposure: as long as a scan counts; readout: 0.5 s",
        "regions: none",
    ]
    assert camera.roi_counters.__info__().startswith("camera has no regions; add one")
    camera.exposure, camera.binning = 0.25, 2
    camera.roi_counters["spot"] = 1, 2, 3, 2
    assert camera.__info__().splitlines() == [
        "camera camera: 3 x 2 pixels, uint16, binning 2 x 2",
        "exposure: 0.25 s; readout: 0.5 s",
        "regions: spot at 1, 2: 3 x 2",
    ]
    assert camera.roi_counters.__info__() == "spot: x 1, y 2, 3 x 2"
    assert camera.scan_metadata() == {
        "readout_time": 0.5,
        "binning": 2,
        "exposure": 0.25,
        "rois": {"spot": [1, 2, 3, 2]},
    }


def test_what_was_changed_is_told_and_taken_over_by_the_next_session(camera):
    told = {}
    camera.on_setting(told.__setitem__)
    assert camera.settings() == {}
    camera.exposure, camera.binning, camera.compression = 0.25, 2, "blosc2-lz4"
    camera.roi_counters["spot"] = 1, 2, 3, 2
    camera.roi_counters["gone"] = 0, 0, 1, 1
    camera.roi_counters.remove("gone")
    expected = {"exposure": 0.25, "binning": 2, "rois": {"spot": [1, 2, 3, 2]}, "compression": "blosc2-lz4"}
    assert told == camera.settings() == expected
    later = Camera("camera", Ramp(), rois={"configured": [0, 0, 1, 1]})
    later.restore({**told, "unknown": 1})
    assert later.settings() == expected and later.image.shape == (2, 3)
    assert list(later.counters)[:2] == ["image", "spot_sum"]


def test_as_configured_is_nothing_to_keep():
    camera = Camera("camera", Ramp(), exposure=0.5, binning=2, rois={"spot": [0, 0, 1, 1]})
    assert camera.settings() == {} and camera.image.shape == (2, 3) and camera.driver.binning == 2
    camera.roi_counters["spot"] = 1, 1, 1, 1
    assert camera.settings() == {"rois": {"spot": [1, 1, 1, 1]}}


@pytest.mark.parametrize(
    "wrong",
    [{"exposure": "x"}, {"binning": 5}, {"rois": [1]}, {"rois": {"spot": [0, 0, 99, 1]}}, {"compression": "zip"}],
)
def test_settings_that_cannot_be_are_refused_and_nothing_is_taken_over(camera, wrong):
    with pytest.raises(UsageError, match="camera"):
        camera.restore({"exposure": 0.3, **wrong})
    assert camera.settings() == {} and camera.exposure is None


@pytest.mark.parametrize(
    "wrong",
    [{"exposure": -1}, {"binning": 4}, {"rois": {"a b": [0, 0, 1, 1]}}, {"timeout": 0}, {"compression": "lz4"}],
)
def test_a_configuration_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError, match="camera: "):
        Camera("camera", Ramp(), **wrong)


def test_how_frames_are_compressed_is_said_at_the_camera(camera):
    assert camera.compression is None and "compression" not in camera.__info__()
    camera.compression = "bitshuffle-lz4"
    assert camera.__info__().splitlines()[-1] == "compression of its frames in files: bitshuffle-lz4"
    with pytest.raises(UsageError, match="camera: compression must be one of .* got 'bitshufle-lz4': did you mean"):
        camera.compression = "bitshufle-lz4"
    assert camera.compression == "bitshuffle-lz4"
    camera.compression = None
    assert camera.settings() == {}


def test_a_camera_that_can_not_bin_has_a_binning_of_one():
    class Plain(CameraDriver):
        frame_shape = (4, 6)

    plain = Camera("plain", Plain())
    plain.binning = 1
    assert plain.binning == 1
