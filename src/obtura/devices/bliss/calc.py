"""Calculated axes in the manner of BLISS: real axes have the tag `real TAG`, calculated ones a tag of their own."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.motion import MotionHook
from obtura.devices.bliss.config import StaticConfig, description_in
from obtura.devices.bliss.methods import add_axis_method, own_methods
from obtura.devices.bliss.words import InTheirWords
from obtura.devices.calc_axis import CalcAxes, CalcAxis
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = ["CalcController", "PseudoAxis"]


class CalcController(CalcAxes):
    """What a controller of calculated axes is derived from: override `calc_from_real` and `calc_to_real`.

    `axes` of what is said of it: `{"name": axis, "tags": "real front"}` for each real one, and for calculated ones a
    name and their tag. `pseudos`, `reals`: the axes; `config`: all that was said.
    """

    yaml_members: ClassVar = {"axes": ("calc", "PseudoAxis")}

    def __init__(self, config: Any = None, *more: Any, **others: Any) -> None:
        found = description_in((config, *more)) | others
        self.config = StaticConfig(found)
        name = str(found.get("name") or type(self).__name__)
        real: dict[str, Movable] = {}
        calculated: list[dict[str, Any]] = []
        for said in found.get("axes", ()):
            axis, tag, is_real = _read(name, said)
            if is_real and not is_movable(axis):
                raise UsageError(f"{name}: the real axis {tag} must be an axis, got {axis!r}")
            if is_real:
                real[tag] = axis
            else:
                calculated.append(dict(said))
        super().__init__(name, real)
        self._began = False
        self._every_tag: set[str] | None = None
        for said in calculated:
            PseudoAxis(**said, calc=self)

    def initialize(self) -> None:
        """Called once, before its first calculated axis."""

    def initialize_axis(self, axis: Any) -> None:
        """Called once for each calculated axis."""

    def adopt(self, tag: str, axis: CalcAxis) -> None:
        """A new calculated axis of it: called by that."""
        super().adopt(tag, axis)
        if not self._began:
            self.initialize()
            self._began = True

    def _real_targets(self, targets: Mapping[Any, float], others: Mapping[str, float]) -> dict[Movable, float]:
        """Tags that no axis has, as those that a session leaves out, stay where they are."""
        if self._every_tag is None:
            self._every_tag = set(self.positions())
        if self._every_tag - self.tags.keys():
            others = {**self.positions(), **others}
        return super()._real_targets(targets, others)

    @property
    def pseudos(self) -> list[CalcAxis]:
        """The calculated axes."""
        return list(self.tags.values())

    @property
    def reals(self) -> list[Movable]:
        """The axes they are made of."""
        return list(self.real.values())

    @property
    def _tagged(self) -> Mapping[str, Sequence[Any]]:
        """The axes by tag, in lists, as modules written for BLISS look them up."""
        by_tag: dict[str, list[Any]] = {"real": self.reals}
        for tag, axis in {**self.real, **self.tags}.items():
            by_tag[tag] = [axis]
        return by_tag

    def _axis_tag(self, axis: Any) -> str:
        return next(tag for tag, other in {**self.real, **self.tags}.items() if other is axis)

    def get_axis(self, name: str) -> CalcAxis:
        """A calculated axis by name.

        Raises:
            UsageError: it has none of that name.
        """
        if name not in self.axes:
            raise UsageError(f"{self.name} has no axis {name!r} ({', '.join(self.axes) or 'none'})")
        return self.axes[name]


class PseudoAxis(InTheirWords, CalcAxis):
    """One calculated axis of a `CalcController`: the one with the tag `tags`.

    Other keys are for the controller, which finds them in `axis.config`.
    """

    def __init__(
        self,
        name: str,
        calc: CalcController,
        tags: str,
        unit: str | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        tolerance: Positive = 1e-4,
        motion_hooks: Sequence[MotionHook] = (),
        **config: Any,
    ) -> None:
        self.controller = calc
        self._description = StaticConfig({"name": name, "tags": tags, "unit": unit, **config})
        super().__init__(name, calc, tags, unit, None, tolerance, low_limit, high_limit, motion_hooks)
        for method in own_methods(calc):
            add_axis_method(self, getattr(calc, method), method)
        calc.initialize_axis(self)

    @property
    def config(self) -> StaticConfig:
        """Everything that was said of it."""
        return self._description


def _read(name: str, said: Any) -> tuple[Any, str, bool]:
    """Axis or name, tag, and whether it is a real one."""
    if not isinstance(said, Mapping) or "name" not in said or not isinstance(said.get("tags"), str):
        raise UsageError(f"{name}: an axis of it has a name and tags, as `tags: real front`, got {said!r}")
    words = str(said["tags"]).split()
    if len(words) > 2 or not words or (len(words) == 2 and words[0] != "real"):
        raise UsageError(f"{name}: tags of {said['name']} are `real TAG` for a real axis, else `TAG`: {said['tags']!r}")
    return said["name"], words[-1], len(words) == 2
