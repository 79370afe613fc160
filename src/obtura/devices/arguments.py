"""Arguments of devices: numbers that are numbers, names that exist."""

import difflib
import math
from collections.abc import Iterable
from numbers import Real
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["choice", "number", "positive", "quantity"]


def number(what: str, value: Any) -> float:
    """`value` as a float; `what` it is begins the message. Infinite is a number, NaN is none.

    Raises:
        UsageError: text, None, a truth value, an array, NaN.
    """
    if type(value) is not float and (isinstance(value, bool) or not isinstance(value, Real)):
        raise UsageError(f"{what} must be a number, got {value!r}")
    result = float(value)
    if math.isnan(result):
        raise UsageError(f"{what} must be a number, got nan")
    return result


def positive(what: str, value: Any) -> float:
    """`value` as a float greater than 0; it may be infinite.

    Raises:
        UsageError: it is not.
    """
    result = number(what, value)
    if result <= 0:
        raise UsageError(f"{what} must be greater than 0, got {quantity(result)}")
    return result


def choice(what: str, value: Any, known: Iterable[str]) -> str:
    """`value` if it is one of `known`.

    Raises:
        UsageError: it is not; the message lists what is known and what was probably meant.
    """
    names = list(known)
    if isinstance(value, str) and value in names:
        return value
    lowered = {name.lower(): name for name in names}
    close = difflib.get_close_matches(str(value).lower(), lowered, n=1)
    hint = f": did you mean {lowered[close[0]]!r}?" if close else ""
    raise UsageError(f"{what} {value!r} is not known{hint} (known: {', '.join(names) or 'none'})")


def quantity(value: float, unit: str | None = None) -> str:
    """A number as it is read, with its unit: `12.5 mm`."""
    return f"{value:.10g} {unit}" if unit else f"{value:.10g}"
