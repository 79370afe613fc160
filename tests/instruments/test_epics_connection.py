"""What happens when an IOC is not there, dies, hangs, and comes back."""

import os
import signal
import socket
import threading
import time

import pytest
from halting import halt

from obtura.ground.errors import DeviceError
from obtura.works.clock import clock

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

import caproto

from obtura.instruments.epics import PVAxis, PVCounter, PVShutter, connect
from obtura.instruments.epics.ca import wire

TIMEOUT = 2.0
LATEST = 30.0  # that it comes to an end is what counts; a shared machine may be late
CLOCK = r"\d\d:\d\d:\d\d"


def devices(beamline):
    return (
        beamline.counter("diode", timeout=TIMEOUT),
        beamline.shutter(timeout=TIMEOUT, patience=TIMEOUT),
        beamline.axis(timeout=TIMEOUT, patience=TIMEOUT),
    )


def test_a_pv_that_nobody_has_is_named_with_the_time_and_who_was_asked(beamline, seconds):
    diode = PVCounter("diode", "T:no_such_pv", timeout=TIMEOUT)
    took, error = seconds(diode.controller.check)
    assert took < LATEST
    asked = os.environ["EPICS_CA_ADDR_LIST"]
    with pytest.raises(
        DeviceError,
        match=rf"^diode: PV T:no_such_pv is not connected \(no answer from any IOC since {CLOCK}\); "
        rf"is the IOC running\? Is its name right\? EPICS_CA_ADDR_LIST={asked}$",
    ):
        raise error


def test_what_is_not_connected_has_no_unit_and_an_unknown_state(beamline):
    assert PVCounter("diode", "T:no_such_pv", timeout=0.05).unit is None
    shutter = PVShutter("shutter", "T:no_such_pv", timeout=0.05)
    assert shutter.state == "UNKNOWN"
    assert "PV T:no_such_pv: not connected" in shutter.__info__()
    assert PVAxis("mx", "T:no_such_pv", timeout=0.05).__info__().startswith("axis mx: unknown\n")


def test_many_devices_connect_together_and_all_that_do_not_are_named(beamline, seconds):
    connect(*devices(beamline))
    lost = [PVCounter(f"c{i}", f"T:no_such_pv{i}") for i in range(100)]
    took, error = seconds(lambda: connect(*devices(beamline), *lost, timeout=TIMEOUT))
    assert took < LATEST, "one after the other it would be 200 s"
    assert str(error).startswith("100 of 108 PVs did not connect within 2 s: c0: PV T:no_such_pv0, c1: PV ")


def test_a_dead_ioc_fails_each_call_in_time_and_a_restarted_one_serves_again(mortal_beamline, seconds, in_the_end):
    diode, shutter, axis = devices(mortal_beamline)
    connect(diode, shutter, axis)
    assert diode.read() == 5.0
    mortal_beamline.ioc.kill()
    calls = {
        "diode.read": diode.read,
        "shutter.open": shutter.open,
        "mx.position": lambda: axis.position,
        "mx.move": lambda: axis.move(1.0),
        "mx.stop": axis.stop,
    }
    for place, call in calls.items():
        took, error = seconds(call)
        assert took < LATEST, place
        assert isinstance(error, DeviceError), place
        assert str(error).startswith(f"{place} failed: PV {mortal_beamline.ioc.prefix}"), place
        assert "lost at" in str(error), place
    assert "not connected (lost at " in diode.__info__()
    assert shutter.state == "UNKNOWN"

    mortal_beamline.ioc.start()
    connect(diode, shutter, axis)
    in_the_end(shutter.open)
    in_the_end(lambda: axis.move(1.0))
    assert in_the_end(diode.read) == 1005.0
    assert "connected since" in diode.__info__()


def test_a_call_waits_for_an_ioc_that_is_just_coming_back(mortal_beamline):
    diode = mortal_beamline.counter("diode", timeout=100.0)
    assert diode.read() == 5.0
    mortal_beamline.ioc.kill()
    while "connected since" in diode.link.state:  # a call in the instant of its death would fail at once
        time.sleep(0.001)
    starting = threading.Timer(0.3, mortal_beamline.ioc.start)
    starting.start()
    assert diode.read() == 5.0
    starting.join()


def test_a_death_in_the_middle_of_a_call_ends_it_at_once(mortal_beamline, seconds):
    axis = mortal_beamline.axis(timeout=200.0, patience=200.0)
    mortal_beamline.put(axis__velocity=1.0)
    halt(mortal_beamline.ioc.pid)  # the call is answered by nobody, then the IOC dies
    dying = threading.Timer(0.2, mortal_beamline.ioc.kill)
    dying.start()
    answer = axis._setpoint.put(5.0, "move")
    took, error = seconds(lambda: answer.wait(clock.time() + 200.0))
    dying.join()
    assert took < 100
    assert "mx.move failed" in str(error)
    assert "did not answer: not connected (lost at" in str(error)


def test_an_ioc_that_hangs_fails_in_time_and_late_answers_do_no_harm(mortal_beamline, seconds, recwarn, caplog):
    diode, shutter, _ = devices(mortal_beamline)
    connect(diode, shutter)
    halt(mortal_beamline.ioc.pid)
    took, error = seconds(diode.read)
    assert took < LATEST
    assert "did not answer within 2 s; does the IOC hang?" in str(error)
    took, error = seconds(shutter.open)
    assert took < LATEST
    assert "did not confirm the put of Open" in str(error)
    os.kill(mortal_beamline.ioc.pid, signal.SIGCONT)
    shutter.close()  # the put that was given up has been processed meanwhile, in its turn
    assert mortal_beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]
    assert diode.read() == 5.0
    assert not recwarn.list


def test_a_server_that_no_longer_has_a_pv_is_asked_again(beamline):
    diode = beamline.counter("diode")
    assert diode.read() == 5.0
    # To the client an answer to "clear this channel" is what a gateway says when its IOC ends.
    wire()._lane.call("clear", lambda: diode.link.remote.pv.circuit_manager.send(diode.link.remote.pv.channel.clear()))
    while diode.link.connected:
        clock.sleep(0.005)
    assert diode.read() == 5.0


def test_a_server_that_vanishes_before_it_is_connected_to_does_not_end_all_connecting(mortal_beamline):
    with socket.socket() as nobody, socket.socket(type=socket.SOCK_DGRAM) as liar:
        nobody.bind(("127.0.0.1", 0))  # not listening: a connection is refused
        liar.bind(("127.0.0.1", 0))
        liar.settimeout(5.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{liar.getsockname()[1]}")
            i0 = mortal_beamline.counter("i0")  # no other test has made the client look for it
            answer_search(liar, i0.link.name, nobody.getsockname()[1])
            clock.sleep(0.1)
        assert i0.read() == 1000.0


def answer_search(udp, name, port):
    """Say to whoever asks for a PV that it is served at this TCP port."""
    server = caproto.Broadcaster(our_role=caproto.SERVER)
    while True:
        datagram, client = udp.recvfrom(65535)
        commands = server.recv(datagram, client)
        server.process_commands(commands)
        for command in commands:
            if isinstance(command, caproto.SearchRequest) and command.name == name:
                found = caproto.SearchResponse(port, None, command.cid, caproto.DEFAULT_PROTOCOL_VERSION)
                udp.sendto(server.send(caproto.VersionResponse(13), found), client)
                return
