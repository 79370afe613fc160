"""What can be wrong with the description of an axis although each of its numbers is right."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from obtura.devices.arguments import quantity

__all__ = ["wrong_with_axis"]


def wrong_with_axis(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of what is written for an axis: which keys are wrong, and why. Constructors refuse the same, one at a time."""
    yield from _limits(given)
    velocity = given.get("velocity")
    low, high = given.get("velocity_low_limit", 0.0), given.get("velocity_high_limit", math.inf)
    if velocity is not None and not low <= velocity <= high:
        yield "velocity", f"{quantity(velocity)} is outside of its limits, {quantity(low)} to {quantity(high)}"
    for key in ("offset", "backlash", "steps_per_unit"):
        if math.isinf(given.get(key, 1.0)):
            yield key, "must be finite"
    if given.get("steps_per_unit") == 0:
        yield "steps_per_unit", "must not be 0"


def _limits(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    ends = [key for key in ("low_limit", "high_limit") if key in given]
    if "limits" in given and ends:
        yield ends[0], "give either limits, or low_limit and high_limit"
        return
    low, high = given.get("limits", (given.get("low_limit", -math.inf), given.get("high_limit", math.inf)))
    if low > high:
        key = "limits" if "limits" in given else "low_limit"
        yield key, f"the low limit {quantity(low)} is above the high limit {quantity(high)}"
