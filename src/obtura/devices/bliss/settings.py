"""Settings of an axis by name, also those that its controller has for it: `axis.settings.get("velocity")`."""

from collections.abc import Callable, Mapping
from typing import Any

from obtura.contracts.settings import Setting
from obtura.ground.errors import UsageError

__all__ = ["AxisSettingsByName", "SettingsOfAxes"]

_GIVEN = ("acctime", "acceleration", "backlash", "offset", "sign", "steps_per_unit", "tolerance", "unit", "velocity")
_PLACE = {"position": "position", "dial_position": "dial", "_set_position": "set_position", "state": "state"}
_LIMITS = ("low_limit", "high_limit")


class SettingsOfAxes:
    """The settings that a controller has for each of its axes: `self.axis_settings.add("gain", float)`."""

    def __init__(self) -> None:
        self.kinds: dict[str, Callable[[Any], Any]] = {}

    def add(self, name: str, kind: Callable[[Any], Any] = str) -> None:
        """Have one more; `kind` converts what it is set to. To be called in `__init__` or `initialize`."""
        self.kinds[name] = kind


class AxisSettingsByName:
    """`axis.settings.get(name)` and `.set(name, value)`; called, `axis.settings()`, what a session keeps of the axis.

    Names: velocity, acceleration, acctime, offset, sign, backlash, low_limit and high_limit (dial), tolerance, unit,
    steps_per_unit; position, dial_position, state, which can't be set; and those of the controller's own.
    """

    def __init__(
        self, axis: Any, kinds: Mapping[str, Callable[[Any], Any]], own: Mapping[str, Setting], keep: Callable[..., Any]
    ) -> None:
        self._axis, self._kinds, self._own, self._keep = axis, kinds, own, keep

    def __call__(self) -> Mapping[str, Setting]:
        kept: Mapping[str, Setting] = type(self._axis).settings(self._axis)
        return kept

    def get(self, name: str) -> Any:
        """The value of a setting; None for one that was never set."""
        if name in _LIMITS:
            return self._axis.dial_limits[_LIMITS.index(name)]
        if name in _GIVEN or name in _PLACE:
            return getattr(self._axis, _PLACE.get(name, name))
        return self._own.get(name)

    def set(self, name: str, value: Any) -> None:
        """Set it; one of the controller's own is kept for the next session.

        Raises:
            UsageError: it follows from where the axis is.
        """
        if name in _PLACE:
            raise UsageError(f"{self._axis.name}: {name} can't be set: it is what its controller says")
        if name in _LIMITS:
            limits = list(self._axis.dial_limits)
            limits[_LIMITS.index(name)] = value
            self._axis.dial_limits = limits
        elif name in _GIVEN:
            setattr(self._axis, name, value)
        else:
            self._keep(name, self._kinds.get(name, _as_it_is)(value))

    def __info__(self) -> str:
        names = sorted([*_GIVEN, *_PLACE, *_LIMITS, *self._kinds, *self._own.keys() - self._kinds.keys()])
        width = max(map(len, names))
        return "\n".join([f"settings of {self._axis.name}", *(f"  {name:{width}}  {self.get(name)}" for name in names)])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._axis.name!r})"


def _as_it_is(value: Any) -> Any:
    return value
