"""A line that another process sends to an instrument: it connects when it is time, and not before."""

import socket
import threading
import time

import pytest

from obtura.devices import line_action
from obtura.devices.line_action import SendLine, line_from_elsewhere
from obtura.ground.errors import DeviceError, UsageError
from obtura.works.guardian import ready_to_do


class Instrument:
    """Takes one connection, reads a line, answers."""

    def __init__(self, answer=b"OK\n"):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.heard = []
        self.answer = answer
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        with self.server, self.server.accept()[0] as talk:
            self.heard.append(talk.recv(100))
            talk.sendall(self.answer)

    def end(self):
        self.thread.join(60)
        return self.heard


def test_it_sends_the_line_and_waits_for_the_answer():
    instrument = Instrument()
    action = line_from_elsewhere("CLOSE\r\n", tcp={"url": instrument.url})
    ready_to_do(action.function, action.arguments)()
    assert instrument.end() == [b"CLOSE\r\n"]


def test_without_an_answer_it_only_sends():
    instrument = Instrument(answer=b"")
    SendLine("CLOSE\n", answered=False, tcp={"url": instrument.url})()
    assert instrument.end() == [b"CLOSE\n"]


def test_an_instrument_that_is_busy_for_a_moment_is_tried_again():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))  # it does not listen: who comes is refused
        closes = SendLine("CLOSE\n", answered=False, tcp={"url": f"127.0.0.1:{server.getsockname()[1]}"})
        sending = threading.Thread(target=closes)
        sending.start()
        time.sleep(0.1)
        server.listen()
        with server.accept()[0] as talk:
            assert talk.recv(100) == b"CLOSE\n"
    sending.join(60)


def test_one_that_stays_away_is_an_error(monkeypatch):
    monkeypatch.setattr(line_action, "PATIENCE", 0.1)
    with pytest.raises(DeviceError, match="127.0.0.1:1: .*refused"):
        SendLine("CLOSE\n", tcp={"url": "127.0.0.1:1"})()


def test_no_line_is_refused_when_it_is_made():
    with pytest.raises(UsageError, match="no line to the instrument"):
        SendLine("CLOSE\n")
