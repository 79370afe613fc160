"""What outlives a session: offsets, limits, velocities, active counters, in one file for each beamline."""

import atexit
import hashlib
import json
import logging
import queue
import re
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from obtura.contracts.settings import Setting
from obtura.ground.errors import UsageError
from obtura.session.store import FORGET, Store, is_corrupt
from obtura.works.ledger import Ledger

if TYPE_CHECKING:  # a session without YAML needs no reader of YAML
    from obtura.session.config.config import Config

__all__ = ["Settings", "ledger_of", "settings_path"]

log = logging.getLogger(__name__)

GATHER = 0.1
"""Seconds for which changes are gathered before they are written: an axis may move a thousand times a second."""
RETRY = 2.0
"""Seconds until a write that failed, as on a full disk, is tried again."""


def settings_path(config: "Config") -> Path:
    """Where the settings of a beamline are: where `obtura.yml` says, else in the state directory of the account.

    By default not in the directory of the YAML, which may be read-only, or a checkout that several machines share.
    """
    if config.facts.settings is not None:
        return config.facts.settings
    where = hashlib.sha256(str(config.directory.resolve()).encode()).hexdigest()[:8]
    name = re.sub(r"[^\w.-]", "_", config.name) or "beamline"
    return Path(platformdirs.user_state_dir("obtura", appauthor=False)) / f"{name}-{where}.db"


def ledger_of(config: "Config") -> Ledger:
    """The ledger of a beamline: beside its settings."""
    return Ledger(settings_path(config).with_suffix(".ledger"))


class Settings:
    """The settings of a beamline, by the name of a device and a key. Values are what JSON has, infinities too.

    Several sessions may have one file open. `put` returns at once, what it is given is written together with what
    comes in the next 0.1 s; with `now=True` it is safe when it returns. When the file can't be written the session
    goes on, and settings are kept in memory; `say` is called with a sentence about it, on any thread, once.
    """

    def __init__(self, path: Path, say: Callable[[str], None] = log.warning) -> None:
        self.path = path
        self._say = say
        self._lock = threading.Lock()
        self._changes: deque[tuple[str, str | None, str]] = deque()  # given, not looked at yet
        self._waiting: dict[tuple[str, str | None], str] = {}  # to be written
        self._known: dict[tuple[str, str | None], str] = {}  # written by this session
        self._trouble = ""
        self._store: Store | None = None
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._awake = False
        self._thread: threading.Thread | None = None
        self._closed = False
        with self._lock:
            self._open()
        atexit.register(self.close)

    # -- what a session does ------------------------------------------------------------------------------

    def get(self, name: str) -> dict[str, Setting]:
        """What is kept for a device; nothing, if nothing is."""
        with self._lock:
            self._write()
            found = self._read(lambda store: store.read(name), {})
            if (name, FORGET) in self._waiting:
                found = {}
            found |= {
                key: value for (owner, key), value in self._waiting.items() if owner == name and key is not FORGET
            }
        return {key: value for key, text in found.items() if (value := _decoded(name, key, text)) is not _UNREADABLE}

    def put(self, name: str, key: str, value: Setting, now: bool = False) -> None:
        """Keep a value. With `now`, on return it survives the end of this process, however that comes (40 us).

        Raises:
            UsageError: JSON has no such value.
        """
        change = name, key, _encoded(name, key, value)
        if self._closed:
            log.warning("%s.%s comes too late to be kept: the settings are closed", name, key)
            return
        self._changes.append(change)
        if now:
            with self._lock:
                if self._write():
                    return
        self._rouse()

    def forget(self, name: str) -> None:
        """Keep nothing for a device any more."""
        self._changes.append((name, FORGET, ""))
        with self._lock:
            written = self._write()
        if not written:
            self._rouse()

    def names(self) -> list[str]:
        """Every device that something is kept for, sorted."""
        with self._lock:
            self._write()
            names = set(self._read(lambda store: store.names(), []))
            for owner, key in self._waiting:
                names = names - {owner} if key is FORGET else names | {owner}
        return sorted(names)

    def flush(self) -> bool:
        """Write what waits now; whether everything that was put until now is in the file."""
        with self._lock:
            return self._write()

    def close(self) -> None:
        """Write what waits, and give the file back. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._wake.put(False)
        with self._lock:
            if not self._write():
                lost = sorted(f"{name}.{key}" for name, key in self._waiting if key is not FORGET)
                self._tell(f"what was set in this session is lost ({', '.join(lost)}): {self._trouble}")
            if self._store is not None:
                self._store.close()
                self._store = None

    # -- the file; `self._lock` is held -------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._store = Store(self.path)
        except (sqlite3.Error, OSError) as error:
            self._troubled(error)
            return
        if not self._store.writable:
            self._troubled(self._store.note)
        elif self._store.note:
            self._tell(self._store.note)

    def _collect(self) -> None:
        while self._changes:
            name, key, value = self._changes[0]
            if key is FORGET:
                for kept in (self._waiting, self._known):
                    for each in [each for each in kept if each[0] == name]:
                        del kept[each]
            self._waiting.pop((name, key), None)  # so that it comes last
            self._waiting[name, key] = value
            self._changes.popleft()  # only now: Ctrl-C may come between any two lines

    def _write(self) -> bool:
        """Whether nothing waits any more."""
        self._collect()
        if not self._waiting:
            return True
        try:
            self._write_to_file()
        except (sqlite3.Error, OSError) as error:
            self._troubled(error)
            return False
        self._known |= {key: value for key, value in self._waiting.items() if key[1] is not FORGET}
        self._waiting.clear()
        if self._trouble:
            self._trouble = ""
            self._tell(f"settings are kept again in {self.path}")
        return True

    def _write_to_file(self) -> None:
        store = self._store
        if store is not None and store.writable and store.is_there:
            try:
                store.write(self._waiting)
                return
            except sqlite3.DatabaseError as error:
                if not is_corrupt(error):
                    raise
        if store is not None:
            store.close()
            self._store = None
        store = Store(self.path)
        self._store = store
        if not store.writable:
            raise OSError(store.note)
        if store.note:
            self._tell(store.note)
        store.write(self._known, replace=False)  # the file is another one: what was in the old one from here
        store.write(self._waiting)

    def _read(self, ask: Callable[[Store], Any], otherwise: Any) -> Any:
        if self._store is None:
            return otherwise
        try:
            return ask(self._store)
        except sqlite3.Error as error:
            self._troubled(error)
            return otherwise

    def _troubled(self, reason: object) -> None:
        words = str(reason)
        if not self._trouble:
            self._tell(
                f"settings can't be kept in {self.path}: {words}; until they can, they last for this session only"
            )
        self._trouble = words

    def _tell(self, words: str) -> None:
        self._say(words)

    # -- writing behind -----------------------------------------------------------------------------------

    def _rouse(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_behind, name="obtura settings", daemon=True)
            self._thread.start()
        if not self._awake:
            self._awake = True
            self._wake.put(True)

    def _write_behind(self) -> None:
        while self._wake.get():
            time.sleep(GATHER)  # the disk's time; on `clock`, a rehearsal's virtual time would move on
            self._awake = False
            written = self._written()
            while not written and not self._closed:
                time.sleep(RETRY)
                written = self._written()

    def _written(self) -> bool:
        with self._lock:
            return self._closed or self._write()


_UNREADABLE = object()


def _encoded(name: str, key: str, value: Any) -> str:
    try:
        return json.dumps(value, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{name}.{key} can't be kept, it is {value!r}: {error}") from None


def _plain(value: Any) -> Any:
    """A number of numpy's as one of Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"JSON has no {type(value).__name__}")


def _decoded(name: str, key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        log.warning("the setting %s.%s is unreadable and left out: %r", name, key, text)
        return _UNREADABLE
