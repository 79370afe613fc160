"""How long axes take on their way through many positions, from their own estimates."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from obtura.contracts.devices import Movable

__all__ = ["travel_time"]

ASKED = 32
"""Distances an axis is asked about at most; what lies between is interpolated."""


def travel_time(axes: Sequence[Movable], columns: Sequence[npt.NDArray[np.float64]]) -> float:
    """Seconds of motion from here through all positions; the axes move together, at each step the slowest counts.

    `columns`: for each axis its positions, shape (npoints,), in its unit.
    """
    steps = np.zeros(len(columns[0]))
    for axis, column in zip(axes, columns, strict=True):
        steps = np.maximum(steps, _step_times(axis, column))
    return float(steps.sum())


def _step_times(axis: Movable, column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The seconds of each step, shape (npoints,), of which most scans have few different; 0 if it can't tell."""
    if not getattr(axis, "tells_time", True):
        return np.zeros(len(column))
    here = float(axis.position)
    distances = np.abs(np.diff(column, prepend=here)).round(9)
    different, which = np.unique(distances, return_inverse=True)
    asked = different
    if len(different) > ASKED:
        asked = different[np.linspace(0, len(different) - 1, ASKED).astype(int)]
    times = [float(axis.estimate(here + distance)) if distance else 0.0 for distance in asked.tolist()]
    if len(asked) < len(different):
        return np.interp(distances, asked, times)
    return np.array(times)[which]
