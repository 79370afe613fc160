"""The saver: reads a scan's record and writes it into the scan's file, live."""

import logging
import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from obtura.contracts.consumers import Consumer, FrameSource, Say
from obtura.data import journal, lock
from obtura.data.apart import Apart
from obtura.data.columns import dtype_of
from obtura.data.common import iso
from obtura.data.disk import disk_of, free_bytes, free_text, make_directory, saving_error
from obtura.data.filters import require_writable, with_compression
from obtura.data.index import Line, begun, note
from obtura.data.layout import scan_directory, scan_file
from obtura.data.master import add_links
from obtura.data.order import note_order
from obtura.data.recovery import check_file, recover_all
from obtura.data.safekeeping import Safekeeping
from obtura.data.saving import ScanSaving
from obtura.data.scan_file import Noted, ScanFile
from obtura.data.spool import default_spool
from obtura.data.subscans import link_sub_scans
from obtura.data.witness import Witness, check_layout
from obtura.ground.channels import Block
from obtura.ground.errors import SavingError
from obtura.ground.events import ChannelInfo, Event, IterationDone, Points, Row, ScanBegan, ScanEnded, SubScan
from obtura.works.clock import clock

__all__ = ["RESERVE", "HDF5Saver"]

log = logging.getLogger(__name__)

SYNC = 3.0
"""Seconds after which points are on the disk itself: a power cut costs no more."""

RESERVE = 50_000_000
"""Bytes that are left free on a disk: with less no scan begins, and with half of it a running one ends."""

SHARE = 10
LONGEST_PAUSE = 0.1
"""Writing takes one part in `SHARE` of the time, more when the pauses (s) between writes would become longer."""

HEAVY = 4_000_000
"""Bytes of frames that are written without a pause before: they take memory, and more come."""


FAR_BEHIND = 400_000_000
"""Bytes of frames that wait to be written when the scan goes on in the spool: it could not wait between two points."""


class HDF5Saver(Consumer):
    """Saves a scan below the master file that `scan_saving` names; see `layout`, `entry` for what comes out.

    A reader that opens the scan's file with `h5py.File(path, swmr=True)`, also through the master, may stay
    attached to the running scan. `reserve`: the free space (bytes) it asks for. `spool`: where a scan goes on whose
    disk is full or gone, by default as `default_spool` says.
    """

    name = "HDF5 saver"
    essential = True
    takes_rows = True

    def __init__(self, scan_saving: ScanSaving, reserve: int = RESERVE, spool: Path | None = None) -> None:
        self._saving = scan_saving
        self._reserve = reserve
        self._spool = spool or default_spool()
        self._master: Path | None = None
        self._locked: Path | None = None
        self._number = 0
        self._began: ScanBegan | None = None
        self._file: ScanFile | None = None
        self._safe: Safekeeping | None = None
        self._witness: Witness | None = None
        self._say: Say = lambda stream, text: None
        self._told: list[str] = []  # for when somebody reads
        self._elsewhere = False  # the scan goes on in the spool, its file is as after a crash
        self._synced = time.monotonic()
        self._linked = False
        self._sub_scans: list[SubScan] = []
        self._ended: ScanEnded | None = None
        self._failed: SavingError | None = None
        self._broken = self._in_order = False
        self._due = 0.0

    def open(self, began: ScanBegan, say: Say) -> None:
        """Become the writer and have the scan's file ready.

        Raises:
            UsageError: the path leaves its base directory, or has unknown fields.
            SavingError: no permission, no space, another writer, a master that is none of ours; or no such compression.
        """
        master = Path(self._saving.filename)
        make_directory(master.parent)
        self._check_space(master, self._reserve)
        began = with_compression(began, self._saving.compression)
        images = self._images(began)
        own = {path: numbers for path, numbers in images.items() if not any(began.channels[i].inside for i in numbers)}
        require_writable([began.channels[index] for channels in own.values() for index in channels])
        self._master, self._number, self._began = master, began.number, began
        self._say = say
        self._locked = lock.take(master, began.number)
        make_directory(scan_directory(master))
        self._recover(master, self._locked)
        zero = clock.time() - (clock.epoch() - began.start_time.timestamp())
        for path, expected in _bytes_expected(began, master, images).items():
            self._check_space(path, self._reserve, expected)
        self._file = ScanFile(scan_file(master, began.number), began, zero, images)
        self.takes_frames = bool(own)
        for path in images.keys() - own.keys():  # its detector makes the file, and not the directory
            make_directory(path.parent)
        self._begin_journal(self._file, master, began, zero)
        add_links(master, {entry.name: self._file.path for entry in self._file.entries})
        self._linked = True
        begun(master, [entry.name for entry in self._file.entries])

    def _recover(self, master: Path, locked: Path) -> None:
        """Put in order what a crash left, so that it is not forgotten."""

        def running(number: int) -> bool:
            return number in lock.scans_here(locked)

        with Apart() as apart:
            for outcome in recover_all(master, running, self._spool, apart.ask):
                failed = isinstance(outcome, SavingError)
                log.log(logging.WARNING if failed else logging.INFO, "%s", outcome)
                self._told.append(f"{'!!! ' if failed else ''}{outcome}\n")  # for later: nobody reads yet

    def _begin_journal(self, file: ScanFile, master: Path, began: ScanBegan, zero: float) -> None:
        layout, columns = file.layout(master, began)
        check_layout(layout)
        spool = self._spool
        self._safe = Safekeeping(layout, file.take_image(), spool, self._reserve, partial(self._say, "stderr"))
        self._witness = Witness(began, layout, columns, zero)
        self._witness.attach(self._safe.write)
        self.witnesses = True

    def witness(self, event: Event) -> None:
        """Have it in the journal before anybody is told."""
        try:
            if self._witness is not None:
                self._witness.take(event)
        except SavingError as error:
            self._failed = self._failed or error
            raise

    def _images(self, began: ScanBegan) -> dict[Path, list[int]]:
        """The files for the frames that are to be saved, one for each detector, with its channels."""
        images: dict[Path, list[int]] = {}
        if not (began.scan_info.get("save_images", True) and self._saving.save_images):
            return images
        owners: dict[Path, tuple[int, str]] = {}
        for index, info in enumerate(began.channels):
            if info.is_frame:
                owner = info.branch, info.device
                path = Path(self._saving.images_file(began.number, began.name, info.device))
                while owners.setdefault(path, owner) != owner:  # prefixes need not tell detectors apart
                    path = path.with_stem(f"{path.stem}_{len(owners) + 1}")
                images.setdefault(path, []).append(index)
        return images

    def frames(self, channel: int) -> FrameSource | None:
        """Frames that are saved can be read from their file, also while it grows."""
        return None if self._file is None else self._file.frames.get(channel) or self._file.linked.get(channel)

    def receive(self, events: Sequence[Event]) -> None:
        """Write blocks of points. After `ScanEnded` it returns with the file closed and on disk.

        Raises:
            SavingError: the disk is full or failed, then what was written before is safe; or the file was removed.
        """
        while self._told:
            self._say("stderr", self._told.pop(0))
        file = self._file
        if self._elsewhere:
            self._receive_elsewhere(events)
        if self._elsewhere or file is None or not file.is_open:
            return
        try:
            for event in events:
                if type(event) is Row:  # nearly all of them
                    file.take_row(event)
                elif type(event) is Points:
                    file.take_points(event)
                elif type(event) is IterationDone:  # the row says it
                    continue
                elif isinstance(event, Noted):
                    file.take(event)
                elif isinstance(event, SubScan):
                    self._sub_scans.append(event)
                elif isinstance(event, ScanEnded):
                    self._ended = event
                    self._check_there(file)
                    file.finish(event)
                    link_sub_scans(file.path, file.entries[0].name, self._sub_scans)
                    self._note(file, event)
                    self._end_journal(file)
                    return
            if file.waiting > FAR_BEHIND:
                raise _Elsewhere(f"{file.path.parent}: frames come faster than they can be written there")
            if file.is_behind:
                self._write(file)
            self._sync()
        except _Elsewhere as moved:
            self._go_elsewhere(file, moved)
        except SavingError as error:
            self._failed = error
            raise
        except Exception as error:
            self._broken = True
            failed = saving_error(f"writing failed after {file.points} points", file.path, error)
            if isinstance(error, OSError | RuntimeError):
                self._go_elsewhere(file, failed)
                return
            raise failed from error

    def idle(self) -> None:
        """Nothing came for a while: what came before is put on the disk itself."""
        if self._ended is None and self._linked:
            self.receive(())

    def _sync(self) -> None:
        now = time.monotonic()
        if self._safe is not None and now > self._synced + SYNC:
            self._safe.sync()
            if self._file is not None and not self._elsewhere:
                self._file.begin_sync()
            self._synced = now
        if self._safe is not None and not self._safe.has_room():
            raise SavingError(f"{self._safe.path}: the disk of the spool is full, too; the scan ends here")

    # -- when its own place takes no more -----------------------------------------------------------------

    def _go_elsewhere(self, file: ScanFile, why: SavingError) -> None:
        """Leave the file as after a crash; all that comes is in the journal, which goes on in the spool."""
        if self._safe is None:
            raise why
        try:
            self._safe.move(str(why))
        except SavingError as error:
            self._failed = error
            raise
        self._elsewhere = True
        for number, (first, blocks) in enumerate(file.take_back()):
            for block in blocks:
                self._keep_frames(number, first, block)
                first += len(block)
        file.abandon()

    def _keep_frames(self, number: int, first: int, values: Block) -> None:
        if self._safe is not None and self._file is not None:
            series = list(self._file.frames.values())[number]
            self._safe.write(journal.frames(number, first, journal.as_stored(series.name, values, series.dtype)))

    def _receive_elsewhere(self, events: Sequence[Event]) -> None:
        """Points are in the journal already; frames are not."""
        numbers = {channel: number for number, channel in enumerate(self._file.frames)} if self._file else {}
        for event in events:
            if isinstance(event, Points) and event.channel in numbers:
                self._keep_frames(numbers[event.channel], event.first, event.values)
            elif isinstance(event, ScanEnded) and self._safe is not None:
                self._ended = event
                self._safe.sync()
                self._say("stderr", f"!!! the scan is in {self._safe.path}: obtura recover {self._master}\n")
        self._sync()

    def _end_journal(self, file: ScanFile) -> None:
        """The scan's file is closed: when it has everything, the journal has done its work."""
        if self._safe is None or self._witness is None or self._safe.moved is not None:
            return
        self._safe.close()
        entries = [entry.name for entry in file.entries]
        check_file(file.path, entries, file.written)
        if sorted(self._witness.received.values()) == sorted(file.received.values()):
            self._safe.path.unlink()
            self._in_order = True

    def _write(self, file: ScanFile) -> None:
        """Write what there is. In the pause before, the next batch gathers; nothing is ever put off until later."""
        if file.waiting < HEAVY:
            time.sleep(max(self._due - time.perf_counter(), 0.0))  # real time: it is the processor that is shared
        began = time.perf_counter()
        self._check_there(file)
        try:
            for path in file.disks:
                self._check_space(path, self._reserve // 2 + file.waiting)
        except SavingError as error:
            raise _Elsewhere(str(error)) from error
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
            if self._safe is not None:
                self._safe.close()
            if self._locked is not None:
                if self._in_order and lock.scans_here(self._locked) == (self._number,):
                    note_order(scan_directory(self._locked))
                lock.release(self._locked, self._number)
            self._file = self._safe = self._witness = self._began = None  # whoever keeps the scan needs none of it

    def _close(self, file: ScanFile) -> None:
        """The scan was refused, or receiving failed: the file ends here."""
        try:
            if not self._linked:
                file.remove()
                if self._safe is not None:
                    self._safe.close()
                    self._safe.path.unlink(missing_ok=True)
            elif not self._broken and not (self._failed and file.is_lost):
                ended = self._ended if self._ended and not self._failed else self._end_now()
                file.finish(ended)
                self._note(file, ended)
                self._end_journal(file)
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

    def _note(self, file: ScanFile, ended: ScanEnded) -> None:
        """What a list of scans says of this one."""
        if self._began is not None and self._master is not None:
            size, title, start = file.path.stat().st_size, self._began.title, iso(self._began.start_time)
            end = iso(ended.end_time), ended.end_reason
            note(self._master, [Line(name, size, title, start, *end, n) for name, n in file.kept.items()])

    def _end_now(self) -> ScanEnded:
        message = str(self._failed) if self._failed else "the scan did not begin"
        everywhere = tuple(range(len(self._file.entries))) if self._file else ()
        positions = self._ended.positioners if self._ended else {}
        return ScanEnded(datetime.fromtimestamp(clock.epoch()).astimezone(), "FAILURE", message, positions, everywhere)

    def _check_there(self, file: ScanFile) -> None:
        if lost := file.lost:
            if file.disk_is_gone:
                raise _Elsewhere(f"{lost}: its disk is not mounted any more")
            what = "nothing of this scan is on the disk" if lost == file.path else "these frames are not on the disk"
            if lost == file.path and self._safe is not None and self._safe.path.exists():
                what = f"its points, but for frames, are in {self._safe.path}: obtura recover {self._master}"
            raise SavingError(
                f"{lost} was removed while the scan was writing it: {what}; "
                "the points so far are in memory, scan.get_data()"
            )

    def _check_space(self, path: Path, least: int, expected: int = 0) -> None:
        """Refuse a disk with less than `least` bytes free besides the `expected` ones."""
        try:
            free = free_bytes(path)
        except OSError as error:
            raise saving_error("can't find out the free space", path, error) from error
        if least <= free < least + expected:
            raise SavingError(
                f"{path}: the disk is too small: this scan needs about {expected / 1e6:.3g} MB ({free_text(path)}, "
                f"{least / 1e6:.3g} MB must stay free); delete something, or save elsewhere: SCAN_SAVING.base_path"
            )
        if free < least:
            raise SavingError(
                f"{path}: the disk is full ({free_text(path)}, {least / 1e6:.3g} MB must stay free); "
                "delete something, or save to another disk: SCAN_SAVING.base_path"
            )


class _Elsewhere(SavingError):
    """The disk of the scan's file has no room, is gone or too slow; another may do."""


def _bytes_expected(began: ScanBegan, master: Path, images: dict[Path, list[int]]) -> dict[Path, int]:
    """What a whole scan takes on each disk, by a file there, as far as it is known how many points there will be."""
    npoints = int(began.scan_info.get("npoints") or 0)

    def size(infos: Iterable[ChannelInfo]) -> int:
        return sum(npoints * math.prod(info.shape) * dtype_of(info).itemsize for info in infos if info.per_point)

    needed = [(master, size(info for info in began.channels if not (info.is_frame or info.is_ragged)))]
    needed += [(path, size(began.channels[index] for index in channels)) for path, channels in images.items()]
    files: dict[int, Path] = {}
    expected: dict[Path, int] = {}
    for path, count in needed:
        file = files.setdefault(disk_of(path), path)
        expected[file] = expected.get(file, 0) + count
    return expected
