"""What a person does wrong in the shell, and what is told."""

import builtins
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from obtura.shell import shell
from terminals import Terminal

OBTURA = [sys.executable, "-m", "obtura"]

SLOW = """
import threading

class Slow:
    "A device whose constructor does not return."
    def __init__(self, name: str):
        threading.Event().wait()
"""


@pytest.fixture
def home(tmp_path):
    """The environment of somebody whose home is empty."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "OBTURA"))}
    return {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TERM": "xterm"}


@pytest.fixture
def typed(home, tmp_path):
    def typed(text, *options):
        return subprocess.run(
            [*OBTURA, "shell", *options],
            input=text,
            env=home,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )

    return typed


@pytest.fixture
def lab(tmp_path):
    """A beamline with a setup file that is still empty."""
    directory = tmp_path / "lab"
    directory.mkdir()
    (directory / "obtura.yml").touch()
    (directory / "lab.yml").write_text(
        "- {name: roby, class: SimulatedAxis}\n- {name: lab, class: Session, setup: setup.py}\n"
    )
    (directory / "setup.py").touch()
    return directory


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("robyy", "!!! NameError: name 'robyy' is not defined: did you mean 'roby'?"),
        ("asca roby 0 1 10 0.1", "!!! NameError: name 'asca' is not defined: did you mean 'ascan'?"),
        ("qqqqq", "!!! NameError: name 'qqqqq' is not defined"),
        ("def f(diode): return diod", ""),
    ],
)
def test_a_misspelt_name_is_answered_with_the_one_that_is_meant(typed, text, told):
    ended = typed(f"{text}\n")
    assert ended.stderr.rstrip() == told


def test_a_sign_that_the_terminal_lacks_ends_nothing(typed, home):
    home["PYTHONIOENCODING"] = "ascii"
    ended = typed("wa\nprint('5 µm')\nroby\n")
    assert "? wa()\n" in ended.stdout and "5 ??m\n" in ended.stdout and "axis roby" in ended.stdout
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_greeting_fits_the_terminal(home):
    with Terminal([*OBTURA, "shell"], home, size=(24, 40)) as terminal:
        greeting = terminal.until(r"Log: ")
    lines = greeting.replace("\r", "").splitlines()[:-1]
    assert max(map(len, lines)) <= 40
    assert any("ascan(roby, 0, 10, 10, 0.1)" in line for line in lines)


def test_of_a_function_that_calls_itself_the_line_is_told_once(typed):
    ended = typed("def f(): f()\n\nf()\n")
    first, *lines = ended.stderr.splitlines()
    assert first.startswith("!!! RecursionError")
    assert len(lines) == 1


def test_a_group_that_is_assigned_to_active_mg_is_the_active_one_and_anything_else_is_refused(typed):
    ended = typed(
        "small = MeasurementGroup('small', [monitor])\nACTIVE_MG = small\nsmall.name == ACTIVE_MG.name\n"
        "ACTIVE_MG\nlsmg()\nACTIVE_MG = 5\nACTIVE_MG.name\n"
    )
    assert ended.stderr == "!!! ACTIVE_MG must be a measurement group, got 5; it is as it was\n"
    assert "*       small" in ended.stdout
    assert "\n'small'\n" in ended.stdout


def test_the_same_on_a_terminal(home):
    with Terminal([*OBTURA, "shell"], home) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.type("ACTIVE_MG = 5\r")
        terminal.until("!!! ACTIVE_MG must be a measurement group, got 5")
        terminal.until(r"DEMO \[2\]: ")
        terminal.type("small = MeasurementGroup('small', [monitor]); ACTIVE_MG = small\r")
        terminal.until(r"DEMO \[3\]: ")
        terminal.type("'now ' + ACTIVE_MG.name\r")
        terminal.until("now small")


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_an_exit_in_the_setup_file_is_an_error_of_it_and_the_shell_opens(typed, lab, word):
    (lab / "setup.py").write_text(f"{word}()\n")
    ended = typed(f"1 + 1\n{word}\n{word}(3)\nroby\n", "--config", "lab")
    assert "!!! SystemExit" in ended.stderr and "Traceback" not in ended.stderr
    assert "\n2\n" in ended.stdout and f"{word}() or Ctrl-D ends the shell" in ended.stdout
    assert (ended.returncode, "axis roby" in ended.stdout) == (3, False)


def test_the_shell_opens_on_a_terminal_after_an_exit_in_the_setup_file(home, lab):
    (lab / "setup.py").write_text("exit()\n")
    with Terminal([*OBTURA, "shell", "--config", str(lab)], home) as terminal:
        terminal.until(r"LAB \[1\]: ")
        terminal.type("roby.position + 7\r")
        terminal.until(r"7\.0")


def test_ctrl_c_between_the_setup_file_and_the_prompt_does_not_end_the_shell(monkeypatch):
    reached = []

    def run_repl(*_):
        subprocess.run(["kill", "-INT", str(os.getpid())], check=True)
        reached.append(signal.getsignal(signal.SIGINT))

    monkeypatch.setattr(shell, "run_repl", run_repl)
    monkeypatch.setattr(shell, "log_to_file", lambda _: None)
    monkeypatch.setattr(shell, "history_file", lambda _: None)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    for word in ("exit", "quit"):
        monkeypatch.setattr(builtins, word, getattr(builtins, word))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    before = signal.getsignal(signal.SIGINT)
    assert shell.shell("demo") == 0
    assert reached and signal.getsignal(signal.SIGINT) is before


def test_what_fails_in_a_thread_is_told_in_a_line(typed, tmp_path):
    ended = typed(
        "import threading, time\n"
        "later = threading.Thread(target=lambda: umv(roby, 1e9))\n"
        "later.start(); later.join()\n"
        "later = threading.Thread(target=exit)\n"
        "later.start(); later.join()\n"
    )
    assert ended.stderr == "!!! roby: move to 1000000000 mm would exceed high limit (100 mm)\n"
    assert "Traceback" in next(tmp_path.rglob("demo.log")).read_text()


def test_text_that_is_no_text_is_logged_all_the_same(typed, tmp_path):
    ended = typed("print(len('a\\udcffb'))\nraise OSError('a\\udcffb')\n")
    assert "Logging error" not in ended.stderr
    assert r"a\udcffb" in next(tmp_path.rglob("demo.log")).read_text()


READS = """
class Thing:
    "A device that notes what is read of it."
    read = 0
    @property
    def state(self):
        Thing.read += 1
        return self

thing = Thing()
"""


@pytest.mark.parametrize("hook", ["__info__", "__repr__"])
@pytest.mark.parametrize("error", ["OSError('no line')", "SystemExit(3)", "KeyboardInterrupt"])
def test_a_thing_that_can_not_be_shown_does_not_end_the_shell(home, lab, hook, error):
    (lab / "setup.py").write_text(f"class Thing:\n    def {hook}(self):\n        raise {error}\n\nthing = Thing()\n")
    with Terminal([*OBTURA, "shell", "--config", str(lab)], home) as terminal:
        terminal.until(r"LAB \[1\]: ")
        terminal.type("thing\r")
        terminal.until("!!! ")
        terminal.until(r"LAB \[2\]: ")
        terminal.type("roby.position + 7\r")
        terminal.until(r"7\.0")


def test_completion_reads_no_device(home, lab):
    (lab / "setup.py").write_text(READS)
    with Terminal([*OBTURA, "shell", "--config", str(lab)], home) as terminal:
        terminal.until(r"LAB \[1\]: ")
        terminal.type("thing.")
        terminal.until("state")  # it is offered
        terminal.type("state.\t")
        terminal.idle(1)
        terminal.type("\x03Thing.read + 70\r")
        terminal.until(r"70\r\r?\n")


def test_ctrl_c_gives_up_a_device_that_does_not_answer_and_the_session_opens(home, lab, tmp_path):
    site = tmp_path / "site"
    (site / "slow_lab-1.0.dist-info").mkdir(parents=True)
    (site / "slow_lab.py").write_text(SLOW)
    (site / "slow_lab-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: slow_lab\nVersion: 1.0\n")
    (site / "slow_lab-1.0.dist-info" / "entry_points.txt").write_text("[obtura.devices]\nSlow = slow_lab:Slow\n")
    (lab / "slow.yml").write_text("- {name: slow, class: Slow}\n")
    with Terminal([*OBTURA, "shell", "--config", str(lab)], {**home, "PYTHONPATH": str(site)}) as terminal:
        terminal.until(r"waiting for slow, \d+ s at most; Ctrl-C: not for these")
        terminal.interrupt_until("slow is not there: has not answered before Ctrl-C")
        terminal.until(r"LAB \[1\]: ")
        terminal.type("roby.position + 7\r")
        terminal.until(r"7\.0")
