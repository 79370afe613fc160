"""Ready-made presets. The level is where they are added; `per_point=True` has them act at each point."""

from obtura.presets.anylevel import AnyLevelPreset
from obtura.presets.cover import DetectorCoverPreset
from obtura.presets.multiplexer import MultiplexerPreset
from obtura.presets.protect import ProtectPreset
from obtura.presets.shutter import ShutterPreset
from obtura.presets.wait_for_beam import WaitForBeam
from obtura.presets.wait_for_refill import WaitForRefill

__all__ = [
    "AnyLevelPreset",
    "DetectorCoverPreset",
    "MultiplexerPreset",
    "ProtectPreset",
    "ShutterPreset",
    "WaitForBeam",
    "WaitForRefill",
]
