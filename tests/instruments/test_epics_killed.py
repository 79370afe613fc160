"""A C IOC killed in each phase of a scan, and back: by Channel Access and by PV Access."""

import threading

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.instruments.epics import PVCounter, PVReader, connect

TIMEOUT = 1.5


class Kills(obtura.ScanPreset, obtura.ChainPreset):
    """Kills the IOC in one phase; between points: before the second. Keeps what was called."""

    def __init__(self, ioc, phase):
        self.ioc = ioc
        self.phase = phase
        self.calls = []

    def at(self, phase):
        self.calls.append(phase)
        if phase == self.phase:
            self.ioc.kill()

    def prepare(self, _scan):
        self.at("prepare")

    def start(self, _scan):
        self.at("start")

    def before_stop(self, _chain):
        self.at("stop")

    def stop(self, _scan):
        self.calls.append("end")

    def get_iterator(self, _chain):
        for phase in ("point 0", "point 1", "point 2"):
            yield Point(self, phase)


class Point(obtura.ChainIterationPreset):
    def __init__(self, kills, phase):
        self.kills, self.phase = kills, phase

    def start(self):
        self.kills.at(self.phase)


@pytest.mark.parametrize(("phase", "points"), [("prepare", 0), ("start", 0), ("point 1", 1), ("stop", 3)])
def test_killed_in_any_phase_the_scan_ends_in_time_by_name_and_the_next_one_runs(
    mortal_c_beamline, phase, points, seconds, in_the_end
):
    beamline = mortal_c_beamline
    diode, axis, shutter = (
        beamline.counter(timeout=TIMEOUT),
        beamline.axis(timeout=TIMEOUT, patience=2.0),
        beamline.shutter(timeout=TIMEOUT, patience=2.0),
    )
    connect(diode, axis, shutter)
    scan = obtura.ascan(axis, 0, 1, 2, 0.01, diode, run=False, save=False)
    kills = Kills(beamline.ioc, phase)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter))
    scan.acq_chain.add_preset(kills)
    took, error = seconds(scan.run)
    assert took < 60
    assert isinstance(error, DeviceError)
    assert f"PV {beamline.protocol}://D:" in str(error)
    assert "lost at" in str(error)
    assert kills.calls.count("end") == 1
    assert any("shutter.close failed" in str(each) for each in scan.errors)
    assert len(scan.get_data(diode)) == points

    beamline.ioc.start()
    connect(diode, axis, shutter, timeout=60.0)
    again = in_the_end(lambda: obtura.ascan(axis, 0, 1, 2, 0.01, diode, save=False))
    assert len(again.get_data(diode)) == 3
    assert shutter.is_closed


def test_a_put_that_was_given_up_is_not_done_later(mortal_c_beamline, seconds):
    shutter = mortal_c_beamline.shutter(timeout=TIMEOUT, patience=TIMEOUT)
    connect(shutter)
    mortal_c_beamline.ioc.kill()
    took, error = seconds(shutter.open)
    assert took < 30
    assert isinstance(error, DeviceError)
    mortal_c_beamline.ioc.start()
    connect(shutter, timeout=60.0)
    assert shutter.is_closed
    assert mortal_c_beamline.ioc.puts() == []


class Outage(obtura.ChainPreset):
    """The IOC is lost before point 1, and started again `away` s later; None: never."""

    def __init__(self, ioc, away=None):
        self.ioc, self.away = ioc, away
        self.starting = None

    def get_iterator(self, _chain):
        for number in range(4):
            yield Point(self, number)

    def at(self, number):
        if number == 1:
            self.ioc.kill()
            if self.away is not None:
                self.starting = threading.Timer(self.away, self.ioc.start)
                self.starting.start()


@pytest.fixture
def scanned(mortal_c_beamline, capfd):
    """A loopscan of four points of `diode`, which has a policy, and of `other`, while the IOC is lost."""

    def run(policy, away=None, **options):
        reader = PVReader("reader", timeout=TIMEOUT, **options)
        for name in ("diode", "i0"):
            PVCounter(name, mortal_c_beamline.pv(name), controller=reader).policy = policy
        connect(reader)
        outage = Outage(mortal_c_beamline.ioc, away)
        scan = obtura.loopscan(4, 0.02, *reader.counters.values(), run=False, save=False)
        scan.acq_chain.add_preset(outage)
        error = None
        try:
            scan.run()
        except DeviceError as raised:
            error = raised
        if outage.starting is not None:
            outage.starting.join()
        return [list(scan.get_data(name)) for name in ("diode", "i0")], error, capfd.readouterr().err

    return run


@pytest.mark.parametrize("options", [{}, {"monitor": True}], ids=["asked", "monitored"])
class TestPolicies:
    def test_required_ends_the_scan(self, scanned, options):
        (diode, _), error, _ = scanned("required", **options)
        assert diode == [5.0]
        assert "lost" in str(error)

    def test_optional_drops_out(self, scanned, options):
        (diode, i0), error, said = scanned("optional", **options)
        assert error is None
        assert [diode[0], i0[0]] == [5.0, 1000.0]
        assert all(value != value for value in diode[1:] + i0[1:])
        assert "reader:diode drops out and is NaN from here on" in said

    def test_retry_gives_up_after_so_many_times(self, scanned, options):
        (diode, _), error, _ = scanned("retry 2", **options)
        assert diode == [5.0]
        assert isinstance(error, DeviceError)

    def test_wait_holds_the_scan_until_it_is_back(self, scanned, options):
        (diode, i0), error, said = scanned("wait 30", away=3.0, **options)
        assert error is None
        assert (diode, i0) == ([5.0] * 4, [1000.0] * 4)
        assert "the scan waits up to 30 s for it" in said
        assert "reader:diode, reader:i0 is back after" in said

    def test_wait_has_a_deadline(self, scanned, options):
        (diode, _), error, _ = scanned("wait 0.5", **options)
        assert diode == [5.0]
        assert isinstance(error, DeviceTimeoutError) or "lost" in str(error)
