"""What a point of a scan costs beside the bare calls: devices of ophyd and ophyd-async, and a plan of bluesky's own.

Of an axis and a counter that answer at once, in memory: the calls of ophyd and nothing else; an `ascan` of obtura; the
same devices in `bp.scan`; and the `ascan` as a plan, `obtura_scan`. What a scan of two points takes is subtracted.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import bluesky.plans as bp
import ophyd.sim
import ophyd_async.sim
from bluesky import RunEngine

from bench.cases import Figure, study
from bench.lab import Lab
from obtura.bluesky import obtura_scan
from obtura.instruments.ophyd import OphydAxis, OphydDevice
from obtura.instruments.ophyd.loop import on_loop, the_loop

POINTS, REPETITIONS = 100, 5


class Pair:
    """An axis and a counter of ophyd, by themselves and in obtura."""

    def __init__(self, motor: Any, detector: Any) -> None:
        self.motor, self.detector = motor, detector
        self.axis, self.counter = OphydAxis("axis", motor), OphydDevice("counter", detector)
        self.axis.move(0.0)


def classic() -> Pair:
    """Of ophyd: called on this thread."""
    return Pair(ophyd.sim.SynAxis(name="motor"), ophyd.sim.SynSignal(name="detector", func=lambda: 1.0))


def later() -> Pair:
    """Of ophyd-async: called on its event loop."""
    return Pair(ophyd_async.sim.SimMotor("motor"), ophyd_async.sim.SimMotor("detector"))


def bare_classic(pair: Pair) -> float:
    """Seconds for a move, and a trigger and a reading."""
    began = time.perf_counter()
    for number in range(POINTS):
        pair.motor.set(number).wait()
        pair.detector.trigger().wait()
        pair.detector.read()
    return (time.perf_counter() - began) / POINTS


def bare_later(pair: Pair) -> float:
    """Seconds for a move and a reading, within the event loop."""

    async def calls() -> float:
        began = time.perf_counter()
        for number in range(POINTS):
            await pair.motor.set(number)
            await pair.detector.read()
        return (time.perf_counter() - began) / POINTS

    return on_loop(the_loop(), "bare calls", calls, None)


def in_scans(scan: Callable[[int], Any]) -> float:
    """Seconds for a point of a scan of so many points."""

    def seconds(points: int) -> float:
        began = time.perf_counter()
        scan(points)
        return time.perf_counter() - began

    two = min(seconds(2) for _ in range(3))
    return (seconds(POINTS + 2) - two) / POINTS


@study("ophyd", "devices of ophyd and ophyd-async, beside bare calls and beside bluesky")
def ophyd_devices(lab: Lab) -> list[Figure]:
    engine = RunEngine({}, context_managers=[])
    found: list[Figure] = []
    for name, make, bare in (("ophyd", classic, bare_classic), ("ophyd-async", later, bare_later)):
        pair = make()

        def ascan(points: int, pair: Pair = pair) -> Any:
            return lab.session.bench.ascan(pair.axis, 0, points - 1, points - 1, 0, pair.counter, save=False)

        def plan(points: int, pair: Pair = pair) -> Any:
            return engine(bp.scan([pair.detector], pair.motor, 0, points - 1, points))

        ways: dict[str, Callable[[], float]] = {
            "bare calls": lambda bare=bare, pair=pair: bare(pair),
            "ascan": lambda ascan=ascan: in_scans(ascan),
            "bp.scan": lambda plan=plan: in_scans(plan),
            "ascan in a plan": lambda ascan=ascan: in_scans(lambda points: engine(obtura_scan(lambda: ascan(points)))),
        }
        turns = [{way: call() for way, call in ways.items()} for _ in range(REPETITIONS)]
        found += [
            Figure(f"{name}: {way}", 1e6 * statistics.median(turn[way] for turn in turns), "us a point") for way in ways
        ]
    return found
