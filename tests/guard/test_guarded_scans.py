"""A preset with `safety=True`: its shutter is closed also when the process dies, once, and soon."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from terminals import Terminal

ENGINE = Path(__file__).with_name("engine.py")
SOON = 5.0
"""Seconds, on a machine with much to do; the guard takes some milliseconds."""


def commands(box):
    return [command for _, command in box.log()]


def closed_after(box, killed):
    """How long after a moment it was told to close, in s."""
    return box.log()[-1][0] - killed


@pytest.mark.parametrize(
    ("signum", "more"),
    [
        (signal.SIGKILL, []),
        (signal.SIGKILL, ["--fork"]),
        (signal.SIGSEGV, []),
        (signal.SIGHUP, []),
        (signal.SIGTERM, []),
    ],
    ids=["KILL", "KILL, with a child that holds the pipe", "SEGV", "HUP", "TERM"],
)
def test_an_open_shutter_is_closed_once_and_soon(box, victim, signum, more):
    engine = victim(ENGINE, box.address, "open", *more)
    engine.until("READY")
    assert box.state() == "OPEN"
    killed, said = engine.kill(signum)
    assert commands(box) == ["OPEN", "CLOSE"]
    print(f"closed after {closed_after(box, killed):.3f} s")
    assert closed_after(box, killed) < SOON
    if signum in (signal.SIGKILL, signal.SIGSEGV):
        assert f"obtura guard: process {engine.process.pid} has died: shutter.close done" in said


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("not entered", []),
        ("before it opens", ["CLOSE"]),
        ("open", ["OPEN", "CLOSE"]),
        ("left", ["OPEN", "CLOSE"]),
    ],
)
def test_it_is_armed_from_before_it_opens_until_it_is_closed(box, victim, moment, told):
    engine = victim(ENGINE, box.address, moment)
    engine.until("READY")
    _, said = engine.kill()
    assert commands(box) == told
    assert ("guard" in said) == (moment in ("before it opens", "open"))
    assert box.state() != "OPEN"


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.06, 0.1])
def test_killed_while_it_closes_it_is_closed_all_the_same(box, victim, delay):
    engine = victim(ENGINE, box.address, "closing")
    engine.until("READY")
    time.sleep(delay)
    _, said = engine.kill()
    by_the_guard = said.count("shutter.close done")
    by_the_engine = len(commands(box)) - 1 - by_the_guard  # it may have come to it, or not
    assert commands(box) == ["OPEN", *["CLOSE"] * (by_the_guard + by_the_engine)]
    assert (by_the_guard, by_the_engine) in ((0, 1), (1, 0), (1, 1))


def test_nothing_is_done_when_the_scan_ends_well(box, victim):
    engine = victim(ENGINE, box.address, "never")
    engine.until("END")
    _, said = engine.process.communicate()
    assert (commands(box), said) == (["OPEN", "CLOSE"], "")


def test_a_terminal_that_is_closed_takes_the_engine_but_not_the_guard(box):
    with Terminal([sys.executable, ENGINE, box.address, "open"]) as engine:
        engine.until("READY")
        closed = time.time()
        os.close(engine._end)  # as when its window is closed
        engine.process.wait(60)
        engine._end = os.open(os.devnull, os.O_RDONLY)
        limit = time.monotonic() + 60
        while len(commands(box)) < 2 and time.monotonic() < limit:
            time.sleep(0.01)
    assert commands(box) == ["OPEN", "CLOSE"]
    assert closed_after(box, closed) < SOON


def test_ctrl_c_in_the_terminal_is_not_for_the_guard(box):
    with Terminal([sys.executable, ENGINE, box.address, "open"]) as engine:
        engine.until("READY")
        engine.type("\x03")
        said = engine.to_the_end()
    assert commands(box) == ["OPEN", "CLOSE"]
    assert "obtura guard" not in said


def test_one_that_can_not_be_closed_stays_armed(box, armed):
    process = armed(
        f"""
        from obtura import *
        from obtura.devices.sim import BoxedShutter
        from obtura.devices.soft import SoftCounter
        shutter = BoxedShutter("shutter", {box.address!r})
        def broken(): raise OSError("no answer")
        shutter.close = broken
        scan = loopscan(1, 0.0, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
        scan.add_preset(ShutterPreset(shutter, safety=True))
        try:
            scan.run()
        except OSError as error:
            print(error)
        """
    )
    assert process.lines == ["no answer\n"]
    assert commands(box) == ["OPEN"]
    process.kill()
    assert commands(box) == ["OPEN", "CLOSE"]
