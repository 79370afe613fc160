"""The numbers of scans: each is given once in a directory, whichever of its files the scan goes into.

.scan_numbers     beside the masters: the last number that was given; locked while the next one is taken

So two sessions that save into one directory never give the same number, also at the same time. Where no file can be
made or locked only this process is counted: the scan itself is refused there when it begins.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from obtura.data.disk import saving_error
from obtura.data.layout import SUFFIX, entry_name, highest_scan_file, numbers_file, scan_directory, scan_file
from obtura.data.master import has_entry, highest_entry
from obtura.ground.errors import SavingError

try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None  # type: ignore[assignment]

__all__ = ["forget", "next_number"]

PATIENCE = 5.0
PAUSE = 0.005
"""Real seconds: another process holds the lock for less than one, unless it is stopped."""

_WIDTH = 20

_numbering = threading.Lock()
_given: dict[Path, int] = {}
"""The last number given out in this process, per directory: a scan that never got a file keeps its number."""


def next_number(master: Path) -> int:
    """A number that no scan in the directory of `master` has: one more than any of its files, or than any given.

    Where the last one was given by this process nobody looks through all files: there may be 10^4 of them.

    Raises:
        SavingError: the master is none of ours, the directory can't be read, or another process doesn't let go.
    """
    directory = Path(os.path.realpath(master.parent))
    with _numbering, _opened(directory) as descriptor:
        try:
            last, ours = _read(descriptor), _given.get(directory, 0)
            number = ours + 1
            if last != ours or not _is_free(master, number):
                given = _highest_in(directory) if last is None else last
                number = 1 + max(given, highest_scan_file(master), highest_entry(master), ours)
        except OSError as error:
            raise saving_error("can't look for the scans so far", scan_directory(master), error) from error
        _given[directory] = number
        _write(descriptor, number)
        return number


def _is_free(master: Path, number: int) -> bool:
    """Whether no scan of a master has a number; somebody may have put files there."""
    return not scan_file(master, number).exists() and not has_entry(master, entry_name(number, 0))


def forget(master: Path) -> None:
    """Numbers that were given out for nothing are given again: the next follows the last scan that has a file."""
    directory = Path(os.path.realpath(master.parent))
    with _numbering, _opened(directory) as descriptor:
        _given.pop(directory, None)
        if descriptor is not None:
            os.ftruncate(descriptor, 0)


def _highest_in(directory: Path) -> int:
    """The highest number of all scans in a directory, whatever the names of their masters."""
    masters = [path for path in directory.glob(f"*{SUFFIX}") if scan_directory(path).is_dir()]
    return max((max(highest_scan_file(path), _entries(path)) for path in masters), default=0)


def _entries(master: Path) -> int:
    try:
        return highest_entry(master)
    except SavingError:  # not ours, or damaged: whoever saves into it is told
        return 0


@contextmanager
def _opened(directory: Path) -> Iterator[int | None]:
    """The file with the numbers, locked; None where there can be none."""
    descriptor = _locked(directory)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(directory: Path) -> int | None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(numbers_file(directory), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:  # the saver says it, when the scan begins
        return None
    try:
        _lock(descriptor, directory)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError):  # a file system without locks: nothing is saved there
            return None
        raise
    return descriptor


def _lock(descriptor: int, directory: Path) -> None:
    if _fcntl is None:
        return
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise SavingError(
                    f"{numbers_file(directory)} is locked by another process for {PATIENCE:g} s, "
                    "so no number can be taken for the scan; is a session stopped there?"
                ) from None
        time.sleep(PAUSE)


def _read(descriptor: int | None) -> int | None:
    """The last number given; None: nobody knows."""
    if descriptor is None:
        return None
    text = os.pread(descriptor, _WIDTH, 0)
    return int(text) if len(text) == _WIDTH and text.strip().isdigit() else None


def _write(descriptor: int | None, number: int) -> None:
    if descriptor is not None:
        with suppress(OSError):  # the disk is full: the saver refuses to begin
            os.pwrite(descriptor, f"{number:{_WIDTH - 1}}\n".encode(), 0)
