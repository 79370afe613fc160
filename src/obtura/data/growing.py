"""A file that grows while readers look on: made whole, then appended to and overwritten (HDF5's SWMR mode).

Three rules keep readers and the interpreter whole:

- Every object exists before SWMR begins; from then on columns grow and what was filled in is overwritten.
- The FILE is flushed, not single datasets: only then does a killed process leave a file that reads whole.
- After a write has failed, closing fails too, keeps what it holds, and takes the interpreter along at its
  exit. Such a file is let go of (`abandon`): on disk it stays as after a crash.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import h5py
from h5py import h5f, h5p

from obtura.data.checksums import Checksums, Sums, sums_of
from obtura.data.disk import disk_of, saving_error, sync
from obtura.data.drawing import image_of
from obtura.data.sketch import Node, Sketch
from obtura.data.stencil import stencil_of
from obtura.data.syncing import Syncing
from obtura.data.tree import attribute
from obtura.ground.errors import SavingError
from obtura.ground.version import VERSION

__all__ = ["GrowingFile"]


class GrowingFile:
    """A new file of scan `number`, ready to be written. `build(root)` sketches what is in it.

    `image`: the file as it was before anything was appended; whoever wants it takes it away.

    Raises:
        SavingError: it exists already, or can't be made; then there is no file.
    """

    def __init__(self, path: Path, number: int, build: Callable[[Node], None]) -> None:
        self.path = path
        self._claim()
        # Made under another name: until SWMR begins HDF5 fails when a viewer that waits for new files locks this one.
        hidden = path if os.name == "nt" else path.with_name(f".{path.name}.new")
        self._file: Any = None
        self.is_open = False
        """Whether it still has to be closed."""
        self._syncing = Syncing()
        self._disk = disk_of(path.parent)
        self.image = b""
        try:
            self._make(number, build, hidden)
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

    def _make(self, number: int, build: Callable[[Node], None], path: Path) -> None:
        self._sketch = sketch = Sketch(number)
        attribute(sketch.root, "NX_class", "NXroot")
        attribute(sketch.root, "creator", "obtura")
        attribute(sketch.root, "creator_version", VERSION)
        build(sketch.root)
        self._checksums = Checksums(sketch.root)
        self._stencil = stencil_of(sketch)
        self.image = self._stencil.image(sketch) if self._stencil else image_of(sketch, number)[0]
        path.write_bytes(self.image)
        self._file = h5py.File(h5f.open(os.fsencode(path), h5f.ACC_RDWR | h5f.ACC_SWMR_WRITE, _access()))
        self.is_open = True
        sketch.attach(self._file.id)

    @property
    def root(self) -> Any:
        """The root of the open file, for h5py's low-level calls."""
        return self._file.id

    @property
    def is_lost(self) -> bool:
        """Whether somebody removed the file, or put another one in its place: what is written goes nowhere."""
        try:
            there = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return True
        return not os.path.samestat(there, os.fstat(self._file.id.get_vfd_handle()))

    @property
    def disk_is_gone(self) -> bool:
        """Whether another disk is where it was, for its own is not mounted any more."""
        return disk_of(self.path.parent) != self._disk

    @property
    def disk_fails(self) -> bool:
        """Whether the disk does not take what was written, and may lose it."""
        try:
            os.fsync(self._file.id.get_vfd_handle())
        except OSError:
            return True
        return False

    def flush(self) -> None:
        """Show readers what was written; a kill does no harm to it any more."""
        self._file.flush()

    def begin_sync(self) -> bool:
        """Have what was flushed on the disk itself, in a while; nobody waits for it. False: not now, try again.

        Raises:
            OSError: that failed the last time.
        """
        return self._syncing.begin(self._file.id.get_vfd_handle())

    def close(self) -> None:
        """Fill in the checksums, and return when all is on disk."""
        self._checksums.write(self._sums())
        self._file.flush()  # a disk that takes no more shows here
        self._sketch.let_go()  # or each of its datasets would be looked for among all that h5py knows of
        self._file.close()
        self.is_open = False
        sync(self.path)
        sync(self.path.parent)
        self._syncing.wait(1.0)  # it has nothing left to do; no thread stays behind

    def _sums(self) -> dict[str, Sums]:
        if self._stencil:
            return self._stencil.sums(self._sketch, self._file.id)
        places = self._sketch.places.values()
        return sums_of(self._file.id, {place.path: place.sums.values for place in places if place.sums is not None})

    def divert(self) -> None:
        """From now on what HDF5 still wants to write goes nowhere."""
        if not self._file:
            return
        descriptor = self._file.id.get_vfd_handle()
        try:
            size = os.fstat(descriptor).st_size
        except OSError:  # a mount whose server is gone does not say even that
            size = self._file.id.get_filesize()
        with _nowhere(size) as sink:
            os.dup2(sink.fileno(), descriptor, inheritable=False)

    def abandon(self) -> None:
        """Close without touching the disk.

        After one failed write HDF5 can neither flush nor close any more. Who has datasets open must have it diverted
        before they are closed: what is in their caches is written then, too.
        """
        if not self._file:  # HDF5 itself is asked: a close that failed may have closed it
            self.is_open = False
            return
        self.divert()
        try:
            self._file.close()
        except (OSError, RuntimeError):
            # a flush that failed left HDF5's list of what is unwritten half made; the failed close has ended that
            self._file.close()
        self.is_open = False


@cache
def _access() -> h5p.PropFAID:
    """How such a file is opened: locked where the file system can."""
    how = h5p.create(h5p.FILE_ACCESS)
    how.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
    how.set_file_locking(True, True)
    return how


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
