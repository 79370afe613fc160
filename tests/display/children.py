"""Python programs in other processes: on a terminal of their own, or with a pipe."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

PATIENCE = 20.0
"""Seconds that a child has for anything."""

BEGINNING = """
import sys
from stage import *
"""


def command_of(program):
    return [sys.executable, "-c", BEGINNING + textwrap.dedent(program)]


def environment():
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1] / "src")])
    return os.environ | {"PYTHONPATH": path, "TERM": "xterm", "PYTHONWARNINGS": "error"}


class Terminal:
    """A program on a terminal; use it in a `with`."""

    def __init__(self, program, columns=80):
        self._program = program
        self._columns = columns
        self.written = ""

    def __enter__(self):
        self._end, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, self._columns))
        self.process = subprocess.Popen(
            command_of(self._program),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(),
            start_new_session=True,
        )
        os.close(slave)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self._end)

    def until(self, pattern):
        """Read until `pattern` was written; returns everything so far."""
        limit = time.monotonic() + PATIENCE
        while not re.search(pattern, self.written):
            if not self._read(limit):
                raise AssertionError(f"{pattern!r} was not written: {self.written!r}")
        return self.written

    def type(self, text):
        os.write(self._end, text.encode())

    def to_the_end(self):
        """Read until the program has ended; returns everything it wrote."""
        limit = time.monotonic() + PATIENCE
        while self._read(limit):
            pass
        assert self.process.wait(PATIENCE) == 0, self.written
        return self.written.replace("\r\n", "\n")

    def _read(self, limit):
        ready, _, _ = select.select([self._end], [], [], max(0.0, limit - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._end, 65536)
        except OSError:  # Linux's way of saying that nobody is left on the terminal
            return False
        self.written += data.decode()
        return bool(data)
