"""Floor 4: what can be read off a measured curve or image. Pure functions of arrays; numpy only."""

from obtura.analysis.centre import Centre, cen, fwhm
from obtura.analysis.curve import Floats, LengthError, com, is_flat, peak, trough
from obtura.analysis.mesh import Steps, image, snapped

__all__ = [
    "Centre",
    "Floats",
    "LengthError",
    "Steps",
    "cen",
    "com",
    "fwhm",
    "image",
    "is_flat",
    "peak",
    "snapped",
    "trough",
]
