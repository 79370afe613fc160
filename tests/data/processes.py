"""Other processes for tests: viewers that look at files, writers that get killed."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent

WITH_STREAM = f"import sys; sys.path.insert(0, {str(HERE)!r})\nfrom scan_stream import *\n"
"""Put before a child's code that makes scans."""

TWO_POINTS = (
    WITH_STREAM
    + """
from obtura.data.saver import HDF5Saver
saver = HDF5Saver(saving_in(sys.argv[1]))
saver.open(began(), say)
saver.receive(list(rows(0, [0.0, 1.0], [4.0, 5.0])))
print("written", flush=True)
sys.stdin.readline()
"""
)
"""A scan 12 that has two points, says so and waits."""


@contextmanager
def python(code, *arguments):
    """A Python process that runs `code`, with its standard streams as text; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def line_of(child):
    """The next line that a child prints; its error when it ended instead."""
    line = child.stdout.readline()
    assert line, child.stderr.read()
    return line.strip()


def ask(child, question=""):
    """Send a line and return the one that comes back."""
    child.stdin.write(question + "\n")
    child.stdin.flush()
    return line_of(child)


def outcome(code, *arguments, prefix=()):
    """Run `code` to its end: (exit status, output, errors)."""
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout, done.stderr
