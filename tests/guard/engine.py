"""A scan in a process of its own, to be killed: `engine.py ADDRESS MOMENT` says READY at that moment and stays there.

`--fork`: with a child that holds what it inherited.
"""

import ctypes
import os
import sys
import time

from obtura import ScanPreset, loopscan
from obtura.devices.sim import BoxedShutter
from obtura.devices.soft import SoftCounter
from obtura.presets import ShutterPreset

MOMENT = sys.argv[2]


def reach(moment):
    if moment == MOMENT:
        print("READY", flush=True)
        if MOMENT != "closing":
            time.sleep(60)


def leave_a_child():
    """One that Python knows nothing of, as a library makes it; it outlives us with all that it inherited."""
    parent = os.getpid()
    if ctypes.CDLL(None).fork() == 0:
        os.closerange(0, 3)  # but the pipes of the test
        os.setsid()
        while os.getppid() == parent:
            time.sleep(0.05)
        time.sleep(6)
        os._exit(0)


class Around(ScanPreset):
    def prepare(self, scan):
        reach("not entered")

    def stop(self, scan):
        reach("left")


class Within(ScanPreset):
    def prepare(self, scan):
        reach("before it opens")

    def start(self, scan):
        if "--fork" in sys.argv:
            leave_a_child()
        reach("open")


class Safe(ShutterPreset):
    def put_back(self):
        reach("closing")
        super().put_back()


scan = loopscan(2, 0.01, SoftCounter(value=lambda: 1.0, name="c"), run=False, save=False)
for preset in (Around(), Safe(BoxedShutter("shutter", sys.argv[1]), safety=True), Within()):
    scan.add_preset(preset)
scan.run()
print("END", flush=True)
