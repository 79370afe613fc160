"""The regions of a pass: ranges along the way in which there are triggers, and between which there are none."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from obtura.ground.errors import UsageError

__all__ = ["Region", "regions_of", "triggers_in"]


class Region(NamedTuple):
    """From `start` to `end`, in the axis' unit, in `npoints` equal intervals."""

    start: float
    end: float
    npoints: int


def regions_of(
    name: str, start: float | Sequence[float], end: float | Sequence[float], npoints: int | Sequence[int]
) -> list[Region]:
    """The regions that somebody means with numbers, or with lists of them; `name` of the axis is for messages.

    Raises:
        UsageError: lists of different lengths, no numbers, or regions that don't follow one another.
    """
    starts, ends, counts = _listed(start), _listed(end), _listed(npoints)
    if len(counts) == 1:
        counts *= len(starts)
    if not starts or not len(starts) == len(ends) == len(counts):
        raise UsageError(
            f"{name}: start, end and npoints must be lists of one length, a place for each region; "
            f"got {len(starts)}, {len(ends)} and {len(counts)}"
        )
    for number in (*starts, *ends):
        if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
            raise UsageError(f"{name}: start and end must be finite numbers, got {number!r}")
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
            raise UsageError(f"{name}: npoints must be a whole number of at least 1, got {count!r}")
    regions = [Region(float(low), float(high), int(n)) for low, high, n in zip(starts, ends, counts, strict=True)]
    _check_order(name, regions)
    return regions


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str) else [given]


def _check_order(name: str, regions: Sequence[Region]) -> None:
    way = [edge for region in regions for edge in region[:2]]
    sense = math.copysign(1.0, way[-1] - way[0])
    for number, (here, there) in enumerate(pairwise(way)):
        if number % 2 == 0 and here == there:
            raise UsageError(f"{name}: start and end must differ, got {here:g} twice")
        if sense * (there - here) < 0:
            told = ", ".join(f"{region.start:g} to {region.end:g}" for region in regions)
            raise UsageError(f"{name}: the regions must follow one another in one direction, got {told}")


def triggers_in(regions: Sequence[Region], forth: bool) -> Iterator[tuple[float, float]]:
    """The position of each trigger on the way `forth`, or back; with the length of its interval and its sign."""
    way = regions if forth else [Region(end, start, npoints) for start, end, npoints in reversed(regions)]
    for start, end, npoints in way:
        interval = (end - start) / npoints
        for position in np.linspace(start, end, npoints + 1)[:-1].tolist():
            yield position, interval
