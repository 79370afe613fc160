"""A detector cover."""

import pytest

from obtura.devices import CoverDriver, CoverState, DetectorCover
from obtura.devices.sim import SimulatedCover
from obtura.ground.errors import DeviceError
from obtura.works.clock import clock, virtual_time


def test_it_goes_in_and_out_and_takes_its_time():
    with virtual_time():
        cover = SimulatedCover("cover", travel=0.5)
        assert cover.state == "in"
        cover.set_out()
        assert cover.state is CoverState.OUT
        assert cover.is_out
        assert not cover.is_in
        cover.set_in()
        assert cover.is_in
        assert clock.time() == pytest.approx(1)
        assert cover.__info__() == "detector cover cover: in"
        assert repr(cover) == "SimulatedCover('cover')"


@pytest.mark.parametrize(("says", "seconds"), [("unknown", 3), ("fault", 0)])
def test_one_that_does_not_follow_is_an_error_that_names_it(says, seconds):
    class Stuck(CoverDriver):
        def set_in(self):
            pass

        def set_out(self):
            pass

        def state(self):
            return says

    with virtual_time():
        cover = DetectorCover("cover", Stuck(), timeout=3)
        with pytest.raises(DeviceError, match=f"cover.set_in failed: it says {says}"):
            cover.set_in()
        assert clock.time() == pytest.approx(seconds)
        with pytest.raises(DeviceError, match=f"cover.set_out failed: it says {says}"):
            cover.set_out()
