"""Devices: axes, counters, shutters. For new hardware only its driver has to be written."""

from obtura.contracts.cameras import CameraDriver
from obtura.devices.actuator import Actuator, ActuatorDriver, ActuatorState
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.calc_axis import CalcAxes, CalcAxis
from obtura.devices.camera import Camera
from obtura.devices.encoder import Encoder
from obtura.devices.energy import EnergyAxis, EnergyWavelength, WavelengthAxis
from obtura.devices.expression import ExpressionCalcCounter, ExpressionCalcCounterController
from obtura.devices.group import Group
from obtura.devices.machine import MachineDriver, MachineInfo
from obtura.devices.mca import MCA, Calibration, MCADriver, Roi, Spectrum
from obtura.devices.multiple_positions import LabelledPosition, MultiplePositions, Target
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.devices.selfreading import SelfReadingController, SelfReadingCounter
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterMode, ShutterState
from obtura.devices.slits import Slits
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.devices.switch import Switch, SwitchDriver

__all__ = [
    "MCA",
    "Actuator",
    "ActuatorDriver",
    "ActuatorState",
    "Axis",
    "AxisDriver",
    "AxisState",
    "CalcAxes",
    "CalcAxis",
    "Calibration",
    "Camera",
    "CameraDriver",
    "Encoder",
    "EnergyAxis",
    "EnergyWavelength",
    "ExpressionCalcCounter",
    "ExpressionCalcCounterController",
    "Group",
    "LabelledPosition",
    "MCADriver",
    "MachineDriver",
    "MachineInfo",
    "MultiplePositions",
    "Multiplexer",
    "MultiplexerDriver",
    "Roi",
    "SelfReadingController",
    "SelfReadingCounter",
    "Shutter",
    "ShutterDriver",
    "ShutterMode",
    "ShutterState",
    "Slits",
    "SoftAxis",
    "SoftCounter",
    "Spectrum",
    "Switch",
    "SwitchDriver",
    "Target",
    "WavelengthAxis",
]
