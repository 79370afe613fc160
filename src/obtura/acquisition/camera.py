"""Cameras in scans: frames are taken one a trigger, or all in a row, and counters worked out from them."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from obtura.contracts.acquisition import AcquisitionSlave, Effort, TriggerMode
from obtura.contracts.cameras import CameraController, FrameCounter, Frames
from obtura.contracts.counters import Counter
from obtura.contracts.looking import check_may_be_told
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.works.clock import Flag, clock

__all__ = ["CameraAcquisitionSlave"]

WAIT = 0.1
"""The driver is asked to wait for a frame this long (s) at most, so that `stop` need not wait long."""


class CameraAcquisitionSlave(AcquisitionSlave):
    """Takes frames with one camera and emits its counters: the frames themselves, and what is worked out from them.

    `trigger_type` SOFTWARE: a frame for each trigger of the master. HARDWARE: once started, the camera gives `npoints`
    frames (0: until it is stopped) by itself, or by a wire; they come in at its own pace. Once the scan has
    nothing else to wait for, a camera that gives no frame for its exposure, readout and `timeout` fails the scan.
    `exposure` (s): None: as the camera says, usually `count_time`.

    Further arguments as for any acquisition object; without `start_once` each start gives `npoints` frames.
    """

    def __init__(
        self,
        *devices: FrameCounter | CameraController,
        count_time: float,
        npoints: int = 1,
        exposure: float | None = None,
        name: str | None = None,
        trigger_type: TriggerMode | str | int = TriggerMode.SOFTWARE,
        prepare_once: bool = True,
        start_once: bool = True,
        ctrl_params: Mapping[str, Any] | None = None,
    ) -> None:
        cameras = {getattr(device, "controller", device) for device in devices}
        if len(cameras) != 1 or not isinstance(camera := cameras.pop(), CameraController):
            raise UsageError(f"a camera slave takes counters of one camera, got {list(devices)}")
        self.camera = camera
        super().__init__(
            camera,
            name=name or camera.name,
            npoints=npoints,
            trigger_type=trigger_type,
            prepare_once=prepare_once,
            start_once=start_once,
            ctrl_params=ctrl_params,
        )
        self.exposure = camera.exposure_for(count_time) if exposure is None else exposure
        if not (math.isfinite(self.exposure) and self.exposure >= 0):
            raise UsageError(f"{camera.name}: the exposure must be a number of s, not negative; got {exposure!r}")
        self._frame_shape = camera.driver.frame_shape
        self._taken = 0  # frames since the camera was prepared
        self._written = 0  # of these, by the camera itself since it was armed
        self._ended = Flag()
        for device in devices:
            if isinstance(device, FrameCounter):
                self.add_counter(device)

    def channels_of(self, counter: Counter) -> list[AcquisitionChannel]:
        """One channel, which says how frames are compressed."""
        channels = super().channels_of(counter)
        for channel in channels:
            channel.compression = self.camera.compression
            channel.inside = self.camera.driver.inside
        if self.camera.driver.inside is not None and len(counter.shape) < 2:
            raise UsageError(
                f"{counter.fullname} is worked out from frames, and {self.camera.name} writes its frames into a file "
                f"itself: count {self.camera.name}.image"
            )
        return channels

    @property
    def _is_triggered(self) -> bool:
        return self.trigger_type is TriggerMode.SOFTWARE

    def validate(self) -> None:
        """Refuse a scan with a camera that can't be used, or is set otherwise than when the scan was made."""
        check_may_be_told(self.camera.name, "prepare")
        self.camera.check()
        if self.camera.driver.frame_shape != self._frame_shape:
            was, now = (" x ".join(map(str, shape)) for shape in (self._frame_shape, self.camera.driver.frame_shape))
            raise UsageError(
                f"{self.camera.name} gives frames of {now} pixels now, not of {was} as when this scan was made; "
                "make the scan again"
            )

    def on_lane_start(self) -> None:
        """Let the device make its context on this thread."""
        self.camera.on_lane_start()

    def effort(self, points: float) -> Effort:
        """Exposure and readout of each frame."""
        frames = points if self._is_triggered or not self.start_once else self.npoints or math.inf
        return Effort(counting=frames * (self.exposure + self.camera.driver.readout_time) if frames else 0.0)

    def effort_of(self, method: str) -> Effort:
        """The exposure of each frame."""
        if "reading" not in method:
            return Effort()
        return Effort(counting=self.exposure * (1 if self._is_triggered else self._taken))

    def prepare(self) -> None:
        """Tell the camera what comes."""
        self._taken = 0
        with self.camera.lock:
            self._prepare()

    def _prepare(self) -> None:
        driver = self.camera.driver
        self.camera.armed_by = self
        if driver.inside is not None:
            self._written = 0
            driver.write_to(self.channels[0].file if self.channels else None)
        driver.prepare(max(self.npoints - self._taken, 0), self.exposure, self._is_triggered)
        self._quiet_again()

    def _quiet_again(self) -> None:
        """It was stopped from another thread while it was told to go on."""
        if self._ended.is_set:
            self.camera.driver.stop()

    def start(self) -> None:
        """Arm the camera; with trigger type HARDWARE it begins."""
        with self.camera.lock:
            self.camera.driver.start()
            self.camera.taking = not self._is_triggered
            self._quiet_again()

    def trigger(self) -> None:
        """Have one frame taken."""
        with self.camera.lock:
            if self.camera.armed_by is not self:  # somebody has looked through it, in a hook
                self._prepare()
                self.camera.driver.start()
            self.camera.taking = True
            self.camera.driver.trigger()
            self._quiet_again()

    def reading(self) -> None:
        """Take over and emit: the frame that was triggered, or all there are to come."""
        try:
            self._read()
        finally:
            self.camera.taking = False

    def _read(self) -> None:
        goal = self._taken + 1 if self._is_triggered else self.npoints
        allowed = self.exposure + self.camera.driver.readout_time + self.camera.timeout
        late = clock.time() + allowed
        while not self._ended.is_set:
            most = goal - self._taken if goal else sys.maxsize
            count = self._take(most) if self.camera.driver.inside is None else self._take_written(most)
            if goal and self._taken >= goal:
                return
            if count or not (self._is_triggered or self.is_awaited):  # a wire may be quiet while hooks wait
                late = clock.time() + allowed
            elif clock.time() > late:
                raise self._late(goal, allowed)

    def _late(self, goal: int, allowed: float) -> DeviceTimeoutError:
        if self._is_triggered:
            what = f"was asked for frame {self._taken} and has not given it after {allowed:g} s; is it connected,"
        else:
            of_all = f" of {goal}" if goal else ""
            what = f"has given {self._taken} frames{of_all} and no further one for {allowed:g} s; is it connected,"
        condition = self.camera.driver.condition()
        return DeviceTimeoutError(f"{self.camera.name} {what} does it run?{f' {condition}' if condition else ''}")

    def _take(self, most: int) -> int:
        """Take frames over and emit them; how many."""
        frames = self._checked(self.camera.driver.read(WAIT))[:most]
        if len(frames) and not self._ended.is_set:
            self._emit(frames)
        return len(frames)

    def _take_written(self, most: int) -> int:
        """Say what the camera has written; how many."""
        written = self.camera.driver.written(WAIT)
        count = min(written - self._written, most)
        if count and not self._ended.is_set:
            for channel in self.channels:
                channel.emit_written(count)
            self._taken += count
            self._written += count
        return count

    def _emit(self, frames: Frames) -> None:
        for channel, counter in zip(self.channels, self.devices[1:], strict=True):
            channel.emit(counter.values(frames))
        self._taken += len(frames)

    def _checked(self, frames: Frames) -> Frames:
        if not isinstance(frames, np.ndarray):
            raise DeviceError(f"{self.camera.name} gave {frames!r}, expected an array of frames")
        if not np.can_cast(frames.dtype, dtype := self.camera.driver.dtype):  # or pixels would come out as others
            raise DeviceError(f"{self.camera.name} gave frames of {frames.dtype}, expected {dtype}")
        if frames.shape[1:] != self._frame_shape:
            expected = ", ".join(map(str, self._frame_shape))
            raise DeviceError(f"{self.camera.name} gave frames of shape {frames.shape}, expected (n, {expected})")
        return frames

    def stop(self) -> None:
        """End the reading, and leave the camera quiet."""
        self._ended.set()
        try:
            self.camera.driver.stop()
        finally:
            self.camera.taking = False
