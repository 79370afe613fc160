"""Axes and encoders of a box that has several."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from obtura.contracts.motion import MotionHook
from obtura.contracts.settings import Setting
from obtura.devices.axis import Axis
from obtura.devices.bliss.config import StaticConfig
from obtura.devices.bliss.driver import ControllerDriver
from obtura.devices.bliss.hardware import Hardware
from obtura.devices.bliss.methods import add_axis_method, own_methods
from obtura.devices.bliss.settings import AxisSettingsByName
from obtura.devices.bliss.words import InTheirWords
from obtura.devices.encoder import Encoder
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive, Sign

__all__ = ["ControllerAxis", "ControllerEncoder", "ModuloAxis", "NoSettingsAxis"]

_KEYS = (
    *("unit", "steps_per_unit", "velocity", "acceleration", "acctime", "low_limit", "high_limit", "sign", "offset"),
    *("backlash", "tolerance", "velocity_low_limit", "velocity_high_limit", "encoder", "read_position", "modulo"),
    "motion_hooks",
)
"""What an axis is told by the description; whatever else there is, its controller is."""

OWN = "own"
"""The key under which a session keeps the settings that a controller has for its axis."""


class ControllerAxis(InTheirWords, Axis):
    """One axis of a controller. `config`: everything that was said of it, also what only its controller knows.

    `low_limit`, `high_limit`: dial positions. Without `velocity` its controller is not told one. `acctime`: in s, in
    the place of `acceleration`. Other keys are for the controller: `axis.config.get("channel", int)`.
    """

    def __init__(
        self,
        name: str,
        controller: Hardware,
        unit: str | None = None,
        steps_per_unit: float = 1.0,
        velocity: Positive | None = None,
        acceleration: Positive | None = None,
        acctime: Positive | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float | None = None,
        tolerance: Positive = 1e-4,
        velocity_low_limit: float | None = None,
        velocity_high_limit: float | None = None,
        encoder: Encoder | None = None,
        read_position: Literal["controller", "encoder"] = "controller",
        modulo: Positive | None = None,
        motion_hooks: Sequence[MotionHook] = (),
        **config: Any,
    ) -> None:
        said = {key: value for key, value in locals().items() if key in _KEYS and value is not None} | config
        if acctime and velocity and acceleration is None:
            said["acceleration"] = velocity / acctime
        self.controller = controller
        self._description = StaticConfig({"name": name, **said})
        self._own: dict[str, Setting] = {}
        self.settings = AxisSettingsByName(  # type: ignore[method-assign]  # can be called as the method
            self, controller.axis_settings.kinds, self._own, self._keep_own
        )
        driver = ControllerDriver(controller)
        untold = {"velocity": math.inf, "acceleration": math.inf}
        super().__init__(name, driver, **untold | {key: said[key] for key in _KEYS if key in said and key != "acctime"})
        driver.axis = self
        for method in own_methods(controller):
            add_axis_method(self, getattr(controller, method), method)
        self._join(controller)

    def _join(self, controller: Hardware) -> None:
        adopt = getattr(controller, "adopt", None)
        if adopt is not None:
            adopt(self)

    @property
    def config(self) -> StaticConfig:
        """Everything that was said of it."""
        return self._description

    # -- settings, also those that its controller has for it --------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """What a session keeps of it. `settings.get("velocity")` and `settings.set("gain", 2)` work, too."""
        kept = super().settings()
        return {**kept, OWN: dict(self._own)} if self._own else kept

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """See `Axis`; those of its controller are taken over, too."""
        super().restore(settings)
        own = settings.get(OWN)
        if isinstance(own, Mapping):
            self._own.update(own)

    def _keep_own(self, name: str, value: Setting) -> None:
        self._own[name] = value
        self._keep(OWN, dict(self._own))


class ModuloAxis(ControllerAxis):
    """An axis that goes round: `modulo` says after how many units it is back at 0."""

    def _join(self, controller: Hardware) -> None:
        if self.modulo is None:
            raise UsageError(f"{self.name}: a ModuloAxis needs modulo, as 360")
        super()._join(controller)


class NoSettingsAxis(ControllerAxis):
    """An axis of which nothing is kept from session to session."""

    def settings(self) -> Mapping[str, Setting]:
        """Nothing."""
        return {}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Nothing is taken over."""

    def _keep(self, key: str, value: Setting) -> None:
        """Nothing is kept."""


class ControllerEncoder(Encoder):
    """An encoder that a controller reads. `config`: everything that was said of it."""

    def __init__(
        self,
        name: str,
        controller: Hardware,
        steps_per_unit: float = 1.0,
        tolerance: Positive = math.inf,
        unit: str | None = None,
        **config: Any,
    ) -> None:
        super().__init__(name, steps_per_unit, tolerance, unit)
        self.controller = controller
        self.blocking = controller.blocking
        self.config = StaticConfig(
            {"name": name, "steps_per_unit": steps_per_unit, "tolerance": tolerance, "unit": unit, **config}
        )
        adopt = getattr(controller, "adopt_encoder", None)
        if adopt is not None:
            adopt(self)

    def raw_read(self) -> float:
        """What the encoder says, in its steps."""
        with self.controller.alone():
            return float(self.controller.read_encoder(self))

    def raw_write(self, steps: float) -> None:
        """Have the encoder say `steps` where it is now."""
        with self.controller.alone():
            self.controller.set_encoder(self, steps)
