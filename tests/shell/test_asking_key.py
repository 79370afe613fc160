"""Ctrl-T in the shell says what the scan waits for."""

import sys

from terminals import Terminal

HOOK = (
    "import os, time; from obtura import ScanPreset; wait = lambda: time.sleep(0.1); "
    "P = type('WaitForIt', (ScanPreset,), "
    "{'prepare': lambda self, scan: [wait() for _ in iter(lambda: os.path.exists('GATE'), True)]}); "
    "s = loopscan(2, 0.1, diode, run=False, save=False); "
    "s.add_preset(P()); s.run()\r"
)


def test_ctrl_t_says_what_the_scan_waits_for_and_the_scan_goes_on(tmp_path):
    gate = tmp_path / "gate"
    with Terminal([sys.executable, "-m", "obtura", "shell"], size=(50, 200)) as terminal:
        terminal.until(r"DEMO \[1\]: ")
        terminal.idle(0.5)
        terminal.type(HOOK.replace("GATE", str(gate)))
        terminal.until(r"loopscan 2 0\.1\s")
        terminal.idle(0.5)
        terminal.type("\x14")
        terminal.until(r"loopscan \(scan \d+\) is PREPARING; it waits for\s+WaitForIt.prepare, for \d+\.\d s")
        gate.touch()
        terminal.until(r"DEMO \[2\]: ")
        terminal.type("why()\r")
        terminal.until("no scan runs")
