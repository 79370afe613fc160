"""Simulated counters: diodes in the beam, a constant, pure chance."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from obtura.contracts.devices import Movable, SamplingCounterController
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.devices.sim.blades import Blade
from obtura.devices.sim.world import World

__all__ = ["ConstantCounter", "RandomCounter", "SimulatedController", "SimulatedDiode", "Spot"]


class SimulatedController(SelfReadingController):
    """The device of simulated counters; it answers at once, `max_sampling_frequency` times per s."""

    def __init__(self, name: str = "simulation", max_sampling_frequency: float | None = 1000.0) -> None:
        super().__init__(name, blocking=False, max_sampling_frequency=max_sampling_frequency)


class Spot(NamedTuple):
    """The gaussian profile of the beam over an axis; `centre` and `sigma` in its unit."""

    axis: Movable
    centre: float
    sigma: float

    def light(self) -> float:
        """The part of the beam that hits the detector, from 0 to 1."""
        return math.exp(-(((self.axis.position - self.centre) / self.sigma) ** 2) / 2)


class SimulatedDiode(SelfReadingCounter):
    """A diode that reads `height` in the full beam of `world`, through `spots` and `behind` blades.

    Each reading has noise: without beam `dark` (standard deviation) around 0, with beam that of counting.
    """

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController,
        world: World,
        height: float = 1000.0,
        dark: float = 1.0,
        spots: Sequence[Spot] = (),
        behind: Sequence[Blade] = (),
    ) -> None:
        super().__init__(name, controller)
        self._world = world
        self._chance = world.chance(name)
        self._height = height
        self._dark = dark
        self._spots = tuple(spots)
        self._behind = tuple(behind)

    def raw(self) -> float:
        """One reading."""
        light = self._height * self._world.beam
        for blade in self._behind:
            light *= blade.transmission
        for spot in self._spots:
            light *= spot.light()
        return self._chance.normalvariate(light, math.sqrt(self._dark**2 + light))


class ConstantCounter(SelfReadingCounter):
    """Reads `value`, always."""

    def __init__(
        self, name: str, controller: SamplingCounterController, value: float = 4.0, unit: str | None = None
    ) -> None:
        super().__init__(name, controller, unit)
        self._value = value

    def raw(self) -> float:
        """The constant."""
        return self._value


class RandomCounter(SelfReadingCounter):
    """Reads anything between `low` and `high`."""

    def __init__(
        self,
        name: str,
        controller: SamplingCounterController,
        world: World,
        low: float = 0.0,
        high: float = 100.0,
    ) -> None:
        super().__init__(name, controller)
        self._chance = world.chance(name)
        self._low = low
        self._high = high

    def raw(self) -> float:
        """One reading."""
        return self._chance.uniform(self._low, self._high)
