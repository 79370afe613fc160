"""A valve that is closed by text is closed also when the process dies, by what another process says."""

import subprocess
import sys
import time

import pytest

from obtura.contracts.safety import UnreachableError, action_of
from obtura.devices.text import TextInstrument, TextShutter
from obtura.devices.text.safe import Tell
from obtura.testing import Conversation

SCAN = """
import obtura, time
from obtura.devices.soft import SoftCounter
from obtura.devices.text import TextInstrument, TextShutter

class Dark(obtura.ScanPreset):
    def start(self, scan):
        print("READY", flush=True)
        time.sleep(60)

it = TextInstrument("it", tcp={url!r}, identify="PACE5000", answer=r"\\S+ (.*)")
valve = TextShutter("valve", it, "OUTP1:STAT 1", "OUTP1:STAT 0", "OUTP1:STAT?")
scan = obtura.loopscan(1, 0.0, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(valve, safety=True))
scan.add_preset(Dark())
scan.run()
"""


def test_it_is_closed_once_and_soon(pace, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCAN.format(url=pace.url))
    pipes = {name: subprocess.PIPE for name in ("stdout", "stderr")}
    with subprocess.Popen([sys.executable, script], text=True, **pipes) as process:
        assert process.stdout.readline() == "READY\n", process.communicate()[1]
        process.kill()
        when = time.time()
        said = process.communicate(timeout=120)[1]
    assert "valve.close done" in said
    assert pace.told() == ["OUTP1:STAT 1", "OUTP1:STAT 0"]
    print(f"closed within {time.time() - when:.3f} s")


@pytest.mark.parametrize("way", ["tcp", "serial"])
def test_what_the_guard_says_it_says_over_a_line_of_its_own_and_sees_it_followed(pace, way):
    if way == "serial":
        pytest.importorskip("serial")
    it = TextInstrument("it", **{way: pace.url if way == "tcp" else pace.tty}, answer=r"\S+ (.*)", timeout=20)
    action = action_of(TextShutter("valve", it, "OUTP1:STAT 1", "OUTP1:STAT 0", "OUTP1:STAT?"), "open")
    assert action.name == "valve.open"
    Tell(**action.arguments)()
    assert pace.heard() == ["OUTP1:STAT 1", "OUTP1:STAT?"]


def test_what_no_other_process_can_reach_is_told():
    with Conversation() as line:
        valve = TextShutter("valve", TextInstrument("it", line=line), "O", "C")
        with pytest.raises(UnreachableError, match="no other process can use the line to conversation"):
            action_of(valve, "close")
