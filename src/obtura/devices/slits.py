"""Slits: blades, and the gap between them."""

from collections.abc import Mapping, Sequence

from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.motion import MotionHook
from obtura.devices.calc_axis import CalcAxes
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = ["Slits", "blades_of", "gaps_of"]


class Slits(CalcAxes):
    """Two or four blades as gaps and offsets. The position of a blade grows as it moves out of the beam.

        hgap = front + back     hoffset = (back - front) / 2
        vgap = up + down        voffset = (up - down) / 2

    Give `front` and `back`, `up` and `down`, or all four. The axes are called `NAME_hgap`, `NAME_hoffset`,
    `NAME_vgap`, `NAME_voffset` unless they are given another name.
    """

    def __init__(
        self,
        name: str,
        front: Movable | None = None,
        back: Movable | None = None,
        up: Movable | None = None,
        down: Movable | None = None,
        hgap: str = "",
        hoffset: str = "",
        vgap: str = "",
        voffset: str = "",
        unit: str | None = None,
        tolerance: Positive = 1e-4,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        blades = {"front": front, "back": back, "up": up, "down": down}
        for tag, blade in blades.items():
            if blade is not None and not is_movable(blade):
                raise UsageError(f"{name}: {tag} must be an axis: Slits({name!r}, front=..., back=...), got {blade!r}")
        if (front is None) != (back is None) or (up is None) != (down is None) or (front is None and up is None):
            raise UsageError(f"{name}: slits have the blades front and back, up and down, or all four")
        names = {"hgap": hgap, "hoffset": hoffset} if front is not None else {}
        names |= {"vgap": vgap, "voffset": voffset} if up is not None else {}
        real = {tag: blade for tag, blade in blades.items() if blade is not None}
        units = {blade.unit for blade in real.values()}
        super().__init__(
            name,
            real,
            {tag: given or f"{name}_{tag}" for tag, given in names.items()},
            unit or (units.pop() if len(units) == 1 else None),
            tolerance,
            motion_hooks,
        )

    def calc_from_real(self, real: Mapping[str, float]) -> Mapping[str, float]:
        """Gaps and offsets of the blades' positions."""
        return gaps_of(real)

    def calc_to_real(self, pseudo: Mapping[str, float]) -> Mapping[str, float]:
        """Where the blades go."""
        return blades_of(pseudo)


def gaps_of(blades: Mapping[str, float]) -> Mapping[str, float]:
    """Gaps and offsets, for those pairs of blades that are there: by the formulas of `Slits`."""
    found = {}
    if "front" in blades:
        found["hgap"] = blades["front"] + blades["back"]
        found["hoffset"] = (blades["back"] - blades["front"]) / 2
    if "up" in blades:
        found["vgap"] = blades["up"] + blades["down"]
        found["voffset"] = (blades["up"] - blades["down"]) / 2
    return found


def blades_of(gaps: Mapping[str, float]) -> Mapping[str, float]:
    """Where the blades stand for these gaps and offsets."""
    found = {}
    if "hgap" in gaps:
        found["front"] = gaps["hgap"] / 2 - gaps["hoffset"]
        found["back"] = gaps["hgap"] / 2 + gaps["hoffset"]
    if "vgap" in gaps:
        found["up"] = gaps["vgap"] / 2 + gaps["voffset"]
        found["down"] = gaps["vgap"] / 2 - gaps["voffset"]
    return found
