"""What jogs when a program ends is stopped, whatever ends it; by this program, not by a child of it."""

import subprocess
import sys

import pytest

BEGIN = """
import os, multiprocessing, sys
from obtura.devices.sim import SimulatedAxis
def jog(name):
    axis = SimulatedAxis(name, velocity=1.0)
    axis.jog(0.5)
    return axis
"""
SAID = "!!! roby was still jogging, it was stopped\n"
ENDS = {
    "jog('roby')": SAID,  # nobody has it any more
    "axis = jog('roby'); sys.exit(3)": SAID,
    "axis = jog('roby'); axis.stop()": "",
    "axis = jog('roby'); axis.halt()": "",
    "axis = SimulatedAxis('roby', velocity=1.0); axis.move(3, wait=False)": "",
    "axis = jog('roby'); axis.stop = lambda: 1 / 0; other = jog('robz')": (
        "!!! roby was jogging and may still do so, it could not be stopped: ZeroDivisionError: division by zero\n"
        "!!! robz was still jogging, it was stopped\n"
    ),
    "axis = jog('roby'); it = axis.motor; it.state = lambda: 1 / 0; it.stop = lambda: sys.stderr.write('told\\n')": (
        "told\n!!! roby was jogging and may still do so, it could not be stopped: "
        "roby: ZeroDivisionError: division by zero\n"
    ),
    "axis = jog('roby'); it = multiprocessing.get_context('fork').Process(target=print); it.start(); it.join()": SAID,
}


@pytest.mark.parametrize(("code", "said"), ENDS.items(), ids=list(ENDS))
def test_what_jogs_in_the_end_is_stopped_with_a_word(code, said):
    ended = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, timeout=50)
    assert ended.stderr == said
