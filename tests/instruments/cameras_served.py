"""A network camera in a process of its own, and what its frames tell."""

import socket
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from camera_server import BITS, PLAIN, is_bright, number_of
from served import Served

from obtura.contracts.presets import ChainIterationPreset, ChainPreset


class NetworkCamera(Served):
    """`period` (s) of its frames, `depth` of its pipe."""

    def __init__(self, folder, period=0.03, depth=1):
        super().__init__(folder)
        self.frames_log = folder / "frames"
        self.how = [str(period), str(depth)]
        self.stream = f"http://{self.url}{PLAIN}"

    def start(self, *behaviour):
        program = Path(__file__).with_name("camera_server.py")
        self.frames_log.write_text("")
        self._begin([sys.executable, str(program), str(self.port), str(self.frames_log), *self.how])
        self._wait().close()
        if behaviour:
            self.behave(*behaviour)
        return self

    def is_up(self):
        with closing(socket.socket()) as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def _ask(self, path):
        with urllib.request.urlopen(f"http://{self.url}/{path}", timeout=20) as answer:
            assert answer.read() == b"done"

    def behave(self, *behaviour):
        self._ask("behave/" + "/".join(behaviour))

    def set_shutter(self, is_open):
        self._ask(f"shutter/{int(is_open)}")

    def exposed_at(self):
        """When the exposure of each frame began, by its number."""
        lines = self.frames_log.read_text().splitlines()
        return {int(number): float(when) for number, when in map(str.split, lines)}


class Shutter(ChainPreset):
    """Opens the shutter before each point, closes it after; `opened` and `closed`: when."""

    def __init__(self, server, before=lambda: None):
        self.server, self.before = server, before
        self.opened, self.closed = [], []

    def get_iterator(self, chain):
        while True:
            yield OnePoint(self)


class OnePoint(ChainIterationPreset):
    def __init__(self, shutter):
        self.shutter = shutter

    def start(self):
        self.shutter.before()
        self.shutter.server.set_shutter(True)
        self.shutter.opened.append(time.monotonic())

    def stop(self):
        self.shutter.closed.append(time.monotonic())
        self.shutter.server.set_shutter(False)


def old_frames(shutter, frames):
    """Points whose frame was exposed, or begun, before the shutter was open, or after it was closed."""
    exposed = shutter.server.exposed_at()
    found = []
    for point, (frame, opened, closed) in enumerate(zip(frames, shutter.opened, shutter.closed, strict=True)):
        number = number_of(frame)
        if not (opened <= exposed[number] <= closed and is_bright(frame)):
            found.append((point, number, exposed[number] - opened))
    return found


assert BITS == 16  # a server of a test gives fewer than 65,536 frames, so that each number is there once
