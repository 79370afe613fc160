"""What a session left behind when its process died: the next one tells it, `obtura recover --devices` puts it right."""

import io
import re
import signal
import subprocess
import sys
import textwrap

import pytest
from beamlines import write

from obtura.cli.main import main
from obtura.session.config import Config, ConfigError
from obtura.session.settings import ledger_of

YAML = """
- {{name: roby, class: SimulatedAxis, unit: mm, velocity: 5}}
- {{name: shutter, class: BoxedShutter, address: "{address}", safe_action: close}}
- {{name: plain, class: BoxedShutter, address: "{address}"}}
- {{name: safe, class: ShutterPreset, shutter: $plain, safety: true}}
- {{name: lab, class: Session, saving: {{base_path: ../data}}}}
"""
BEGIN = """
import os, sys, time
from obtura import load_session, ScanPreset, ShutterPreset
from obtura.devices.soft import SoftCounter
session = load_session("lab", "line", display=False)
globals().update(session.namespace())
c = SoftCounter(value=lambda: 1.0, name="c")
def die(*_): os.kill(os.getpid(), 9)
class Dies(ScanPreset):
    def start(self, scan): die()
def without_guard(): session._home.ledger and os.kill(guard.pid, 9)
from obtura.works.guard import guard
"""


@pytest.fixture
def line(home, tmp_path, box):
    return write(tmp_path / "line", YAML.format(address=box.address))


@pytest.fixture
def python(line, tmp_path):
    """Run Python in a process of its own, with the session open in it, to its end; returns what it told."""

    def python(code="", ends=-signal.SIGKILL):
        script = BEGIN + textwrap.dedent(code)
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == ends, done.stderr
        return re.sub(r"\d\d:\d\d", "14:02", done.stderr)

    return python


@pytest.fixture
def told(python):
    """What the next session tells."""
    return lambda: python(ends=0).splitlines()


def commands(box):
    return [command for _, command in box.log()]


def recover(line, *options):
    return main(["recover", "--devices", "--config", str(line), *options])


def test_a_shutter_with_a_safe_action_is_closed_by_the_guard_and_the_next_session_says_so(python, told, box):
    assert "shutter.close done" in python("shutter.open(); die()")
    assert commands(box) == ["OPEN", "CLOSE"]
    assert told() == ["!!! shutter opened 14:02 by hand, closed by the guard 14:02"]
    assert told() == []


def test_in_a_scan_it_says_which(python, told, box):
    python(
        """
        class Opens(ScanPreset):
            def start(self, scan):
                shutter.open()
                die()
        scan = session.loopscan(1, 0.0, c, run=False)
        scan.add_preset(Opens())
        scan.run()
        """
    )
    assert commands(box) == ["OPEN", "CLOSE"]
    assert told() == ["!!! shutter opened 14:02 by scan 1 (loopscan), closed by the guard 14:02"]


def test_a_preset_with_safety_is_told_too(python, told, box):
    python("scan = session.loopscan(1, 0.0, c, run=False); scan.add_preset(safe); scan.add_preset(Dies()); scan.run()")
    assert commands(box) == ["OPEN", "CLOSE"]
    assert told() == ["!!! plain opened 14:02 by scan 1 (loopscan), closed by the guard 14:02"]


def test_with_the_guard_killed_too_it_is_told_and_put_right_on_request(python, told, box, line, capsys):
    python("shutter.open(); os.kill(guard.pid, 9); die()")
    assert commands(box) == ["OPEN"]
    said = ["!!! shutter opened 14:02 by hand, never closed", "!!! `obtura recover --devices` puts it right"]
    assert told() == said
    assert told() == said
    assert recover(line) == 0
    assert "shutter.close: done" in capsys.readouterr().out
    assert commands(box) == ["OPEN", "CLOSE"]
    assert recover(line) == 0
    assert "nothing is left to put right" in capsys.readouterr().out
    assert commands(box) == ["OPEN", "CLOSE"]
    assert told() == []


def test_one_that_somebody_has_closed_meanwhile_is_struck_off(python, told, box):
    python("shutter.open(); os.kill(guard.pid, 9); die()")
    box._ask("CLOSE")
    assert told() == ["!!! shutter opened 14:02 by hand, never closed, is now in order"]
    assert told() == []


def test_one_that_does_not_answer_stays_on_the_list(python, box, line, capsys):
    python("shutter.open(); os.kill(guard.pid, 9); die()")
    write(line, YAML.format(address="127.0.0.1:1"))
    assert recover(line) == 1
    out = capsys.readouterr().out
    assert re.search("!!! shutter opened .* by hand, never closed: .*Connection refused; it stays on the list", out)
    write(line, YAML.format(address=box.address))
    assert recover(line) == 0
    assert commands(box) == ["OPEN", "CLOSE"]


def test_what_the_guard_could_not_do_is_told_with_the_reason(python, told, box, line):
    python(
        """
        from obtura.contracts.safety import SafeAction
        plain.action_of = lambda method: SafeAction("os:rmdir", {"path": "/no/such/place"})
        scan = session.loopscan(1, 0.0, c, run=False)
        scan.add_preset(safe)
        scan.add_preset(Dies())
        scan.run()
        """
    )
    first, second = told()
    assert first.startswith(
        "!!! plain opened 14:02 by scan 1 (loopscan), not closed: the guard failed 14:02: FileNotFound"
    )
    assert "recover --devices" in second
    assert recover(line) == 0
    assert commands(box) == ["OPEN", "CLOSE"]


def test_axes_that_were_not_returned_are_told_and_returned_on_request(python, told, line, capsys):
    python(
        """
        roby.move(0.5)
        scan = session.dscan(roby, 0.7, 2, 2, 0.0, SoftCounter(value=lambda: roby.position > 1 and die(), name="d"))
        """
    )
    said = [
        "!!! roby (from 1.2 to 0.5 mm) not returned by scan 1 (dscan) 14:02",
        "!!! `obtura recover --devices` puts it right",
    ]
    assert told() == said
    assert recover(line) == 0
    assert "roby at 0.5 mm: returned" in capsys.readouterr().out
    assert told() == []


def test_axes_that_were_moved_back_by_hand_are_struck_off(python, told):
    python(
        """
        roby.move(0.5)
        session.dscan(roby, 0.7, 2, 2, 0.0, SoftCounter(value=lambda: roby.position > 1 and die(), name="d"))
        """
    )
    python("roby.move(0.5)", ends=0)
    assert told() == ["!!! roby (to 0.5 mm) not returned by scan 1 (dscan) 14:02, is now in order"]


def test_nothing_is_told_of_what_went_well(python, told, box):
    python(
        """
        with shutter:
            session.dscan(roby, -1, 1, 2, 0.0, c)
        scan = session.loopscan(1, 0.0, c, run=False)
        scan.add_preset(safe)
        scan.run()
        die()
        """
    )
    assert told() == []
    assert commands(box) == ["OPEN", "CLOSE"] * 2


def test_a_session_that_lives_is_not_told_of(python, told, line, open_session):
    import obtura.works.ledger as module

    ledger = ledger_of(Config.load(line))
    ledger.begin(what="due", name="shutter.close", action=None)
    assert module.me().startswith(ledger.pending()[0].process.partition("-")[0])
    assert told() == []


def test_what_is_not_wanted_any_more_is_forgotten(python, told, box, line, capsys):
    python("shutter.open(); os.kill(guard.pid, 9); die()")
    assert recover(line, "--forget") == 0
    assert told() == []
    assert commands(box) == ["OPEN"]


def test_on_a_terminal_it_asks_before(python, box, line, monkeypatch):
    python("shutter.open(); os.kill(guard.pid, 9); die()")
    answers = ["n", "", "y"]
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("builtins.input", lambda prompt: answers.pop(0))
    assert [recover(line), recover(line)] == [1, 1]
    assert commands(box) == ["OPEN"]
    assert recover(line) == 0
    assert commands(box) == ["OPEN", "CLOSE"]


def test_options_that_do_not_go_together_are_refused(line, capsys, tmp_path):
    assert main(["recover", "--devices", str(tmp_path)]) == 2
    assert main(["recover", "--yes"]) == 2
    assert main(["recover", "--devices", "-s", "demo"]) == 2


# -- in YAML ----------------------------------------------------------------------------------------------


def test_a_wrong_safe_action_is_refused_with_its_place(home, tmp_path):
    write(tmp_path / "line", "- {name: s, class: SimulatedShutter, safe_action: open}\n")
    with pytest.raises(ConfigError) as caught:
        Config.load(tmp_path / "line")
    (problem,) = caught.value.problems
    assert re.search(r"beamline.yml:1:\d+: s: safe_action: expected one of close, got", str(problem))


def test_a_device_that_is_no_shutter_has_none(home, tmp_path):
    write(tmp_path / "line", "- {name: s, class: SimulatedAxis, safe_action: close}\n")
    with pytest.raises(ConfigError, match="SimulatedAxis has no 'safe_action'"):
        Config.load(tmp_path / "line")


def test_a_shutter_that_no_other_process_can_close_is_told_and_works(open_session, capsys):
    session = open_session("- {name: s, class: SimulatedShutter, safe_action: close}\n- {name: lab, class: Session}\n")
    line = "no guard for s.close: no other process can call it, for ShutterBlade has no action_of()"
    assert line in capsys.readouterr().err
    session.s.open()
    assert session.s.is_open
    session.s.close()
    assert line in capsys.readouterr().err
