"""Multichannel analysers: spectra, sums over parts of them, and how long was really counted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from obtura.contracts.acquisition import AcquisitionSlave, Effort
from obtura.contracts.counters import Counter, CounterController
from obtura.contracts.looking import check_may_be_told
from obtura.contracts.settings import OnSetting, Setting
from obtura.devices.arguments import choice, number
from obtura.ground.errors import UsageError
from obtura.ground.ranges import AtLeastOne
from obtura.ground.units import check_unit
from obtura.works.clock import Flag, clock

__all__ = ["MCA", "Calibration", "MCADriver", "Roi", "RoiCounter", "Spectrum"]

POLL = 0.01
"""The analyser is asked this often (s) whether it is done."""


class Spectrum(NamedTuple):
    """What was counted: `counts` of shape (nchannels,), during `realtime` s, of which `livetime` s were not lost."""

    counts: npt.NDArray[np.integer[Any]]
    realtime: float
    livetime: float


class Calibration(NamedTuple):
    """What a channel stands for: channel c is at `offset + gain * c`, in `unit`."""

    offset: float = 0.0
    gain: float = 1.0
    unit: str = "keV"


class Roi(NamedTuple):
    """A region of interest, from channel `first` to channel `last`, both included."""

    first: int
    last: int


class MCADriver(Protocol):
    """An analyser's own language. `blocking`: whether its calls may wait for something outside of this process.

    It may have a `readout_time`, the s from the end of counting until the spectrum is there, for estimates.
    """

    blocking: bool

    def start(self, count_time: float) -> None:
        """Clear, and begin to count for `count_time` s; return at once."""

    def stop(self) -> None:
        """Count no longer; called from any thread."""

    def is_counting(self) -> bool:
        """Whether it counts."""

    def read(self) -> Spectrum:
        """What was counted since `start`."""


class RoiCounter(Counter):
    """The sum of a part of a spectrum."""

    def __init__(self, name: str, controller: "MCA", roi: Roi) -> None:
        super().__init__(name, controller, dtype=int)
        self.roi = roi


class MCA(CounterController):
    """An analyser of `nchannels`, as users and scans see it.

    Counters: `spectrum`; `realtime` and `livetime` (s), `deadtime` (the part that was lost, 0 to 1); and one for each
    of `rois`, the sum of the channels from first to last, of the same spectrum. Regions are kept from session to
    session.
    """

    OWN = ("spectrum", "realtime", "livetime", "deadtime")

    def __init__(
        self,
        name: str,
        driver: MCADriver,
        nchannels: AtLeastOne,
        rois: Mapping[str, Roi | Sequence[int]] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        super().__init__(name, blocking=driver.blocking)
        if isinstance(nchannels, bool) or not isinstance(nchannels, int) or nchannels < 1:
            raise UsageError(f"{name}: nchannels must be a whole number of at least 1, got {nchannels!r}")
        self.nchannels = nchannels
        self.calibration = Calibration() if calibration is None else calibration
        check_unit(f"{name}: calibration", self.calibration.unit)
        self.driver = driver
        self._listener: OnSetting | None = None
        self.spectrum = Counter("spectrum", self, dtype=int, shape=(nchannels,))
        for label in self.OWN[1:]:
            Counter(label, self, unit=None if label == "deadtime" else "s")
        for label, roi in (rois or {}).items():
            self.add_roi(label, *roi)

    @property
    def rois(self) -> dict[str, Roi]:
        """The regions by name."""
        return {name: one.roi for name, one in self.counters.items() if isinstance(one, RoiCounter)}

    def add_roi(self, name: str, first: int, last: int) -> RoiCounter:
        """Count the channels `first` to `last`, both included, as `name`; one of that name is replaced.

        Raises:
            UsageError: these are no channels, or the name is taken.
        """
        roi = self._checked(name, first, last)
        counter = RoiCounter(name, self, roi)
        self._changed()
        return counter

    def _checked(self, name: str, first: Any, last: Any) -> Roi:
        if name in self.OWN:
            raise UsageError(f"{self.name}: {name!r} is a counter of its own; call the region something else")
        low, high = (number(f"{self.name}: channel of {name}", each) for each in (first, last))
        if low != int(low) or high != int(high) or not 0 <= low <= high < self.nchannels:
            raise UsageError(
                f"{self.name}: region {name} from {first} to {last}: expected channels from 0 to {self.nchannels - 1}"
            )
        return Roi(int(low), int(high))

    def remove_roi(self, name: str) -> None:
        """Count a region no longer.

        Raises:
            UsageError: there is none of this name.
        """
        del self.counters[choice(f"{self.name}: region", name, self.rois)]
        self._changed()

    def energies(self) -> npt.NDArray[np.floating[Any]]:
        """What each channel stands for, shape (nchannels,), in the calibration's unit."""
        return self.calibration.offset + self.calibration.gain * np.arange(self.nchannels)

    def get_acquisition_object(self, counters: Sequence[Counter], scan_pars: Mapping[str, Any]) -> AcquisitionSlave:
        """What counts spectra in a scan."""
        return _MCASlave(self, counters, scan_pars["count_time"], scan_pars["npoints"])

    def scan_metadata(self) -> dict[str, Any]:
        """Calibration and regions, kept with the data."""
        return {
            "calibration": self.calibration._asdict(),
            "energy": self.energies(),
            "rois": {name: list(roi) for name, roi in self.rois.items()},
        }

    def settings(self) -> Mapping[str, Setting]:
        """The regions."""
        return {"rois": {name: list(roi) for name, roi in self.rois.items()}}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take the regions over that an earlier session had."""
        kept = settings.get("rois")
        if isinstance(kept, dict):
            rois = {name: self._checked(name, *roi) for name, roi in kept.items() if isinstance(roi, list)}
            for name in self.rois:
                del self.counters[name]
            for name, roi in rois.items():
                RoiCounter(name, self, roi)

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` when regions change."""
        self._listener = listener

    def _changed(self) -> None:
        if self._listener is not None:
            self._listener("rois", self.settings()["rois"])

    def __info__(self) -> str:
        """Channels, calibration, regions."""
        offset, gain, unit = self.calibration
        lines = [f"MCA {self.name}: {self.nchannels} channels, channel c is at {offset:g} + {gain:g} c {unit}"]
        for name, (first, last) in self.rois.items():
            low, high = self.energies()[[first, last]]
            lines.append(f"  {name}: channels {first} to {last}, {low:g} to {high:g} {unit}")
        return "\n".join(lines)


class _MCASlave(AcquisitionSlave):
    """One spectrum at each trigger, and what is made of it."""

    def __init__(self, mca: MCA, counters: Sequence[Counter], count_time: float, npoints: int) -> None:
        super().__init__(mca, name=mca.name, npoints=npoints, prepare_once=True, start_once=True)
        self._mca = mca
        self._count_time = count_time
        self.blocking = mca.blocking or count_time > 0
        self._ended = Flag()
        for counter in counters:
            self.add_counter(counter)

    def validate(self) -> None:
        check_may_be_told(self._mca.name, "start")
        self._mca.check()

    def on_lane_start(self) -> None:
        self._mca.on_lane_start()

    def effort(self, points: float) -> Effort:
        each = self._count_time + getattr(self._mca.driver, "readout_time", 0.0)
        return Effort(counting=points * each if each else 0.0)

    def effort_of(self, method: str) -> Effort:
        return Effort(counting=self._count_time if "reading" in method else 0.0)

    def trigger(self) -> None:
        self._mca.driver.start(self._count_time)

    def reading(self) -> None:
        driver = self._mca.driver
        due = clock.time() + self._count_time
        while driver.is_counting():
            if clock.wait(self._ended, max(due - clock.time(), min(POLL, self._count_time or POLL))):
                return
        if self._ended.is_set:
            return
        values = _values(driver.read())
        for channel, counter in zip(self.channels, self.devices[1:], strict=True):
            if isinstance(counter, RoiCounter):
                channel.emit(values["spectrum"][counter.roi.first : counter.roi.last + 1].sum())
            else:
                channel.emit(values[counter.name])

    def stop(self) -> None:
        self._ended.set()
        self._mca.driver.stop()


def _values(taken: Spectrum) -> dict[str, Any]:
    lost = 1 - taken.livetime / taken.realtime if taken.realtime else 0.0
    return {"spectrum": taken.counts, "realtime": taken.realtime, "livetime": taken.livetime, "deadtime": lost}
