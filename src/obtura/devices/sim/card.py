"""A simulated counting card: it counts by its own clock and keeps the points until they are fetched."""

from collections.abc import Mapping, Sequence
from typing import Any

from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController
from obtura.devices.arguments import number
from obtura.devices.sim.counters import Beam, Spot
from obtura.devices.sim.world import World, shared_world
from obtura.ground.errors import UsageError
from obtura.works.clock import clock

__all__ = ["SimulatedCard"]


class SimulatedCard(IntegratingCounterController):
    """A card with an input for each of `rates`: counts per s in the full beam, through `spots` and `behind` shutters.

    Its gates are open for the count time, in real time. By default each point of a scan opens one gate (trigger type
    SOFTWARE). With `DEFAULT_CHAIN.set_settings([{"device": card, "acquisition_settings": {"trigger_type":
    "HARDWARE"}}])` it is started and opens one gate after the other. The beam is looked at when points are
    fetched; the noise is that of counting.
    """

    def __init__(
        self,
        name: str,
        rates: Mapping[str, float],
        world: World | None = None,
        spots: Sequence[Spot] = (),
        behind: Sequence[Any] = (),
    ) -> None:
        super().__init__(name)
        if not rates:
            raise UsageError(f"{name}: a card needs inputs: rates={{'i0': 10000}}")
        world = world or shared_world()
        self._rates = {key: number(f"{name}: rate of {key}", rate) for key, rate in rates.items()}
        for key in self._rates:
            IntegratingCounter(key, self, dtype=int)
        self._chance = world.chance(name)
        self._beam = Beam(world, spots, behind)
        self._points: list[dict[str, int]] = []
        self._ends: list[float] = []  # when the gates that were opened one by one close
        self._began: float | None = None  # when the first of a row of gates was opened
        self._running = False
        self._count_time, self._npoints, self._per_trigger = 1.0, 0, 1

    def configure(self, count_time: float, npoints: int, points_per_trigger: int) -> None:
        """Set the gates' length (s) and number (0: no end), and how many of them a `trigger` opens."""
        self._count_time, self._npoints, self._per_trigger = count_time, npoints, points_per_trigger
        self._points, self._ends, self._began = [], [], None

    def start(self, *counters: Any) -> None:
        """Arm the card; without triggers the first gate opens now."""
        self._running = True
        if not self._per_trigger:
            self._began = clock.time()

    def trigger(self, *counters: Any) -> None:
        """Open a gate, or several in a row."""
        now = clock.time()
        self._ends += [now + number * self._count_time for number in range(1, self._per_trigger + 1)]

    def get_values(self, from_index: int, *counters: Any) -> list[list[int]]:
        """The counts of the gates that have closed."""
        for _ in range(len(self._points), self._closed()):
            self._points.append({key: self._counted(rate) for key, rate in self._rates.items()})
        return [[point[counter.name] for point in self._points[from_index:]] for counter in counters]

    def stop(self, *counters: Any) -> None:
        """Open no further gate."""
        self._running = False

    def _closed(self) -> int:
        if not self._running:
            return len(self._points)
        now = clock.time()
        if self._per_trigger:
            return sum(end <= now for end in self._ends)
        if self._began is None:
            return 0
        gates = int((now - self._began) / self._count_time + 1e-9) if self._count_time else len(self._points) + 1
        return min(gates, self._npoints) if self._npoints else gates

    def _counted(self, rate: float) -> int:
        expected = rate * self._count_time * self._beam.light()
        return max(0, round(self._chance.normalvariate(expected, expected**0.5)))
