"""Ready-made presets on devices of a Tango server."""

import threading

import pytest

import obtura
from obtura.ground.errors import DeviceError
from obtura.instruments.tango import TangoCounter

OPEN, CLOSE = ("shutter", "Open", None), ("shutter", "Close", None)


def scan_of(beam):
    return obtura.loopscan(2, 0.0, beam.counter(), run=False, save=False)


def test_a_shutter_is_open_for_a_scan_and_closed_after_an_error(beam):
    scan = scan_of(beam)
    scan.add_preset(obtura.ShutterPreset(beam.shutter()))
    scan.run()
    assert beam.told() == [OPEN, CLOSE]
    beam.forget()
    scan = scan_of(beam)
    scan.add_preset(obtura.ShutterPreset(beam.shutter()))

    class Fail(obtura.ScanPreset):
        def start(self, scan):
            raise RuntimeError("a hook fails")

    scan.add_preset(Fail())
    with pytest.raises(RuntimeError, match="a hook fails"):
        scan.run()
    assert beam.told()[-1] == CLOSE


def test_a_shutter_that_has_a_fault_ends_the_scan_in_words(beam):
    beam.misbehave("shutter", "FAULT")
    scan = scan_of(beam)
    scan.add_preset(obtura.ShutterPreset(beam.shutter()))
    with pytest.raises(DeviceError, match="shutter: it says .* FAULT: no air pressure"):
        scan.run()
    assert OPEN not in beam.told()


@pytest.mark.parametrize("monitor", [False, True])
def test_a_scan_waits_for_beam(beam, monitor):
    device = beam.device("diode")
    device.command("SetCurrent", 0.1)
    scan = scan_of(beam)
    current = TangoCounter("ring", device, "Watched", monitor=monitor)
    scan.add_preset(obtura.WaitForBeam(current, 1.0, poll=0.01))
    back = threading.Timer(0.2, beam.device("diode").command, ["SetCurrent", 200.0])
    back.start()
    scan.run()
    back.join()
    assert list(scan.get_data("current")) == [200.0, 200.0]


def test_outputs_are_switched_for_a_scan_and_put_back(beam):
    opiom = beam.multiplexer()
    opiom.switch("source", "a")
    beam.forget()
    scan = scan_of(beam)
    scan.add_preset(obtura.MultiplexerPreset(opiom, "filter", "thick", "source", "b"))
    scan.run()
    wheel = [each[1:] for each in beam.told()]
    assert sorted(wheel[:2]) == [("Filter", 2), ("Select", 1)]
    assert sorted(wheel[2:]) == [("Filter", 0), ("Select", 0)]


def test_all_together_around_each_point_of_an_ascan(beam):
    axis, opiom = beam.axis(), beam.multiplexer()
    scan = obtura.ascan(axis, 0, 1, 1, 0.0, beam.counter(), run=False, save=False)
    scan.acq_chain.add_preset(obtura.MultiplexerPreset(opiom, "filter", "thin"))
    scan.acq_chain.add_preset(obtura.ShutterPreset(beam.shutter(), per_point=True))
    scan.run()
    filtered, unfiltered = ("wheel", "Filter", 1), ("wheel", "Filter", 0)
    points = [each for x in (0, 1) for each in (("mx", "Position", x), OPEN, CLOSE)]
    assert beam.told() == [filtered, *points, unfiltered]
