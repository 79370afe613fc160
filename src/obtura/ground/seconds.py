"""What may be a time that somebody has for something."""

import math
from typing import Any

__all__ = ["is_time"]


def is_time(value: Any) -> bool:
    """Whether it is a finite number above 0, so that it can be a time in s."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return False
    try:
        return math.isfinite(float(value)) and float(value) > 0
    except (TypeError, ValueError):
        return False
