"""The four examples of the documentation's page, its gaps filled, and what each prints in true order."""

import os
import re
import sys
from pathlib import Path

IMPORTS = """
from bliss.scanning.scan import ScanPreset
from bliss.scanning.chain import ChainPreset, ChainIterationPreset
"""

AROUND_THE_SCAN = """
class Preset(ScanPreset):
    def prepare(self, scan):
        print(f"Preparing scan {scan.name}\\n")
    def start(self, scan):
        print(f"Starting scan {scan.name}")
        print(f"Opening the shutter")
    def stop(self, scan):
        print(f"{scan.name} scan is stopped")
        print(f"Closing the shutter")

p = Preset()
s = loopscan(2, 0.1, diode, run=False)
s.add_preset(p)
s.run()
"""

AROUND_THE_SCAN_PRINTS = """
Scan N DATE FILE demo user = USER
loopscan 2 0.1

           #         dt[s]         diode
Preparing scan loopscan

Starting scan loopscan
Opening the shutter
           0  ROW
           1  ROW
loopscan scan is stopped
Closing the shutter

Took TIME
"""

AROUND_THE_TIMER = """
class Preset(ChainPreset):
    def prepare(self, acq_chain):
        print("Preparing")
    def start(self, acq_chain):
        print("Starting, Opening the shutter")
    def stop(self, acq_chain):
        print("Stopped, closing the shutter")

s = loopscan(2, 0.1, diode, run=False)
p = Preset()
s.acq_chain.add_preset(p)
s.run()
"""

AROUND_THE_TIMER_PRINTS = """
Scan N DATE FILE demo user = USER
loopscan 2 0.1

           #         dt[s]         diode
Preparing
Starting, Opening the shutter
           0  ROW
           1  ROW
Stopped, closing the shutter

Took TIME
"""

AROUND_EACH_POINT = """
class Preset(ChainPreset):
    class Iterator(ChainIterationPreset):
        def __init__(self, iteration_nb):
            self.iteration = iteration_nb
        def prepare(self):
            print(f"Preparing iteration {self.iteration}")
        def start(self):
            print(f"Starting, Opening the shutter iter {self.iteration}")
        def stop(self):
            print(f"Stopped, closing the shutter, iter {self.iteration}")
    def get_iterator(self, acq_chain):
        iteration_nb = 0
        while True:
            yield Preset.Iterator(iteration_nb)
            iteration_nb += 1

p = Preset()
s = loopscan(2, 0.1, diode, run=False)
s.acq_chain.add_preset(p)
s.run()
"""

AROUND_EACH_POINT_PRINTS = """
Scan N DATE FILE demo user = USER
loopscan 2 0.1

           #         dt[s]         diode
Preparing iteration 0
Starting, Opening the shutter iter 0
           0  ROW
Stopped, closing the shutter, iter 0
Preparing iteration 1
Starting, Opening the shutter iter 1
           1  ROW
Stopped, closing the shutter, iter 1

Took TIME
"""

WAIT_FOR_BEAM = """
class Preset(ScanPreset):
    def __init__(self, diode, beam_trigger_value):
        self._diode = diode
        self._beam_trigger_value = beam_trigger_value
        self.readings = 0
    def prepare(self, scan):
        beam_value = self._diode.read()
        while beam_value < self._beam_trigger_value:
            print("Waiting for beam")
            print(f"read {beam_value} expect {self._beam_trigger_value}", end='\\r')
            self.readings += 1
            if self.readings == 3:
                shutter.open()
            beam_value = self._diode.read()
    def stop(self, scan):
        shutter.close()

s = loopscan(2, 0.1, diode, run=False)
s.add_preset(Preset(diode, 10))
s.run()
"""

WAIT_FOR_BEAM_PRINTS = """
Scan N DATE FILE demo user = USER
loopscan 2 0.1

           #         dt[s]         diode
Waiting for beam
Waiting for beam
Waiting for beam
           0  ROW
           1  ROW

Took TIME
"""

EXAMPLES = {
    "around the scan": (AROUND_THE_SCAN, AROUND_THE_SCAN_PRINTS),
    "around the timer": (AROUND_THE_TIMER, AROUND_THE_TIMER_PRINTS),
    "around each point": (AROUND_EACH_POINT, AROUND_EACH_POINT_PRINTS),
    "wait for beam": (WAIT_FOR_BEAM, WAIT_FOR_BEAM_PRINTS),
}

OBTURA = [sys.executable, "-m", "obtura"]


def environment(directory: Path) -> dict[str, str]:
    """A user's environment with files of its own."""
    (directory / "home").mkdir(exist_ok=True)
    own = {"HOME": str(directory / "home"), "TMPDIR": str(directory), "TERM": "xterm", "PYTHONWARNINGS": "error"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
    return kept | own


def seen(text: str) -> str:
    """What was printed, with what changes from run to run replaced; a waiting line was overwritten."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.replace("\r\n", "\n"))
    text = re.sub(r"read \S+ expect 10\r*\n?", "", text)
    text = re.sub(r"Scan \d+ \w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4} \S+ demo user = \S+", HEADER, text)
    text = re.sub(r"(?m)^( +[01])  .*\S+ +\S+$", r"\1  ROW", text)
    return re.sub(r"Took \d:\d\d:\d\d\.\d{6}( \(.*\))?", "Took TIME", text)


HEADER = "Scan N DATE FILE demo user = USER"
