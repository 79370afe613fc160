"""A Tango device server as a beamline has one, run by tests in another process: a diode, a motor, a shutter, a filter.

Each write, each command and some readings are lines of the file that TANGO_LOG names. `Misbehave` makes a
device late or wrong.
"""

import json
import os
import threading
import time
from enum import IntEnum

import numpy as np
from tango import AttrQuality, AttrWriteType, DevState, EnsureOmniThread
from tango.server import Device, attribute, command, run


class Filter(IntEnum):
    OUT = 0
    THIN = 1
    THICK = 2


class Logging(Device):
    """Writes down what it is told; misbehaves when it is told to, which it does not write down."""

    def init_device(self):
        super().init_device()
        self.mood = ""
        self.set_state(DevState.ON)

    def log(self, what, value=None):
        with open(os.environ["TANGO_LOG"], "a") as file:
            line = [time.time(), self.get_name().split("/")[-1], what, value]
            file.write(json.dumps(line) + "\n")

    @command(dtype_in=str)
    def Misbehave(self, mood):
        self.mood = mood

    def behave(self):
        if self.mood.startswith("late"):
            time.sleep(float(self.mood.split()[1]))
        if self.mood == "raise":
            raise RuntimeError("the card does not answer")


class Diode(Logging):
    def init_device(self):
        super().init_device()
        self.current = 1.25
        self.label = ""
        self.set_change_event("Watched", True, False)
        self.set_change_event("Label", True, False)

    @attribute(dtype=float, unit="mA")
    def Current(self):
        self.log("read Current")
        self.behave()
        if self.mood == "text":
            return "garbage"
        if self.mood in ("ATTR_INVALID", "ATTR_ALARM"):
            return self.current, time.time(), getattr(AttrQuality, self.mood)
        return self.current

    @attribute(dtype=float)
    def Watched(self):
        return self.current

    @command(dtype_in=float)
    def SetCurrent(self, current):
        self.current = current
        self.push_change_event("Watched", current)

    @attribute(dtype=(float,), max_dim_x=8)
    def Spectrum(self):
        return np.arange(4.0) if self.mood != "short" else np.arange(3.0)

    @attribute(dtype=(float,), max_dim_x=8)
    def Empty(self):
        return []

    @attribute(dtype=((float,),), max_dim_x=4, max_dim_y=4)
    def Image(self):
        return np.arange(6.0).reshape(2, 3)

    @attribute(dtype=Filter)
    def Kind(self):
        return Filter.THIN

    @attribute(dtype=str)
    def Text(self):
        return "HIGH"

    @attribute(dtype=str, access=AttrWriteType.READ_WRITE)
    def Label(self):
        return self.label

    @Label.write
    def Label(self, label):
        self.label = label
        self.push_change_event("Label", label)

    @attribute(dtype=(str,), max_dim_x=3)
    def Words(self):
        return ["one", "two"]

    @command(dtype_out=str)
    def Describe(self):
        return "a diode"

    @attribute(dtype=bool)
    def Flag(self):
        return True

    @command(dtype_out=float)
    def Measure(self):
        return 4.5

    @command(dtype_in=float, dtype_out=float)
    def Expose(self, seconds):
        self.log("Expose", seconds)
        time.sleep(seconds)
        return seconds


class Many(Logging):
    def init_device(self):
        super().init_device()
        for number in range(100):
            self.add_attribute(attribute(name=f"c{number}", dtype=float, access=AttrWriteType.READ, fget=self.one))

    def one(self, attr):
        return float(attr.get_name()[1:])


class Motor(Logging):
    def init_device(self):
        super().init_device()
        self.begun, self.start, self.target, self.speed = time.monotonic(), 0.0, 0.0, 20.0
        self.set_change_event("State", True, False)

    def here(self):
        way, gone = self.target - self.start, self.speed * (time.monotonic() - self.begun)
        return self.target if gone >= abs(way) else self.start + gone * np.sign(way)

    @attribute(dtype=float, unit="mm", min_value=-10, max_value=10, access=AttrWriteType.READ_WRITE)
    def Position(self):
        self.behave()
        return self.here() if self.mood != "nowhere" else np.nan

    @Position.write
    def Position(self, target):
        self.log("Position", target)
        self.behave()
        self.begun, self.start, self.target = time.monotonic(), self.here(), target
        if self.mood == "stuck":
            self.target = self.start + 0.1
        threading.Thread(target=self.tell_of_it, args=[abs(target - self.start) / self.speed], daemon=True).start()

    def tell_of_it(self, seconds):
        with EnsureOmniThread():
            self.push_change_event("State", DevState.MOVING)
            time.sleep(seconds + 0.001)
            self.push_change_event("State", self.dev_state())

    @attribute(dtype=float, unit="mm/s", access=AttrWriteType.READ_WRITE)
    def Velocity(self):
        return self.speed

    @Velocity.write
    def Velocity(self, speed):
        self.log("Velocity", speed)
        self.speed = speed

    @command
    def Stop(self):
        self.log("Stop")
        self.begun, self.start, self.target = time.monotonic(), self.here(), self.here()

    def dev_state(self):
        self.behave()
        if self.mood in ("FAULT", "ALARM", "OFF"):
            self.set_status("following error on axis 3")
            return getattr(DevState, self.mood)
        return DevState.MOVING if self.here() != self.target else DevState.ON


class Shutter(Logging):
    def init_device(self):
        super().init_device()
        self.is_open = False
        self.until = 0.0

    @command
    def Open(self):
        self.log("Open")
        self.behave()
        self.is_open, self.until = True, time.monotonic() + 0.02

    @command
    def Close(self):
        self.log("Close")
        self.behave()
        self.is_open, self.until = False, time.monotonic() + 0.02

    def dev_state(self):
        if self.mood in ("FAULT", "MOVING", "raise"):
            self.set_status("no air pressure")
            self.behave()
            return getattr(DevState, self.mood)
        if time.monotonic() < self.until:
            return DevState.MOVING
        return DevState.OPEN if self.is_open else DevState.CLOSE


class Wheel(Logging):
    def init_device(self):
        super().init_device()
        self.filter, self.source = Filter.OUT, 0
        self.is_out = False

    @attribute(dtype=Filter, access=AttrWriteType.READ_WRITE)
    def Filter(self):
        return self.filter if self.mood != "stuck" else Filter.OUT

    @Filter.write
    def Filter(self, value):
        self.log("Filter", int(value))
        self.filter = Filter(value)

    @command(dtype_in=int)
    def Select(self, source):
        self.log("Select", source)
        self.source = source

    @attribute(dtype=int)
    def Source(self):
        return self.source

    @attribute(dtype=bool, access=AttrWriteType.READ_WRITE)
    def Out(self):
        return self.is_out

    @Out.write
    def Out(self, value):
        self.log("Out", value)
        self.is_out = value

    @command
    def Near(self):
        self.log("Near")

    @command
    def Far(self):
        self.log("Far")


if __name__ == "__main__":
    run([Diode, Many, Motor, Shutter, Wheel])
