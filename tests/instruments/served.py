"""Instruments that others have written, served by other processes: a pressure controller in SCPI, and a motor.

And one of ours, that behaves badly on purpose.
"""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from halting import halt

REQUEST = re.compile(r"request b'(.*)\\n'")
PATIENCE = 60.0
UNKNOWN = "HEARD?"
"""What is no question: it is answered with NACK."""


def free_port():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return nobody.getsockname()[1]


def program(name):
    """A program beside Python, and whether it is there."""
    path = Path(sys.executable).parent / name
    return path, path.exists()


class Served:
    """A server of instruments, in a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._process = None

    def _begin(self, command, **pipes):
        with self.log.open("a") as log:
            pipes = {"stdout": log, **pipes}
            self._process = subprocess.Popen(command, stderr=log, cwd=self.folder, text=True, **pipes)

    def _wait(self):
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1)
            except OSError:
                assert self._process.poll() is None and time.monotonic() < limit, self.log.read_text()
                time.sleep(0.01)

    def end(self):
        self._process.kill()
        self._process.wait()


NURSERY = """
import json, logging, os, select, signal, sys
import gepace.simulator
from sinstruments.simulator import create_server_from_config

logging.basicConfig(format="%(message)s", level="DEBUG", stream=open("log", "a"))
while sys.stdin.readline():  # each line asks for another one; that takes no time, as all is imported
    pid = os.fork()
    if pid == 0:
        create_server_from_config(json.load(open("pace.json"))).serve_forever()
    print(pid, flush=True)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if select.select([sys.stdin], [], [], 0.01)[0]:  # whoever wanted it has ended
            os.kill(pid, signal.SIGKILL)
    print(flush=True)
"""


class Pace(Served):
    """A pressure controller PACE5000 (package gepace), by TCP and by a pseudo-terminal (package sinstruments).

    It can be killed, started again, made to hang, and to go on.
    """

    def __init__(self, folder):
        super().__init__(folder)
        self.tty = str(folder / "tty")
        self.pid = 0
        self._seen = 0
        self._hangs = False
        tcp, serial = {"type": "tcp", "url": f"127.0.0.1:{self.port}"}, {"type": "serial", "url": self.tty}
        pace = {"class": "Pace", "package": "gepace.simulator", "name": "pace", "transports": [tcp, serial]}
        (folder / "pace.json").write_text(json.dumps({"devices": [pace]}))
        python = program("sinstruments-server")[0].resolve().with_name("python")
        self._begin([python, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.pid = int(self._process.stdout.readline())
        self._wait().close()
        limit = time.monotonic() + PATIENCE
        while not os.path.exists(self.tty):
            assert time.monotonic() < limit
            time.sleep(0.01)

    def kill(self):
        pid, self.pid = self.pid, 0
        self._hangs = False
        if pid:
            os.kill(pid, signal.SIGKILL)
            self._process.stdout.readline()  # it is gone
            os.unlink(self.tty)

    def hang(self):
        halt(self.pid)
        self._hangs = True

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)
        self._hangs = False

    def end(self):
        self.kill()
        self._process.stdin.close()
        self._process.stdout.close()
        super().end()

    def heard(self):
        """What it was told and asked since the test began, in its order; what is on its way to it too."""
        if self.pid and not self._hangs:
            self._hear_out()
        return [text for text in REQUEST.findall(self.log.read_text()) if text != UNKNOWN][self._seen :]

    def _hear_out(self):
        """By the second answer it has read all that was there at the first, from whichever line."""
        with self._wait() as line:
            line.settimeout(PATIENCE)
            for _ in range(2):
                line.sendall(UNKNOWN.encode() + b"\n")
                assert b"\n" in line.recv(1000)

    def told(self):
        """What it was told, without what it was asked."""
        return [text for text in self.heard() if not text.endswith("?")]

    def forget(self):
        """Have `heard` begin here."""
        self._seen += len(self.heard())


class Motor(Served):
    """A motor (package lewis): 0 to 250 mm, 2 mm/s of a time that passes faster."""

    def start(self):
        where = f"stream: {{bind_address: 127.0.0.1, port: {self.port}}}"
        lewis = program("lewis")[0]
        self._begin([lewis, "-k", "lewis.examples", "-p", where, "-e", "20", "-c", "0.005", "example_motor"])
        self._wait().close()


class Rude(threading.Thread):
    """A server; for each line that comes, `say` has what is sent: bytes, after s, an event, a call; None: the end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.say = queue.SimpleQueue()
        self.heard = queue.SimpleQueue()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with suppress(ConnectionError), client, client.makefile("rb") as lines:
            for line in lines:
                self.heard.put(line)
                for part in self.say.get():
                    if part is None:
                        return
                    if isinstance(part, float):
                        time.sleep(part)
                    elif isinstance(part, threading.Event):
                        part.wait()
                    elif callable(part):
                        part()
                    else:
                        client.sendall(part)

    def close(self):
        self._socket.close()
