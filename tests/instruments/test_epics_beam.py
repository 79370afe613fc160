"""Waiting for beam by a PV whose IOC is started anew in mid-scan."""

import threading

import pytest

pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceError
from obtura.works.clock import clock

DOWN = 3.0


class Restart(obtura.ChainIterationPreset):
    """Kills the IOC in a phase of its point; it is back a while later."""

    def __init__(self, ioc, phase):
        self.ioc, self.phase = ioc, phase

    def prepare(self):
        self._at("prepare")

    def start(self):
        self._at("start")

    def _at(self, phase):
        if phase == self.phase and self.ioc is not None:
            ioc, self.ioc = self.ioc, None
            ioc.kill()
            clock.sleep(0.3)  # somebody looks meanwhile
            threading.Timer(DOWN, ioc.start).start()


class AtSecondPoint(obtura.ChainPreset):
    def __init__(self, ioc, phase):
        self.restart = Restart(ioc, phase)

    def get_iterator(self, _chain):
        yield Restart(None, "")
        while True:
            yield self.restart


@pytest.mark.parametrize("phase", ["prepare", "start"])
def test_the_scan_waits_for_the_ioc_and_goes_on(mortal_c_beamline, phase):
    one, taken = obtura.SoftCounter(value=lambda: taken.append(beam.link.connected) or 1.0, name="one"), []
    beam = mortal_c_beamline.counter("current", timeout=2.0)
    scan = obtura.loopscan(3, 0, one, run=False, save=False)
    scan.acq_chain.add_preset(AtSecondPoint(mortal_c_beamline.ioc, phase))
    scan.acq_chain.add_preset(obtura.WaitForBeam(beam, 5, poll=0.1, every_point=True))
    scan.run()
    assert list(scan.get_data("one")) == [1.0] * 3
    assert beam.link.losses == 1
    assert taken.count(True) == 3  # those without an IOC were taken again


def test_what_is_no_number_is_not_waited_for(mortal_c_beamline):
    text = mortal_c_beamline.counter("spectrum")
    one = obtura.SoftCounter(value=lambda: 1.0, name="one")
    scan = obtura.loopscan(2, 0.01, one, run=False, save=False)
    scan.acq_chain.add_preset(obtura.WaitForBeam(text, 5, per_point=True))
    with pytest.raises(DeviceError, match="is an array of"):
        scan.run()
