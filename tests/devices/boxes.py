"""Boxes of simulated motors, as a class for several axes."""

from obtura.devices.bliss.mockup import Mockup

ROBY = {"name": "roby", "steps_per_unit": 1000, "velocity": 10, "acceleration": 100, "unit": "mm"}


def mockup(*axes, kind=Mockup, **others):
    """A box; each of `axes` says how it differs from ROBY."""
    return kind({"name": "box", "axes": [{**ROBY, **axis} for axis in axes or ({},)], **others})
