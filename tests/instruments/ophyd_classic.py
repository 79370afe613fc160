"""For scripts: devices of classic ophyd on the simulated beamline, by pyepics; and a motor record of caproto."""

import contextlib
import sys
import threading
import time

import ophyd
from caproto.ioc_examples.fake_motor_record import FakeMotor
from caproto.server import run
from ophyd import Component, Device, EpicsSignal, EpicsSignalRO

import obtura
from obtura.instruments.ophyd import OphydAxis, OphydDevice, OphydShutter
from obtura.instruments.simioc.__main__ import _end_with_parent, _free_port, _loopback_only

__all__ = ["Mx", "devices", "obtura", "ophyd"]


class Axis(EpicsSignal):
    """Where the readback is; a put goes to the setpoint, and is done when the readback is there, or it was stopped.

    Not the `set` of a signal: that one waits for ever when the axis is stopped, and takes no other meanwhile.
    """

    def __init__(self, prefix, **options):
        super().__init__(f"{prefix}axis:readback", write_pv=f"{prefix}axis", **options)
        self.halt = EpicsSignal(f"{prefix}axis:stop", name="halt")
        self.status = None

    def set(self, value, **_options):
        self.status = status = ophyd.status.Status(self)
        self.put(value, wait=True, timeout=10)
        threading.Thread(target=self.follow, args=(value, status), daemon=True).start()
        return status

    def follow(self, value, status):
        try:
            while not status.done and abs(self.get() - value) > 1e-3:
                time.sleep(0.01)
            self.end(status, None)
        except Exception as error:
            self.end(status, error)

    def end(self, status, error):
        with contextlib.suppress(ophyd.utils.errors.InvalidState):
            status.set_finished() if error is None else status.set_exception(error)

    def stop(self, *, success=False):
        self.halt.put(1.0, wait=True)
        if self.status is not None:
            self.end(self.status, RuntimeError("stopped"))


Mx = Axis


class Diode(Device):
    """One number."""

    value = Component(EpicsSignalRO, "diode", kind="hinted")


def devices(prefix, timeout=2.0):
    """An axis, a diode and a shutter."""
    return (
        OphydAxis("mx", Axis(prefix, name="mx"), unit="mm", timeout=timeout, patience=3.0),
        OphydDevice("diode", Diode(prefix, name="diode"), timeout=timeout),
        OphydShutter(
            "shutter",
            EpicsSignal(f"{prefix}shutter:status", write_pv=f"{prefix}shutter", string=True, name="shutter"),
            open_value="Open",
            close_value="Closed",
            timeout=timeout,
        ),
    )


def serve_motor(prefix):
    """A motor record, until standard input ends."""
    port = int(sys.argv[2]) or _free_port()
    sink = _loopback_only(port)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    motor = FakeMotor(prefix=f"{prefix}m1", velocity=4.0, user_limits=(-10.0, 10.0), tick_rate_hz=50.0)

    async def announce(_library):
        print(port, flush=True)

    with sink:
        run(motor.pvdb, interfaces=["127.0.0.1"], startup_hook=announce)


if __name__ == "__main__":
    serve_motor(sys.argv[1])
