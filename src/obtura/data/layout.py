"""Which file is where: the master `data.h5`, and beside it the directory `data` with one file per scan.

data.h5               the master: an external link for each entry, 12.1 -> data/scan0012.h5
data.h5.lock          while somebody writes
data/scan0012.h5      everything of scan 12
data/index.jsonl      what is known of the finished ones, see `index`
data/scan0012.journal while it runs, and after a crash: its points, one by one
.scan_numbers         the last number that was given to a scan in this directory, see `numbering`
"""

import os
import re
from pathlib import Path

__all__ = [
    "OWN_NAMES",
    "SUFFIX",
    "entry_name",
    "highest_scan_file",
    "index_file",
    "journal_file",
    "left_behind",
    "lock_file",
    "master_of",
    "numbers_file",
    "scan_directory",
    "scan_file",
]

SUFFIX = ".h5"

OWN_NAMES = frozenset(
    {
        "title",
        "start_time",
        "end_time",
        "end_reason",
        "end_message",
        "user",
        "session",
        "scan_info",
        "program_name",
        "presets",
        "hooks",
        "comments",
        "interruptions",
        "timing",
        "configuration",
        "valid",
        "attempts",
        "grid",
        "metadata_prepared",
        "metadata_end",
        "instrument",
        "measurement",
        "plot",
        "scans",
    }
)
"""What an entry may hold of its own, besides what the user adds by categories."""

_SCAN_FILE = re.compile(r"scan(\d+)\.h5")
_HALF_MADE = re.compile(r"\.scan(\d+)\.h5\.")


def scan_directory(master: Path) -> Path:
    """The directory of the scans' own files; it moves together with the master."""
    return master.with_suffix("")


def scan_file(master: Path, number: int) -> Path:
    """The file of one scan."""
    return scan_directory(master) / f"scan{number:04d}{SUFFIX}"


def journal_file(scan: Path) -> Path:
    """The journal of a scan that runs, or whose process was killed."""
    return scan.with_suffix(".journal")


def left_behind(master: Path) -> tuple[list[Path], list[tuple[int, Path]]]:
    """The journals beside the files of the scans of a master, oldest scan first; and what was half made.

    Half made: the numbers of scans, and files of theirs that were being made when a kill came, perhaps a long time ago.
    """
    home = scan_directory(master)
    odd = [name for name in _names(home) if name[0] == "." or not name.endswith(SUFFIX)]  # the others may be 10^4
    journals = [home / name for name in sorted(odd) if name.startswith("scan") and name.endswith(".journal")]
    return journals, [(int(match[1]), home / name) for name in odd if (match := _HALF_MADE.match(name))]


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


def master_of(file: Path) -> Path:
    """The master that a scan's file belongs to."""
    return file.parent.with_name(file.parent.name + SUFFIX)


def lock_file(master: Path) -> Path:
    """The file whose lock says that somebody writes."""
    return master.with_name(master.name + ".lock")


def numbers_file(directory: Path) -> Path:
    """The file that says which number was given last, for all masters of a directory."""
    return directory / ".scan_numbers"


def index_file(master: Path) -> Path:
    """The file that says what the finished scans are; it moves together with theirs."""
    return scan_directory(master) / "index.jsonl"


def entry_name(number: int, branch: int) -> str:
    """The NXentry of a branch, counted from 0: "12.1", "12.2"."""
    return f"{number}.{branch + 1}"


def highest_scan_file(master: Path) -> int:
    """The highest number of a scan that has a file, 0 without any; counts those of crashed scans too."""
    return max(
        (int(match[1]) for name in _names(scan_directory(master)) if (match := _SCAN_FILE.fullmatch(name))), default=0
    )
