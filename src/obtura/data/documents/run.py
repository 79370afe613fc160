"""One scan as event-model documents: start, descriptors, event pages, stream resources and data, stop.

The format is that of https://blueskyproject.io/event-model (1.2x); its schemas are what the tests compare with.

    start            the scan: number, title, parameters, where the axes were
    descriptor       a stream: "primary" is the first top-master, "branch_2" the second; what comes at a pace of its own
                     has a stream for itself, "<name>_monitor"
    event_page       rows of a stream
    stream_resource  the HDF5 file of a camera; stream_datum: which of its frames belong to which events
    stop             how it ended, and how many events there are

A scan has the same documents, to the last identifier, live and whenever its file is exported: each follows from the
start of the scan. A complex column is two keys, `z_real` and `z_imag`, since the format has real numbers only; in keys
`.` and `/` are replaced, which it forbids.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.data.common import iso
from obtura.data.tables import real_parts
from obtura.ground.events import Position
from obtura.ground.version import VERSION

__all__ = ["PAGE", "Emit", "FrameFile", "Run", "Source", "Stream", "plain", "sources_of"]

PAGE = 1000
"""The most events of a page."""

_OURS = uuid.UUID("6f0b54c1-6f3c-4e0f-9e39-9d1e3d2f7a11")

_DTYPES = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}

Emit = Callable[[str, dict[str, Any]], object]
"""`emit(name, document)`, as bluesky calls its subscribers; `name`: "start", "event_page"..."""


class Source(NamedTuple):
    """A column as documents have it: its `key`, the full name of its channel, and what a point is."""

    key: str
    channel: str
    unit: str | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_axis: bool

    @property
    def is_frame(self) -> bool:
        """Whether its points stay in a file."""
        return len(self.shape) > 1

    @property
    def device(self) -> str:
        """Who gives it."""
        return _key(self.channel.rpartition(":")[0] or self.channel)


class FrameFile(NamedTuple):
    """Where the frames of a column are: the file, and the dataset in it."""

    file: str
    dataset: str


def sources_of(columns: Iterable[tuple[str, str | None, Any, tuple[int, ...], bool]]) -> list[Source]:
    """Of (channel, unit, type, shape of a point, whether it is an axis): with keys that differ.

    A key is the short name, of a camera's image the camera; the full name where two would be called alike.
    """
    given = list(columns)
    short = [_short(channel, shape) for channel, _, _, shape, _ in given]
    keys: list[str] = []
    for (channel, *_), name in zip(given, short, strict=True):
        key = wanted = _key(name if short.count(name) == 1 else channel)
        count = 2
        while key in keys:
            key, count = f"{wanted}_{count}", count + 1
        keys.append(key)
    return [
        Source(key, channel, unit, np.dtype(dtype), tuple(shape), is_axis)
        for key, (channel, unit, dtype, shape, is_axis) in zip(keys, given, strict=True)
    ]


def _short(channel: str, shape: tuple[int, ...]) -> str:
    device, _, name = channel.rpartition(":")
    return device if len(shape) > 1 and name == "image" and device else name


def _key(name: str) -> str:
    return re.sub(r"[./]", "_", name) or "unnamed"


def plain(value: Any) -> Any:
    """Plain values whose mappings have keys that the format allows."""
    if isinstance(value, Mapping):
        return {_key(str(key)): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


class Run:
    """The documents of one scan, given to `emit` as they come. `facts`: parameters of the scan, plain values."""

    def __init__(
        self,
        emit: Emit,
        number: int,
        title: str,
        start: datetime,
        facts: Mapping[str, Any],
        positioners: Mapping[str, Position],
        axes: Sequence[str],
    ) -> None:
        self._emit = emit
        self._start = start
        words = (iso(start), str(number), title, str(facts.get("session_name", "")), str(facts.get("user_name", "")))
        self.uid = str(uuid.uuid5(_OURS, "\n".join(words)))
        self._streams: list[Stream] = []
        npoints = facts.get("npoints")
        emit(
            "start",
            {
                "uid": self.uid,
                "time": start.timestamp(),
                "scan_id": number,
                "plan_name": str(facts.get("name") or title.partition(" ")[0]),
                "title": title,
                "user": str(facts.get("user_name", "")),
                "session": str(facts.get("session_name", "")),
                **({"num_points": npoints} if isinstance(npoints, int) and npoints else {}),
                "motors": list(axes),
                "hints": {"dimensions": [[list(axes) or ["time"], "primary"]]},
                "positioners": {_key(name): at.value for name, at in positioners.items()},
                "positioners_units": {_key(name): at.unit for name, at in positioners.items() if at.unit},
                "scan_info": plain(dict(facts)),
                "versions": {"obtura": VERSION},
            },
        )

    def stream(self, name: str, sources: Sequence[Source]) -> "Stream":
        """Begin a stream: its descriptor."""
        taken = [one.name for one in self._streams]
        while name in taken:
            name += "_"
        made = Stream(self._emit, self.uid, name, self._start.timestamp(), sources)
        self._streams.append(made)
        return made

    def stop(self, status: str, reason: str, time: float) -> None:
        """End it; `status`: "success", "abort" or "fail"."""
        uid = str(uuid.uuid5(uuid.UUID(self.uid), "stop"))
        events = {stream.name: stream.count for stream in self._streams}
        stop = {"uid": uid, "run_start": self.uid, "time": time, "exit_status": status, "reason": reason}
        self._emit("stop", {**stop, "num_events": events})


class Stream:
    """Events of one kind, numbered from 1; `count`: how many there are."""

    def __init__(self, emit: Emit, run: str, name: str, time: float, sources: Sequence[Source]) -> None:
        self.name = name
        self.count = 0
        self.sources = list(sources)
        self._emit = emit
        self._run = run
        self._id = uuid.uuid5(uuid.UUID(run), f"descriptor {name}")
        self._files: dict[str, tuple[str, int]] = {}
        keys = {key: one for source in sources for key, one in _data_keys(source).items()}
        devices: dict[str, list[str]] = {}
        for key, known in keys.items():
            devices.setdefault(known["object_name"], []).append(key)
        counting = {source.device for source in sources if not source.is_axis}
        hints = {
            device: {"fields": [name for name in names if keys[name]["dtype"] != "string"]}  # what may be plotted
            for device, names in devices.items()
            if device in counting
        }
        emit(
            "descriptor",
            {
                "uid": str(self._id),
                "run_start": run,
                "time": time,
                "name": name,
                "data_keys": keys,
                "object_keys": devices,
                "hints": hints,
                "configuration": {device: {"data": {}, "timestamps": {}, "data_keys": {}} for device in devices},
            },
        )

    def rows(self, columns: Mapping[str, npt.NDArray[Any]], times: npt.NDArray[Any]) -> None:
        """The next events: by key, arrays as long as `times` (s since 1970); none of frames."""
        parts = {name: values for name, _, values in real_parts(columns)}
        for first in range(0, len(times), PAGE):
            page = slice(first, first + PAGE)
            when = times[page].tolist()
            numbers = list(range(self.count + 1, self.count + 1 + len(when)))
            self.count += len(when)
            if parts:
                self._emit(
                    "event_page",
                    {
                        "descriptor": str(self._id),
                        "uid": [str(uuid.uuid5(self._id, str(number))) for number in numbers],
                        "seq_num": numbers,
                        "time": when,
                        "data": {key: values[page].tolist() for key, values in parts.items()},
                        "timestamps": {key: when for key in parts},
                        "filled": {},
                    },
                )

    def frames(self, source: Source, where: FrameFile, upto: int) -> None:
        """The frames before number `upto` of a column are in their file; the first time, which file that is."""
        resource, first = self._files.get(source.key, ("", 0))
        if not resource:
            resource = str(uuid.uuid5(self._id, f"resource {source.key}"))
            self._emit("stream_resource", self._resource(resource, source, where))
        if upto > first:
            self._emit(
                "stream_datum",
                {
                    "uid": f"{resource}/{first}",
                    "stream_resource": resource,
                    "descriptor": str(self._id),
                    "indices": {"start": first, "stop": upto},
                    "seq_nums": {"start": first + 1, "stop": upto + 1},
                },
            )
        self._files[source.key] = resource, max(first, upto)

    def _resource(self, uid: str, source: Source, where: FrameFile) -> dict[str, Any]:
        return {
            "uid": uid,
            "run_start": self._run,
            "data_key": source.key,
            "mimetype": "application/x-hdf5",
            "uri": _uri(where.file),
            "parameters": {"dataset": where.dataset, "chunk_shape": [1, *source.shape]},
        }


def _uri(file: str) -> str:
    return Path(file).absolute().as_uri().replace("file:///", "file://localhost/", 1)


def _data_keys(source: Source) -> dict[str, dict[str, Any]]:
    """One key, of a complex column two."""
    known: dict[str, Any] = {
        "source": f"obtura:{source.channel}",
        "dtype": "array" if source.shape else _DTYPES.get(source.dtype.kind, "string"),
        "shape": [1, *source.shape] if source.is_frame else list(source.shape),
        "object_name": source.device,
    }
    if source.unit:
        known["units"] = source.unit
    if source.is_frame:
        known["external"] = "STREAM:"
    if source.dtype.kind == "c":
        half = np.dtype(f"f{source.dtype.itemsize // 2}")
        dtype = known["dtype"] if source.shape else "number"
        one = {**known, "dtype": dtype, "dtype_numpy": half.str}
        return {f"{source.key}_real": one, f"{source.key}_imag": one}
    if source.dtype.kind in "biuf":
        known["dtype_numpy"] = source.dtype.str
    return {source.key: known}
