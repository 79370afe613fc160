"""Presses Ctrl-C from another process: as a program, it sends SIGINT to its parent when it is told to.

A SIGINT that a thread of the test sends to its own process reaches the main thread only at certain moments; the one
of a terminal comes from outside, at any.
"""

import os
import signal
import subprocess
import sys
import time


class Sender:
    """The other process, seen from here."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._sent = 0
        self._asked = 0
        self._process.stdout.readline()  # it is ready

    def press(self, *delays):
        """Send a SIGINT after each of these delays (s), one after the other; returns at once."""
        self._asked += len(delays or (0,))
        self._process.stdin.write(" ".join(map(str, delays or (0,))) + "\n")
        self._process.stdin.flush()

    def settle(self):
        """Wait until all that was asked for was sent."""
        while self._sent < self._asked:
            self._process.stdout.readline()
            self._sent += 1

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def main():
    """Read delays, send signals, acknowledge each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        for delay in map(float, line.split()):
            if delay > 0:
                time.sleep(delay)
            os.kill(parent, signal.SIGINT)
            sys.stdout.write("sent\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
