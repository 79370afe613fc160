"""What it costs to keep the time of a call: by itself, and in a scan, beside the same scan that keeps none.

A loopscan of one instantaneous counter with an iteration preset, which nobody reads: six calls a point. It is run in
turns with and without: without, a call is entered and left by functions that do nothing. To exchange them makes Python
forget what it had specialised, so that "in a scan" is an upper bound. An event is one of the two, half of a call.
"""

import time
from typing import Any
from unittest.mock import patch

from bench.cases import Figure, study
from bench.lab import Lab
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.engine.scan import Scan
from obtura.ground.channels import AcquisitionChannel
from obtura.works.errands import Timekeeper
from obtura.works.timekeeping import Sort, Strand

POINTS = 500
ROUNDS = 100
CALLS = 1_000
BUDGET = 2.0
"""us a call: one for its beginning, one for its end."""


class Counter(AcquisitionSlave):
    """Reads at once."""

    blocking = False

    def __init__(self) -> None:
        super().__init__(name="counter")
        self.channels.append(AcquisitionChannel("counter"))

    def reading(self) -> None:
        """Emit a number."""
        self.channels[0].emit(1.0)


class EachPoint(ChainPreset):
    """Has hooks at each point."""

    class Iteration(ChainIterationPreset):
        """Does nothing."""

        def prepare(self) -> None:
            """Nothing."""

        def start(self) -> None:
            """Nothing."""

    def get_iterator(self, chain: Any) -> Any:
        """One for each point."""
        while True:
            yield self.Iteration()


def _scan() -> Scan:
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=POINTS), Counter())
    chain.add_preset(EachPoint())
    return Scan(chain, save=False)


def _ran(scan: Scan) -> float:
    """In s of the processor: others may have it meanwhile."""
    began = time.process_time()
    scan.run()
    return time.process_time() - began


def _nothing(*args: object) -> None:
    """As long as nobody keeps the time."""


def _in_a_scan() -> tuple[list[float], list[float], float]:
    """What rounds took with and without, in us a call; and how many calls a point has."""
    timed, without, calls = [], [], 0
    for _ in range(ROUNDS):
        scan = _scan()
        timed.append(_ran(scan))
        calls = sum(row.calls for row in scan.timings.rows)
        with patch.object(Strand, "enter", _nothing), patch.object(Strand, "leave", _nothing):
            without.append(_ran(_scan()))
    return [1e6 * each / calls for each in timed], [1e6 * each / calls for each in without], calls / POINTS


def _by_itself() -> float:
    """The least of many short rounds, in us a call."""
    strand = Timekeeper(lambda what, owner: Sort("device", what), "engine", "points").main
    enter, leave = strand.enter, strand.leave

    def loop() -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            enter("counter.reading", None)
            leave()
        return time.perf_counter() - began

    def bare() -> float:
        began = time.perf_counter()
        for _ in range(CALLS):
            pass
        return time.perf_counter() - began

    return 1e6 * (min(loop() for _ in range(500)) - min(bare() for _ in range(500))) / CALLS


@study("timekeeping", "keeping the time of a call, which begins and ends")
def timekeeping(lab: Lab) -> list[Figure]:
    timed, without, calls = _in_a_scan()
    return [
        Figure("by itself", _by_itself(), "us", BUDGET),
        Figure("in a scan, at most", min(timed) - min(without), "us", BUDGET),
        Figure("calls a point", calls, ""),
    ]
