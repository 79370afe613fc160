"""A motor controller: a box of several axes, in the manner of BLISS."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from obtura.devices.bliss.axis import ControllerAxis, ControllerEncoder, ModuloAxis, NoSettingsAxis
from obtura.devices.bliss.config import StaticConfig, description_in
from obtura.devices.bliss.hardware import Hardware
from obtura.ground.errors import UsageError

__all__ = ["Controller"]

_AXES = {"": ControllerAxis, "ModuloAxis": ModuloAxis, "NoSettingsAxis": NoSettingsAxis}


class Controller(Hardware):
    """What a motor controller is derived from: override the methods of `Hardware`.

        class Stage(Controller):
            def initialize(self):
                self._line = get_comm(self.config.config_dict)
            def initialize_axis(self, axis):
                axis.channel = axis.config.get("channel", int)
            def read_position(self, axis):
                return float(self._line.write_readline(b"POS? %d\\n" % axis.channel))
            ...

    `config`: what is said of it, with its `axes` and `encoders`. In YAML these have names of their own; in Python they
    are made when they are asked for: `Stage({"name": "stage", "axes": [{"name": "x"}]}).get_axis("x")`.
    """

    yaml_members: ClassVar = {
        "axes": ("controller", "ControllerAxis"),
        "encoders": ("controller", "ControllerEncoder"),
        "switches": ("", "SimulatedSwitch"),
    }

    def __init__(self, config: Any = None, *more: Any, **others: Any) -> None:
        super().__init__()
        found = description_in((config, *more)) | others
        self.config = StaticConfig(found)
        self.name = str(found.get("name") or type(self).__name__)
        self.axes: dict[str, Any] = {}
        self.encoders: dict[str, Any] = {}
        self._began = False

    # -- its axes -----------------------------------------------------------------------------------------

    def adopt(self, axis: Any) -> None:
        """A new axis of it: called by that."""
        self._begin()
        with self.alone():
            self.axes[axis.name] = axis
            self.initialize_axis(axis)
            self.initialize_hardware_axis(axis)

    def adopt_encoder(self, encoder: Any) -> None:
        """A new encoder of it: called by that."""
        self._begin()
        with self.alone():
            self.encoders[encoder.name] = encoder
            self.initialize_encoder(encoder)
            self.initialize_hardware_encoder(encoder)

    def _begin(self) -> None:
        with self.alone():
            if not self._began:
                self.initialize()
                self.initialize_hardware()
                self._began = True

    def get_axis(self, name: str) -> Any:
        """An axis by name.

        Raises:
            UsageError: it has none of that name.
        """
        if name not in self.axes:
            said = self._said("axes", name)
            encoder = said.get("encoder")
            if isinstance(encoder, str):
                said["encoder"] = self.get_encoder(encoder.removeprefix("$"))
            _AXES[said.pop("class", "")](**said, controller=self)
        return self.axes[name]

    def get_encoder(self, name: str) -> Any:
        """An encoder by name.

        Raises:
            UsageError: it has none of that name.
        """
        if name not in self.encoders:
            ControllerEncoder(**self._said("encoders", name), controller=self)
        return self.encoders[name]

    def _said(self, kind: str, name: str) -> dict[str, Any]:
        described: Sequence[Mapping[str, Any]] = self.config.get(kind, list, [])
        found = next((dict(each) for each in described if each.get("name") == name), None)
        if found is None:
            names = ", ".join(str(each.get("name")) for each in described) or "none"
            raise UsageError(f"{self.name} has no {name!r} among its {kind} ({names})")
        return found

    def close(self) -> None:
        """Called when the session is closed."""
        if self._began:
            self.finalize()

    def __info__(self) -> str:
        axes = [f"  {axis.name}" for axis in self.axes.values()]
        return "\n".join([f"{type(self).__name__} {self.name}", *(axes or ["  no axis in use"])])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
