"""The points of a mesh on their grid: also those of one that goes back and forth, or was not finished."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.ground.errors import UsageError

__all__ = ["Steps", "image", "snapped"]


class Steps(NamedTuple):
    """The positions that one axis of a mesh takes: `npoints` equidistant ones from `start` to `stop`."""

    start: float
    stop: float
    npoints: int

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """They, shape (npoints,)."""
        return np.linspace(self.start, self.stop, self.npoints)

    def nearest(self, x: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The number of the step nearest to each of the measured positions `x`, shape (npoints of the scan,)."""
        span = self.stop - self.start
        steps = (np.asarray(x, dtype=float) - self.start) / span * (self.npoints - 1) if span else np.zeros(np.shape(x))
        return np.clip(np.rint(np.nan_to_num(steps)), 0, self.npoints - 1).astype(np.intp)


def snapped(x: npt.ArrayLike, steps: Steps) -> npt.NDArray[np.float64]:
    """Each measured position as the step that it was meant to be: encoders read a little beside it."""
    return np.asarray(steps.positions[steps.nearest(x)])


def image(
    values: npt.NDArray[np.generic], axes: Sequence[npt.ArrayLike], steps: Sequence[Steps]
) -> npt.NDArray[np.float64]:
    """Values of shape (points,) as an image of shape (slowest, ..., fastest); NaN where no point was taken.

    `axes`: the measured positions of each axis, the fastest first, each of shape (points,); `steps`: what they were
    meant to be. Of several points at one place the last counts.

    Raises:
        UsageError: not the same number of axes and steps.
    """
    if len(axes) != len(steps):
        raise UsageError(f"an image needs steps for each of its {len(axes)} axes, got {len(steps)}")
    grid = np.full([one.npoints for one in reversed(steps)], np.nan)
    places: Any = tuple(one.nearest(x) for one, x in zip(reversed(steps), reversed(axes), strict=True))
    grid[places] = values
    return grid
