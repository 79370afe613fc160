"""`obtura rehearse`: exit codes, JSON, Ctrl-C, and mistakes in one clear line."""

import json
import signal
import subprocess
import sys
import time

import pytest

OBTURA = [sys.executable, "-m", "obtura", "rehearse"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, and no beamline."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OBTURA_CONFIG", raising=False)
    return tmp_path


def run(*arguments):
    return subprocess.run([*OBTURA, *arguments], capture_output=True, text=True, timeout=240)


def test_the_report_can_be_had_as_json(folder):
    (folder / "night.py").write_text(
        "import sys\nassert sys.argv[1:] == ['7']\nloopscan(int(sys.argv[1]), 600, diode)\n"
    )
    (folder / "night.yml").write_text("start: 22:00\nevents: [{at: 22:30, event: refill, lasts: 5 min}]\n")
    ended = run("demo", "night.py", "7", "--events", "night.yml", "--json", "--data", "data")
    report = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert report["seconds"] == 4200
    assert (report["start"], report["end"]) == ("2026-01-01T22:00:00", "2026-01-01T23:10:00")
    assert [each["kind"] for each in report["timeline"]] == ["began", "event", "event", "ended", "script"]
    assert report["scans"][0]["points"] == 7
    assert (folder / "data" / "output.txt").read_text().count("Took") == 1


def test_an_error_of_the_script_is_told_with_its_line_and_gives_a_non_zero_exit_code(folder):
    (folder / "night.py").write_text("loopscan(1, 1, diode)\nroby.move(1e6)\n")
    ended = run("demo", "night.py")
    assert ended.returncode == 1
    assert "it ends with an error" in ended.stdout
    assert ended.stdout.endswith("    night.py, line 2: roby.move(1e6)\n")


def test_a_mistake_in_the_command_is_one_line(folder):
    (folder / "night.py").write_text("loopscan(1, 1, diode)\n")
    ended = run("./line", "night.py")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "!!! ./line: there is no such directory\n")


def test_ctrl_c_ends_the_rehearsal_with_what_was_found_so_far(folder):
    (folder / "night.py").write_text("while True:\n    loopscan(100, 1, diode)\n")
    process = subprocess.Popen(
        [*OBTURA, "demo", "night.py", "--data", "data"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 60
        output = folder / "data" / "output.txt"
        while not (output.exists() and "Scan 2 " in output.read_text()):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told, wrong = process.communicate(timeout=120)
    finally:
        process.kill()
    assert (process.returncode, wrong) == (130, "")
    assert "it was interrupted" in told
    assert "scan 1 ends: DONE after 1 min 40 s, 100 points" in told
    assert "USER_ABORTED" in told
