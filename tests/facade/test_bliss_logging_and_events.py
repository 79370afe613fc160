"""What modules written for BLISS log, print and listen to."""

import logging

from obtura.bliss.event import connect, disconnect
from obtura.bliss.logtools import log_exception, log_info, user_error, user_print
from obtura.devices.sim import SimulatedAxis
from obtura.works.clock import virtual_time


def test_a_device_logs_under_its_name(caplog):
    roby = SimulatedAxis("roby")
    with caplog.at_level(logging.INFO, "obtura"):
        log_info(roby, "moved to %g", 3)
        try:
            1 / 0  # noqa: B018 - for its exception
        except ZeroDivisionError:
            log_exception(roby, "it failed")
    assert caplog.record_tuples[0] == ("obtura.devices.roby", logging.INFO, "moved to 3")
    assert caplog.records[1].exc_info is not None


def test_the_user_reads_what_is_said(capsys):
    user_print("a", 1, sep="-")
    user_error("no %s", "beam")
    assert capsys.readouterr().out == "a-1\n!!! no beam\n"


def test_events_of_an_axis_are_heard_until_disconnected():
    heard = []
    with virtual_time():
        roby = SimulatedAxis("roby")
        connect(roby, "move_done", heard.append)
        roby.move(1)
        disconnect(roby, "move_done", heard.append)
        before = len(heard)
        roby.move(2)
    assert heard[-1] is True
    assert len(heard) == before
