"""What Tango's values are to a scan: numbers, names of numbers, and texts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from obtura.ground.errors import DeviceError, MisfitError

__all__ = ["bound_of", "number_of", "picked", "shown", "text_of", "unit_in", "value_of"]


SHOWN = 200
"""So many characters of an answer are shown."""

_NO_UNIT = ("", "No unit", "No standard unit")


def value_of(attribute: Any) -> Any:
    """The value of an attribute that was read, as tango.DeviceAttribute.

    Raises:
        DeviceError: its server says that it is not valid.
    """
    if not attribute.is_empty:
        return attribute.value
    if attribute.quality.name == "ATTR_INVALID":
        raise DeviceError(f"{attribute.name} has no valid value (ATTR_INVALID): its server runs, look behind it")
    return ()  # an array without an item


def picked(value: Any, index: int | None) -> Any:
    """An item of an array; of anything itself without `index`.

    Raises:
        DeviceError: there is none.
    """
    if index is None:
        return value
    try:
        return value[index]
    except (TypeError, IndexError, KeyError):
        raise MisfitError(f"it has no item {index}: it is {shown(value)}") from None


def number_of(value: Any, shape: tuple[int, ...], words: Mapping[str, float] | None = None) -> Any:
    """A number, or an array of numbers of this shape (-1: of any length); states and enums are numbers, too.

    Raises:
        DeviceError: it is none.
    """
    if not shape:
        if isinstance(value, str):
            if words is None or value not in words:
                hint = "; say with `words` what its texts stand for, or have them with as_text"
                known = f", nor one of {', '.join(words)}" if words else hint
                raise MisfitError(f"{shown(value)} is no number{known}")
            return float(words[value])
        try:
            return float(value)
        except (TypeError, ValueError):
            told = f"an array of shape {np.shape(value)}" if np.ndim(value) else shown(value)
            raise MisfitError(f"{told} is no number") from None
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise MisfitError(f"{shown(value)} is no array of numbers") from None
    if array.ndim != len(shape) or any(want not in (-1, has) for want, has in zip(shape, array.shape, strict=True)):
        raise MisfitError(f"it has the shape {array.shape}, not {shape}")
    return array


def text_of(value: Any, labels: Sequence[str] = ()) -> str:
    """A text; of a state its name, of a number that is one of an enum's, its label.

    Raises:
        DeviceError: it is none, but an array say.
    """
    if isinstance(value, str):
        return value
    if (name := getattr(value, "name", None)) is not None:  # DevState
        return str(name)
    if np.ndim(value) or not isinstance(value, int | float | np.number | np.bool_):
        told = f"an array of shape {np.shape(value)}; index says which item" if np.ndim(value) else shown(value)
        raise MisfitError(f"it is no text, but {told}")
    return labels[int(value)] if labels and 0 <= value < len(labels) else str(value)


def unit_in(config: Any) -> str | None:
    """The unit that an attribute is configured with; None for none."""
    unit = config.unit.strip()
    return None if unit in _NO_UNIT else unit


def bound_of(text: str) -> float | None:
    """A limit as Tango tells it; None for none."""
    try:
        return float(text)
    except ValueError:  # "Not specified"
        return None


def shown(answer: Any) -> str:
    """An answer as messages and traces show it."""
    if isinstance(answer, list | tuple):
        return _cut(", ".join(map(shown, answer)))
    if hasattr(answer, "has_failed"):
        return _cut(_read(answer))
    if hasattr(answer, "enum_labels"):  # a configuration
        return (
            f"{answer.name}: {answer.data_type}, {answer.unit or 'no unit'}, {answer.min_value} to {answer.max_value}"
        )
    return "" if answer is None else _cut(str(answer))


def _read(attribute: Any) -> str:
    if attribute.has_failed:
        return f"{attribute.name} failed"
    quality = attribute.quality.name.removeprefix("ATTR_")
    told = "" if quality == "VALID" else f" {quality}"
    return f"{attribute.name} = {str(attribute.value)[:SHOWN]}{told}"


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
