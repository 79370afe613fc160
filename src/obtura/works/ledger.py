"""A ledger: what was begun and must be ended, on disk, so that it is known when the process is gone.

One JSON object a line, each written with one call and with a checksum. Processes may write to one file at the same
time; what a death in the middle of a write leaves, half a line, is passed over by the next. It survives the end of the
process, however that comes; after a power cut the last seconds may be missing.
"""

import contextlib
import json
import logging
import os
import socket
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from obtura.works.clock import clock

try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None  # type: ignore[assignment]

__all__ = ["Entry", "Ledger", "is_alive", "me"]

log = logging.getLogger(__name__)

LARGE = 1_000_000
"""Bytes from which on a file is written anew with what is left to be done."""


class Entry(NamedTuple):
    """Something that was begun and not ended. `time`: when (epoch, s); `facts`: what was said of it.

    `acted`: when the guard acted on it (epoch, s), 0 when it did not; `failed`: what went wrong then.
    """

    key: str
    time: float
    facts: Mapping[str, Any]
    acted: float
    failed: str
    host: str
    process: str

    @property
    def is_here(self) -> bool:
        """Whether it was on this machine."""
        return self.host == socket.gethostname()

    @property
    def is_of_the_living(self) -> bool:
        """Whether the process that began it still runs, on this machine."""
        return self.is_here and is_alive(self.process)


class Ledger:
    """A ledger in a file, which is made with the first line.

    Raises (all methods):
        OSError: the file can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0

    def begin(self, **facts: Any) -> str:
        """Write that something begins; returns the key by which it is ended."""
        self._count += 1
        key = f"{me()}.{id(self):x}.{self._count}"
        self._write({"begin": key, "time": clock.epoch(), "host": socket.gethostname(), "process": me(), **facts})
        return key

    def end(self, *keys: str) -> None:
        """Write that something was ended; with it, what was begun under the same `name`, if it has one, is ended."""
        self._write({"end": list(keys), "time": clock.epoch()})

    def guarded(self, keys: Sequence[str], failed: str) -> None:
        """Write that the guard acted on it; `failed`: what went wrong, empty when nothing did."""
        self._write({"guard": list(keys), "time": clock.epoch(), "failed": failed})

    def pending(self) -> list[Entry]:
        """What was begun and not ended, in order; what the guard acted on among it."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        found: dict[str, Entry] = {}
        for line in lines:
            if line and (said := _read(line)) is not None:
                _take(said, found)
        return list(found.values())

    def tidy(self) -> None:
        """Write the file anew when it is large: only what is left to be done stays."""
        if not self.path.exists() or self.path.stat().st_size < LARGE:
            return
        with self._alone():
            new = self.path.with_name(self.path.name + ".new")
            new.write_bytes(b"".join(map(_line, (said for entry in self.pending() for said in _told(entry)))))
            os.replace(new, self.path)

    def _write(self, said: Mapping[str, Any]) -> None:
        with self._alone() as file:
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            os.write(file, b"\n" * torn + _line(said))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """The open file, that no other process writes to meanwhile."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                if _fcntl is not None:
                    _fcntl.flock(file, _fcntl.LOCK_EX)
                if os.fstat(file).st_ino == os.stat(self.path).st_ino:  # else it was written anew just now
                    yield file
                    return
            finally:
                os.close(file)


def _line(said: Mapping[str, Any]) -> bytes:
    text = json.dumps(said)
    return json.dumps({"sum": zlib.crc32(text.encode()), "said": said}).encode() + b"\n"


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        whole = json.loads(line)
        said = whole["said"]
        if zlib.crc32(json.dumps(said).encode()) == whole["sum"]:
            return dict(said)
    except (ValueError, KeyError, TypeError):
        log.debug("no JSON: %r", line)
    log.warning("a torn line in the ledger is passed over: %r", line[:200])
    return None


def _take(said: dict[str, Any], found: dict[str, Entry]) -> None:
    time = said.pop("time", 0.0)
    if "begin" in said:
        key, host, process = (said.pop(name, "") for name in ("begin", "host", "process"))
        found[key] = Entry(key, time, said, 0.0, "", host, process)
    for key in said.get("end", ()):
        ended = found.pop(key, None)
        name = None if ended is None else ended.facts.get("name")
        for other in [each for each in found.values() if name is not None and each.facts.get("name") == name]:
            del found[other.key]
    for key in said.get("guard", ()):
        if key in found:
            found[key] = found[key]._replace(acted=time, failed=said.get("failed", ""))


def _told(entry: Entry) -> Iterator[dict[str, Any]]:
    yield {"begin": entry.key, "time": entry.time, "host": entry.host, "process": entry.process, **entry.facts}
    if entry.acted:
        yield {"guard": [entry.key], "time": entry.acted, "failed": entry.failed}


def me() -> str:
    """This process, so that a later one of the same number is not taken for it."""
    return f"{os.getpid()}-{_began(os.getpid())}"


def is_alive(process: str) -> bool:
    """Whether a process of this machine, as `me()` told it, still runs."""
    number, _, began = process.partition("-")
    try:
        os.kill(int(number), 0)
    except PermissionError:  # somebody else's
        return _began(int(number)) == began
    except (ValueError, OSError):
        return False
    return _began(int(number)) == began


def _began(number: int) -> str:
    """When a process began, in ticks since the machine did; empty where nothing tells, or when it is a zombie."""
    try:
        with open(f"/proc/{number}/stat", "rb") as file:
            state, *fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "dead" if state in (b"Z", b"X") else fields[18].decode()
