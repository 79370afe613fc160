"""The YAML files of a directory, as text."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from obtura.ground.errors import UsageError
from obtura.session.config.problems import Place, Problem

__all__ = ["MARK", "config_directory", "texts_of"]

MARK = "obtura.yml"
"""The file that marks a directory as the description of a beamline."""

LARGEST = 1_000_000
"""Bytes of one file."""
MOST = 1_000
"""Files of one directory."""
DEEPEST = 20
"""Directories within each other."""

ENDINGS = (".yml", ".yaml")


class _Refused(Exception):
    """What can't be taken, in words."""


def config_directory(given: str | os.PathLike[str] | None = None) -> Path | None:
    """Where the beamline is described: `given`, else $OBTURA_CONFIG, else here or in the nearest parent with a mark.

    Raises:
        UsageError: what is given, or what OBTURA_CONFIG says, is no directory.
    """
    told = given if given is not None else os.environ.get("OBTURA_CONFIG") or None
    if told is not None:
        if not Path(told).is_dir():
            said = "" if given is not None else " (said by OBTURA_CONFIG)"
            raise UsageError(f"{told}: there is no such directory{said}")
        return Path(told)
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / MARK).is_file()), None)


def texts_of(directory: Path, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Name and text of each file, sorted; what can't be read is added to `problems`.

    Hidden files and directories are left out. A link that leads out of the directory is refused: what is checked
    must be all there is, also in a copy.
    """
    root = os.path.realpath(directory)
    for number, path in enumerate(_paths(directory, directory, root, problems)):
        if number == MOST:
            problems.append(Problem(Place(str(path)), f"there are more than {MOST} YAML files"))
            return
        text = _text(path, root, problems)
        if text is not None:
            yield str(path), text


def _paths(directory: Path, top: Path, root: str, problems: list[Problem]) -> Iterator[Path]:
    try:
        with os.scandir(directory) as found:
            entries = sorted(found, key=lambda each: each.name)
    except OSError as error:
        problems.append(Problem(Place(str(directory)), f"can't be read: {error.strerror}"))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if len(path.relative_to(top).parts) > DEEPEST:
                problems.append(Problem(Place(str(path)), f"directories are more than {DEEPEST} deep"))
            else:
                yield from _paths(path, top, root, problems)
        elif entry.is_symlink() and path.is_dir():  # False for a link to itself, or to where we may not look
            if not _inside(path, root):
                problems.append(Problem(Place(str(path)), f"a link to {os.path.realpath(path)}, outside of {top}"))
        elif entry.name.endswith(ENDINGS):
            yield path


def _inside(path: Path, root: str) -> bool:
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def _text(path: Path, root: str, problems: list[Problem]) -> str | None:
    try:
        if not _inside(path, root):
            raise _Refused(f"a link to {os.path.realpath(path)}, which is outside of the directory: copy it")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("is no file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise _Refused(f"is larger than {LARGEST // 1_000_000} MB")
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except _Refused as refused:
        problems.append(Problem(Place(str(path)), str(refused)))
    except OSError as error:
        problems.append(Problem(Place(str(path)), f"can't be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(str(path), before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        wrong = data[error.start : error.start + 1]
        problems.append(Problem(place, f"this is not UTF-8 ({wrong!r}): save the file as UTF-8"))
    return None
