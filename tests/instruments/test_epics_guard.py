"""A shutter that is a PV is closed also when the process dies, by a put of another process."""

import subprocess
import sys
import time

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

SCAN = """
import time
from obtura.devices.soft import SoftCounter

class Dark(obtura.ScanPreset):
    def start(self, scan):
        print("READY", flush=True)
        time.sleep(60)

scan = obtura.loopscan(1, 0.0, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(shutter, safety=True))
scan.add_preset(Dark())
scan.run()
"""


@pytest.fixture
def killed_while_open(script):
    """Run a scan on `shutter`, kill it while that is open; returns when it was, and what the guard said at the end."""

    def run(shutter):
        pipes = {name: subprocess.PIPE for name in ("stdout", "stderr")}
        with subprocess.Popen([sys.executable, script(f"shutter = {shutter}\n{SCAN}")], text=True, **pipes) as process:
            assert process.stdout.readline() == "READY\n", process.communicate()[1]
            process.kill()
            when = time.time()
            return when, process.communicate(timeout=120)[1]

    return run


def test_it_is_closed_by_a_put_once_and_soon(beamline, killed_while_open):
    shutter = 'PVShutter("shutter", "T:shutter", "T:shutter:status", "Open", "Closed")'
    when, said = killed_while_open(shutter)
    assert "shutter.close done" in said
    assert beamline.puts() == [("shutter", "Open"), ("shutter", "Closed")]
    seconds = beamline.ioc.puts()[-1].time - when
    print(f"closed after {seconds:.3f} s")
    assert seconds < 5  # some hundredths, on a machine with little else to do


def test_what_an_action_of_it_is():
    from obtura.contracts.safety import action_of
    from obtura.instruments.epics import PVShutter

    action = action_of(PVShutter("shutter", "X:shutter", open_value=3, close_value=2), "close")
    assert action.name == "shutter.close"
    assert (action.arguments["pv"], action.arguments["value"]) == ("X:shutter", 2)
    assert "EPICS_CA_ADDR_LIST" in action.arguments["environment"]


def test_a_pv_that_nobody_has_can_not_be_guarded(loopback_only):
    from obtura.contracts.safety import action_of
    from obtura.instruments.epics import PVShutter
    from obtura.works.guard import Guard, NoGuardError

    guard = Guard()
    try:
        with pytest.raises(NoGuardError, match="PV NO:shutter is not connected"):
            guard.arm("shutter.close", action_of(PVShutter("shutter", "NO:shutter", timeout=0.2), "close").described())
    finally:
        guard.end()
