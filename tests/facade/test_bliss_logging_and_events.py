"""What modules written for BLISS log, print and listen to."""

import logging

from obtura.bliss.event import connect, disconnect, send
from obtura.bliss.global_map import global_map
from obtura.bliss.logtools import disable_user_output, log_exception, log_info, user_error, user_print
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


class Valve:
    """A device of one's own."""


def test_a_device_of_one_s_own_sends_events():
    valve, other, heard = Valve(), Valve(), []
    connect(valve, "state", heard.append)
    connect(valve, "state", heard.append)
    send(valve, "state", "open")
    send(valve, "pressure", 3)
    send(other, "state", "closed")
    disconnect(valve, "state", heard.append)
    send(valve, "state", "closed")
    assert heard == ["open"]


def test_the_user_is_told_nothing_in_a_quiet_block(capsys):
    with disable_user_output():
        user_print("in it")
        user_error("in it, too")
    user_print("after it")
    assert capsys.readouterr().out == "after it\n"


def test_what_is_registered_in_the_map_changes_nothing():
    axes = list(global_map.get_axes_iter())
    valve = Valve()
    global_map.register(valve, parents_list=["controllers"], children_list=[])
    global_map.unregister(valve)
    assert list(global_map.get_axes_iter()) == axes
