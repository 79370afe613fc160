"""The preset: light while a scan counts."""

from obtura.presets import AnyLevelPreset
from obtura.presets.anylevel import Say
from obtura.works.clock import clock
from obtura_lablight.light import LabLight

__all__ = ["LightPreset"]


class LightPreset(AnyLevelPreset):
    """Switches a lamp on at `power` %, waits until its light is steady, and switches it off, whatever happens."""

    def __init__(self, light: LabLight, power: float = 100.0) -> None:
        self.light = light
        self.power = power

    def set_up(self, say: Say) -> None:
        """Switch it on and wait."""
        self.light.power = self.power
        clock.sleep(self.light.warm_up)

    def put_back(self) -> None:
        """Switch it off."""
        self.light.power = 0.0
