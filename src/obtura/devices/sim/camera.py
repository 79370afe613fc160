"""A simulated camera that looks at the beam: its spot follows two axes, and is gone behind a closed shutter."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from obtura.contracts.cameras import CameraDriver, Frames
from obtura.contracts.devices import Movable
from obtura.devices.arguments import number, positive
from obtura.devices.camera import Camera
from obtura.devices.sim.counters import Beam
from obtura.devices.sim.world import World, shared_world
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import AtLeastOne, NotNegative, Positive
from obtura.works.clock import Flag, clock

__all__ = ["SimulatedCamera", "SimulatedSensor", "SpotImage"]

BINNINGS = (1, 2, 4, 8)

FAR = 6.0
"""Sigmas from its centre beyond which the spot is not worked out."""


SHIFTS = 200
"""Rows by which the dark counts are shifted from frame to frame, at most."""


class SpotImage:
    """The light on the sensor: a gaussian spot where the axes point, of `rate` photons per s in its brightest pixel.

    A pixel is `pixel_size` wide, in the unit of the axes; the spot has `sigma`, in that unit. With the axes at
    `centre` it is in the middle. The horizontal axis moves it to the right, the vertical one up, to lower rows.
    """

    def __init__(
        self,
        beam: Beam,
        axes: tuple[Movable | None, Movable | None],
        centre: tuple[float, float],
        pixel_size: Positive,
        sigma: Positive,
        rate: NotNegative,
    ) -> None:
        self._beam = beam
        self._axes = axes
        self._centre = centre
        self._pixel_size = pixel_size
        self._sigma = sigma / pixel_size  # pixels
        self._rate = rate

    def now(self, shape: tuple[int, int]) -> tuple[slice, slice, npt.NDArray[np.float64]]:
        """The photons per s: the rows and columns that the spot covers on a sensor of this shape, and its pixels."""
        across, along = (
            (axis.position - centre) / self._pixel_size if axis is not None else 0.0
            for axis, centre in zip(self._axes, self._centre, strict=True)
        )
        rows, up = self._profile(shape[0], (shape[0] - 1) / 2 - along)
        columns, right = self._profile(shape[1], (shape[1] - 1) / 2 + across)
        return rows, columns, self._rate * self._beam.light() * np.outer(up, right)

    def _profile(self, size: int, centre: float) -> tuple[slice, npt.NDArray[np.float64]]:
        reach = FAR * self._sigma
        first = min(max(math.floor(centre - reach), 0), size)
        stop = min(max(math.ceil(centre + reach) + 1, first), size)
        return slice(first, stop), np.exp(-(((np.arange(first, stop) - centre) / self._sigma) ** 2) / 2)


class SimulatedSensor(CameraDriver):
    """Takes its real time for each frame: exposure, then readout. What it sees is that of the end of the exposure.

    `size`: (height, width) in pixels; `dark`: counts per pixel of a frame without light, on average. Light has the
    noise of counting; the dark counts are drawn once, and shifted from frame to frame.
    """

    def __init__(
        self,
        name: str,
        spot: SpotImage,
        chance: "np.random.Generator",
        size: tuple[int, int],
        dtype: npt.DTypeLike,
        readout_time: NotNegative,
        dark: NotNegative,
    ) -> None:
        self.readout_time = readout_time
        self._name = name
        self._spot = spot
        self._chance = chance
        self._size = size
        self._dtype = np.dtype(dtype)
        self._most = np.inf if self._dtype.kind == "f" else float(np.iinfo(self._dtype).max)
        self._binning = 1
        self._mean_dark = dark
        self._dark: npt.NDArray[Any] | None = None  # drawn when the first frame is taken
        self._stopped = Flag()
        self._begun: float | None = None  # when the frame that is being taken was begun
        self._light: tuple[slice, slice, npt.NDArray[np.float64]] | None = None  # that it saw, once it is exposed
        self._left = 0.0  # frames
        self._exposure = 0.0
        self._triggered = True

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(height, width), as it is binned."""
        return self._size[0] // self._binning, self._size[1] // self._binning

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        return self._dtype

    @property
    def binnings(self) -> tuple[int, ...]:
        """1, 2, 4 and 8, as far as the sensor is large enough."""
        return tuple(each for each in BINNINGS if each <= min(self._size))

    def set_binning(self, binning: int) -> None:
        """Add up squares of pixels from now on."""
        self._binning = binning
        self._dark = None

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        """Get ready."""
        self._stopped = Flag()
        self._begun = self._light = None
        self._left = nframes or math.inf
        self._exposure = exposure
        self._triggered = triggered

    def start(self) -> None:
        """Begin, unless frames are asked for one by one."""
        if not self._triggered:
            self._begun = clock.time()

    def trigger(self) -> None:
        """Begin a frame.

        Raises:
            DeviceError: the one before is not finished, or there were as many as were prepared.
        """
        if self._begun is not None or not self._left:
            what = "the frame before is not finished" if self._left else "all frames that were prepared are taken"
            raise DeviceError(f"{self._name} can't take a frame: {what}")
        self._begun = clock.time()

    def read(self, wait: float) -> Frames:
        """The frames that are finished."""
        until = clock.time() + wait
        frames = []
        while (frame := self._next(until)) is not None:
            frames.append(frame)
            until = clock.time()  # further ones only if they are finished already
        return np.stack(frames) if frames else np.empty((0, *self.frame_shape), self._dtype)

    def stop(self) -> None:
        """End it."""
        self._stopped.set()

    def _next(self, until: float) -> npt.NDArray[Any] | None:
        begun = self._begun
        if begun is None:
            clock.wait(self._stopped, until - clock.time())
            return None
        exposed = begun + self._exposure
        if not self._reached(exposed, until):
            return None
        if self._light is None:
            self._light = self._spot.now(self._size)
        if not self._reached(exposed + self.readout_time, until):
            return None
        frame = self._developed(*self._light)
        self._light = None
        self._left -= 1
        goes_on = self._left > 0 and not self._triggered
        self._begun = exposed + self.readout_time if goes_on else None
        return frame

    def _reached(self, moment: float, until: float) -> bool:
        now = clock.time()
        if now < moment:
            clock.wait(self._stopped, min(moment, until) - now)
            now = clock.time()
        return now >= moment - 1e-9 and not self._stopped.is_set

    def _developed(self, rows: slice, columns: slice, light: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        binning = self._binning
        frame = self._without_light()
        if binning > 1:
            rows, columns, light = _binned(rows, columns, light, binning, frame.shape)
        counts = self._chance.poisson(light * self._exposure)
        part = frame[rows, columns]
        part[...] = np.minimum(part + counts, self._most).astype(self._dtype)  # it saturates
        return frame

    def _without_light(self) -> npt.NDArray[Any]:
        height, width = self.frame_shape
        pixels, spare = height * width, SHIFTS * width
        if self._dark is None:
            mean = self._mean_dark * self._binning**2
            self._dark = np.minimum(self._chance.poisson(mean, pixels + spare), self._most).astype(self._dtype)
        shift = int(self._chance.integers(spare))
        return self._dark[shift : shift + pixels].reshape(height, width).copy()


def _binned(
    rows: slice, columns: slice, light: npt.NDArray[np.float64], binning: int, shape: tuple[int, ...]
) -> tuple[slice, slice, npt.NDArray[np.float64]]:
    """The light of squares of pixels, added up."""
    whole = []
    for part, size in zip((rows, columns), shape, strict=True):
        whole.append(slice(part.start // binning, min(-(-part.stop // binning), size)))
    sums = np.zeros(tuple((each.stop - each.start) * binning for each in whole))
    top, left = rows.start - whole[0].start * binning, columns.start - whole[1].start * binning
    target = sums[top : top + light.shape[0], left : left + light.shape[1]]
    target += light[: target.shape[0], : target.shape[1]]
    high, wide = (each.stop - each.start for each in whole)
    return whole[0], whole[1], sums.reshape(high, binning, wide, binning).sum(axis=(1, 3))


class SimulatedCamera(Camera):
    """A camera in the beam of `world`, `behind` shutters and covers; it needs no hardware.

    The spot is in the middle when the axes `horizontal` and `vertical` are at `centre`; it follows them with
    `pixel_size` (their unit per pixel) and is `sigma` wide (their unit). `rate`: photons per s in the brightest pixel
    of the full beam; `dark`: counts of a pixel without light. `size`: [height, width] in pixels; a frame takes
    exposure and `readout_time` (s).
    """

    def __init__(
        self,
        name: str,
        horizontal: Movable | None = None,
        vertical: Movable | None = None,
        world: World | None = None,
        behind: Sequence[Any] = (),
        size: tuple[int, int] = (512, 512),
        dtype: Literal["uint8", "uint16", "uint32", "float32"] = "uint16",
        centre: tuple[float, float] = (0.0, 0.0),
        pixel_size: Positive = 0.05,
        sigma: Positive = 1.0,
        rate: NotNegative = 10_000.0,
        dark: NotNegative = 0.1,
        readout_time: NotNegative = 0.01,
        exposure: NotNegative | None = None,
        binning: AtLeastOne = 1,
        rois: Mapping[str, tuple[int, int, int, int]] | None = None,
        compression: str | None = None,
    ) -> None:
        if len(size) != 2 or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in size):
            raise UsageError(f"{name}: size must be [height, width], whole numbers of pixels, got {size!r}")
        for what, value in {"readout_time": readout_time, "rate": rate, "dark": dark}.items():
            if not 0 <= number(f"{name}: {what}", value) < math.inf:
                raise UsageError(f"{name}: {what} must be a finite number, not negative; got {value!r}")
        world = world or shared_world()
        spot = SpotImage(
            Beam(world, (), behind),
            (horizontal, vertical),
            (number(f"{name}: centre", centre[0]), number(f"{name}: centre", centre[1])),
            positive(f"{name}: pixel_size", pixel_size),
            positive(f"{name}: sigma", sigma),
            rate,
        )
        chance = np.random.default_rng(world.chance(name).getrandbits(64))
        sensor = SimulatedSensor(name, spot, chance, (size[0], size[1]), dtype, readout_time, dark)
        super().__init__(name, sensor, exposure, binning, rois, compression=compression)
