"""The simulated devices that a preset under test is given, by name, and what they say of themselves."""

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from obtura.contracts.devices import is_movable
from obtura.devices.sim import (
    SimulatedActuator,
    SimulatedAxis,
    SimulatedController,
    SimulatedDiode,
    SimulatedMultiplexer,
    SimulatedRing,
    SimulatedShutter,
    World,
)
from obtura.ground.errors import UsageError
from obtura.testing.recorded import Recorder, recorded

__all__ = ["DEVICES", "Lab", "Make"]

Make = Callable[["Lab"], Any]
"""Makes a device; may ask the lab for others."""


DEVICES: dict[str, Make] = {
    "world": lambda lab: World(),
    "controller": lambda lab: SimulatedController(max_sampling_frequency=100.0),
    "shutter": lambda lab: SimulatedShutter("shutter"),
    "cover": lambda lab: SimulatedActuator("cover"),
    "multiplexer": lambda lab: SimulatedMultiplexer(
        "multiplexer", {"trigger": ("timer", "roby", "robz"), "gate": ("off", "shutter", "timer")}
    ),
    "roby": lambda lab: SimulatedAxis("roby", unit="mm", limits=(-100.0, 100.0)),
    "robz": lambda lab: SimulatedAxis("robz", unit="mm", limits=(-100.0, 100.0)),
    "machine": lambda lab: SimulatedRing("machine", world=lab["world"]),
    "monitor": lambda lab: SimulatedDiode("monitor", lab["controller"], lab["world"], height=100.0),
    "diode": lambda lab: SimulatedDiode("diode", lab["controller"], lab["world"], behind=[lab["shutter"]]),
    "diode2": lambda lab: SimulatedDiode(
        "diode2", lab["controller"], lab["world"], behind=[lab["shutter"], lab["cover"]]
    ),
}
"""As in the demo session."""

SCANNED = ("scanned", "scanned2")

STATE = ("state", "mode", "position", "velocity", "acceleration", "offset", "limits", "connections", "beam")
"""What a device says of itself."""

PLAIN = (str, int, float, bool, Enum, type(None))


class Lab:
    """Devices by name, made when somebody asks for them.

    `extra`: further ones, or others in place of ours: for each name what makes it, called without arguments.
    `where`: whether calls of devices are looked at just now.
    """

    def __init__(self, extra: Mapping[str, Callable[[], Any]], where: Callable[[], bool]) -> None:
        self._extra = extra
        self._where = where
        self._made: dict[str, Any] = {}
        self.axes = tuple(SimulatedAxis(name, unit="mm", limits=(-100.0, 100.0)) for name in SCANNED)
        """What the scans move. No preset is given these: where a scan leaves an axis is no preset's doing."""
        self.given: dict[str, Any] = {}
        """What the preset under test was given."""
        self.touched: list[str] = []
        """Devices that changed when the preset was made."""
        self.recorders: list[Recorder] = []

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            make = self._extra.get(name)
            self._made[name] = DEVICES[name](self) if make is None else make()
        return self._made[name]

    def make(self, factory: Callable[..., Any], owner: str) -> Any:
        """Call a factory of presets: each argument without a default is the device of its name.

        Raises:
            UsageError: there is none of this name, or nobody knows what the factory takes.
        """
        try:
            parameters = inspect.signature(factory).parameters
        except ValueError as error:
            raise UsageError(
                f"expected a class of presets, or a function that makes one, got {factory!r}: "
                "assert_preset_ok(MyPreset)"
            ) from error
        wanted = [
            parameter.name
            for parameter in parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        known = {**DEVICES, **self._extra}
        for name in wanted:
            if name not in known:
                raise UsageError(
                    f"{owner} needs {name!r}, and no simulated device is called so (there are {', '.join(known)}). "
                    f"Give a function that makes it: assert_preset_ok(lambda shutter: {owner}(shutter, {name}=...)), "
                    f"or what makes the device: devices={{{name!r}: ...}}"
                )
            if name not in self.given:
                self.given[name] = self._record(name, self[name])
        positional = [name for name in wanted if parameters[name].kind == 0]
        before = self.states()
        made = factory(
            *(self[name] for name in positional), **{name: self[name] for name in wanted if name not in positional}
        )
        self.touched = [name for name, state in self.states().items() if state != before[name]]
        return made

    def _record(self, name: str, device: Any) -> Any:
        recorder = Recorder(name, None, self._where)
        recorded(device, None, recorder=recorder)
        self.recorders.append(recorder)
        return device

    def states(self) -> dict[str, dict[str, Any]]:
        """What each device that was given says of itself."""
        return {name: _state(device) for name, device in self.given.items()}

    def moving(self) -> list[str]:
        """The names of the axes that move."""
        devices = [*self._made.items(), *((axis.name, axis) for axis in self.axes)]
        return [name for name, device in devices if is_movable(device) and device.is_moving]


def _state(device: Any) -> dict[str, Any]:
    """What it says; one that says nothing has its plain public attributes for a state."""
    kind = type(device)
    said = {name: getattr(device, name) for name in STATE if isinstance(getattr(kind, name, None), property)}
    if said:
        return said
    return {
        name: value for name, value in vars(device).items() if not name.startswith("_") and isinstance(value, PLAIN)
    }
