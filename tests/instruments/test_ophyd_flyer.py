"""Flyers of ophyd and ophyd-async as masters of scans: kicked off, followed, collected from, stopped."""

import threading

import h5py
import pytest
from accidents import interrupted

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")

import ophyd.sim
import ophyd_async.core as core
import ophyd_async.sim

import obtura
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.contracts import looking
from obtura.devices.sim import SimulatedAxis
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.instruments.ophyd import OphydCamera, OphydFlyer, OphydFlyerMaster
from obtura.instruments.ophyd.loop import on_loop, the_loop


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def mock_flyer(**options):
    motor = ophyd.sim.SynAxis(name="mx")
    diode = ophyd.sim.SynGauss("diode", motor, "mx", center=0, Imax=1, sigma=1)
    return OphydFlyer("fly", ophyd.sim.MockFlyer("fly", diode, motor, 0, 2, 3), **options)


def scan_of(master, *slaves, **options):
    chain = obtura.AcquisitionChain()
    chain.add(master)
    for slave in slaves:
        chain.add(master, slave)
    return obtura.Scan(chain, "fly", **options)


def made_to_fly(velocity=None):
    motor = ophyd_async.sim.SimMotor("m", instant=False)
    flyer = OphydFlyer("m", motor)
    flyer.partner.ready("")
    on_loop(the_loop(), "acceleration", lambda: motor.acceleration_time.set(0.05), 5)
    return flyer


@pytest.mark.parametrize("known", [{}, {"npoints": 3}])
def test_what_a_classic_flyer_collects_is_in_the_file(known):
    scan = scan_of(OphydFlyerMaster(mock_flyer(), **known))
    scan.run()
    assert scan.get_data("mx").tolist() == [0, 1, 2]
    assert scan.get_data("diode").tolist() == pytest.approx([1.0, 0.60653, 0.13534], abs=1e-4)
    assert len(scan.get_data("epoch")) == 3
    with h5py.File(scan.scan_info["filename"]) as file:
        assert file["1.1/measurement/mx"][()].tolist() == [0, 1, 2]


def test_points_come_while_it_flies():
    held, seen = threading.Event(), []

    class Waits(ophyd.sim.SynAxis):
        def set(self, value):
            if value == 1:
                assert held.wait(60)
            return super().set(value)

    motor = Waits(name="mx")
    flyer = OphydFlyer("fly", ophyd.sim.MockFlyer("fly", ophyd.sim.SynAxis(name="det"), motor, 0, 1, 2), period=0.02)

    class Looks(obtura.ScanPreset):
        def prepare(self, _scan):
            self.connect_data_channels([flyer], self.look)

        def look(self, _counter, name, data):
            if name == "fly:mx":
                seen.extend(data)
                held.set()

    scan = scan_of(OphydFlyerMaster(flyer), save=False)
    scan.add_preset(Looks())
    scan.run()
    assert held.is_set() and scan.get_data("mx").tolist() == [0, 1]


def test_one_that_collects_nothing_until_it_is_complete_is_not_asked_before():
    class Late(ophyd.sim.MockFlyer):
        def collect(self):
            assert self._completion_status.done
            return super().collect()

    motor = ophyd.sim.SynAxis(name="mx")
    flyer = OphydFlyer("fly", Late("fly", ophyd.sim.SynAxis(name="det"), motor, 0, 2, 3), period=None)
    scan = scan_of(OphydFlyerMaster(flyer), save=False)
    scan.run()
    assert scan.get_data("mx").tolist() == [0, 1, 2]


def test_the_trivial_flyer_gives_times_only():
    scan = scan_of(OphydFlyerMaster(OphydFlyer("t", "ophyd.sim:trivial_flyer")), save=False)
    scan.run()
    assert scan.get_data("epoch").tolist() == list(range(100))


def test_more_or_fewer_points_than_said_fail_the_scan():
    with pytest.raises(DeviceError, match="fly.collect: MockFlyer fly gave 3 points, 5 were expected"):
        scan_of(OphydFlyerMaster(mock_flyer(), npoints=5), save=False).run()


def test_it_flies_at_each_point_of_a_slower_axis():
    rows = SimulatedAxis("rows")
    chain = obtura.AcquisitionChain()
    outer = obtura.LinearStepTriggerMaster(2, rows, 0, 1)
    chain.add(outer, OphydFlyerMaster(mock_flyer(), npoints=3))
    scan = obtura.Scan(chain, "lines", save=False)
    scan.run()
    assert scan.get_data("mx").tolist() == [0, 1, 2, 0, 1, 2]
    chain = obtura.AcquisitionChain()
    chain.add(obtura.LinearStepTriggerMaster(2, rows, 0, 1), OphydFlyerMaster(mock_flyer()))
    with pytest.raises(UsageError, match="fly flies at each point of .*: say how many npoints a flight gives"):
        obtura.Scan(chain, save=False).run()


def test_an_async_motor_flies_and_a_camera_flies_along():
    flyer, camera = made_to_fly(), OphydCamera("cam", "ophyd_async.sim:SimBlobDetector")
    info = core.FlyMotorInfo(start_position=0.0, end_position=1.0, time_for_move=0.2)
    slave = CameraAcquisitionSlave(
        camera.image, count_time=0.02, npoints=5, trigger_type="HARDWARE", prepare_once=True, start_once=True
    )
    scan = scan_of(OphydFlyerMaster(flyer, info), slave)
    scan.run()
    said = [exchange.sent.partition("(")[0] for exchange in flyer.trace]
    assert [each for each in said if each in ("stage", "prepare", "kickoff", "complete", "stop")] == [
        *("stage", "prepare", "kickoff", "complete")
    ]
    with_run_down = on_loop(the_loop(), "read", flyer.ophyd_device.user_readback.get_value, 5)
    assert with_run_down == pytest.approx(1.125)
    with h5py.File(scan.scan_info["filename"]) as file:
        assert file["1.1/measurement/cam"].shape == (5, 240, 320)


def test_ctrl_c_stops_it():
    flyer = made_to_fly()
    info = core.FlyMotorInfo(start_position=0.0, end_position=100.0, time_for_move=100)
    scan = scan_of(OphydFlyerMaster(flyer, info), save=False)
    interrupted(scan, 2.5)
    assert "stop()" in [exchange.sent for exchange in flyer.trace]
    where = on_loop(the_loop(), "read", flyer.ophyd_device.user_readback.get_value, 5)
    assert 0 < where < 50 and where == on_loop(the_loop(), "read", flyer.ophyd_device.user_readback.get_value, 5)


def test_one_that_flies_too_long_is_named_and_stopped():
    stopped = []

    class Endless(ophyd.sim.TrivialFlyer):
        def complete(self):
            self.status = ophyd.DeviceStatus(ophyd.sim.motor)
            return self.status

        def stop(self, *, success=False):
            stopped.append(success)
            self.status.set_exception(RuntimeError("stopped"))

    flyer = OphydFlyer("long", Endless())
    with pytest.raises(DeviceTimeoutError, match="long.complete: Endless trivial_flyer was not done after 0.3 s"):
        scan_of(OphydFlyerMaster(flyer, longest=0.3), save=False).run()
    assert stopped == [False]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: OphydFlyer("f", ophyd.sim.det1), "f: a SynGauss is no flyer: it has no kickoff"),
        (lambda: OphydFlyerMaster(ophyd.sim.trivial_flyer), "expected an OphydFlyer, got"),
        (lambda: OphydFlyerMaster(mock_flyer(), 3), "fly: a MockFlyer can't be prepared, with 3"),
        (
            lambda: scan_of(
                OphydFlyerMaster(mock_flyer()),
                CameraAcquisitionSlave(OphydCamera("cam", "ophyd_async.sim:SimBlobDetector").image, count_time=0.1),
            ).run(),
            "fly triggers nobody while it flies: cam needs trigger_type='HARDWARE'",
        ),
    ],
)
def test_what_can_not_be_is_refused_in_plain_words(make, told):
    with pytest.raises(UsageError) as error:
        make()
    assert str(error.value).startswith(told)


def test_read_only_it_is_not_kicked_off(monkeypatch):
    monkeypatch.setattr(looking, "_looking", True)
    flyer = mock_flyer()
    with pytest.raises(DeviceError, match=r"fly.kickoff refused: this is read-only"):
        scan_of(OphydFlyerMaster(flyer), save=False).run()
