"""LabLight lamps for obtura."""

from obtura_lablight.light import LabLight
from obtura_lablight.preset import LightPreset

__all__ = ["LabLight", "LightPreset"]
