"""Drivers around a driver: each adds one idea to what a motor controller does.

From the controller to the axis: steps become units, an encoder tells the position, the circle closes; and a
disabled axis has a driver that refuses everything.
"""

import math
from collections.abc import Callable

from obtura.contracts.turns import in_one_turn
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.encoder import Encoder
from obtura.ground.errors import DeviceError

__all__ = ["Circle", "InUnits", "ReadByEncoder", "Refusing"]


class _Around(AxisDriver):
    """Passes every call on."""

    def __init__(self, inner: AxisDriver) -> None:
        self._inner = inner
        self.blocking = inner.blocking
        self.keeps_position = inner.keeps_position

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        self._inner.start_move(target, velocity, acceleration)

    def stop(self) -> None:
        self._inner.stop()

    def position(self) -> float:
        return self._inner.position()

    def state(self) -> AxisState:
        return self._inner.state()

    def look_again_after(self) -> float:
        return self._inner.look_again_after()

    def set_position(self, position: float) -> None:
        self._inner.set_position(position)

    def start_jog(self, velocity: float, acceleration: float) -> None:
        self._inner.start_jog(velocity, acceleration)

    def start_home(self, switch: int, velocity: float, acceleration: float) -> None:
        self._inner.start_home(switch, velocity, acceleration)

    def start_limit(self, side: int, velocity: float, acceleration: float) -> None:
        self._inner.start_limit(side, velocity, acceleration)

    def on(self) -> None:
        self._inner.on()

    def off(self) -> None:
        self._inner.off()

    def sync(self) -> None:
        self._inner.sync()


class InUnits(_Around):
    """Speaks units to the axis and whole steps to the controller. `steps_per_unit` may be negative: it turns round."""

    def __init__(self, inner: AxisDriver, steps_per_unit: float) -> None:
        super().__init__(inner)
        self._steps = steps_per_unit
        self._sense = 1 if steps_per_unit > 0 else -1

    def _in_steps(self, position: float) -> float:
        steps = position * self._steps
        return float(round(steps)) if self._inner.whole_steps else steps

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        steps = abs(self._steps)
        self._inner.start_move(self._in_steps(target), velocity * steps, acceleration * steps)

    def position(self) -> float:
        return self._inner.position() / self._steps

    def set_position(self, position: float) -> None:
        self._inner.set_position(self._in_steps(position))

    def start_jog(self, velocity: float, acceleration: float) -> None:
        self._inner.start_jog(velocity * self._steps, acceleration * abs(self._steps))

    def start_home(self, switch: int, velocity: float, acceleration: float) -> None:
        steps = abs(self._steps)
        self._inner.start_home(switch * self._sense, velocity * steps, acceleration * steps)

    def start_limit(self, side: int, velocity: float, acceleration: float) -> None:
        steps = abs(self._steps)
        self._inner.start_limit(side * self._sense, velocity * steps, acceleration * steps)


class ReadByEncoder(_Around):
    """Is where its encoder says; a move goes as far as is missing from there."""

    def __init__(self, inner: AxisDriver, encoder: Encoder) -> None:
        super().__init__(inner)
        self.blocking = inner.blocking or encoder.blocking
        self.keeps_position = True  # so do encoders
        self._encoder = encoder

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        missing = target - self._encoder.read()
        self._inner.start_move(self._inner.position() + missing, velocity, acceleration)

    def position(self) -> float:
        return self._encoder.read()

    def set_position(self, position: float) -> None:
        self._encoder.set(position)


class Circle(_Around):
    """Is between 0 and `modulo`, and goes to a target the short way round.

    When its limits don't allow all of that, it is within half a turn of their middle. When they leave no whole turn
    free, it goes to a target through what they allow, never through what they forbid.
    """

    def __init__(self, inner: AxisDriver, modulo: float, limits: Callable[[], tuple[float, float]]) -> None:
        super().__init__(inner)
        self._modulo = modulo
        self._limits = limits

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        low, high = self._limits()
        position = self._inner.position()
        here, there = self._seen(position), self._seen(target)
        way = there - here if high - low < self._modulo else math.remainder(there - here, self._modulo)
        self._inner.start_move(position + way, velocity, acceleration)

    def start_turn(self, way: float, velocity: float, acceleration: float) -> None:
        """Set off to go so far, with sign, be it several times round."""
        self._inner.start_move(self._inner.position() + way, velocity, acceleration)

    def position(self) -> float:
        return self._seen(self._inner.position())

    def _seen(self, dial: float) -> float:
        return in_one_turn(dial, self._modulo, self._limits())


class Refusing(AxisDriver):
    """Refuses everything but to be asked for its state."""

    def __init__(self, refusal: str, state: AxisState, instead_of: AxisDriver) -> None:
        self._refusal = refusal
        self._state = state
        self.blocking = instead_of.blocking
        self.keeps_position = instead_of.keeps_position

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        raise DeviceError(self._refusal)

    def stop(self) -> None:
        """Nothing: it does not move."""

    def position(self) -> float:
        raise DeviceError(self._refusal)

    def state(self) -> AxisState:
        return self._state

    def set_position(self, position: float) -> None:
        raise DeviceError(self._refusal)

    def on(self) -> None:
        raise DeviceError(self._refusal)

    def off(self) -> None:
        raise DeviceError(self._refusal)
