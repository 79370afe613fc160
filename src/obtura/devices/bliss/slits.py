"""Slits and a crystal's energy that are described by tags."""

from collections.abc import Mapping
from typing import Any

from obtura.devices.bliss.calc import CalcController
from obtura.devices.energy import HC, PER_RADIAN, SILICON_111, bragg_angle, wavelength_at
from obtura.devices.slits import blades_of, gaps_of

__all__ = ["TaggedEnergy", "TaggedSlits"]


class TaggedSlits(CalcController):
    """Slits, as `Slits`: real axes with the tags front and back, up and down, or all four.

    The calculated ones have the tags hgap, hoffset, vgap, voffset.
    """

    def calc_from_real(self, real: Mapping[str, float]) -> Mapping[str, float]:
        """Gaps and offsets of the blades' positions."""
        return gaps_of(real)

    def calc_to_real(self, pseudo: Mapping[str, float]) -> Mapping[str, float]:
        """Where the blades go."""
        return blades_of(pseudo)


class TaggedEnergy(CalcController):
    """What a crystal reflects: the real axis has the tag monoang, the calculated ones energy (keV), wavelength (Å).

    `dspacing`: distance of the lattice planes in Å, silicon (111) by default. Bragg's law as in `EnergyAxis`.
    """

    def __init__(self, config: Any = None, *more: Any, **others: Any) -> None:
        super().__init__(config, *more, **others)
        self._d_spacing = self.config.get("dspacing", float, SILICON_111)
        self._per_radian = PER_RADIAN.get(self.real["monoang"].unit or "deg", PER_RADIAN["deg"])

    def calc_from_real(self, real: Mapping[str, float]) -> Mapping[str, float]:
        """Energy and wavelength at the angle."""
        wavelength = wavelength_at(real["monoang"] / self._per_radian, self._d_spacing)
        return {"wavelength": wavelength, "energy": HC / wavelength if wavelength else float("inf")}

    def calc_to_real(self, pseudo: Mapping[str, float]) -> Mapping[str, float]:
        """The angle of the energy or wavelength that is asked for."""
        now = self.positions()["wavelength"]
        wanted = [value if tag == "wavelength" else HC / value for tag, value in pseudo.items() if value]
        wavelength = max(wanted, key=lambda one: abs(one - now), default=now)  # the one not asked for is as it is now
        return {"monoang": bragg_angle(wavelength, self._d_spacing) * self._per_radian}
