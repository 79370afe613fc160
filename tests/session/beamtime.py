"""Presets that keep count, and something that happens at a named point of a scan."""

import threading

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset

POINTS = ("S.prepare", "C.prepare", "I0.prepare", "S.start", "C.start", "I0.start", "I1.start", "I1.stop")
POINTS += ("C.before_stop", "C.stop", "S.stop")
"""Where something can happen, in the order of a good scan."""


class Counting(ScanPreset):
    """A preset of the scan that keeps count of how often it was entered and left."""

    def __init__(self):
        self.entered = self.left = 0

    def prepare(self, scan):
        self.entered += 1

    def stop(self, scan):
        self.left += 1


class CountingChain(ChainPreset):
    """The same around a top-master and around each point."""

    def __init__(self):
        self.entered = self.left = 0

    def get_iterator(self, acq_chain):
        while True:
            yield _Point(self)

    def prepare(self, acq_chain):
        self.entered += 1

    def stop(self, acq_chain):
        self.left += 1


class _Point(ChainIterationPreset):
    def __init__(self, count):
        self.count = count

    def prepare(self):
        self.count.entered += 1

    def stop(self):
        self.count.left += 1


class Trip:
    """Calls `happens()` once, at `point`; `reached` says whether the scan came there."""

    def __init__(self, point, happens):
        self.point = point
        self.happens = happens
        self.reached = False

    def at(self, point):
        if point == self.point and not self.reached:
            self.reached = True
            self.happens()

    def put_on(self, scan):
        """Have it happen in this scan."""
        at = self.at

        class S(ScanPreset):
            def prepare(self, scan):
                at("S.prepare")

            def start(self, scan):
                at("S.start")

            def stop(self, scan):
                at("S.stop")

        class Each(ChainIterationPreset):
            def __init__(self, point):
                self.point = point

            def prepare(self):
                at(f"I{self.point}.prepare")

            def start(self):
                at(f"I{self.point}.start")

            def stop(self):
                at(f"I{self.point}.stop")

        class C(ChainPreset):
            def get_iterator(self, acq_chain):
                return map(Each, range(1000))

            def prepare(self, acq_chain):
                at("C.prepare")

            def start(self, acq_chain):
                at("C.start")

            def before_stop(self, acq_chain):
                at("C.before_stop")

            def stop(self, acq_chain):
                at("C.stop")

        scan.add_preset(S())
        scan.acq_chain.add_preset(C())


def from_a_thread(function):
    """Something that happens: `function` is called on a thread of its own, and has returned."""

    def happens():
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()

    return happens


def fails():
    """Something that happens: an error."""
    raise ArithmeticError("wrong")
