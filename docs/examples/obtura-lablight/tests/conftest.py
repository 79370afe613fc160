"""A lamp for tests: it speaks as the real one does, and remembers what it was told."""

import socketserver
import threading

import pytest


class Lamp(socketserver.ThreadingTCPServer):
    """A server on a free port of this machine."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.power = "0"
        self.told = []

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Answer(socketserver.StreamRequestHandler):
    """One question."""

    def handle(self):
        question = self.rfile.readline().decode().strip()
        self.server.told.append(question)
        if question.startswith("POW "):
            self.server.power = question.split()[1]
        answer = "LabLight 1" if question == "*IDN?" else self.server.power
        self.wfile.write(f"{answer}\n".encode())


@pytest.fixture
def lamp():
    with Lamp() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
