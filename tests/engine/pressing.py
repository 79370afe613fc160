"""Ctrl-C, and scans that it ends."""

import signal
import threading
import time

from harness import outcome_of

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort

LONG = 200.0
"""Seconds that a wait would last if the signal did not end it."""
SOON = 60.0
"""Seconds within which a scan has to end after Ctrl-C, on a machine however busy."""


def press():
    """A real SIGINT for the main thread, from any."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def press_until(condition, patience):
    """Press, and again each `patience` s, until the condition holds: two presses may be taken for one."""
    while not condition():
        press()
        limit = time.monotonic() + patience
        while not condition() and time.monotonic() < limit:
            time.sleep(0.01)


def aborted(scan, sender):
    """Run a scan that Ctrl-C ends: ScanAbort, soon."""
    began = time.monotonic()
    raised = outcome_of(scan)
    took = time.monotonic() - began
    sender.settle()
    assert isinstance(raised, ScanAbort), f"run() raised {raised!r}"
    assert scan.state is ScanState.USER_ABORTED
    assert took < SOON, f"it took {took:.1f} s"
    return raised


class Everywhere(ScanPreset):
    """Calls a function in one hook of one level, notes all."""

    def __init__(self, moment, function):
        self.moment = moment
        self.function = function
        self.log = []

    def at(self, moment):
        self.log.append(moment)
        if moment == self.moment:
            self.function()
            self.log.append(f"{moment} ended")

    def prepare(self, scan):
        self.at("S.prepare")

    def start(self, scan):
        self.at("S.start")

    def stop(self, scan):
        self.at("S.stop")

    def put_on(self, scan):
        at = self.at

        class Each(ChainIterationPreset):
            def prepare(self):
                at("I.prepare")

            def start(self):
                at("I.start")

            def stop(self):
                at("I.stop")

        class Chain(ChainPreset):
            def get_iterator(self, acq_chain):
                at("C.get_iterator")
                return self.each()

            def each(self):
                while True:
                    at("C.next")
                    yield Each()

            def prepare(self, acq_chain):
                at("C.prepare")

            def start(self, acq_chain):
                at("C.start")

            def before_stop(self, acq_chain):
                at("C.before_stop")

            def stop(self, acq_chain):
                at("C.stop")

        scan.add_preset(self)
        scan.acq_chain.add_preset(Chain())
        return scan
