"""The hooks of the preset under test, recorded: which one runs, for how long each did, what its iterator yields."""

import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset, check_preset
from obtura.testing.recorded import Recorder, recorded
from obtura.testing.recording import Recording
from obtura.testing.stepped import Stepped
from obtura.works.clock import clock

__all__ = ["LEVELS", "Hooks", "overridden"]

LEVELS = {"scan": ScanPreset, "chain": ChainPreset, "point": ChainIterationPreset}
HOOKS = ("prepare", "start", "before_stop", "stop", "get_iterator")


class Hooks(Recorder):
    """Records the hooks of the preset under test, knows which one runs, and for how long each did."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None)
        self.running: list[str] = []
        self.seconds: dict[str, list[float]] = {}
        self.blocked: dict[str, float] = {}
        """For each async hook the longest time, in s, for which it kept the loop from going on."""
        self.names = {name}
        """Those of the preset, and of what its iterator yields."""

    def call(self, method: str, body: Callable[[], Any]) -> Any:
        if self.recording is None:
            return body()
        return self.recording.call(f"{self.name}.{method}", lambda: self.timed(f"{self.name}.{method}", body))

    def timed(self, name: str, body: Callable[[], Any]) -> Any:
        """Run a hook."""
        began = clock.time() + time.perf_counter()
        self.running.append(name)
        try:
            result = body()
        finally:
            self.running.remove(name)
            self.seconds.setdefault(name, []).append(clock.time() + time.perf_counter() - began)
        return _Iterator(self, iter(result)) if name.endswith(".get_iterator") and result is not None else result

    async def call_async(self, method: str, body: Callable[[], Any]) -> Any:
        name = f"{self.name}.{method}"
        return await self.recording.call_async(name, lambda: self._timed_async(name, body)) if self.recording else None

    async def _timed_async(self, name: str, body: Callable[[], Any]) -> Any:
        began = clock.time() + time.perf_counter()
        self.running.append(name)
        try:
            await Stepped(body(), lambda seconds: self._blocked(name, seconds))
        finally:
            self.running.remove(name)
            self.seconds.setdefault(name, []).append(clock.time() + time.perf_counter() - began)

    def _blocked(self, name: str, seconds: float) -> None:
        self.blocked[name] = max(seconds, self.blocked.get(name, 0.0))

    def of_point(self, preset: Any) -> Any:
        """Record a preset that the iterator yielded."""
        if isinstance(preset, ChainIterationPreset) and not getattr(type(preset), "_is_recorded", False):
            check_preset(preset, ChainIterationPreset)
            inner = _Inner(self, type(preset).__name__)
            self.names.add(inner.name)
            recorded(preset, None, names=overridden(preset, ChainIterationPreset), recorder=inner)
        return preset


class _Inner(Hooks):
    """Of an iteration preset: the recording and the times are those of the chain preset."""

    def __init__(self, outer: Hooks, name: str) -> None:
        self._outer = outer
        self.name = name
        self.running, self.seconds, self.names = outer.running, outer.seconds, outer.names
        self.blocked = outer.blocked

    @property
    def recording(self) -> Recording | None:  # type: ignore[override]
        return self._outer.recording


class _Iterator:
    """The iterator of a chain preset, each `next` a call."""

    END = object()

    def __init__(self, hooks: Hooks, given: Iterator[Any]) -> None:
        self._hooks = hooks
        self._given = given

    def __iter__(self) -> "_Iterator":
        return self

    def __next__(self) -> Any:
        item = self._hooks.call("next", lambda: next(self._given, self.END))
        if item is self.END:
            raise StopIteration
        return self._hooks.of_point(item)

    def close(self) -> None:
        """Close it, if it can be."""
        if hasattr(self._given, "close"):
            self._given.close()


def overridden(preset: Any, kind: type) -> list[str]:
    """The hooks that a preset overrides."""
    defaults = [vars(contract).get(name) for contract in LEVELS.values() for name in HOOKS]
    return [
        name
        for name in HOOKS
        if hasattr(kind, name) and inspect.getattr_static(type(preset), name, None) not in defaults
    ]
