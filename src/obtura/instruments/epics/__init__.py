"""EPICS Channel Access: counters, shutters and axes that are PVs. The extra: `pip install 'obtura[epics]'`.

    diode = PVCounter("diode", "X:diode")
    shutter = PVShutter("shutter", "X:shutter", "X:shutter:status", open_value="Open", close_value="Closed")
    mx = PVAxis("mx", "X:axis", "X:axis:readback", done_pv="X:axis:done", stop_pv="X:axis:stop")
    connect(diode, shutter, mx)

A device begins to look for its PVs when it is made; `connect` waits for several at once. Which servers are
asked is said by EPICS_CA_ADDR_LIST and EPICS_CA_AUTO_ADDR_LIST, as with every EPICS client. When an IOC dies,
calls fail within `timeout` with a `DeviceError` that names the PV; once it is back they work again.
"""

try:
    import caproto  # noqa: F401 - first of all, for the sake of the message
except ModuleNotFoundError as error:
    if error.name != "caproto":
        raise
    raise ImportError(
        "EPICS needs the extra: pip install 'obtura[epics]' (in a checkout: pip install '.[epics]')"
    ) from error

from obtura.instruments.epics.axis import PVAxis
from obtura.instruments.epics.counter import PVCounter, PVReader
from obtura.instruments.epics.link import connect
from obtura.instruments.epics.shutter import PVShutter

__all__ = ["PVAxis", "PVCounter", "PVReader", "PVShutter", "connect"]
