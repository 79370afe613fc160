"""The simulated diode of descriptions written for BLISS: `class: simulation_diode`."""

import functools

from obtura.contracts.counters import Counter, SamplingMode
from obtura.devices.sim.card import SimulatedCard
from obtura.devices.sim.counters import ConstantCounter, RandomCounter, SimulatedController

__all__ = ["simulation_diode"]

RATE = 50.0
"""Counts per s of one that integrates."""


def simulation_diode(
    name: str,
    independent: bool = False,
    constant: float | None = None,
    mode: SamplingMode | str = SamplingMode.MEAN,
    integration: bool = False,
    unit: str | None = None,
) -> Counter:
    """A diode that reads anything from 0.01 to 100; or `constant`; or with `integration` counts, `RATE` per s.

    `independent`: it has a controller of its own, so that it is read separately.
    """
    if integration:
        return SimulatedCard(f"{name}_integration_controller", {name: RATE}).counters[name]
    controller = SimulatedController(f"{name}_controller") if independent else _shared()
    if constant is not None:
        return ConstantCounter(name, controller, constant, unit, mode)
    return RandomCounter(name, controller, low=0.01, high=100.0, mode=mode, unit=unit)


@functools.cache
def _shared() -> SimulatedController:
    return SimulatedController("simulation_diode_sampling_controller")
