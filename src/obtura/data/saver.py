"""The saver: reads a scan's record and writes it into the scan's file, live."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from obtura.contracts.consumers import Consumer, Say
from obtura.data import lock
from obtura.data.disk import free_bytes, free_text, make_directory, saving_error
from obtura.data.layout import scan_directory, scan_file
from obtura.data.master import add_links
from obtura.data.saving import ScanSaving
from obtura.data.scan_file import ScanFile
from obtura.ground.errors import SavingError
from obtura.ground.events import Event, HookLeft, Points, ScanBegan, ScanEnded
from obtura.works.clock import clock

__all__ = ["RESERVE", "HDF5Saver"]

RESERVE = 50_000_000
"""Bytes that are left free on a disk: with less no scan begins, and with half of it a running one ends."""

SHARE = 10
LONGEST_PAUSE = 0.1
"""Writing takes one part in `SHARE` of the time, more when the pauses (s) between writes would become longer."""


class HDF5Saver(Consumer):
    """Saves a scan below the master file that `scan_saving` names; see `layout`, `entry` for what comes out.

    A reader that opens the scan's file with `h5py.File(path, swmr=True)`, also through the master, may stay
    attached to the running scan. `reserve`: the free space (bytes) it asks for.
    """

    name = "HDF5 saver"
    essential = True

    def __init__(self, scan_saving: ScanSaving, reserve: int = RESERVE) -> None:
        self._saving = scan_saving
        self._reserve = reserve
        self._master: Path | None = None
        self._number = 0
        self._file: ScanFile | None = None
        self._linked = False
        self._ended: ScanEnded | None = None
        self._failed: SavingError | None = None
        self._broken = False
        self._due = 0.0

    def open(self, began: ScanBegan, say: Say) -> None:
        """Become the writer and have the scan's file ready.

        Raises:
            UsageError: the path leaves its base directory, or has unknown fields.
            SavingError: no permission, no space, another writer, a master that is none of ours.
        """
        master = Path(self._saving.filename)
        make_directory(master.parent)
        self._check_space(master, self._reserve)
        self._master, self._number = master, began.number
        lock.take(master, began.number)
        make_directory(scan_directory(master))
        zero = clock.time() - (clock.epoch() - began.start_time.timestamp())
        self._file = ScanFile(scan_file(master, began.number), began, zero)
        add_links(master, {entry.name: self._file.path for entry in self._file.entries})
        self._linked = True

    def receive(self, events: Sequence[Event]) -> None:
        """Write blocks of points. After `ScanEnded` it returns with the file closed and on disk.

        Raises:
            SavingError: the disk is full or failed, then what was written before is safe; or the file was removed.
        """
        file = self._file
        if file is None or not file.is_open:
            return
        try:
            for event in events:
                if isinstance(event, Points | HookLeft):
                    file.take(event)
                elif isinstance(event, ScanEnded):
                    self._ended = event
                    self._check_there(file)
                    file.finish(event)
                    return
            if file.is_behind:
                self._write(file)
        except SavingError as error:
            self._failed = error
            raise
        except Exception as error:
            self._broken = True
            raise saving_error(f"writing failed after {file.points} points", file.path, error) from error

    def _write(self, file: ScanFile) -> None:
        """Write what there is. In the pause before, the next batch gathers; nothing is ever put off until later."""
        time.sleep(max(self._due - time.perf_counter(), 0.0))  # real time: it is the processor that is shared
        began = time.perf_counter()
        self._check_there(file)
        self._check_space(file.path, self._reserve // 2)
        file.write()
        ended = time.perf_counter()
        self._due = ended + min((ended - began) * (SHARE - 1), LONGEST_PAUSE)

    def close(self) -> None:
        """Close what is open, as well as it can be, and let other processes write.

        Raises:
            SavingError: the file could not be closed in order.
        """
        try:
            if self._file is not None and self._file.is_open:
                self._close(self._file)
        finally:
            if self._master is not None:
                lock.release(self._master, self._number)

    def _close(self, file: ScanFile) -> None:
        """The scan was refused, or receiving failed: the file ends here."""
        try:
            if not self._linked:
                file.path.unlink(missing_ok=True)
            elif not self._broken and not (self._failed and file.is_lost):
                file.finish(self._ended or self._end_now())
        except Exception as error:
            self._broken = True
            raise saving_error("could not be closed", file.path, error) from error
        finally:
            file.abandon()
        if self._broken:
            raise SavingError(
                f"{file.path} was left as after a crash; with swmr=True it can be read, "
                f"at least its first {file.points} points"
            )

    def _end_now(self) -> ScanEnded:
        message = str(self._failed) if self._failed else "the scan did not begin"
        return ScanEnded(datetime.fromtimestamp(clock.epoch()).astimezone(), "FAILURE", message, {})

    def _check_there(self, file: ScanFile) -> None:
        if file.is_lost:
            raise SavingError(
                f"{file.path} was removed while the scan was writing it: nothing of this scan is on the disk; "
                "the points so far are in memory, scan.get_data()"
            )

    def _check_space(self, path: Path, least: int) -> None:
        try:
            free = free_bytes(path)
        except OSError as error:
            raise saving_error("can't find out the free space", path, error) from error
        if free < least:
            raise SavingError(
                f"{path}: the disk is full ({free_text(path)}, {least / 1e6:.3g} MB must stay free); "
                "delete something, or save to another disk: SCAN_SAVING.base_path"
            )
