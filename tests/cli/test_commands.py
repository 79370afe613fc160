"""The command `obtura` as a user runs it: what it prints, its exit codes, Ctrl-C, a closed pipe."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

OBTURA = [sys.executable, "-m", "obtura"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `obtura` in an empty directory with an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **options):
        return subprocess.run([*OBTURA, *arguments], capture_output=True, text=True, timeout=240, **options)

    return run


def script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(text)
    return str(path)


def test_the_demo_plays_writes_its_file_and_says_how_to_open_it(run, tmp_path):
    ended = run("demo")
    assert ended.returncode == 0, ended.stderr
    listed, shown, shell = commands_of(ended.stdout)
    python = re.search(r'h5py.File\("(\S+)"\)\["(\S+)"\]', ended.stdout)
    assert "ascan roby 0 10 10 0.05" in typed(listed)
    assert "ShutterPreset" in typed(shown)
    assert "DEMO [1]: " in typed(shell)
    with h5py.File(python[1]) as file:
        diode = file[python[2]][:]
    assert len(diode) == 11
    assert diode.argmax() == 5, "the beam is in the middle of the scan"
    assert str(tmp_path) in listed


def commands_of(printed):
    """What the demo says to type: ls, show, shell."""
    return re.findall(r"(?m)^  (.*\bobtura'? (?:ls .*|show .*|shell))$", printed)


def typed(line):
    done = subprocess.run(line, shell=True, input="", capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_writes_where_it_is_told_and_its_commands_work_without_a_path(run, tmp_path):
    shutil.copytree(Path(sys.prefix) / "bin", tmp_path / "my bin", symlinks=True)
    ended = subprocess.run(
        ["my bin/obtura", "demo", "--directory", "mine"], capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "mine" / "demo" / "data.h5").exists()
    listed, shown, shell = commands_of(ended.stdout)
    assert (listed.split(" ls ")[0], shell) == ("'my bin/obtura'", "'my bin/obtura' shell")
    assert "ascan" in typed(listed) and "ShutterPreset" in typed(shown)


def test_the_demo_opens_the_shutter_when_it_says_so_and_waits_in_readable_lines(run):
    printed = run("demo").stdout
    assert "\r" not in printed
    assert printed.index("-- mv(roby, 5)") < printed.index("Moving roby from 0 to 5")
    scans = re.split(r"(?m)^Scan \d ", printed)[1:]
    for scan in scans[:4]:
        rows = re.findall(r"(?m)^ +[01]  .* (\S+)$", scan)
        assert [float(row) > 900 for row in rows] == [True, True], scan
    assert re.findall(r"(?m)^read \S+ expect 50$", scans[3]) == re.findall("read.*", scans[3])


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["shell", "ls scans/demo/data.h5", "run one.py"])
def test_closed_streams_are_no_error(run, command, closed):
    with h5py.File(scan_file_of(run)) as file:
        before = list(file)
    line = f"echo 1 | ( {shlex.join(OBTURA)} {command} {closed} )"
    ended = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=240)
    assert (ended.returncode, ended.stderr) == (0, "")
    with h5py.File("scans/demo/data.h5") as file:
        assert len(file) == len(before) + (command == "run one.py")


def scan_file_of(run):
    assert run("run", script_of_one_scan(run)).returncode == 0
    return "scans/demo/data.h5"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ls", "no.h5"), "no.h5"),
        (("show", "no.h5", "1"), "no.h5"),
    ],
)
def test_a_missing_file_is_named_without_a_traceback(run, arguments, words):
    ended = run(*arguments)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_scan_that_is_not_in_the_file_is_answered_with_those_that_are(run):
    run("run", script_of_one_scan(run))
    ended = run("show", "scans/demo/data.h5", "7")
    assert ended.returncode == 1
    assert "7" in ended.stderr and "1" in ended.stderr
    assert "Traceback" not in ended.stderr


def script_of_one_scan(run):
    with open("one.py", "w") as file:
        file.write("loopscan(2, 0.01, diode)\n")
    return "one.py"


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("run",), ("shell", "-s", "nowhere")])
def test_wrong_usage_ends_with_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_only_what_must_be_given_is_named_as_missing(run):
    assert run("run").stderr.endswith("arguments are required: script\n")


def test_a_missing_script_ends_with_2_and_its_name(run):
    ended = run("run", "nowhere.py")
    assert ended.returncode == 2
    assert "nowhere.py" in ended.stderr


def test_a_script_has_its_arguments_and_its_own_directory(run, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helping.py").write_text("WORD = 'found'\n")
    (tmp_path / "sub" / "main.py").write_text("import sys, helping\nprint(sys.argv[1:], helping.WORD, __name__)\n")
    ended = run("run", "sub/main.py", "--fast", "3")
    assert ended.stdout == "['--fast', '3'] found __main__\n"


def test_a_script_that_fails_is_told_with_its_line_and_ends_with_1(run, tmp_path):
    ended = run("run", script(tmp_path, "x = 1\nloopscan(0, 0.1, diode)\n"))
    assert ended.returncode == 1
    assert "npoints must be at least 1" in ended.stderr
    assert "Intended usage: loopscan(" in ended.stderr
    assert "line 2: loopscan(0, 0.1, diode)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_failing_hook_is_told_with_its_place_and_what_was_saved(run, tmp_path):
    code = """
class Shutter(ScanPreset):
    def start(self, scan):
        raise RuntimeError("no echo after 2 s")
s = loopscan(2, 0.01, diode, run=False)
s.add_preset(Shutter())
s.run()
"""
    ended = run("run", script(tmp_path, code))
    assert ended.returncode == 1
    lines = ended.stderr.splitlines()
    assert lines[0] == "!!! RuntimeError: no echo after 2 s"
    assert lines[1] == "    in Shutter.start"
    assert "everything was stopped" in lines[2]


def test_what_a_script_does_and_what_fails_in_it_is_in_the_log(run, tmp_path):
    code = """
class Fails(ScanPreset):
    def prepare(self, scan):
        raise OSError("no line")
    def stop(self, scan):
        raise OSError("still no line")

loopscan(1, 0.001, diode)
scan = loopscan(2, 0.001, diode, run=False)
scan.add_preset(Fails())
scan.run()
"""
    ended = run("run", script(tmp_path, code))
    log = Path(ended.stderr.splitlines()[-1].partition("log: ")[2]).read_text()
    assert "obtura.cli.script: script " in log
    assert re.search(r"obtura.scans.record: scan 1: +0 +0 ", log), "the rows of its table"
    assert "scan 1: loopscan 1 0.001: DONE; " in log and "data.h5" in log
    assert "scan 2: loopscan 2 0.001: KILLED, OSError: no line; " in log
    assert "then in scan 2: OSError: still no line\nTraceback" in log
    assert re.search(r"ERROR obtura.cli.script: .*: OSError: no line\nTraceback", log)


def test_a_script_that_is_no_text_is_refused_with_its_line(run, tmp_path):
    ended = run("run", script(tmp_path, "x = 1\0"))
    first, log = ended.stderr.splitlines()
    assert first.endswith("line 1: source code string cannot contain null bytes")
    assert log.startswith("    log: ")


def test_a_script_may_exit_with_a_code_of_its_own(run, tmp_path):
    assert run("run", script(tmp_path, "raise SystemExit(7)\n")).returncode == 7


def test_ctrl_c_in_a_script_ends_with_130_and_the_way_out_done(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = """
class Preset(ScanPreset):
    def start(self, scan):
        shutter.open()
        print("ready", flush=True)
    def stop(self, scan):
        shutter.close()
        print("left", shutter.state.name)
s = timescan(0.05, diode, run=False)
s.add_preset(Preset())
s.run()
"""
    with subprocess.Popen(
        [*OBTURA, "run", script(tmp_path, code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.lstrip().startswith("3 "):
                process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert "left CLOSED\n" in lines
    assert errors.count("!!!") == 1 and "Ctrl-C" in errors
    with h5py.File(tmp_path / "scans" / "demo" / "data.h5") as file:
        assert file["1.1/end_reason"].asstr()[()].strip() == "USER_ABORT"
        assert len(file["1.1/measurement/diode"]) >= 4


def test_a_reader_that_has_enough_ends_the_output_not_the_scan(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = f"{sys.executable} -m obtura run {script(tmp_path, 'loopscan(20, 0.01, diode)')} | head -n 3"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=240)
    assert len(ended.stdout.splitlines()) == 3
    assert "Traceback" not in ended.stderr
    with h5py.File(tmp_path / "scans" / "demo" / "data.h5") as file:
        assert len(file["1.1/measurement/diode"]) == 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["shell", "sessions"])
def test_output_that_can_not_be_written_is_told_in_a_line(tmp_path, command, unbuffered):
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*OBTURA, command],
            input="1 + 1\n",
            env=environment,
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=240,
        )
    assert ended.stderr == "!!! the output can't be written, so this ends: No space left on device\n"
    assert ended.returncode == 1


def test_help_names_every_command(run):
    shown = run("--help").stdout
    for command in ("demo", "shell", "run", "ls", "show", "verify", "pack", "unpack"):
        assert command in shown


def test_a_command_that_is_misspelt_is_asked_about(run):
    ended = run("shel")
    assert ended.returncode == 2
    assert "no command 'shel': did you mean 'shell'? (there are: demo, shell, run," in ended.stderr
