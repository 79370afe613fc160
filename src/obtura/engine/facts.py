"""What the record says of the presets of a scan."""

import math
from collections.abc import Sequence
from typing import Any

from obtura.contracts.chain import AcquisitionChain
from obtura.engine.sources import source_of
from obtura.ground.events import PresetInfo

__all__ = ["preset_infos"]


def preset_infos(scan_presets: Sequence[Any], chain: AcquisitionChain) -> tuple[PresetInfo, ...]:
    """Name, level, branch, parameters and source of every preset."""
    tops = chain.top_masters
    infos = [_info(preset, "scan", None) for preset in scan_presets]
    for entry in chain.presets:
        branch = tops.index(entry.master) if entry.master in tops else 0
        infos.append(_info(entry.preset, "chain", branch))
    return tuple(infos)


def _info(preset: Any, level: str, branch: int | None) -> PresetInfo:
    return PresetInfo(type(preset).__name__, level, branch, _parameters(preset), source_of(type(preset)))


def _parameters(preset: Any) -> dict[str, str]:
    """The attributes of a preset that mean something on paper: plain values, and devices by their name."""
    values = getattr(preset, "__dict__", {})
    return {
        name.lstrip("_"): text
        for name, value in values.items()
        if name != "_scan" and (text := _text(value)) is not None
    }


def _text(value: Any) -> str | None:
    if isinstance(value, float):
        return f"{value:.12g}" if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return str(value)
    if isinstance(value, list | tuple) and len(value) <= 20:
        texts = [_text(item) for item in value]
        return None if None in texts else "[" + ", ".join(map(str, texts)) + "]"
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else None
