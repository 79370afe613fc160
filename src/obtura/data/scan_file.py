"""A scan's own file: made whole, then appended to and overwritten while readers look on (HDF5's SWMR mode).

Three rules keep readers and the interpreter whole:

- Every object exists before SWMR begins; from then on columns grow and what was filled in is overwritten.
- The FILE is flushed, not single datasets: only then does a killed process leave a file that reads whole.
- After a write has failed, closing fails too, keeps what it holds, and takes the interpreter along at its
  exit. Such a file is let go of (`abandon`): on disk it stays as after a crash.
"""

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import h5py

from obtura.data.columns import Rows
from obtura.data.common import own_version
from obtura.data.disk import saving_error, sync
from obtura.data.entry import Entry
from obtura.data.tree import attribute
from obtura.ground.errors import SavingError
from obtura.ground.events import HookLeft, Points, ScanBegan, ScanEnded

__all__ = ["FORMAT", "ScanFile"]

FORMAT = ("v110", "v110")
"""The oldest format that has SWMR: readable with every HDF5 from 1.10 on. "latest" would ask for the newest."""


class ScanFile:
    """The file of a running scan, ready to receive. `zero`: the clock's time (s) at the scan's start_time.

    Raises:
        SavingError: it exists already, or can't be made; then there is no file.
    """

    def __init__(self, path: Path, began: ScanBegan, zero: float) -> None:
        self.path = path
        self.points = 0  # complete ones of the first branch that are safe
        self.is_behind = False  # something was received that is not written
        self._claim()
        # Made under another name: until SWMR begins HDF5 fails when a viewer that waits for new files locks this one.
        hidden = path if os.name == "nt" else path.with_name(f".{path.name}.new")
        self._file: Any = None
        try:
            self._build(began, zero, hidden)
            if hidden != path:
                os.replace(hidden, path)
        except BaseException as error:
            self.abandon()
            for each in (hidden, path):
                each.unlink(missing_ok=True)
            if isinstance(error, SavingError) or not isinstance(error, Exception):
                raise
            raise saving_error("can't make this file", path, error) from error

    def _claim(self) -> None:
        """Have the name for oneself."""
        try:
            self.path.touch(exist_ok=False)
        except FileExistsError as error:
            raise SavingError(
                f"{self.path} exists already: another process has saved a scan of this number; run the scan again"
            ) from error
        except OSError as error:
            raise saving_error("can't make this file", self.path, error) from error

    def _build(self, began: ScanBegan, zero: float, path: Path) -> None:
        image = io.BytesIO()  # made in memory: then a full disk shows in a write of ours, not inside of HDF5
        with h5py.File(image, "w", libver=FORMAT) as model:
            self._build_entries(model.id, began, zero)
        path.write_bytes(image.getbuffer())
        self._file = h5py.File(path, "r+", libver=FORMAT, locking="best-effort")
        self._common.attach(self._file.id)
        for column in self._columns.values():
            column.attach(self._file.id)
        self._file.swmr_mode = True

    def _build_entries(self, root: Any, began: ScanBegan, zero: float) -> None:
        attribute(root, "NX_class", "NXroot")
        attribute(root, "creator", "obtura")
        attribute(root, "creator_version", own_version())
        self.entries = [Entry(root, began, 0, zero)]
        for branch in range(1, len(began.branches)):
            self.entries.append(Entry(root, began, branch, zero, self.entries[0].common))
        attribute(root, "default", self.entries[0].name)
        self._common = self.entries[0].common
        self._columns = {index: column for entry in self.entries for index, column in entry.columns.items()}
        self._rows = [Rows(entry.rows) for entry in self.entries]
        self._others = [column for entry in self.entries for column in entry.others]
        self._others += self._common.hooks.columns

    @property
    def is_open(self) -> bool:
        """Whether it still has to be closed."""
        return bool(self._file)

    @property
    def is_lost(self) -> bool:
        """Whether somebody removed the file, or put another one in its place: what is written goes nowhere."""
        try:
            there = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        return not os.path.samestat(there, os.fstat(self._file.id.get_vfd_handle()))

    def take(self, event: Points | HookLeft) -> None:
        """Receive points or a hook call; nothing is written yet."""
        self.is_behind = True
        if isinstance(event, HookLeft):
            self._common.hooks.take(event)
            return
        column = self._columns[event.channel]
        if event.first != column.received:
            raise SavingError(
                f"channel {column.name}: point {event.first} came where {column.received} was expected; "
                "this is an error in obtura"
            )
        column.take(event.values)

    def write(self) -> None:
        """Write and flush what was received: complete rows only, so that readers find columns of one length."""
        for rows in self._rows:
            rows.write()
        self._write_others_and_flush()

    def finish(self, ended: ScanEnded) -> None:
        """Write all the rest, close, and return when it is on disk."""
        for rows in self._rows:
            rows.finish()
        self._write_others_and_flush()
        self._common.end(ended)
        self._file.flush()
        self._common.say_why(ended)  # a viewer that sees why it ended sees all the rest, too
        self._file.flush()
        self._file.close()
        sync(self.path)
        sync(self.path.parent)

    def _write_others_and_flush(self) -> None:
        for column in self._others:
            column.write(column.received)
        self._file.flush()
        self.is_behind = False
        self.points = min((column.written for column in self.entries[0].rows), default=0)

    def abandon(self) -> None:
        """Close without touching the disk: what HDF5 still wants to write goes nowhere.

        After one failed write HDF5 can neither flush nor close any more.
        """
        if not self._file:
            return
        descriptor = self._file.id.get_vfd_handle()
        with _nowhere(os.fstat(descriptor).st_size) as sink:
            os.dup2(sink.fileno(), descriptor, inheritable=False)
        try:
            self._file.close()
        except (OSError, RuntimeError):
            # a flush that failed left HDF5's list of what is unwritten half made; the failed close has ended that
            self._file.close()


def _nowhere(size: int) -> BinaryIO:
    """A file on no disk that takes the place of one of `size` bytes."""
    if sys.platform == "linux":
        sink: BinaryIO = os.fdopen(os.memfd_create("obtura"), "r+b")
    else:
        sink = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        sink.truncate(2 * size + 2**30)  # HDF5 may lengthen it
    except OSError:  # files may have a greatest size; the null device takes all, but can't be lengthened
        sink.close()
        return open(os.devnull, "r+b")
    return sink
