"""What an axis shows of itself at the prompt."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from obtura.contracts.devices import Movable
from obtura.devices.arguments import quantity
from obtura.ground.errors import DeviceError, one_line

if TYPE_CHECKING:  # for annotations only: an axis shows itself by this
    from obtura.devices.axis import Axis

__all__ = ["axis_info", "safely", "stands"]


def axis_info(axis: "Axis") -> str:
    """Everything about an axis, a line each; what can't be asked for says why."""
    lines = [(label, safely(text)) for label, text in _lines(axis)]
    width = max(len(label) for label, _ in lines)
    return "\n".join([f"axis {axis.name}", *(f"  {label.ljust(width)}  {text}" for label, text in lines)])


def _lines(axis: "Axis") -> Iterator[tuple[str, Callable[[], str]]]:
    unit, per = axis.unit, axis.unit or "unit"
    yield "position", lambda: quantity(axis.position, unit)
    yield "dial", lambda: f"{quantity(axis.dial, unit)} (offset {quantity(axis.offset, unit)}, sign {axis.sign})"
    if (encoder := axis.encoder) is not None:
        yield "measured", lambda: f"{quantity(axis.measured_position, unit)} (encoder {encoder.name})"
    yield "state", lambda: str(axis.state)
    yield "limits", lambda: _range(axis.limits, unit)
    yield "dial limits", lambda: _range(axis.dial_limits, unit)
    if math.isfinite(axis.velocity):
        yield "velocity", lambda: f"{quantity(axis.velocity)} {per}/s"
    if math.isfinite(axis.acceleration):
        acceleration = f"{quantity(axis.acceleration)} {per}/s^2"
        yield "acceleration", lambda: f"{acceleration} ({quantity(axis.acctime)} s to full velocity)"
    if axis.backlash:
        yield "backlash", lambda: quantity(axis.backlash, unit)
    yield "tolerance", lambda: quantity(axis.tolerance, unit)
    if axis.steps_per_unit != 1:
        yield "steps", lambda: f"{quantity(axis.steps_per_unit)} per {per}"
    if axis.motion_hooks:
        names = ", ".join(getattr(hook, "name", type(hook).__name__) for hook in axis.motion_hooks)
        yield "motion hooks", lambda: names
    if axis.real_axes:
        yield "made of", lambda: ", ".join(real.name for real in axis.real_axes)


def _range(limits: tuple[float, float], unit: str | None) -> str:
    return f"{quantity(limits[0])} to {quantity(limits[1], unit)}"


def stands(axis: Movable) -> str:
    """Where an axis stands, or why nobody knows."""
    return safely(lambda: quantity(axis.position, axis.unit))


def safely(text: Callable[[], str]) -> str:
    """The text, or the error of the device in its place."""
    try:
        return text()
    except DeviceError as error:
        return f"!ERR: {one_line(error)}"
