"""A detector of ophyd-async that writes its frames itself, as obtura drives cameras."""

import importlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from obtura.contracts.cameras import CameraDriver
from obtura.contracts.claims import note
from obtura.data.frames_elsewhere import link_frames, no_frames_yet
from obtura.ground.errors import UsageError
from obtura.instruments.ophyd.facts import Key, described, hinted
from obtura.instruments.ophyd.order import Order
from obtura.instruments.ophyd.partner import Partner
from obtura.instruments.ophyd.paths import told_where
from obtura.works.clock import clock

__all__ = ["StandardDriver"]

PATIENT = 1e8
"""Seconds that the detector itself may wait for an exposure: how late a frame may be is for obtura to say."""

POLL = 0.01

_Frame = tuple[tuple[int, int], "np.dtype[Any]"]
"""The shape of a frame and the type of its pixels."""


class StandardDriver(CameraDriver):
    """Stages it, prepares it with a `TriggerInfo`, triggers it or has it fly, and counts what its documents tell.

    `key`: its frames in `describe()`; empty: the first hinted. `wire`: the name of the `DetectorTrigger` when frames
    are not asked for. `frame`: shape and type of a frame, where it is not to be asked.
    """

    inside = "/entry/data/data"

    def __init__(self, partner: Partner, key: str, wire: str, readout_time: float, frame: _Frame | None) -> None:
        self.readout_time = readout_time
        self.files: dict[str, str] = {}
        """Where what it writes is in the last scan: by key, `file://...#dataset`."""
        self._partner = partner
        self._key = key
        self._wire = wire
        self._frame = frame
        self._path: Path | None = None
        self._begun: Path | None = None  # the file for which it is staged
        self._staged = False
        self._apart: tempfile.TemporaryDirectory[str] | None = None
        self._order: Order | None = None
        self._triggered = True
        self._all = 0
        self._steps = 0
        self._resource = ""
        self._last: tuple[Path, Path] | None = None  # where the frames were that were linked last, and from where
        self._count = self._before = 0  # frames in its file, and how many of them when it was prepared

    # -- what a frame is ------------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether it is known what a frame is."""
        return self._frame is not None

    @property
    def frame_shape(self) -> tuple[int, int]:
        """The (height, width) of its frames, as it described them last; the first time it is asked."""
        return self._known()[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        return self._known()[1]

    def _known(self) -> _Frame:
        if self._frame is None:
            self._frame = self._ask()
        return self._frame

    def _ask(self) -> _Frame:
        """Prepare it, since it describes nothing before."""
        with tempfile.TemporaryDirectory(prefix="obtura-") as apart:
            try:
                self._stage(Path(apart) / "frames.h5")
                self._tell_prepare(Path(apart) / "frames.h5", self._core.TriggerInfo(trigger=self._trigger))
                return self._described("")
            finally:
                self._unstage()

    def _described(self, operation: str) -> _Frame:
        keys = described(self._partner, operation)
        frames = {name: key for name, key in keys.items() if key.external and len(key.shape) == 3}
        ranked = [*hinted(self._partner, keys), *frames]
        name = self._key or next((name for name in ranked if name in frames), "")
        if name not in frames or 0 in frames[name].shape:
            said = ", ".join(f"{each} of {key.shape[1:] if key.external else key.shape}" for each, key in keys.items())
            raise self._partner.failure(operation, f"writes no frames {name}".rstrip() + f" (it describes: {said})")
        self._key = name
        return _frame_of(frames[name])

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected."""
        self._partner.ready("")

    # -- taking frames --------------------------------------------------------------------------------------

    def write_to(self, path: Path | None) -> None:
        """Have the next `prepare` begin this file, which then has a link to the detector's; None: nothing is kept."""
        self._path = path

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        """Stage it, unless it goes on with the same file, and prepare it."""
        known = self._known()
        if not self._staged or self._path is None or self._begun != self._path:
            self._stage(self._path)
            self.files, self._resource, self._count = {}, "", 0
        self._triggered, self._all, self._order = triggered, nframes, None
        self._before = self._count
        info = self._core.TriggerInfo(
            trigger=self._core.DetectorTrigger.INTERNAL if triggered else self._trigger,
            livetime=exposure,
            deadtime=self.readout_time,
            number_of_events=1 if triggered else nframes,
            exposure_timeout=PATIENT,
        )
        self._tell_prepare(self._where, info)
        now = self._described("prepare")
        if now != known:
            self._frame = now
            what = f"has frames of {_told(now)}, not of {_told(known)}; make the scan again"
            raise self._partner.failure("prepare", what)
        if self._path is not None and not self._count:
            no_frames_yet(self._path, self.inside, *known)

    @property
    def _core(self) -> Any:
        return importlib.import_module("ophyd_async.core")

    @property
    def _trigger(self) -> Any:
        known = self._core.DetectorTrigger.__members__
        if self._wire not in known:
            raise UsageError(f"{self._partner.who}: wire must be one of {', '.join(known)}, got {self._wire!r}")
        return known[self._wire]

    @property
    def _where(self) -> Path:
        """The file beside which it writes if it asks obtura; what no scan keeps goes to a directory of its own."""
        if self._begun is not None:
            return self._begun
        if self._apart is None:
            self._apart = tempfile.TemporaryDirectory(prefix="obtura-")
        return Path(self._apart.name) / "frames.h5"

    def _tell_prepare(self, path: Path, info: Any) -> None:
        prepare = told_where(path, self._partner.device.prepare)
        self._partner.wait("prepare", self._partner.begin("prepare", prepare, info), self._partner.timeout)

    def start(self) -> None:
        """Have it fly, unless each frame is asked for."""
        if self._triggered:
            return
        device = self._partner.device
        self._partner.wait("kickoff", self._partner.begin("kickoff", device.kickoff), self._partner.timeout)
        if self._all:  # one that goes on until it is stopped is never complete
            self._order, self._steps = self._partner.begin("complete", device.complete), 0

    def trigger(self) -> None:
        """Have one frame taken."""
        self._order, self._steps = self._partner.begin("trigger", self._partner.device.trigger), 0

    def written(self, wait: float) -> int:
        """How many frames its documents have told of since `prepare`."""
        order = self._order
        if order is None:
            clock.sleep(min(wait, POLL))
        elif not clock.wait(order.done, wait) and order.steps == self._steps:
            return self._count - self._before
        if order is not None:
            self._steps = order.steps
            if order.done.is_set:
                self._order = None
                self._partner.check("trigger" if self._triggered else "complete", order)
        self._collect()
        return self._count - self._before

    def condition(self) -> str:
        """How many frames it says it has written."""
        return f"its documents tell of {self._count} frames"

    # -- what it tells --------------------------------------------------------------------------------------

    def _collect(self) -> None:

        async def collect_asset_docs() -> list[Any]:
            return [document async for document in self._partner.device.collect_asset_docs()]

        for kind, document in self._partner.ask("reading", collect_asset_docs):
            if kind == "stream_resource":
                self._note_file(document)
            elif kind == "stream_datum" and document["stream_resource"] == self._resource:
                self._count = int(document["indices"]["stop"])

    def _note_file(self, resource: Mapping[str, Any]) -> None:
        key, dataset = resource["data_key"], resource["parameters"].get("dataset", "")
        self.files[key] = f"{resource['uri']}#{dataset}"
        if key != self._key:
            if self._path is not None:
                note(f"{self._partner.who} also writes {key}: {self.files[key]}")
            return
        self._resource = resource["uid"]
        if self._path is not None:
            target, last = self._file_of(resource), self._last
            if last is not None and last[0] == target and last[1] != self._path:
                what = f"has written over the frames of the scan before: its path_provider names {target} again"
                raise self._partner.failure("reading", what)
            link_frames(self._path, self.inside, target, dataset)
            self._last = target, self._path

    def _file_of(self, resource: Mapping[str, Any]) -> Path:
        place = urlsplit(resource["uri"])
        if place.scheme != "file" or "hdf5" not in resource["mimetype"]:
            raise self._partner.failure(
                "reading", f"writes its frames to {resource['uri']} ({resource['mimetype']}), which is no HDF5 file"
            )
        return Path(unquote(place.path))

    # -- beginning and end ----------------------------------------------------------------------------------

    def _stage(self, path: Path | None) -> None:
        self._unstage()
        self._staged, self._begun = True, path  # also when it fails half-way
        self._partner.wait("stage", self._partner.tell("stage", self._partner.device.stage), self._partner.timeout)

    def _unstage(self) -> None:
        if self._staged:
            told = self._partner.tell_anyway("unstage", self._partner.device.unstage)
            self._partner.wait("unstage", told, self._partner.timeout)
            self._staged = False

    def stop(self) -> None:
        """Unstage it, from any thread, which ends what it does and closes its file.

        Raises:
            DeviceError: it could not be told, or does not come to an end.
        """
        order, self._order = self._order, None
        try:
            self._unstage()
        finally:
            if order is not None and not order.done.is_set:
                self._give_up(order)
            if self._apart is not None:
                self._apart.cleanup()
                self._apart = None

    def _give_up(self, order: Order) -> None:
        """Nobody waits for it any more: otherwise its task would go on waiting for a frame."""
        task = getattr(order.given, "task", None)
        if task is not None:

            async def cancel() -> None:
                task.cancel()

            self._partner.ask("stop", cancel)


def _frame_of(key: Key) -> _Frame:
    _, height, width = key.shape
    return (height, width), key.dtype


def _told(frame: _Frame) -> str:
    (height, width), dtype = frame
    return f"{width} x {height} pixels of {dtype}"
