"""Shutters that are not in this process: in a process of their own, or PVs of a simulated IOC. See `killing`."""

from contextlib import nullcontext
from typing import NamedTuple

from obtura.contracts.safety import SafeAction
from obtura.devices.shutter import Shutter
from obtura.devices.sim.boxed_shutter import BoxDriver
from obtura.works.clock import virtual_time

__all__ = ["PV", "Box"]


class Driver(BoxDriver):
    """Of a shutter that the guard can close without loading much."""

    def action_of(self, method):
        """The same line, by a light way."""
        host, _, port = self._address.rpartition(":")
        return SafeAction("box_line:Tell", {"host": host, "port": int(port), "line": method.upper()})


class Box(NamedTuple):
    """A shutter in a process of its own."""

    box: object
    time = staticmethod(virtual_time)

    def shutter(self, name):
        """A device for it."""
        return Shutter(name, Driver(self.box.address))

    def told(self):
        """When it was told what, in order."""
        return self.box.log()

    def is_closed(self):
        """Whether it is."""
        return self.box.state() == "CLOSED"


class PV(NamedTuple):
    """A shutter that is a PV of a live IOC."""

    ioc: object
    time = staticmethod(nullcontext)  # its library knows the real one only

    def shutter(self, name):
        """A device for it. This process has no connection; a child makes its own."""
        from obtura.instruments.epics import PVShutter

        pv = f"{self.ioc.prefix}shutter"
        return PVShutter(name, pv, f"{pv}:status", open_value="Open", close_value="Closed")

    def told(self):
        """When it was told what, in order."""
        puts = [put for put in self.ioc.puts() if put.pv.endswith("shutter")]
        return [(put.time, {"Open": "OPEN", "Closed": "CLOSE"}[put.value]) for put in puts]

    def is_closed(self):
        """Whether it was told so last."""
        return not self.told() or self.told()[-1][1] == "CLOSE"
