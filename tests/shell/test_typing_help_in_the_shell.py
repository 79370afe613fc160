"""Words typed in the shell become calls, on a terminal and from a pipe."""

import os
import subprocess
import sys

import pytest

from terminals import Terminal

OBTURA = [sys.executable, "-m", "obtura"]


@pytest.fixture
def home(tmp_path):
    """The environment of somebody whose home is empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TERM": "xterm"}


def test_words_become_a_call_on_a_terminal(home):
    with Terminal([*OBTURA, "shell"], home) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.type("mv roby 3\r")
        terminal.until(r"→ mv\(roby, 3\)")
        terminal.until(r"Moving roby from 0 to 3")
        terminal.until(r"DEMO \[2\]: ")
        terminal.type("wa\r")
        terminal.until(r"user\s+3\s+0")


def test_words_become_a_call_from_a_pipe_and_everything_is_in_the_log(home, tmp_path):
    done = subprocess.run(
        [*OBTURA, "shell"],
        input="mv roby 2\nwa\nct 0.01 diode\n1/0\n",
        env=home,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert "→ ct(0.01, diode)" in done.stdout
    log = next(iter(tmp_path.rglob("demo.log"))).read_text()
    assert "[1]: mv roby 2" in log
    assert "mv: roby to 2" in log
    assert "Traceback" in log
    assert "ZeroDivisionError" in log
