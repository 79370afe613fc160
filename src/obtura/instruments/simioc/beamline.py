"""A small beamline in one EPICS server: a shutter, an axis, a diode behind both. It is a function of time.

Prefix `X:`. What may be put to is marked with *:

    X:shutter*           Closed, Open
    X:shutter:status     Closed, Open, Moving
    X:shutter:delay*     s that the shutter takes to move
    X:axis*              setpoint in mm, control limits -10 and 10
    X:axis:readback      mm
    X:axis:done          0 while it moves
    X:axis:stop*         1: stop where it is
    X:axis:velocity*     mm/s; 0: it is stuck
    X:diode              nA: dark current, and with the shutter open a gaussian beam over the axis
    X:i0                 nA: the beam before the shutter
    X:note*              any text: it only shows in the log of puts
    X:dead               a value that is not valid, as of an IOC that has lost its device
    X:message, X:spectrum  a text and an array
"""

import math
import time
from collections.abc import Callable
from typing import Any, TextIO

import caproto

__all__ = ["LIMITS", "World", "records"]

LIMITS = (-10.0, 10.0)
DARK, PEAK, CENTRE, SIGMA = 5.0, 1000.0, 1.0, 0.5

_Put = Callable[[Any], None]


class World:
    """What is simulated. `now` is the clock, in s."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.delay = 0.03
        self.velocity = 20.0
        self._open = False
        self._switched = -math.inf
        self._from = self.setpoint = 0.0
        self._left = now()

    def switch(self, state: str) -> None:
        """Begin to open or close the shutter; `state`: Open or Closed."""
        opens = state == "Open"
        if opens != self._open:
            self._open = opens
            self._switched = self._now()

    @property
    def command(self) -> str:
        """What the shutter was told last."""
        return "Open" if self._open else "Closed"

    @property
    def status(self) -> str:
        """Where the shutter is."""
        return "Moving" if self._now() - self._switched < self.delay else self.command

    def go_to(self, target: float) -> None:
        """Begin to move the axis from where it is."""
        self._from, self._left = self.readback, self._now()
        self.setpoint = target

    def halt(self, command: float) -> None:
        """End the motion here and now, unless `command` is 0."""
        if command:
            self.go_to(self.readback)

    def set_velocity(self, velocity: float) -> None:
        """Go on at this velocity, mm/s."""
        self.go_to(self.setpoint)
        self.velocity = velocity

    def set_delay(self, delay: float) -> None:
        """Let the shutter take `delay` s from now on."""
        self.delay = delay

    @property
    def readback(self) -> float:
        """Where the axis is, mm."""
        way = self.setpoint - self._from
        gone = self.velocity * (self._now() - self._left) if way else 0.0
        return self.setpoint if gone >= abs(way) else self._from + math.copysign(gone, way)

    @property
    def done(self) -> int:
        """1 when the axis is where it was sent."""
        return int(self.readback == self.setpoint)

    @property
    def diode(self) -> float:
        """The diode's current, nA."""
        beam = PEAK * math.exp(-0.5 * ((self.readback - CENTRE) / SIGMA) ** 2)
        return DARK + (beam if self.status == "Open" else 0.0)


class _Live:
    """A record whose value is looked up whenever it is read. Mixed into a class of caproto's."""

    look: Callable[[], Any]
    put: _Put | None = None

    async def read(self, data_type: Any) -> Any:
        await self.write(self.look(), verify_value=False)  # type: ignore[attr-defined]
        return await super().read(data_type)  # type: ignore[misc]

    async def verify_value(self, value: Any) -> Any:
        if self.put is not None:
            self.put(value)
        return value

    def check_access(self, _hostname: str, _username: str) -> Any:
        rights = caproto.AccessRights
        return rights.READ if self.put is None else rights.READ | rights.WRITE


class _Number(_Live, caproto.ChannelDouble):  # type: ignore[misc]  # caproto has no types
    """A number."""


class _Text(_Live, caproto.ChannelString):  # type: ignore[misc]  # caproto has no types
    """Up to 40 characters."""


class _Choice(_Live, caproto.ChannelEnum):  # type: ignore[misc]  # caproto has no types
    """One of some named states; a put gives the name or its number."""

    async def verify_value(self, value: Any) -> Any:
        return await super().verify_value(value if isinstance(value, str) else self.enum_strings[value])


def _number(look: Callable[[], float], put: _Put | None = None, **metadata: Any) -> _Number:
    record = _Number(value=0.0, **metadata)
    record.look, record.put = look, put
    return record


def _choice(look: Callable[[], str], states: list[str], put: _Put | None = None) -> _Choice:
    record = _Choice(value=states[0], enum_strings=states)
    record.look, record.put = look, put
    return record


def _text(look: Callable[[], str], put: _Put | None = None) -> _Text:
    record = _Text(value="")
    record.look, record.put = look, put
    return record


def records(prefix: str, world: World, log: TextIO | None = None) -> dict[str, Any]:
    """The PVs by name. Each put is written to `log` as one line: epoch in s, PV, value."""

    def logged(name: str, put: _Put) -> _Put:
        def note(value: Any) -> None:
            if log is not None:
                log.write(f"{time.time():.6f} {prefix}{name} {value}\n")
            put(value)

        return note

    low, high = LIMITS
    limits = {"lower_ctrl_limit": low, "upper_ctrl_limit": high}
    dead = caproto.ChannelAlarm(status=caproto.AlarmStatus.COMM, severity=caproto.AlarmSeverity.INVALID_ALARM)
    shutter = ["Closed", "Open"]
    found = {
        "shutter": _choice(lambda: world.command, shutter, logged("shutter", world.switch)),
        "shutter:status": _choice(lambda: world.status, ["Closed", "Open", "Moving"]),
        "shutter:delay": _number(lambda: world.delay, logged("shutter:delay", world.set_delay), units="s"),
        "axis": _number(lambda: world.setpoint, logged("axis", world.go_to), units="mm", **limits),
        "axis:readback": _number(lambda: world.readback, units="mm"),
        "axis:done": _number(lambda: world.done),
        "axis:stop": _number(lambda: 0, logged("axis:stop", world.halt)),
        "axis:velocity": _number(lambda: world.velocity, logged("axis:velocity", world.set_velocity), units="mm/s"),
        "diode": _number(lambda: world.diode, units="nA"),
        "i0": _number(lambda: PEAK, units="nA"),
        "dead": caproto.ChannelDouble(value=0.0, alarm=dead),
        "note": _text(lambda: "", logged("note", lambda _text: None)),
        "message": caproto.ChannelString(value="beam available"),
        "spectrum": caproto.ChannelDouble(value=[1.0, 2.0, 3.0]),
    }
    return {prefix + name: record for name, record in found.items()}
