"""A preset for any level: where it is added says when it acts."""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.contracts.safety import SafeAction
from obtura.ground.errors import UsageError

__all__ = ["AnyLevelPreset", "Say", "Switch", "require"]


class Say(Protocol):
    """Shows a line where the scan is shown."""

    def __call__(self, text: str, end: str = "\n") -> None:
        """Show `text`; `end="\\r"` has the next line take its place."""


class Switch:
    """An attribute that is True or False and nothing else: "no" would be true."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, preset: Any, owner: type | None = None) -> bool:
        return False if preset is None else bool(vars(preset).get(self._name, False))

    def __set__(self, preset: Any, value: bool) -> None:
        if not isinstance(value, bool):
            raise UsageError(f"{type(preset).__name__}: {self._name} must be True or False, got {value!r}")
        vars(preset)[self._name] = value


class AnyLevelPreset(ScanPreset, ChainPreset):
    """Sets the environment around a whole scan, around a branch of it, or around each point.

    `scan.add_preset(p)`: around the scan. `scan.acq_chain.add_preset(p)`: around what one top-master does;
    with `per_point` around each of its points. Override `set_up`, `begin` and `put_back`: they are called on
    the thread that called `scan.run()`, once per scan or per point, and may block.
    """

    per_point = Switch()
    safety = Switch()
    """Whether `safety_action` is done, too, when this process dies."""

    def safety_action(self) -> SafeAction:
        """What another process has to do to leave everything safe; asked for before `set_up`, once per scan.

        Raises:
            UsageError: no other process can do it.
        """
        raise UsageError(f"{type(self).__name__} does not say what leaves its device safe")

    def set_up(self, say: Say) -> None:
        """Nothing is prepared; a step motor moves after this. If it raises, `put_back` is still called."""

    def begin(self, say: Say) -> None:
        """All is prepared and nothing moves; counting begins after this."""

    def put_back(self) -> None:
        """Counting is over. Called exactly once if `set_up` was begun; no Ctrl-C interrupts it."""

    def check_scan_level(self) -> None:
        """A scan has no points of its own: `per_point` is for a chain."""
        if self.per_point:
            name = type(self).__name__
            raise UsageError(f"{name}(per_point=True) acts at each point: scan.acq_chain.add_preset({name}(...))")

    def prepare(self, where: Any) -> None:
        """Set up, unless that is done for each point."""
        if not self.per_point:
            self.set_up(where.say)

    def start(self, where: Any) -> None:
        """Begin, unless that is done for each point."""
        if not self.per_point:
            self.begin(where.say)

    def stop(self, where: Any) -> None:
        """Put back, unless that is done for each point."""
        if not self.per_point:
            self.put_back()

    def get_iterator(self, acq_chain: Any) -> Iterable[ChainIterationPreset] | None:
        """With `per_point`, the hooks around each point."""
        return self._points(acq_chain.say) if self.per_point else None

    def _points(self, say: Say) -> Iterator[ChainIterationPreset]:
        # Messages and times name the class of what is called: let that be this preset.
        kind = type(type(self).__name__, (_Point,), {})
        point = kind(self, say)
        while True:
            yield point


class _Point(ChainIterationPreset):
    def __init__(self, preset: AnyLevelPreset, say: Say) -> None:
        self._preset = preset
        self._say = say

    def prepare(self) -> None:
        self._preset.set_up(self._say)

    def start(self) -> None:
        self._preset.begin(self._say)

    def stop(self) -> None:
        self._preset.put_back()


def require(owner: object, what: str, given: object, *methods: str) -> None:
    """Check that `given` is an object with these methods, as `what` it is meant to be has.

    Raises:
        UsageError: it has not; the message names what was given.
    """
    wanted = f"{type(owner).__name__} needs {what} with {', '.join(f'{method}()' for method in methods)}"
    if inspect.isclass(given):
        raise UsageError(f"{wanted}; {given.__name__} is a class: give an object, add the brackets")
    missing = [method for method in methods if not callable(getattr(given, method, None))]
    if missing:
        raise UsageError(f"{wanted}; {given!r} has no {' and no '.join(f'{each}()' for each in missing)}")
