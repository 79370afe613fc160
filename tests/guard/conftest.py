"""Processes to be killed, and what became of what they left."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATIENCE = 60.0


class Victim:
    """A program that says READY and is killed; its guard holds its standard error until it has done everything."""

    def __init__(self, *arguments, **options):
        path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
        options = {"env": os.environ | {"PYTHONPATH": path}} | options
        self.process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def until(self, line):
        lines = []
        while (said := self.process.stdout.readline()) not in (line + "\n", ""):
            lines.append(said)
        assert said, self.process.communicate()[1]
        return lines

    def kill(self, signum=9):
        """Send a signal; returns when, and what was said on standard error, to the end of the guard."""
        killed = time.time()
        self.process.send_signal(signum)
        return killed, self.process.communicate(timeout=PATIENCE)[1]


@pytest.fixture
def victim():
    """`victim(*arguments)`: Python in a process of its own."""
    victims = []

    def start(*arguments, **options):
        victims.append(Victim(*arguments, **options))
        return victims[-1]

    yield start
    for each in victims:
        each.process.kill()
        each.process.communicate(timeout=PATIENCE)


@pytest.fixture
def armed(victim):
    """Run code in a process that has `guard`; returns when it has printed READY, which is when it sleeps."""

    def run(code, **options):
        script = f"import os, sys, time\nfrom obtura.works.guard import *\n{textwrap.dedent(code)}"
        process = victim("-c", script + "\nprint('READY', flush=True)\ntime.sleep(60)", **options)
        process.lines = process.until("READY")
        return process

    return run
