"""A simulated multichannel analyser that sees fluorescence lines."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from obtura.devices.arguments import positive
from obtura.devices.mca import MCA, Calibration, Roi, Spectrum
from obtura.devices.sim.counters import Beam, Spot
from obtura.devices.sim.world import World, shared_world
from obtura.ground.ranges import AtLeastOne, Positive
from obtura.works.clock import clock

__all__ = ["Line", "SimulatedMCA"]


class Line(NamedTuple):
    """An emission line at `energy`, in the calibration's unit; `share` of all counts belong to it."""

    energy: float
    share: float


LINES = (Line(6.40, 0.5), Line(8.05, 0.2), Line(12.0, 0.2))
"""Fe K-alpha, Cu K-alpha and the scattered beam, in keV; the remaining counts are background."""

CALIBRATION = Calibration(0.0, 0.02, "keV")

WIDTH = 0.06
"""Standard deviation of a line, in keV: a silicon drift detector has 0.14 keV full width at half maximum."""


class SimulatedMCA(MCA):
    """An analyser that counts `rate` photons per s in the full beam of `world`, through `spots` and `behind` shutters.

    `lines`: what it sees, in the calibration's unit. After each photon it is dead for `dead_time` s, so that the live
    time is 1 / (1 + rate * dead_time) of the real time (non-paralysable). Without beam it counts nothing.
    """

    def __init__(
        self,
        name: str,
        nchannels: AtLeastOne = 1024,
        rois: Mapping[str, Roi] | None = None,
        calibration: Calibration = CALIBRATION,
        rate: Positive = 1e5,
        lines: Sequence[Line] = LINES,
        dead_time: float = 1e-6,
        world: World | None = None,
        spots: Sequence[Spot] = (),
        behind: Sequence[Any] = (),
    ) -> None:
        world = world or shared_world()
        positive(f"{name}: rate", rate)
        energies = calibration.offset + calibration.gain * np.arange(nchannels)
        driver = _Driver(_profile(energies, lines), rate, dead_time, Beam(world, spots, behind), (world.seed, name))
        super().__init__(name, driver, nchannels, rois, calibration)


def _profile(energies: npt.NDArray[np.floating[Any]], lines: Sequence[Line]) -> npt.NDArray[np.float64]:
    """The part of all counts that falls into each channel."""
    profile = np.zeros(len(energies))
    for line in lines:
        peak = np.exp(-(((energies - line.energy) / WIDTH) ** 2) / 2)
        profile += line.share * peak / max(peak.sum(), 1e-30)
    background = max(0.0, 1.0 - sum(line.share for line in lines))
    return profile + background / len(energies)


class _Driver:
    blocking = False

    def __init__(
        self, profile: npt.NDArray[np.float64], rate: Positive, dead_time: float, beam: Beam, seed: tuple[int, str]
    ) -> None:
        self._profile = profile
        self._rate = rate
        self._dead_time = dead_time
        self._beam = beam
        self._chance = np.random.default_rng([seed[0], zlib.crc32(seed[1].encode())])
        self._began = self._end = clock.time()

    def start(self, count_time: float) -> None:
        self._began = clock.time()
        self._end = self._began + count_time

    def stop(self) -> None:
        self._end = min(self._end, clock.time())

    def is_counting(self) -> bool:
        return clock.time() < self._end

    def read(self) -> Spectrum:
        realtime = min(clock.time(), self._end) - self._began
        arriving = self._rate * self._beam.light()
        livetime = realtime / (1 + arriving * self._dead_time)
        return Spectrum(self._chance.poisson(self._profile * arriving * livetime), realtime, livetime)
