"""Presets: hooks that set the environment for a scan, at three levels.

Whatever happens, a preset whose `prepare` was begun gets its `stop` exactly once. Every hook runs on the thread
that called `scan.run()`, one at a time; presets of one level in the order in which they were added, on the way
out in reverse. A hook may block and may move motors: the scan waits, Ctrl-C works. A hook may be `async def`.
"""

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from obtura.contracts.called import refuse_generators
from obtura.ground.errors import ScanStateError, UsageError
from obtura.ground.seconds import is_time

if TYPE_CHECKING:  # for annotations only: the chain imports this module
    from obtura.contracts.chain import AcquisitionChain

__all__ = ["ChainIterationPreset", "ChainPreset", "DataCallback", "PresetScan", "ScanPreset", "check_preset"]

DataCallback = Callable[[Any, str, npt.NDArray[np.generic]], object]
"""`callback(counter, channel_name, data)`; `data` has shape (n, *channel shape): the new points only."""


class PresetScan(Protocol):
    """What a preset is given of the scan it runs in; `obtura.Scan` is all of it."""

    @property
    def name(self) -> str:
        """The scan's name, e.g. `loopscan`."""

    @property
    def acq_chain(self) -> "AcquisitionChain":
        """What triggers what."""

    def say(self, text: str, end: str = "\n") -> None:
        """Show a line where the scan is shown, in true order with rows; nothing where nobody looks."""

    def connect_data(self, preset: object, counters: Sequence[object], callback: DataCallback) -> None:
        """Have `callback` called with the new points of `counters`, until `preset` is stopped."""


class ScanPreset:
    """Hooks around a whole scan. Override at least one; `super().__init__()` need not be called."""

    safety: bool = False
    """Whether `safety_action()` is done by another process when this one dies while the preset is entered."""

    _scan: PresetScan | None = None  # set by the engine while the preset is entered

    @property
    def acq_chain(self) -> "AcquisitionChain | None":
        """The chain of the scan this preset is entered in, else None."""
        return self._scan.acq_chain if self._scan is not None else None

    def check_scan_level(self) -> None:
        """Raise `UsageError` when this object, as it is set, makes no sense around a whole scan.

        Called by `scan.add_preset`.
        """

    def prepare(self, scan: Any) -> None:
        """Set up the environment; no device of the scan is prepared yet.

        Called once per scan, on the thread that called `scan.run()`. May block and may move motors.
        If it raises, the scan fails and `stop` is still called, for this preset and every one entered before.
        """

    def start(self, scan: Any) -> None:
        """The devices are prepared for the first point and none is started yet.

        Called once per scan, on the thread that called `scan.run()`. May block and may move motors.
        If it raises, the scan fails and everything entered is left.
        """

    def pause(self, scan: Any) -> None:
        """The scan pauses: every branch stands between two points. Make safe what need not stay as it is for long.

        Called for each `scan.pause()` when `start` was called, on the thread that called `scan.run()`; may block and
        may move motors. If it raises, the scan fails. Iteration presets need none: all of them are left by then.
        """

    def resume(self, scan: Any) -> None:
        """The scan goes on: undo what `pause` did. Not called when the scan ends instead; then `stop` follows."""

    def stop(self, scan: Any) -> None:
        """Put the environment back; every device is stopped.

        Called exactly once if `prepare` was begun, also after an error or Ctrl-C, which never interrupts it.
        If it raises, the scan fails and the other presets' `stop` still run.
        """

    def connect_data_channels(self, counters: Sequence[object], callback: DataCallback) -> None:
        """Have `callback(counter, channel_name, data)` called with the new points of `counters`.

        Call it in `prepare` or `start`; as often as you like. `counters` may be counters, controllers or axes;
        those that are not in the scan are skipped. The callback runs on the thread that emits, one at a time in
        a scan, never during this preset's `stop`. If it raises, the scan ends with that error.

        Raises:
            ScanStateError: the preset is not entered in a scan.
        """
        if self._scan is None:
            raise ScanStateError(
                f"{type(self).__name__}.connect_data_channels: no scan is running with this preset; "
                "call it in prepare() or start()"
            )
        self._scan.connect_data(self, counters, callback)


class ChainPreset:
    """Hooks around one top-master of the chain. Override at least one; `super().__init__()` need not be called."""

    safety: bool = False
    """As of a `ScanPreset`."""

    def get_iterator(self, acq_chain: Any) -> "Iterable[ChainIterationPreset] | None":
        """Give one `ChainIterationPreset` per iteration of the top-master, usually as a generator.

        Called once, after this preset's `prepare`. Exhausted early: the scan goes on without. It is closed just
        before this preset's `stop`. If it raises or yields something else, the scan fails and names this preset.
        """
        return None

    def prepare(self, acq_chain: Any) -> None:
        """Set up the environment; no device of this branch is prepared yet.

        Called once per scan, on the thread that called `scan.run()`. May block and may move motors.
        If it raises, the scan fails and `stop` is still called.
        """

    def start(self, acq_chain: Any) -> None:
        """The devices of this branch are prepared for the first point and none is started yet.

        Called once per scan, on the thread that called `scan.run()`. May block and may move motors.
        """

    @property
    def retakes(self) -> bool:
        """Whether it may have a point taken again: if it overrides `retake`. Looked at once, before anything moves."""
        return type(self).retake is not ChainPreset.retake

    def retake(self, acq_chain: Any) -> str | None:
        """Say why the point that was just taken has to be taken again; None or "": it is good.

        Called after each point, before the iteration presets' `stop`, on the thread that called `scan.run()`. May
        block. If any preset gives a reason, the same iteration presets are left and prepared again, and the devices are
        prepared again, a step motor at the same position; no iterator is advanced. What was measured is no data.
        """
        return None

    def pause(self, acq_chain: Any) -> None:
        """The scan pauses: every branch stands between two points. See `ScanPreset.pause`."""

    def resume(self, acq_chain: Any) -> None:
        """The scan goes on: undo what `pause` did. Not called when the scan ends instead; then `stop` follows."""

    def before_stop(self, acq_chain: Any) -> None:
        """The last point is taken; the devices of this branch are not stopped yet.

        Called exactly once if `prepare` was begun, also after an error or Ctrl-C, which never interrupts it.
        """

    def stop(self, acq_chain: Any) -> None:
        """Put the environment back; the devices of this branch are stopped.

        Called exactly once if `prepare` was begun, also after an error or Ctrl-C, which never interrupts it.
        """


class ChainIterationPreset:
    """Hooks around one iteration of a top-master; yielded by `ChainPreset.get_iterator`."""

    safety: bool = False
    """As of a `ScanPreset`."""

    def prepare(self) -> None:
        """Before the devices of this iteration are prepared; a step motor moves after this.

        Called on the thread that called `scan.run()`. May block and may move motors. If it raises, the scan
        fails and `stop` is still called.
        """

    def start(self) -> None:
        """After the devices are prepared, before they are started: nothing of the scan moves now.

        Called on the thread that called `scan.run()`. May block.
        """

    def stop(self) -> None:
        """The devices started in this iteration are ready and their data emitted, or the scan is being left.

        Called exactly once if `prepare` was begun, also after an error or Ctrl-C, which never interrupts it.
        """


_HOOKS = ("prepare", "start", "pause", "resume", "retake", "before_stop", "stop", "get_iterator")


def check_preset(preset: object, kind: type) -> str | None:
    """Check that `preset` is a `kind`, overrides a hook and that its hooks take the right arguments.

    Returns a warning for names that nearly are a hook, else None.

    Raises:
        UsageError: it is none.
    """
    hooks = [name for name in _HOOKS if hasattr(kind, name)]
    if not isinstance(preset, kind):
        raise UsageError(f"Expected {kind.__name__} instance, got {preset!r}{_hint(preset, kind)}")
    cls = type(preset)
    if not isinstance(preset, ChainPreset) and (hasattr(cls, "retake") or hasattr(cls, "retakes")):
        raise UsageError(
            f"{cls.__name__}.retake is never called: only a ChainPreset may have a point taken again; "
            "have it in that one, e.g. in the one whose get_iterator() gives this"
        )
    if all(getattr(cls, name) is getattr(kind, name) for name in hooks):
        near = _near_miss(cls, kind, hooks)
        raise UsageError(
            f"{cls.__name__} overrides no hook of {kind.__name__} ({', '.join(hooks)})" + (f"; {near}" if near else "")
        )
    for name in hooks:
        _check_arity(preset, kind, name)
    if getattr(preset, "safety", False) and not callable(getattr(preset, "safety_action", None)):
        raise UsageError(f"{cls.__name__} has safety = True, so it needs safety_action(): what leaves its device safe")
    if not is_time(deadline := getattr(preset, "deadline", 1.0)):
        raise UsageError(f"{cls.__name__}.deadline must be a number of seconds above 0, got {deadline!r}")
    refuse_generators(preset, (name for name in hooks if name != "get_iterator"), "stop")
    return _near_miss(cls, kind, hooks)


def _hint(preset: object, kind: type) -> str:
    """What to do with an object that is no preset of this kind, in brackets."""
    if inspect.isclass(preset) and issubclass(preset, kind):
        return " (give an object: add the brackets)"
    if isinstance(preset, ChainIterationPreset) and kind is not ChainIterationPreset:
        return " (it is for one point: give it in get_iterator() of a ChainPreset, and add that one)"
    if isinstance(preset, ChainPreset) and kind is ScanPreset:
        return " (it is for a chain: scan.acq_chain.add_preset)"
    if isinstance(preset, ScanPreset) and kind is ChainPreset:
        return " (it is for a whole scan: scan.add_preset)"
    return ""


def _check_arity(preset: object, kind: type, name: str) -> None:
    arguments = _arguments(kind, name)
    hook = getattr(preset, name)
    try:
        if inspect.ismethod(hook):
            _bind(hook.__func__, arguments + 1)
        else:
            inspect.signature(hook).bind(*range(arguments))
    except TypeError as error:
        expected = ["self", "scan" if kind is ScanPreset else "acq_chain"][: arguments + 1]
        raise UsageError(f"{type(preset).__name__}.{name} must be called as {name}({', '.join(expected)})") from error


@functools.lru_cache(256)
def _bind(function: Callable[..., Any], arguments: int) -> None:
    """Once for each function: a scan checks all its presets, and signatures are slow."""
    inspect.signature(function).bind(*range(arguments))


@functools.cache
def _arguments(kind: type, name: str) -> int:
    return len(inspect.signature(getattr(kind, name)).parameters) - 1


def _near_miss(cls: type, kind: type, hooks: list[str]) -> str | None:
    own = [name for name in vars(cls) if not name.startswith("_") and not hasattr(kind, name)]
    for name in own:
        if callable(getattr(cls, name)) and (close := difflib.get_close_matches(name, hooks, n=1, cutoff=0.8)):
            return f"{cls.__name__}.{name} is never called: did you mean {close[0]}?"
    return None
