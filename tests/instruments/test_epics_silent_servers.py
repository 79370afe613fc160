"""A server that falls silent and is lost: caproto goes on looking after the others."""

import threading

import pytest

pytest.importorskip("caproto")

from obtura.instruments.epics.ca import _Broadcaster


class Silent:
    """A connection on which nothing was ever heard."""

    last_tcp_receipt = 0.0
    connected = False

    def __init__(self):
        self.asked = threading.Event()

    def send(self, command):
        self.asked.set()


class Listener:
    """Who has connections, by address and priority."""

    def __init__(self, circuit_managers):
        self.circuit_managers = circuit_managers


def test_a_silent_server_that_is_lost_while_it_is_asked_does_not_end_the_looking():
    first, second = Silent(), Silent()
    listener = Listener({(("127.0.0.1", 9), 0): first})
    broadcaster = _Broadcaster()
    try:
        broadcaster.listeners.add(listener)
        assert first.asked.wait(60)
        listener.circuit_managers = {(("127.0.0.1", 10), 0): second}
        assert second.asked.wait(60)
    finally:
        broadcaster.disconnect()
