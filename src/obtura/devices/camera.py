"""A camera: its frames and regions as counters, exposure, binning, and a look through it outside of scans."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.contracts.cameras import CameraController, CameraDriver, FrameCounter, Frames
from obtura.contracts.looking import check_may_be_told, is_looking
from obtura.contracts.settings import Setting
from obtura.devices.arguments import number, positive, quantity
from obtura.devices.kept import Kept
from obtura.devices.roi import Rectangle, RoiCounters
from obtura.ground.compression import checked_compression
from obtura.ground.errors import DeviceBusyError, DeviceTimeoutError, UsageError
from obtura.ground.ranges import AtLeastOne, NotNegative, Positive
from obtura.works.clock import clock

__all__ = ["Camera", "ImageCounter"]

WAIT = 0.1
"""Seconds the driver waits for a frame in one call."""


class ImageCounter(FrameCounter):
    """The frames themselves."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The (height, width) of a frame, in colour (height, width, 3), as the camera is set now."""
        return self.controller.driver.frame_shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        return self.controller.driver.dtype

    def of(self, frames: Frames) -> npt.NDArray[Any]:
        """The frames as they are."""
        return frames


class Camera(Kept, CameraController):
    """A camera behind `driver`. In a scan it counts `image`, its frames, and the regions in `roi_counters`.

    `exposure` (s): of a frame; None: as long as a scan counts. `binning`: squares of so many pixels are added up.
    `rois`: regions by name, each [x, y, width, height] in pixels of the whole detector. `compression`: of its frames in
    files, e.g. "bitshuffle-lz4"; None: as `SCAN_SAVING.compression` says. What of these was changed outlives the
    session.
    """

    def __init__(
        self,
        name: str,
        driver: CameraDriver,
        exposure: NotNegative | None = None,
        binning: AtLeastOne = 1,
        rois: Mapping[str, tuple[int, int, int, int]] | None = None,
        timeout: Positive = 10.0,
        blocking: bool = True,
        compression: str | None = None,
    ) -> None:
        super().__init__(name, driver, blocking, positive(f"{name}: timeout", timeout))
        self._compression = self._checked_packing(compression)
        self._exposure = self._checked_exposure(exposure)
        self._binning = self._checked_binning(binning)
        if binning != 1:
            driver.set_binning(binning)
        self.image = ImageCounter("image", self)
        self.roi_counters = RoiCounters(self, self._full_shape, self._rois_changed)
        self.roi_counters.restore({each: self.roi_counters.checked(each, roi) for each, roi in (rois or {}).items()})
        self._configured = self._now()

    def check(self) -> None:
        """Raise `DeviceError` when the camera can't be used now; touch nothing."""
        self.driver.check()

    # -- how it is set ------------------------------------------------------------------------------------

    @property
    def exposure(self) -> float | None:
        """The exposure (s) of a frame; None: as long as a scan counts."""
        return self._exposure

    @exposure.setter
    def exposure(self, seconds: float | None) -> None:
        self._exposure = self._checked_exposure(seconds)
        self._keep("exposure", self._exposure)

    @property
    def binning(self) -> int:
        """Squares of so many pixels are added up."""
        return self._binning

    @binning.setter
    def binning(self, binning: int) -> None:
        if (wanted := self._checked_binning(binning)) != self._binning:
            check_may_be_told(self.name, "binning")
            self._set_binning(wanted)
        self._keep("binning", self._binning)

    @property
    def compression(self) -> str | None:
        """How its frames are compressed in files; None: as `SCAN_SAVING.compression` says."""
        return self._compression

    @compression.setter
    def compression(self, compression: str | None) -> None:
        self._compression = self._checked_packing(compression)
        self._keep("compression", self._compression)

    def exposure_for(self, count_time: float) -> float:
        """The exposure (s) of a frame in a scan that counts for `count_time` s."""
        return count_time if self._exposure is None else self._exposure

    def _set_binning(self, binning: int) -> None:
        with self.lock:
            self.driver.set_binning(binning)
        self._binning = binning

    def _full_shape(self) -> tuple[int, int]:
        height, width = self.driver.frame_shape[:2]
        return height * self._binning, width * self._binning

    def _rois_changed(self) -> None:
        self._keep("rois", self._now()["rois"])

    def _checked_exposure(self, seconds: float | None) -> float | None:
        if seconds is None:
            return None
        if not 0 <= (exposure := number(f"{self.name}: exposure", seconds)) < float("inf"):
            raise UsageError(f"{self.name}: exposure must be a finite number of s, not negative; got {seconds!r}")
        return exposure

    def _checked_binning(self, binning: Any) -> int:
        if isinstance(binning, bool) or binning not in self.driver.binnings:
            known = ", ".join(map(str, self.driver.binnings))
            raise UsageError(f"{self.name}: binning must be one of {known}, got {binning!r}")
        return int(binning)

    def _checked_packing(self, compression: Any) -> str | None:
        return None if compression is None else checked_compression(f"{self.name}: compression", compression)

    # -- what outlives a session (contracts.settings.Persistent) ------------------------------------------

    def _now(self) -> dict[str, Setting]:
        rois: dict[str, Setting] = {name: list(roi) for name, roi in self.roi_counters.items()}
        packing = self._compression
        return {"exposure": self._exposure, "binning": self._binning, "rois": rois, "compression": packing}

    def settings(self) -> Mapping[str, Setting]:
        """What is set otherwise than configured."""
        return {key: value for key, value in self._now().items() if value != self._configured[key]}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """
        wanted: Mapping[str, Any] = {**self._configured, **settings}
        exposure, binning = self._checked_exposure(wanted["exposure"]), self._checked_binning(wanted["binning"])
        packing = self._checked_packing(wanted["compression"])
        if not isinstance(wanted["rois"], Mapping):
            raise UsageError(f"{self.name}: regions must be given by name, got {wanted['rois']!r}")
        rois: dict[str, Rectangle] = {
            name: self.roi_counters.checked(name, roi) for name, roi in wanted["rois"].items()
        }
        if binning != self._binning and not is_looking():
            self._set_binning(binning)
        self._exposure, self._compression = exposure, packing
        self.roi_counters.restore(rois)

    # -- a look through it --------------------------------------------------------------------------------

    def take(self, exposure: float | None = None) -> npt.NDArray[Any]:
        """Take one frame and return it, shape (height, width); nothing is saved. Also in hooks, between points.

        `exposure` (s): None: its own, or 1 s.

        Raises:
            DeviceError: no frame came.
            DeviceBusyError: a scan is just taking frames.
        """
        check_may_be_told(self.name, "take")
        seconds = self._checked_exposure(exposure)
        if seconds is None:
            seconds = self.exposure_for(1.0)
        self.check()
        with self.lock:
            if self.taking:
                raise DeviceBusyError(f"{self.name} is taking frames for a scan; look through it between two points")
            self.armed_by = None
            try:
                self.driver.prepare(1, seconds, triggered=True)
                self.driver.start()
                self.driver.trigger()
                return self._one_frame(seconds)
            finally:
                self.driver.stop()

    def _one_frame(self, exposure: float) -> npt.NDArray[Any]:
        allowed = exposure + self.driver.readout_time + self.timeout
        late = clock.time() + allowed
        while clock.time() < late:
            frames = self.driver.read(WAIT)
            if len(frames):
                return np.array(frames[0])
        raise DeviceTimeoutError(f"{self.name} gave no frame within {allowed:g} s; is it connected, does it run?")

    # -- what it says of itself ---------------------------------------------------------------------------

    def scan_metadata(self) -> dict[str, Any]:
        """What is kept with the data of a scan."""
        facts: dict[str, Any] = {"readout_time": self.driver.readout_time, "binning": self._binning}
        if self._exposure is not None:
            facts["exposure"] = self._exposure
        if self.roi_counters:
            facts["rois"] = {name: list(roi) for name, roi in self.roi_counters.items()}
        return facts

    def __info__(self) -> str:
        height, width = self.driver.frame_shape[:2]
        binned = f", binning {self._binning} x {self._binning}" if self._binning > 1 else ""
        exposure = "as long as a scan counts" if self._exposure is None else quantity(self._exposure, "s")
        lines = [
            f"camera {self.name}: {width} x {height} pixels, {self.driver.dtype}{binned}",
            f"exposure: {exposure}; readout: {quantity(self.driver.readout_time, 's')}",
        ]
        regions = [f"{name} at {roi.x}, {roi.y}: {roi.width} x {roi.height}" for name, roi in self.roi_counters.items()]
        lines.append(f"regions: {'; '.join(regions) or 'none'}")
        if self._compression is not None:
            lines.append(f"compression of its frames in files: {self._compression}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
