"""A motor record as its reference describes it, with what a real one does rarely: `python motor_ioc.py`.

`T:m1`, `T:m2`: its fields; `T:m1:wire`: what is wrong with the motor, in words, see `Motor.meddle`. It confirms a put
to VAL when the motion has ended, as the record does. What is put is written to the file PUTS_LOG.
"""

import asyncio
import math
import os
import time

import caproto
import numpy as np
from caproto.asyncio.server import start_server

SPMG = ["Stop", "Pause", "Move", "Go"]
LOG = open(os.environ["PUTS_LOG"], "a", buffering=1)  # noqa: SIM115 - until it is killed


class Motor:
    """Positions are dial positions; it is a function of time."""

    def __init__(self):
        self.off, self.sign, self.velo, self.vbas, self.vmax, self.accl, self.jvel = 0.0, 1, 10.0, 0.1, 20.0, 0.1, 1.0
        self.low, self.high, self.rdbd, self.mres = -10.0, 10.0, 0.01, 0.001
        self.spmg, self.set, self.msta, self.lvio, self.miss = 3, 0, 0, 0, 0
        self.origin = self.target = self.wanted = 0.0
        self.left, self.speed = time.monotonic(), 10.0
        self.switches = (-math.inf, math.inf)
        self.wire = "sound"
        self.homed = False

    def meddle(self, words):
        """anew; sound; stall, comm, problem: a bit of MSTA; switch X: a high limit switch there; stuck, short, refuses."""
        if words == "anew":
            self.__init__()
            return
        self.wire, _, where = words.partition(" ")
        self.msta = {"stall": 1 << 6, "problem": 1 << 9, "comm": 1 << 12}.get(self.wire, 0)
        self.switches = (-math.inf, float(where) if self.wire == "switch" else math.inf)
        self.miss = self.lvio = 0
        if self.wire == "slip":  # in the middle of a motion
            self.msta = 1 << 6
            self.halt()

    @property
    def here(self):
        gone = self.speed * (time.monotonic() - self.left)
        way = self.target - self.origin
        at = self.target if gone >= abs(way) else self.origin + math.copysign(gone, way)
        return min(at, self.switches[1])

    @property
    def done(self):
        return int(self.here == min(self.target, self.switches[1]) and self.wire != "endless")

    @property
    def bits(self):
        high = (1 << 2) * (self.here >= self.switches[1])
        return self.msta | (1 << 1) * self.done | (1 << 10) * (not self.done) | high | (1 << 14) * self.homed

    def halt(self, *_):
        self.origin = self.target = self.here
        self.left = time.monotonic()

    def go(self, dial, speed=None):
        if self.spmg in (0, 1):
            return
        if self.wire == "refuses" or (self.low < self.high and not self.low <= dial <= self.high):
            self.lvio = 1
            return
        self.lvio, self.miss, self.homed = 0, 0, False
        self.origin, self.left = self.here, time.monotonic()
        self.speed = 1e-9 if self.wire == "stuck" else speed or self.velo
        self.target = dial
        if self.wire == "short":
            self.target -= 0.5
            self.miss = 1

    def put_val(self, user):
        dial = (user - self.off) * self.sign
        if self.set:
            self.off = user - self.sign * self.here
        else:
            self.go(dial)

    def put_dval(self, dial):
        if self.set:  # the offset is variable: the user position stays
            user = self.sign * self.here + self.off
            self.origin = self.target = dial
            self.off = user - self.sign * dial
        else:
            self.go(dial)

    def jog(self, direction):
        if direction * self.sign > 0:
            self.go(self.high, self.jvel)
        else:
            self.go(self.low, self.jvel)

    def home(self, direction):
        self.go(2.0 * direction)
        self.homed = True

    def put_spmg(self, value):
        self.spmg = value
        if value in (0, 1):
            self.halt()

    def user(self, dial):
        return self.sign * dial + self.off

    def limit(self, high):
        return self.user(self.high if high == (self.sign > 0) else self.low)

    def put_limit(self, high, user):
        dial = (user - self.off) * self.sign
        if high == (self.sign > 0):
            self.high = dial
        else:
            self.low = dial


class Live:
    look = put = None
    slow = False
    name = ""
    severity = None
    was_dead = False

    async def read(self, data_type):
        await self.write(self.look(), verify_value=False)
        if self.severity is not None:
            dead = self.severity()
        if self.severity is not None and dead != self.was_dead:
            self.was_dead = dead
            await self.alarm.write(
                status=caproto.AlarmStatus.COMM if dead else caproto.AlarmStatus.NO_ALARM,
                severity=caproto.AlarmSeverity.INVALID_ALARM if dead else caproto.AlarmSeverity.NO_ALARM,
            )
        return await super().read(data_type)

    async def verify_value(self, value):
        if isinstance(self, caproto.ChannelEnum) and not isinstance(value, str):
            value = self.enum_strings[int(np.ravel(value)[0])]
        if self.put is not None:
            told = value if not hasattr(value, "__len__") or isinstance(value, str) else value[0]
            told = told.decode() if isinstance(told, bytes) else told
            LOG.write(f"{self.name} {told}\n")
            self.put(told)
            if self.slow:
                while not self.motor.done:
                    await asyncio.sleep(0.005)
        return value

    def check_access(self, _host, _user):
        rights = caproto.AccessRights
        return rights.READ if self.put is None else rights.READ | rights.WRITE


class Number(Live, caproto.ChannelDouble):
    pass


class Text(Live, caproto.ChannelString):
    pass


class Choice(Live, caproto.ChannelEnum):
    pass


def record(motor, prefix):
    def number(look, put=None, slow=False):
        made = Number(value=0.0)
        made.look, made.put, made.slow, made.motor = look, put, slow, motor
        return made

    def choice(states, look, put=None):
        made = Choice(value=states[0], enum_strings=states)
        made.look = lambda: states[look()]
        made.put = None if put is None else lambda name: put(states.index(name))
        return made

    def setting(name):
        return number(lambda: getattr(motor, name), lambda value: setattr(motor, name, value))

    def button(function):
        return number(lambda: 0, lambda value: function() if value else None)

    alarmed = bool
    fields = {
        "VAL": number(lambda: motor.user(motor.target), motor.put_val, slow=True),
        "RBV": number(lambda: motor.user(motor.here)),
        "DVAL": number(lambda: motor.target, motor.put_dval),
        "DRBV": number(lambda: motor.here),
        "DMOV": number(lambda: motor.done),
        "MOVN": number(lambda: 1 - motor.done),
        "STOP": button(motor.halt),
        "SPMG": choice(SPMG, lambda: motor.spmg, motor.put_spmg),
        "SET": choice(["Use", "Set"], lambda: motor.set, lambda value: setattr(motor, "set", value)),
        "DIR": choice(["Pos", "Neg"], lambda: int(motor.sign < 0), lambda v: setattr(motor, "sign", 1 - 2 * v)),
        "STAT": choice(["NO_ALARM", "STATE"], lambda: int(alarmed(motor.msta))),
        "SEVR": choice(["NO_ALARM", "MINOR", "MAJOR", "INVALID"], lambda: 2 * alarmed(motor.msta)),
        "MSTA": number(lambda: motor.bits),
        "MISS": number(lambda: motor.miss),
        "LVIO": number(lambda: motor.lvio),
        "HLS": number(lambda: int(motor.here >= motor.switches[1])),
        "LLS": number(lambda: 0),
        "ATHM": number(lambda: int(motor.homed and motor.done)),
        "EGU": Text(value="mm"),
        **{name: setting(name.lower()) for name in ("OFF", "VELO", "VBAS", "VMAX", "ACCL", "JVEL", "RDBD", "MRES")},
        "HLM": number(lambda: motor.limit(True), lambda v: motor.put_limit(True, v)),
        "LLM": number(lambda: motor.limit(False), lambda v: motor.put_limit(False, v)),
        "DHLM": number(lambda: motor.high, lambda v: setattr(motor, "high", v)),
        "DLLM": number(lambda: motor.low, lambda v: setattr(motor, "low", v)),
        "JOGF": button(lambda: motor.jog(1)),
        "JOGR": button(lambda: motor.jog(-1)),
        "HOMF": button(lambda: motor.home(1)),
        "HOMR": button(lambda: motor.home(-1)),
    }
    fields["EGU"].look = lambda: "mm"
    wire = Text(value="")
    wire.look, wire.put = lambda: motor.wire, motor.meddle
    found = {f"{prefix}.{name}": field for name, field in fields.items()} | {f"{prefix}:wire": wire}
    for name, field in found.items():
        field.name = name
        field.severity = (lambda: motor.wire == "dead") if "wire" not in name else None
    return found


async def main():
    records = record(Motor(), "T:m1") | record(Motor(), "T:m2")
    await start_server(records | {"T:shutter": shutter()})


def shutter():
    states = ["Closed", "Open"]
    made = Choice(value="Closed", enum_strings=states)
    now = ["Closed"]
    made.name, made.look, made.put = "T:shutter", lambda: now[0], lambda name: now.__setitem__(0, name)
    return made


asyncio.run(main())
