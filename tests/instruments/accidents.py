"""A server that dies, or is started anew, in each phase of a scan; Ctrl-C while it runs."""

import os
import signal
import threading

import pytest

import obtura


class Accident(obtura.ScanPreset):
    """Strikes once in a phase of a scan."""

    def __init__(self, phase, strike):
        self.phase, self.strike, self.struck = phase, strike, False
        self.left, self.done = False, threading.Event()

    def happens(self, phase):
        if phase == self.phase and not self.struck:
            self.struck = True
            self.strike()
            self.done.set()

    def prepare(self, scan):
        self.happens("prepare")
        self.connect_data_channels([scan.counter], lambda *_: self.happens("between points"))

    def start(self, scan):
        self.happens("start")

    def stop(self, scan):
        self.happens("stop")
        self.left = True


class AtCount(obtura.ChainPreset):
    """While the second point is counted, or before the third on a machine that is very busy."""

    def __init__(self, accident):
        self.accident = accident

    def get_iterator(self, chain):
        yield Quiet()
        yield Counting(self.accident)
        yield Afterwards(self.accident)


class Quiet(obtura.ChainIterationPreset):
    def start(self):
        """Let it count."""


class Counting(obtura.ChainIterationPreset):
    def __init__(self, accident):
        self.accident = accident

    def start(self):
        threading.Timer(0.05, self.accident.happens, ["count"]).start()


class Afterwards(Counting):
    def start(self):
        assert self.accident.phase != "count" or self.accident.done.wait(60)


PHASES = ["prepare", "start", "count", "between points", "stop"]


def accident_at(phase, axis, counter, shutter, strike):
    """An `ascan` of three points that opens the shutter for each, and in a phase of which `strike` is called once."""
    scan = obtura.ascan(axis, 0, 2, 2, 0.1, counter, run=False)
    scan.counter = counter
    accident = Accident(phase, strike)
    scan.add_preset(accident)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.acq_chain.add_preset(AtCount(accident))
    return scan, accident


class Pressing(obtura.ChainPreset):
    """Ctrl-C is pressed some seconds after the start."""

    def __init__(self, seconds):
        self.timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))

    def start(self, _chain):
        self.timer.start()


def interrupted(scan, seconds):
    """Run a scan and press Ctrl-C some seconds after its start."""
    was = signal.signal(signal.SIGINT, signal.default_int_handler)
    scan.acq_chain.add_preset(Pressing(seconds))
    try:
        with pytest.raises(KeyboardInterrupt):
            scan.run()
    finally:
        signal.signal(signal.SIGINT, was)
