"""One writer at a time: a lock file beside the master, held for the length of a scan.

HDF5's own locks can't do this: the master is replaced, not written, and a viewer that holds a file for
reading must not stop a scan. The lock is the system's (`flock`), so that it ends with the process, however
that ends; the text in the file only tells others whom to ask. A process may hold it for several scans, one in
a hook of another.

Windows has no `flock`: there a second writer is not noticed.
"""

import getpass
import json
import os
import socket
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from obtura.data.disk import reason
from obtura.data.layout import lock_file
from obtura.ground.errors import SavingError
from obtura.works.clock import clock

try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None  # type: ignore[assignment]

__all__ = ["Holder", "account", "holder", "release", "scans_here", "take"]

TRIES = 50
PAUSE = 0.02
"""`obtura ls` looks at the lock by taking it for an instant, and another scan may be just ending: for a second it is
tried again (s).
"""


class Holder(NamedTuple):
    """Who writes: a process, and the scans it writes."""

    user: str
    host: str
    pid: int
    scans: tuple[int, ...]

    def __str__(self) -> str:
        scans = ", ".join(map(str, self.scans))
        return f"{self.user}@{self.host} (pid {self.pid}, scan {scans})"


class _Held:
    """A lock of this process. The scans are a list: each one adds its number and takes it away again."""

    def __init__(self, descriptor: int | None) -> None:
        self.descriptor = descriptor
        self.scans: list[int] = []

    def sign(self) -> None:
        """Write down who and what; when the disk is full the lock holds without a signature."""
        if self.descriptor is None:
            return
        signature = Holder(account(), socket.gethostname(), os.getpid(), tuple(self.scans))
        with suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, json.dumps(signature._asdict()).encode(), 0)


_registry = threading.Lock()
_held: dict[Path, _Held] = {}


@cache
def account() -> str:
    """The name of the account this process runs under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without /etc/passwd
        return str(os.getuid()) if hasattr(os, "getuid") else "somebody"


def take(master: Path, scan: int) -> Path:
    """Become the writer of `master`; again, when this process is it already.

    Returns where it is now, by which it is to be released: it may be reached by a link that leads elsewhere later.

    Raises:
        SavingError: another process writes, or the directory allows no file to be made.
    """
    key = Path(os.path.realpath(master))
    with _registry:
        if key not in _held:
            _held[key] = _Held(None if _fcntl is None else _grab(key))
        _held[key].scans.append(scan)
        _held[key].sign()
    return key


def release(key: Path, scan: int) -> None:
    """Give back what `take` gave for this scan; nothing happens when it gave nothing."""
    with _registry:
        held = _held.get(key)
        if held is None or scan not in held.scans:
            return
        held.scans.remove(scan)
        if held.scans:
            held.sign()
            return
        del _held[key]
        if held.descriptor is None:
            return
        # Removed while it is still locked: who opened it meanwhile finds that it has lost its name.
        with suppress(OSError):
            lock_file(key).unlink()
        os.close(held.descriptor)


def scans_here(key: Path) -> tuple[int, ...]:
    """The scans that this process writes now below what `take` gave."""
    with _registry:
        held = _held.get(key)
        return () if held is None else tuple(held.scans)


def holder(master: Path) -> Holder | None:
    """Who writes `master` now, in this process or another one; None when nobody does, or nobody can tell."""
    if _fcntl is None:
        return None
    try:
        descriptor = os.open(lock_file(Path(os.path.realpath(master))), os.O_RDONLY)
    except OSError:  # none there, or not ours to look into
        return None
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(descriptor)
    except OSError:  # a file system without locks: nobody could write there
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def _grab(master: Path) -> int:
    """The descriptor of the lock file, locked."""
    path = lock_file(master)
    somebody = None
    for _ in range(TRIES):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise SavingError(
                f"{path.parent}: no file can be made here ({reason(error)}); "
                "choose another directory: SCAN_SAVING.base_path"
            ) from error
        try:
            _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            if _is(descriptor, path):
                return descriptor
        except BlockingIOError:
            somebody = _signature(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise SavingError(
                f"{path}: can't be locked, and without a lock nothing is saved: {reason(error)}"
            ) from error
        os.close(descriptor)
        clock.sleep(PAUSE)
    raise SavingError(
        f"{master} is being written by {somebody or 'somebody'}; wait until that is done, "
        "or save to another file: SCAN_SAVING.data_filename"
    )


def _is(descriptor: int, path: Path) -> bool:
    """Whether a locked file still has its name: the one who had the lock may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _signature(descriptor: int) -> Holder:
    try:
        parts = json.loads(os.pread(descriptor, 4096, 0))
        return Holder(parts["user"], parts["host"], parts["pid"], tuple(parts["scans"]))
    except (ValueError, KeyError, TypeError):  # it is being signed just now
        return Holder("somebody", "an unknown host", 0, ())


def _forget() -> None:
    """In a forked child: the lock is the parent's, and must end with it."""
    global _registry
    _registry = threading.Lock()
    for held in _held.values():
        if held.descriptor is not None:
            os.close(held.descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
