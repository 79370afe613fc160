"""A program on a terminal of its own, as a person uses it: type, press Ctrl-C, read what is written."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

PATIENCE = 60.0
"""Seconds that a program has for anything."""


class Terminal:
    """A program on a pty that is its controlling terminal; use it in a `with`."""

    def __init__(self, command, environment=None, size=(40, 100)):
        self._command = command
        self._environment = environment
        self._size = size
        self._read_to = 0
        self.written = ""

    def __enter__(self):
        self._end, slave = pty.openpty()
        termios.tcsetwinsize(slave, self._size)
        self.process = subprocess.Popen(
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self._end is not None:
            os.close(self._end)

    def until(self, pattern, patience=PATIENCE):
        """Read until `pattern` was written since the last `until`; returns what came."""
        limit = time.monotonic() + patience
        while not (found := re.compile(pattern).search(self.written, self._read_to)):
            if not self._read(limit):
                raise AssertionError(f"{pattern!r} was not written: ...{self.written[self._read_to :][-2000:]!r}")
        begin, self._read_to = self._read_to, found.end()
        return self.written[begin : self._read_to]

    def hang_up(self):
        """Close the window."""
        os.close(self._end)
        self._end = None

    def interrupt(self):
        """Send the signal itself, as `kill -INT` does."""
        self.process.send_signal(signal.SIGINT)

    def idle(self, seconds):
        """Let time pass, reading what is written."""
        limit = time.monotonic() + seconds
        while self._read(limit):
            pass

    def interrupt_until(self, pattern):
        """Send Ctrl-C's signal until `pattern` is written: Python overlooks one that comes just before it waits."""
        for _ in range(20):
            self.interrupt()
            try:
                return self.until(pattern, patience=1.0)
            except AssertionError:
                continue
        return self.until(pattern)

    def type(self, text):
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._end, text.encode())

    def to_the_end(self):
        """Read until the program has ended; returns everything it wrote, its exit code is in `process`."""
        limit = time.monotonic() + PATIENCE
        while self._read(limit):
            pass
        self.process.wait(PATIENCE)
        return self.written.replace("\r\n", "\n")

    def _read(self, limit):
        ready, _, _ = select.select([self._end], [], [], max(0.0, limit - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._end, 65536)
        except OSError:  # Linux's way of saying that nobody is left on the terminal
            return False
        self.written += data.decode(errors="replace")
        return bool(data)
