"""A query as a counter."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.connections import Exchange
from obtura.contracts.counters import SamplingCounter, SamplingMode
from obtura.contracts.sampling import wrong_as_text
from obtura.contracts.twins import Twin
from obtura.devices.text.answers import Question
from obtura.devices.text.instrument import TextInstrument
from obtura.ground.errors import UsageError
from obtura.ground.ranges import Positive

__all__ = ["TextCounter"]


class TextCounter(SamplingCounter):
    """A counter that is the answer to a query. Those of one instrument with the same query are had by asking once.

    `pattern`, `split`, `index`, `words`, `timeout`: what in the answer matters, see `Question`; the value is that
    number times `scale` plus `offset`, in `unit`. `as_text`: it is what matters, as it stands. `mode`: what becomes of
    the readings of a point.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "counter"

    controller: TextInstrument

    def __init__(
        self,
        name: str,
        controller: TextInstrument,
        query: str,
        pattern: str | None = None,
        split: str | None = None,
        index: int | None = None,
        words: Mapping[str, float] | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        unit: str | None = None,
        timeout: Positive | None = None,
        mode: SamplingMode | None = None,
        as_text: bool = False,
    ) -> None:
        given = {"words": words, "scale": scale, "offset": offset, "as_text": as_text}
        for key, problem in wrong_as_text(given):
            raise UsageError(f"{name}: {key} {problem}")
        if not (math.isfinite(scale) and scale and math.isfinite(offset)):
            raise UsageError(f"{name}: scale must be finite and not 0, offset finite, got {scale} and {offset}")
        self.question = ask = Question(query, pattern, split, index, words, timeout)
        self.asks = query, timeout
        """What is asked, and how many s the answer has; counters with the same are had by asking once."""
        self.value_in: Callable[[str], float | str] = ask.text if as_text else ask.number
        """What an answer means, before `scale` and `offset`."""
        self.scale, self.offset = scale, offset
        straight = scale == 1.0 and offset == 0.0
        dtype = str if as_text else float
        super().__init__(name, controller, None if straight else self._in_units, mode, unit, dtype)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        for key in ("scale", "offset"):
            if not math.isfinite(given.get(key, 1.0)):
                yield key, "must be finite"
        if given.get("scale") == 0:
            yield "scale", "must not be 0"
        yield from wrong_as_text(given)
        parts = {key: given[key] for key in ("pattern", "split", "index") if key in given}
        try:
            Question("", **parts)
        except UsageError as error:
            yield str(error).partition(":")[0], str(error).partition(": ")[2]

    def check(self) -> None:
        """Raise `DeviceError` when it can't be read; one that may fail need not be: a scan goes on without it."""
        self.controller.check()
        self.controller.check_counters(self)

    def _in_units(self, raw: float) -> float:
        return raw * self.scale + self.offset

    @property
    def connection(self) -> str:
        """To whom, whether and since when it is connected."""
        return self.controller.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last over its line."""
        return self.controller.trace

    def __info__(self) -> str:
        """Its query, and how the instrument is connected."""
        return f"{super().__info__()}\n  {self.question.query}: {self.connection}"
