"""Devices of Tango servers, with a database or without. The extra: `pip install 'obtura[tango]'`.

    it = TangoDevice("it", "tango://localhost:45678/id01/motor/mx#dbase=no")  # or "id01/motor/mx", by TANGO_HOST
    current = TangoCounter("current", it, "Current")
    mx = TangoAxis("mx", it, "Position", velocity_attribute="Velocity")
    shutter = TangoShutter("shutter", TangoDevice("front_end", "id01/shutter/1"))

In YAML they are listed with the device. Nothing is sent, and PyTango is not imported, before it is needed. When a
server is lost, calls fail within their time limit with a `DeviceError` that says what was asked of whom; once it is
back they work again.

They only take orders, so axes, shutters and multiplexers are those of `obtura.devices`, with a driver that gives them;
that is why this stands here, and not among the control systems, which may import nothing of this room.
"""

from obtura.instruments.tango.axis import TangoAxis
from obtura.instruments.tango.counter import TangoCounter
from obtura.instruments.tango.device import TangoDevice
from obtura.instruments.tango.multiplexer import Output, TangoMultiplexer
from obtura.instruments.tango.shutter import TangoShutter

__all__ = ["Output", "TangoAxis", "TangoCounter", "TangoDevice", "TangoMultiplexer", "TangoShutter"]
