"""The documentation's page, end to end: in the shell, in a script, in plain Python, on a terminal and in a pipe."""

import re
import subprocess
import sys

import pytest
from examples import EXAMPLES, IMPORTS, OBTURA, environment, seen

from terminals import Terminal

EVERY = pytest.mark.parametrize("example", EXAMPLES)


def run(command, directory, **options):
    ended = subprocess.run(
        command, env=environment(directory), cwd=directory, capture_output=True, text=True, timeout=240, **options
    )
    assert ended.returncode == 0, ended.stderr
    return ended


@EVERY
def test_a_script_prints_hooks_and_rows_in_true_order_into_a_pipe(example, tmp_path):
    code, prints = EXAMPLES[example]
    (tmp_path / "script.py").write_text(IMPORTS + code)
    ended = run([*OBTURA, "run", "script.py"], tmp_path)
    assert seen(ended.stdout) == prints
    assert ended.stderr == ""


@EVERY
def test_plain_python_has_the_same_names_after_one_import(example, tmp_path):
    code, prints = EXAMPLES[example]
    ended = run([sys.executable, "-c", "from obtura.demo import *\nimport obtura.bliss\n" + IMPORTS + code], tmp_path)
    assert seen(ended.stdout) == prints


@EVERY
def test_a_terminal_shows_the_same_order(example, tmp_path):
    code, prints = EXAMPLES[example]
    (tmp_path / "script.py").write_text(IMPORTS + code)
    with Terminal([*OBTURA, "run", str(tmp_path / "script.py")], environment(tmp_path)) as terminal:
        shown = terminal.to_the_end()
        assert terminal.process.returncode == 0
    assert seen(shown) == prints


@EVERY
def test_the_shell_takes_the_page_as_typed_from_a_pipe(example, tmp_path):
    code, prints = EXAMPLES[example]
    typed = (IMPORTS + code).replace("\n\np = ", "\n\n\np = ")
    ended = run([*OBTURA, "shell"], tmp_path, input=typed)
    assert ended.stderr == ""
    assert "DEMO [1]: from bliss.scanning.scan import ScanPreset\n" in ended.stdout.replace("DEMO [1]: \n", "")
    assert "\n    ...: " in re.sub(" +[.]{3}: ", "    ...: ", ended.stdout)
    assert prints.strip() in seen(ended.stdout)


def typed(terminal, line, prompt):
    """Type one line and wait for the next prompt."""
    terminal.type(line + "\r")
    return terminal.until(prompt)


def block(terminal, code, prompt):
    """Type a class as a person does: the shell indents, so the block is pasted."""
    terminal.type("\x1b[200~" + code.strip("\n").replace("\n", "\r") + "\x1b[201~")
    terminal.type("\r\r")
    return terminal.until(prompt)


def test_the_page_s_first_example_works_typed_at_the_prompt(tmp_path):
    code, prints = EXAMPLES["around the scan"]
    definition, _, rest = code.partition("\n\np = ")
    with Terminal([*OBTURA, "shell"], environment(tmp_path)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        typed(terminal, "from bliss.scanning.scan import ScanPreset", r"DEMO \[2\]: ")
        block(terminal, definition, r"DEMO \[3\]: ")
        for number, line in enumerate(("p = " + rest).strip().splitlines()[:-1], start=4):
            typed(terminal, line, rf"DEMO \[{number}\]: ")
        shown = typed(terminal, "s.run()", r"DEMO \[7\]: ")
    assert prints.strip() in seen(shown)


def test_ctrl_c_gets_out_of_a_hook_that_waits_and_the_shell_goes_on(tmp_path):
    definition = EXAMPLES["wait for beam"][0].partition("\n\ns = ")[0].replace("self.readings == 3", "False")
    with Terminal([*OBTURA, "shell"], environment(tmp_path)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        typed(terminal, "from bliss.scanning.scan import ScanPreset", r"DEMO \[2\]: ")
        block(terminal, definition, r"DEMO \[3\]: ")
        typed(terminal, "s = loopscan(2, 0.1, diode, run=False)", r"DEMO \[4\]: ")
        typed(terminal, "s.add_preset(Preset(diode, 10))", r"DEMO \[5\]: ")
        terminal.type("s.run()\r")
        terminal.until(r"read \S+ expect 10\r")
        terminal.type("\x03")
        shown = terminal.until(r"DEMO \[6\]: ")
        assert shown.count("!!!") == 1
        assert "interrupted by Ctrl-C" in shown
        assert "CLOSED" in typed(terminal, "shutter", r"DEMO \[7\]: ")
        assert "diode = " in typed(terminal, "c = ct(0.1, diode)", r"DEMO \[8\]: ")
        assert "USER_ABORTED" in typed(terminal, "s", r"DEMO \[9\]: ")


def test_as_a_library_scans_print_nothing_and_leave_stdout_alone(tmp_path):
    code = """
import sys
from obtura import ScanPreset, SoftCounter, loopscan
before = sys.stdout
class Preset(ScanPreset):
    def start(self, scan):
        assert sys.stdout is before
        scan.say("not shown")
level = SoftCounter(value=lambda: 4.0, name="level")
scan = loopscan(2, 0.01, level, run=False)
scan.add_preset(Preset())
scan.run()
assert list(scan.get_data("level")) == [4.0, 4.0]
"""
    ended = run([sys.executable, "-c", code], tmp_path)
    assert (ended.stdout, ended.stderr) == ("", "")
    assert (tmp_path / "scans" / "data.h5").exists()
