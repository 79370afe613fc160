"""What becomes of the readings of a point."""

import difflib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["SamplingMode", "check_mode_of_text", "wrong_as_text"]


class SamplingMode(IntEnum):
    """What a sampling counter makes of the readings of a point.

    MEAN: their mean. STATS: the mean, and channels NAME_N, _std, _var, _min, _max, _p2v. SAMPLES: the mean, and a
    channel NAME_samples with every reading. SINGLE: the first one. LAST: the last one. INTEGRATE: the mean times the
    count time. INTEGRATE_STATS: as STATS, times the count time. Texts have no mean: of them SINGLE and LAST only.
    """

    MEAN = 1
    STATS = 2
    SAMPLES = 3
    SINGLE = 4
    LAST = 5
    INTEGRATE = 6
    INTEGRATE_STATS = 7

    @classmethod
    def _missing_(cls, value: object) -> "SamplingMode":
        """Modes can be called by name: `SamplingMode("STATS")`."""
        names = cls.__members__
        if isinstance(value, str) and value.upper() in names:
            return names[value.upper()]
        close = difflib.get_close_matches(str(value).upper(), names, n=1)
        hint = f": did you mean {close[0]}?" if close else ""
        raise UsageError(f"sampling mode {value!r} is not known{hint} (known: {', '.join(names)})")


_OF_TEXTS = (SamplingMode.SINGLE, SamplingMode.LAST)


def check_mode_of_text(name: str, mode: SamplingMode) -> None:
    """Raise `UsageError` when a counter of texts can't have this mode."""
    if mode not in _OF_TEXTS:
        raise UsageError(f"{name} gives text, which has no mean: its mode must be SINGLE or LAST, not {mode.name}")


def wrong_as_text(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which of the arguments of a counter make no sense with its `as_text`, and why."""
    usual = {"words": None, "scale": 1.0, "offset": 0.0, "shape": ()}
    if given.get("as_text"):
        for key, value in usual.items():
            if given.get(key) and given[key] != value:
                yield key, "is for numbers; it can't be given with as_text"
        if _needs_mean(given.get("mode")):
            yield "mode", "has no meaning for texts; with as_text it must be SINGLE or LAST"


def _needs_mean(mode: Any) -> bool:
    """Whether it is a mode that texts can't have; what is none is told elsewhere."""
    try:
        return mode is not None and SamplingMode(mode) not in _OF_TEXTS
    except UsageError:
        return False
