"""Simulated devices, which share one world: what is behind a closed shutter is dark."""

from obtura.devices.sim.beamline import DemoBeamline, demo_beamline
from obtura.devices.sim.blades import Blade, SimulatedActuator, SimulatedShutter
from obtura.devices.sim.boxed_shutter import BoxedShutter, ShutterBox, shutter_box
from obtura.devices.sim.camera import SimulatedCamera
from obtura.devices.sim.card import SimulatedCard
from obtura.devices.sim.counters import (
    ConstantCounter,
    RandomCounter,
    SimulatedController,
    SimulatedDiode,
    SimulatedText,
    Spot,
)
from obtura.devices.sim.distribution import SimulationCounter
from obtura.devices.sim.encoder import SimulatedEncoder
from obtura.devices.sim.faulty import FaultyCounter, FaultyShutter
from obtura.devices.sim.faulty_motor import FaultyAxis, FaultyMotor
from obtura.devices.sim.mca import Line, SimulatedMCA
from obtura.devices.sim.motor import SimulatedAxis, SimulatedMotor
from obtura.devices.sim.multiplexer import SimulatedMultiplexer
from obtura.devices.sim.ring import SimulatedRing
from obtura.devices.sim.switch import SimulatedSwitch
from obtura.devices.sim.world import World

__all__ = [
    "Blade",
    "BoxedShutter",
    "ConstantCounter",
    "DemoBeamline",
    "FaultyAxis",
    "FaultyCounter",
    "FaultyMotor",
    "FaultyShutter",
    "Line",
    "RandomCounter",
    "ShutterBox",
    "SimulatedActuator",
    "SimulatedAxis",
    "SimulatedCamera",
    "SimulatedCard",
    "SimulatedController",
    "SimulatedDiode",
    "SimulatedEncoder",
    "SimulatedMCA",
    "SimulatedMotor",
    "SimulatedMultiplexer",
    "SimulatedRing",
    "SimulatedShutter",
    "SimulatedSwitch",
    "SimulatedText",
    "SimulationCounter",
    "Spot",
    "World",
    "demo_beamline",
    "shutter_box",
]
