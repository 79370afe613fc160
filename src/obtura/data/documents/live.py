"""A consumer that gives the documents of a scan while it runs: to a function, or into a file.

session.add_consumer(lambda: EventDocuments(publish))      # publish(name, document), as bluesky calls its subscribers

- name: documents                                          # in YAML, with `consumers: [documents]` in the session
  class: EventDocuments
  directory: /data/documents                               # a file of JSON lines for each scan
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from obtura.contracts.consumers import Consumer, Say
from obtura.data.common import as_json
from obtura.data.contents import list_entries, opened_entry
from obtura.data.disk import make_directory
from obtura.data.documents.run import FrameFile, Run, Source, Stream, sources_of
from obtura.data.documents.saved import as_line, frames_of, is_epoch, times_of
from obtura.data.layout import scan_file
from obtura.data.saved_column import column_infos
from obtura.ground.errors import ObturaError, UsageError
from obtura.ground.events import Event, Points, ScanBegan, ScanClosed, ScanEnded
from obtura.works.clock import clock

__all__ = ["EventDocuments"]

_STATUS = {"DONE": "success", "USER_ABORTED": "abort"}


class EventDocuments(Consumer):
    """Event-model documents of a scan as it goes on; see `obtura.data.documents.run` for what is in them.

    `callback(name, document)` is called on a thread of its own, which acquisition does not wait for; when it raises,
    the scan is followed no further, with a line in the log. `directory`: where a file of JSON lines is written for each
    scan, `scan0012_1b4e28ba.jsonl`, its name with the first part of the run's uid.

    Rows are told as they are complete; saved frames when the scan has ended, for then they are on disk.

    Raises:
        UsageError: neither a callback nor a directory is given.
    """

    name = "event documents"

    def __init__(self, callback: Callable[[str, dict[str, Any]], object] | None = None, directory: str = "") -> None:
        if callback is None and not directory:
            raise UsageError("EventDocuments needs a callback, or a directory for its files")
        if callback is not None and not callable(callback):
            raise UsageError(f"EventDocuments: callback must be a function, not {callback!r}")
        self._callback = callback
        self._directory = Path(directory).expanduser() if directory else None
        self._frames: dict[str, FrameFile] = {}
        self._file: TextIO | None = None
        self._run: Run | None = None
        self._branches: list[_Branch] = []
        self._ended: ScanEnded | None = None

    def open(self, began: ScanBegan, say: Say) -> None:
        """Find out where frames go, and have the directory."""
        if self._directory is not None:
            make_directory(self._directory)
        if any(info.is_frame for info in began.channels):
            self._frames = {channel: where for channel, (where, _) in _frames_in_files(began).items()}

    def receive(self, events: Sequence[Event]) -> None:
        """Give the documents of what has happened."""
        for event in events:
            match event:
                case ScanBegan():
                    self._begin(event)
                case Points():
                    for branch in self._branches:
                        branch.take(event)
                case ScanEnded():
                    self._ended = event
        for branch in self._branches:
            branch.tell()
        if events and isinstance(events[-1], ScanClosed):
            self._stop(events[-1])

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _begin(self, began: ScanBegan) -> None:
        self._began = began
        branches = [self._sources(began, branch) for branch in range(len(began.branches))]
        facts = json.loads(as_json({"name": began.name, **began.scan_info}))
        axes = [source.key for source in branches[0].values() if source.is_axis]
        start = began.start_time if began.start_time.tzinfo else began.start_time.astimezone()
        self._run = Run(self._emit, began.number, began.title, start, facts, began.positioners, axes)
        self._branches = [_Branch(self._run, began, number, sources) for number, sources in enumerate(branches)]

    def _sources(self, began: ScanBegan, branch: int) -> dict[int, Source]:
        """By number, the channels of a branch, but for frames that are not saved."""
        saved = {
            number: info
            for number, info in enumerate(began.channels)
            if info.branch == branch and (not info.is_frame or info.name in self._frames)
        }
        made = sources_of((one.name, one.unit, one.dtype, one.shape, one.role == "axis") for one in saved.values())
        return dict(zip(saved, made, strict=True))

    def _stop(self, closed: ScanClosed) -> None:
        if self._run is None:
            return
        if self._frames:
            there = _frames_in_files(self._began)
            for branch in self._branches:
                branch.tell_frames(there)
        reason = (self._ended.message if self._ended else "") or "; ".join(closed.errors)
        time = self._ended.end_time.timestamp() if self._ended else clock.epoch()
        self._run.stop(_STATUS.get(closed.state, "fail"), reason, time)

    def _emit(self, name: str, document: dict[str, Any]) -> None:
        if self._directory is not None:
            if self._file is None:
                path = self._directory / f"scan{document['scan_id']:04d}_{document['uid'][:8]}.jsonl"
                self._file = path.open("w", encoding="utf-8")
            self._file.write(as_line(name, document))
            self._file.flush()
        if self._callback is not None:
            self._callback(name, document)


class _Branch:
    """What one top-master gives, and the streams that it becomes."""

    def __init__(self, run: Run, began: ScanBegan, number: int, sources: dict[int, Source]) -> None:
        self._sources = sources
        self._start = began.start_time.timestamp()
        self._rows = [index for index in sources if began.channels[index].per_point]
        name = "primary" if number == 0 else f"branch_{number + 1}"
        stream = run.stream(name, [sources[index] for index in self._rows])
        self._streams: dict[int, Stream] = dict.fromkeys(self._rows, stream)
        for index, source in sources.items():
            if index not in self._streams:
                self._streams[index] = run.stream(f"{source.key}_monitor", [source])
        self._waiting: dict[int, list[npt.NDArray[Any]]] = {i: [] for i, one in sources.items() if not one.is_frame}
        self._numbers = [index for index in self._rows if index in self._waiting]
        self._epoch = next((index for index in self._numbers if is_epoch(sources[index])), None)

    def take(self, points: Points) -> None:
        """Receive points; those of frames stay where they are."""
        if points.channel in self._waiting:
            block = np.asarray(points.values, self._sources[points.channel].dtype)
            self._waiting[points.channel].append(block)

    def tell(self) -> None:
        """Give the events that are complete."""
        others = [[index] for index in self._waiting if index not in self._numbers]
        for group in [self._numbers, *others]:
            count = min((sum(map(len, self._waiting[index])) for index in group), default=0)
            if count:
                values = {index: self._taken(index, count) for index in group}
                epoch = values.get(self._epoch) if self._epoch is not None else None
                times = times_of(epoch, count, self._start)
                named = {self._sources[index].key: block for index, block in values.items()}
                self._streams[group[0]].rows(named, times)

    def _taken(self, index: int, count: int) -> npt.NDArray[Any]:
        blocks = self._waiting[index]
        whole = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        self._waiting[index] = [whole[count:]] if len(whole) > count else []
        return whole[:count]

    def tell_frames(self, there: dict[str, tuple[FrameFile, int]]) -> None:
        """Tell of the frames that are in their files."""
        for index, source in self._sources.items():
            if source.is_frame and source.channel in there:
                where, length = there[source.channel]
                frames_of(self._streams[index], source, where, length, bool(self._numbers), self._start)


def _frames_in_files(began: ScanBegan) -> dict[str, tuple[FrameFile, int]]:
    """By channel, where its frames go and how many are there; nothing when the scan is not saved."""
    filename = began.scan_info.get("filename")
    if not filename:
        return {}
    found: dict[str, tuple[FrameFile, int]] = {}
    try:
        for known in list_entries(scan_file(Path(filename), began.number)):
            with opened_entry(known) as entry:
                infos = column_infos(entry, known.points, known.state == "finished")
            for one in infos.values():
                if one.is_frame:
                    found[one.channel] = FrameFile(one.file, one.place), one.length
    except (ObturaError, OSError):  # it was removed: there are no frames to tell of
        return {}
    return found
