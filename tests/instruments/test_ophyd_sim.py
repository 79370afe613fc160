"""Devices of ophyd and ophyd-async that come with these packages: what they are in obtura, by their protocols."""

import asyncio
import threading

import h5py
import pytest

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")

import numpy as np
import ophyd.sim
import ophyd_async.core
import ophyd_async.sim
from bluesky.protocols import Movable

import obtura
from obtura.contracts.devices import is_movable
from obtura.ground.errors import DeviceBusyError, DeviceError, DeviceTimeoutError, LimitError, UsageError
from obtura.instruments.ophyd import OphydAxis, OphydCounter, OphydDetector, OphydDevice, OphydShutter
from obtura.instruments.ophyd.loop import on_loop, the_loop

STAGE = {"pattern_generator": {"ophyd": "ophyd_async.sim:PatternGenerator"}}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def slow_motor(velocity=2.0):
    motor = ophyd_async.sim.SimMotor("m", instant=False)
    axis = OphydAxis("m", motor)
    axis.check()
    on_loop(the_loop(), "velocity", lambda: motor.velocity.set(velocity), 5)
    on_loop(the_loop(), "acceleration", lambda: motor.acceleration_time.set(0.01), 5)
    return axis


@pytest.mark.parametrize("known", ["ophyd_async.sim:SimMotor", "ophyd_async.sim.SimMotor"])
def test_an_axis_is_made_of_the_name_of_a_class_and_connected_when_it_is_needed(known):
    axis = OphydAxis("mx", known, arguments={"initial_value": 3.0, "units": "deg"})
    assert is_movable(axis)
    assert axis.connection == "SimMotor, not connected yet" and not axis.trace
    assert axis.position == 3.0
    axis.move(5.0)
    assert (axis.position, axis.unit, axis.is_moving) == (5.0, "deg", False)
    assert axis.connection.startswith("SimMotor, connected since ")
    said = [exchange.sent for exchange in axis.trace]
    assert said[0] == "connect" and "set(5)" in said
    moved = axis.trace[said.index("set(5)")]
    assert moved.answer == "done" and not moved.error and moved.took > 0


def test_classic_ophyd_is_called_on_this_thread_and_ophyd_async_on_one_loop():
    seen = []

    class Both(ophyd.sim.SynAxis):
        def read(self):
            seen.append(threading.current_thread())
            return super().read()

    OphydDevice("classic", Both(name="classic")).counters.classic.read()
    assert seen[-1] is threading.current_thread()

    class Later(ophyd_async.sim.SimMotor):
        async def read(self):
            seen.append(asyncio.get_running_loop())
            return await super().read()

    one, other = OphydDevice("one", Later("one")), OphydDevice("other", Later("other"))
    one.counters.one.read()
    other.counters.other.read()
    assert seen[-1] is seen[-2] and isinstance(seen[-1], asyncio.AbstractEventLoop)


def test_the_hinted_keys_are_counters_with_unit_and_shape():
    stage = OphydDevice("stage", "ophyd_async.sim:SimStage", arguments=STAGE)
    assert {one.name: one.unit for one in stage.counters.values()} == {"stage-x": "mm", "stage-y": "mm"}
    image = OphydDevice("direct", ophyd.sim.DirectImage(name="img", func=lambda: np.eye(2)))
    image.ophyd_device.trigger()  # or it describes a number
    assert image.counters["img_img"].shape == (2, 2)
    assert image.counters["img_img"].read().tolist() == [[1, 0], [0, 1]]
    pair = OphydDevice("pair", ophyd.sim.motor)
    assert sorted(pair.counters) == ["motor"]
    setpoint = OphydCounter("wanted", pair, "motor_setpoint")
    ophyd.sim.motor.set(2.5)
    assert setpoint.read() == 2.5


def test_where_an_axis_is_says_the_key_that_is_called_as_it_whatever_else_it_reads():
    class Reading(ophyd_async.sim.SimMotor):
        def __init__(self, name=""):
            with self.add_children_as_readables(ophyd_async.core.StandardReadableFormat.HINTED_SIGNAL):
                for letter in "abcdefgz":
                    setattr(self, letter, ophyd_async.core.soft_signal_rw(float, units="V"))
            super().__init__(name)

    assert OphydAxis("mx", Reading("mx")).unit == "mm"
    assert list(OphydDevice("mx", Reading("mx")).counters) == ["mx", *(f"mx-{letter}" for letter in "abcdefgz")]


def test_an_ascan_with_both_kinds_saves_what_they_read():
    async_axis = OphydAxis("mx", "ophyd_async.sim:SimMotor")
    classic = OphydAxis("my", ophyd.sim.SynAxis(name="my"))
    spied = OphydDevice("gauss", ophyd.sim.SynGauss("gauss", classic.ophyd_device, "my", center=0, Imax=1, sigma=1))
    scan = obtura.a2scan(async_axis, 0, 2, classic, 0, 2, 2, 0.001, spied)
    with h5py.File(scan.scan_info["filename"]) as file:
        data = file[f"{scan.scan_number}.1/measurement"]
        assert list(data["mx"][()]) == list(data["my"][()]) == [0.0, 1.0, 2.0]
        assert data["gauss"][()].tolist() == pytest.approx([1.0, 0.60653, 0.13534], abs=1e-4)


def test_parts_of_a_device_share_how_it_is_connected():
    stage = OphydDevice("stage", "ophyd_async.sim:SimStage", arguments=STAGE)
    x, y = (OphydAxis(f"s{part}", device=stage, part=part) for part in "xy")
    x.move(1.0)
    y.move(2.0)
    assert [stage.counters[f"stage-{part}"].read() for part in "xy"] == [1.0, 2.0]
    assert x.connection == stage.connection
    assert [one.sent for one in stage.trace].count("connect") == 1
    with pytest.raises(UsageError, match="sz: the SimStage has no part 'z'"):
        OphydAxis("sz", device=stage, part="z")


def test_limits_are_the_devices_and_those_given():
    classic = OphydAxis("my", ophyd.SoftPositioner(name="my", limits=(-5, 5), init_pos=0, egu="um"))
    assert (classic.limits, classic.unit) == ((-5.0, 5.0), "um")
    with pytest.raises(LimitError, match="my: 7 um is outside of the limits -5 to 5 um of the SoftPositioner my"):
        classic.move(7)
    assert OphydAxis("m", "ophyd_async.sim:SimMotor", low_limit=-1).limits == (-1.0, float("inf"))

    class Wary(ophyd_async.sim.SimMotor):
        async def check_value(self, value):
            if value == 13:
                raise ValueError("13 is bad luck")

    with pytest.raises(LimitError, match="w: Wary w refuses 13: 13 is bad luck; nothing was moved"):
        OphydAxis("w", Wary("w")).move(13)


def test_a_move_can_be_stopped_from_another_thread_and_the_axis_moves_again():
    axis = slow_motor()
    axis.move(100.0, wait=False)
    assert axis.is_moving
    with pytest.raises(DeviceBusyError):
        axis.move(1.0)
    threading.Timer(0.1, axis.stop).start()
    with pytest.raises(DeviceError, match=r"m was stopped at .* on its way to 100"):
        axis.wait_move()
    assert not axis.is_moving
    axis.move(axis.position)


def test_progress_is_what_the_status_tells():
    axis = slow_motor(0.4)
    axis.move(1.0, wait=False)
    while not axis.progress.get("current"):
        assert axis.is_moving
    assert (axis.progress["initial"], axis.progress["target"]) == (0.0, 1.0)
    axis.wait_move()
    assert not axis.progress


class Deaf(ophyd_async.sim.SimMotor):
    """Takes an order and never comes to its end."""

    def set(self, value):
        return ophyd_async.core.AsyncStatus(asyncio.sleep(3600))

    async def stop(self, success=False):
        self.stopped = True


def test_one_that_comes_no_nearer_is_stopped_and_given_up():
    axis = OphydAxis("deaf", Deaf("deaf"), patience=0.3)
    message = "deaf.move: Deaf deaf is at 0 and has come no nearer to 1 for 0.3 s; it was told to stop"
    with pytest.raises(DeviceTimeoutError, match=message):
        axis.move(1.0)
    assert axis.ophyd_device.stopped


class Silent(ophyd_async.sim.SimMotor):
    async def connect(self, mock=False, timeout=0.0, force_reconnect=False):
        await asyncio.sleep(timeout)
        raise ophyd_async.core.NotConnectedError("no PV")


def test_one_that_is_not_there_says_so_in_time_and_again(seconds):
    axis = OphydAxis("mx", Silent("mx"), timeout=0.2)
    took, error = seconds(lambda: axis.position)
    assert took < 30 and isinstance(error, DeviceTimeoutError)
    assert "mx.position: Silent mx is not connected after 0.2 s: NotConnectedError: no PV" in str(error)
    _, again = seconds(lambda: axis.move(1))
    assert isinstance(again, DeviceTimeoutError)
    assert "last error: NotConnectedError: no PV" in axis.connection and axis.unit is None


def test_an_axis_that_is_nowhere_is_refused():
    class Nowhere(ophyd.sim.SynAxis):
        position = property(lambda self: float("nan"))

    with pytest.raises(DeviceError, match="mx: Nowhere m is at nan, which is no place"):
        OphydAxis("mx", Nowhere(name="m")).check()


def test_a_failed_status_is_a_device_error_with_the_reason():
    class Broken(ophyd.sim.SynAxis):
        def set(self, value):
            status = ophyd.DeviceStatus(self)
            status.set_exception(RuntimeError("the amplifier is off"))
            return status

    axis = OphydAxis("b", Broken(name="b"))
    with pytest.raises(DeviceError, match="b.move: Broken b ended with RuntimeError: the amplifier is off"):
        axis.move(1)


def test_one_that_is_interrupted_while_it_is_told_is_stopped():
    class Pressed(ophyd.sim.SynAxis):
        stops = 0

        def set(self, value):
            super().set(value)
            raise KeyboardInterrupt  # it is on its way, and the Status is lost

        def stop(self, *, success=False):
            self.stops += 1

    device = Pressed(name="m")
    with pytest.raises(KeyboardInterrupt):
        OphydAxis("m", device).move(1.0)
    assert device.stops == 1


def test_a_detector_is_staged_told_the_count_time_triggered_and_unstaged():
    calls = []

    class Detector(ophyd.Device):
        exposure = ophyd.Component(ophyd.Signal, value=0.0)
        value = ophyd.Component(ophyd.Signal, value=0, kind="hinted")

        def stage(self):
            calls.append("stage")
            return super().stage()

        def trigger(self):
            calls.append(f"trigger {self.exposure.get()}")
            status = ophyd.DeviceStatus(self)

            def count():
                self.value.put(self.value.get() + 1)
                status.set_finished()

            threading.Timer(0.01, count).start()
            return status

        def unstage(self):
            calls.append("unstage")
            return super().unstage()

    detector = OphydDetector("det", Detector("", name="det"), exposure="exposure")
    counter = detector.counters["det_value"]
    assert counter.dtype == int
    scan = obtura.loopscan(3, 0.02, detector, save=False)
    assert scan.get_data("det_value").tolist() == [1, 2, 3]
    assert calls == ["stage", "trigger 0.02", "trigger 0.02", "trigger 0.02", "unstage"]


def test_a_detector_that_never_ends_is_named_and_unstaged():
    unstaged = []

    class Never(ophyd.sim.SynAxis):
        def trigger(self):
            return ophyd.DeviceStatus(self)

        def unstage(self):
            unstaged.append(True)
            return super().unstage()

    detector = OphydDetector("det", Never(name="det"), timeout=0.2)
    with pytest.raises(DeviceTimeoutError, match="det.trigger: Never det was triggered and is not done 0.21 s later"):
        obtura.loopscan(2, 0.01, detector, save=False)
    assert unstaged


def test_a_standard_detector_is_prepared_and_says_where_its_files_are(tmp_path):
    provider = ophyd_async.core.StaticPathProvider(ophyd_async.core.StaticFilenameProvider("blobs"), tmp_path)
    detector = OphydDetector("blob", ophyd_async.sim.SimBlobDetector(provider, name="blob"))
    scan = obtura.loopscan(2, 0.01, detector)
    assert scan.get_data("frames").tolist() == [1, 2]
    where = detector.files["blob"]
    with h5py.File(tmp_path / "blobs.h5") as file:
        assert file[where.partition("#")[2]].shape[0] == 2
    assert [where in comment.text for comment in scan.comments] == [True]


def test_a_shutter_is_a_movable_with_two_values():
    signal = ophyd.Signal(name="sh", value=0)
    shutter = OphydShutter("sh", signal)
    assert shutter.state == "CLOSED"
    with shutter:
        assert shutter.is_open and signal.get() == 1
    assert shutter.is_closed
    signal.put(7)
    assert shutter.state == "UNKNOWN"
    with pytest.raises(UsageError, match="no other process can make the Signal sh: describe it by its class"):
        shutter.action_of("close")
    described = OphydShutter("sh", "ophyd:Signal", arguments={"value": 0})
    assert described.action_of("close").arguments["ophyd"] == "ophyd:Signal"


def test_a_shutter_that_does_not_follow_is_named():
    class Stuck(ophyd.Signal):
        def set(self, value, **options):
            return super().set(0, **options)

    shutter = OphydShutter("sh", Stuck(name="sh", value=0), patience=0.1)
    with pytest.raises(DeviceTimeoutError, match="sh.open: Stuck sh was set to 1 and is CLOSED 0.1 s later"):
        shutter.open()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: OphydAxis("a", "nowhere:Motor"), "a: nowhere:Motor can't be imported: ModuleNotFoundError"),
        (lambda: OphydAxis("a", "ophyd"), "a: ophyd must be module:Class, as ophyd:EpicsMotor, got 'ophyd'"),
        (lambda: OphydAxis("a"), "a: give either ophyd"),
        (lambda: OphydAxis("a", ophyd.sim.det1), "a: a SynGauss is no axis: it has no set()"),
        (lambda: OphydAxis("a", ophyd.sim.motor, prefix="X:"), "a: prefix and arguments are for a class"),
        (lambda: OphydDevice("a", object()), "a: a object has nothing to read: it is no Readable"),
        (lambda: OphydDetector("a", ophyd_async.sim.SimMotor("a")), "a: a SimMotor is no detector"),
        (lambda: OphydDevice("a", "ophyd_async.sim:SimStage"), "a: ophyd_async.sim:SimStage can't be made with (name"),
    ],
)
def test_what_can_not_be_is_refused_in_plain_words(make, told):
    with pytest.raises(UsageError) as error:
        make()
    assert str(error.value).startswith(told)


def test_a_key_that_is_not_there_refuses_the_scan():
    device = OphydDevice("d", ophyd.sim.SynAxis(name="d"))
    counter = OphydCounter("c", device, "nothing")
    with pytest.raises(DeviceError, match="c: d: the SynAxis d reads no 'nothing' .it reads: d, d_setpoint"):
        obtura.ct(0.01, counter, save=False)


def test_protocols_decide_not_classes():
    assert isinstance(ophyd.sim.motor, Movable)
    assert [kind.twin for kind in (OphydAxis, OphydCounter, OphydDevice, OphydShutter)] == [
        "axis",
        "counter",
        "readable",
        "shutter",
    ]


class Shaped(ophyd.sim.SynAxis):
    """Announces an array of 3 and gives `value`."""

    value = (1.0, 2.0, 3.0)
    hints = {"fields": ["d"]}  # noqa: RUF012 - so it is with ophyd

    def trigger(self):
        status = ophyd.DeviceStatus(self)
        status.set_finished()
        return status

    def describe(self):
        return {"d": {"source": "", "dtype": "array", "shape": [3]}}

    def read(self):
        return {"d": {"value": np.array(self.value), "timestamp": 0.0}}


@pytest.mark.parametrize("kind", [OphydDetector, OphydDevice])
def test_an_array_of_another_shape_than_announced_is_named(kind):
    device = Shaped(name="d")
    assert obtura.loopscan(2, 0.01, kind("det", device), save=False).get_data("d").shape == (2, 3)
    device.value = 1.0, 2.0
    announced = r"det.read: Shaped d announced d as an array of shape \(3,\) and gave an array of shape \(2,\)"
    with pytest.raises(DeviceError, match=announced):
        obtura.loopscan(2, 0.01, kind("det", device), save=False)
