"""A camera that is a detector of ophyd-async and writes its frames itself."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from bluesky.protocols import Preparable, Triggerable, WritesStreamAssets

from obtura.contracts.twins import Twin
from obtura.devices.camera import Camera
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.ophyd.camera_driver import StandardDriver
from obtura.instruments.ophyd.counter import OphydDevice
from obtura.instruments.ophyd.partner import TIMEOUT
from obtura.instruments.ophyd.spoken import Spoken, find_partner, wrong_as_written

__all__ = ["OphydCamera"]

ANY_SIZE = (1 << 31, 1 << 31)


class OphydCamera(Spoken, Camera):
    """A `StandardDetector` of ophyd-async whose frames go into an HDF5 file of its own, to which the scan's file links.

    `ophyd`, `device`, `part`, `prefix`, `arguments`: as for `OphydAxis`; a class that takes a `path_provider` and is
    given none writes into the directory of the scan. `key`: its frames in `describe()`; empty: the first it hints.
    `exposure`, `timeout`: as of `Camera`. `readout_time`: s between two exposures, 0: as short as it can. `wire`: its
    `DetectorTrigger` for the trigger type HARDWARE, with which it flies: INTERNAL for by itself, EXTERNAL_EDGE.

    `shape` (height, width) and `dtype` of a frame; None: it is asked, for which it is prepared once, which begins a
    file. `answer_timeout`: s that it has to be connected and to answer.

    Raises:
        UsageError: what can't be, e.g. it writes no files.
    """

    twin: ClassVar[Twin] = "camera"

    def __init__(
        self,
        name: str,
        ophyd: Any = None,
        device: OphydDevice | None = None,
        part: str = "",
        prefix: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        key: str = "",
        exposure: NotNegative | None = None,
        readout_time: NotNegative = 0.0,
        wire: str = "INTERNAL",
        shape: tuple[int, int] | None = None,
        dtype: str | None = None,
        timeout: Positive = 10.0,
        answer_timeout: Positive = TIMEOUT,
    ) -> None:
        for _, problem in self.yaml_check({"shape": shape, "dtype": dtype}):
            raise UsageError(f"{name}: {problem}")
        self._partner = find_partner(name, ophyd, device, part, prefix, arguments, answer_timeout)
        for protocol in (WritesStreamAssets, Preparable, Triggerable):
            if not isinstance(self.ophyd_device, protocol):
                kind = type(self.ophyd_device).__name__
                raise UsageError(f"{name}: a {kind} writes no frames of its own: it is no {protocol.__name__}")
        frame = None if shape is None or dtype is None else ((int(shape[0]), int(shape[1])), np.dtype(dtype))
        self._detector = StandardDriver(self._partner, key, wire, readout_time, frame)
        super().__init__(name, self._detector, exposure, timeout=timeout)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_as_written(given)
        if bool(given.get("shape")) is not bool(given.get("dtype")):
            yield "shape", "shape and dtype of a frame are given together, or neither"
        try:
            np.dtype(given.get("dtype"))
        except TypeError:
            yield "dtype", f"dtype must be one of numpy, as uint16, got {given['dtype']!r}"

    @property
    def files(self) -> Mapping[str, str]:
        """Where what it writes is in the last scan: by key, `file://...#dataset`."""
        return dict(self._detector.files)

    def _full_shape(self) -> tuple[int, int]:
        return self._detector.frame_shape if self._detector.is_known else ANY_SIZE

    def take(self, exposure: float | None = None) -> npt.NDArray[Any]:
        """Refuse: its frames are in files.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.name} writes its frames into files itself: take one with ct(1, {self.name})")

    def __info__(self) -> str:
        """Size, exposure, and how it is connected; it is not asked what a frame is."""
        told = super().__info__() if self._detector.is_known else f"camera {self.name}: asked for its size by a scan"
        return f"{told}\n  {self.connection}"
