"""Actuators that are a class each, or made of functions, in the place of a driver."""

from collections.abc import Callable
from typing import Any

from obtura.devices.actuator import Actuator, ActuatorDriver
from obtura.devices.bliss.config import description_in

__all__ = ["AbstractActuator", "DerivedActuator"]


class _Functions(ActuatorDriver):
    """Calls functions."""

    def __init__(
        self,
        set_in: Callable[[], Any],
        set_out: Callable[[], Any],
        is_in: Callable[[], bool | None] | None,
        is_out: Callable[[], bool | None] | None,
    ) -> None:
        self._set_in, self._set_out = set_in, set_out
        self._is_in, self._is_out = is_in, is_out

    def set_in(self) -> None:
        self._set_in()

    def set_out(self) -> None:
        self._set_out()

    def is_in(self) -> bool | None:
        return None if self._is_in is None else self._is_in()

    def is_out(self) -> bool | None:
        return None if self._is_out is None else self._is_out()


class DerivedActuator(Actuator):
    """An actuator made of functions: `DerivedActuator(cover_in, cover_out, is_in=cover_is_in, name="cover")`.

    Without `is_in` and `is_out` it is where it was sent last.
    """

    def __init__(
        self,
        set_in: Callable[[], Any],
        set_out: Callable[[], Any],
        is_in: Callable[[], bool | None] | None = None,
        is_out: Callable[[], bool | None] | None = None,
        name: str = "actuator",
        timeout: float = 10.0,
    ) -> None:
        super().__init__(name, _Functions(set_in, set_out, is_in, is_out), timeout)


class AbstractActuator(Actuator):
    """An actuator whose class does the work: override `_set_in` and `_set_out`, `_is_in` and `_is_out` if they tell.

    Made with a name and what is said of it, which is in `config`.
    """

    def __init__(self, name: Any = "actuator", config: Any = None, *more: Any) -> None:
        self.config = description_in((name, config, *more))
        driver = _Functions(self._set_in, self._set_out, self._is_in, self._is_out)
        super().__init__(str(self.config["name"]), driver, float(self.config.get("timeout", 10.0)))

    # -- to be overridden ---------------------------------------------------------------------------------

    def _set_in(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _set_in()")

    def _set_out(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} must override _set_out()")

    def _is_in(self) -> bool | None:
        """Whether it is in; None: nothing tells."""
        return None

    def _is_out(self) -> bool | None:
        """Whether it is out; None: nothing tells."""
        return None
