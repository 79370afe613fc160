"""`obtura.open("data.h5")`: the scans of a file, to be found by number, title and time.

file = obtura.open("/tmp/scans/demo/data.h5")
file[12]["diode"][:]
file.last.to_pandas()
file.find(title="roby", since="2019-03-13")
"""

import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from obtura.data.contents import EntryInfo, list_entries, those_there_are
from obtura.data.layout import index_file
from obtura.data.saved_scan import SavedScan, moment
from obtura.ground.errors import UsageError

__all__ = ["DataFile", "open"]


def open(path: str | os.PathLike[str]) -> "DataFile":
    """The scans of a master file `data.h5`, or of a scan's own file; nothing stays open.

    Raises:
        UsageError: there is no such file, or it is not HDF5.
    """
    return DataFile(Path(path))


class DataFile:
    """The scans of a file. `file[12]` is a scan, `file["12.2"]` its second top-master, `file.last` the newest.

    `for scan in file` gives every entry by its number; `len(file)` counts them. Scans that are added later are seen.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[object, ...] = ()
        self._list: list[EntryInfo] = []
        self.entries()  # it must be a file of ours

    def entries(self) -> list[EntryInfo]:
        """What is known of each entry; the list is made anew when the file, or what is known of it, has changed."""
        stamp = (_stamp_of(self.path), _stamp_of(index_file(self.path)))
        if stamp != self._stamp or stamp[0] is None:
            self._list = list_entries(self.path)
            self._stamp = stamp
        return list(self._list)

    def __getitem__(self, number: int | str) -> SavedScan:
        """Scan 12 (its first top-master), or entry "12.2"; -1 is the last scan.

        Raises:
            UsageError: it is not there.
        """
        entries = self.entries()
        wanted = number
        if isinstance(number, int) and number < 0:
            numbers = sorted({entry.number for entry in entries})
            wanted = numbers[number] if -number <= len(numbers) else number
        for entry in entries:
            if str(wanted) in (str(entry.number), entry.name):
                return SavedScan(entry)
        raise UsageError(f"{self.path} has no scan {number}; {those_there_are(entries)}")

    def __contains__(self, number: object) -> bool:
        return any(str(number) in (str(entry.number), entry.name) for entry in self.entries())

    def __iter__(self) -> Iterator[SavedScan]:
        return (SavedScan(entry) for entry in self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    @property
    def last(self) -> SavedScan:
        """The scan with the highest number."""
        return self[-1]

    def find(
        self,
        title: str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        state: str | None = None,
    ) -> list[SavedScan]:
        """The entries that all of this is true of.

        `title`: a part of it, or with `*`, `?` a pattern for all of it. `since`, `until`: when the scan began, as a
        time or as text, "2019-03-13" (the whole day) or "2019-03-13 11:06"; without a zone it is local time.
        `state`: "finished", "running", "spooled", "crashed", "missing", "damaged".

        Raises:
            UsageError: a time that is none.
        """
        first, last = _time("since", since, False), _time("until", until, True)

        def fits(entry: EntryInfo) -> bool:
            began = _aware(moment(entry.start_time))
            return (
                (title is None or _matches(entry.title, title))
                and (first is None or (began is not None and began >= first))
                and (last is None or (began is not None and began <= last))
                and (state is None or entry.state == state)
            )

        return [SavedScan(entry) for entry in self.entries() if fits(entry)]

    def __repr__(self) -> str:
        return f"<DataFile {self.path}: {len(self)} scans>"


def _stamp_of(path: Path) -> tuple[int, ...] | None:
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_ino, there.st_mtime_ns, there.st_size


def _matches(title: str, wanted: str) -> bool:
    if any(sign in wanted for sign in "*?"):
        return fnmatchcase(title.lower(), wanted.lower())
    return wanted.lower() in title.lower()


def _time(name: str, given: str | date | None, is_end: bool) -> datetime | None:
    """A moment with its zone; a day alone begins or ends there."""
    if isinstance(given, str):
        try:
            day = len(given.strip()) == len("2019-03-13")
            given = date.fromisoformat(given.strip()) if day else datetime.fromisoformat(given.strip())
        except ValueError:
            raise UsageError(f"{name}={given!r} is no time: write 2019-03-13, or '2019-03-13 11:06'") from None
    if given is None or isinstance(given, datetime):
        return _aware(given)
    start = datetime.combine(given, time()).astimezone()
    return start + timedelta(days=1, microseconds=-1) if is_end else start


def _aware(given: datetime | None) -> datetime | None:
    return given.astimezone() if given is not None and given.tzinfo is None else given
