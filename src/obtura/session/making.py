"""Making the objects of a session: what others need first, and what is dead only once."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from obtura.ground.errors import DeviceError, one_line
from obtura.session.config import Config
from obtura.session.config.values import references
from obtura.session.patience import Answer, ask_all
from obtura.works.clock import Flag
from obtura.works.lanes import SLICE

__all__ = ["Making", "Objects"]


class Objects:
    """`config`: the description of the beamline, whose `get(name)` gives any object, with the settings kept of it."""

    def __init__(self, config: Config, keep: Callable[[], None]) -> None:
        self._config = config
        self._keep = keep

    def get(self, name: str) -> Any:
        """The object of this name, made when it is asked for first; also one that is not in the session.

        Raises:
            UsageError: there is none, or it is a session or a measurement group.
            DeviceError: it, or one it needs, can't be made.
        """
        value = self._config.get(name)
        self._keep()
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._config, name)

    def __info__(self) -> str:
        return f"{self._config.name}, described in {self._config.directory}: {', '.join(self._config.names)}"


class Making:
    """One go at making objects of a description. What needs something that can't be made is not tried itself."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._done: dict[str, Flag] = {}
        self._errors: dict[str, BaseException] = {}

    def all(self, names: Iterable[str], deadline: float) -> dict[str, Answer]:
        """Make the objects, together within `deadline` s; the object or the error by name."""
        wanted = list(names)
        for name in wanted:
            self._line_up(name)
        made = ask_all({name: partial(self._make, name) for name in self._done}, deadline)
        return {name: made[name] for name in wanted}

    def _line_up(self, name: str) -> None:
        if name not in self._done:
            for need in self._needs(name):
                self._line_up(need)
            self._done[name] = Flag()

    def _needs(self, name: str) -> list[str]:
        needed = [reference.name for reference in references(self._config.describe(name).arguments)]
        return list(dict.fromkeys(needed))

    def _make(self, name: str) -> Any:
        try:
            for need in self._needs(name):
                while not self._done[need].wait(SLICE):
                    continue
                if need in self._errors:
                    raise DeviceError(f"it needs {need}: {one_line(self._errors[need])}")
            return self._config.get(name)
        except BaseException as error:
            self._errors[name] = error
            raise
        finally:
            self._done[name].set()
