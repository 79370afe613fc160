"""Settings that are read and never written: for a look, and for simulated devices."""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from obtura.contracts.settings import Setting
from obtura.ground.errors import one_line

__all__ = ["Borrowed"]

log = logging.getLogger(__name__)


class Borrowed:
    """The settings in a file as they are now; what is set from now on is known to this session only."""

    def __init__(self, path: Path) -> None:
        self._kept: dict[str, dict[str, Setting]] = {}
        if not path.is_file():
            return
        try:
            for name, key, value in _rows(path):
                with contextlib.suppress(ValueError):  # left out, as in a session that writes
                    self._kept.setdefault(name, {})[key] = json.loads(value)
        except sqlite3.Error as error:
            log.warning("the settings in %s can't be read: %s", path, one_line(error))

    def get(self, name: str) -> dict[str, Setting]:
        """What is kept under a name."""
        return dict(self._kept.get(name, {}))

    def put(self, name: str, key: str, value: Setting, now: bool = False) -> None:
        """Know it until the session ends."""
        self._kept.setdefault(name, {})[key] = value

    def forget(self, name: str) -> None:
        """Know nothing under a name any more."""
        self._kept.pop(name, None)

    def close(self) -> None:
        """Nothing is left to write."""


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Of the file as other processes have it; where no lock can be made beside it, as it is on the disk."""
    for how in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as connection:
                yield from connection.execute("SELECT name, key, value FROM settings").fetchall()
            return
        except sqlite3.OperationalError:
            if "immutable" in how:
                raise
