"""EPICS: counters, shutters and axes that are PVs, by Channel Access or PV Access.

Extras: `pip install 'obtura[epics]'` for Channel Access, `'obtura[pva]'` for PV Access. The name of a PV says by which
of them it is found: `X:diode` and `ca://X:diode` by Channel Access, `pva://X:diode` by PV Access.

    diode = PVCounter("diode", "X:diode")
    shutter = PVShutter("shutter", "X:shutter", "X:shutter:status", open_value="Open", close_value="Closed")
    mx = PVAxis("mx", "X:axis", "X:axis:readback", done_pv="X:axis:done", stop_pv="X:axis:stop")
    connect(diode, shutter, mx)

A device begins to look for its PVs when it is made; `connect` waits for several at once. Which servers are asked is
said by EPICS_CA_ADDR_LIST and EPICS_CA_AUTO_ADDR_LIST, or EPICS_PVA_ADDR_LIST and its like, as with every EPICS client.
When an IOC dies, calls fail within `timeout` with a `DeviceError` that names the PV; once it is back they work again.
"""

from obtura.instruments.epics.axis import PVAxis
from obtura.instruments.epics.counter import PVCounter, PVReader
from obtura.instruments.epics.detector import AreaDetector
from obtura.instruments.epics.linked import connect
from obtura.instruments.epics.motor import MotorRecord
from obtura.instruments.epics.multiplexer import PVMultiplexer, PVOutput
from obtura.instruments.epics.shutter import PVShutter

__all__ = [
    "AreaDetector",
    "MotorRecord",
    "PVAxis",
    "PVCounter",
    "PVMultiplexer",
    "PVOutput",
    "PVReader",
    "PVShutter",
    "connect",
]
