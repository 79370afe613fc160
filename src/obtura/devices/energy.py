"""The photon energy, and the wavelength, that a crystal reflects at its Bragg angle.

Bragg's law, first order: wavelength = 2 d sin(angle), with the distance d of the crystal's lattice planes (W. L. Bragg,
Proc. Camb. Phil. Soc. 17, 43, 1913); energy = h c / wavelength. h, c and e are exact in the SI since 2019 (CODATA
2018): h c / e = 12.398 419 843 320 keV Å.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from obtura.contracts.devices import Movable
from obtura.contracts.motion import MotionHook
from obtura.devices.arguments import choice, positive, quantity
from obtura.devices.calc_axis import CalcAxes, CalcAxis
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = [
    "HC",
    "PER_RADIAN",
    "SILICON_111",
    "EnergyAxis",
    "EnergyWavelength",
    "WavelengthAxis",
    "bragg_angle",
    "wavelength_at",
]

HC = 6.62607015e-34 * 299_792_458 / 1.602176634e-19 * 1e7
"""h c / e in keV Å: (J s) (m/s) / (J/eV) is eV m; 1 eV m = 1e-3 keV * 1e10 Å."""

SILICON_111 = 5.431020511 / math.sqrt(3)
"""Distance of the (111) planes of silicon in Å; its lattice parameter is 5.431 020 511 Å (CODATA 2018)."""

PER_RADIAN = {"deg": 180 / math.pi, "rad": 1.0, "mrad": 1e3}
"""Units of a Bragg angle: how many there are to a radian."""

_PER_KEV = {"keV": 1.0, "eV": 1e3}


def wavelength_at(angle: float, d_spacing: float) -> float:
    """The wavelength, in the unit of `d_spacing`, that is reflected at an angle in rad."""
    return 2 * d_spacing * math.sin(angle)


def bragg_angle(wavelength: float, d_spacing: float) -> float:
    """The angle, in rad, at which a wavelength, in the unit of `d_spacing`, is reflected.

    Raises:
        UsageError: there is none.
    """
    sine = wavelength / (2 * d_spacing)
    if not 0 < sine <= 1:
        raise UsageError(f"a crystal with 2 d = {quantity(2 * d_spacing)} Å has no Bragg angle for it")
    return math.asin(sine)


class _Crystal(CalcAxes):
    """A quantity that follows from the wavelength: `quantity = of_wavelength(wavelength)`, and the same backwards."""

    def __init__(self, name: str, bragg: Movable, d_spacing: Positive, per_kev: float | None) -> None:
        self._d_spacing = positive(f"{name}: d_spacing", d_spacing)
        self._per_radian = PER_RADIAN[choice(f"{name}: unit of {bragg.name}", bragg.unit or "deg", PER_RADIAN)]
        self._product = None if per_kev is None else HC * per_kev  # energy times wavelength
        super().__init__(name, {"bragg": bragg})

    def calc_from_real(self, real: Mapping[str, float]) -> Mapping[str, float]:
        """The wavelength or energy at the Bragg angle."""
        wavelength = wavelength_at(real["bragg"] / self._per_radian, self._d_spacing)
        return {"value": wavelength if self._product is None else _ratio(self._product, wavelength)}

    def calc_to_real(self, pseudo: Mapping[str, float]) -> Mapping[str, float]:
        """The Bragg angle of a wavelength or energy."""
        value = pseudo["value"]
        wavelength = value if self._product is None else _ratio(self._product, value)
        return {"bragg": bragg_angle(wavelength, self._d_spacing) * self._per_radian}


def _ratio(product: float, value: float) -> float:
    return product / value if value else math.inf


class EnergyAxis(CalcAxis):
    """The energy that a crystal reflects, as an axis: it moves `bragg`, whose unit is deg, rad or mrad.

    `d_spacing`: distance of the lattice planes in Å; silicon (111) by default. `unit`: keV or eV. Second orders and
    refraction are left out.
    """

    def __init__(
        self,
        name: str,
        bragg: Movable,
        d_spacing: Positive = SILICON_111,
        unit: Literal["keV", "eV"] = "keV",
        limits: tuple[float, float] | None = None,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        per_kev = _PER_KEV[choice(f"{name}: unit", unit, _PER_KEV)]
        crystal = _Crystal(name, bragg, d_spacing, per_kev)
        super().__init__(name, crystal, "value", unit, limits, tolerance, low_limit, high_limit, motion_hooks)


class WavelengthAxis(CalcAxis):
    """The wavelength that a crystal reflects, in Å, as an axis; see `EnergyAxis`."""

    def __init__(
        self,
        name: str,
        bragg: Movable,
        d_spacing: Positive = SILICON_111,
        limits: tuple[float, float] | None = None,
        tolerance: Positive = 1e-4,
        low_limit: float | None = None,
        high_limit: float | None = None,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        crystal = _Crystal(name, bragg, d_spacing, None)
        super().__init__(name, crystal, "value", "Å", limits, tolerance, low_limit, high_limit, motion_hooks)


class EnergyWavelength:
    """Both on one crystal, as two axes in `axes`, by name: moving one moves the other."""

    def __init__(
        self,
        name: str,
        bragg: Movable,
        d_spacing: Positive = SILICON_111,
        energy: str = "energy",
        wavelength: str = "wavelength",
        unit: Literal["keV", "eV"] = "keV",
        tolerance: Positive = 1e-4,
    ) -> None:
        self.name = name
        self.energy = EnergyAxis(energy, bragg, d_spacing, unit, tolerance=tolerance)
        self.wavelength = WavelengthAxis(wavelength, bragg, d_spacing, tolerance=tolerance)
        self.axes: Mapping[str, CalcAxis] = {axis.name: axis for axis in (self.energy, self.wavelength)}

    def __info__(self) -> str:
        return "\n".join(axis.__info__() for axis in self.axes.values())

    def __repr__(self) -> str:
        return f"EnergyWavelength({self.name!r})"
