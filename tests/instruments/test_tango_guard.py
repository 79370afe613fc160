"""A Tango shutter is closed also when the process dies, by another client."""

import subprocess
import sys
import time

import pytest
from served_tango import free_port

from obtura.contracts.safety import action_of
from obtura.instruments.tango import TangoDevice, TangoShutter
from obtura.instruments.tango.safe import Tell
from obtura.works.guard import Guard, NoGuardError

SCAN = """
import obtura, time
from obtura.devices.soft import SoftCounter
from obtura.instruments.tango import TangoDevice, TangoShutter

class Dark(obtura.ScanPreset):
    def start(self, scan):
        print("READY", flush=True)
        time.sleep(60)

shutter = TangoShutter("shutter", TangoDevice("device", {address!r}){options})
scan = obtura.loopscan(1, 0.0, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(shutter, safety=True))
scan.add_preset(Dark())
scan.run()
"""


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("shutter", "", [("shutter", "Open", None), ("shutter", "Close", None)]),
        ("wheel", ", attribute='Out'", [("wheel", "Out", True), ("wheel", "Out", False)]),
        (
            "wheel",
            ", attribute='Filter', open_value='OUT', closed_value='THICK'",
            [("wheel", "Filter", 0), ("wheel", "Filter", 2)],
        ),
    ],
)
def test_it_is_closed_once_and_soon(beam, tmp_path, name, options, told):
    if "Filter" in options:
        beam.multiplexer().switch("filter", "thick")
        beam.forget()
    script = tmp_path / "script.py"
    script.write_text(SCAN.format(address=beam.address(name), options=options))
    pipes = {name: subprocess.PIPE for name in ("stdout", "stderr")}
    with subprocess.Popen([sys.executable, script], text=True, **pipes) as process:
        assert process.stdout.readline() == "READY\n", process.communicate()[1]
        process.kill()
        when = time.time()
        said = process.communicate(timeout=120)[1]
    assert "shutter.close done" in said
    assert beam.told() == told
    seconds = beam.told_at()[-1] - when
    print(f"closed after {seconds:.3f} s")
    assert seconds < 5  # some hundredths, on a machine with little else to do


def test_what_an_action_of_it_is(beam):
    action = action_of(beam.shutter(), "close")
    assert action.name == "shutter.close"
    assert action.arguments["device"]["device"] == beam.address("shutter")
    shutter = beam.shutter()
    shutter.open()
    Tell(**action.arguments)()
    assert shutter.is_closed


def test_a_device_that_is_not_there_can_not_be_guarded():
    device = TangoDevice("d", f"tango://127.0.0.1:{free_port()}/t/x/shutter#dbase=no", timeout=0.2)
    guard = Guard()
    try:
        with pytest.raises(NoGuardError, match="is not connected"):
            guard.arm("shutter.close", action_of(TangoShutter("shutter", device), "close").described())
    finally:
        guard.end()
