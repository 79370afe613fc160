"""Keeping settings: each device gets back what the store has of it, and each change goes into the store."""

import functools
import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeGuard

from obtura.contracts.settings import OnSetting, Setting
from obtura.ground.errors import ObturaError, one_line

__all__ = ["Keeper", "Keeps", "SettingsStore", "is_persistent"]

log = logging.getLogger(__name__)


class SettingsStore(Protocol):
    """Where settings are: `obtura.session.settings.Settings`."""

    def get(self, name: str) -> Mapping[str, Setting]:
        """What is kept under a name."""

    def put(self, name: str, key: str, value: Setting, now: bool = False) -> None:
        """Keep one value; with `now` it is safe on return."""

    def forget(self, name: str) -> None:
        """Keep nothing under a name any more."""

    def close(self) -> None:
        """Write what is left to write."""


class Keeps(Protocol):
    """What can be kept; see `Persistent`. The name under which it is kept is the keeper's."""

    def settings(self) -> Mapping[str, Setting]:
        """The present values."""

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over earlier ones."""

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell of every change."""


def is_persistent(thing: object) -> TypeGuard[Keeps]:
    """Whether it has settings to keep. Its class is asked: properties may talk to the hardware."""
    return all(callable(getattr(type(thing), method, None)) for method in ("settings", "restore", "on_setting"))


class Keeper:
    """Puts back and keeps the settings of a session's devices. `store` None: nothing is kept.

    Each change is written at once and alone: what another session changed meanwhile is not written over.
    """

    def __init__(self, store: SettingsStore | None = None) -> None:
        self._store = store
        self._kept: dict[str, Keeps] = {}
        self._failed = False

    def keep(self, name: str, thing: object, written: Iterable[str] = ()) -> list[str]:
        """Give `thing` back what is kept under `name`, and keep its changes from now on.

        Returns what is to be told: what the thing says itself (`notices()`), else a line for each of the attributes
        `written` in the YAML that is different now.
        """
        if self._store is None or not is_persistent(thing):
            return []
        if (former := self._kept.get(name)) is not None:
            former.on_setting(None)
        before = {key: getattr(thing, key, None) for key in written}
        kept = self._store.get(name)
        lines: list[str] = []
        try:
            if kept:
                thing.restore(kept)
        except Exception as error:
            log.error("what was kept of %s can't be taken over", name, exc_info=error)
            lines = [f"{name} is as configured, for what was kept of it can't be: {one_line(error)}"]
        thing.on_setting(functools.partial(self._put, name))
        self._kept[name] = thing
        if lines or not kept:
            return lines
        if callable(notices := getattr(thing, "notices", None)):
            return list(notices())
        return [
            f"{name.rpartition(':')[2]}: {key} is {now!r}, as it was left; the configuration says {was!r}"
            for key, was in before.items()
            if (now := getattr(thing, key, None)) != was
        ]

    def forget(self, name: str) -> None:
        """Keep no more what was set: next time the YAML holds."""
        if self._store is not None:
            self._store.forget(name)

    def close(self) -> None:
        """Note no further change, and let the store go."""
        for thing in self._kept.values():
            thing.on_setting(None)
        self._kept.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _put(self, name: str, key: str, value: Setting) -> None:
        if self._store is None:
            return
        try:
            self._store.put(name, key, value, now=True)  # that a move begins must be known even after kill -9
        except (ObturaError, OSError) as error:  # a move must not fail for it
            log.error("%s of %s can't be kept: %s", key, name, one_line(error))
            if not self._failed:
                self._failed = True
                print(f"!!! settings can't be kept: {one_line(error)}", file=sys.stderr)
