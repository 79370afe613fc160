"""The disk in plain words: how much is free, and why something could not be written."""

import errno
import os
import re
import shutil
from pathlib import Path

from obtura.ground.errors import ObturaError, SavingError, one_line

__all__ = ["disk_of", "free_bytes", "free_text", "make_directory", "reason", "saving_error", "sync"]


def free_bytes(path: Path) -> int:
    """The free space (bytes) where `path` is or would be."""
    return shutil.disk_usage(_there(path)).free


def disk_of(path: Path) -> int:
    """A number that tells the disk where `path` is or would be from others."""
    return _there(path).stat().st_dev


def _there(path: Path) -> Path:
    """`path`, or the lowest directory above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def free_text(path: Path) -> str:
    """`free_bytes` as a person reads it: "12.3 GB free"."""
    try:
        free = float(free_bytes(path))
    except OSError as error:
        return f"free space unknown: {reason(error)}"
    for unit in ("bytes", "kB", "MB", "GB"):
        if free < 1000:
            return f"{free:.3g} {unit} free"
        free /= 1000
    return f"{free:.4g} TB free"


def reason(error: BaseException) -> str:
    """What the system said. HDF5 hides it in a long text and gives no errno."""
    if isinstance(error, SavingError):
        return str(error)
    hidden = re.search(r"error message = '([^']*)'", str(error))
    if hidden:
        return hidden.group(1)
    return error.strerror if isinstance(error, OSError) and error.strerror else one_line(error)


def saving_error(what: str, path: Path, error: BaseException) -> SavingError:
    """`what` went wrong with `path`, why, and, where that may be the cause, how much space is free."""
    free = f" ({free_text(path)})" if _may_be_full(error) else ""
    return SavingError(f"{path}: {what}: {reason(error)}{free}")


def _may_be_full(error: BaseException) -> bool:
    """Whether it says that the disk is full, or is one of HDF5's that does not say why."""
    if isinstance(error, ObturaError) or not isinstance(error, OSError | RuntimeError):
        return False
    hidden = re.search(r"errno = (\d+)", str(error))
    number = int(hidden.group(1)) if hidden else getattr(error, "errno", None)
    return number in (None, errno.ENOSPC, errno.EDQUOT)


def make_directory(path: Path) -> None:
    """Have a directory, with its parents.

    Raises:
        SavingError: it can't be made, or something else has its name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise saving_error("can't make this directory", path, error) from error


def sync(path: Path) -> None:
    """Return when a file, or the names in a directory, are on the disk itself."""
    if os.name == "nt" and path.is_dir():  # Windows opens no directories
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
