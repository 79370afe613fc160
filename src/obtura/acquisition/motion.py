"""The return of axes to where they were, as the last step of a scan."""

import logging
import math
from collections.abc import Sequence

from obtura.contracts.acquisition import Effort
from obtura.contracts.devices import Movable
from obtura.contracts.together import at_rest, move_together
from obtura.contracts.turns import near
from obtura.ground.errors import DeviceError, UsageError, one_line

__all__ = ["Return", "at_rest", "move_together"]

log = logging.getLogger(__name__)


class Return:
    """The last step of a relative scan: bring axes back to `positions`, in their units."""

    def __init__(self, axes: Sequence[Movable], positions: Sequence[float]) -> None:
        self.name = f"return of {', '.join(axis.name for axis in axes)}"
        self._axes = list(axes)
        self._positions = list(positions)

    @property
    def promised(self) -> list[tuple[str, float, str | None]]:
        """Name, position and unit of each axis."""
        return [(axis.name, back, axis.unit) for axis, back in zip(self._axes, self._positions, strict=True)]

    def validate(self) -> None:
        """Refuse to return axes to where they are not any more: positions were taken when the scan was made."""
        for axis, back in zip(self._axes, self._positions, strict=True):
            if abs(near(axis, axis.position, back) - back) > 2 * (getattr(axis, "tolerance", None) or 1e-3):
                raise UsageError(
                    f"{axis.name} has moved from {back:g} to {axis.position:g} since this relative scan was made; "
                    "make the scan again"
                )

    def estimate(self) -> float:
        """The slowest axis' own estimate, in s."""
        return max(axis.estimate(back) for axis, back in zip(self._axes, self._positions, strict=True))

    def effort_of(self, method: str) -> Effort:
        """All of it is motion."""
        return Effort(motion=math.inf)

    def run(self) -> None:
        """Move back; returns when there."""
        try:
            move_together(self._axes, self._positions)
        except Exception as error:
            there = ", ".join(_said(axis, back) for axis, back in zip(self._axes, self._positions, strict=True))
            raise DeviceError(f"the return of {there} failed: {one_line(error)}; {self._stand()}") from error

    def stop(self) -> str:
        """Come to rest and say where."""
        at_rest(self._axes)
        return self._stand()

    def _stand(self) -> str:
        return ", ".join(_where(axis) for axis in self._axes)


def _said(axis: Movable, position: float) -> str:
    return f"{axis.name} to {position:g} {axis.unit or ''}".rstrip()


def _where(axis: Movable) -> str:
    try:
        return f"{axis.name} stands at {axis.position:g} {axis.unit or ''}".rstrip()
    except Exception as error:
        log.warning("%s", one_line(error), exc_info=error)
        return f"nobody knows where {axis.name} stands"
