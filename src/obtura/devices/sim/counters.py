"""Simulated counters: diodes in the beam, a constant, pure chance.

Those that are given no `controller` share one, called `simulation`; those that are given no `world` live in the one
that all such devices share.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from obtura.contracts.counters import Counter, Counters, SamplingCounterController, SamplingMode
from obtura.contracts.devices import Movable
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.devices.sim.blades import Blade
from obtura.devices.sim.world import World, shared_world
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = [
    "Beam",
    "ConstantCounter",
    "RandomCounter",
    "SimulatedController",
    "SimulatedDiode",
    "SimulatedReadable",
    "SimulatedText",
    "Spot",
]


class SimulatedController(SelfReadingController):
    """The device of simulated counters; it answers at once, `max_sampling_frequency` times per s."""

    def __init__(self, name: str = "simulation", max_sampling_frequency: Positive | None = 1000.0) -> None:
        super().__init__(name, blocking=False, max_sampling_frequency=max_sampling_frequency)


class SimulatedReadable(SimulatedController):
    """A device with one counter, a simulated diode of its name; those that are listed with it take its place."""

    def __init__(self, name: str, max_sampling_frequency: Positive | None = 1000.0) -> None:
        super().__init__(name, max_sampling_frequency)
        self.counters = _OneOrListed()
        SimulatedDiode(name, self)
        self.counters.is_listed = True


class _OneOrListed(Counters):
    is_listed = False

    def __setitem__(self, name: str, counter: Counter) -> None:
        if self.is_listed:
            self.clear()
            self.is_listed = False
        super().__setitem__(name, counter)


@functools.cache
def _shared_controller() -> SimulatedController:
    return SimulatedController()


class Spot(NamedTuple):
    """The gaussian profile of the beam over an axis; `centre` and `sigma` in its unit."""

    axis: Movable
    centre: float
    sigma: float

    def light(self) -> float:
        """The part of the beam that hits the detector, from 0 to 1."""
        return math.exp(-(((self.axis.position - self.centre) / self.sigma) ** 2) / 2)


class Beam:
    """The light that reaches a detector: that of `world`, through `spots` and `behind` blades, shutters, covers."""

    def __init__(self, world: World, spots: Sequence[Spot], behind: Sequence[Any]) -> None:
        self._world = world
        self._spots = tuple(spots)
        self._blades = [_blade(each) for each in behind]

    def light(self) -> float:
        """The part of the full beam, from 0 to 1."""
        light = self._world.beam
        for blade in self._blades:
            light *= blade.transmission
        for spot in self._spots:
            light *= spot.light()
        return light


def _blade(thing: Any) -> Blade:
    blade = getattr(thing, "blade", thing)
    if not isinstance(blade, Blade):
        raise UsageError(f"behind: {thing!r} does not stand in the simulated beam; simulated shutters and covers do")
    return blade


class SimulatedDiode(SelfReadingCounter):
    """A diode that reads `height` in the full beam of `world`, through `spots` and `behind` simulated shutters.

    Each reading has noise: without beam `dark` (standard deviation) around 0, with beam that of counting.
    """

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController | None = None,
        world: World | None = None,
        height: float = 1000.0,
        dark: float = 1.0,
        spots: Sequence[Spot] = (),
        behind: Sequence[Any] = (),
        mode: SamplingMode | str | int = SamplingMode.MEAN,
        unit: str | None = None,
    ) -> None:
        super().__init__(name, controller or _shared_controller(), mode=mode, unit=unit)
        world = world or shared_world()
        self._chance = world.chance(name)
        self._beam = Beam(world, spots, behind)
        self._height = height
        self._dark = dark

    def raw(self) -> float:
        """One reading."""
        light = self._height * self._beam.light()
        return self._chance.normalvariate(light, math.sqrt(self._dark**2 + light))


class ConstantCounter(SelfReadingCounter):
    """Reads `value`, always."""

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController | None = None,
        value: float = 4.0,
        unit: str | None = None,
        mode: SamplingMode | str | int = SamplingMode.MEAN,
    ) -> None:
        super().__init__(name, controller or _shared_controller(), mode=mode, unit=unit)
        self._value = value

    def raw(self) -> float:
        """The constant."""
        return self._value


class SimulatedText(SelfReadingCounter):
    """Reads `text`, always."""

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController | None = None,
        text: str = "simulated",
        mode: SamplingMode | str | int | None = None,
    ) -> None:
        super().__init__(name, controller or _shared_controller(), mode=mode, dtype=str)
        self._text = text

    def raw(self) -> str:
        """The text."""
        return self._text


class RandomCounter(SelfReadingCounter):
    """Reads anything between `low` and `high`."""

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController | None = None,
        world: World | None = None,
        low: float = 0.0,
        high: float = 100.0,
        mode: SamplingMode | str | int = SamplingMode.MEAN,
        unit: str | None = None,
    ) -> None:
        super().__init__(name, controller or _shared_controller(), mode=mode, unit=unit)
        self._chance = (world or shared_world()).chance(name)
        self._low = low
        self._high = high

    def raw(self) -> float:
        """One reading."""
        return self._chance.uniform(self._low, self._high)
