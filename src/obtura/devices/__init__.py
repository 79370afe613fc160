"""Devices: axes, counters, shutters. For new hardware only its driver has to be written."""

from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.cover import CoverDriver, CoverState, DetectorCover
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.devices.shutter import Shutter, ShutterDriver, ShutterState
from obtura.devices.soft import SoftAxis, SoftCounter

__all__ = [
    "Axis",
    "AxisDriver",
    "AxisState",
    "CoverDriver",
    "CoverState",
    "DetectorCover",
    "Multiplexer",
    "MultiplexerDriver",
    "SelfReadingController",
    "SelfReadingCounter",
    "Shutter",
    "ShutterDriver",
    "ShutterState",
    "SoftAxis",
    "SoftCounter",
]
