"""Where the records of a scan go: into the journal beside its file and, when that fails, into the local spool."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from obtura.data import journal
from obtura.data.disk import free_bytes, free_text, make_directory, saving_error
from obtura.data.journal import JournalFile, Layout
from obtura.data.layout import journal_file
from obtura.ground.errors import SavingError

__all__ = ["Safekeeping"]


class Safekeeping:
    """The journal of a scan. `say`: tells a line to whoever looks; `reserve`: bytes that stay free in the spool.

    Raises:
        SavingError: the journal can't be made.
    """

    def __init__(self, layout: Layout, image: bytes, spool: Path, reserve: int, say: Callable[[str], None]) -> None:
        self._header = journal.header(layout, image)
        self._scan = Path(layout.scan)
        self._spool = spool
        self._reserve = reserve
        self._say = say
        # Who emits writes, and holds the lock of the record; the saver moves: so nothing is said within.
        self._lock = threading.Lock()
        self._unsaid = ""
        self.moved: Path | None = None
        self._unsynced = True
        path = journal_file(self._scan)
        try:
            self._file = JournalFile(path, self._header)
        except OSError as error:
            raise saving_error("the journal of the scan can't be made", path, error) from error

    @property
    def path(self) -> Path:
        """Where records go now."""
        return self._file.path

    def write(self, items: bytes) -> None:
        """Have them safe from a kill of this process.

        Raises:
            SavingError: neither the journal nor the spool takes them.
        """
        with self._lock:
            self._unsynced = True
            try:
                self._file.write(items)
            except OSError as error:
                if self.moved is not None:
                    raise saving_error("the scan can't be written here either", self._file.path, error) from error
                self._move(str(saving_error("the disk takes no more", self._file.path, error)))
                self._file.write(items)
        if self._unsaid:
            self._tell()

    def move(self, why: str) -> None:
        """Go on in the spool.

        Raises:
            SavingError: that is not possible.
        """
        with self._lock:
            if self.moved is None:
                self._move(why)
        self._tell()

    def _tell(self) -> None:
        """Say where the scan goes on, once."""
        if self._unsaid:
            words, self._unsaid = self._unsaid, ""
            self._say(words)

    def _move(self, why: str) -> None:
        name = hashlib.sha256(str(self._scan).encode()).hexdigest()[:8]
        path = self._spool / f"{name}-{self._scan.stem}.journal"
        try:
            make_directory(self._spool)
            if free_bytes(self._spool) < self._reserve:
                raise SavingError(f"and {self._spool} has no room ({free_text(self._spool)})")
            there = JournalFile(path, self._header)
        except (OSError, SavingError) as error:
            raise SavingError(f"{why}; nothing can be kept elsewhere: {error}") from error
        try:
            self._file.sync()
        except OSError:  # a disk that fails may lose what it has taken last
            with suppress(OSError):  # then recovery puts the parts together, when that disk is back
                there.take_over(self._file)
        self._file.close()
        self._file, self.moved = there, path
        home = self._scan.parent
        self._unsaid = f"!!! {why}; the scan goes on in {path}. When there is room again: obtura recover {home}.h5\n"

    def sync(self) -> None:
        """Have it on the disk itself, for the case of a power cut.

        Raises:
            SavingError: neither disk can.
        """
        with self._lock:
            file, needed = self._file, self._unsynced
            self._unsynced = False
        if not needed:
            return
        try:
            file.sync()
        except OSError as error:
            self.move(str(saving_error("can't be written", file.path, error)))

    def has_room(self) -> bool:
        """Whether the spool has, when the scan goes on there."""
        return self.moved is None or free_bytes(self._spool) >= self._reserve // 2

    def close(self) -> None:
        """Let go of the file; it stays."""
        with self._lock:
            self._file.close()
