"""How many points a scan may have: what is too many is a slip of the finger, and would only fill the memory."""

from obtura.ground.errors import UsageError

__all__ = ["MOST_POINTS", "MOST_POSITIONS", "check_points", "check_positions"]

MOST_POINTS = 1_000_000_000

MOST_POSITIONS = 10_000_000
"""Positions to go to are worked out before the scan."""


def check_points(points: float) -> None:
    """Refuse a number of points that nobody can mean.

    Raises:
        UsageError: it is above `MOST_POINTS`.
    """
    if points > MOST_POINTS:
        raise UsageError(f"{points:,} points are too many, {MOST_POINTS:,} are the most; without an end: timescan")


def check_positions(points: float) -> None:
    """Refuse more positions to go to than are good for the memory.

    Raises:
        UsageError: there are more than `MOST_POSITIONS`.
    """
    if points > MOST_POSITIONS:
        raise UsageError(f"{points:,} positions are too many, {MOST_POSITIONS:,} are the most; make several scans")
