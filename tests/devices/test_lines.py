"""Lines to instruments: TCP to a server, serial to the other end of a pseudo terminal."""

import os
import pty
import socket
import threading
import tty

import pytest

from obtura.devices.bliss.comm import LineTimeout, SerialLine, TcpLine, get_comm
from obtura.ground.errors import DeviceError, UsageError


class Instrument:
    """Answers each line with the same in capitals; `SILENT` with nothing, `HANG UP` by hanging up."""

    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.clients = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.clients += 1
            with client, client.makefile("rwb") as file:
                for line in file:
                    if line == b"hang up\n":
                        client.shutdown(socket.SHUT_RDWR)
                        break
                    if line != b"silent\n":
                        file.write(line.upper())
                        file.flush()

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def instrument():
    server = Instrument()
    yield server
    server.close()


@pytest.fixture
def line(instrument):
    line = get_comm({"tcp": {"url": f"127.0.0.1:{instrument.port}", "timeout": 30.0}})
    yield line
    line.close()


def test_lines_are_exchanged(line):
    assert line.write_readline(b"idn?\n") == b"IDN?"
    assert line.write_readlines(b"a\nb\n", 2) == [b"A", b"B"]
    assert line.write_read(b"abc\n", 2) == b"AB"
    assert line.readline() == b"C"
    line.write(b"x,y\n")
    assert line.readline(b",") == b"X"


def test_what_was_not_read_does_not_answer_the_next_question(line):
    line.write(b"one\ntwo\n")
    assert line.readline() == b"ONE"
    line.flush()
    assert line.write_readline(b"three\n") in (b"THREE", b"TWO")  # TWO may still be on its way
    assert isinstance(line, TcpLine)


def test_no_answer_is_told_with_the_address(line, instrument):
    with pytest.raises(LineTimeout, match=f"127.0.0.1:{instrument.port}: a line did not come within 0.2 s"):
        line.write_readline(b"silent\n", timeout=0.2)
    line.write(b"ab\n")
    with pytest.raises(LineTimeout, match=r"5 bytes did not come within 2 s, only b'AB\\n'"):
        line.read(5, timeout=2)


def test_after_the_other_side_hung_up_it_connects_again(line, instrument):
    assert line.write_readline(b"a\n") == b"A"
    with pytest.raises(DeviceError, match=f"127.0.0.1:{instrument.port}: ConnectionResetError"):
        line.write_readline(b"hang up\n")
    assert line.write_readline(b"b\n") == b"B"
    assert instrument.clients == 2


def test_nobody_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeviceError, match=f"127.0.0.1:{port}: ConnectionRefusedError"):
        TcpLine(f"127.0.0.1:{port}").write(b"a\n")


def test_a_serial_line_exchanges_lines():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    def answer():
        heard = b""
        while not heard.endswith(b"\r"):
            heard += os.read(ours, 100)
        os.write(ours, heard.upper())

    thread = threading.Thread(target=answer)
    thread.start()
    line = get_comm({"serial": {"url": os.ttyname(theirs), "baudrate": 9600, "eol": "\r"}}, timeout=5)
    assert isinstance(line, SerialLine)
    assert line.write_readline(b"pos?\r") == b"POS?"
    thread.join()
    with pytest.raises(LineTimeout, match="a line did not come within 0.05 s"):
        line.readline(timeout=0.05)
    line.close()
    os.close(ours)
    os.close(theirs)


def test_a_description_that_names_no_line_is_told():
    for config, message in (
        ({}, "no line to the instrument is described"),
        ({"tcp": {"baud": 9600}}, "tcp: 'baud' is not known"),
        ({"tcp": {"eol": "\n"}}, "tcp: it needs a url"),
        ({"tcp": "nowhere"}, "tcp: url must be host:port, got 'nowhere'"),
        ({"serial": {"url": "x", "speed": 3}}, "serial: 'speed' is not known"),
    ):
        with pytest.raises(UsageError, match=message):
            get_comm(config)
    assert get_comm({"tcp": {"url": "localhost", "port": 5025}}).url == "localhost"
