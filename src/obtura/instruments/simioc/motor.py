"""A simulated motor record, written from the reference of the record: `X:m1`, its fields, and what may go wrong.

It confirms a put to VAL when the motion has ended, as the record does. `X:m1:Fault` is what no record has: words, each
for what is wrong with the motor from now on.

    fine                   nothing
    new                    nothing, and all is as after a start
    stall, problem, comm   a bit of MSTA
    slip                   it stalls where it is now
    switch X               there is a high limit switch at X
    short                  it ends 0.5 before its target, and says MISS
    refuses                it refuses all targets, and says LVIO
    stuck                  it says that it moves, and does not
    dead                   nothing that it says is valid
"""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

import caproto

from obtura.instruments.simioc.live import choice, long_text, number

__all__ = ["Motor"]

MODES = ("Stop", "Pause", "Move", "Go")
BITS = {"stall": 7, "slip": 7, "problem": 10, "comm": 13}
DONE, PLUS_LS, MOVING, HOMED = 2, 3, 11, 15
HOME = 2.0


class Motor:
    """What is simulated, a function of time. Positions are dial positions; `now` is the clock, in s."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.is_new()

    def is_new(self) -> None:
        """Be as after a start."""
        self.fields = {
            **{"OFF": 0.0, "VELO": 10.0, "VBAS": 0.1, "VMAX": 20.0, "ACCL": 0.1, "JVEL": 1.0},
            **{"DLLM": -10.0, "DHLM": 10.0, "RDBD": 0.01, "MRES": 0.001, "LVIO": 0.0, "MISS": 0.0},
        }
        self.sign, self.mode, self.calibrates, self.homed = 1, "Go", "Use", False
        self.fault, self.switch = "fine", math.inf
        self._from = self.target = 0.0
        self._left, self._speed = self._now(), 1.0

    def meddle(self, words: str) -> None:
        """Take what `Fault` is told."""
        if words == "new":
            self.is_new()
            return
        self.fault, _, where = words.partition(" ")
        self.switch = float(where) if self.fault == "switch" else math.inf
        self.fields |= {"MISS": 0.0, "LVIO": 0.0}
        if self.fault == "slip":
            self.halt()

    @property
    def here(self) -> float:
        """Where it is."""
        way = self.target - self._from
        gone = self._speed * (self._now() - self._left)
        at = self.target if gone >= abs(way) else self._from + math.copysign(gone, way)
        return min(at, self.switch)

    @property
    def done(self) -> int:
        """1 when it is at rest."""
        return int(self.here == min(self.target, self.switch))

    @property
    def at_switch(self) -> int:
        """1 when it is at its high limit switch."""
        return int(self.here >= self.switch)

    @property
    def status(self) -> int:
        """The bits of MSTA."""
        there = {DONE: self.done, PLUS_LS: self.at_switch, MOVING: not self.done, HOMED: self.homed and self.done}
        bits = {bit for bit, is_set in there.items() if is_set} | ({BITS[self.fault]} if self.fault in BITS else set())
        return sum(1 << (bit - 1) for bit in bits)

    def user(self, dial: float) -> float:
        """The user position of a dial position."""
        return self.sign * dial + self.fields["OFF"]

    # -- what may be put ------------------------------------------------------------------------------------

    def halt(self, *_: object) -> None:
        """End the motion here and now."""
        self._from = self.target = self.here
        self._left = self._now()

    def go(self, dial: float, speed: float) -> None:
        """Set off, unless it is held or out of its limits."""
        low, high = self.fields["DLLM"], self.fields["DHLM"]
        if self.mode in ("Stop", "Pause"):
            return
        if self.fault == "refuses" or (low < high and not low <= dial <= high):
            self.fields["LVIO"] = 1.0
            return
        self.fields |= {"LVIO": 0.0, "MISS": float(self.fault == "short")}
        self.homed = False
        self._from, self._left = self.here, self._now()
        self._speed = 1e-9 if self.fault == "stuck" else speed
        self.target = dial - 0.5 if self.fault == "short" else dial

    async def put_user(self, position: float) -> None:
        """VAL: go there; or, when it calibrates, be there."""
        if self.calibrates == "Set":
            self.fields["OFF"] = position - self.sign * self.here
            return
        self.go((position - self.fields["OFF"]) * self.sign, self.fields["VELO"])
        while not self.done:
            await asyncio.sleep(0.005)

    def put_dial(self, dial: float) -> None:
        """DVAL: the same on the dial. When it calibrates the offset is variable: the user position stays."""
        if self.calibrates == "Use":
            self.go(dial, self.fields["VELO"])
            return
        user = self.user(self.here)
        self._from = self.target = dial
        self.fields["OFF"] = user - self.sign * dial

    def jog(self, direction: int) -> None:
        """JOGF, JOGR: go as far as the limits let it, user positions upwards or downwards."""
        self.go(self.fields["DHLM" if direction * self.sign > 0 else "DLLM"], self.fields["JVEL"])

    def home(self, direction: int) -> None:
        """HOMF, HOMR: its home switch is at 2 and at -2."""
        self.go(HOME * direction, self.fields["VELO"])
        self.homed = True

    def hold(self, mode: str) -> None:
        """SPMG."""
        self.mode = mode
        if mode in ("Stop", "Pause"):
            self.halt()

    def _limit(self, name: str) -> str:
        """The dial limit that a user limit is."""
        return "DHLM" if (name == "HLM") == (self.sign > 0) else "DLLM"

    def _put_limit(self, name: str, position: float) -> None:
        self.fields[self._limit(name)] = (position - self.fields["OFF"]) * self.sign

    # -- its PVs --------------------------------------------------------------------------------------------

    def records(self, name: str) -> dict[str, Any]:
        """Its PVs, without what logs them."""
        found = {
            "VAL": number(lambda: self.user(self.target), self.put_user),
            "": number(lambda: self.user(self.target), self.put_user),  # the record's name alone means VAL
            "RBV": number(lambda: self.user(self.here)),
            "DVAL": number(lambda: self.target, self.put_dial),
            "DRBV": number(lambda: self.here),
            "DMOV": number(lambda: self.done),
            "MOVN": number(lambda: 1 - self.done),
            "MSTA": number(lambda: self.status),
            "HLS": number(lambda: self.at_switch),
            "LLS": number(lambda: 0),
            "ATHM": number(lambda: int(self.homed and self.done)),
            "STOP": _button(self.halt),
            "JOGF": _button(lambda: self.jog(1)),
            "JOGR": _button(lambda: self.jog(-1)),
            "HOMF": _button(lambda: self.home(1)),
            "HOMR": _button(lambda: self.home(-1)),
            "SPMG": choice(MODES, lambda: self.mode, self.hold),
            "SET": choice(("Use", "Set"), lambda: self.calibrates, lambda mode: setattr(self, "calibrates", mode)),
            "DIR": choice(
                ("Pos", "Neg"),
                lambda: "Pos" if self.sign > 0 else "Neg",
                lambda way: setattr(self, "sign", 1 if way == "Pos" else -1),
            ),
            "STAT": choice(("NO_ALARM", "STATE"), lambda: "STATE" if self.fault in BITS else "NO_ALARM"),
            "SEVR": choice(
                ("NO_ALARM", "MINOR", "MAJOR", "INVALID"), lambda: "MAJOR" if self.fault in BITS else "NO_ALARM"
            ),
            "EGU": caproto.ChannelString(value="mm"),
            **{field: self._setting(field) for field in self.fields},
            **{field: self._user_limit(field) for field in ("HLM", "LLM")},
        }
        for record in found.values():
            record.is_dead = lambda: self.fault == "dead"
        return {
            **{f"{name}.{field}".rstrip("."): record for field, record in found.items()},
            f"{name}:Fault": long_text(lambda: self.fault, self.meddle),
        }

    def _setting(self, field: str) -> Any:
        return number(lambda: self.fields[field], lambda value: self.fields.__setitem__(field, float(value)))

    def _user_limit(self, field: str) -> Any:
        return number(
            lambda: self.user(self.fields[self._limit(field)]), lambda position: self._put_limit(field, position)
        )


def _button(press: Callable[[], object]) -> Any:
    """A field that is 0 again at once; 1 presses it."""

    def put(value: float) -> None:
        if value:
            press()

    return number(lambda: 0, put)
