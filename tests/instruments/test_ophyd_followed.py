"""What a device was told to begin is followed by its Status; one that gives none is refused, not taken as done."""

import pytest

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")

import ophyd.sim

import obtura
from obtura.contracts.chain import AcquisitionChain
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError
from obtura.instruments.ophyd import (
    OphydAxis,
    OphydDetector,
    OphydDevice,
    OphydFlyer,
    OphydFlyerMaster,
    OphydShutter,
)


def test_a_set_that_gives_no_status_is_refused():
    class Silent(ophyd.sim.SynAxis):
        def set(self, value):
            super().set(value)

    words = r"Silent m was set to 1(\.0)? and can't be followed: Silent.set\(\) gave None, where bluesky wants a Status"
    with pytest.raises(DeviceError, match=f"m.move: {words}"):
        OphydAxis("m", Silent(name="m")).move(1)
    with pytest.raises(DeviceError, match=f"m.open: {words}"):
        OphydShutter("m", Silent(name="m")).open()


@pytest.mark.parametrize("kind", [OphydDetector, OphydDevice])
def test_a_trigger_that_gives_no_status_is_refused(kind):
    class Silent(ophyd.sim.SynAxis):
        def trigger(self):
            return None

    words = r"det.trigger: Silent d was told and can't be followed: Silent.trigger\(\) gave None, where bluesky"
    with pytest.raises(DeviceError, match=words):
        obtura.loopscan(2, 0.01, kind("det", Silent(name="d")), save=False)


@pytest.mark.parametrize("silent", ["kickoff", "complete"])
def test_a_flyer_that_gives_no_status_is_refused(silent):
    flyer = ophyd.sim.TrivialFlyer()
    setattr(flyer, silent, lambda: None)
    chain = AcquisitionChain()
    chain.add(OphydFlyerMaster(OphydFlyer("fly", flyer)))
    words = rf"fly.{silent}: TrivialFlyer trivial_flyer was told and can't be followed: .* gave None, where bluesky"
    with pytest.raises(DeviceError, match=words):
        Scan(chain, save=False).run()
