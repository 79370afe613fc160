"""Keys pressed in the shell by somebody in a hurry."""

import random

import pytest
from examples import OBTURA, environment

from terminals import Terminal


def answers(terminal):
    """Whether the prompt works; what is typed while Ctrl-C is on its way may be lost with it: typed again."""
    for seconds in (1.0, 5.0, 25.0):
        terminal.idle(0.3)
        terminal.type("\x15print(6 * 7)\r")
        try:
            return terminal.until(r"42\r\n", patience=seconds)
        except AssertionError:
            continue
    return ""


@pytest.mark.parametrize("seed", [1, 3])
def test_ctrl_c_at_the_prompt_at_any_moment_leaves_a_prompt_that_works(tmp_path, seed):
    moments = random.Random(seed)
    with Terminal([*OBTURA, "shell"], environment(tmp_path)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        for _ in range(40):
            terminal.type("\x03")
            terminal.idle(moments.choice([0.005, 0.01, 0.02, 0.03, 0.05, 0.1]))
            terminal.type(moments.choice(["", "loo", "mv(roby"]))
        terminal.type("\x03")
        assert answers(terminal)


def test_a_signal_at_the_idle_prompt_changes_nothing(tmp_path):
    with Terminal([*OBTURA, "shell"], environment(tmp_path)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.interrupt()
        terminal.idle(0.3)
        assert answers(terminal)


def test_ctrl_c_ends_what_is_typed_and_runs_for_ever(tmp_path):
    with Terminal([*OBTURA, "shell"], environment(tmp_path)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.type("import time; print('on'); time.sleep(600)\r")
        terminal.until(r"on\r\n")
        terminal.type("\x03")
        terminal.until(r"!!! interrupted by Ctrl-C")
        terminal.until(r"DEMO \[\d\]: ")
        assert answers(terminal)
