"""Devices in the manner of BLISS: one class for a box of several axes, one method for each thing that it can do.

What a module written for BLISS derives from: `bliss.controllers.motor.Controller` is `Controller` here, and so on. New
devices are shorter with a driver: an `AxisDriver`, a `ShutterDriver`.
"""

from obtura.devices.bliss.actuator import AbstractActuator, DerivedActuator
from obtura.devices.bliss.axis import ControllerAxis, ControllerEncoder, ModuloAxis, NoSettingsAxis
from obtura.devices.bliss.calc import CalcController, PseudoAxis
from obtura.devices.bliss.config import StaticConfig
from obtura.devices.bliss.controller import Controller
from obtura.devices.bliss.hardware import Hardware, Motion
from obtura.devices.bliss.shutter import DerivedShutter
from obtura.devices.bliss.state import BuiltState
from obtura.devices.bliss.switch import DerivedSwitch

__all__ = [
    "AbstractActuator",
    "BuiltState",
    "CalcController",
    "Controller",
    "ControllerAxis",
    "ControllerEncoder",
    "DerivedActuator",
    "DerivedShutter",
    "DerivedSwitch",
    "Hardware",
    "ModuloAxis",
    "Motion",
    "NoSettingsAxis",
    "PseudoAxis",
    "StaticConfig",
]
