"""obtura in bluesky, so that both worlds share a beamline. The extra: `pip install 'obtura[ophyd]'`.

    RE(bp.scan([as_bluesky(diode, count_time=0.1)], as_bluesky(roby), 0, 1, 5))   # bluesky scans, with our devices
    RE(obtura_scan(lambda: ascan(roby, 0, 1, 5, 0.1, diode)))                     # our scan, within a plan
    scan.add_preset(PlanPreset(prepare=bps.mv(motor, 3), stop=...))               # our scan, with their plan stubs

The other way, devices of ophyd in obtura, is `obtura.instruments.ophyd`. Make the RunEngine first: then the devices of
ophyd-async of both live on its event loop.
"""

try:
    import bluesky.protocols  # noqa: F401 - first of all, for the sake of the message
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "bluesky":
        raise
    raise ImportError(
        "bluesky needs the extra: pip install 'obtura[ophyd]' (in a checkout: pip install '.[ophyd]')"
    ) from error

from obtura.bluesky.plan_preset import PlanPreset
from obtura.bluesky.scan_plan import obtura_scan
from obtura.bluesky.wrapped import as_bluesky

__all__ = ["PlanPreset", "as_bluesky", "obtura_scan"]
