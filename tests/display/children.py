"""Python programs in other processes: on a terminal of their own, or with a pipe."""

import os
import sys
import textwrap
from pathlib import Path

import terminals
from terminals import PATIENCE

__all__ = ["PATIENCE", "Terminal", "command_of", "environment"]

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


class Terminal(terminals.Terminal):
    """A program of these tests on a terminal."""

    def __init__(self, program, columns=80):
        super().__init__(command_of(program), environment(), (24, columns))

    def to_the_end(self):
        written = super().to_the_end()
        assert self.process.returncode == 0, written
        return written
