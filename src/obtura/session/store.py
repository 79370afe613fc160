"""The file behind the settings: one table in SQLite, written in whole transactions.

Measured (2 cores, SSD): a commit costs 35 us with a write-ahead log that is synchronised only now and then, 1,200 us
with a journal that is rolled back. Both survive `kill -9` whole; after a power cut the log may lack the last moments,
never half a change. So the log it is, but for network file systems, where processes of two machines can't share one.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None  # type: ignore[assignment]

__all__ = ["FORGET", "Changes", "Store", "is_corrupt"]

PATIENCE = 2.0
"""Seconds to wait for another process that writes, too."""
VERSION = 1
FORGET = None
"""As the key of a change: all keys of that name are to go."""

Changes = Mapping[tuple[str, str | None], str]
"""JSON by name and key, in the order of writing."""

_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "fuse.sshfs", "afs", "ceph", "9p")
_TABLE = """CREATE TABLE IF NOT EXISTS settings (
    name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID"""


def is_corrupt(error: BaseException) -> bool:
    """Whether an error says that the file is damaged, or no database."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Store:
    """An open file of settings. Not for several threads at once.

    `note`: what was found on opening that a user has to know, or nothing. `writable`: whether it can be changed.

    Raises:
        sqlite3.Error, OSError: it can't be opened, not even for reading.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        self.writable = True
        if path.exists() and not path.is_file():
            raise OSError("this is no file")  # a pipe would be waited for without end
        try:
            self._connection = _opened(path)
        except sqlite3.OperationalError as error:
            if not path.exists():
                raise
            try:
                self._connection = _opened_to_read(path)
            except sqlite3.Error:  # nothing is in it yet: what matters is why nothing can be written
                raise error from None
            self.writable = False
            self.note = str(error)
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
            with _alone(path):
                self._connection, self.note = _replaced(path)
        self._identity = _identity(path)

    @property
    def is_there(self) -> bool:
        """Whether the path still leads to this file: another process may have moved a damaged one aside."""
        return self._identity is not None and _identity(self.path) == self._identity

    def write(self, changes: Changes, replace: bool = True) -> None:
        """Make all changes, or none; on return they survive the end of this process. `replace`: or only add."""
        how = "REPLACE" if replace else "IGNORE"
        with self._transaction():
            for (name, key), value in changes.items():
                if key is FORGET:
                    self._connection.execute("DELETE FROM settings WHERE name = ?", (name,))
                else:
                    row = (name, key, value)
                    self._connection.execute(f"INSERT OR {how} INTO settings VALUES (?, ?, ?)", row)

    def read(self, name: str) -> dict[str, str]:
        """JSON by key."""
        return dict(self._connection.execute("SELECT key, value FROM settings WHERE name = ?", (name,)).fetchall())

    def names(self) -> list[str]:
        """Every name that something is kept for."""
        return [name for (name,) in self._connection.execute("SELECT DISTINCT name FROM settings ORDER BY name")]

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _opened(path: Path) -> sqlite3.Connection:
    """Ready to be written; tried for a while, since others may be setting it up at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + PATIENCE  # the time of the disk, not of the experiment
    while True:
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _set_up(connection, path)
            return connection
        except BaseException as error:
            connection.close()
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA journal_mode = {'truncate' if _on_network(path) else 'wal'}")
    connection.execute("PRAGMA synchronous = NORMAL")
    (checked,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if checked != "ok":
        damaged = sqlite3.DatabaseError(checked)
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.OperationalError(f"it was written by a newer obtura (version {version} of the file)")
    connection.execute("BEGIN IMMEDIATE")  # refused when it can't be written
    connection.execute(_TABLE)
    if version != VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _opened_to_read(path: Path) -> sqlite3.Connection:
    """As it is on the disk; `immutable`, since a lock or a log can't be made beside it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT count(*) FROM settings").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _replaced(path: Path) -> tuple[sqlite3.Connection, str]:
    """Move a damaged file aside and begin anew, unless another process just did."""
    try:
        return _opened(path), ""
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        number = next(n for n in range(1, 10_000) if not path.with_name(f"{path.name}.damaged-{n}").exists())
        aside = path.with_name(f"{path.name}.damaged-{number}")
        os.replace(path, aside)
        for ending in ("-wal", "-shm", "-journal"):  # they belong to the damaged one
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}{ending}", f"{aside}{ending}")
        return _opened(path), f"{path} is damaged ({error}) and was moved to {aside.name}: settings begin anew"


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process at a time moves a file aside. One that hangs there is not waited for without end."""
    if _fcntl is None:
        yield
        return
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _on_network(path: Path) -> bool:
    """Whether another machine may have the same file open, as far as Linux tells."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    real, found = os.path.realpath(path), ("", "")
    for line in mounts:
        _, at, kind, *_ = [*line.split(" "), "", ""]
        if (real == at or real.startswith(at.rstrip("/") + "/")) and len(at) >= len(found[0]):
            found = at, kind
    return found[1] in _NETWORK
