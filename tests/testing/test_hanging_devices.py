"""Devices that hang under a preset which `assert_preset_ok` tries."""

import threading

from tried import BothAtAnyRate, OneAfterTheOther, Opens

from obtura.testing import try_preset


def test_a_device_that_hangs_in_stop_must_not_keep_another_from_being_put_back():
    only = "hangs before cover.set_in, call 1, step scan"
    report = try_preset(BothAtAnyRate, only=only)
    assert (report.faults, report.findings) == (1, [])
    (finding,) = try_preset(OneAfterTheOther, only=only).findings
    assert finding.what == "shutter was not put back: state is OPEN, it was CLOSED"


def test_devices_hang_before_and_after_they_do_what_they_are_told():
    report = try_preset(Opens, only="hangs")
    assert report.findings == []
    assert report.faults > 15


def test_what_a_busy_machine_makes_of_a_hang_is_not_reported():
    stops = []

    class LateOnce(Opens):
        def stop(self, scan):
            stops.append(scan)
            if len(stops) == 3:  # the good scan and the one after it had two
                threading.Event().wait(0.5)  # real time: longer than the deadline
            super().stop(scan)

    report = try_preset(LateOnce, only="hangs before diode.reading, call 1, step scan")
    assert (report.faults, report.findings) == (1, [])
    assert len(stops) == 6  # and two for the hang with either deadline
