"""Units of measurement: is one known, do two measure the same, what is the unit of a formula.

Units are plain strings all over obtura. The registry behind them, pint, takes half a second to load: so it is loaded
when a question can't be answered without, and never for the units that everybody uses.
"""

import difflib
import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obtura.ground.errors import UsageError
from obtura.ground.expression import CONSTANTS, Expression

__all__ = ["are_compatible", "check_unit", "convert", "unit_of"]

_USUAL = """
    % 1/s A C GHz GPa Hz K L/min MHz MPa N Pa T V W adu angstrom bar count counts cps cts cts/s count/s
    counts/s deg deg/s degC eV fs g h kHz kPa kV keV kg kW l/min m m/s mA mG mT mV mW mbar meV min mm mm/s mm/s^2
    mm^2 mrad ms nA nm ns pA photons ph/s pixel ps px rad rpm s step steps uA um um/s urad us µA µm µrad µs °C
"""
_COMMON = frozenset(_USUAL.split())
"""Known without asking pint; a test asks it for each of these."""

_OURS = (
    "photon = count = ph",
    "cts = count",
    "adu = count = ADU",
    "step = count = steps",
    "arbitrary_unit = count = arb",
    "@alias angstrom = Angstrom",
)
"""What instruments count in, and pint does not know, or takes for something else: cts would be carats."""

_ALIKE = {"+", "-", "<", "<=", ">", ">=", "==", "!=", "%", "//", "min", "max", "hypot", "clip", "arctan2", "atan2"}
_ANGLES = {"acos", "arccos", "arcsin", "arctan", "arctan2", "asin", "atan", "atan2"}
_PURE = {"cos", "cosh", "degrees", "exp", "log", "log10", "log1p", "log2", "radians", "sin", "sinh", "tan", "tanh"}
_PURE |= _ANGLES - {"arctan2", "atan2"}
_TRUTHS = {"<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "isnan", "isfinite", "sign"}


@functools.cache
def _registry() -> Any:
    pint = importlib.import_module("pint")  # 0.6 s, and most sessions never need it
    registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in _OURS:
        registry.define(definition)
    return registry


@functools.cache
def _unit(text: str) -> Any:
    """The unit of a text, as pint has it; None when there is none."""
    for written, meant in (("a.u.", "arbitrary_unit"), ("²", "**2"), ("³", "**3")):
        text = text.replace(written, meant)
    try:
        return _registry().parse_units(text)
    except Exception:  # noqa: BLE001 - pint raises whatever its parser trips over; the answer is the same
        return None


def check_unit(what: str, unit: str | None) -> None:
    """Refuse a unit that nobody knows; None and "" are none at all. `what` has it begins the message.

    Raises:
        UsageError: it is not known; the message says what was probably meant.
    """
    if not unit or unit in _COMMON or _unit(unit) is not None:
        return
    known = [name for name in dir(_registry()) if not name.startswith("_")]
    close = difflib.get_close_matches(unit, sorted(_COMMON), n=1) or difflib.get_close_matches(unit, known, n=1)
    hint = f": did you mean {close[0]!r}?" if close else ""
    raise UsageError(f"{what}: unit {unit!r} is not known{hint}")


def are_compatible(one: str | None, other: str | None) -> bool:
    """Whether two units measure the same, as mm and um do; no unit is as good as a pure number's."""
    if one == other:
        return True
    first, second = _unit(one or ""), _unit(other or "")
    return first is not None and second is not None and bool(first.is_compatible_with(second))


def convert(value: Any, unit: str | None, to: str | None) -> Any:
    """`value`, a number or an array, in another unit: `convert(1.5, "mm", "um")` is 1500.

    Raises:
        UsageError: a unit is not known, or they don't measure the same.
    """
    if unit == to:
        return value
    for each in (unit, to):
        check_unit("convert", each)
    if not are_compatible(unit, to):
        raise UsageError(f"{unit or 'a pure number'} can't be converted to {to or 'a pure number'}")
    return _registry().Quantity(value, _unit(unit or "")).to(_unit(to or "")).magnitude


def unit_of(
    expression: Expression, units: Mapping[str, str | None], constants: Mapping[str, float] = CONSTANTS
) -> str | None:
    """The unit of a formula, from those of its inputs; None when it can't be told.

    Numbers that are written in a formula, and `constants`, take the unit of what they are added to or compared with.
    An input without a unit is a pure number.

    Raises:
        UsageError: it adds or compares what does not measure the same.
    """
    if not any(units.values()):
        return None
    found = expression.walk(_Units(expression.text, units, {**CONSTANTS, **constants}))
    return None if found is None or isinstance(found, float) else f"{found:~C}" or None


class _Units:
    """An algebra of units: pint's; None for one that can't be told; a number of the formula stays a number."""

    def __init__(self, text: str, units: Mapping[str, str | None], constants: Mapping[str, float]) -> None:
        self._text = text
        self._units = units
        self._constants = {name: float(value) for name, value in constants.items()}

    def number(self, value: float) -> Any:
        return value

    def name(self, name: str) -> Any:
        return _unit(self._units[name] or "") if name in self._units else self._constants.get(name)

    def part(self, whole: Any, chosen: slice | int) -> Any:
        return whole

    def apply(self, sign: str, function: Callable[..., Any], parts: Sequence[Any]) -> Any:
        pure = _unit("")
        if all(isinstance(part, float) for part in parts):
            return float(function(*parts))
        if sign in ("*", "/"):
            one, two = (pure if isinstance(part, float) else part for part in parts)
            return None if None in (one, two) else one * two if sign == "*" else one / two
        if sign in ("**", "sqrt"):
            base, power = (*parts, 0.5)[:2]
            return base**power if isinstance(power, float) and base is not None else None
        if sign == "where" or (sign in _ALIKE and len(parts) > 1):
            alike = self._alike(sign, parts[1:] if sign == "where" else parts)
            return pure if sign in _TRUTHS | _ANGLES else alike
        if sign in _PURE:
            self._check_pure(sign, parts[0])
        return pure if sign in _TRUTHS | _PURE else parts[0]

    def _alike(self, sign: str, parts: Sequence[Any]) -> Any:
        told = [part for part in parts if part is not None and not isinstance(part, float)]
        for other in told[1:]:
            if not told[0].is_compatible_with(other):
                one, two = (f"{unit:~C}" or "a pure number" for unit in (told[0], other))
                raise UsageError(f"{self._text!r}: {sign} of {one} and {two}, which do not measure the same")
        return told[0] if told else None

    def _check_pure(self, sign: str, part: Any) -> None:
        if part is not None and not part.is_compatible_with(_unit("")):
            raise UsageError(f"{self._text!r}: {sign} of {part:~C}, which is no pure number")
