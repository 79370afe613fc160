"""A camera that OpenCV looks through, as obtura drives cameras."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from obtura.contracts.cameras import CameraDriver, Frames
from obtura.instruments.video.watch import Watch

__all__ = ["VideoDriver"]

FASTEST = 1000.0
"""Frames a second above which it is no rate that a camera says, but that it does not know."""


class VideoDriver(CameraDriver):
    """Has frames handed over by the process that looks through the camera. `what`: see `lookout.Lookout`."""

    def __init__(self, name: str, what: Mapping[str, Any]) -> None:
        self.watch = Watch(name, what)
        self._what = what
        self._triggered = True
        self._number = 0  # of the frame that was asked for last

    # -- what a frame is ------------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether it is known what a frame is."""
        return self.watch.facts is not None or self._what["size"] is not None

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """The (height, width) of its frames, in colour (height, width, 3); the first time the camera is opened for it.

        Raises:
            DeviceError: the camera can't be opened.
        """
        if self.watch.facts is None and self._what["size"] is not None:
            return (*self._what["size"], *((3,) if self._what["colour"] else ()))
        return (self.watch.facts or self.watch.ready()).shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel: of nearly all cameras uint8."""
        return np.dtype("uint8") if self.watch.facts is None else self.watch.facts.dtype

    @property
    def readout_time(self) -> float:  # type: ignore[override]  # it is known once it is open
        """Seconds until a frame that is fresh is there, by the rate that the camera says it has."""
        rate = self.watch.facts.rate if self.watch.facts is not None else 0.0
        return (self._what["lag"] + 1) / rate if 0 < rate < FASTEST else 0.0

    def check(self) -> None:
        """Raise `DeviceError` unless it is open, or can be opened."""
        self.watch.ready()

    # -- taking frames --------------------------------------------------------------------------------------

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        """Open it. It is exposed as it is set: `exposure` is not for it."""
        self._triggered = triggered
        self.watch.tell("hold", self._number)
        self.watch.ready()

    def start(self) -> None:
        """Begin, unless each frame is asked for."""
        if not self._triggered:
            self._number += 1
            self.watch.tell("run", self._number)

    def trigger(self) -> None:
        """Ask for a frame that begins from now on."""
        self._number += 1
        self.watch.tell("take", self._number)

    def read(self, wait: float) -> Frames:
        """The frames that have come."""
        until = time.monotonic() + wait
        frames: list[Any] = []
        while True:
            frame = self.watch.hear(0.0 if frames else max(until - time.monotonic(), 0.0))
            if frame is not None and frame.number == self._number:
                frames.append(frame.pixels)
            elif frames or time.monotonic() >= until:
                break
            if frames and self._triggered:
                break
        if not frames:
            return np.empty((0, *self.frame_shape), self.dtype)
        for pixels in frames:
            pixels.flags.writeable = False  # nobody else has it: it need not be copied
        return np.stack(frames) if len(frames) > 1 else frames[0][np.newaxis]

    def condition(self) -> str:
        """How it is connected."""
        return f"{self.watch.address} is {self.watch.state}"

    def stop(self) -> None:
        """Nothing is wanted any more; it is closed some seconds later."""
        self.watch.tell("rest", self._number)
