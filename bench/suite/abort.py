"""How long after Ctrl-C a shutter is told to close: from the signal, sent by another process, to the call.

A step scan of a simulated motor with a counter that blocks for 2 ms a reading, saved; the signal comes at a random
moment of it. Devices are responsive: the motor is at rest at once when it is told to stop, which is waited for.
"""

import contextlib
import math
import random
import signal
import statistics
import subprocess
import sys
import time

from bench.cases import Figure, study
from bench.lab import Lab
from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.devices.sim import SimulatedAxis, SimulatedShutter
from obtura.engine.states import ScanState
from obtura.presets.shutter import ShutterPreset

SCANS = 120
BUDGET = 100.0
"""ms, at the 99th percentile."""

SENDER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin:
    time.sleep(float(line))
    print(time.monotonic(), flush=True)
    os.kill(os.getppid(), signal.SIGINT)
"""


class Box(SamplingCounterController):
    """Answers after 2 ms."""

    def read(self, counter: SamplingCounter) -> float:
        time.sleep(0.002)
        return 1.0


class Watched(SimulatedShutter):
    """Notes when it is told to close."""

    told = 0.0

    def close(self, timeout: float | None = None) -> None:
        self.told = time.monotonic()
        super().close(timeout)


@study("abort", f"Ctrl-C to shutter.close, {SCANS} scans")
def latency(lab: Lab) -> list[Figure]:
    before = signal.signal(signal.SIGINT, lambda *_: None)  # one that comes when no scan runs harms nobody
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        latencies = _latencies(lab, sender)
    finally:
        signal.signal(signal.SIGINT, before)
        sender.communicate()
    cuts = statistics.quantiles(latencies, n=100)
    return [
        Figure("p50", cuts[49], "ms"),
        Figure("p99", cuts[98], "ms", BUDGET),
        Figure("max", max(latencies), "ms"),
    ]


def _latencies(lab: Lab, sender: "subprocess.Popen[str]") -> list[float]:
    """From the signal to the shutter's `close`, in ms."""
    assert sender.stdin is not None and sender.stdout is not None
    latencies: list[float] = []
    chance = random.Random(1)
    roby = SimulatedAxis("roby", velocity=10.0, acceleration=math.inf)
    counter = SamplingCounter("counter", Box("box", blocking=True, max_sampling_frequency=1000.0))
    while len(latencies) < SCANS:
        shutter = Watched("shutter", travel=0.0)
        scan = lab.session.ascan(roby, 0, 1, 20, 0.005, counter, run=False)
        scan.add_preset(ShutterPreset(shutter))
        sender.stdin.write(f"{chance.uniform(0.02, 0.4)}\n")
        with contextlib.suppress(KeyboardInterrupt):
            scan.run()
        sent = float(sender.stdout.readline())
        if shutter.told > sent:  # else the scan was over, or had not begun
            latencies.append(1000 * (shutter.told - sent))
        elif shutter.told and scan.state is ScanState.USER_ABORTED:
            raise KeyboardInterrupt  # somebody else pressed it
        time.sleep(0.005)
    return latencies
