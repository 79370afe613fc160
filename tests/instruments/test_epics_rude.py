"""Servers that answer never, late, or with garbage, behind an address that is right."""

import contextlib
import socket
import threading

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import caproto
from halting import halt

import obtura
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.instruments.epics import PVCounter, PVReader, PVShutter

TIMEOUT = 0.3
LATEST = 30.0


class Rude:
    """Accepts whoever comes, by TCP, and says `says`; searches for CA PVs are answered with its address."""

    def __init__(self, says):
        self._says = says
        self._ended = False
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp_port = self.udp.getsockname()[1]
        self.guests = []
        for each in (self.tcp, self.udp):
            each.settimeout(0.05)  # closing one does not wake who waits for it
        self._threads = [threading.Thread(target=each) for each in (self._accept, self._answer_searches)]
        for thread in self._threads:
            thread.start()

    def _accept(self):
        while not self._ended:
            with contextlib.suppress(OSError):  # nobody comes, or one is gone already
                guest, _ = self.tcp.accept()
                self.guests.append(guest)
                guest.sendall(self._says)

    def _answer_searches(self):
        server = caproto.Broadcaster(our_role=caproto.SERVER)
        while not self._ended:
            with contextlib.suppress(OSError, caproto.CaprotoError):  # nobody asks, or what is no search
                datagram, client = self.udp.recvfrom(65535)
                commands = server.recv(datagram, client)
                server.process_commands(commands)
                found = [
                    caproto.SearchResponse(self.port, None, each.cid, caproto.DEFAULT_PROTOCOL_VERSION)
                    for each in commands
                    if isinstance(each, caproto.SearchRequest)
                ]
                if found:
                    self.udp.sendto(server.send(caproto.VersionResponse(13), *found), client)

    def close(self):
        self._ended = True
        for thread in self._threads:
            thread.join()
        for each in (self.udp, self.tcp, *self.guests):
            each.close()


@pytest.fixture(params=[b"", b"\xff" * 400, b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["never", "garbage", "http"])
def rude(request, protocol, monkeypatch, loopback_only):
    server = Rude(request.param)
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{server.udp_port}")
    monkeypatch.setenv("EPICS_PVA_NAME_SERVERS", f"127.0.0.1:{server.port}")
    yield server
    server.close()


def test_calls_fail_in_time_and_say_who_was_asked(rude, protocol, seconds):
    diode = PVCounter("diode", f"{protocol}://RUDE:diode", timeout=TIMEOUT)
    shutter = PVShutter("shutter", f"{protocol}://RUDE:shutter", timeout=TIMEOUT)
    for call in (diode.read, diode.check, shutter.open):
        took, error = seconds(call)
        assert took < LATEST
        assert isinstance(error, DeviceTimeoutError)
        assert f"PV {protocol}://RUDE:" in str(error)
    assert shutter.state == "UNKNOWN"


def test_it_keeps_no_other_server_from_being_used(rude, protocol, shared_c_ioc, monkeypatch):
    PVCounter("rude", f"{protocol}://RUDE:other", timeout=TIMEOUT)
    for name, value in shared_c_ioc.servers.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EPICS_PVA_NAME_SERVERS")
    reader = PVReader("good", timeout=60.0)
    diode = PVCounter("diode", f"{protocol}://C:diode", controller=reader)
    rest = PVCounter("rude", f"{protocol}://RUDE:diode", timeout=TIMEOUT)
    rest.policy = "optional"
    scan = obtura.loopscan(2, 0, diode, rest, save=False)
    assert list(scan.get_data(diode)) == [diode.read()] * 2
    assert all(value != value for value in scan.get_data("rude:rude"))


@pytest.fixture
def stopped_ioc(mortal_c_beamline):
    """A C IOC that hangs, and goes on when it is told to."""
    import os
    import signal

    pid = mortal_c_beamline.ioc.process.pid
    yield lambda: halt(pid), lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def test_an_answer_that_comes_late_is_none_and_harms_nobody(mortal_c_beamline, stopped_ioc, seconds, in_the_end):
    stop, go_on = stopped_ioc
    diode, shutter = mortal_c_beamline.counter(timeout=TIMEOUT), mortal_c_beamline.shutter(timeout=60.0, patience=60.0)
    assert in_the_end(diode.read) == 5.0
    shutter.check()
    stop()
    took, error = seconds(diode.read)
    assert took < LATEST
    assert isinstance(error, DeviceTimeoutError)
    assert "did not answer within 0.3 s; does the IOC hang?" in str(error)
    assert mortal_c_beamline.shutter(timeout=TIMEOUT).state == "UNKNOWN"
    go_on()
    shutter.open()
    assert in_the_end(diode.read) == pytest.approx(5.0 + 1000.0 * 2.718281828459045**-2)
    shutter.close()
    assert mortal_c_beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]
    assert isinstance(error, DeviceError)
