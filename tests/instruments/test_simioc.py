"""The simulated beamline and the process that serves it."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.ground.errors import DeviceError
from obtura.works.clock import clock, virtual_time

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.instruments.simioc import start_ioc
from obtura.instruments.simioc.beamline import LIMITS, World

POSITIONS = st.floats(*LIMITS)


def answers(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@given(start=POSITIONS, target=POSITIONS, velocity=st.floats(0.1, 100), waits=st.lists(st.floats(0, 5)))
def test_the_axis_goes_from_start_to_target_and_not_beyond(start, target, velocity, waits):
    with virtual_time():
        world = World(lambda: clock.time())
        world.set_velocity(velocity)
        world.go_to(start)
        clock.sleep(1e9)
        assert (world.readback, world.done) == (start, 1)
        world.go_to(target)
        way = [world.readback]
        for seconds in waits:
            clock.sleep(seconds)
            way.append(world.readback)
        assert way == sorted(way, reverse=target < start)
        assert all(min(start, target) <= x <= max(start, target) for x in way)
        clock.sleep(1e9)
        assert (world.readback, world.done) == (target, 1)


@given(target=POSITIONS, after=st.floats(0.01, 2))
def test_a_stopped_axis_stays_where_it_is(target, after):
    with virtual_time():
        world = World(lambda: clock.time())
        world.go_to(target)
        clock.sleep(after)
        world.halt(0)
        where = world.readback
        world.halt(1)
        clock.sleep(100)
        assert (world.readback, world.setpoint, world.done) == (where, where, 1)


def test_the_diode_is_dark_until_the_shutter_is_open():
    with virtual_time():
        world = World(lambda: clock.time())
        world.go_to(1.0)
        clock.sleep(10)
        dark = world.diode
        world.switch("Open")
        assert (world.status, world.diode) == ("Moving", dark)
        clock.sleep(2 * world.delay)
        assert (world.status, world.diode) == ("Open", dark + 1000.0)
        world.switch("Closed")
        assert world.diode == dark


def test_puts_are_logged_with_time_pv_and_value_in_their_order(beamline):
    before = time.time()
    shutter, axis = beamline.shutter(), beamline.axis()
    shutter.open()
    axis.move(0.5)
    shutter.close()
    assert beamline.puts() == [("shutter", "Open"), ("axis", "0.5"), ("shutter", "Closed")]
    times = [put.time for put in beamline.ioc.puts()[-3:]]
    assert before < times[0] < times[1] < times[2] < time.time()


def test_it_sets_what_clients_need_and_takes_it_back(monkeypatch, loopback_only):
    monkeypatch.delenv("EPICS_CA_AUTO_ADDR_LIST")
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", "before")
    with start_ioc("ENV:") as ioc:
        assert os.environ["EPICS_CA_ADDR_LIST"] == f"127.0.0.1:{ioc.port}"
        assert os.environ["EPICS_CA_AUTO_ADDR_LIST"] == "NO"
        assert answers(ioc.port)
    assert os.environ["EPICS_CA_ADDR_LIST"] == "before"
    assert "EPICS_CA_AUTO_ADDR_LIST" not in os.environ
    assert not answers(ioc.port)


def test_an_ioc_that_does_not_start_says_why(tmp_path):
    with (
        pytest.raises(DeviceError, match=r"the simulated IOC did not start: .*Is a directory"),
        start_ioc(log=tmp_path),
    ):
        pass


def test_it_ends_with_whoever_started_it(script, tmp_path):
    text = """
from obtura.instruments.simioc import start_ioc
with start_ioc("ORPHAN:") as ioc:
    print(ioc.port, flush=True)
    input()
"""
    process = subprocess.Popen(
        [sys.executable, script(text)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},  # killed, it cleans up nothing
    )
    with process:
        port = int(process.stdout.readline())
        assert answers(port)
        process.send_signal(signal.SIGKILL)
    while answers(port):
        clock.sleep(0.01)
