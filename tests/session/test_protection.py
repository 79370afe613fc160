"""A session's machine stands guard over its scans."""

import pytest

from obtura.data.saving import ScanSaving
from obtura.devices.sim import SimulatedRing
from obtura.session.session import Session
from obtura.works.clock import clock, virtual_time


def test_with_check_on_its_standard_scans_wait_for_a_refill(tmp_path):
    with virtual_time():
        ring = SimulatedRing("ring", refill_every=50, refill_takes=10)
        session = Session("lab", {"ring": ring}, ScanSaving("lab", base_path=tmp_path), display=False)
        clock.sleep(39)
        ring.check = True
        session.bench.ct(2, ring)
        assert clock.time() == pytest.approx(52, abs=0.01)
        clock.sleep(37)
        ring.check = False
        session.bench.ct(2, ring)
        assert clock.time() == pytest.approx(91, abs=0.01)


def test_a_session_has_the_words_for_cleaning_up(tmp_path):
    session = Session("lab", {}, ScanSaving("lab", base_path=tmp_path), display=False)
    assert {"cleanup", "error_cleanup", "rockit", "WaitForRefill"} <= set(session.env_dict)
