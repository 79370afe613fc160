"""What axes have in modules written for BLISS beside what every axis has."""

from typing import Any

from obtura.devices.axis_settings import AxisSettings
from obtura.devices.axis_state import AxisState
from obtura.ground.errors import UsageError

__all__ = ["InTheirWords"]


class InTheirWords:
    """`axis.config_velocity`, `axis.has_tag("top")` and so on: other words for what an axis has."""

    def has_tag(self: Any, tag: str) -> bool:
        """Whether `user_tag` of its description has this tag."""
        tags = self.config.get("user_tag", default=None) or ()
        return tag in ([tags] if isinstance(tags, str) else tags)

    @property
    def config_velocity(self: Any) -> float:
        """The velocity that was configured."""
        return float(_configured(self, "velocity"))

    @property
    def config_acceleration(self: Any) -> float:
        """The acceleration that was configured."""
        return float(_configured(self, "acceleration"))

    @property
    def config_acctime(self: Any) -> float:
        """How long it takes to speed up, in s, as configured."""
        return float(self.config_velocity / self.config_acceleration)

    @property
    def config_backlash(self: Any) -> float:
        """The backlash that was configured."""
        return float(_configured(self, "backlash"))

    @property
    def config_limits(self: Any) -> tuple[float, float]:
        """The limits that were configured, as user positions."""
        low, high = sorted(self.dial2user(limit) for limit in _configured(self, "limits"))
        return low, high

    @property
    def hw_state(self: Any) -> AxisState:
        """Its state."""
        state: AxisState = self.state
        return state

    @property
    def _hw_position(self: Any) -> float:
        return float(self.dial)

    @property
    def _set_position(self: Any) -> float:
        return float(self.set_position)

    def apply_config(self: Any, *keys: str, reload: bool = False) -> None:
        """As that of any axis. `reload` has no effect: the YAML is read when a session is opened."""
        super().apply_config(*keys)  # type: ignore[misc]

    def settings_to_config(self: Any, *keys: Any, **more: Any) -> None:
        """Refused: a description is written by people."""
        raise UsageError(f"{self.name}: obtura does not write YAML; its settings are kept and prevail over it")


def _configured(axis: AxisSettings, key: str) -> Any:
    return axis._config[key]
