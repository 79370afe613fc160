"""Typing help completes what is no Python to the call that is meant, and leaves Python alone."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.shell.typing_help import TypingHelp


def ascan(motor, start, stop, intervals, count_time, *counters):
    """Takes five arguments and more."""


def wa():
    """Takes none."""


def ct(count_time=1.0, *counters, save=False):
    """Takes none and more."""


NAMES = {"ascan": ascan, "wa": wa, "ct": ct, "roby": object(), "diode": object(), "Scan": type("Scan", (), {})}


@pytest.fixture
def typing_help():
    return TypingHelp(NAMES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ascan roby 0 10 20 0.1 diode", "ascan(roby, 0, 10, 20, 0.1, diode)"),
        ("ascan roby -1 1 20 .1 diode", "ascan(roby, -1, 1, 20, .1, diode)"),
        ("ascan roby, 0, 10, 20, 0.1, diode", "ascan(roby, 0, 10, 20, 0.1, diode)"),
        ("  ascan roby 0 10 20 0.1 ", "ascan(roby, 0, 10, 20, 0.1)"),
        ("ct 1 diode save=True", "ct(1, diode, save=True)"),
        ("ct 2*3", "ct(2*3)"),
        ("ct max(1, 2) diode", "ct(max(1, 2), diode)"),
        ('print "a b" 2', 'print("a b", 2)'),
        ("wa", "wa()"),
        ("ct", "ct()"),
        ("help ascan", "help(ascan)"),
        ("ascan?", "help(ascan)"),
        ("ct .1 diode", "ct(.1, diode)"),
        ("asca roby 0 10 20 0.1 diode", "asca(roby, 0, 10, 20, 0.1, diode)"),  # which says that asca is not known
    ],
)
def test_words_become_a_call(typing_help, typed, meant):
    assert typing_help.completed(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "ascan(roby, 0, 10, 20, 0.1, diode)",
        "ascan",  # needs arguments: its name shows what it is
        "roby",
        "Scan",
        "print",
        "x = 1",
        "ct = 3",
        "ct -1",  # Python: a difference
        "if roby:",
        "import os",
        "ct in [1]",
        "roby 5",
        "unknown 5",
        "ct )",
        "ct 'a'#",
        "ct .real",
        "rob 5",
        "lambd x",
        "for roby in",
        "ct 1 'open",
        "ct 1\nct 2",
        "",
    ],
)
def test_everything_else_is_left_alone(typing_help, typed):
    assert typing_help.completed(typed) is None


def test_it_can_be_switched_off_and_on(typing_help):
    typing_help(False)
    assert typing_help.completed("ct 1") is None
    assert "off" in typing_help.__info__()
    typing_help(True)
    assert typing_help.completed("ct 1") == "ct(1)"


@given(st.text("ct wa,=()[]'\"1.-+ \\#:?", max_size=20))
def test_what_comes_out_is_python(text):
    meant = TypingHelp(NAMES).completed(text)
    assert meant is None or ast.parse(meant)
