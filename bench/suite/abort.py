"""How long after Ctrl-C a shutter is told to close: from the signal, sent by another process, to the call.

A step scan of a simulated motor with a counter that blocks for 2 ms a reading, saved; the signal comes at a random
moment of it. Devices are responsive: the motor is at rest at once when it is told to stop, which is waited for.
"""

import contextlib
import logging
import math
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.data.saving import ScanSaving
from obtura.devices.sim import SimulatedAxis, SimulatedShutter
from obtura.presets.shutter import ShutterPreset
from obtura.session.session import Session

SCANS = 300
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


def measure() -> dict[str, Any]:
    """Seconds from the signal to the shutter's `close`: percentiles in ms."""
    latencies: list[float] = []
    chance = random.Random(1)
    logging.getLogger("obtura").setLevel(logging.CRITICAL + 1)
    signal.signal(signal.SIGINT, lambda *_: None)  # one that comes when no scan runs harms nobody
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert sender.stdin is not None and sender.stdout is not None
    with tempfile.TemporaryDirectory() as directory, Session("bench", {}, ScanSaving(base_path=directory), False) as it:
        roby = SimulatedAxis("roby", velocity=10.0, acceleration=math.inf)
        counter = SamplingCounter("counter", Box("box", blocking=True, max_sampling_frequency=1000.0))
        while len(latencies) < SCANS:
            shutter = Watched("shutter", travel=0.0)
            scan = it.bench.ascan(roby, 0, 1, 20, 0.005, counter, run=False)
            scan.add_preset(ShutterPreset(shutter))
            sender.stdin.write(f"{chance.uniform(0.02, 0.4)}\n")
            with contextlib.suppress(KeyboardInterrupt):
                scan.run()
            sent = float(sender.stdout.readline())
            if shutter.told > sent:  # else the scan was over, or had not begun
                latencies.append(1000 * (shutter.told - sent))
            time.sleep(0.005)
    sender.stdin.close()
    sender.wait()
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "unit": "ms",
        "what": f"Ctrl-C to shutter.close, {SCANS} scans",
        "budget": f"p99 under {BUDGET:g}",
        "values": {"p50": cuts[49], "p99": cuts[98], "max": max(latencies)},
    }
