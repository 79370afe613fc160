"""Simulated axes. They really take their time: where they are follows from the clock."""

import math
from collections.abc import Sequence
from typing import Literal

from obtura.contracts.motion import MotionHook
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.encoder import Encoder
from obtura.devices.sim.encoder import SimulatedEncoder
from obtura.devices.trapezoid import Motion, trapezoid
from obtura.ground.ranges import Positive, Sign
from obtura.works.clock import clock

__all__ = ["SimulatedAxis", "SimulatedMotor"]

_READY = AxisState("READY")
_MOVING = AxisState("MOVING")
_OFF = AxisState("OFF")
_AT_ONCE = 1e-6  # s: what is less than this away is there; adding less to the time may leave it as it was
_NO_WAY = trapezoid(0.0, 0.0, math.inf, math.inf)
_FAR = 1e9  # units or steps: where a jog would end if nobody stopped it


class SimulatedMotor(AxisDriver):
    """A motor that moves with a trapezoid of velocity. Nothing runs: it computes where it is.

    `switches`: where its limit switches stop it; `home_switch`: where that is. With `in_steps` all is in steps.
    """

    blocking = False
    keeps_position = False

    def __init__(
        self,
        position: float = 0.0,
        switches: tuple[float, float] = (-math.inf, math.inf),
        home_switch: float = 0.0,
        in_steps: bool = False,
    ) -> None:
        self.in_steps = in_steps
        self.switches = switches
        self.home_switch = home_switch
        self._powered = True
        self._homed = False
        self._switched = math.isfinite(switches[0]) or math.isfinite(switches[1])
        self._stand(position)

    def _set_course(self, motion: Motion) -> None:
        began = clock.time()
        # When it set off, when it is there, how, and where: one assignment, so that no thread sees half of it.
        self._course = began, began + motion.duration - _AT_ONCE, motion, motion.end

    def _stand(self, position: float) -> None:
        self._course = 0.0, -_AT_ONCE, _NO_WAY, position

    def start_move(self, target: float, velocity: float, acceleration: float) -> None:
        if self._switched:
            low, high = self.switches
            target = min(max(target, low), high)
        self._homed = False
        if velocity == acceleration == math.inf:
            self._stand(target)
        else:
            self._set_course(trapezoid(self.position(), target, velocity, acceleration))

    def stop(self) -> None:
        began, until, motion, _ = self._course
        now = clock.time()
        if began <= now < until:
            self._homed = False
            self._set_course(motion.braked(now - began))

    def position(self) -> float:
        began, until, motion, end = self._course
        if until <= began:
            return end
        now = clock.time()
        # Before it began: the clock was set to another source since, where that motion never happened.
        return motion.position(now - began) if began <= now < until else end

    def state(self) -> AxisState:
        began, until, _, end = self._course
        if began < until and began <= clock.time() < until:
            return _MOVING
        if self._switched or self._homed or not self._powered:
            return self._at_switches(end)
        return _READY

    def _at_switches(self, position: float) -> AxisState:
        if not self._powered:
            return _OFF
        low, high = self.switches
        touched = [(position <= low, "LIMNEG"), (position >= high, "LIMPOS"), (self._homed, "HOME")]
        return AxisState("READY", *(name for touches, name in touched if touches))

    def look_again_after(self) -> float:
        """Seconds until it is at rest."""
        return max(self._course[1] + _AT_ONCE - clock.time(), _AT_ONCE)

    def set_position(self, position: float) -> None:
        self._stand(position)

    def start_jog(self, velocity: float, acceleration: float) -> None:
        self.start_move(math.copysign(_FAR, velocity), abs(velocity), acceleration)

    def start_home(self, switch: int, velocity: float, acceleration: float) -> None:
        self.start_move(self.home_switch, velocity, acceleration)
        self._homed = True

    def start_limit(self, side: int, velocity: float, acceleration: float) -> None:
        end = self.switches[side > 0]
        if math.isinf(end):
            raise NotImplementedError("it has no limit switch at that end")
        self.start_move(end, velocity, acceleration)

    def on(self) -> None:
        self._powered = True

    def off(self) -> None:
        self._powered = False


class SimulatedAxis(Axis):
    """An axis that needs no hardware, at rest at the dial position `position`; the rest as `Axis`.

    With `steps_per_unit` it has a stepper motor and stops at whole steps only. `switches`: dial positions of its
    limit switches; `home_switch`: that of its home switch.
    """

    def __init__(
        self,
        name: str,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        velocity: Positive = 10.0,
        acceleration: Positive = 100.0,
        position: float = 0.0,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        steps_per_unit: float | None = None,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float = 0.0,
        velocity_low_limit: float = 0.0,
        velocity_high_limit: float = math.inf,
        switches: tuple[float, float] = (-math.inf, math.inf),
        home_switch: float = 0.0,
        encoder: Encoder | None = None,
        read_position: Literal["controller", "encoder"] = "controller",
        modulo: Positive | None = None,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        steps = 1.0 if steps_per_unit is None else steps_per_unit
        low, high = sorted(end * steps for end in switches)
        self.motor = self._new_motor(position * steps, (low, high), home_switch * steps, steps_per_unit is not None)
        if isinstance(encoder, SimulatedEncoder):
            encoder.watch(self.motor, steps)
        super().__init__(
            name,
            self.motor,
            unit,
            limits,
            velocity,
            acceleration,
            tolerance,
            low_limit,
            high_limit,
            steps,
            sign,
            offset,
            backlash,
            velocity_low_limit,
            velocity_high_limit,
            encoder,
            read_position,
            modulo,
            motion_hooks,
        )

    def _new_motor(
        self, position: float, switches: tuple[float, float], home_switch: float, in_steps: bool
    ) -> SimulatedMotor:
        return SimulatedMotor(position, switches, home_switch, in_steps)
