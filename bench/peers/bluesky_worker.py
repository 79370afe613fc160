"""bluesky does the work of some cases. Run by the Python of its own environment, which knows nothing of obtura.

Devices are those of ophyd.sim, where there are such; many counters of one device are a class that only answers, the
least that bluesky asks for. What a run of one point takes is subtracted where the case of obtura does so, too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bluesky import RunEngine
from bluesky.callbacks import LiveTable
from bluesky.callbacks.json_writer import JSONLinesWriter
from bluesky.plans import count, grid_scan, scan
from ophyd.sim import SynAxis, SynSignal

Seconds = Callable[[int], float]
"""How long so many units take."""


class Card:
    """A device in memory with many counters."""

    parent = None

    def __init__(self, counters: int) -> None:
        self.name = "card"
        self._keys = [f"card_{number}" for number in range(counters)]

    def read(self) -> dict[str, Any]:
        return {key: {"value": 4.0, "timestamp": time.time()} for key in self._keys}

    def describe(self) -> dict[str, Any]:
        return {key: {"source": "card", "dtype": "number", "shape": []} for key in self._keys}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}


FIRST_SCAN = """
from bluesky import RunEngine
from bluesky.callbacks.json_writer import JSONLinesWriter
from bluesky.plans import count
from ophyd.sim import SynSignal
RunEngine({})(count([SynSignal(func=lambda: 4.0, name="counter")], 1), JSONLinesWriter(DIRECTORY))
"""


class Worker:
    """The cases, by the names that they have for obtura."""

    def __init__(self, directory: Path) -> None:
        self._engine = RunEngine({})
        self._directory = directory
        self._table = (directory / "table.txt").open("w")
        counter, axis, slow = _counter("counter"), SynAxis(name="roby"), SynAxis(name="robz")
        self.cases: dict[str, Seconds] = {
            "loopscan": self._points(lambda points: count([counter], points)),
            "ascan": self._points(lambda points: scan([counter], axis, 0, 1, points)),
            "amesh": lambda points: self._mesh(grid_scan, [counter], slow, axis, points),
            "consumers/table": self._whole(lambda points: count([counter], points), self._show),
            "consumers/hdf5": self._whole(lambda points: count([counter], points), self._save),
            "consumers/saved": self._whole(lambda points: count([counter], points), self._show, self._save),
            "onepoint/unsaved": self._runs(lambda: count([counter], 1)),
            "onepoint/saved": self._runs(lambda: count([counter], 1), self._save),
            "firstscan": self._processes,
        }
        for number in (1, 10, 100, 1000):
            self.cases[f"counters/{number}"] = self._points(lambda points, n=number: count([Card(n)], points))
        for number in (1, 10, 100):
            quick = [_counter(f"box{one}") for one in range(number)]
            slow_ones = [_counter(f"box{one}", 0.001) for one in range(number)]
            self.cases[f"devices/{number}"] = self._points(lambda points, d=quick: count(d, points))
            self.cases[f"blocking/{number}"] = self._points(lambda points, d=slow_ones: count(d, points))

    def _show(self) -> Any:
        return LiveTable(["counter"], out=lambda line: self._table.write(line + "\n"))

    def _save(self) -> Any:
        return JSONLinesWriter(str(self._directory))

    def _run(self, plan: Any, *listeners: Callable[[], Any]) -> float:
        began = time.perf_counter()
        self._engine(plan, [make() for make in listeners])
        return time.perf_counter() - began

    def _points(self, plan: Callable[[int], Any]) -> Seconds:
        """One run of so many points more than one, less one of one point."""
        return lambda points: self._run(plan(points + 1)) - self._run(plan(1))

    def _mesh(self, plan: Any, counters: list[Any], slow: Any, fast: Any, points: int) -> float:
        """Lines of ten points more than one."""
        lines = max(points // 10, 1)
        more, less = (
            self._run(plan(counters, slow, 0, 1, n, fast, 0, 1, 10, snake_axes=False)) for n in (lines + 1, 1)
        )
        return (more - less) * points / (10 * lines)

    def _whole(self, plan: Callable[[int], Any], *listeners: Callable[[], Any]) -> Seconds:
        """One run of so many points, its beginning and end included."""
        return lambda points: self._run(plan(points), *listeners)

    def _runs(self, plan: Callable[[], Any], *listeners: Callable[[], Any]) -> Seconds:
        """So many runs."""
        return lambda runs: sum(self._run(plan(), *listeners) for _ in range(runs))

    def _processes(self, runs: int) -> float:
        script = FIRST_SCAN.replace("DIRECTORY", repr(str(self._directory)))
        began = time.perf_counter()
        for _ in range(runs):
            subprocess.run([sys.executable, "-c", script], check=True)
        return time.perf_counter() - began


def _counter(name: str, exposure: float = 0.0) -> SynSignal:
    return SynSignal(func=lambda: 4.0, name=name, exposure_time=exposure)


def main() -> None:
    """Say who it is, then answer."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever is printed is no answer
    with tempfile.TemporaryDirectory(prefix="bluesky-bench-") as directory:
        worker = Worker(Path(directory))
        versions = {name: version(name) for name in ("bluesky", "ophyd")}
        print(json.dumps({"name": "bluesky", "versions": versions, "cases": list(worker.cases)}), file=answers)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps({"seconds": worker.cases[asked["case"]](asked["count"])}), file=answers)


main()
