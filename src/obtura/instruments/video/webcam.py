"""A camera that OpenCV can look through: of this computer, of the network, or a video file."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.connections import Exchange
from obtura.contracts.twins import Twin
from obtura.devices.camera import Camera
from obtura.ground.errors import DeviceError, UsageError, one_line
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.video.driver import VideoDriver
from obtura.instruments.video.reasons import is_device, is_live

__all__ = ["Webcam"]

SCHEMES = ("file", "http", "https", "mms", "rtmp", "rtp", "rtsp", "srt", "tcp", "udp")
"""How an address may begin: what OpenCV's FFmpeg opens."""

TIMEOUT = 5.0
"""Seconds that a camera has to be opened, and to give a frame to who looks through it."""

ANY_SIZE = (1 << 31, 1 << 31)


class Webcam(Camera):
    """A camera that OpenCV can look through. A point is one frame whose exposure began after it was asked for.

    `source`: the number of a camera at this computer, or its path (`/dev/v4l/by-id/...` stays the same); the URL of one
    in the network, `http://host/stream` (MJPEG) or `rtsp://...`; or a video file, of which a point is the next frame,
    after the last one the first. `colour`: frames are (height, width, 3), red, green and blue, not grey.

    `size`: [height, width] that is asked of a camera at this computer, checked of others; None: as it comes.
    `settings`: by OpenCV's names, as {auto_exposure: 1, exposure: 156, gain: 0}, in the camera's own units; it is
    exposed as they say, not as long as a scan counts. `lag`: frames that are under way when one is asked for, and left
    out; None: 2 of a camera at this computer, 4 of one in the network. `warm_up`: s after it was opened that it is
    given to set its exposure. `answer_timeout`: s that it has to be opened, and until it counts as lost. `rois`,
    `timeout`, `compression`: as of `Camera`.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "camera"

    def __init__(
        self,
        name: str,
        source: int | str = 0,
        colour: bool = False,
        size: tuple[int, int] | None = None,
        settings: Mapping[str, float] | None = None,
        lag: int | None = None,
        warm_up: NotNegative = 0.5,
        rois: Mapping[str, tuple[int, int, int, int]] | None = None,
        timeout: Positive = 10.0,
        answer_timeout: Positive = TIMEOUT,
        compression: str | None = None,
    ) -> None:
        for _, problem in self.yaml_check({"source": source, "size": size, "lag": lag}):
            raise UsageError(f"{name}: {problem}")
        if isinstance(source, str) and not is_live(source):
            source = os.path.abspath(os.path.expanduser(source))
        self._what: dict[str, Any] = {
            "source": source,
            "colour": bool(colour),
            "size": None if size is None else tuple(size),
            "settings": dict(settings or {}),
            "lag": _usual_lag(source) if lag is None else lag,
            "warm_up": float(warm_up),
            "timeout": float(answer_timeout),
        }
        self._video = VideoDriver(name, self._what)
        super().__init__(name, self._video, None, rois=rois, timeout=timeout, compression=compression)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        source, size, lag = given.get("source", 0), given.get("size"), given.get("lag")
        if isinstance(source, bool) or source == "" or (isinstance(source, int) and source < 0):
            yield "source", f"source must be the number of a camera, a URL, or a video file, got {source!r}"
        scheme, mark, _ = str(source).lower().partition("://")
        if mark and scheme not in SCHEMES:
            yield "source", f"{scheme}:// is no kind of address that is known here: {', '.join(SCHEMES)}"
        if size is not None and (len(size) != 2 or any(not isinstance(one, int) or one < 1 for one in size)):
            yield "size", f"size must be [height, width], whole numbers of pixels, got {size!r}"
        if lag is not None and (isinstance(lag, bool) or not isinstance(lag, int) or lag < 0):
            yield "lag", f"lag must be a whole number of frames, not negative; got {lag!r}"

    # -- how it is connected ----------------------------------------------------------------------------------

    @property
    def connection(self) -> str:
        """Which camera, whether and since when it is open, what went wrong last. Asks nobody."""
        return f"{self._video.watch.address}, {self._video.watch.state}"

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was asked of it last, and how soon it came."""
        return list(self._video.watch.exchanges.copy())

    def check(self) -> None:
        """Open it, unless it is.

        Raises:
            DeviceError: it can't be opened.
            UsageError: OpenCV is not installed, or a region does not lie on its frames.
        """
        super().check()
        for name, region in self.roi_counters.items():  # while it was not known what a frame is, they could be anywhere
            self.roi_counters.checked(name, region)

    def close(self) -> None:
        """Let the camera go. It is opened again when it is needed."""
        self._video.watch.close()

    # -- as cameras have it -----------------------------------------------------------------------------------

    def exposure_for(self, count_time: float) -> float:
        """0: what a frame takes is its own affair."""
        return 0.0

    def _checked_exposure(self, seconds: float | None) -> float | None:
        if seconds is not None:
            told = "a setting of it, as `settings: {exposure: 156}`" if is_device(self._what["source"]) else "its own"
            raise UsageError(f"{self.name} is exposed as it is set, not as asked for: its exposure is {told}")
        return None

    def _full_shape(self) -> tuple[int, int]:
        """The size of a frame; one that was not open yet may have any, so that a session can be opened."""
        return super()._full_shape() if self._video.is_known else ANY_SIZE

    def scan_metadata(self) -> dict[str, Any]:
        """What is kept with the data of a scan: also which camera, and its settings."""
        told = {"source": self._video.watch.address, "lag": self._what["lag"], **self._what["settings"]}
        return {**super().scan_metadata(), **told}

    def __info__(self) -> str:
        """Size, regions, and how it is connected."""
        try:
            height, width = self._video.frame_shape[:2]
        except (DeviceError, UsageError) as error:
            return f"camera {self.name}: {one_line(error)}"
        kind = "in colour" if self._what["colour"] else "in grey"
        regions = [f"{name} at {roi.x}, {roi.y}: {roi.width} x {roi.height}" for name, roi in self.roi_counters.items()]
        return (
            f"camera {self.name}: {width} x {height} pixels, {kind}\n"
            f"regions: {'; '.join(regions) or 'none'}\n"
            f"  {self.connection}"
        )


def _usual_lag(source: int | str) -> int:
    """One that is exposed, one that is read out; the network adds one that is packed, OpenCV one whose end it seeks."""
    return 2 if is_device(source) else 4
