"""A counter whose values over a scan have a given shape, whatever the motor does: for tests of what looks at data."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.counters import Counter, CounterController
from obtura.devices.arguments import choice, number, positive
from obtura.devices.sim.world import World, shared_world
from obtura.ground.many import check_positions
from obtura.ground.ranges import Positive

__all__ = ["SimulationCounter"]

DISTRIBUTIONS = ("FLAT", "GAUSSIAN", "LINEAR", "SIGMOID")


class SimulationCounter(Counter):
    """A counter with values of a given `distribution` over the range of the scan.

    x goes from the scan's start to its stop (of the first axis; without one from 0 to the number of points - 1), h is
    `height_factor`, the centre is the middle of the range + `mu_offset`, s is `sigma_factor` * range / 6:
    FLAT: h. LINEAR: h * (x - start) / range. GAUSSIAN: h * exp(-(x - centre)^2 / (2 s^2)).
    SIGMOID: h / (1 + exp(-(x - centre) / s)). A scan of one point, or without an end, gives h.
    To each value noise is added, with the standard deviation `noise_factor` * h. `data`: the values of the last scan.
    """

    def __init__(
        self,
        name: str,
        distribution: Literal["FLAT", "GAUSSIAN", "LINEAR", "SIGMOID"] = "GAUSSIAN",
        mu_offset: float = 0.0,
        sigma_factor: Positive = 1.0,
        height_factor: float = 1.0,
        noise_factor: float = 0.0,
        unit: str | None = None,
        world: World | None = None,
    ) -> None:
        super().__init__(name, _Controller(name), unit=unit)
        self.distribution = choice(f"{name}: distribution", str(distribution).upper(), DISTRIBUTIONS)
        self.mu_offset = number(f"{name}: mu_offset", mu_offset)
        self.sigma_factor = positive(f"{name}: sigma_factor", sigma_factor)
        self.height_factor = number(f"{name}: height_factor", height_factor)
        self.noise_factor = number(f"{name}: noise_factor", noise_factor)
        self._chance = (world or shared_world()).chance(name)
        self.data: npt.NDArray[np.float64] = np.empty(0)

    def values(self, scan_pars: Mapping[str, Any]) -> npt.NDArray[np.float64]:
        """The values for a scan, shape (npoints,), or (1,) when no end is known; noise is anew in each."""
        npoints = scan_pars.get("npoints") or 1
        across = scan_pars.get("npoints1") or npoints
        starts, stops = (np.atleast_1d(scan_pars.get(key, [])) for key in ("start", "stop"))
        start, stop = (float(starts[0]), float(stops[0])) if len(starts) and len(stops) else (0.0, across - 1.0)
        line = self._profile(np.linspace(start, stop, across)) if across > 1 else np.array([self.height_factor])
        whole = np.resize(line, npoints)
        noise = [self._chance.gauss(0.0, 1.0) for _ in whole] if self.noise_factor else 0.0
        return whole + self.noise_factor * self.height_factor * np.asarray(noise)

    def _profile(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        width = float(np.ptp(x)) or 1.0
        away = (x - (x[0] + x[-1]) / 2 - self.mu_offset) / (self.sigma_factor * width / 6)
        if self.distribution == "FLAT":
            shape = np.ones_like(x)
        elif self.distribution == "LINEAR":
            shape = np.abs(x - x[0]) / width
        elif self.distribution == "GAUSSIAN":
            shape = np.exp(-(away**2) / 2)
        else:
            shape = 1 / (1 + np.exp(-away))
        return np.asarray(self.height_factor * shape)


class _Controller(CounterController):
    def __init__(self, name: str) -> None:
        super().__init__(name, blocking=False)

    def get_acquisition_object(self, counters: Sequence[Counter], scan_pars: Mapping[str, Any]) -> AcquisitionSlave:
        return _Slave(*counters, scan_pars=scan_pars)


class _Slave(AcquisitionSlave):
    blocking = False

    def __init__(self, *counters: Any, scan_pars: Mapping[str, Any]) -> None:
        check_positions(scan_pars["npoints"])
        super().__init__(counters[0].controller, npoints=scan_pars["npoints"], prepare_once=True, start_once=True)
        self._counters = counters
        self._scan_pars = scan_pars
        self._point = 0
        for counter in counters:
            self.add_counter(counter)

    def prepare(self) -> None:
        for counter in self._counters:
            counter.data = counter.values(self._scan_pars)

    def reading(self) -> None:
        for channel, counter in zip(self.channels, self._counters, strict=True):
            channel.emit(float(counter.data[self._point % len(counter.data)]))
        self._point += 1
