"""What persists prevails over YAML; here is told where they differ."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from obtura.contracts.settings import Setting
from obtura.session.config.config import Config
from obtura.session.config.values import references

__all__ = ["differences"]

MOVING = ("dial", "position")
"""Settings that are meant to change: YAML says only where a device begins its life."""


def differences(
    config: Config, name: str, settings: Mapping[str, Setting], silent: Collection[str] = MOVING
) -> list[str]:
    """A line for each parameter that the YAML gives and a setting overrules; none for the keys in `silent`.

    `roby: velocity 5 (settings) instead of 10 (devices/motors.yml:12)`. None is no setting: the device is as described.
    """
    described = config.describe(name)
    lines = []
    if isinstance(limits := settings.get("limits"), list):  # which may be written one by one
        settings = {**settings, "low_limit": limits[0], "high_limit": limits[1]}
    for key, setting in settings.items():
        if setting is None or key in silent or key not in described.places:
            continue
        written = described.written(key)
        if any(references(written)) or _same(setting, written):
            continue
        place = described.places[key].short.removeprefix(f"{config.directory}/")
        lines.append(f"{name}: {key} {_shown(setting)} (settings) instead of {_shown(written)} ({place})")
    return lines


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if _is_number(one) and _is_number(other):
        return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:.10g}" if _is_number(value) else str(value)
