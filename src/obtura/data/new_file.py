"""Files and directories that have their names only when they are whole."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from obtura.data.disk import saving_error, sync
from obtura.ground.errors import SavingError

__all__ = ["NewFile", "new_directory", "new_file"]

T = TypeVar("T")


class NewFile:
    """A file for h5py to write into. `failed`: the first thing that went wrong in it, a full disk or a Ctrl-C.

    After that all that is written goes nowhere: HDF5, which can't be closed after a failed write, can be closed then.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self.failed: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Write all of it."""
        return self._unless_failed(lambda: self._write(memoryview(data)), len(data))

    def _write(self, data: memoryview) -> int:
        done = 0
        while done < len(data):
            done += self._file.write(data[done:])
        return done

    def read(self, size: int = -1) -> bytes:
        """Not called; h5py takes what has it for a file."""
        return self._file.read(size) or b""

    def readinto(self, buffer: bytearray) -> int:
        """Read what was written."""
        return self._unless_failed(lambda: self._file.readinto(buffer) or 0, len(buffer))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere."""
        return self._unless_failed(lambda: self._file.seek(offset, whence), offset)

    def tell(self) -> int:
        """Where it is."""
        return self._unless_failed(self._file.tell, 0)

    def truncate(self, size: int) -> int:
        """Give it this size."""
        return self._unless_failed(lambda: self._file.truncate(size), size)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Done."""
        self._file.close()

    def _unless_failed(self, call: Callable[[], T], otherwise: T) -> T:
        if self.failed is not None:
            return otherwise
        try:
            return call()
        except BaseException as error:
            self.failed = error
            raise


@contextmanager
def new_file(path: Path) -> Iterator[NewFile]:
    """Write `path` under another name beside it. It gets its own when the block has ended well, else it is removed.

    Raises:
        SavingError: `path` exists, or the disk is full.
    """
    _refuse_taken(path)
    hidden = _hidden(path)
    try:
        hidden.unlink(missing_ok=True)  # left by a process of this number that was killed
        target = NewFile(hidden)
        try:
            yield target
        except Exception as error:
            raise target.failed or error from error
        finally:
            target.close()
        if target.failed is not None:
            raise target.failed
        sync(hidden)
        os.link(hidden, path)  # unlike a rename it never takes the place of another file
        sync(path.parent)
    except OSError as error:
        _refuse_taken(path)
        raise saving_error("can't be written", path, error) from error
    finally:
        with suppress(OSError):
            hidden.unlink()


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A directory to write into. It becomes `path` when the block has ended well, else it is removed.

    Raises:
        SavingError: `path` exists, or can't be made.
    """
    _refuse_taken(path)
    hidden = _hidden(path)
    try:
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        yield hidden
        sync(hidden)
        _refuse_taken(path)
        os.rename(hidden, path)
        sync(path.parent)
    except OSError as error:
        raise saving_error("can't be written", path, error) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _refuse_taken(path: Path) -> None:
    if os.path.lexists(path):
        raise SavingError(f"{path} exists already, nothing was overwritten; name another place with -o")
