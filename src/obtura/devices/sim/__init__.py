"""Simulated devices, which share one world: what is behind a closed shutter is dark."""

from obtura.devices.sim.beamline import DemoBeamline, demo_beamline
from obtura.devices.sim.blades import Blade, SimulatedCover, SimulatedShutter
from obtura.devices.sim.counters import (
    ConstantCounter,
    RandomCounter,
    SimulatedController,
    SimulatedDiode,
    Spot,
)
from obtura.devices.sim.motor import SimulatedAxis, SimulatedMotor
from obtura.devices.sim.multiplexer import SimulatedMultiplexer
from obtura.devices.sim.world import World

__all__ = [
    "Blade",
    "ConstantCounter",
    "DemoBeamline",
    "RandomCounter",
    "SimulatedAxis",
    "SimulatedController",
    "SimulatedCover",
    "SimulatedDiode",
    "SimulatedMotor",
    "SimulatedMultiplexer",
    "SimulatedShutter",
    "Spot",
    "World",
    "demo_beamline",
]
