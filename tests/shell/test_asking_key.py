"""Ctrl-T in the shell says what the scan waits for."""

import sys

from terminals import Terminal

HOOK = (
    "import threading; from obtura import ScanPreset; "
    "gate = threading.Event(); "
    "P = type('WaitForIt', (ScanPreset,), {'prepare': lambda self, scan: gate.wait(60)}); "
    "threading.Timer(4, gate.set).start(); s = loopscan(2, 0.1, diode, run=False, save=False); "
    "s.add_preset(P()); s.run()\r"
)


def test_ctrl_t_says_what_the_scan_waits_for_and_the_scan_goes_on():
    with Terminal([sys.executable, "-m", "obtura", "shell"], size=(50, 200)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.idle(0.5)
        terminal.type(HOOK)
        terminal.until(r"loopscan 2 0\.1\s")
        terminal.idle(0.5)
        terminal.type("\x14")
        terminal.until(r"loopscan \(scan \d+\) is PREPARING; it waits for\s+WaitForIt.prepare, for \d+\.\d s")
        terminal.until(r"DEMO \[2\]: ")
        terminal.type("why()\r")
        terminal.until("no scan runs")
