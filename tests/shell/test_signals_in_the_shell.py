"""Ctrl-C once, twice and three times, SIGTERM, and a window that is closed, while a scan runs in the shell."""

import os
import re
import signal
import sys
import time

import pytest

from terminals import Terminal

OBTURA = [sys.executable, "-m", "obtura"]

DEVICES = """
- {name: world, class: World}
- {name: sim, class: SimulatedController}
- {name: diode, class: SimulatedDiode, controller: $sim, world: $world}
- {name: roby, class: SimulatedAxis}
- {name: shutter, class: SimulatedShutter}
- {name: lab, class: Session, setup: setup.py, saving: {base_path: ../data}}
"""

SETUP = """
import time
from pathlib import Path
from obtura import SamplingCounter, SamplingCounterController, ScanPreset

class Beam(ScanPreset):
    def __init__(self, closes_in):
        self.closes_in = closes_in
    def start(self, scan):
        shutter.open()
    def stop(self, scan):
        time.sleep(self.closes_in)
        shutter.close()
        Path("closed").write_text(str(shutter.state))

class Box(SamplingCounterController):
    readings = 0
    def read(self, counter):
        self.readings += 1
        time.sleep(0.01 if self.readings < 50 else 600)
        return 1.0

box = SamplingCounter("box", Box("controller", blocking=True))

def night(*counters, closes_in=0.1):
    scan = loopscan(1000, 0.1, *counters, run=False)
    scan.add_preset(Beam(closes_in))
    scan.run()
"""

ROW = r" 2 +\d+\.\d+ +\S+\r\n"


@pytest.fixture
def home(tmp_path):
    """The environment of somebody whose home is empty, with a beamline in it."""
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "obtura.yml").touch()
    (lab / "lab.yml").write_text(DEVICES)
    (lab / "setup.py").write_text(SETUP)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OBTURA"))}
    return {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TERM": "xterm"}


@pytest.fixture
def shell(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Terminal([*OBTURA, "shell", "--config", str(tmp_path / "lab")], home, size=(40, 300)) as terminal:
        terminal.until(r"LAB \[1\]: ")
        yield terminal


def begin(shell, line):
    """Type a scan, wait until points come."""
    shell.type(line + "\r")
    shell.until(ROW)


def ask_until(shell, pattern):
    """Press Ctrl-T until the answer is this."""
    for _ in range(30):
        shell.type("\x14")
        try:
            return shell.until(pattern, patience=1.0)
        except AssertionError:
            continue
    return shell.until(pattern)


def press_until(shell, pattern, patience=1.0):
    """Press Ctrl-C, again and again while it is not written: on a slow machine two presses may be taken for one.

    `patience`: s until it is pressed again; more than 2 if one more within that time means something else.
    """
    for _ in range(30):
        shell.type("\x03")
        try:
            return shell.until(pattern, patience=patience).replace("\r\n", "\n")
        except AssertionError:
            continue
    raise AssertionError(f"{pattern} was not written: ...{shell.written[-2000:]}")


def told(shell, number=2):
    """What was written before the next prompt."""
    return shell.until(rf"LAB \[{number}\]: ").replace("\r\n", "\n")


def ended(shell):
    """The exit code."""
    return shell.process.wait(60)


def test_ctrl_c_once(shell, tmp_path):
    begin(shell, "night(diode)")
    shell.type("\x03")
    text = told(shell)
    assert "!!! interrupted by Ctrl-C; loopscan (scan 1): everything was stopped; " in text
    assert "data.h5, 1.1" in text and "Traceback" not in text
    assert (tmp_path / "closed").read_text() == "CLOSED"


def test_twice_says_what_is_waited_for_and_the_shutter_closes_all_the_same(shell, tmp_path):
    begin(shell, "night(diode, closes_in=6)")
    shell.type("\x03")
    shell.idle(0.3)
    text = press_until(shell, "Ctrl-C again, within 2 s, gives up what is waited for", patience=5.0)
    assert re.search(r"The scan is being left: waiting for Beam\.stop \(\d s so far, given up after 30 s\)", text)
    text = told(shell)
    assert "everything was stopped" in text
    assert (tmp_path / "closed").read_text() == "CLOSED"


def test_three_times_gives_up_a_hook_that_is_slow_and_says_which(shell):
    begin(shell, "night(diode, closes_in=600)")
    shell.type("\x03")
    shell.idle(0.3)
    press_until(shell, "Ctrl-C again, within 2 s, gives up what is waited for", patience=5.0)
    text = press_until(shell, r"LAB \[2\]: ")
    assert "NOT in order, look at it: Beam.stop" in text


def test_three_times_gives_up_a_device_that_hangs_and_the_shutter_closes(shell, tmp_path):
    begin(shell, "night(box)")
    ask_until(shell, r"box\.reading, for [1-9]\.\d s: for timer, point \d+ of 1000")
    shell.type("\x03")
    shell.idle(0.3)
    text = press_until(shell, r"LAB \[2\]: ")
    assert "box.reading has not returned 1 s after box was stopped; it is given up" in text
    assert "NOT in order, look at it: box.reading" in text
    assert (tmp_path / "closed").read_text() == "CLOSED"
    shell.type("night(box)\r")
    shell.until("!!! controller can't be used: box.reading of an earlier scan has not returned yet")
    shell.type("exit()\r")
    assert ended(shell) == 0


def test_an_error_that_takes_for_ever_to_say_what_it_is_can_be_interrupted(shell):
    shell.type("import time; Slow = type('Slow', (Exception,), {'__str__': lambda self: time.sleep(1000)})\r")
    shell.until(r"LAB \[2\]: ")
    shell.type("raise Slow\r")
    shell.idle(1.0)
    assert "!!! interrupted by Ctrl-C" in press_until(shell, r"LAB \[3\]: ")


def test_sigterm_closes_the_shutter_and_ends_the_shell_which_keeps_history_and_settings(shell, home, tmp_path):
    shell.type("roby.velocity = 3\r")
    shell.until(r"LAB \[2\]: ")
    begin(shell, "night(diode)")
    shell.process.send_signal(signal.SIGTERM)
    text = shell.to_the_end()
    assert shell.process.returncode == 143
    assert "!!! ended by SIGTERM; loopscan (scan 1): everything was stopped; " in text and "Traceback" not in text
    assert (tmp_path / "closed").read_text() == "CLOSED"
    assert "+night(diode)" in next(tmp_path.rglob("lab.history")).read_text()
    with Terminal([*OBTURA, "shell", "--config", str(tmp_path / "lab")], home) as again:
        again.until(r"LAB \[1\]: ")
        again.type("print(roby.velocity + 40)\r")
        again.until(r"43\.0")


def test_a_window_that_is_closed_closes_the_shutter_and_ends_the_shell(shell, tmp_path):
    begin(shell, "night(diode)")
    shell.hang_up()
    assert ended(shell) == 129
    assert (tmp_path / "closed").read_text() == "CLOSED"
    log = next(tmp_path.rglob("lab.log")).read_text()
    assert "ended by SIGHUP" in log and "termios" not in log


def test_sigterm_while_a_hook_hangs_in_its_clean_up(shell, tmp_path):
    begin(shell, "from obtura.engine.scan import Scan; Scan.deadlines.hook = 1.0; night(diode, closes_in=600)")
    began = time.monotonic()
    shell.process.send_signal(signal.SIGTERM)
    text = shell.to_the_end()
    assert shell.process.returncode == 143
    assert "NOT in order, look at it: Beam.stop" in text
    assert time.monotonic() - began < 200
