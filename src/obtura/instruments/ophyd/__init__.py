"""Devices of ophyd and ophyd-async as devices of obtura. The extra: `pip install 'obtura[ophyd]'`.

    mx = OphydAxis("mx", "ophyd:EpicsMotor", prefix="X:m1")
    stage = OphydDevice("stage", "ophyd_async.sim:SimStage")     # each hinted key that it reads is a counter
    sx = OphydAxis("sx", device=stage, part="x")
    det = OphydDetector("det", a_detector_that_is_made_already)
    cam = OphydCamera("cam", "ophyd_async.sim:SimBlobDetector")  # writes its frames itself

What a device can do is told by the protocols of bluesky that it has, not by its class: a Movable is an axis or a
shutter, a Readable has counters, a Triggerable is a detector, a Flyable is the master of a scan. A device of
ophyd-async is connected, and lives, on one event loop: bluesky's where there is a RunEngine already, else one of
obtura's own. Devices are connected when they are first needed; one that is down fails each call within its `timeout`
with a `DeviceError`, and works once it is back.

The way back, obtura in bluesky, is `obtura.bluesky`.
"""

import importlib
from typing import TYPE_CHECKING, Any

try:
    import bluesky.protocols  # noqa: F401 - first of all, for the sake of the message
    import event_model  # noqa: F401
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("bluesky", "event_model"):
        raise
    raise ImportError(
        "ophyd devices need the extra: pip install 'obtura[ophyd]' (in a checkout: pip install '.[ophyd]')"
    ) from error

if TYPE_CHECKING:
    from obtura.instruments.ophyd.axis import OphydAxis
    from obtura.instruments.ophyd.camera import OphydCamera
    from obtura.instruments.ophyd.counter import OphydCounter, OphydDevice
    from obtura.instruments.ophyd.detector import OphydDetector
    from obtura.instruments.ophyd.flyer import OphydFlyer
    from obtura.instruments.ophyd.flying import OphydFlyerMaster
    from obtura.instruments.ophyd.paths import ScanPathProvider
    from obtura.instruments.ophyd.shutter import OphydShutter

__all__ = [
    "OphydAxis",
    "OphydCamera",
    "OphydCounter",
    "OphydDetector",
    "OphydDevice",
    "OphydFlyer",
    "OphydFlyerMaster",
    "OphydShutter",
    "ScanPathProvider",
]

_HOMES = {
    "OphydAxis": "axis",
    "OphydCamera": "camera",
    "OphydCounter": "counter",
    "OphydDetector": "detector",
    "OphydDevice": "counter",
    "OphydFlyer": "flyer",
    "OphydFlyerMaster": "flying",
    "OphydShutter": "shutter",
    "ScanPathProvider": "paths",
}
"""Imported when first asked for: the process that closes a shutter when this one has died waits for none of them."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
